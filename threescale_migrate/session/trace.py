"""What a defect or a call of `oc` is found out from: a line for each call, and a file for an error that nobody foresaw."""

from __future__ import annotations

import os
import platform
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path

from .. import __version__, files, shell
from ..cluster.failures import Call
from ..engine.home import make, state_home
from ..redaction import REDACTOR
from ..values import Refused


def shown(call: Call) -> None:
    """Says on stderr what was called, how long it took and how it ended; never what it read or printed."""
    ended = f"exit {call.exit_code}" if call.exit_code >= 0 else f"ended by signal {-call.exit_code}"
    # One piece, since calls are made side by side; masked here and once more on its way out.
    sys.stderr.write(f"oc: {call.seconds:7.3f} s, {ended}: {REDACTOR(shell.line(call.argv))}\n")
    sys.stderr.flush()


def kept(error: BaseException) -> Path | None:
    """Writes where an error came from, masked, into a file of its own, and gives its path; None where it cannot be written."""
    lines = (
        f"threescale-migrate {__version__}, Python {platform.python_version()}, {platform.system()}\n",
        f"{shell.line(['threescale-migrate', *sys.argv[1:]])}\n",
        *traceback.format_exception(type(error), error, error.__traceback__),
    )
    name = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}-{id(error):x}.txt"
    path = state_home() / "errors" / name
    with suppress(OSError, Refused):
        make(path.parent)
        files.write(path, REDACTOR("".join(lines)))
        return path
    return None
