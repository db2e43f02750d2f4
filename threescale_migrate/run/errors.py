"""What each error means: its sentence and its exit code, and how it is shown."""

from __future__ import annotations

import os
import platform
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .. import __version__, files, shell
from ..cluster.failures import OcError
from ..engine.failed import Failed, Failure
from ..engine.home import make, state_home
from ..engine.journal import JournalError
from ..engine.lock import Locked
from ..engine.signals import Stopped, at_once
from ..exit_codes import ExitCode
from ..language import shortage
from ..output import Unwritable
from ..redaction import REDACTOR
from ..render import failed
from ..values import GO_ON, NO_FIX, Refused, Text, Usage
from .session import Session


def meaning(error: BaseException) -> tuple[Text, ExitCode] | None:
    """The sentence and the exit code of an error that is expected to happen; None for a defect."""
    if isinstance(error, Usage):
        return error.text, ExitCode.USAGE
    if isinstance(error, Refused):
        return error.text, ExitCode.REFUSED
    if isinstance(error, (Locked, JournalError, Failed, Stopped, OcError)):
        return error.text, error.exit_code
    what = shortage(error)
    if what is not None:
        sentence = "the system refuses this program what it needs ({what}): see ulimit -a, and how much memory is free"
        return Text(sentence, what=what), ExitCode.UNKNOWN
    return None


def failure_of(error: BaseException, text: Text) -> Failure:
    """What is known of an error beside its sentence: what can be done, how all others stand."""
    if isinstance(error, Failed):
        return error.failure
    undo = error.undo if isinstance(error, Stopped) else None
    return Failure((text,), fix=GO_ON if undo is not None else getattr(error, "fix", NO_FIX), undo=undo)


def defect(error: Exception) -> Text:
    """The sentence for an error that should not happen."""
    sentence = REDACTOR(f"{type(error).__name__}: {error}")[:300]
    path = kept(error)
    if path is None:
        return Text("a defect in threescale-migrate, please report it: {sentence}", sentence=sentence)
    return Text(
        "a defect in threescale-migrate, please report it with {path}, where secrets are masked: {sentence}",
        path=str(path),
        sentence=sentence,
    )


def kept(error: BaseException) -> Path | None:
    """Writes where an error came from, masked, into a file of its own, and gives its path; None if it cannot be written."""
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


def explained(error: Exception) -> tuple[Text, ExitCode]:
    """The sentence and the exit code of any error."""
    return meaning(error) or (defect(error), ExitCode.FAILED)


def handled(session: Session, command: Callable[[], int]) -> int:
    """Runs a command and gives its exit code; each way to fail is shown with its sentence. Raises Unwritable, BrokenPipeError."""
    try:
        with at_once():
            return int(command())
    except (BrokenPipeError, Unwritable):
        raise
    except Exception as error:
        text, exit_code = explained(error)
        return _complain(session, failure_of(error, text), exit_code)


def _complain(session: Session, failure: Failure, exit_code: ExitCode) -> int:
    """One sentence on stderr; with `-o json` a document on stdout as well. If nobody reads it, the exit code is enough."""
    with suppress(OSError, Unwritable):
        terminal = session.talk
        failed.show(terminal, failure)
        shown = failed.document(session.options.output, session.command, failure, exit_code, session.invocation)
        sys.stdout.write(shown)
    return failed.exit_code(session.options.output, exit_code)
