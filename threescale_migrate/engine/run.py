"""Apply and wait, wave by wave: the only module that changes a project.

Each action is journaled before and after. What an action did is never believed from its exit code alone where that can
mislead: after a failure the project is looked at again, and planned again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Protocol

from ..cluster import oc as oc_module
from ..cluster.dialects import UNCHANGED
from ..cluster.oc import NoRoute, Oc, OcError, Unreachable
from ..cluster.project import ProjectState, RegistrySecret, look_at_secret, observe
from ..exit_codes import ExitCode
from ..guide import deployment_configs, service_account, steps, undoing
from ..guide.causes import Cause, CauseKind
from ..guide.costs import deadline_seconds
from ..guide.readiness import MIGRATED, Assessment, Goal, RolloutState, assess_all, fix, serves, serving
from ..guide.selection import Wave, choose, waves
from ..guide.undoing import Undo
from ..values import ACCOUNT, Action, Check, Inverse, Refused, Request, Step, Text, Usage, Verdict
from . import evidence
from .journal import Journal, JournalError
from .signals import Stop, Stopped

# At an API that fails one call in five, six tries lose one change in fifteen thousand.
ACTION_TRIES = 6
POLL_FIRST = 0.3
POLL_LONGEST = 5.0
# How long the cluster may take to give a new account a login for its own registry; it is a matter of seconds.
LOGIN_SECONDS = 30.0
# So many rounds without an answer, one after the other, are worth a line.
UNANSWERED_ROUNDS = 4
LOG_LINES = 6
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
    request: Request
    journal: Journal
    watcher: Watcher
    limits: Limits = field(default_factory=Limits)
    stop: Stop = field(default_factory=Stop)
    began: float = field(default_factory=monotonic)
    seen: ProjectState | None = None
    goals: dict[str, Goal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.oc.pause = self.stop.pause

    @property
    def ends(self) -> float | None:
        """The moment of time.monotonic() at which the whole run is over."""
        return None if self.limits.timeout is None else self.began + self.limits.timeout

    def look(self, cluster: bool = True, secret: bool = True, tries: int | None = None) -> ProjectState:
        """Observes the project, and remembers it: what was seen last is what the journal's end tells of. Raises OcError."""
        self.seen = observe(self.oc, cluster, secret, tries)
        return self.seen

    def finish(self, code: ExitCode, checks: Iterable[Check]) -> None:
        """Writes the journal's end: the checks, what the pods of each config show, and the outcome."""
        self.journal.write("verified", checks=[evidence.checked(check) for check in checks])
        self._prove()
        self.journal.write("finish", outcome=code.name.lower(), exit_code=int(code))

    def _prove(self) -> None:
        if self.seen is not None and "dc" not in self.seen.unread:
            names = tuple(self.goals) or choose(self.seen, self.request).configs
            self.journal.write("proof", configs=evidence.proof(self.seen, names, self.goals))

    def broken(self, error: BaseException) -> None:
        """Writes the journal's end for a run that did not come to its own."""
        if isinstance(error, JournalError):
            return
        code = getattr(error, "exit_code", _CODES.get(type(error), ExitCode.FAILED))
        text = getattr(error, "text", None)
        sentence = text if isinstance(text, Text) else Text("{said}", said=str(error))
        with suppress(JournalError):
            with suppress(Usage, Refused):
                self._prove()
            self.journal.write(
                "finish", outcome=code.name.lower(), exit_code=int(code), said=str(error), sentence=sentence.kept()
            )


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
        left = tuple(replan(run.look()))
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
    state = prepare(run, BEFORE_WAVES)
    _prove(run)
    redeploy(run, state)
    run.stop.check()
    state = run.look()
    return state, steps.verify(state, run.request)


def prepare(run: Run, wanted: tuple[Step, ...]) -> ProjectState:
    """The steps before the first redeployment, planned from what is there now. Gives the state after them.

    What `oc` says it has done is looked at before anything is built on it. Raises Failed where it is not there.
    """

    def replan(state: ProjectState) -> tuple[Action, ...]:
        return steps.plan(state, run.request, wanted)

    state = run.look()
    actions = replan(state)
    if not actions:
        return state
    apply(run, actions, replan)
    run.stop.check()
    state = run.look()
    left = replan(state)
    if left:
        commands = "; ".join("oc " + " ".join(action.args) for action in left)
        text = Text(
            "oc said it was done, and it is not: {commands}; look at what oc does, then run this again",
            commands=commands,
        )
        raise Failed(text, ExitCode.FAILED)
    return state


