"""A command that came to no result, in the format that was asked for: whoever reads it gets a whole document."""

from __future__ import annotations

from ..exit_codes import ExitCode
from ..values import Text


def document(output: str, command: str, text: Text, code: ExitCode) -> str:
    """What goes to stdout beside the sentence on stderr; nothing for text."""
    if output == "json":
        from . import document as documents

        return documents.written(documents.failure(command, text, int(code)))
    if output == "nagios":
        from . import nagios

        return nagios.failure(text) + "\n"
    if output == "junit":
        from . import junit

        return junit.failure(command, text)
    return ""


def exit_code(output: str, code: ExitCode) -> int:
    """The exit code, in the format's own world."""
    if output == "nagios":
        from . import nagios

        return nagios.UNKNOWN
    return int(code)
