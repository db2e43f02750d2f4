"""What the value of an option may be, and how it is refused in the reader's language. It knows no option by name."""

from __future__ import annotations

import argparse
import re
from typing import NoReturn

from ..guide.prove_pull import ALL, IMAGE, is_image
from ..values import REGISTRY, Text, Usage
from . import references
from .localising import current


def said(text: Text) -> str:
    """The words of a text while the command line is parsed: in the language that argparse speaks then."""
    return text.translated(current)


def duration(text: str) -> float:
    """Seconds from `90`, `90s`, `5m` or `2h`. Raises ArgumentTypeError."""
    units = {"s": 1, "m": 60, "h": 3600}
    number, unit = (text[:-1], text[-1]) if text[-1:] in units else (text, "s")
    try:
        seconds = float(number) * units[unit]
    except ValueError:
        seconds = -1
    if not 0 < seconds < 1e7:
        raise argparse.ArgumentTypeError(
            said(Text("{given} is no time: give seconds, or such as 90s, 5m, 2h", given=repr(text[:40])))
        )
    return seconds


def go_duration(text: str) -> str:
    """A time as `oc` reads it, unchanged: `0`, `90`, `1m30s`, `500ms`. Raises ArgumentTypeError."""
    if not re.fullmatch(r"([0-9]{1,9}(\.[0-9]{1,9})?(ms|s|m|h))+|[0-9]{1,9}", text):
        sentence = Text(
            "{given} is no time that oc reads: give seconds, or such as 90s, 1m30s, 500ms", given=repr(text[:40])
        )
        raise argparse.ArgumentTypeError(said(sentence))
    return text


def names(text: str) -> list[str]:
    """Names from a list with commas or spaces."""
    found = text.replace(",", " ").split()
    if not found:
        raise argparse.ArgumentTypeError(said(Text("no name is given")))
    return found


def image(text: str) -> str:
    """An image on the registry. Raises ArgumentTypeError."""
    if text != ALL and not is_image(text):
        sentence = Text(
            "no image of {registry} is given: it is --prove-pull={image}, or such", registry=REGISTRY, image=IMAGE
        )
        raise argparse.ArgumentTypeError(said(sentence))
    return text


def any_image(text: str) -> str:
    """An image on any registry. Raises ArgumentTypeError."""
    if not references.is_image(text):
        sentence = Text(
            "{given} is no name of an image: it is HOST/PATH:TAG, the path in small letters, or such",
            given=repr(text[:80]),
        )
        raise argparse.ArgumentTypeError(said(sentence))
    return text


def schedule(text: str) -> str:
    """When a CronJob runs. Raises ArgumentTypeError."""
    if not references.is_schedule(text):
        sentence = Text(
            "{given} is no time of a CronJob: five fields (minute, hour, day, month, weekday 0 to 6), such as {example}",
            given=repr(text[:80]),
            example=repr("30 6 * * 1-5"),
        )
        raise argparse.ArgumentTypeError(said(sentence))
    return text


def no_password(text: str) -> NoReturn:
    raise argparse.ArgumentTypeError(
        said(Text("every user can see an argument: give --username NAME, and the token on stdin"))
    )


def report_file(path: str) -> str:
    """A path that a report can be written to, checked before anything is done. Raises ArgumentTypeError."""
    from ..session.report_path import usable

    try:
        return usable(path)
    except Usage as error:
        raise argparse.ArgumentTypeError(said(error.text)) from None


def jobs(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 64:
        raise argparse.ArgumentTypeError(said(Text("{given} is no number from 1 to 64", given=repr(text[:40]))))
    return int(text)
