"""Apply and wait, wave by wave: the only module that changes a project.

Each action is journaled before and after. What an action did is never believed from its exit code alone where that can
mislead: after a failure the project is looked at again, and planned again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from . import oc as oc_module
from .exit_codes import ExitCode
from .guide import deployment_configs, steps, undoing
from .guide.costs import deadline_seconds
from .guide.readiness import MIGRATED, Assessment, Goal, RolloutState, assess_all, mend, serves
from .guide.selection import Wave, choose, waves
from .guide.undoing import Undo
from .journal import Journal, JournalError
from .oc import Oc, OcError
from .project import ProjectState, observe
from .values import Action, Check, Inverse, Step, Text, Usage, Verdict, Wish

# At an API that fails one call in five, six tries lose one change in fifteen thousand.
ACTION_TRIES = 6
POLL_FIRST = 0.3
POLL_LONGEST = 5.0
BEFORE_WAVES = (Step.REGISTRY_SECRET, Step.SERVICE_ACCOUNT, Step.PERMISSIONS)


class Watcher(Protocol):
    """Is told what happens, as it happens; how that is shown is its own business."""

    def began(self, action: Action, argv: tuple[str, ...]) -> None:
        """An action is about to be run."""

    def ended(self, action: Action, outcome: str, seconds: float, said: str) -> None:
        """An action has ended: `done`, `failed` or `unknown`."""

    def wave(self, wave: Wave, number: int, total: int) -> None:
        """A wave begins."""

    def rollouts(self, assessments: Sequence[Assessment], seconds: float) -> None:
        """A round of looking at the rollouts of the wave is over."""

    def note(self, text: Text) -> None:
        """Something worth a line."""


class Stopped(Exception):
    """A signal asked the run to end. `exit_code` is 130 or 143."""

    def __init__(self, exit_code: ExitCode) -> None:
        super().__init__(exit_code.name)
        self.exit_code = exit_code


class Failed(Exception):
    """The run cannot go on; `text` says why, in words for the operator."""

    def __init__(self, text: Text, exit_code: ExitCode) -> None:
        super().__init__(str(text))
        self.text = text
        self.exit_code = exit_code


@dataclass
class Stop:
    """Set by a signal handler, looked at between calls; waiting ends at once when it is set."""

    event: threading.Event = field(default_factory=threading.Event)
    exit_code: ExitCode = ExitCode.INTERRUPTED

    def ask(self, exit_code: ExitCode) -> None:
        """Asks the run to end."""
        self.exit_code = exit_code
        self.event.set()

    def check(self) -> None:
        """Raises Stopped where the run was asked to end."""
        if self.event.is_set():
            raise Stopped(self.exit_code)

    def sleep(self, seconds: float) -> None:
        """Waits, at most `seconds`; not at all once asked to end."""
        self.event.wait(seconds)


@dataclass(frozen=True)
class Limits:
    """In seconds: `timeout` bounds the whole run, `grace` is how long a cause that does not pass by itself is waited out."""

    timeout: float | None = None
    grace: float = 30.0


@dataclass
class Run:
    """One run: how to ask the cluster, where to write down what is done, whom to tell."""

    oc: Oc
    wish: Wish
    journal: Journal
    watcher: Watcher
    limits: Limits = field(default_factory=Limits)
    stop: Stop = field(default_factory=Stop)
    began: float = field(default_factory=monotonic)

    @property
    def ends(self) -> float | None:
        """The moment of time.monotonic() at which the whole run is over."""
        return None if self.limits.timeout is None else self.began + self.limits.timeout

    def finish(self, code: ExitCode) -> None:
        """Writes the journal's end."""
        self.journal.write("finish", outcome=code.name.lower(), exit_code=int(code))

    def broken(self, error: BaseException) -> None:
        """Writes the journal's end for a run that did not come to its own."""
        if isinstance(error, JournalError):
            return
        code = getattr(error, "exit_code", ExitCode.USAGE if isinstance(error, Usage) else ExitCode.FAILED)
        with suppress(JournalError):
            self.journal.write("finish", outcome=code.name.lower(), exit_code=int(code), said=str(error))


Replan = Callable[[ProjectState], Iterable[Action]]


