"""`history`: lists the runs of this workstation, or shows one. It asks no cluster."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from ..engine import records
from ..engine.journal import JournalError
from ..engine.records import Record
from ..exit_codes import ExitCode
from ..render import document, text
from ..session import reports
from ..session.options import HistoryOptions
from ..session.session import Session
from ..values import Text, Usage, Verdict


def run(session: Session, options: HistoryOptions) -> ExitCode:
    """Lists the runs, shows one, or writes its report. Raises Usage."""
    if session.report and not options.run:
        raise Usage(Text("--report: name the run that it is about, as history lists them"))
    problems: list[JournalError] = []
    known = records.records(project=options.project, problems=problems)
    taken = {name for group in _by_project(known) for name in records.taken_back(group)}
    if options.run:
        record = records.one_of(known, options.run)
        if session.report:
            return reports.of_run(session, record.path)
        return _show_run(session, record, record.run in taken)
    if session.output.format == "json":
        runs = [_described(record, record.run in taken) for record in known]
        sentence = [str(problem) for problem in problems]
        document.write(
            sys.stdout, {"version": document.VERSION, "command": "history", "runs": runs, "problems": sentence}
        )
        return ExitCode.DONE
    terminal = session.result
    if not known and not problems:
        terminal.line(terminal.say(Text("no run is recorded on this workstation")))
    for record in known:
        terminal.line(
            f"{terminal.mark(_verdict(record))} {record.run}  {terminal.say(_headline(record, record.run in taken))}",
            0,
            4,
        )
    for problem in problems:
        terminal.line(f"{terminal.mark(Verdict.UNKNOWN)} {terminal.say(problem.text)}", 0, 4)
    return ExitCode.DONE


def _by_project(known: Iterable[Record]) -> list[tuple[Record, ...]]:
    """The runs of each project; one that was deleted and made again is another one, which its uid tells."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in known:
        groups.setdefault((record.server, record.project), []).append(record)
    return [
        records.of_identity(group, uid)[0]
        for group in groups.values()
        for uid in {record.uid for record in group if record.uid} or {""}
    ]


def _verdict(record: Record) -> Verdict:
    if record.finished == "done":
        return Verdict.PASSED
    return Verdict.FAILED if record.finished else Verdict.UNKNOWN


def _headline(record: Record, taken: bool) -> Text:
    outcome = _unfinished(record) if record.finished is None else text.outcome(record.finished)
    sentence = (
        "{command} in {project} by {user}: {outcome}, {count} changes, taken back since"
        if taken
        else "{command} in {project} by {user}: {outcome}, {count} changes"
    )
    return Text(
        sentence,
        command=record.command,
        project=record.project,
        user=record.user,
        outcome=outcome,
        count=len(record.changes),
    )


def _unfinished(record: Record) -> Text:
    return Text("under way") if records.is_under_way(record) else Text("died before its end")


def _described(record: Record, taken: bool) -> dict[str, object]:
    return {
        "run": record.run,
        "command": record.command,
        "server": record.server,
        "project": record.project,
        "uid": record.uid or None,
        "user": record.user,
        "began": record.began,
        "ended": record.ended,
        "outcome": record.finished,
        "under_way": records.is_under_way(record),
        "exit_code": record.exit_code,
        "changes": len(record.changes),
        "taken_back": taken,
        "undoes": list(record.undoes),
        "torn": record.torn,
        "journal": str(record.path),
    }


def _show_run(session: Session, record: Record, taken: bool) -> ExitCode:
    if session.output.format == "json":
        lines = [dict(line) for line in record.lines]
        document.write(
            sys.stdout, {"version": document.VERSION, "command": "history", **_described(record, taken), "lines": lines}
        )
        return ExitCode.DONE
    terminal = session.result
    terminal.line(terminal.paint(record.run, "strong"))
    terminal.line(terminal.say(_headline(record, taken)))
    where = Text("on {server}, from {began} to {ended}", server=record.server, began=record.began, ended=record.ended)
    terminal.line(terminal.say(where))
    if record.torn:
        terminal.line(terminal.say(Text("its last line was cut off: the run was killed while it wrote")))
    for entry in record.entries:
        mark = {"done": Verdict.PASSED, "present": Verdict.PASSED, "failed": Verdict.FAILED}.get(
            entry.outcome, Verdict.UNKNOWN
        )
        shown = text.command_line(entry.argv, secret=entry.kind.startswith("secret"))
        terminal.line(f"{entry.began[11:19]} {terminal.mark(mark)} {shown}", 2, 13)
        if entry.outcome != "done" and entry.said:
            terminal.line(terminal.paint(entry.said, "quiet"), 13, 13)
    return ExitCode.DONE
