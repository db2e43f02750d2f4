"""Makes changes in order, through the changing door of `oc`, and journals each before and after.

The exit code alone is not trusted: after a failure the project is observed and planned again. It knows no order of waves and
waits for no rollout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from time import monotonic

from .. import shell
from ..cluster import failures
from ..cluster.dialects import UNCHANGED
from ..cluster.failures import OcError
from ..cluster.state import ProjectState
from ..exit_codes import ExitCode
from ..guide.change import Change
from ..guide.config_changes import ConfigChange
from ..guide.object_changes import SecretCopied
from ..values import Refused, Text, Usage
from .failed import Failed
from .run import Run
from .signals import Stopped

# At an API that fails one call in five, six tries lose one change in fifteen thousand.
ACTION_TRIES = 6
Replan = Callable[[ProjectState], Iterable[Change]]


def apply(run: Run, changes: Iterable[Change], replan: Replan) -> None:
    """Makes changes in order. `replan` gives what is left in a new state, to find out whether a failed call took effect.

    Raises OcError for a call that failed for good, Stopped, Failed or JournalError.
    """
    for change in changes:
        run.stop.check()
        run.check_time()
        if not run.journal.number:
            run.check_location()
        _apply_one(run, change, replan)


def _apply_one(run: Run, change: Change, replan: Replan) -> None:
    for attempt in range(1, ACTION_TRIES + 1):
        argv = run.oc.argv(change.args)
        number = run.journal.begin(change, argv)
        run.watcher.began(change, argv)
        started = monotonic()
        run.sent.append(shell.line(argv))
        try:
            call = run.oc.change(change.args, change.stdin, run.journal)
        except OcError as error:
            outcome, said, refused = _after_failure(run, change, replan, error)
            run.journal.end(number, outcome, said=said, seconds=round(monotonic() - started, 3))
            run.watcher.ended(change, outcome, monotonic() - started, said)
            if outcome == "done":
                run.watcher.note(Text("{said}", said=said))
                run.made.add((change.step, change.subject))
            if outcome in ("done", "present") or _is_gone(run, change, error):
                return
            if refused is not None:
                raise Failed(refused, ExitCode.FAILED) from None
            if not error.passing or attempt == ACTION_TRIES:
                raise
            run.stop.pause(min(5.0, 0.2 * 2**attempt))
            run.check_time()
        else:
            said = run.oc.redact(call.stdout.strip())[:500]
            outcome = "present" if UNCHANGED.search(said) else "done"
            if outcome == "done":
                run.made.add((change.step, change.subject))
            run.journal.end(number, outcome, exit_code=call.exit_code, said=said, seconds=round(call.seconds, 3))
            run.watcher.ended(change, outcome, call.seconds, said)
            return


def _is_gone(run: Run, change: Change, error: OcError) -> bool:
    """Whether the call failed since somebody has deleted its config meanwhile: the others continue, and the run names it at its end."""
    if not isinstance(change, ConfigChange) or run.seen is None:
        return False
    gone = "dc" not in run.seen.unread and change.config not in run.seen.configs
    return isinstance(error, failures.NotFound) and gone


def _after_failure(run: Run, change: Change, replan: Replan, error: OcError) -> tuple[str, str, Text | None]:
    """Checks whether a call that failed took effect anyway. Gives the outcome, a sentence about it, and why not to try again.

    `present`: somebody else had done it. `failed`: it had no effect. `unknown`: none is seen, which proves nothing, since a
    call that ended without an answer may still be on its way.
    """
    if isinstance(error, failures.AlreadyExists) and isinstance(change, SecretCopied):
        return "present", f"{error} (it has the same content)", None
    outcome = "failed" if isinstance(error, failures.WITHOUT_EFFECT) else "unknown"
    if isinstance(error, failures.OcMissing):
        return outcome, str(error), None
    try:
        left = tuple(replan(run.observe()))
    except (OcError, Stopped):
        return outcome, str(error), None
    except (Usage, Refused) as refusal:
        return outcome, f"{error}; {refusal}", refusal.text
    if change in left:
        return outcome, str(error), None
    if isinstance(error, failures.NotFound):
        return outcome, str(error), None
    if isinstance(error, failures.AlreadyExists) or UNCHANGED.search(str(error)):
        return "present", f"{error} (somebody else has done it)", None
    return "done", f"{error} (it took effect anyway)", None
