"""The formats: all that a result can be shown as on stdout, and all that a report can be written as. One table each.

Whoever adds a format adds a module with one function, and its row here. Nothing else asks which format was chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ..options import Options
from . import screens
from .result import Nothing, Result
from .terminal import Screen

Write = Callable[[Result, Screen, Options], None]


class Format(NamedTuple):
    """How a result is written to stdout, and what its exit code is in the format's own world; `lines` where what happens meanwhile is
    said as lines of JSON on stderr, and where a person reads along."""

    write: Write
    code: Callable[[Result], int] = lambda result: int(result.code)
    lines: bool = False
    person: bool = False


# What draws a format is loaded where it was asked for.
def _json(result: Result, screen: Screen, options: Options) -> None:
    from . import document

    document.write(document.of(result), "json", screen.result.stream)


def _yaml(result: Result, screen: Screen, options: Options) -> None:
    from . import document

    document.write(document.of(result), "yaml", screen.result.stream)


def _nagios(result: Result, screen: Screen, options: Options) -> None:
    from . import nagios

    screen.result.stream.write(nagios.of(result))


def _nagios_code(result: Result) -> int:
    from . import nagios

    return nagios.level_of(result)


def _junit(result: Result, screen: Screen, options: Options) -> None:
    from . import junit

    screen.result.stream.write(junit.of(result, options.strict))


FORMATS: Mapping[str, Format] = {
    "text": Format(screens.write, person=True),
    "json": Format(_json, lines=True),
    "yaml": Format(_yaml, lines=True),
    "nagios": Format(_nagios, code=_nagios_code),
    "junit": Format(_junit),
}


def write(result: Result, screen: Screen, options: Options) -> int:
    """Shows a result in the format that was asked for, and gives its exit code there. Raises Unwritable, BrokenPipeError."""
    form = FORMATS[options.output]
    screens.failure(result, screen, form.person)
    if not isinstance(result.seen, Nothing):
        form.write(result, screen, options)
    screen.result.stream.flush()
    return form.code(result)
