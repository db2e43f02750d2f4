"""`plan`: shows what `migrate` would do, and what blocks it. It changes nothing."""

from __future__ import annotations

from time import monotonic

from ..cluster.location import check_there, locate, pin
from ..cluster.reading import observe
from ..cluster.state import ProjectState
from ..exit_codes import ExitCode
from ..guide.kept_data import of_owed
from ..guide.selection import waves
from ..options import STDOUT, Options
from ..render.project_outcome import Outcome, worst
from ..render.result import Order, Plan, Projects, Result
from ..run import owed_data
from ..run.connection import LOOKING_TIMEOUT
from ..run.many import looked
from ..run.migration_plan import planned
from ..run.preflight import examine, exit_code
from ..run.requests import check_project, request_of
from ..run.session import Session
from ..values import Request


def run(session: Session, options: Options) -> Result:
    """The plan of one project or of many, or the order as a file. Raises what asking the cluster raises."""
    if options.many:
        return _run_many(session)
    if options.wave_plan == STDOUT:
        oc = session.connect(LOOKING_TIMEOUT)
        pin(oc)
        state = observe(oc, cluster=False, secret=False)
        check_there(oc, state)
        return _order(session, state, request_of(session, oc))
    plan, code = _planned(session, options)
    return session.result(code, plan)


def _planned(session: Session, options: Options) -> tuple[Plan, ExitCode]:
    """The plan of one project, and the exit code that it means. Raises what asking the cluster raises."""
    oc = session.connect(LOOKING_TIMEOUT)
    where = locate(oc)
    request = request_of(session, oc)
    state = observe(oc, ahead=True, elsewhere=request.permissions)
    owed = owed_data.left(owed_data.of_place(where), state)
    if not options.many:
        owed_data.say(session, map(of_owed, owed))
    seen = examine(oc, where, state, request, options)
    plan = planned(oc, state, request, seen)
    code = exit_code(seen.findings, bool(plan.actions))
    if code is ExitCode.DONE and (plan.actions or owed):
        code = ExitCode.SOMETHING_TO_DO
    return plan, code


def _order(session: Session, state: ProjectState, request: Request) -> Result:
    """The order of all chosen configs, as the file that `--wave-plan` reads, or as JSON."""
    check_project(state, request)
    return session.result(ExitCode.DONE, Order(state.namespace, waves(state, request)))


def _run_many(session: Session) -> Result:
    """For each project how much is left to do."""

    def one(session: Session) -> Outcome:
        began = monotonic()
        plan, code = _planned(session, session.options)
        return Outcome(plan.project, plan.project, code, todo=len(plan.actions), seconds=monotonic() - began)

    outcomes = looked(session, one)
    return session.result(worst(outcome.code for outcome in outcomes), Projects(outcomes))