def _prove(run: Run) -> None:
    """Where it was asked for: has the cluster fetch an image with the login that it has now, before anything is redeployed."""
    if run.request.prove_pull is None:
        return
    from . import proving

    run.stop.check()
    found = proving.from_the_cluster(run.oc, run.request.prove_pull)
    run.journal.write("proof", image=run.request.prove_pull, verdict=found.verdict.value, seen=str(found.seen))
    sentence = Text("{subject}: {seen}", subject=found.subject, seen=found.seen)
    if found.verdict is not Verdict.PASSED:
        code = ExitCode.FAILED if found.verdict is Verdict.FAILED else ExitCode.UNKNOWN
        raise Failed(Text("{sentence}; no config was redeployed", sentence=sentence), code)
    run.watcher.note(sentence)


def redeploy(run: Run, state: ProjectState) -> None:
    """Patches and waits, a wave after the other; each is planned anew, so that what somebody else did counts.

    `state` is what was seen last. Raises Failed, Stopped, JournalError, Usage.
    """
    if Step.DEPLOYMENT_CONFIGS in run.request.skip:
        return
    order = waves(state, run.request)
    for number, wave in enumerate(order, 1):
        run.stop.check()
        names = tuple(name for name in wave.configs if name in state.configs)
        if all(assessment.reached for assessment in assess_all(state, names)):
            continue
        run.watcher.wave(Wave(wave.name, names), number, len(order))
        run.journal.write("wave", name=wave.name, number=number, total=len(order), configs=list(names))
        await_login(run, state)
        state = _settle(run, state, names)

        def replan(state: ProjectState, names: tuple[str, ...] = names) -> tuple[Action, ...]:
            return deployment_configs.plan_configs(state, names, run.request)

        try:
            apply(run, replan(state), replan)
        except OcError as error:
            raise Failed(lines(error.text, *how_far(run, state, names, MIGRATED)), error.exit_code) from None
        state = wait(run, state, names)


def undo(run: Run, wanted: Undo) -> tuple[ProjectState, tuple[Check, ...]]:
    """Takes changes back, newest first, each stage planned from what is there then. Gives the last state and its checks.

    Raises Failed, OcError, Stopped, JournalError, Usage.
    """
    state = run.look()
    run.goals.clear()
    run.goals.update({change.name: undoing.goal(change) for change in wanted.changes if change.kind == undoing.CONFIG})
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
            state = run.look()
        apply(run, replan(state), replan)
    run.stop.check()
    state = run.look()
    return state, undoing.verify(state, wanted)


def _undo_wave(run: Run, wanted: Undo, wave: Wave, number: int, total: int) -> None:
    def patches(state: ProjectState) -> tuple[Action, ...]:
        return undoing.plan_wave(state, wanted, wave.configs)

    def afterwards(state: ProjectState) -> tuple[Action, ...]:
        return undoing.plan_after(state, wanted, wave.configs)

    run.stop.check()
    state = run.look(cluster=False, secret=False)
    goals = undoing.goals(state, wanted, wave.configs)
    if any(not found.reached for goal, names in goals.items() for found in assess_all(state, names, goal)):
        run.watcher.wave(wave, number, total)
        run.journal.write("wave", name=wave.name, number=number, total=total, configs=list(wave.configs))
    apply(run, patches(state), patches)
    for goal, names in goals.items():
        state = wait(run, state, names, goal)
    if any(change.kind == "pause" and change.name in wave.configs for change in wanted.changes):
        apply(run, afterwards(state), afterwards)


def patch(run: Run) -> None:
    """Step 4 alone: the patches, without waiting."""
    if Step.DEPLOYMENT_CONFIGS in run.request.skip:
        return

    def replan(state: ProjectState) -> tuple[Action, ...]:
        return deployment_configs.plan(state, run.request)

    state = run.look()
    await_login(run, state)
    apply(run, replan(state), replan)


