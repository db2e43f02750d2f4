"""Words that a cluster would refuse in a manifest: image references, and the times of a CronJob. Pure; it knows no option."""

from __future__ import annotations

import re

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


def is_image(text: str) -> bool:
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
