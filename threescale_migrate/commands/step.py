"""`step`: one step of the guide alone, as carefully as `migrate` does it; with `--check` the check alone."""

from __future__ import annotations

from dataclasses import replace

from ..cluster.location import check_there, pin
from ..cluster.reading import observe
from ..engine import migration
from ..engine.registry_questions import prove
from ..guide import steps
from ..options import Options
from ..render.result import Result
from ..run.connection import LOOKING_TIMEOUT
from ..run.guide_steps import begun, ended
from ..run.requests import check_project, request_of
from ..run.results import checked
from ..run.session import Session
from ..values import Step, Text, Usage


def run(session: Session, options: Options) -> Result:
    """Carries the step out, or checks it. Raises what asking and changing the cluster raise."""
    step = options.step
    if step in options.skip:
        raise Usage(Text("step {step} and --skip {step} contradict each other", step=step.value))
    if options.check or step is Step.VERIFICATION:
        return _check(session, options)
    # Whoever patches configs waits for them as well: that is the guide's step 5.
    waits = step is Step.DEPLOYMENT_CONFIGS and not options.no_wait
    with begun(session, options, (step, Step.READINESS) if waits else (step,)) as under_way:
        if isinstance(under_way, Result):
            return under_way
        return ended(session, under_way, migration.migrate(under_way))


def _check(session: Session, options: Options) -> Result:
    """Checks the step, and changes nothing."""
    oc = session.connect(options.timeout or LOOKING_TIMEOUT)
    pin(oc)
    request = replace(request_of(session, oc), steps=(options.step,))
    state = observe(oc, elsewhere=options.step is Step.PERMISSIONS)
    check_there(oc, state)
    check_project(state, request)
    found = prove(oc, state, request) if options.step is Step.REGISTRY_SECRET else ()
    return checked(session, state, (*steps.verify(state, request), *found))
