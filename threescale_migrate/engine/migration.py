"""The sequence of a migration: steps 1 to 3, then a wave after the other, each planned anew, patched and waited for.

It holds the order and nothing else: how an action is run is in `apply.py`, how a rollout is waited for in `waiting.py`.
"""

from __future__ import annotations

from .. import shell
from ..cluster.oc import OcError
from ..cluster.project import ProjectState
from ..exit_codes import ExitCode
from ..guide import deployment_configs, steps
from ..guide.readiness import MIGRATED, assess_all
from ..guide.selection import Wave, waves
from ..values import Action, Check, Step, Text, Verdict
from .apply import apply
from .failure import how_far, lines
from .run import Failed, Run
from .waiting import await_login, settle, wait

BEFORE_WAVES = (Step.REGISTRY_SECRET, Step.SERVICE_ACCOUNT, Step.PERMISSIONS)


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
        commands = "; ".join(shell.oc(action.args) for action in left)
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
        state = settle(run, state, names)

        def replan(state: ProjectState, names: tuple[str, ...] = names) -> tuple[Action, ...]:
            return deployment_configs.plan_configs(state, names, run.request)

        try:
            apply(run, replan(state), replan)
        except OcError as error:
            raise Failed(lines(error.text, *how_far(run, state, names, MIGRATED)), error.exit_code) from None
        state = wait(run, state, names)


def patch(run: Run) -> None:
    """Step 4 alone: the patches, without waiting."""
    if Step.DEPLOYMENT_CONFIGS in run.request.skip:
        return

    def replan(state: ProjectState) -> tuple[Action, ...]:
        return deployment_configs.plan(state, run.request)

    state = run.look()
    await_login(run, state)
    apply(run, replan(state), replan)
