"""Markdown of the topics, as blocks and as lines of a terminal. It knows what the topics use, and no more of Markdown:

headings, paragraphs, lists, tables, fenced code, `code`, **bold** and links.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from .terminal import columns, wrap

CODE_INDENT = 4
GAP = 2
_BULLET = re.compile(r"(- |\d+\. )")
_INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\(([^)]+)\)")


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


def plain(words: str, code: Callable[[str], str] = str, bold: Callable[[str], str] = str) -> str:
    """The words without their inline marks; a link shows its words, and its address where that is one of the web."""

    def shown(found: re.Match[str]) -> str:
        literal, strong, link, address = found.groups()
        if literal is not None:
            return code(literal)
        if strong is not None:
            return bold(strong)
        inner = plain(link, code, bold)
        return f"{inner} ({address})" if "://" in address and address != link else inner

    return _INLINE.sub(shown, words)


def section(markdown: str, anchor: str) -> str | None:
    """The part of a topic below the heading that is that name, with its heading; None where there is none."""
    found: list[str] = []
    level, fenced = 0, False
    for line in markdown.splitlines():
        fenced ^= line.startswith("```")
        marks, _, words = line.partition(" ")
        if marks.strip("#") == "" and marks and not fenced:
            if found and len(marks) <= level:
                break
            if not found and words.strip("` ") == anchor:
                level = len(marks)
        if level:
            found.append(line)
    return "\n".join(found) + "\n" if found else None


def lines(markdown: str, width: int, strong: Callable[[str], str] = str) -> list[str]:
    """A topic as lines of at most `width` columns, but for code, which is pasted and never wrapped. `strong` marks headings."""
    shown: list[str] = []
    before: Block | None = None
    for block in blocks(markdown):
        if before is not None and not (before.kind is block.kind is Kind.ITEM):
            shown.append("")
        shown += block_lines(block, width, strong)
        before = block
    return shown


def block_lines(block: Block, width: int, strong: Callable[[str], str] = str) -> Iterator[str]:
    """One block as lines, as in `lines`."""
    if block.kind is Kind.HEADING:
        yield from (strong(line) for line in wrap(plain(block.text), width))
    elif block.kind is Kind.CODE:
        yield from ((" " * CODE_INDENT + line).rstrip() for line in block.text.split("\n"))
    elif block.kind is Kind.TABLE:
        yield from _table(block.rows, width, strong)
    elif block.kind is Kind.ITEM:
        hanging = len(block.mark) + 1
        folded = wrap(plain(block.text, quoted), width - hanging)
        yield from (f"{block.mark if not i else ' ' * len(block.mark)} {line}" for i, line in enumerate(folded))
    else:
        yield from wrap(plain(block.text, quoted), width)


def quoted(code: str) -> str:
    """Code among words, which would be taken for words without its marks."""
    return f"`{code}`"


def _table(rows: Sequence[Sequence[str]], width: int, strong: Callable[[str], str]) -> Iterator[str]:
    """Columns side by side; where they are wider than the terminal the widest are folded."""
    cells = [[plain(cell) for cell in row] for row in rows]
    widths = _widths(cells, width)
    several = any(columns(cell) > widths[i] for row in cells for i, cell in enumerate(row))
    for number, row in enumerate(cells):
        parts = [wrap(cell, widths[i]) for i, cell in enumerate(row)]
        for depth in range(max(map(len, parts))):
            words = [part[depth] if depth < len(part) else "" for part in parts]
            line = (" " * GAP).join(word + " " * (widths[i] - columns(word)) for i, word in enumerate(words)).rstrip()
            yield strong(line) if number == 0 else line
        if several and number < len(cells) - 1:
            yield ""


def _widths(cells: Sequence[Sequence[str]], width: int) -> list[int]:
    """The width of each column: what its widest cell takes, less for the widest ones until the row fits."""
    widths = [max(columns(row[i]) for row in cells if i < len(row)) for i in range(len(cells[0]))]
    least = [min(12, wanted) for wanted in widths]
    while sum(widths) + GAP * (len(widths) - 1) > width:
        candidates = [i for i in range(len(widths)) if widths[i] > least[i]]
        if not candidates:
            break
        widest = max(candidates, key=widths.__getitem__)
        widths[widest] -= 1
    return widths
