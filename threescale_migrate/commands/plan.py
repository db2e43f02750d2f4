"""`plan`: shows what `migrate` would do, and what blocks it. It changes nothing."""

from __future__ import annotations

import sys
from time import monotonic

from ..cluster.location import check_there, locate, pin
from ..cluster.reading import observe
from ..cluster.state import ProjectState
from ..exit_codes import ExitCode
from ..guide.selection import waves
from ..options import STDOUT, Options
from ..render import document, text
from ..render.outcome import Outcome, worst
from ..run.connecting import LOOKING_TIMEOUT
from ..run.many import looked, show_line
from ..run.planned import Planned
from ..run.preflight import examine, meaning
from ..run.requests import check_project, request_of
from ..run.session import Session
from ..values import Request, Text, Verdict


def run(session: Session, options: Options) -> ExitCode:
    """Shows the plan of one project or of many, or the order as a file. Raises what asking the cluster raises."""
    if options.many:
        return _run_many(session, options)
    if options.wave_plan == STDOUT:
        oc = session.connect(LOOKING_TIMEOUT)
        pin(oc)
        state = observe(oc, cluster=False, secret=False)
        check_there(oc, state)
        return _print_order(session, state, request_of(session, oc))
    show, code = _planned(session, options)
    show.render(session, code)
    return code


def _planned(session: Session, options: Options) -> tuple[Planned, ExitCode]:
    """The plan of one project, and the exit code that it means. Raises what asking the cluster raises."""
    oc = session.connect(LOOKING_TIMEOUT)
    where = locate(oc)
    request = request_of(session, oc)
    state = observe(oc, ahead=True, elsewhere=request.permissions)
    seen = examine(oc, where, state, request, options)
    show = Planned.of(oc, state, request, seen)
    code = meaning(seen.findings, bool(show.actions))
    if code is ExitCode.DONE and show.actions:
        code = ExitCode.SOMETHING_TO_DO
    return show, code


def _print_order(session: Session, state: ProjectState, request: Request) -> ExitCode:
    """The order of all chosen configs, as the file that `--wave-plan` reads, or as JSON."""
    check_project(state, request)
    order = waves(state, request)
    if session.options.is_document:
        document.write(
            document.plan(session.command, state.namespace, (), order, (), int(ExitCode.DONE), session.invocation),
            session.options.output,
        )
    else:
        sys.stdout.write(text.wave_plan(order))
    return ExitCode.DONE


def _run_many(session: Session, options: Options) -> ExitCode:
    """Shows for each project how much is left to do."""

    def one(session: Session) -> Outcome:
        began = monotonic()
        show, code = _planned(session, session.options)
        return Outcome(show.project, show.project, code, todo=len(show.actions), seconds=monotonic() - began)

    outcomes = looked(session, one)
    code = worst(outcome.code for outcome in outcomes)
    if session.options.is_document:
        listed = [
            {"name": outcome.name, "project": outcome.project, "exit_code": int(outcome.code), "actions": outcome.todo}
            if outcome.asked
            else {"name": outcome.name, **document.failure("plan", outcome.error, int(outcome.code))}
            for outcome in outcomes
        ]
        document.write(document.many("plan", listed, int(code)), session.options.output)
        return code
    terminal = session.result
    for outcome in outcomes:
        if not (session.options.quiet and outcome.code is ExitCode.DONE):
            show_line(terminal, outcome, _left(outcome))
    if not session.options.quiet:
        done = sum(outcome.code is ExitCode.DONE for outcome in outcomes)
        sentence = Text.plural(
            "{count} project: nothing is left to do in {done}",
            "{count} projects: nothing is left to do in {done}",
            count=len(outcomes),
            done=done,
        )
        text.show_verdict(terminal, Verdict.PASSED if done == len(outcomes) else Verdict.WARNING, sentence)
    return code


def _left(outcome: Outcome) -> Text:
    if outcome.code in (ExitCode.REFUSED, ExitCode.USAGE):
        return Text("not ready, something blocks it; threescale-migrate preflight shows what")
    if not outcome.todo:
        return Text("nothing is left to do")
    return Text.plural("{count} change is left to do", "{count} changes are left to do", count=outcome.todo)