def await_login(run: Run, state: ProjectState) -> None:
    """Waits for the login that the cluster itself links to a new account, before pods are made that would lack it.

    It is never linked or written by us. Where it does not come in time the migration goes on, and that is said. Raises
    Stopped, Failed where the run's time is over, OcError.
    """
    if not service_account.awaits_login(state):
        return
    from tenacity import RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential, wait_random

    run.watcher.note(
        Text("waiting for the login that the cluster gives {account} for its own registry", account=ACCOUNT)
    )

    def still() -> bool:
        run.stop.check()
        _check_time(run)
        try:
            return service_account.awaits_login(run.look(cluster=False, secret=False))
        except OcError as error:
            if not error.passing:
                raise
            return True

    retrying = Retrying(
        retry=retry_if_result(bool),
        wait=wait_exponential(POLL_FIRST, POLL_LONGEST, 1.4) + wait_random(0, 0.1),
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
    state = run.look(cluster=False, secret=False)
    for goal, names in _by_goal(state, choose(state, run.request).configs).items():
        state = wait(run, state, names, goal)


def _by_goal(state: ProjectState, names: Iterable[str]) -> dict[Goal, tuple[str, ...]]:
    """The configs by what their rollouts are to reach, each its own account."""
    groups: dict[Goal, tuple[str, ...]] = {}
    for name in names:
        goal = Goal(state.configs[name].effective_account, None)
        groups[goal] = (*groups.get(goal, ()), name)
    return groups


def _settle(run: Run, state: ProjectState, names: tuple[str, ...]) -> ProjectState:
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


@dataclass
class _Waiting:
    """A wait, and what it remembers between two rounds. Moments are those of time.monotonic().

    `deadlines` and `stuck_since` are by config, the latter by whether its cause is one that lasts as well. `unanswered` counts
    the rounds since the cluster has answered; `secret` is the pull secret once it was looked at.
    """

    state: ProjectState
    names: tuple[str, ...]
    goal: Goal
    must_reach: bool
    began: float
    deadlines: dict[str, float]
    stuck_since: dict[tuple[str, bool], float] = field(default_factory=dict)
    unanswered: int = 0
    looked_at_secret: bool = False
    secret: RegistrySecret | None = None


def wait(
    run: Run, state: ProjectState, names: Iterable[str], goal: Goal = MIGRATED, must_reach: bool = True
) -> ProjectState:
    """Looks at the rollouts until each has reached the goal, or cannot; one call of `oc` a round, ever slower.

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
        wait=wait_exponential(POLL_FIRST, POLL_LONGEST, 1.4) + wait_random(0, 0.1),
        sleep=run.stop.sleep,
        reraise=True,
    )
    retrying(lambda: _round(run, waiting))
    return waiting.state


def _round(run: Run, waiting: _Waiting) -> bool:
    """One look at the rollouts; true when there is nothing more to wait for."""
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
    run.watcher.rollouts(found, monotonic() - waiting.began)
    _write_rollouts(run.journal, found)
    stuck = [assessment for assessment in found if _stuck(assessment, waiting, run.limits.grace)]
    if stuck and waiting.must_reach:
        raise _failed(run, waiting, found, stuck)
    open_ = [assessment for assessment in found if assessment not in stuck and not _ended(assessment)]
    if not open_:
        return True
    _check_time(run, waiting, [assessment.config for assessment in open_])
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


def _look(run: Run, waiting: _Waiting) -> tuple[Assessment, ...]:
    """Observes and judges; where an image cannot be pulled, the pull secret is looked at as well, once. Raises OcError."""
    state = run.look(cluster=False, secret=False, tries=1)
    missing = [kind for kind in ("dc", "rc", "pods") if kind in state.unread]
    if missing:
        said = Text("{kinds} may not be read any more: {why}", kinds=", ".join(missing), why=state.unread[missing[0]])
        raise Failed(said, ExitCode.UNKNOWN)
    names = [name for name in waiting.names if name in state.configs]
    waiting.state = _with_secret(state, waiting)
    found = assess_all(waiting.state, names, waiting.goal)
    pulls = any(a.cause is not None and a.cause.kind is CauseKind.IMAGE_PULL for a in found)
    if pulls and not waiting.looked_at_secret:
        with suppress(OcError):
            waiting.secret = look_at_secret(run.oc)
            waiting.looked_at_secret = True
            waiting.state = _with_secret(state, waiting)
            found = assess_all(waiting.state, names, waiting.goal)
    return found


def _with_secret(state: ProjectState, waiting: _Waiting) -> ProjectState:
    if not waiting.looked_at_secret:
        return state
    unread = {kind: why for kind, why in state.unread.items() if kind != "secrets"}
    return replace(state, secret=waiting.secret, unread=unread)


def _unanswered(run: Run, waiting: _Waiting, error: OcError) -> None:
    """Goes on asking where that may help: a workstation's network comes back as a server does. Raises Failed."""
    if not (error.passing or isinstance(error, NoRoute) or type(error) is Unreachable):
        raise Failed(lines(error.text, *how_far(run, waiting.state, waiting.names, waiting.goal)), error.exit_code)
    waiting.unanswered += 1
    if waiting.unanswered == UNANSWERED_ROUNDS:
        run.watcher.note(Text("the cluster does not answer; asking on ({why})", why=error.text))
    _check_time(run, waiting, waiting.names)


def _ended(assessment: Assessment) -> bool:
    """Reached, or standing still without having failed: a paused config does not come further by waiting."""
    return assessment.reached or assessment.state is RolloutState.STALE_PAUSED


def _stuck(assessment: Assessment, waiting: _Waiting, grace: float) -> bool:
    """Whether a config has failed, or hangs for longer than what it hangs on is waited out."""
    keys = {lasting: (assessment.config, lasting) for lasting in (True, False)}
    cause = assessment.cause
    hangs = cause is not None or not assessment.moving or assessment.state in SILENT
    if _ended(assessment) or not hangs:
        for key in keys.values():
            waiting.stuck_since.pop(key, None)
        return False
    if assessment.state is RolloutState.FAILED:
        return True
    since = waiting.stuck_since.setdefault(keys[cause is None or cause.lasting], monotonic())
    return monotonic() - since >= grace * (1 if cause is None else cause.patience)


# States in which nobody works at the rollout, so that it hangs already where they last.
SILENT = (RolloutState.NOT_STARTED, RolloutState.WAITING_FOR_IMAGE)


def _check_time(run: Run, waiting: _Waiting | None = None, names: Iterable[str] = ()) -> None:
    """Raises Failed where the run's deadline, or that of a config, has passed."""
    moment = monotonic()
    # A call that the run's own deadline cut off tells nothing of the cluster.
    away = waiting is not None and waiting.unanswered > 1
    far = () if waiting is None else how_far(run, waiting.state, waiting.names, waiting.goal)
    text = None
    if run.ends is not None and moment >= run.ends:
        text = Text("the time given with --timeout is over")
    late = [] if waiting is None else [name for name in names if moment >= waiting.deadlines.get(name, moment + 1)]
    if late and text is None:
        text = Text("{names}: not ready within the deadline", names=", ".join(late))
    if text is None:
        return
    if away:
        raise Failed(
            lines(text, Text("the cluster has not answered; this is what was seen last"), *far), ExitCode.UNKNOWN
        )
    raise Failed(lines(text, *far), ExitCode.DEADLINE)


def lines(*parts: Text | str) -> Text:
    """Sentences as lines of one text."""
    return Text("{lines}", lines=tuple(parts))


def how_far(
    run: Run, state: ProjectState, names: Iterable[str], goal: Goal, but: Sequence[Assessment] = ()
) -> tuple[Text, ...]:
    """The state that each config is in, of all that are migrated or else of `names`; those in `but` were told already."""
    listed = choose(state, run.request).configs if goal == MIGRATED else tuple(names)
    sentence = {assessment.config for assessment in but}
    found = [a for a in assess_all(state, [n for n in listed if n in state.configs], goal) if a.config not in sentence]
    reached = [a.config for a in found if a.reached]
    begun = [a for a in found if not a.reached and state.configs[a.config].effective_account == goal.account]
    untouched = [a.config for a in found if not a.reached and a not in begun]
    groups = (
        (Text("has reached {account}: {names}", account=goal.account, names=", ".join(reached)), reached),
        (Text("not begun, as before: {names}", names=", ".join(untouched)), untouched),
    )
    return (*(standing(a) for a in begun), *(text for text, group in groups if group))


def standing(assessment: Assessment) -> Text:
    """A config with the state that it is in, and why where that is known."""
    if assessment.cause is not None:
        return assessment.cause.sentence
    return Text("{name}: {reason}", name=assessment.config, reason=assessment.reason)


def _failed(run: Run, waiting: _Waiting, found: Sequence[Assessment], stuck: Sequence[Assessment]) -> Failed:
    """The end of a wait that has failed: why, in the log's words too, what serves now, how all others stand, what to do."""
    blamed = [a for a in found if a in stuck or (not _ended(a) and a.cause is not None and a.cause.lasting)]
    logs = {a.config: _last_lines(run, a.cause) for a in blamed if a.cause is not None}
    state = _bring_back(run, waiting.state, blamed)
    parts: list[Text | str] = []
    for assessment in blamed:
        sentence = {"why": standing(assessment), "serves": serves(state, assessment.config), "fix": fix(assessment)}
        parts.append(Text("{why}; {serves}. Fix: {fix}", **sentence))
        parts += [f"    {line}" for line in logs.get(assessment.config, ())]
    run.journal.write("failed", configs=[evidence.failed(state, a, logs.get(a.config, ())) for a in blamed])
    parts += how_far(run, state, waiting.names, waiting.goal, but=blamed)
    return Failed(lines(*parts), ExitCode.ROLLOUT_FAILED)


def _last_lines(run: Run, cause: Cause) -> tuple[str, ...]:
    """What a container wrote last, masked; nothing where its log may not be read."""
    if cause.log_of is None:
        return ()
    pod, container = cause.log_of
    args = ("logs", pod, *(("-c", container) if container else ()), f"--tail={LOG_LINES}")
    # A container that was started again has written little yet; what it ended with is in the log before.
    for more in (("--previous",), ()) if cause.kind is CauseKind.CRASH_LOOP else ((),):
        try:
            said = run.oc.redact.strictly(run.oc.read((*args, *more), tries=2).stdout)
        except OcError:
            continue
        if said.strip():
            return tuple("".join(filter(str.isprintable, line))[:200] for line in said.splitlines()[-LOG_LINES:])
    return ()


def _bring_back(run: Run, state: ProjectState, blamed: Sequence[Assessment]) -> ProjectState:
    """Has the revision before serve again where nothing does, and waits for it, at most a grace period.

    A rollout that hangs keeps a Recreate config down until its deadline; cancelled, it is over at once. What has failed
    already is scaled up again by OpenShift (recordings/README.md 3).
    """
    down = [a for a in blamed if a.wanted and not serving(state, a.config)]
    hanging = [a.config for a in down if a.state in HANGING and _has_former(state, a.config)]
    if hanging:
        run.watcher.note(
            Text(
                "{names}: nothing serves; cancelling, so that the revision before does again", names=", ".join(hanging)
            )
        )
    for name in hanging:
        _cancel(run, state, name)
    ends = monotonic() + run.limits.grace
    while any(a.state is RolloutState.FAILED or a.config in hanging for a in down) and monotonic() < ends:
        run.stop.check()
        with suppress(OcError):
            state = run.look(cluster=False, secret=False, tries=1)
        if all(serving(state, a.config) for a in down):
            break
        run.stop.sleep(POLL_FIRST)
    return state


def _cancel(run: Run, state: ProjectState, name: str) -> None:
    action = deployment_configs.cancel(state.configs[name])

    def replan(state: ProjectState) -> tuple[Action, ...]:
        return (action,) if _under_way(state, name) else ()

    with suppress(OcError):  # the failure that led here is what has to be told
        apply(run, (action,), replan)


HANGING = (RolloutState.WAITING_FOR_DEPLOYER, RolloutState.HOOKS, RolloutState.UNDER_WAY)


def _has_former(state: ProjectState, name: str) -> bool:
    return any(item.config == name and item.phase == "Complete" for item in state.controllers.values())


def _under_way(state: ProjectState, name: str) -> bool:
    newest = state.newest(name) if name in state.configs else None
    return newest is not None and newest.phase not in ("Complete", "Failed")


def _write_rollouts(journal: Journal, found: Sequence[Assessment]) -> None:
    """The states of the rollouts, once for each change: the reports draw them."""
    now = {assessment.config: evidence.rollout(assessment) for assessment in found}
    changed = {name: value for name, value in now.items() if journal.seen.get(name) != value}
    if changed:
        journal.seen.update(now)
        journal.write("rollouts", configs=changed)


def outcome(checks: Iterable[Check], strict: bool = False, allow_unknown: bool = False) -> ExitCode:
    """The exit code that a set of checks means."""
    verdicts = {check.verdict for check in checks}
    if Verdict.FAILED in verdicts or (strict and Verdict.WARNING in verdicts):
        return ExitCode.FAILED
    if Verdict.UNKNOWN in verdicts and not allow_unknown:
        return ExitCode.UNKNOWN
    return ExitCode.DONE
