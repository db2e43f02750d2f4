"""Apply and wait, wave by wave: the only module that changes a project.

Each action is journaled before and after. What an action did is never believed from its exit code alone where that can
mislead: after a failure the project is looked at again, and planned again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from . import oc as oc_module
from .dialects import UNCHANGED
from .exit_codes import ExitCode
from .guide import deployment_configs, service_account, steps, undoing
from .guide.costs import deadline_seconds
from .guide.readiness import MIGRATED, Assessment, Goal, RolloutState, assess_all, mend, serves
from .guide.selection import Wave, choose, waves
from .guide.undoing import Undo
from .journal import Journal, JournalError
from .oc import Oc, OcError
from .project import ProjectState, observe
from .signals import Stop, Stopped
from .values import ACCOUNT, Action, Check, Inverse, Refused, Step, Text, Usage, Verdict, Wish

# At an API that fails one call in five, six tries lose one change in fifteen thousand.
ACTION_TRIES = 6
POLL_FIRST = 0.3
POLL_LONGEST = 5.0
# How long the cluster may take to give a new account a login for its own registry; it is a matter of seconds.
LOGIN_SECONDS = 30.0
# How new and old clients say that a patch found nothing to change (recordings/README.md 9, 20).
BEFORE_WAVES = (Step.REGISTRY_SECRET, Step.SERVICE_ACCOUNT, Step.PERMISSIONS)


class Watcher(Protocol):
    """Is told what happens, as it happens; how that is shown is its own business."""

    def began(self, action: Action, argv: tuple[str, ...]) -> None:
        """An action is about to be run."""

    def ended(self, action: Action, outcome: str, seconds: float, said: str) -> None:
        """An action has ended: `done`, `failed`, `present` where nothing was left to do, or `unknown`."""

    def wave(self, wave: Wave, number: int, total: int) -> None:
        """A wave begins."""

    def rollouts(self, assessments: Sequence[Assessment], seconds: float) -> None:
        """A round of looking at the rollouts of the wave is over."""

    def note(self, text: Text) -> None:
        """Something worth a line."""


class Failed(Exception):
    """The run cannot go on; `text` says why, in words for the operator."""

    def __init__(self, text: Text, exit_code: ExitCode) -> None:
        super().__init__(str(text))
        self.text = text
        self.exit_code = exit_code


_CODES: dict[type[BaseException], ExitCode] = {Usage: ExitCode.USAGE, Refused: ExitCode.REFUSED}


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

    def __post_init__(self) -> None:
        self.oc.pause = self.stop.pause

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
        code = getattr(error, "exit_code", _CODES.get(type(error), ExitCode.FAILED))
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
            call = run.oc.change(action.args, action.stdin)
        except OcError as error:
            outcome, said, refused = _after_failure(run, action, replan, error)
            run.journal.end(number, outcome, said=said, seconds=round(monotonic() - started, 3))
            run.watcher.ended(action, outcome, monotonic() - started, said)
            if outcome in ("done", "present"):
                return
            if refused is not None:
                raise Failed(refused, ExitCode.FAILED) from None
            if not error.passing or attempt == ACTION_TRIES:
                raise
            run.stop.pause(min(5.0, 0.2 * 2**attempt))
            _check_time(run)
        else:
            said = run.oc.redact(call.stdout.strip())[:500]
            outcome = "present" if UNCHANGED.search(said) else "done"
            run.journal.end(number, outcome, exit_code=call.exit_code, said=said, seconds=round(call.seconds, 3))
            run.watcher.ended(action, outcome, call.seconds, said)
            return


def _after_failure(run: Run, action: Action, replan: Replan, error: OcError) -> tuple[str, str, Text | None]:
    """Looks whether a call that failed took effect all the same. Gives the outcome, what is said of it, and why not to try again.

    `present`: somebody else had done it. `failed`: it had no effect. `unknown`: none is seen, which is no proof, since a
    call that ended without an answer may still be on its way.
    """
    if isinstance(error, oc_module.AlreadyExists) and action.inverse.detail.get("kept") == "yes":
        return "present", f"{error} (it holds the same)", None
    outcome = "failed" if isinstance(error, oc_module.WITHOUT_EFFECT) else "unknown"
    if isinstance(error, oc_module.OcMissing):
        return outcome, str(error), None
    try:
        left = tuple(replan(observe(run.oc)))
    except (OcError, Stopped):
        return outcome, str(error), None
    except (Usage, Refused) as refusal:
        return outcome, f"{error}; {refusal}", refusal.text
    if any(other.args == action.args and other.subject == action.subject for other in left):
        return outcome, str(error), None
    if isinstance(error, oc_module.AlreadyExists) or UNCHANGED.search(str(error)):
        return "present", f"{error} (somebody else has done it)", None
    return "done", f"{error} (it took effect all the same)", None


def migrate(run: Run) -> tuple[ProjectState, tuple[Check, ...]]:
    """Steps 1 to 6. Gives the last state and its checks; raises Failed, OcError, Stopped, JournalError, Usage, Refused."""
    redeploy(run, prepare(run, BEFORE_WAVES))
    run.stop.check()
    state = observe(run.oc)
    return state, steps.verify(state, run.wish)


def prepare(run: Run, wanted: tuple[Step, ...]) -> ProjectState:
    """The steps before the first redeployment, planned from what is there now. Gives the state after them.

    What `oc` says it has done is looked at before anything is built on it. Raises Failed where it is not there.
    """

    def replan(state: ProjectState) -> tuple[Action, ...]:
        return steps.plan(state, run.wish, wanted)

    state = observe(run.oc)
    actions = replan(state)
    if not actions:
        return state
    apply(run, actions, replan)
    run.stop.check()
    state = observe(run.oc)
    left = replan(state)
    if left:
        commands = "; ".join("oc " + " ".join(action.args) for action in left)
        text = Text(
            "oc said it was done, and it is not: {commands}; look at what oc does, then run this again",
            commands=commands,
        )
        raise Failed(text, ExitCode.FAILED)
    return state


def redeploy(run: Run, state: ProjectState) -> None:
    """Patches and waits, a wave after the other; each is planned anew, so that what somebody else did counts."""
    if Step.DEPLOYMENT_CONFIGS in run.wish.skip:
        return
    order = waves(state, run.wish)
    for number, wave in enumerate(order, 1):
        if number > 1:
            run.stop.check()
            state = observe(run.oc, cluster=False, secret=False)
        names = tuple(name for name in wave.configs if name in state.configs)
        found = assess_all(state, names)
        if all(assessment.reached for assessment in found):
            continue
        run.watcher.wave(Wave(wave.name, names), number, len(order))
        run.journal.write("wave", name=wave.name, number=number, total=len(order), configs=list(names))
        await_login(run, state)
        if _settle(run, state, names):
            state = observe(run.oc, cluster=False, secret=False)

        def replan(state: ProjectState, names: tuple[str, ...] = names) -> tuple[Action, ...]:
            return deployment_configs.plan_configs(state, names, run.wish)

        apply(run, replan(state), replan)
        wait(run, names)


def undo(run: Run, wanted: Undo) -> tuple[ProjectState, tuple[Check, ...]]:
    """Takes changes back, newest first, each stage planned from what is there then. Gives the last state and its checks.

    Raises Failed, OcError, Stopped, JournalError, Usage.
    """
    state = observe(run.oc)
    order = undoing.stages(wanted, state)
    total = sum(isinstance(stage, Wave) for stage in order)
    number = 0
    for stage in order:
        if isinstance(stage, Wave):
            number += 1
            _undo_wave(run, wanted, stage, number, total)
            continue

        def replan(state: ProjectState, stage: tuple[Inverse, ...] = stage) -> tuple[Action, ...]:
            return undoing.plan_things(state, wanted, stage)

        if stage is not order[0]:
            run.stop.check()
            state = observe(run.oc)
        apply(run, replan(state), replan)
    run.stop.check()
    state = observe(run.oc)
    return state, undoing.verify(state, wanted)


def _undo_wave(run: Run, wanted: Undo, wave: Wave, number: int, total: int) -> None:
    def patches(state: ProjectState) -> tuple[Action, ...]:
        return undoing.plan_wave(state, wanted, wave.configs)

    def afterwards(state: ProjectState) -> tuple[Action, ...]:
        return undoing.plan_after(state, wanted, wave.configs)

    run.stop.check()
    state = observe(run.oc, cluster=False, secret=False)
    goals = undoing.goals(state, wanted, wave.configs)
    if any(not found.reached for goal, names in goals.items() for found in assess_all(state, names, goal)):
        run.watcher.wave(wave, number, total)
        run.journal.write("wave", name=wave.name, number=number, total=total, configs=list(wave.configs))
    apply(run, patches(state), patches)
    for goal, names in goals.items():
        wait(run, names, goal)
    if any(change.kind == "pause" and change.name in wave.configs for change in wanted.changes):
        apply(run, afterwards(observe(run.oc, cluster=False, secret=False)), afterwards)


def patch(run: Run) -> None:
    """Step 4 alone: the patches, without waiting."""
    if Step.DEPLOYMENT_CONFIGS in run.wish.skip:
        return

    def replan(state: ProjectState) -> tuple[Action, ...]:
        return deployment_configs.plan(state, run.wish)

    state = observe(run.oc)
    await_login(run, state)
    apply(run, replan(state), replan)


def await_login(run: Run, state: ProjectState) -> None:
    """Waits for the login that the cluster itself links to a new account, before pods are made that would lack it.

    It is never linked or written by us. Where it does not come in time the migration goes on, and that is said. Raises
    Stopped, Failed where the run's time is over, OcError.
    """
    if not service_account.awaits_login(state):
        return
    from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential_jitter

    run.watcher.note(
        Text("waiting for the login that the cluster gives {account} for its own registry", account=ACCOUNT)
    )

    def still() -> bool:
        run.stop.check()
        _check_time(run)
        try:
            return service_account.awaits_login(observe(run.oc, cluster=False, secret=False))
        except OcError as error:
            if not error.passing:
                raise
            return True

    retrying = Retrying(
        retry=retry_if_result(bool),
        wait=wait_exponential_jitter(initial=POLL_FIRST, max=POLL_LONGEST, exp_base=1.4, jitter=0.1),
        stop=stop_after_delay(LOGIN_SECONDS),
        sleep=run.stop.sleep,
    )
    try:
        retrying(still)
    except RetryError:
        note = Text(
            "it did not come within {seconds} s; going on: pods that pull from the cluster's own registry may have to be"
            " redeployed once it is there",
            seconds=int(LOGIN_SECONDS),
        )
        run.watcher.note(note)


def wait_all(run: Run) -> None:
    """Step 5 alone: waits for the rollouts of all chosen configs, each to its own account."""
    state = observe(run.oc, cluster=False)
    names = choose(state, run.wish).configs
    for account in sorted({state.configs[name].effective_account for name in names}):
        wait(
            run, tuple(name for name in names if state.configs[name].effective_account == account), Goal(account, None)
        )


def _settle(run: Run, state: ProjectState, names: tuple[str, ...]) -> bool:
    """Waits for rollouts that somebody else has under way: patching in the middle of one makes two of it. Whether it did."""
    own = {name: Goal(state.configs[name].effective_account, None) for name in names}
    moving = [name for name in names if assess_all(state, (name,), own[name])[0].moving]
    if not moving:
        return False
    run.watcher.note(Text("{names}: a rollout is under way already; waiting for it first", names=", ".join(moving)))
    for name in moving:
        wait(run, (name,), own[name], must_reach=False)
    return True


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
    if must_reach:
        _check_others(state, names, goal)
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


def _check_others(state: ProjectState, names: Iterable[str], goal: Goal) -> None:
    """Raises Failed where the template of a config does not say any more what this run wrote: two people must not fight."""
    for name in names:
        if name in state.configs and state.configs[name].effective_account != goal.account:
            text = Text(
                "{name}: its template says {found} and not {wanted}, which this run wrote: somebody else is changing this project;"
                " agree with them, then run this again",
                name=name,
                found=state.configs[name].effective_account,
                wanted=goal.account,
            )
            raise Failed(text, ExitCode.FAILED)


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
