"""What each error means: its sentence and its exit code, and how it is shown."""

from __future__ import annotations

import os
import platform
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from .. import __version__, files, shell
from ..cluster.oc_errors import OcError
from ..engine.journal import JournalError
from ..engine.journal_directory import make, state_home
from ..engine.lock import Locked
from ..engine.run_failure import Failed, Failure
from ..engine.signals import Stopped, at_once
from ..exit_codes import ExitCode
from ..language import shortage
from ..options import Options
from ..output import Unwritable
from ..redaction import REDACTOR
from ..render import formats
from ..render.result import Checked, Projects, Result
from ..values import GO_ON, NO_FIX, Refused, Text, Usage
from .session import Session


def explanation(error: BaseException) -> tuple[Text, ExitCode] | None:
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
    if isinstance(error, Stopped):
        return Failure((text,), fix=GO_ON if error.changes else NO_FIX, undo=error.undo, others=error.others)
    return Failure((text,), fix=getattr(error, "fix", NO_FIX))


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
    return explanation(error) or (defect(error), ExitCode.FAILED)


Command = Callable[[Session, Options], Result]


def carried_out(session: Session, command: Command) -> int:
    """Runs a command and shows its result; a failure is one too. Gives the exit code. Raises Unwritable."""
    with at_once():
        try:
            try:
                result = command(session, session.options)
            except (BrokenPipeError, Unwritable):
                raise
            except Exception as error:
                result = failed(session, error)
            return _shown(session, result)
        except (BrokenPipeError, Unwritable):
            raise
        except Exception as error:  # in what shows a result
            return _shown(session, failed(session, error))


def failed(session: Session, error: Exception) -> Result:
    text, code = explained(error)
    return session.result(code, failure_of(error, text))


def _shown(session: Session, result: Result) -> int:
    """Shows a result. Where nobody reads it any more, the exit code still tells it. Raises Unwritable where it is lost otherwise."""
    result = replace(result, recorded=session.recorded)
    try:
        return formats.write(result, session.screen, session.options)
    except BrokenPipeError:
        _leave_stdout()
    except Unwritable as error:
        if not isinstance(result.seen, (Checked, Projects, Failure)):
            raise
        with suppress(OSError, Unwritable):
            session.say(Text("the output cannot be written ({why})", why=error.why))
        _leave_stdout()
    return formats.code_of(result, session.options)


def _leave_stdout() -> None:
    """The reader has gone (`… | head`): nothing more can be said, also not by Python at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
