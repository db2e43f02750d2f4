"""`verify`: checks the six steps, for people, cron and monitoring; of one project, or of many at once. It changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic

from ..cluster.failures import OcError, TimeOver
from ..cluster.location import check_there, pin
from ..cluster.oc import Oc
from ..cluster.reading import observe
from ..cluster.state import ProjectState
from ..engine.failed import Failed
from ..engine.proving import prove
from ..exit_codes import ExitCode
from ..guide import steps
from ..guide.verdicts import Meaning
from ..language import system_error
from ..options import Options
from ..render import document, metrics, nagios, text
from ..render.outcome import Outcome, worst, wrong
from ..run import errors, reports, results, since
from ..run.connecting import LOOKING_TIMEOUT
from ..run.many import looked, show_line
from ..run.requests import request_of
from ..run.session import Session
from ..run.watching import watch
from ..values import Check, Request, Text, Verdict


def run(session: Session, options: Options) -> int:
    """Checks the six steps. Gives the exit code, that of a monitoring plugin with `-o nagios`."""
    if options.metrics_file:
        metrics.check_path(options.metrics_file)
    if options.watch:
        return watch(session, _whole)
    return _run_many(session, options) if options.many else _run_one(session, options)


def _run_one(session: Session, options: Options) -> int:
    began = monotonic()
    try:
        oc, state, outcome = _look(session, options)
    except Exception as error:
        sentence, code = errors.explained(error)
        project = session.options.namespace or ""
        failed = Outcome(project, "", code, error=sentence, seconds=monotonic() - began)
        if not _record(session, options, (failed,)).news:
            return _code(session, (failed,))
        raise
    reports.of_checks(session, oc, state, outcome.checks, outcome.code)
    recorded = _record(session, options, (outcome,))
    if recorded.news and not _written_for_programs(session, options, (outcome,)):
        if options.changed_since_last and session.options.output == "text":
            _show_changes(session, outcome, recorded.changes[outcome.name])
        else:
            results.show(session, state, outcome.checks)
    return _code(session, (outcome,))


def _look(session: Session, options: Options) -> tuple[Oc, ProjectState, Outcome]:
    """Observes and checks one project. Raises what asking the cluster raises."""
    began = monotonic()
    seconds = options.timeout or LOOKING_TIMEOUT
    oc = session.connect(seconds)
    try:
        pin(oc)
        request = request_of(session, oc)
        state = observe(oc, elsewhere=request.permissions)
        check_there(oc, state)
        found = prove(oc, state, request)
    except OcError as error:
        if isinstance(error, TimeOver) or (error.passing and oc.clock.is_over):
            said = Text("no result within {seconds} s: {why}", seconds=f"{seconds:g}", why=error.text)
            raise Failed(said, ExitCode.DEADLINE) from None
        raise
    checks = (*steps.verify(state, request), *found)
    name = state.namespace or session.options.namespace or ""
    code = results.exit_code(options, checks, "verify")
    return (
        oc,
        state,
        Outcome(name, state.namespace, code, checks, seconds=monotonic() - began, invocation=session.invocation),
    )


def _whole(oc: Oc, request: Request) -> tuple[ProjectState, tuple[Check, ...]]:
    """One check of all six steps. Raises OcError."""
    oc.remembered.clear()  # another run may add and remove roles meanwhile
    state = observe(oc, tries=1, elsewhere=request.permissions)
    return state, steps.verify(state, request)


@dataclass(frozen=True)
class Recorded:
    """Whether there is something to say; and with `--changed-since-last` what has changed, by the outcome's name."""

    news: bool = True
    changes: Mapping[str, tuple[since.Changed, ...]] = field(default_factory=dict)


def _record(session: Session, options: Options, outcomes: Sequence[Outcome]) -> Recorded:
    """Writes the metrics, and keeps what was seen. What cannot be written is said, and the result is what it is."""
    if options.metrics_file:
        try:
            metrics.write(options.metrics_file, outcomes)
        except OSError as error:
            _warn(session, "--metrics-file", options.metrics_file, error)
    if not options.changed_since_last:
        return Recorded()
    news, changes = False, {}
    for outcome in outcomes:
        path = since.path_of(options, outcome.name if len(outcomes) > 1 else "")
        before, now = since.read(path), since.Last.of(outcome)
        news = news or before is None or now.code != before.code or bool(since.changes(outcome, before))
        changes[outcome.name] = since.changes(outcome, before)
        try:
            since.write(path, now)
        except OSError as error:
            _warn(session, "--changed-since-last", str(path.parent), error)
    return Recorded(news or session.options.output != "text", changes)


