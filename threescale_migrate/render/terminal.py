"""How a person is spoken to: width, colour, marks, and the language of the messages."""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TextIO

from ..language import translation
from ..redaction import REDACTOR
from ..safe_text import visible
from ..shell import Invocation
from ..values import Text, Translate, Verdict

NARROWEST = 40
# Values of FORCE_COLOR that mean the opposite.
OFF = ("0", "false", "no", "never")
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")
# The codes of `paint`: bright, a colour, and the end of both.
_PAINTED = re.compile(r"(\x1b\[(?:0|1|3[1-6]|90)m)")
_LETTER = re.compile(r"\x1b\[[0-9;]*m|.")
# What Japanese never begins a line with, and never ends one with.
NEVER_FIRST = "、。，．・：；？！」』）】ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ…)],.:;"
NEVER_LAST = "「『（【"
WIDEST_PROSE = 110
# What an unset locale looks like to Python, which then sets LC_CTYPE itself.
POSIX_LOCALE = {
    "LC_ALL": ("", "C", "POSIX"),
    "LANG": ("", "C", "POSIX"),
    "LC_CTYPE": ("", "C", "POSIX", "C.UTF-8", "C.utf8", "UTF-8"),
}
# Signs of our own sentences, as ASCII has them.
SPELLED = {ord("…"): "...", ord("→"): "->", ord("–"): "-", ord("·"): "-"}

# Escape codes by meaning; colorama's names, looked up late since plain output needs none.
COLOURS = {
    "good": "GREEN",
    "bad": "RED",
    "doubt": "YELLOW",
    "warning": "YELLOW",
    "quiet": "LIGHTBLACK_EX",
    "strong": "",
}
MARKS = {
    Verdict.PASSED: ("✓", Text("ok"), "good"),
    Verdict.FAILED: ("✗", Text("FAILED"), "bad"),
    Verdict.UNKNOWN: ("?", Text("unknown"), "doubt"),
    Verdict.WARNING: ("!", Text("warning"), "warning"),
    Verdict.SKIPPED: ("–", Text("skipped"), "doubt"),
}
WAITING, TO_DO = Text("waiting"), Text("to do")


@dataclass
class Terminal:
    """A stream with what is known about it. `translate` maps an English template to the reader's language, `invocation` is
    what a command that is pasted has to name.

    `live` is a terminal whose lines may be wrapped and drawn again. A `plain` one is read aloud, or by a program that types:
    it is not live, and each mark is a word.
    """

    stream: TextIO
    colour: bool
    live: bool
    translate: Translate
    invocation: Invocation = field(default_factory=Invocation)
    plain: bool = False

    @property
    def spelled(self) -> bool:
        """Whether signs are written as words and ASCII."""
        return self.plain or not self._unicode()

    @property
    def arrow(self) -> str:
        """What leads to a fix."""
        return "->" if self.spelled else "→"

    @property
    def width(self) -> int:
        """Columns, asked for each time since a window can be resized; off a terminal, prose has no limit."""
        if not self.live:
            return 10_000
        return max(NARROWEST, self.size[0])

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines of the window as it is now, however small."""
        columns, lines = shutil.get_terminal_size((80, 24))
        with suppress(OSError, ValueError):  # that one asks about stdout, which may be a pipe while this is a terminal
            own = os.get_terminal_size(self.stream.fileno())
            columns, lines = (
                _from_environment("COLUMNS") or own.columns or columns,
                _from_environment("LINES") or own.lines or lines,
            )
        return max(1, columns), max(2, lines)

    def say(self, text: Text | str) -> str:
        """The words of a text in the reader's language, masked before they may be cut to a width."""
        words = visible(REDACTOR(text.translated(self.translate) if isinstance(text, Text) else text))
        return words.translate(SPELLED) if self.spelled and not words.isascii() else words

    def paint(self, words: str, meaning: str) -> str:
        """The words in the colour of their meaning, where there is colour."""
        if not self.colour or not words:
            return words
        from colorama import Fore, Style

        name = COLOURS[meaning]
        return f"{getattr(Fore, name) if name else Style.BRIGHT}{words}{Style.RESET_ALL}"

    def mark(self, verdict: Verdict) -> str:
        """The sign of a verdict: a character where the stream can show it; a word where it cannot, or where it may be read aloud."""
        sign, word, meaning = MARKS[verdict]
        return self.paint(f"[{self.say(word)}]" if self.spelled else sign, meaning)

    def pending(self, word: Text) -> str:
        """The sign of what is waited for, or left to do: neither a warning nor unknown."""
        return self.paint(f"[{self.say(word)}]" if self.spelled else "…", "quiet")

    def _unicode(self) -> bool:
        """Whether the stream accepts more than ASCII, and its reader expects that: cron mails what it gets in the charset of its
        own locale, which is C's, where Python writes UTF-8 anyway (PEP 538)."""
        own = os.environ.get("LC_ALL")  # where it is set, the others say nothing
        posix = all(
            os.environ.get(name, "") in words for name, words in POSIX_LOCALE.items() if not own or name == "LC_ALL"
        )
        named = "utf" in (getattr(self.stream, "encoding", None) or "").lower()
        return named and (self.live or not posix)

    def line(self, words: str = "", indent: int = 0, hanging: int = 0) -> None:
        """Writes prose, masked before it is wrapped at the width, with the first line's indent and that of the lines after it."""
        for number, part in enumerate(
            wrap(
                _seen(REDACTOR(words), self.colour),
                min(self.width, WIDEST_PROSE if self.live else self.width),
                indent,
                hanging,
            )
        ):
            self.stream.write(" " * (indent if number == 0 else hanging) + part + "\n")
        self.stream.flush()

    def verbatim(self, words: str, indent: int = 0, before: str = "") -> None:
        """Writes what is to be pasted: one line, however long, with what stands `before` it, which may be painted."""
        self.stream.write(" " * indent + before + visible(words, keep="") + "\n")
        self.stream.flush()


