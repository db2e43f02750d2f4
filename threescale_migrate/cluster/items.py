"""The items of a list as `oc` prints it, one after the other: the whole list is never in memory as values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_WHITE = re.compile(r"[ \t\r\n]*")


def items_of(text: str) -> Iterator[Any]:
    """The items of a List, one after the other; the object itself where the answer is no List.

    Raises ValueError if the text is not one whole JSON object, which may be after some items.
    """
    decode = json.JSONDecoder().raw_decode
    values: dict[str, Any] = {}
    listed = False
    at = _expect(text, 0, "{")
    while not text.startswith("}", at):
        if values or listed:
            at = _expect(text, at, ",")
        key, at = decode(text, at)
        at = _expect(text, at, ":")
        if key == "items" and text.startswith("[", at):
            listed = True
            at = _expect(text, at, "[")
            first = True
            while not text.startswith("]", at):
                at = at if first else _expect(text, at, ",")
                first = False
                item, at = decode(text, at)
                at = _skip(text, at)
                yield item
            at = _expect(text, at, "]")
        else:
            values[key], at = decode(text, at)
            at = _skip(text, at)
    if _expect(text, at, "}") != len(text):
        raise ValueError("something follows the object")
    if not listed:
        yield values


def documents_of(text: str) -> Iterator[Any]:
    """The JSON documents that stand one after the other, as `oc` prints the objects that it creates. Raises ValueError."""
    decode = json.JSONDecoder().raw_decode
    at = _skip(text, 0)
    while at < len(text):
        document, at = decode(text, at)
        at = _skip(text, at)
        yield document


def _skip(text: str, at: int) -> int:
    found = _WHITE.match(text, at)
    return found.end() if found else at


def _expect(text: str, at: int, sign: str) -> int:
    """The place after the sign and the white space around it."""
    at = _skip(text, at)
    if not text.startswith(sign, at):
        raise ValueError(f"there is no {sign}")
    return _skip(text, at + 1)
