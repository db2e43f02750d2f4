"""The errors of the server's JSON decoder for a text that is not JSON.

Secrets and patches are checked by Go's `encoding/json`, whose message is shown to the user (`errors`, "bad input").
"""

from __future__ import annotations

from .typed import Callable

SPACE = " \t\r\n"
ESCAPES = '"\\/bfnrt'


class Syntax(Exception):
    """The text is not JSON; the message is Go's."""


def problem(given: str | bytes) -> str | None:
    """What is wrong with a text, None if it is valid. Go reads bytes, and shows each as a letter (`registry`)."""
    text = (given.encode("utf-8", "surrogatepass") if isinstance(given, str) else given).decode("latin-1")
    try:
        end = _space(text, _value(text, _space(text, 0)))
        if end < len(text):
            raise _unexpected(text, end, "after top-level value")
    except Syntax as error:
        return str(error)
    return None


def _unexpected(text: str, at: int, where: str) -> Syntax:
    if at >= len(text):
        return Syntax("unexpected end of JSON input")
    shown = {"'": "'\\''", '"': "'\"'"}.get(text[at])
    if shown is None:
        escaped = f"\\u00{ord(text[at]):02x}" if text[at] >= "\x80" else text[at].encode("unicode_escape").decode()
        shown = f"'{text[at] if text[at].isprintable() else escaped}'"
    return Syntax(f"invalid character {shown} {where}")


def _space(text: str, at: int) -> int:
    while at < len(text) and text[at] in SPACE:
        at += 1
    return at


def _value(text: str, at: int) -> int:
    first = text[at : at + 1]
    if first == "{":
        return _members(text, at + 1, "}", _pair, "object key:value pair")
    if first == "[":
        return _members(text, at + 1, "]", _value, "array element")
    if first == '"':
        return _string(text, at + 1)
    for word in ("null", "true", "false"):
        if first == word[0]:
            return _word(text, at, word)
    if first and first in "-0123456789":
        return _number(text, at)
    raise _unexpected(text, at, "looking for beginning of value")


def _word(text: str, at: int, word: str) -> int:
    for place, letter in enumerate(word):
        if text[at + place : at + place + 1] != letter:
            raise _unexpected(text, at + place, f"in literal {word} (expecting '{letter}')")
    return at + len(word)


def _string(text: str, at: int) -> int:
    while text[at : at + 1] != '"':
        if at >= len(text) or text[at] < " ":
            raise _unexpected(text, at, "in string literal")
        if text[at] == "\\":
            at += 1
            if text[at : at + 1] == "u":
                for place in range(at + 1, at + 5):
                    if text[place : place + 1] not in tuple("0123456789abcdefABCDEF"):
                        raise _unexpected(text, place, "in \\u hexadecimal character escape")
                at += 4
            elif text[at : at + 1] not in tuple(ESCAPES):
                raise _unexpected(text, at, "in string escape code")
        at += 1
    return at + 1


def _digits(text: str, at: int, where: str) -> int:
    if not text[at : at + 1].isdigit():
        raise _unexpected(text, at, where)
    while text[at : at + 1].isdigit():
        at += 1
    return at


def _number(text: str, at: int) -> int:
    if text[at] == "-":
        at += 1
    at = at + 1 if text[at : at + 1] == "0" else _digits(text, at, "in numeric literal")
    if text[at : at + 1] == ".":
        at = _digits(text, at + 1, "after decimal point in numeric literal")
    if text[at : at + 1] in ("e", "E"):
        at += 2 if text[at + 1 : at + 2] in ("+", "-") else 1
        at = _digits(text, at, "in exponent of numeric literal")
    return at


def _pair(text: str, at: int) -> int:
    if text[at : at + 1] != '"':
        raise _unexpected(text, at, "looking for beginning of object key string")
    at = _space(text, _string(text, at + 1))
    if text[at : at + 1] != ":":
        raise _unexpected(text, at, "after object key")
    return _value(text, _space(text, at + 1))


def _members(text: str, at: int, end: str, member: Callable[[str, int], int], what: str) -> int:
    at = _space(text, at)
    if text[at : at + 1] == end:
        return at + 1
    while True:
        at = _space(text, member(text, _space(text, at)))
        if text[at : at + 1] == end:
            return at + 1
        if text[at : at + 1] != ",":
            raise _unexpected(text, at, f"after {what}")
        at += 1
