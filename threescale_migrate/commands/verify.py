"""The command `verify`, for people, cron and monitoring: one look, many ways to tell of it."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic

from ..cluster.oc import Oc, OcError
from ..cluster.project import ProjectState, observe
from ..engine.run import Failed
from ..exit_codes import ExitCode
from ..guide import steps
from ..render.outcome import Outcome
from ..render.terminal import stderr, stdout
from ..session import errors, since
from ..values import Text, Verdict
from .common import VERIFY_TIMEOUT, connect, exit_code, proof, report, request_of


def verify(options: Namespace) -> int:
    """Looks at the six steps. Gives the exit code, that of a monitoring plugin with `-o nagios`."""
    if options.metrics_file:
        from ..render import metrics

        metrics.check_place(options.metrics_file)
    if options.projects or options.all_contexts or options.inventory:
        from .many import verify_all

        return verify_all(options)
    began = monotonic()
    try:
        oc, state, outcome = look(options)
    except Exception as error:
        sentence = errors.meaning(error) or (errors.defect(error), ExitCode.FAILED)
        failed = Outcome(options.namespace or "", "", sentence[1], error=sentence[0], seconds=monotonic() - began)
        if not tell(options, (failed,)).news:
            return code_of(options, (failed,))
        raise
    if options.report:
        from ..render.report import of_checks

        of_checks(options, "verify", oc, state, outcome.checks, outcome.code)
    told_ = tell(options, (outcome,))
    if told_.news:
        show(options, state, outcome, told_)
    return code_of(options, (outcome,))


def look(options: Namespace) -> tuple[Oc, ProjectState, Outcome]:
    """One look at one project. Raises what asking the cluster raises."""
    began = monotonic()
    seconds = options.timeout or VERIFY_TIMEOUT
    oc = connect(options, seconds)
    try:
        request = request_of(options, oc)
        state = observe(oc)
        found = proof(oc, state, request)
    except OcError as error:
        if error.passing and monotonic() - began >= seconds:
            said = Text("no result within {seconds} s: {why}", seconds=f"{seconds:g}", why=str(error))
            raise Failed(said, ExitCode.DEADLINE) from None
        raise
    checks = (*steps.verify(state, request), *found)
    name = state.namespace or options.namespace or ""
    return oc, state, Outcome(name, state.namespace, exit_code(options, checks), checks, seconds=monotonic() - began)


@dataclass(frozen=True)
class Told:
    """Whether there is something to say; and with `--changed-since-last` what has changed, by the outcome's name."""

    news: bool = True
    changes: Mapping[str, tuple[since.Changed, ...]] = field(default_factory=dict)


def tell(options: Namespace, outcomes: Sequence[Outcome]) -> Told:
    """Writes the metrics, and keeps what was seen. What cannot be written is said, and the result is what it is."""
    if options.metrics_file:
        from ..render import metrics

        try:
            metrics.write(options.metrics_file, outcomes)
        except OSError as error:
            _remark(options, "--metrics-file", options.metrics_file, error)
    if not options.changed_since_last:
        return Told()
    news, changes = False, {}
    for outcome in outcomes:
        path = since.place(options, outcome.name if len(outcomes) > 1 else "")
        before, now = since.read(path), since.Last.of(outcome)
        news = news or before is None or now.code != before.code or bool(since.changes(outcome, before))
        changes[outcome.name] = since.changes(outcome, before)
        try:
            since.write(path, now)
        except OSError as error:
            _remark(options, "--changed-since-last", str(path.parent), error)
    return Told(news or options.output != "text", changes)


def _remark(options: Namespace, option: str, path: str, error: OSError) -> None:
    why = os.strerror(error.errno) if error.errno else "?"
    terminal = stderr(options.lang)
    terminal.line(terminal.say(Text("{option}: {path} cannot be written ({why})", option=option, path=path, why=why)))


def code_of(options: Namespace, outcomes: Sequence[Outcome]) -> int:
    """The exit code over the outcomes, in the format's own world."""
    if options.output == "nagios":
        from ..render import nagios

        return nagios.worst(outcomes)
    from ..render.outcome import worst

    return int(worst(outcome.code for outcome in outcomes))


def show(options: Namespace, state: ProjectState, outcome: Outcome, sentence: Told) -> None:
    """Shows the outcome of one project in the format that was asked for."""
    if options.output == "nagios":
        from ..render import nagios

        sys.stdout.write(nagios.line((outcome,)) + "\n")
    elif options.output == "junit":
        from ..render import junit

        sys.stdout.write(junit.document((outcome,), options.strict))
    elif options.changed_since_last and options.output == "text":
        show_changes(options, outcome, sentence.changes[outcome.name])
    else:
        report(options, "verify", state, outcome.checks)


def show_changes(options: Namespace, outcome: Outcome, changes: Sequence[since.Changed]) -> None:
    """The checks that are not as in the last run, with what they were; those that passed and are new are not worth a line."""
    from ..render import text

    terminal = stdout(options.lang)
    for changed in changes:
        if changed.before or changed.check.verdict is not Verdict.PASSED:
            text.show_check(terminal, changed.check)
            if changed.before:
                before = Text("before: {verdict}", verdict=Text(changed.before))
                terminal.line(terminal.paint(terminal.say(before), "quiet"), 4, 6)
    terminal.line(terminal.say(text.summary(outcome.checks)))
