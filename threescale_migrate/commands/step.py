"""`step`: one step of the guide alone, with a check after it; with `--check` the check alone."""

from __future__ import annotations

from collections.abc import Sequence

from ..cluster.clock import Clock
from ..cluster.location import check_there, pin
from ..cluster.oc import Oc
from ..cluster.reading import observe
from ..cluster.state import ProjectState
from ..engine import migration, rollout_wait
from ..engine.registry_questions import prove
from ..guide import steps
from ..guide.change import Change
from ..guide.costs import costs
from ..guide.preflight import redeployed
from ..options import Options
from ..render.result import Plan, Result
from ..run.confirmation import confirm
from ..run.connection import LOOKING_TIMEOUT, located, locked
from ..run.requests import check_project, insist_on_pull, request_of
from ..run.results import checked, exit_code
from ..run.run_journal import Start, journaled
from ..run.session import Session
from ..values import Request, Step, Text, Usage


def run(session: Session, options: Options) -> Result:
    """Carries the step out, or checks it. Raises what asking and changing the cluster raise."""
    if options.step in options.skip:
        raise Usage(Text("step {step} and --skip {step} contradict each other", step=options.step.value))
    if options.check or options.step is Step.VERIFICATION:
        return _check(session, options)
    step = options.step
    oc = session.connect(LOOKING_TIMEOUT)
    where = located(oc, options)
    request = request_of(session, oc)
    with locked(oc, where) as directory:
        state = observe(oc, elsewhere=step is Step.PERMISSIONS)
        check_project(state, request)
        actions = steps.plan(state, request, (step,))
        if actions:
            steps.check_order(state, request, step)
        if step is Step.REGISTRY_SECRET:
            insist_on_pull(oc, state, request)
        if actions:
            confirm(session, oc, where, _planned(oc, state, request, actions))
        else:
            oc.clock = Clock(options.timeout)
        start = Start(oc, where, directory, state, actions, request)
        with journaled(session, start, step=step.value) as run:
            if step in migration.BEFORE_WAVES:
                migration.prepare(run, (step,))
            elif step is Step.DEPLOYMENT_CONFIGS:
                migration.patch(run)
            elif step is Step.READINESS:
                rollout_wait.wait_all(run)
            state = observe(run.oc, elsewhere=step is Step.PERMISSIONS)
            found = prove(run.oc, state, run.request) if step is Step.REGISTRY_SECRET else ()
            checks = (*steps.verify(state, run.request, (step,)), *found)
            run.finish(exit_code(options, checks, session.command), checks)
    return checked(session, state, checks)


def _planned(oc: Oc, state: ProjectState, request: Request, actions: Sequence[Change]) -> Plan:
    """The step as it is shown before it is confirmed."""
    order = redeployed(state, request, actions)
    argvs = tuple(oc.argv(action.args) for action in actions)
    dear = costs(state, [name for wave in order for name in wave.configs])
    return Plan(state.namespace, tuple(actions), argvs, order, dear, ())


def _check(session: Session, options: Options) -> Result:
    """Checks the step, and changes nothing."""
    oc = session.connect(options.timeout or LOOKING_TIMEOUT)
    pin(oc)
    request = request_of(session, oc)
    state = observe(oc, elsewhere=options.step is Step.PERMISSIONS)
    check_there(oc, state)
    check_project(state, request)
    found = prove(oc, state, request) if options.step is Step.REGISTRY_SECRET else ()
    return checked(session, state, (*steps.verify(state, request, (options.step,)), *found))
