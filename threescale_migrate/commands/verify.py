"""`verify`: checks the six steps, for people, cron and monitoring; of one project, or of many at once. It changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from ..cluster.location import check_there, pin
from ..cluster.oc import Oc
from ..cluster.oc_errors import OcError, TimeOver
from ..cluster.reading import observe
from ..cluster.state import ProjectState
from ..engine.run_failure import Failed
from ..exit_codes import ExitCode
from ..guide import steps
from ..language import system_error
from ..options import Options
from ..render.project_outcome import Changed, Outcome, worst
from ..render.result import Checked, Nothing, Projects, Result
from ..run import errors, results
from ..run.connection import LOOKING_TIMEOUT
from ..run.requests import request_of
from ..run.session import Session
from ..values import Check, Request, Text


def run(session: Session, options: Options) -> Result:
    """Checks the six steps. Raises what asking the cluster raises; over many projects each failure is part of the result."""
    if options.metrics_file:
        from ..render import metrics  # late, as all that few calls of this command need: cron makes many

        metrics.check_path(options.metrics_file)
    if options.watch is not None:
        from ..run.verify_watch import watch

        return watch(session, _whole)
    return _run_many(session, options) if options.many else _run_one(session, options)


def _run_one(session: Session, options: Options) -> Result:
    began = monotonic()
    try:
        oc, state, outcome = _look(session, options)
    except Exception as error:
        text, code = errors.explained(error)
        project = session.options.namespace or ""
        failed = Outcome(project, "", code, error=text, seconds=monotonic() - began, invocation=session.invocation)
        return session.result(
            code, errors.failure_of(error, text) if _record(session, options, (failed,)).news else Nothing()
        )
    if options.report is not None:
        from ..run import reports

        reports.of_checks(session, oc, state, outcome.checks, outcome.code)
    recorded = _record(session, options, (outcome,))
    if not recorded.news:
        return session.result(outcome.code, Nothing())
    changes = None if recorded.changes is None else recorded.changes[outcome.name]
    seen = Checked(outcome.project, outcome.checks, outcome.name, outcome.seconds, changes=changes)
    return session.result(outcome.code, seen)


def _look(session: Session, options: Options) -> tuple[Oc, ProjectState, Outcome]:
    """Observes and checks one project. Raises what asking the cluster raises."""
    began = monotonic()
    seconds = options.timeout or LOOKING_TIMEOUT
    oc = session.connect(seconds)
    try:
        server = pin(oc)
        request = request_of(session, oc)
        state = observe(oc, elsewhere=request.permissions)
        if any(controller.cancelled for controller in state.controllers.values()):
            from ..run.undo_request import remembering

            state = remembering(state, server)
        check_there(oc, state)
        found = _proof(oc, state, request)
    except OcError as error:
        if isinstance(error, TimeOver) or (error.passing and oc.clock.is_over):
            said = Text("no result within {seconds} s: {why}", seconds=f"{seconds:g}", why=error.text)
            raise Failed(said, ExitCode.DEADLINE) from None
        raise
    from ..run import owed_data

    owed = owed_data.checks(oc, server, state)
    if session.person and not options.many:
        owed_data.say(session, owed)
    checks = (*owed, *steps.verify(state, request), *found)
    name = state.namespace or session.options.namespace or ""
    code = results.exit_code(options, checks, "verify")
    return (
        oc,
        state,
        Outcome(name, state.namespace, code, checks, seconds=monotonic() - began, invocation=session.invocation),
    )


def _proof(oc: Oc, state: ProjectState, request: Request) -> tuple[Check, ...]:
    """What registries answer about the login, where that was asked for. Raises OcError."""
    if not request.prove_pull:
        return ()
    from ..engine.registry_questions import prove

    return prove(oc, state, request)


def _whole(oc: Oc, request: Request) -> tuple[ProjectState, tuple[Check, ...]]:
    """One check of all six steps. Raises OcError."""
    oc.remembered.clear()  # another run may add and remove roles meanwhile
    state = observe(oc, tries=1, elsewhere=request.permissions)
    return state, steps.verify(state, request)


@dataclass(frozen=True)
class Recorded:
    """Whether there is something to say; and with `--changed-since-last` what has changed, by the outcome's name."""

    news: bool = True
    changes: Mapping[str, tuple[Changed, ...]] | None = None


def _record(session: Session, options: Options, outcomes: Sequence[Outcome]) -> Recorded:
    """Writes the metrics, and keeps what was seen. What cannot be written is said, and the result is what it is."""
    if options.metrics_file:
        from ..render import metrics

        try:
            metrics.write(options.metrics_file, outcomes)
        except OSError as error:
            _warn(session, "--metrics-file", options.metrics_file, error)
    if not options.changed_since_last:
        return Recorded()
    from ..run import last_result

    news = False
    changes: dict[str, tuple[Changed, ...]] = {}
    for outcome in outcomes:
        path = last_result.path_of(options, outcome.name if len(outcomes) > 1 else "")
        before, now = last_result.read(path), last_result.Last.of(outcome)
        news = news or before is None or now.code != before.code or bool(last_result.changes(outcome, before))
        changes[outcome.name] = last_result.changes(outcome, before)
        try:
            last_result.write(path, now)
        except OSError as error:
            _warn(session, "--changed-since-last", str(path.parent), error)
    return Recorded(news, changes)


def _warn(session: Session, option: str, path: str, error: OSError) -> None:
    why = system_error(error)
    session.say(Text("{option}: {path} cannot be written ({why})", option=option, path=path, why=why))


def _run_many(session: Session, options: Options) -> Result:
    """Checks the six steps of each project."""
    from ..run.many import looked

    outcomes = looked(session, lambda session: _look(session, session.options)[2])
    recorded = _record(session, options, outcomes)
    code = worst(outcome.code for outcome in outcomes)
    return session.result(code, Projects(outcomes, recorded.changes) if recorded.news else Nothing())
