"""A command without a result, in the requested format, so that its reader always gets a whole document."""

from __future__ import annotations

from ..exit_codes import ExitCode
from ..redaction import REDACTOR
from ..values import Text
from .terminal import Terminal


def document(output: str, command: str, text: Text, code: ExitCode) -> str:
    """What goes to stdout beside the sentence on stderr; nothing for text."""
    if output in ("json", "yaml"):
        from . import document as documents

        return documents.written(documents.failure(command, text, int(code)), output)
    if output == "nagios":
        from . import nagios

        return nagios.failure(text) + "\n"
    if output == "junit":
        from . import junit

        return junit.failure(command, text)
    return ""


def show(terminal: Terminal, text: Text) -> None:
    """The sentence on stderr: prose is wrapped; logs and what can be pasted are not. A command that the prose suggests follows
    it once, ready to be pasted."""
    first, *rest = REDACTOR(terminal.say(text)).splitlines() or [""]
    shown = [line.strip() for line in rest if line.startswith("    ")]
    terminal.line(terminal.paint("threescale-migrate: ", "bad") + first)
    shown += terminal.suggest(first, 4, shown)
    for line in rest:
        if line.startswith("    "):
            terminal.verbatim(line)
            continue
        indent = len(line) - len(line.lstrip())
        terminal.line(line.strip(), indent, indent)
        shown += terminal.suggest(line, 4, shown)


def exit_code(output: str, code: ExitCode) -> int:
    """The exit code, in the format's own world."""
    if output == "nagios":
        from . import nagios

        return nagios.UNKNOWN
    return int(code)
