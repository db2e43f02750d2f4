"""Each result as text for a person: what it is on stdout, what is only talk on stderr."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .. import shell
from ..engine.run_failure import Failure
from ..exit_codes import ExitCode
from ..guide.verdicts import Conclusion, against, blocked_by, counted, summary, warnings
from ..options import Options
from ..values import NO_FIX, Check, Command, Fix, Text, Verdict
from . import failed, text
from .plan import last_line, show_end, show_plan
from .project_outcome import Changed, Outcome, wrong
from .result import (
    Checked,
    Nothing,
    Order,
    Plan,
    Preflight,
    Printed,
    Projects,
    Result,
    Run,
    Runs,
    Told,
)
from .terminal import TO_DO, Screen, Terminal


def write(result: Result, screen: Screen, options: Options) -> None:
    """Shows a result. Raises Unwritable, BrokenPipeError."""
    seen, terminal = result.seen, screen.result
    if isinstance(seen, (Checked, Plan, Preflight)) and not (result.announced or (options.quiet and result.code == 0)):
        where = text.place(result.place)
        if where is not None:
            terminal.line(terminal.say(where))
    if isinstance(seen, Printed):
        terminal.stream.write(seen.words)
    elif isinstance(seen, Order):
        terminal.stream.write(text.wave_plan(seen.waves))
    elif isinstance(seen, Told):
        _told(screen, seen, options)
    elif isinstance(seen, Checked):
        _checked(terminal, result, seen, options)
    elif isinstance(seen, Preflight):
        _preflight(screen, result, seen, options)
    elif isinstance(seen, Plan):
        _plan(terminal, result, seen, options)
    elif isinstance(seen, Projects):
        _projects(terminal, result, seen, options)
    elif isinstance(seen, Runs):
        from . import run_list  # late: only history reads records

        run_list.show_runs(terminal, seen)
    elif isinstance(seen, Run):
        from . import run_list

        run_list.show_run(terminal, seen)
    else:
        assert isinstance(seen, (Failure, Nothing)), seen
    if not options.quiet:
        if result.recorded is not None:
            show_end(screen.talk, result, result.recorded)
        for note in result.notes:
            if isinstance(note, Fix):
                text.show_fix(screen.talk, note)
            else:
                screen.talk.line(screen.talk.say(note))


def failure(result: Result, screen: Screen, person: bool) -> None:
    """What is said on stderr of a failure, whatever the format, and of what has ended a command to a `person`."""
    seen = result.seen
    if isinstance(seen, Failure):
        failed.show(screen.talk, seen)
    elif isinstance(seen, Preflight) and seen.refused:
        if person:
            text.show_findings(screen.talk, seen.findings, notable=True)
        verdict_of_findings(screen.talk, seen.findings)


def _told(screen: Screen, seen: Told, options: Options) -> None:
    if not options.quiet:
        for sentence in seen.done:
            screen.result.line(screen.result.say(sentence))
    for sentence in seen.left:
        screen.talk.line(f"{screen.talk.mark(Verdict.UNKNOWN)} {screen.talk.say(sentence)}", 0, 4)


def _checked(terminal: Terminal, result: Result, seen: Checked, options: Options) -> None:
    if seen.said.template:
        text.show_verdict(terminal, Verdict.PASSED, seen.said)
        return
    overall = summary(seen.checks, result.command)
    if seen.changes is not None:
        _changes(terminal, seen.changes)
    elif not options.quiet or result.code != ExitCode.DONE:
        text.show_checks(terminal, seen.checks, options.verbose > 0, options.quiet)
    if seen.changes is not None or not options.quiet:
        text.show_verdict(terminal, text.meant(seen.checks, result.command), overall.sentence)


def _changes(terminal: Terminal, changes: Sequence[Changed]) -> None:
    """The checks that are not as in the last run, with what they were; those that passed and are new are not worth a line."""
    for changed in changes:
        if changed.before or changed.check.verdict is not Verdict.PASSED:
            text.show_check(terminal, changed.check)
            if changed.before:
                before = Text("before: {verdict}", verdict=Text(changed.before))
                terminal.line(terminal.paint(terminal.say(before), "quiet"), 4, 6)


def _preflight(screen: Screen, result: Result, seen: Preflight, options: Options) -> None:
    if seen.refused:
        return
    terminal = screen.result
    text.show_findings(terminal, seen.findings, options.quiet)
    if not (options.quiet and result.code == ExitCode.DONE):
        if seen.ready and not options.quiet:
            _next(terminal, result, "migrate")
        verdict_of_findings(terminal, seen.findings)


def verdict_of_findings(terminal: Terminal, findings: Sequence[Check], step: str = "") -> None:
    """The last line of a preflight, of all or of one `step` alone."""
    blocked = against(findings)
    if blocked:
        unknown = all(finding.verdict is Verdict.UNKNOWN for finding in blocked)
        text.show_verdict(terminal, Verdict.UNKNOWN if unknown else Verdict.FAILED, blocked_by(blocked))
        return
    ready = Text("ready for step {step}", step=step) if step else Text("ready to migrate")
    left = [finding.subject for finding in findings if finding.verdict is Verdict.SKIPPED]
    if left:
        ready = Text.sentences(ready, Text("not checked: {names}", names=", ".join(left)))
    count = counted(findings, Verdict.WARNING)
    verdict = Verdict.WARNING if count or left else Verdict.PASSED
    text.show_verdict(terminal, verdict, Text.sentences(ready, warnings(count)))


def _plan(terminal: Terminal, result: Result, seen: Plan, options: Options) -> None:
    text.show_findings(terminal, seen.findings, notable=True)
    if not options.quiet:
        show_plan(terminal, seen, options.verbose > 0)
        for note in seen.notes:
            terminal.line(terminal.say(note))
    blocked = against(seen.findings)
    verdict = Verdict.FAILED if blocked else None if seen.actions else Verdict.PASSED
    last = blocked_by(blocked) if blocked else last_line(seen, result.command == "undo")
    # The plan of a migration and its verdict fill a screen: what comes next is shown where more than a screen was asked for.
    if seen.actions and not blocked and not options.quiet and (result.command == "undo" or options.verbose):
        _next(terminal, result, "undo" if result.command == "undo" else "migrate")
    text.show_verdict(terminal, verdict, last)


def _next(terminal: Terminal, result: Result, command: str) -> None:
    """What to run next, on a line of its own."""
    terminal.line(terminal.say(Text("Next:")))
    terminal.verbatim(result.place.line((shell.PROGRAM, command)), 4)


def _projects(terminal: Terminal, result: Result, seen: Projects, options: Options) -> None:
    """A line for each project, and one for all."""
    plan = result.command == "plan"
    for outcome in seen.outcomes:
        terminal.invocation = outcome.invocation
        if not (options.quiet and outcome.code is ExitCode.DONE):
            _line(terminal, outcome, _left(outcome) if plan else _in_brief(outcome), PREFLIGHT if plan else NO_FIX)
        if seen.changes is not None and outcome.asked:
            _changes(terminal, seen.changes[outcome.name])
            text.show_verdict(terminal, text.meant(outcome.checks), outcome.overall.sentence)
        elif options.verbose and not plan:
            text.show_checks(terminal, outcome.checks, verbose=True)
    if options.quiet:
        return
    if plan:
        done = sum(outcome.code is ExitCode.DONE for outcome in seen.outcomes)
        sentence = Text.plural(
            "{count} project: nothing is left to do in {done}",
            "{count} projects: nothing is left to do in {done}",
            count=len(seen.outcomes),
            done=done,
        )
        text.show_verdict(terminal, Verdict.PASSED if done == len(seen.outcomes) else None, sentence)
    else:
        text.show_verdict(terminal, _worst(seen.outcomes), _summary(seen.outcomes))


# What tells all that blocks a migration.
PREFLIGHT = Fix(commands=(Command((shell.PROGRAM, "preflight")),))


def _line(terminal: Terminal, outcome: Outcome, said: Text, fix: Fix) -> None:
    """One project in one line: `said`, or why it could not be asked; below it what can be done where it is not well."""
    verdict = {ExitCode.DONE: Verdict.PASSED, ExitCode.UNKNOWN: Verdict.UNKNOWN}.get(outcome.code, Verdict.FAILED)
    mark = terminal.pending(TO_DO) if outcome.code is ExitCode.SOMETHING_TO_DO else terminal.mark(verdict)
    words = terminal.say(said if outcome.asked else outcome.error)
    terminal.line(f"{mark} {outcome.name}: {words}", 0, 4)
    if not outcome.asked:
        text.show_fix(terminal, outcome.fix, 4)
    elif verdict is Verdict.FAILED and outcome.code is not ExitCode.SOMETHING_TO_DO:
        text.show_fix(terminal, fix, 4)


def _left(outcome: Outcome) -> Text:
    if outcome.code in (ExitCode.REFUSED, ExitCode.USAGE):
        return Text("not ready: something blocks it")
    if not outcome.todo:
        return Text("nothing is left to do")
    return Text.plural("{count} change is left to do", "{count} changes are left to do", count=outcome.todo)


def _in_brief(outcome: Outcome) -> Text:
    summary = outcome.overall.sentence
    for check in wrong(outcome.checks):
        return Text.sentences(summary, Text("first {subject}: {seen}", subject=check.subject, seen=check.seen))
    return summary


def _worst(outcomes: Iterable[Outcome]) -> Verdict:
    """The mark of the line about all projects: that of the worst of them."""
    order = (Verdict.FAILED, Verdict.UNKNOWN, Verdict.SKIPPED, Verdict.WARNING, Verdict.PASSED)
    found = [text.meant(outcome.checks) if outcome.asked else Verdict.UNKNOWN for outcome in outcomes]
    return min(found, key=order.index, default=Verdict.PASSED)


def _summary(outcomes: Sequence[Outcome]) -> Text:
    known = [outcome.overall.conclusion for outcome in outcomes if outcome.asked]
    well, failed, partly = (
        known.count(meaning) for meaning in (Conclusion.DONE, Conclusion.NOT_DONE, Conclusion.PARTLY)
    )
    numbers = (
        (Text("{number} migrated", number=well), True),
        (Text("{number} not migrated", number=failed), True),
        (Text("{number} partly checked", number=partly), partly),
        (Text("{number} not known", number=len(outcomes) - well - failed - partly), True),
    )
    return Text.plural(
        "{count} project: {numbers}",
        "{count} projects: {numbers}",
        count=len(outcomes),
        numbers=Text.listed(*(number for number, shown in numbers if shown)),
    )