def _warn(session: Session, option: str, path: str, error: OSError) -> None:
    why = system_error(error)
    session.say(Text("{option}: {path} cannot be written ({why})", option=option, path=path, why=why))


def _code(session: Session, outcomes: Sequence[Outcome]) -> int:
    """The exit code over the outcomes, in the format's own world."""
    if session.options.output == "nagios":
        return nagios.worst(outcomes)
    return worst(outcome.code for outcome in outcomes)


def _written_for_programs(session: Session, options: Options, outcomes: Sequence[Outcome]) -> bool:
    """Writes the outcomes in a format for monitoring or pipelines; returns False where another format was requested."""
    if session.options.output == "nagios":
        sys.stdout.write(nagios.line(outcomes) + "\n")
    elif session.options.output == "junit":
        from ..render import junit  # late: JUnit is rarely used

        sys.stdout.write(junit.document(outcomes, options.strict))
    else:
        return False
    return True


def _show_changes(session: Session, outcome: Outcome, changes: Sequence[since.Changed]) -> None:
    """The checks that are not as in the last run, with what they were; those that passed and are new are not worth a line."""
    terminal = session.result
    for changed in changes:
        if changed.before or changed.check.verdict is not Verdict.PASSED:
            text.show_check(terminal, changed.check)
            if changed.before:
                before = Text("before: {verdict}", verdict=Text(changed.before))
                terminal.line(terminal.paint(terminal.say(before), "quiet"), 4, 6)
    text.show_verdict(terminal, text.meant(outcome.checks), outcome.judgement.sentence)


def _run_many(session: Session, options: Options) -> int:
    """Checks the six steps of each project."""
    outcomes = looked(session, lambda session: _look(session, session.options)[2])
    recorded = _record(session, options, outcomes)
    if options.is_document:
        code = worst(outcome.code for outcome in outcomes)
        listed = [{"name": outcome.name, **_document(outcome)} for outcome in outcomes]
        document.write(document.many("verify", listed, int(code)), session.options.output)
    elif not _written_for_programs(session, options, outcomes) and recorded.news:
        terminal = session.result
        for outcome in outcomes:
            terminal.invocation = outcome.invocation
            if not (options.quiet and outcome.code is ExitCode.DONE):
                show_line(terminal, outcome, _in_brief(outcome))
            if options.changed_since_last and outcome.asked:
                _show_changes(session, outcome, recorded.changes[outcome.name])
            elif options.verbose:
                text.show_checks(terminal, outcome.checks, verbose=True)
        if not options.quiet:
            text.show_verdict(terminal, _worst(outcomes), _summary(outcomes))
    return _code(session, outcomes)


def _document(outcome: Outcome) -> dict[str, object]:
    if not outcome.asked:
        return document.failure("verify", outcome.error, int(outcome.code))
    return document.verification("verify", outcome.project, outcome.checks, int(outcome.code), outcome.invocation)


def _in_brief(outcome: Outcome) -> Text:
    summary = outcome.judgement.sentence
    for check in wrong(outcome.checks):
        return Text("{summary}; first {subject}: {seen}", summary=summary, subject=check.subject, seen=check.seen)
    return summary


def _worst(outcomes: Sequence[Outcome]) -> Verdict:
    """The mark of the line about all projects: that of the worst of them."""
    order = (Verdict.FAILED, Verdict.UNKNOWN, Verdict.SKIPPED, Verdict.WARNING, Verdict.PASSED)
    found = [text.meant(outcome.checks) if outcome.asked else Verdict.UNKNOWN for outcome in outcomes]
    return min(found, key=order.index, default=Verdict.PASSED)


def _summary(outcomes: Sequence[Outcome]) -> Text:
    known = [outcome.judgement.meaning for outcome in outcomes if outcome.asked]
    well, failed, partly = (known.count(meaning) for meaning in (Meaning.DONE, Meaning.NOT_DONE, Meaning.PARTLY))
    counted = Text("{well} migrated, {failed} not migrated", well=well, failed=failed)
    if partly:
        counted = Text("{counted}, {partly} partly checked", counted=counted, partly=partly)
    return Text.plural(
        "{count} project: {counted}, {unknown} not known",
        "{count} projects: {counted}, {unknown} not known",
        count=len(outcomes),
        counted=counted,
        unknown=len(outcomes) - well - failed - partly,
    )