def apply(run: Run, actions: Iterable[Action], replan: Replan) -> None:
    """Runs actions in order. `replan` tells from a new state what is left, to find out whether a failed call took effect.

    Raises OcError for a call that failed for good, Stopped, Failed or JournalError.
    """
    for action in actions:
        run.stop.check()
        _check_time(run)
        _apply_one(run, action, replan)


def _apply_one(run: Run, action: Action, replan: Replan) -> None:
    for attempt in range(1, ACTION_TRIES + 1):
        argv = run.oc.argv(action.args)
        number = run.journal.begin(action, argv)
        run.watcher.began(action, argv)
        started = monotonic()
        try:
            call = run.oc.check(action.args, action.stdin)
        except OcError as error:
            outcome, said = _after_failure(run, action, replan, error)
            run.journal.end(number, outcome, said=said, seconds=round(monotonic() - started, 3))
            run.watcher.ended(action, outcome, monotonic() - started, said)
            if outcome in ("done", "present"):
                return
            if not error.passing or attempt == ACTION_TRIES:
                raise
            run.stop.check()
            run.stop.sleep(min(5.0, 0.2 * 2**attempt))
            run.stop.check()
        else:
            said = run.oc.redact(call.stdout.strip())[:500]
            run.journal.end(number, "done", exit_code=call.exit_code, said=said, seconds=round(call.seconds, 3))
            run.watcher.ended(action, "done", call.seconds, said)
            return


def _after_failure(run: Run, action: Action, replan: Replan, error: OcError) -> tuple[str, str]:
    """Looks whether a call that failed took effect all the same: `done`, `failed`, or `unknown` where it cannot be seen."""
    if isinstance(error, oc_module.OcMissing):
        return "failed", str(error)
    if isinstance(error, oc_module.AlreadyExists) and action.inverse.detail.get("kept") == "yes":
        return "present", f"{error} (it holds the same)"
    try:
        left = tuple(replan(observe(run.oc)))
    except OcError:
        return "unknown", str(error)
    if any(other.args == action.args for other in left):
        return "failed", str(error)
    return "done", f"{error} (it took effect all the same)"


def migrate(run: Run) -> tuple[ProjectState, tuple[Check, ...]]:
    """Steps 1 to 6. Gives the last state and its checks; raises Failed, OcError, Stopped, JournalError, Usage, Refused."""
    prepare(run, BEFORE_WAVES)
    redeploy(run)
    state = observe(run.oc)
    return state, steps.verify(state, run.wish)


def prepare(run: Run, wanted: Iterable[Step]) -> None:
    """The steps before the first redeployment, each planned from what is there now."""
    for step in wanted:
        if step in run.wish.skip:
            continue
        state = observe(run.oc)

        def replan(state: ProjectState, step: Step = step) -> tuple[Action, ...]:
            return steps.plan(state, run.wish, (step,))

        apply(run, replan(state), replan)


def redeploy(run: Run) -> None:
    """Patches and waits, a wave after the other; each is planned anew, so that what somebody else did counts."""
    if Step.DEPLOYMENT_CONFIGS in run.wish.skip:
        return
    state = observe(run.oc, cluster=False)
    order = waves(state, run.wish)
    for number, wave in enumerate(order, 1):
        if number > 1:
            state = observe(run.oc, cluster=False)
        names = tuple(name for name in wave.configs if name in state.configs)
        found = assess_all(state, names)
        if all(assessment.reached for assessment in found):
            continue
        run.watcher.wave(Wave(wave.name, names), number, len(order))
        run.journal.write("wave", name=wave.name, number=number, total=len(order), configs=list(names))
        _settle(run, state, names)
        state = observe(run.oc, cluster=False)

        def replan(state: ProjectState, names: tuple[str, ...] = names) -> tuple[Action, ...]:
            return deployment_configs.plan_configs(state, names, run.wish)

        apply(run, replan(state), replan)
        wait(run, names)


def undo(run: Run, wanted: Undo) -> tuple[ProjectState, tuple[Check, ...]]:
    """Takes changes back, newest first, each stage planned from what is there then. Gives the last state and its checks.

    Raises Failed, OcError, Stopped, JournalError, Usage.
    """
    order = undoing.stages(wanted, observe(run.oc))
    total = sum(isinstance(stage, Wave) for stage in order)
    number = 0
    for stage in order:
        if isinstance(stage, Wave):
            number += 1
            _undo_wave(run, wanted, stage, number, total)
            continue

        def replan(state: ProjectState, stage: tuple[Inverse, ...] = stage) -> tuple[Action, ...]:
            return undoing.plan_things(state, wanted, stage)

        apply(run, replan(observe(run.oc)), replan)
    state = observe(run.oc)
    return state, undoing.verify(state, wanted)


