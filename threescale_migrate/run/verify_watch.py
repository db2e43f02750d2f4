"""`verify --watch`: shows the rollouts repeatedly, for a second screen while somebody migrates. It changes nothing.

A round is the one call of `oc` that a round of a migration's wait is too; the six steps are checked once all pods are there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from ..cluster.location import check_there, pin
from ..cluster.oc import Oc
from ..cluster.oc_errors import NoRoute, OcError, TimeOver, Unreachable
from ..cluster.reading import observe_rollouts
from ..cluster.state import ProjectState
from ..engine.run import unseen
from ..engine.run_failure import Failed
from ..exit_codes import ExitCode
from ..guide.readiness import assess_all
from ..guide.selection import choose
from ..guide.verdicts import summary
from ..render.progress import LineWatcher, LiveWatcher
from ..render.result import Result
from ..values import NOTHING, Check, Request, Text, Verdict
from . import results
from .requests import request_of
from .session import Session

ROUND_SECONDS = 2.0
# How long a watch that has no interval waits for the end of a migration.
WATCH_SECONDS = 7200.0
# So many rounds without an answer, one after the other, are worth a line.
UNANSWERED_ROUNDS = 3
Look = Callable[[Oc, Request], tuple[ProjectState, tuple[Check, ...]]]


@dataclass
class _Watch:
    """A watch, with what it remembers between two rounds: the last word on the whole, and the rounds without an answer."""

    oc: Oc
    request: Request
    look: Look
    watcher: LineWatcher
    began: float
    said: Text = NOTHING
    unanswered: int = 0


def watch(session: Session, look: Look) -> Result:
    """Shows the rollouts until nothing fails, and then what `look` has checked; with an interval, for ever.

    Gives what it has checked. Raises Failed at the deadline, OcError for what does not pass by itself, Stopped.
    """
    options = session.options
    interval = options.watch if isinstance(options.watch, float) else None
    seconds = options.timeout or (WATCH_SECONDS if interval is None else None)
    oc = session.connect(seconds)
    pin(oc)
    terminal = session.screen.result
    in_lines = session.options.quiet or not terminal.live
    watcher = LineWatcher(terminal, session.options.quiet) if in_lines else LiveWatcher(terminal, lasting=True)
    state = _Watch(oc, request_of(session, oc), look, watcher, monotonic())
    while True:
        found = _round(state)
        if found is not None and interval is None and not _has_failed(found[1]):
            return results.checked(session, *found)
        if found is not None:
            _say(state, summary(found[1]).sentence)
        left = None if seconds is None else state.began + seconds - monotonic()
        if left is not None and left <= 0:
            raise _late(state, seconds or 0)
        oc.pause(min(interval or ROUND_SECONDS, left or WATCH_SECONDS))


def _has_failed(checks: tuple[Check, ...]) -> bool:
    return any(check.verdict is Verdict.FAILED for check in checks)


def _round(state: _Watch) -> tuple[ProjectState, tuple[Check, ...]] | None:
    """Observes the rollouts once; when they are done, all six steps."""
    try:
        seen = observe_rollouts(state.oc, tries=1)
        check_there(state.oc, seen)
        names = choose(seen, state.request).configs
        rollouts = assess_all(seen, names)
        if state.unanswered >= UNANSWERED_ROUNDS:
            _say(state, Text("the cluster answers again"))
        state.unanswered = 0
        if names and not unseen(seen):
            state.watcher.rollouts(rollouts, monotonic() - state.began)
            if not all(found.reached for found in rollouts):
                state.said = NOTHING
                return None
        return state.look(state.oc, state.request)
    except OcError as error:
        if isinstance(error, TimeOver):
            return None
        if not (error.passing or isinstance(error, NoRoute) or type(error) is Unreachable):
            raise
        if state.oc.clock.is_over:
            return None  # it was the watch's own end that cut it off
        state.unanswered += 1
        if state.unanswered == UNANSWERED_ROUNDS:
            _say(state, Text("the cluster does not answer; still trying ({why})", why=error.text))
        return None


def _say(state: _Watch, sentence: Text) -> None:
    """A line, if it is not the one before."""
    if str(sentence) != str(state.said):
        state.said = sentence
        state.watcher.note(sentence)


def _late(state: _Watch, seconds: float) -> Failed:
    if state.unanswered > 1:
        return Failed(Text("the cluster has not answered"), ExitCode.UNKNOWN)
    return Failed(Text("not migrated within {seconds} s", seconds=f"{seconds:g}"), ExitCode.DEADLINE)
