"""`completion`: prints the completion for a shell, which the command line has."""

from __future__ import annotations

import sys

from ..exit_codes import ExitCode
from ..session.options import CompletionOptions
from ..session.session import Session


def run(session: Session, options: CompletionOptions) -> ExitCode:
    """Prints it."""
    sys.stdout.write(options.made())
    return ExitCode.DONE
