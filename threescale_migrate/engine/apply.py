"""Makes changes in order, through the changing door of `oc`, and journals each before and after.

The exit code alone is not trusted: after a failure the project is observed and planned again. It knows no order of waves and
waits for no rollout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic

from .. import shell
from ..cluster import oc_errors
from ..cluster.dialects import BINDS_DELETIONS, UNCHANGED
from ..cluster.oc_errors import OcError
from ..cluster.state import ProjectState
from ..exit_codes import ExitCode
from ..guide.change import Change, Deletion
from ..guide.config_changes import ConfigChange, RolloutCancelled
from ..guide.object_changes import SecretCopied
from ..values import Refused, Text, Usage
from .journal import UNSENT
from .run import Run
from .run_failure import Failed
from .signals import Stopped

# At an API that fails one call in five, six tries lose one change in fifteen thousand.
ACTION_TRIES = 6
Replan = Callable[[ProjectState], Iterable[Change]]


def apply(run: Run, changes: Iterable[Change], replan: Replan) -> None:
    """Makes changes in order. `replan` gives what is left in a new state: to find out whether a failed call took effect, and what to
    do where somebody has changed what was planned from.

    Raises OcError for a call that failed for good, Stopped, Failed or JournalError.
    """
    left = tuple(changes)
    conflicts = 0
    while left:
        run.stop.check()
        run.check_time()
        if not run.journal.number:
            run.check_location()
        run.located = run.fresh = False  # a call takes its time
        again = _apply_one(run, left[0], replan, conflicts + 1 < ACTION_TRIES)
        conflicts = 0 if again is None else conflicts + 1
        left = left[1:] if again is None else again


def _apply_one(run: Run, change: Change, replan: Replan, replans: bool) -> tuple[Change, ...] | None:
    """Makes one change. Gives what is left instead where somebody has changed what it was planned from, as far as that is planned
    again (`replans`)."""
    for attempt in range(1, ACTION_TRIES + 1):
        change = _as_the_client_can(run, change)
        call = change.call
        argv = run.oc.argv(call.args)
        number = run.journal.begin(change, argv)
        if isinstance(change, RolloutCancelled):
            run.cancelled_by[change.controller] = run.journal.run
        run.watcher.began(change, argv)
        started = monotonic()
        run.sent.append(shell.line(argv))
        run.unanswered = run.sent[-1]
        try:
            answer = run.oc.change(call.args, call.stdin, run.journal)
        except OcError as error:
            found = _after_failure(run, change, replan, error)
            run.unanswered = run.unanswered if found.outcome == "unknown" else ""
            run.journal.end(
                number,
                UNSENT if isinstance(error, oc_errors.NOT_SENT) else found.outcome,
                said=found.said,
                seconds=round(monotonic() - started, 3),
            )
            run.watcher.ended(change, found.outcome, monotonic() - started, found.said)
            if found.outcome == "done":
                run.watcher.note(Text("{said}", said=found.said))
                run.made.add((change.step, change.subject))
            if found.outcome in ("done", "present") or _is_gone(run, change, error):
                return None
            if found.refused is not None:
                raise Failed(found.refused, ExitCode.FAILED) from None
            if isinstance(error, oc_errors.Conflict) and found.left is not None:
                same = next((other for other in found.left if other == change and change.planned_like(other)), None)
                if same is None and replans:
                    return found.left
                change = same or change
            if not error.passing or attempt == ACTION_TRIES:
                raise
            run.stop.pause(min(5.0, 0.2 * 2**attempt))
            run.check_time()
        else:
            run.unanswered = ""
            # A deletion answers with the object.
            said = "" if isinstance(change, Deletion) else run.oc.redact(answer.stdout.strip())[:500]
            outcome = "present" if UNCHANGED.search(said) else "done"
            if outcome == "done":
                run.made.add((change.step, change.subject))
            run.journal.end(number, outcome, exit_code=answer.exit_code, said=said, seconds=round(answer.seconds, 3))
            run.watcher.ended(change, outcome, answer.seconds, said)
            return None
    raise AssertionError("the last try returns or raises")


def _as_the_client_can(run: Run, change: Change) -> Change:
    """A deletion without its preconditions for a client that knows none: what it deletes was looked at just before."""
    if not isinstance(change, Deletion) or not change.bound_to:
        return change
    if run.binds_deletions is None:
        try:
            run.binds_deletions = BINDS_DELETIONS.search(run.oc.read(("delete", "--help")).stdout) is not None
        except OcError:
            run.binds_deletions = False
    return change if run.binds_deletions else change.unbound


def _is_gone(run: Run, change: Change, error: OcError) -> bool:
    """Whether the call failed since another user has deleted its config meanwhile: the others continue, and the run names it at its end."""
    if not isinstance(change, ConfigChange) or run.seen is None:
        return False
    gone = "dc" not in run.seen.unread and change.config not in run.seen.configs
    return isinstance(error, oc_errors.NotFound) and gone


@dataclass(frozen=True)
class _Found:
    """What a look showed after a call that failed: its outcome, a sentence about it, why not to try again, what is left to do.

    `present`: somebody else had done it. `failed`: it had no effect. `unknown`: none is seen, which proves nothing, since a
    call that ended without an answer may still be on its way.
    """

    outcome: str
    said: str
    refused: Text | None = None
    left: tuple[Change, ...] | None = None


def _after_failure(run: Run, change: Change, replan: Replan, error: OcError) -> _Found:
    """Checks whether a call that failed took effect anyway."""
    if isinstance(error, oc_errors.AlreadyExists) and isinstance(change, SecretCopied):
        return _Found("present", f"{error} (it has the same content)")
    outcome = "failed" if isinstance(error, oc_errors.WITHOUT_EFFECT) else "unknown"
    if isinstance(error, oc_errors.NOT_SENT):
        return _Found(outcome, str(error))
    try:
        state = run.observe()
        left = tuple(replan(state))
    except (OcError, Stopped):
        return _Found(outcome, str(error))
    except (Usage, Refused) as refusal:
        return _Found(outcome, str(error), refused=refusal.text)
    if change in left:
        return _Found(outcome, str(error), left=left)
    if outcome == "unknown":
        return _Found("done", f"{error} (it took effect anyway)")
    if change.is_done(state) or isinstance(error, oc_errors.AlreadyExists) or UNCHANGED.search(str(error)):
        return _Found("present", f"{error} (somebody else has done it)")
    return _Found(outcome, str(error), left=left)
