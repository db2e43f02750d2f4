"""The sequence of a migration: steps 1 to 3, then a wave after the other, each planned anew, patched and waited for.

It holds the order and nothing else: how an action is run is in `apply.py`, how a rollout is waited for in `rollout_wait.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .. import shell
from ..check_codes import Code
from ..cluster.oc_errors import OcError
from ..cluster.state import ProjectState
from ..exit_codes import ExitCode
from ..guide import deployment_configs, kept_data, pull_proof, steps
from ..guide.cause import then
from ..guide.change import Change
from ..guide.readiness import MIGRATED, Goal, assess_all
from ..guide.selection import Wave, Whole, choose, waves
from ..values import ACCOUNT, Check, Fix, Refused, Request, Step, Text, Usage, Verdict, resume
from . import data_keeping
from .apply import apply
from .gates import Gates, Passed, after, before
from .rollout_wait import await_login, last_observation, settle, wait, wait_all
from .run import Run, unseen
from .run_failure import Failed
from .wait_endings import broken_off, how_far, stopped, unreadable

NO_GATES = Gates()
# What a config is waited for where only its data matters.
STARTED = Goal(ACCOUNT, None)
BEFORE_WAVES = (Step.REGISTRY_SECRET, Step.SERVICE_ACCOUNT, Step.PERMISSIONS)


def migrate(run: Run, gates: Gates = NO_GATES) -> tuple[ProjectState, tuple[Check, ...]]:
    """The steps of the request. Gives the last state and its checks; raises Failed, OcError, Stopped, JournalError, Usage, Refused."""
    wanted = run.request.steps
    if run.seen is not None:  # what was confirmed: a config that vanishes from now on is not forgotten
        run.planned = choose(run.seen, run.request).configs
    state = prepare(run)
    run.planned = run.planned or choose(state, run.request).configs
    _check_seen(run, state, run.seen or state)
    if Step.DEPLOYMENT_CONFIGS in wanted:
        _prove(run)
        data_keeping.give_up(run, run.request.lose_data)
        state = data_keeping.restore_earlier(run, state)
        (redeploy if Step.READINESS in wanted else _patch)(run, state, gates)
        state, checks = last_observation(run, lambda state: accounted(state, run), lambda: run.planned)
        return state, (*data_keeping.checks(run, state), *checks)
    if Step.READINESS in wanted:
        wait_all(run)
    return last_observation(run, lambda state: steps.verify(state, run.request), tuple)


# What is said of a config that is not migrated.
TOLD_OF = (Code.TEMPLATE_NAMES_AMP, Code.PODS_RUN_AS_AMP)


def accounted(state: ProjectState, run: Run) -> tuple[Check, ...]:
    """The checks of a whole migration, in which each config that it set out to migrate has its place: one that somebody has
    deleted since is a failure, and one that has come since is named as such."""
    gone = [] if "dc" in state.unread else [name for name in run.planned if name not in state.configs]
    request = run.request
    if request.configs:
        request = replace(request, configs=tuple(name for name in request.configs if name not in gone))
    checks = () if gone and not request.configs and run.request.configs else steps.verify(state, request)
    found = [
        replace(check, seen=Text("it was created after the run began, and is not migrated: {seen}", seen=check.seen))
        if check.verdict is Verdict.FAILED and check.code in TOLD_OF and _is_new(check, run)
        else check
        for check in checks
    ]
    kept = set(run.planned) - {*gone, *deployment_configs.still_to_migrate(state, run.planned, run.request)}
    given = Text("another user gave it an account of its own while the run was under way: it is not migrated")
    ask = Text("find out who did it and why; named by --dc it is migrated anyway")
    found += [
        Check(
            Step.VERIFICATION,
            Code.PODS_RUN_AS_AMP,
            f"dc/{name}",
            Verdict.FAILED,
            given,
            Fix(ask, (resume("--dc", name),)),
        )
        for name in sorted(kept)
        if "dc" not in state.unread
    ]
    seen = Text("it was there when the run began, and another user has deleted it since: it is not migrated")
    fix = then(Text("find out who deleted it and why, and bring it back"))
    return (
        *found,
        *(Check(Step.VERIFICATION, Code.PODS_RUN_AS_AMP, f"dc/{name}", Verdict.FAILED, seen, fix) for name in gone),
    )


def _is_new(check: Check, run: Run) -> bool:
    return bool(check.config) and check.config not in run.planned


def prepare(run: Run) -> ProjectState:
    """Those of the steps before the first redeployment that are wanted, planned from what is there now. Gives the state after them.

    What `oc` says it has done is checked before the next change depends on it. Raises Failed if it is not there.
    """

    def replan(state: ProjectState) -> tuple[Change, ...]:
        return _plan_before_waves(state, run.request)

    state = run.seen if run.seen is not None and run.fresh else run.observe()
    actions = replan(state)
    if not actions:
        return state
    apply(run, actions, replan)
    run.stop.check()
    state = run.observe()
    left = replan(state)
    if left:
        calls = tuple(Text("    {call}", call=shell.oc(action.args)) for action in left)
        what = (Text("oc reported success, but the change is not there:"), *calls)
        raise stopped(run, what, then(Text("check which oc this is")), ExitCode.FAILED, ())
    return state


def _plan_before_waves(state: ProjectState, request: Request) -> tuple[Change, ...]:
    return steps.plan(state, request, tuple(step for step in BEFORE_WAVES if step in request.steps))


def _prove(run: Run) -> None:
    """Where it was asked for: has the cluster fetch an image with the login that it has now, before anything is redeployed."""
    from . import registry_questions

    run.stop.check()
    for image, said in registry_questions.of_the_cluster(run.oc, run.request.prove_pull).items():
        found = registry_questions.by_the_cluster(image, said)
        if run.request.prove_by_default:
            found = pull_proof.eased((found,))[0]
        run.journal.write("proof", image=image, verdict=found.verdict.value, seen=str(found.seen))
        sentence = Text("{subject}: {seen}", subject=found.subject, seen=found.seen)
        known = found.forceable and run.request.prove_by_default  # the preflight has seen it, and was forced
        if found.verdict in (Verdict.FAILED, Verdict.UNKNOWN) and not known:
            code = ExitCode.FAILED if found.verdict is Verdict.FAILED else ExitCode.UNKNOWN
            raise Failed(Text.sentences(sentence, Text("no config was redeployed")), code)
        run.watcher.note(sentence)


def redeploy(run: Run, state: ProjectState, gates: Gates) -> None:
    """Patches and waits, a wave after the other; each is planned anew, so that what somebody else did counts.

    `state` is what was seen last; `gates` decide after each wave whether there is a next one. Raises Failed, Stopped, JournalError, Usage.
    """
    if Step.DEPLOYMENT_CONFIGS in run.request.skip:
        return
    order = waves(state, run.request)
    begun = False
    passed: Passed | None = None
    for number, wave in enumerate(order, 1):
        run.stop.check()
        names = deployment_configs.still_to_migrate(state, wave.configs, run.request)
        if all(assessment.reached for assessment in assess_all(state, names)):
            passed = Passed(Wave(wave.name, names), number, len(order)) if names else passed
            continue
        try:
            run.check_location()
        except OcError as error:
            raise broken_off(run, error, state, names, MIGRATED) from None
        if not begun and passed is not None:
            before(run, gates, passed, state)
        if begun or (passed is not None and gates.command):
            state = recheck(run, state)
        begun = True
        there = [name for name in run.planned if name in state.configs]
        reached = frozenset(found.config for found in assess_all(state, there) if found.reached)
        run.watcher.wave(Wave(wave.name, names), Whole(number, len(order), reached, len(run.planned)))
        run.journal.write("wave", name=wave.name, number=number, total=len(order), configs=list(names))
        try:
            state = data_keeping.restore_after(run, _redeploy_wave(run, state, names), names)
        except Failed:
            data_keeping.rescue(run, names)
            raise
        except OcError as error:
            raise broken_off(run, error, state, names, MIGRATED) from None
        _check_gone(run, state)
        passed = Passed(Wave(wave.name, names), number, len(order))
        after(run, gates, passed, state, _coming(run, state, order, number))


def _coming(run: Run, state: ProjectState, order: Sequence[Wave], number: int) -> Passed | None:
    """The next wave after that many that has something to redeploy; None after the last."""
    for place, wave in enumerate(order[number:], number + 1):
        names = deployment_configs.still_to_migrate(state, wave.configs, run.request)
        left = tuple(found.config for found in assess_all(state, names) if not found.reached)
        if left:
            return Passed(Wave(wave.name, left), place, len(order))
    return None


def _redeploy_wave(run: Run, state: ProjectState, names: tuple[str, ...]) -> ProjectState:
    await_login(run, state)
    state = settle(run, state, names)
    dead = deployment_configs.cancels(state, names)
    if dead:
        apply(run, dead, lambda state: deployment_configs.cancels(state, names))
        state = settle(run, run.observe(cluster=False, secret=False), names)

    def replan(state: ProjectState) -> tuple[Change, ...]:
        return deployment_configs.plan_configs(state, names, run.request)

    ordered = data_keeping.save_before(run, state, replan)
    apply(run, ordered(state), ordered)
    state = run.seen or state  # somebody may have changed a config just before its patch
    return wait(run, state, deployment_configs.still_to_migrate(state, names, run.request))


def recheck(run: Run, state: ProjectState) -> ProjectState:
    """Steps 1 to 3 once more, before a wave is redeployed against them. What this run made and is gone is made again.

    Gives the state now, `state` being what was seen last. Raises Failed if something else is missing.
    """
    try:
        found = run.observe()
    except OcError as error:
        raise broken_off(run, error, state, run.planned, MIGRATED) from None
    _check_seen(run, found, state)
    try:
        left = _plan_before_waves(found, run.request)
        if run.request.steps[0] is Step.DEPLOYMENT_CONFIGS:
            steps.check_order(found, run.request)
    except (Usage, Refused) as error:
        raise _undermined(run, found, (error.text,)) from None
    foreign = [action for action in left if (action.step, action.subject) not in run.made]
    if foreign:
        raise _undermined(run, found, tuple(Text("{subject}: {why}", subject=a.subject, why=a.why) for a in foreign))
    if not left:
        return found
    run.watcher.note(
        Text("{subjects}: another user has undone it; doing it again", subjects=", ".join(str(a.subject) for a in left))
    )
    return prepare(run)


def _check_seen(run: Run, found: ProjectState, state: ProjectState) -> None:
    """Raises Failed if rollouts cannot be read any more: none is begun whose end could not be seen. `state` is what was seen last."""
    missing = unseen(found)
    if missing:
        kinds = Text("{kinds}", kinds=", ".join(missing))
        raise unreadable(run, state, run.planned, MIGRATED, kinds, found.unread[missing[0]])


def _undermined(run: Run, state: ProjectState, why: tuple[Text, ...]) -> Failed:
    """The end of a run under which somebody has changed what the next wave needs."""
    what = (Text("stopped before the next wave: a required object was deleted"), *why)
    fix = then(Text("find out who changed it and why"))
    others = how_far(run, state, run.planned, MIGRATED)
    return stopped(run, what, fix, ExitCode.FAILED, others)


def _check_gone(run: Run, state: ProjectState) -> None:
    """Raises Failed if a config that the user named is gone; one that nobody named is reported at the end."""
    gone = [name for name in run.request.configs if name in run.planned and name not in state.configs]
    if gone:
        what = Text("{names}: another user has deleted it since the run began", names=", ".join(gone))
        fix = then(Text("find out who deleted it and why, and leave it out of --dc to resume without it"))
        others = how_far(run, state, run.planned, MIGRATED)
        raise stopped(run, (what,), fix, ExitCode.FAILED, others)


def _patch(run: Run, state: ProjectState, gates: Gates) -> None:
    """The guide's loop of step 4: all patches, without waiting but for configs whose data comes back into their new pods."""

    kept: list[str] = []

    def replan(state: ProjectState) -> tuple[Change, ...]:
        changes = deployment_configs.plan(state, run.request)
        return tuple(change for change in changes if getattr(change, "config", "") not in kept)

    def one(state: ProjectState) -> tuple[Change, ...]:
        return deployment_configs.plan_configs(state, (name,), run.request)

    await_login(run, state)
    for name in kept_data.to_keep(state, replan(state), run.request):
        ordered = data_keeping.save_before(run, state, one)
        apply(run, ordered(state), ordered)
        try:
            seen = wait(run, run.seen or state, (name,), STARTED)
            state = data_keeping.restore_after(run, seen, (name,), STARTED)
        except Failed:
            data_keeping.rescue(run, (name,))
            raise
        kept.append(name)
    ordered = data_keeping.save_before(run, state, replan)
    apply(run, ordered(state), ordered)
