"""`man`: prints the manual page, which the command line makes."""

from __future__ import annotations

import sys

from ..exit_codes import ExitCode
from ..run.options import ManOptions
from ..run.session import Session


def run(session: Session, options: ManOptions) -> ExitCode:
    """Prints it."""
    sys.stdout.write(options.made())
    return ExitCode.DONE
