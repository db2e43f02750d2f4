"""The loop that observes rollouts until each has succeeded or failed; one call of `oc` a round, at growing intervals.

It changes nothing by itself: what is done and reported about a rollout that has failed is in `wait_endings.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import monotonic

from ..cluster.named_objects import observe_secret
from ..cluster.oc_errors import Forbidden, NoRoute, OcError, TimeOver, Unreachable
from ..cluster.reading import with_causes
from ..cluster.state import ProjectState, RegistrySecret
from ..exit_codes import ExitCode
from ..guide import deployment_configs, service_account
from ..guide.cause import CauseKind, then
from ..guide.costs import deadline_seconds
from ..guide.readiness import MIGRATED, MOVING, Assessment, Goal, RolloutState, assess_all
from ..guide.selection import choose
from ..values import ACCOUNT, GO_ON, Check, Text, Verdict
from . import evidence
from .journal import Journal
from .run import POLL_FIRST, POLL_GROWTH, TIME_IS_OVER, Run, unseen
from .run_failure import Failed, Failure
from .wait_endings import broken_off, ended, ended_badly, how_far, seen_last, stopped, unreadable

POLL_LONGEST = 5.0
# How long the cluster may take to give a new account a login for its own registry; it is a matter of seconds.
LOGIN_SECONDS = 30.0
# So many rounds without an answer, one after the other, are worth a line.
UNANSWERED_ROUNDS = 4
# States in which nothing works on the rollout: if they last, it makes no progress.
SILENT = (RolloutState.NOT_STARTED, RolloutState.WAITING_FOR_IMAGE)


def await_login(run: Run, state: ProjectState) -> None:
    """Waits for the login that the cluster itself links to a new account, before pods are made that would lack it.

    It is never linked or written by us. Where it does not come in time the migration continues, and that is said. Raises
    Stopped, Failed if the run's time is over, OcError.
    """
    if run.without_login or not service_account.awaits_login(state):
        return
    from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential, wait_random

    run.watcher.note(
        Text("waiting for the credentials that the cluster gives {account} for its own registry", account=ACCOUNT)
    )

    def still() -> bool:
        run.stop.check()
        run.check_time()
        try:
            return service_account.awaits_login(run.observe(cluster=False, secret=False))
        except OcError as error:
            if not error.passing:
                raise
            return True

    retrying = Retrying(
        retry=retry_if_result(bool),
        wait=wait_exponential(POLL_FIRST, POLL_LONGEST, POLL_GROWTH) + wait_random(0, 0.1),
        stop=stop_after_delay(LOGIN_SECONDS),
        sleep=run.stop.sleep,
    )
    try:
        retrying(still)
    except RetryError:
        note = Text(
            "it did not arrive within {seconds} s; continuing: pods that pull from the cluster's own registry may have to be"
            " redeployed once it is there",
            seconds=int(LOGIN_SECONDS),
        )
        run.watcher.note(note)
        run.without_login = True


def wait_all(run: Run) -> None:
    """Step 5 alone: waits for the rollouts of all chosen configs, each to its own account."""
    state = run.observe(cluster=False, secret=False)
    for goal, names in _by_goal(state, choose(state, run.request).configs).items():
        state = wait(run, state, names, goal)


def _by_goal(state: ProjectState, names: Iterable[str]) -> dict[Goal, tuple[str, ...]]:
    """The configs by what their rollouts are to reach, each its own account."""
    groups: dict[Goal, tuple[str, ...]] = {}
    for name in names:
        goal = Goal(state.configs[name].effective_account, None)
        groups[goal] = (*groups.get(goal, ()), name)
    return groups


def settle(run: Run, state: ProjectState, names: tuple[str, ...]) -> ProjectState:
    """Waits for rollouts that somebody else has under way: patching in the middle of one makes two of it."""
    groups = _by_goal(state, names)
    moving = {goal: tuple(a.config for a in assess_all(state, own, goal) if a.moving) for goal, own in groups.items()}
    sentence = ", ".join(name for own in moving.values() for name in own)
    if sentence:
        run.watcher.note(Text("{names}: a rollout is under way already; waiting for it first", names=sentence))
    for goal, own in moving.items():
        if own:
            state = wait(run, state, own, goal, must_reach=False)
    return state


def last_observation(
    run: Run,
    judge: Callable[[ProjectState], tuple[Check, ...]],
    names: Callable[[], Iterable[str]],
    goal: Callable[[str], Goal] = lambda _: MIGRATED,
) -> tuple[ProjectState, tuple[Check, ...]]:
    """The last verification of a run: pods that a later wave disturbed, or that somebody scales, get a grace period to be there.

    Gives the last state and its checks. Raises OcError, Stopped.
    """
    ends = monotonic() + run.limits.grace
    while True:
        run.stop.check()
        state = run.observe()
        checks = judge(state)
        fits = not state.torn and all(check.verdict is not Verdict.FAILED for check in checks)
        if monotonic() >= ends or fits or unseen(state):
            return state, checks
        there = [name for name in names() if name in state.configs]
        if not any(a.state in MOVING for n in there for a in assess_all(state, (n,), goal(n)) if not a.reached):
            return state, checks
        run.stop.sleep(min(POLL_LONGEST, max(POLL_FIRST, ends - monotonic())))


@dataclass
class _Waiting:
    """A wait, and what it remembers between two rounds. Moments are those of time.monotonic().

    `deadlines` and `stuck_since` are by config, and so is `last`, what the round before has seen: what has not moved since has a
    cause to be found. `unanswered` counts the rounds since the cluster has answered; `secret` is the
    pull secret once it was read.
    """

    state: ProjectState
    names: tuple[str, ...]
    goal: Goal
    must_reach: bool
    began: float
    deadlines: dict[str, float]
    stuck_since: dict[str, float] = field(default_factory=dict)
    alone_since: dict[str, float] = field(default_factory=dict)
    last: dict[str, tuple[RolloutState, Text]] = field(default_factory=dict)
    unanswered: int = 0
    secret_was_read: bool = False
    secret: RegistrySecret | None = None


def wait(
    run: Run, state: ProjectState, names: Iterable[str], goal: Goal = MIGRATED, must_reach: bool = True
) -> ProjectState:
    """Observes the rollouts until each has reached the goal, or cannot; one call of `oc` a round, at growing intervals.

    Gives the last state seen, `state` being the one before the wait: returns when each config has reached the goal or
    stands still for a reason that is no failure (paused); without `must_reach` a failure ends the wait as well. Raises
    Failed with exit code 5 for a failed rollout, 6 for a deadline, 7 where the cluster was away until then; Stopped.
    """
    from tenacity import Retrying, retry_if_result, wait_exponential, wait_random

    listed = tuple(names)
    began = monotonic()
    deadlines = {name: began + deadline_seconds(state.configs[name]) for name in listed if name in state.configs}
    waiting = _Waiting(state, listed, goal, must_reach, began, deadlines)
    retrying = Retrying(
        retry=retry_if_result(lambda done: not done),
        wait=wait_exponential(POLL_FIRST, POLL_LONGEST, POLL_GROWTH) + wait_random(0, 0.1),
        sleep=run.stop.sleep,
        reraise=True,
    )
    retrying(lambda: _round(run, waiting))
    return waiting.state


def _round(run: Run, waiting: _Waiting) -> bool:
    """One round of observing; true when there is nothing more to wait for."""
    run.stop.check()
    try:
        found = _look(run, waiting)
    except OcError as error:
        _unanswered(run, waiting, error)
        return False
    if waiting.unanswered >= UNANSWERED_ROUNDS:
        run.watcher.note(Text("the cluster answers again"))
    waiting.unanswered = 0
    if waiting.must_reach:
        _check_others(waiting.state, waiting.names, waiting.goal)
    run.watcher.rollouts(found, monotonic() - waiting.began, waiting.must_reach)
    _write_rollouts(run.journal, found)
    stuck = [assessment for assessment in found if _stuck(assessment, waiting, run.limits.grace)]
    if not waiting.must_reach:
        stuck += [a for a in found if a not in stuck and _unattended(a, waiting, run.limits.grace)]
    if stuck and waiting.must_reach:
        raise ended_badly(run, waiting.state, waiting.names, waiting.goal, found, stuck)
    open_ = [assessment for assessment in found if assessment not in stuck and not ended(assessment)]
    if not open_:
        return True
    _check_time(run, waiting, [assessment.config for assessment in open_])
    return False


def _check_others(state: ProjectState, names: Iterable[str], goal: Goal) -> None:
    """Raises Failed if the template of a config no longer says what this run wrote: two people must not fight over it."""
    for name in names:
        if name in state.configs and state.configs[name].effective_account != goal.account:
            text = Text(
                "{name}: its template says {found} and not {wanted}, which this run wrote: another user is changing this project",
                name=name,
                found=state.configs[name].effective_account,
                wanted=goal.account,
            )
            raise Failed(Failure((text,), fix=then(Text("agree with them"))), ExitCode.FAILED)


def _look(run: Run, waiting: _Waiting) -> tuple[Assessment, ...]:
    """Observes and judges; where an image cannot be pulled, the pull secret is read as well, once. Raises OcError."""
    state = run.watch()
    missing = unseen(state)
    if missing:
        kinds, why = Text("{kinds}", kinds=", ".join(missing)), state.unread[missing[0]]
        raise unreadable(run, waiting.state, waiting.names, waiting.goal, kinds, why)
    names = [name for name in waiting.names if name in state.configs]
    found = assess_all(state, names, waiting.goal)
    last, waiting.last = waiting.last, {a.config: (a.state, a.reason) for a in found}
    # After a failure the pods are gone, and the events about them are what is left: this round is the last.
    if any(
        not a.reached
        and (a.cause is not None or a.state is RolloutState.FAILED or last.get(a.config) == (a.state, a.reason))
        for a in found
    ):
        with suppress(OcError):  # what is behind it is read in the next round
            state = with_causes(run.oc, state)
    waiting.state = _with_secret(state, waiting)
    found = assess_all(waiting.state, names, waiting.goal)
    pulls = any(a.cause is not None and a.cause.kind is CauseKind.IMAGE_PULL for a in found)
    if pulls and not waiting.secret_was_read:
        with suppress(OcError):
            waiting.secret = observe_secret(run.oc)
            waiting.secret_was_read = True
            waiting.state = _with_secret(state, waiting)
            found = assess_all(waiting.state, names, waiting.goal)
    return found


def _with_secret(state: ProjectState, waiting: _Waiting) -> ProjectState:
    if not waiting.secret_was_read:
        return state
    unread = {kind: why for kind, why in state.unread.items() if kind != "secrets"}
    return replace(state, secret=waiting.secret, unread=unread)


def _unanswered(run: Run, waiting: _Waiting, error: OcError) -> None:
    """Continues to ask if that may help: the network of a workstation comes back, and so does a server. Raises Failed."""
    if isinstance(error, Forbidden):
        raise unreadable(run, waiting.state, waiting.names, waiting.goal, Text("the project"), error.text)
    if not (error.passing or isinstance(error, (NoRoute, TimeOver)) or type(error) is Unreachable):
        raise broken_off(run, error, waiting.state, waiting.names, waiting.goal)
    if not isinstance(error, TimeOver):  # else it says nothing of the cluster
        waiting.unanswered += 1
    if waiting.unanswered == UNANSWERED_ROUNDS:
        run.watcher.note(Text("the cluster does not answer; still trying ({why})", why=error.text))
    _check_time(run, waiting, waiting.names)


def _stuck(assessment: Assessment, waiting: _Waiting, grace: float) -> bool:
    """Whether a config has failed, or waits for a grace period for what does not pass by itself; what is only slow has until the
    config's own deadline."""
    if assessment.state is RolloutState.FAILED:
        return True
    cause = assessment.cause
    hangs = not assessment.moving if cause is not None else not assessment.moving or assessment.state in SILENT
    if ended(assessment) or not hangs:
        waiting.stuck_since.pop(assessment.config, None)
        return False
    return monotonic() - waiting.stuck_since.setdefault(assessment.config, monotonic()) >= grace


