"""Why a command ended without a result, as a person reads it."""

from __future__ import annotations

from ..engine.run_failure import Failure
from ..redaction import REDACTOR
from ..shell import resumption
from ..values import Fix, Text
from .terminal import Terminal
from .text import offer, repairs, show_fix


def show(terminal: Terminal, failure: Failure) -> None:
    """The failure on stderr: prose is wrapped; logs and what can be pasted are not. The command with which the run goes on, and the one
    that undoes it, come last, once."""
    first = True
    for text in failure.what:
        first = _sentence(terminal, text, first)
    shown: tuple[str, ...] = ()
    for broken in failure.configs:
        first = _sentence(terminal, broken.why, first)
        for line in broken.log:
            terminal.verbatim(REDACTOR(line), 4)
        terminal.line(terminal.say(broken.serves), 2, 2)
        shown = (*shown, *_repair(terminal, broken.fix, 2, shown))
    _repair(terminal, failure.fix, 0, shown)
    for text in failure.others:
        first = _sentence(terminal, text, first)
    again = resumption(failure.commands)
    offer(terminal, Text("Next:"), again)
    offer(terminal, Text("Or undo:"), failure.undo)


def _repair(terminal: Terminal, fix: Fix, indent: int, shown: tuple[str, ...]) -> tuple[str, ...]:
    return show_fix(terminal, repairs(fix), indent, shown, Text("Fix: {fix}", fix=fix.sentence))


def _sentence(terminal: Terminal, text: Text, first: bool) -> bool:
    """A text as prose, and each of its lines that is indented as it is; the first of all after the program's name. Gives False."""
    for number, line in enumerate(REDACTOR(terminal.say(text)).splitlines() or [""]):
        if line.startswith("    "):
            terminal.verbatim(line)
        elif first and number == 0:
            terminal.line(terminal.paint("threescale-migrate: ", "bad") + line)
        else:
            terminal.line(line.strip())
    return False
