"""`plan`, `verify` and `migrate` over many projects: a line for each, and a summary.

What only looks is done for several projects at once, and one that cannot be asked does not hold up the rest. A migration is
done for one project after the other, and stops at the first that fails.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

from ..exit_codes import ExitCode
from ..render import document, text
from ..render.outcome import Outcome, worst
from ..render.terminal import Terminal, stderr, stdout
from ..session import errors
from ..session.inventory import Target, targets
from ..values import Text, Usage, Verdict
from .common import connect, planned
from .verify import code_of, look, show_changes, tell

Look = Callable[[Namespace], Outcome]


def _listed(options: Namespace) -> tuple[Target, ...]:
    if getattr(options, "report", None):
        raise Usage(Text("--report is about one project: name one with -n"))
    return targets(options, connect(options))


def looked(options: Namespace, one: Look) -> tuple[Outcome, ...]:
    """The outcomes, in the order of the projects. Raises Usage, OcError where the list itself cannot be had."""
    if getattr(options, "secret_file", None) == "-" or getattr(options, "username", None):
        raise Usage(Text("standard input is read once: over many projects the secret comes from a file"))
    listed = _listed(options)

    def safe(target: Target) -> Outcome:
        began = monotonic()
        own = target.applied(options)
        try:
            outcome = one(own)
        except Exception as error:
            sentence, code = errors.meaning(error) or (errors.defect(error), ExitCode.FAILED)
            return Outcome(target.name, own.namespace or "", code, error=sentence, seconds=monotonic() - began)
        return Outcome(
            target.name, outcome.project, outcome.code, outcome.checks, todo=outcome.todo, seconds=outcome.seconds
        )

    with ThreadPoolExecutor(max_workers=options.jobs) as pool:
        try:
            return tuple(pool.map(safe, listed))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def verify_all(options: Namespace) -> int:
    """Looks at the six steps of each project."""
    outcomes = looked(options, lambda own: look(own)[2])
    sentence = tell(options, outcomes)
    code = worst(outcome.code for outcome in outcomes)
    if options.output == "json":
        listed = [{"name": outcome.name, **_document("verify", outcome)} for outcome in outcomes]
        document.write(sys.stdout, document.many("verify", listed, int(code)))
    elif options.output == "nagios":
        from ..render import nagios

        sys.stdout.write(nagios.line(outcomes) + "\n")
    elif options.output == "junit":
        from ..render import junit

        sys.stdout.write(junit.document(outcomes, options.strict))
    elif sentence.news:
        terminal = stdout(options.lang)
        for outcome in outcomes:
            if not (options.quiet and outcome.code is ExitCode.DONE):
                _line(terminal, outcome, _verified(outcome))
            if options.changed_since_last and outcome.asked:
                show_changes(options, outcome, sentence.changes[outcome.name])
            elif options.verbose:
                text.show_checks(terminal, outcome.checks, verbose=True)
        if not options.quiet:
            terminal.line(terminal.say(_summary(outcomes)))
    return code_of(options, outcomes)


def _document(command: str, outcome: Outcome) -> dict[str, object]:
    if not outcome.asked:
        return document.failure(command, outcome.error, int(outcome.code))
    return document.verification(command, outcome.project, outcome.checks, int(outcome.code))


def _verified(outcome: Outcome) -> Text:
    bad = [check for check in outcome.checks if check.verdict in (Verdict.FAILED, Verdict.UNKNOWN)]
    if not bad:
        return text.summary(outcome.checks)
    return Text(
        "{summary}; first {subject}: {seen}",
        summary=text.summary(outcome.checks),
        subject=bad[0].subject,
        seen=bad[0].seen,
    )


def _line(terminal: Terminal, outcome: Outcome, said: Text) -> None:
    verdict = {ExitCode.DONE: Verdict.PASSED, ExitCode.UNKNOWN: Verdict.UNKNOWN}.get(outcome.code, Verdict.FAILED)
    if outcome.code is ExitCode.SOMETHING_TO_DO:
        verdict = Verdict.WARNING
    words = terminal.say(said if outcome.asked else outcome.error)
    terminal.line(f"{terminal.mark(verdict)} {outcome.name}: {words}", 0, 4)


def _summary(outcomes: Sequence[Outcome]) -> Text:
    return Text(
        "{total} projects: {well} migrated, {failed} not migrated, {unknown} not known",
        total=len(outcomes),
        well=sum(outcome.code is ExitCode.DONE for outcome in outcomes),
        failed=sum(outcome.asked and outcome.code is ExitCode.FAILED for outcome in outcomes),
        unknown=sum(outcome.code not in (ExitCode.DONE, ExitCode.FAILED) or not outcome.asked for outcome in outcomes),
    )


def plan_all(options: Namespace) -> int:
    """Shows for each project how much is left to do."""

    def one(own: Namespace) -> Outcome:
        began = monotonic()
        show, code = planned(own)
        return Outcome(show.project, show.project, code, todo=len(show.actions), seconds=monotonic() - began)

    outcomes = looked(options, one)
    code = worst(outcome.code for outcome in outcomes)
    if options.output == "json":
        listed = [
            {"name": outcome.name, "project": outcome.project, "exit_code": int(outcome.code), "actions": outcome.todo}
            if outcome.asked
            else {"name": outcome.name, **document.failure("plan", outcome.error, int(outcome.code))}
            for outcome in outcomes
        ]
        document.write(sys.stdout, document.many("plan", listed, int(code)))
        return int(code)
    terminal = stdout(options.lang)
    for outcome in outcomes:
        if not (options.quiet and outcome.code is ExitCode.DONE):
            _line(terminal, outcome, _planned(outcome))
    if not options.quiet:
        sentence = Text(
            "{total} projects: nothing is left to do in {done}",
            total=len(outcomes),
            done=sum(outcome.code is ExitCode.DONE for outcome in outcomes),
        )
        terminal.line(terminal.say(sentence))
    return int(code)


def _planned(outcome: Outcome) -> Text:
    if outcome.code is ExitCode.REFUSED:
        return Text("something stands against the migration: run threescale-migrate preflight there")
    if not outcome.todo:
        return Text("nothing is left to do")
    return Text("{count} actions are left to do", count=outcome.todo)


def migrate_all(options: Namespace, one: Callable[[Namespace], int]) -> int:
    """Migrates one project after the other with `one`, which shows what it does; stops at the first that fails."""
    if options.output == "json":
        raise Usage(Text("over many projects migrate prints text: give -o json for one project at a time"))
    listed = _listed(options)
    terminal = stderr(options.lang)
    for number, target in enumerate(listed, 1):
        if not options.quiet:
            title = Text("project {number} of {total}: {name}", number=number, total=len(listed), name=target.name)
            terminal.line(terminal.paint(terminal.say(title), "strong"))
        code = one(target.applied(options))
        if code:
            left = [other.name for other in listed[number:]]
            if left:
                sentence = Text("stopped at {name}; not begun: {left}", name=target.name, left=", ".join(left))
                terminal.line(terminal.say(sentence))
            return code
    return int(ExitCode.DONE)
