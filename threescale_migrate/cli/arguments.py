"""Which values an option accepts, and how others are refused in the reader's language. It knows no option by name."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Mapping

from ..guide.pull_proof import IMAGE, is_image
from ..options import ALL, NONE, ONE, UNTIL_MIGRATED, Option
from ..values import REGISTRY, STEPS, Step, Text, Usage
from .parser_language import current


def said(text: Text) -> str:
    """The words of a text while the command line is parsed: in the language that argparse speaks then."""
    return text.translated(current)


class Unusable(argparse.ArgumentTypeError):
    """A value that an option cannot have, and why."""

    def __init__(self, why: Text) -> None:
        super().__init__(said(why))


def duration(text: str) -> float:
    """Seconds from `90`, `90s`, `5m` or `2h`. Raises Unusable."""
    units = {"s": 1, "m": 60, "h": 3600}
    number, unit = (text[:-1], text[-1]) if text[-1:] in units else (text, "s")
    try:
        seconds = float(number) * units[unit]
    except ValueError:
        seconds = -1
    if not 0 < seconds < 1e7:
        raise Unusable(
            Text("{given} is not a time: give seconds, or a time such as 90s, 5m, 2h", given=repr(text[:40]))
        )
    return seconds


def go_duration(text: str) -> str:
    """A time as `oc` reads it, unchanged: `0`, `90`, `1m30s`, `500ms`. Raises Unusable."""
    if not re.fullmatch(r"([0-9]{1,9}(\.[0-9]{1,9})?(ms|s|m|h))+|[0-9]{1,9}", text):
        sentence = "{given} is not a time that oc accepts: give seconds, or a time such as 90s, 1m30s, 500ms"
        raise Unusable(Text(sentence, given=repr(text[:40])))
    return text


def names(text: str) -> tuple[str, ...]:
    """Names from a list with commas or spaces. Raises Unusable."""
    found = tuple(text.replace(",", " ").split())
    if not found:
        raise Unusable(Text("no name is given"))
    return found


def image(text: str) -> str:
    """An image on the registry. Raises Unusable."""
    if text not in (ALL, ONE, NONE) and not is_image(text):
        sentence = "not an image of {registry}: give one such as --prove-pull={image}"
        raise Unusable(Text(sentence, registry=REGISTRY, image=IMAGE))
    return text


def any_image(text: str) -> str:
    """An image on any registry. Raises Unusable."""
    if not names_image(text):
        sentence = "{given} is not an image name: give HOST/PATH:TAG, with the path in lower case"
        raise Unusable(Text(sentence, given=repr(text[:80])))
    return text


def schedule(text: str) -> str:
    """When a CronJob runs. Raises Unusable."""
    if not is_schedule(text):
        sentence = "{given} is not a CronJob schedule: give five fields (minute, hour, day, month, weekday 0 to 6), such as {example}"
        raise Unusable(Text(sentence, given=repr(text[:80]), example=repr("30 6 * * 1-5")))
    return text


def step(text: str) -> Step:
    """A step by its name, or by the guide's number. Raises Unusable."""
    named = {**{step.value: step for step in STEPS}, **{str(number): step for number, step in enumerate(STEPS, 1)}}
    if text not in named:
        known = ", ".join(step.value for step in STEPS)
        raise Unusable(Text("{given} is no step: give one of {known}, or 1 to 6", given=repr(text[:40]), known=known))
    return named[text]


def report_file(path: str) -> str:
    """A path that a report can be written to, checked before anything is done. Raises Unusable."""
    from ..run.reports import writable_report

    try:
        return writable_report(path)
    except Usage as error:
        raise Unusable(error.text) from None


def jobs(text: str) -> int:
    """How many projects at the same time. Raises Unusable."""
    if not text.isdecimal() or not 0 < int(text) <= 64:
        raise Unusable(Text("{given} is not a number from 1 to 64", given=repr(text[:40])))
    return int(text)


# How the value of an option is read, by its kind; any other is taken as it is.
KINDS: Mapping[str, Callable[[str], object]] = {
    "TIME": duration,
    "WATCH": lambda text: text if text == UNTIL_MIGRATED else duration(text),
    "OC TIME": go_duration,
    "NAMES": names,
    "STEP": step,
    "IMAGE": image,
    "ANY IMAGE": any_image,
    "CRON": schedule,
    "JOBS": jobs,
    "SPEED": float,
    "REPORT": report_file,
}


def reader(option: Option) -> Callable[[str], object]:
    """What reads the value of an option."""
    return KINDS.get(option.about.kind or option.about.value, str)


def converted(option: Option, command: str, word: str) -> object:
    """The value of an option from its word. Raises Unusable, ValueError."""
    choices = option.choices(command)
    if choices and word not in choices:
        raise ValueError(f"{word!r}: choose from {', '.join(choices)}")
    return reader(option)(word)


# As container runtimes read it: host and port, a path in small letters, a tag, a digest.
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::[0-9]{1,5})?"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_IMAGE = re.compile(
    rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?"
)
LONGEST_NAME = 255

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
# The five fields: from, to, and the names that stand for the numbers from the first one on. A weekday 7 is refused, as by the controller.
FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, MONTHS),
    (0, 6, WEEKDAYS),
)
_NAMED = re.compile(
    r"@(yearly|annually|monthly|weekly|daily|midnight|hourly)|@every ([0-9]+(\.[0-9]+)?(h|m|s))+", re.ASCII
)


def names_image(text: str) -> bool:
    """Whether the text can name an image, on any registry."""
    name = text.partition("@")[0]
    return _IMAGE.fullmatch(text) is not None and len(name) <= LONGEST_NAME


def is_schedule(text: str) -> bool:
    """Whether a CronJob accepts the text and would ever run: `30 6 * * mon-fri`, `@daily`; the 30th of February never comes."""
    if text.startswith("@"):
        return _NAMED.fullmatch(text) is not None
    words = text.split()
    if len(words) != len(FIELDS):
        return False
    found = [_numbers(word, *field) for word, field in zip(words, FIELDS)]
    if not all(found):
        return False
    _, _, days, months, _ = found
    # A day and a weekday that are both named: either is enough.
    return words[4][0] not in "*?" or any(min(days) <= DAYS[month - 1] for month in months)


def _numbers(word: str, first: int, last: int, names: tuple[str, ...]) -> set[int]:
    """The numbers that a field stands for, none where it cannot be read."""
    found: set[int] = set()
    for part in word.split(","):
        ranged, slash, step = part.partition("/")
        if slash and (not re.fullmatch(r"[0-9]{1,3}", step) or int(step) == 0):
            return set()
        if ranged in ("*", "?"):
            low, high = first, last
        else:
            start, dash, end = ranged.partition("-")
            low, high = _number(start, first, names), _number(end if dash else start, first, names)
            if slash and not dash:
                high = last
        if not first <= low <= high <= last:
            return set()
        found.update(range(low, high + 1, int(step or 1)))
    return found


def _number(word: str, first: int, names: tuple[str, ...]) -> int:
    if word.lower() in names:
        return first + names.index(word.lower())
    return int(word) if re.fullmatch(r"[0-9]{1,2}", word) else -1