def _undo_wave(run: Run, wanted: Undo, wave: Wave, number: int, total: int) -> None:
    def patches(state: ProjectState) -> tuple[Action, ...]:
        return undoing.plan_wave(state, wanted, wave.configs)

    def afterwards(state: ProjectState) -> tuple[Action, ...]:
        return undoing.plan_after(state, wanted, wave.configs)

    state = observe(run.oc, cluster=False)
    goals = undoing.goals(state, wanted, wave.configs)
    if any(not found.reached for goal, names in goals.items() for found in assess_all(state, names, goal)):
        run.watcher.wave(wave, number, total)
        run.journal.write("wave", name=wave.name, number=number, total=total, configs=list(wave.configs))
    apply(run, patches(state), patches)
    for goal, names in goals.items():
        wait(run, names, goal)
    state = observe(run.oc, cluster=False)
    apply(run, afterwards(state), afterwards)


def patch(run: Run) -> None:
    """Step 4 alone: the patches, without waiting."""
    if Step.DEPLOYMENT_CONFIGS in run.wish.skip:
        return

    def replan(state: ProjectState) -> tuple[Action, ...]:
        return deployment_configs.plan(state, run.wish)

    apply(run, replan(observe(run.oc)), replan)


def wait_all(run: Run) -> None:
    """Step 5 alone: waits for the rollouts of all chosen configs, each to its own account."""
    state = observe(run.oc, cluster=False)
    names = choose(state, run.wish).configs
    for account in sorted({state.configs[name].effective_account for name in names}):
        wait(
            run, tuple(name for name in names if state.configs[name].effective_account == account), Goal(account, None)
        )


def _settle(run: Run, state: ProjectState, names: tuple[str, ...]) -> None:
    """Waits for rollouts that somebody else has under way: patching in the middle of one makes two of it."""
    own = {name: Goal(state.configs[name].effective_account, None) for name in names}
    moving = [name for name in names if assess_all(state, (name,), own[name])[0].moving]
    if not moving:
        return
    run.watcher.note(Text("{names}: a rollout is under way already; waiting for it first", names=", ".join(moving)))
    for name in moving:
        wait(run, (name,), own[name], must_reach=False)


@dataclass
class _Waiting:
    """What a wait remembers between two rounds: since when a config is stuck, in seconds of time.monotonic()."""

    deadlines: dict[str, float]
    stuck_since: dict[str, float] = field(default_factory=dict)
    asked: OcError | None = None


def wait(run: Run, names: tuple[str, ...], goal: Goal = MIGRATED, must_reach: bool = True) -> None:
    """Looks at the rollouts until each has reached the goal, or cannot; one call of `oc` a round, ever slower.

    Returns when each config has reached the goal or stands still for a reason that is no failure (paused). Raises Failed
    with exit code 5 for a failed rollout, 6 for a deadline, 7 where the cluster was away until then; Stopped.
    """
    from tenacity import Retrying, retry_if_result, wait_exponential_jitter

    began = monotonic()
    waiting = _Waiting({})

    def round_() -> bool:
        run.stop.check()
        return _round(run, names, goal, waiting, began, must_reach)

    retrying = Retrying(
        retry=retry_if_result(lambda done: not done),
        wait=wait_exponential_jitter(initial=POLL_FIRST, max=POLL_LONGEST, exp_base=1.4, jitter=0.1),
        sleep=run.stop.sleep,
        reraise=True,
    )
    retrying(round_)


