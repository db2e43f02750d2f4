"""What each way to fail means: its sentence and its exit code, for whoever shows it."""

from __future__ import annotations

from ..exit_codes import ExitCode
from ..values import Refused, Text, Usage


def meaning(error: BaseException) -> tuple[Text, ExitCode] | None:
    """The sentence and the exit code of an error that is expected to happen; None for a defect."""
    from ..cluster.oc import OcError
    from ..engine.journal import JournalError
    from ..engine.lock import Locked
    from ..engine.run import Failed
    from ..engine.signals import Stopped

    if isinstance(error, Usage):
        return error.text, ExitCode.USAGE
    if isinstance(error, Refused):
        return error.text, ExitCode.REFUSED
    if isinstance(error, Locked):
        return error.text, ExitCode.LOCKED
    if isinstance(error, JournalError):
        return error.text, ExitCode.FAILED
    if isinstance(error, (Failed, Stopped)):
        return error.text, error.exit_code
    if isinstance(error, OcError):
        return error.text, error.exit_code
    return None


def defect(error: Exception) -> Text:
    """The sentence for an error that should not happen."""
    from ..redaction import REDACTOR

    sentence = REDACTOR(f"{type(error).__name__}: {error}")[:300]
    return Text("a defect of threescale-migrate, please report it: {sentence}", sentence=sentence)