@dataclass(frozen=True)
class Screen:
    """Where the result is shown, and where everything else is said."""

    result: Terminal
    talk: Terminal


def _seen(words: str, colour: bool) -> str:
    """The words with no escape code in them but those that `paint` makes."""
    if not colour or "\x1b" not in words:
        return visible(words)
    parts = _PAINTED.split(words)
    return "".join(part if number % 2 else visible(part) for number, part in enumerate(parts))


def _from_environment(name: str) -> int:
    """A size that the environment says; 0 where it says none."""
    word = os.environ.get(name, "")
    return int(word) if word.isdecimal() and len(word) < 6 else 0


def open_terminal(stream: TextIO, language: str | None = None, color: str = "auto", plain: bool = False) -> Terminal:
    """Finds out what a stream can show; `color` is `auto`, `always` or `never`. A dumb terminal is a plain one."""
    plain = plain or os.environ.get("TERM") == "dumb"
    terminal = stream.isatty()
    colour = color == "always" or (color == "auto" and _is_coloured(terminal and not plain, plain))
    return Terminal(stream, colour, terminal and not plain, translation(language), plain=plain)


def _is_coloured(terminal: bool, plain: bool) -> bool:
    """Whether there is colour where no option says so: by the first of the variables that is set, an empty one is not.

    no-color.org, force-color.org and bixense.com/clicolors name them; that NO_COLOR counts before the others is CPython's order.
    """
    if os.environ.get("NO_COLOR"):
        return False
    forced = os.environ.get("FORCE_COLOR", "")
    if forced:
        return forced.lower() not in OFF and not plain
    if os.environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
        return not plain
    return terminal and os.environ.get("CLICOLOR") != "0"


def columns(words: str) -> int:
    """How many columns the words take: wide characters take two, marks that combine and escape codes none."""
    if "\x1b" in words:
        words = ESCAPE.sub("", words)
    if words.isascii():
        return len(words)
    return sum(_columns_of(letter) for letter in words)


@cache
def _columns_of(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def fit(words: str, width: int) -> str:
    """The words in exactly `width` columns, cut with an ellipsis or filled with spaces."""
    if columns(words) <= width:
        return words + " " * (width - columns(words))
    kept, used = "", 0
    for letter in words:
        if used + _columns_of(letter) > width - 1:
            break
        kept += letter
        used += _columns_of(letter)
    return kept + "…" + " " * (width - used - 1)


def wrap(words: str, width: int, indent: int = 0, hanging: int = 0, whole: bool = False) -> list[str]:
    """Lines of at most `width` columns; wide text breaks between characters, as do words that are longer than a line.

    With `whole` such a word is kept, on a line of its own, for those who cut it.
    """
    lines: list[str] = []
    for paragraph in words.split("\n"):
        room = width - (indent if not lines else hanging)
        line = ""
        pieces = _pieces(paragraph)
        for piece in pieces if whole else _shortened(pieces, width - max(indent, hanging)):
            if line and columns(line) + columns(piece.rstrip()) > room:
                lines.append(line.rstrip())
                line, room = piece.lstrip(), width - hanging
            else:
                line += piece
        lines.append(line.rstrip())
    return lines


def _shortened(pieces: Iterable[str], room: int) -> Iterator[str]:
    """The same, none of them longer than `room` columns; an escape code is never cut."""
    for piece in pieces:
        if columns(piece.rstrip()) <= room:
            yield piece
            continue
        part = ""
        for letter in _LETTER.findall(piece):
            if part and columns(part) + columns(letter.rstrip()) > room:
                yield part
                part = ""
            part += letter
        yield part


def _pieces(paragraph: str) -> list[str]:
    """Where a line may be broken: after a space, and between wide characters."""
    pieces: list[str] = []
    word = ""
    for letter in paragraph:
        if pieces and not word and letter in NEVER_FIRST:
            pieces[-1] += letter
            continue
        word += letter
        if letter == " " or (_columns_of(letter) == 2 and letter not in NEVER_LAST):
            pieces.append(word)
            word = ""
    return [*pieces, word] if word else pieces