def _round(run: Run, names: tuple[str, ...], goal: Goal, waiting: _Waiting, began: float, must_reach: bool) -> bool:
    """One look at the rollouts; true when there is nothing more to wait for."""
    try:
        state = observe(run.oc, cluster=False, secret=False)
    except OcError as error:
        if not error.passing:
            raise
        if waiting.asked is None:
            run.watcher.note(Text("the cluster does not answer; asking on ({why})", why=str(error)))
        waiting.asked = error
        _check_time(run, names, waiting)
        return False
    waiting.asked = None
    found = assess_all(state, [name for name in names if name in state.configs], goal)
    for name in names:
        if name in state.configs:
            waiting.deadlines.setdefault(name, began + deadline_seconds(state.configs[name]))
    run.watcher.rollouts(found, monotonic() - began)
    _write_rollouts(run.journal, found)
    open_ = [assessment for assessment in found if not _ended(assessment)]
    failed = [assessment for assessment in found if _stuck(assessment, waiting, run.limits.grace)]
    if failed and must_reach:
        raise Failed(failure(state, found, failed), ExitCode.ROLLOUT_FAILED)
    if failed or not open_:
        return True
    _check_time(run, [assessment.config for assessment in open_], waiting, found)
    return False


def _ended(assessment: Assessment) -> bool:
    """Reached, or standing still without having failed: a paused config does not come further by waiting."""
    return assessment.reached or assessment.state is RolloutState.STALE_PAUSED


def _stuck(assessment: Assessment, waiting: _Waiting, grace: float) -> bool:
    """Whether a config has failed, or hangs since the grace period on a cause that does not pass by itself."""
    if _ended(assessment):
        waiting.stuck_since.pop(assessment.config, None)
        return False
    if assessment.state is RolloutState.FAILED:
        return True
    hangs = not assessment.moving or assessment.state in (RolloutState.NOT_STARTED, RolloutState.WAITING_FOR_IMAGE)
    if not hangs:
        waiting.stuck_since.pop(assessment.config, None)
        return False
    return monotonic() - waiting.stuck_since.setdefault(assessment.config, monotonic()) >= grace


def _check_time(
    run: Run,
    names: Iterable[str] = (),
    waiting: _Waiting | None = None,
    found: Sequence[Assessment] = (),
) -> None:
    """Raises Failed where the run's deadline, or that of a config, has passed."""
    moment = monotonic()
    away = waiting is not None and waiting.asked is not None
    code = ExitCode.UNKNOWN if away else ExitCode.DEADLINE
    state = "; ".join(f"{assessment.config}: {assessment.reason}" for assessment in found if not assessment.reached)
    if run.ends is not None and moment >= run.ends:
        text = Text("the time given with --timeout is over: {state}", state=state or "the cluster does not answer")
        raise Failed(text, code)
    late = [name for name in names if waiting is not None and moment >= waiting.deadlines.get(name, moment + 1)]
    if late:
        text = Text("{names}: not ready within the deadline: {state}", names=", ".join(late), state=state or "?")
        raise Failed(text, code)


def failure(state: ProjectState, found: Sequence[Assessment], failed: Sequence[Assessment]) -> Text:
    """What failed, why, what serves now, and what to do; one line for each config that failed."""
    lines = [
        Text(
            "{why}; {serves}. To mend it: {mend}",
            why=assessment.cause.sentence if assessment.cause is not None else _standing(assessment),
            serves=serves(state, assessment.config),
            mend=mend(assessment),
        )
        for assessment in failed
    ]
    lines += [_standing(assessment) for assessment in found if assessment not in failed]
    return Text("{lines}", lines=tuple(lines))


def _standing(assessment: Assessment) -> Text:
    return Text("{name}: {reason}", name=assessment.config, reason=assessment.reason)


def _write_rollouts(journal: Journal, found: Sequence[Assessment]) -> None:
    """The states of the rollouts, once for each change: the reports draw them."""
    now = {assessment.config: (assessment.state.value, assessment.ready, assessment.wanted) for assessment in found}
    changed = {name: list(value) for name, value in now.items() if journal.seen.get(name) != value}
    if changed:
        journal.seen.update(now)
        journal.write("rollouts", configs=changed)


def outcome(checks: Iterable[Check], strict: bool = False, allow_unknown: bool = False) -> ExitCode:
    """The exit code that a set of checks means."""
    verdicts = {check.verdict for check in checks}
    if Verdict.FAILED in verdicts or (strict and Verdict.REMARK in verdicts):
        return ExitCode.FAILED
    if Verdict.UNKNOWN in verdicts and not allow_unknown:
        return ExitCode.UNKNOWN
    return ExitCode.DONE
