"""The topics' Markdown as blocks, for tests that hold what it says to what the tool does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

_BULLET = re.compile(r"(- |\d+\. )")


class Kind(Enum):
    """What a block is."""

    HEADING = "heading"
    TEXT = "text"
    ITEM = "item"
    CODE = "code"
    TABLE = "table"


@dataclass(frozen=True)
class Block:
    """A piece of a topic: its words (several lines in code alone), the heading's level, the item's mark or the
    code's language, a table's rows."""

    kind: Kind
    text: str = ""
    level: int = 0
    mark: str = ""
    rows: tuple[tuple[str, ...], ...] = ()


def blocks(markdown: str) -> Iterator[Block]:
    """The blocks of a topic, in order; words keep their inline marks."""
    lines = markdown.splitlines()
    while lines:
        line = lines.pop(0)
        if not line.strip():
            continue
        if line.startswith("```"):
            code = _taken(lines, lambda line: not line.startswith("```"))
            del lines[:1]
            yield Block(Kind.CODE, "\n".join(code), mark=line[3:].strip())
        elif line.startswith("#"):
            marks, _, words = line.partition(" ")
            yield Block(Kind.HEADING, words, len(marks))
        elif line.startswith("|"):
            found = [line, *_taken(lines, lambda line: line.startswith("|"))]
            rows = [tuple(_cells(row)) for row in found if not re.fullmatch(r"[|\s:-]+", row)]
            yield Block(Kind.TABLE, rows=tuple(rows))
        elif bullet := _BULLET.match(line):
            rest = _taken(lines, lambda line: line.startswith("  ") and bool(line.strip()))
            yield Block(Kind.ITEM, _joined([line[bullet.end() :], *rest]), mark=bullet.group().strip())
        else:
            yield Block(Kind.TEXT, _joined([line, *_taken(lines, _continues)]))


def _continues(line: str) -> bool:
    return bool(line.strip()) and not line.startswith(("```", "#", "|")) and not _BULLET.match(line)


def _taken(lines: list[str], wanted: Callable[[str], bool]) -> list[str]:
    """Removes the wanted lines at the front, and returns them."""
    count = next((number for number, line in enumerate(lines) if not wanted(line)), len(lines))
    taken = lines[:count]
    del lines[:count]
    return taken


def _joined(lines: Sequence[str]) -> str:
    return " ".join(line.strip() for line in lines)


def _cells(row: str) -> list[str]:
    """The cells of a row; `\\|` is a bar that belongs to a cell."""
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row.strip()[1:-1])]