def _unattended(assessment: Assessment, waiting: _Waiting, grace: float) -> bool:
    """Whether a revision that was there before this run has had no deployer pod for a grace period: it is not waited for."""
    if not deployment_configs.is_abandoned(waiting.state, assessment.config):
        waiting.alone_since.pop(assessment.config, None)
        return False
    return monotonic() - waiting.alone_since.setdefault(assessment.config, monotonic()) >= grace


def _check_time(run: Run, waiting: _Waiting, names: Iterable[str]) -> None:
    """Raises Failed if the run's deadline, or that of a config, has passed."""
    moment = monotonic()
    away = waiting.unanswered > 1
    far = how_far(run, waiting.state, waiting.names, waiting.goal)
    text = TIME_IS_OVER if run.oc.clock.is_over else None
    late = [name for name in names if moment >= waiting.deadlines.get(name, moment + 1)]
    if late and text is None:
        text = Text("{names}: not ready within the deadline", names=", ".join(late))
    if text is None:
        return
    what = (text, Text("the cluster has not answered"), *seen_last(run)) if away else (text,)
    code = ExitCode.UNKNOWN if away else ExitCode.DEADLINE
    raise stopped(run, what, GO_ON, code, far)


def _write_rollouts(journal: Journal, found: Sequence[Assessment]) -> None:
    """The states of the rollouts, once for each change: the reports draw them."""
    now = {assessment.config: evidence.rollout(assessment) for assessment in found}
    changed = {name: value for name, value in now.items() if journal.seen.get(name) != value}
    if changed:
        journal.seen.update(now)
        journal.write("rollouts", configs=changed)
