"""The formats: all that a result can be shown as on stdout, and all that a report can be written as. One table each.

Whoever adds a format adds a module with one function, and its row here. Nothing else asks which format was chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from ..options import Options
from . import screens
from .result import Nothing, Result
from .terminal import Screen

if TYPE_CHECKING:
    from ..engine.records import Record


class Format(NamedTuple):
    """What a result is as text for stdout, by result and options. `code` is its exit code in the format's own world; `lines` says that
    what happens meanwhile is lines of JSON on stderr."""

    words: Callable[[Result, Options], str]
    code: Callable[[Result], int] = lambda result: int(result.code)
    lines: bool = False


# What draws a format is loaded where it was asked for.
def _json(result: Result, options: Options) -> str:
    from . import document

    return document.as_json(result)


def _yaml(result: Result, options: Options) -> str:
    from . import document

    return document.as_yaml(result)


def _nagios(result: Result, options: Options) -> str:
    from . import nagios

    return nagios.of(result)


def _nagios_code(result: Result) -> int:
    from . import nagios

    return nagios.level_of(result)


def _junit(result: Result, options: Options) -> str:
    from . import junit

    return junit.of(result, options.strict)


FORMATS: Mapping[str, Format] = {
    "json": Format(_json, lines=True),
    "yaml": Format(_yaml, lines=True),
    "nagios": Format(_nagios, code=_nagios_code),
    "junit": Format(_junit),
}


def of(options: Options) -> Format | None:
    """The format that was asked for; None where a person reads the result, on a screen."""
    return FORMATS.get(options.output)


def write(result: Result, screen: Screen, options: Options) -> int:
    """Shows a result, and gives its exit code. Raises Unwritable, BrokenPipeError."""
    form = of(options)
    screens.failure(result, screen, form is None)
    if form is None:
        screens.write(result, screen, options)
    elif not isinstance(result.seen, Nothing):
        screen.result.stream.write(form.words(result, options))
    screen.result.stream.flush()
    return code_of(result, options)


def code_of(result: Result, options: Options) -> int:
    """The exit code of a result, in the format's own world."""
    form = of(options)
    return int(result.code) if form is None else form.code(result)


def _html(record: Record, options: Options) -> str:
    return _drawn(record, options, ".html")


def _markdown(record: Record, options: Options) -> str:
    return _drawn(record, options, ".md")


def _drawn(record: Record, options: Options, suffix: str) -> str:
    from .journal_report import of_record
    from .report_page import page

    return page(replace(of_record(record), ticket=options.ticket or ""), suffix, options.lang)


# What the report of a run is written as, by the end of its file's name.
REPORTS: Mapping[str, Callable[[Record, Options], str]] = {".html": _html, ".md": _markdown}
