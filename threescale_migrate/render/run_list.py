"""Recorded runs: as a list, one with its commands, and as JSON."""

from __future__ import annotations

from collections.abc import Container, Iterable

from ..engine import records
from ..engine.records import Record
from ..values import Text, Verdict
from . import text
from .journal_report import outcome_of, why_it_failed
from .report import moment, shown_time
from .result import Run, Runs
from .terminal import WAITING, Terminal, columns, fit


def show_runs(terminal: Terminal, runs: Runs) -> None:
    """The runs, and what cannot be read."""
    if not runs.known and not runs.problems:
        terminal.line(terminal.say(Text("no runs are recorded on this workstation")))
    if runs.known:
        _show_list(terminal, runs.known, runs.undone)
    for problem in runs.problems:
        terminal.line(f"{terminal.mark(Verdict.UNKNOWN)} {terminal.say(problem)}", 0, 4)


def _show_list(terminal: Terminal, known: Iterable[Record], taken: Container[str]) -> None:
    """The runs under a header, newest first; beneath one that failed why it did."""
    newest_first = sorted(known, key=lambda record: record.began, reverse=True)
    marks = [_mark(terminal, record) for record in newest_first]
    left = max(map(columns, marks)) + 1
    began, run = terminal.say(Text("began, local time")), terminal.say(Text("run"))
    moments = [f"{moment(record.began).astimezone():%Y-%m-%d %H:%M:%S}" for record in newest_first]
    times = max(map(columns, (began, *moments)))
    names = max(columns(run), *(len(record.run) for record in newest_first))
    title = f"{' ' * left}{fit(began, times)}  {fit(run, names)}  {terminal.say(Text('what'))}"
    terminal.line(terminal.paint(title, "strong"))
    for mark, time, record in zip(marks, moments, newest_first):
        head = f"{mark}{' ' * (left - columns(mark))}{fit(time, times)}  {fit(record.run, names)}"
        terminal.line(f"{head}  {terminal.say(_headline(record, record.run in taken))}", 0, left)
        why = terminal.say(why_it_failed(record))
        if why:
            terminal.line(terminal.paint(why, "quiet"), left, left)


def _mark(terminal: Terminal, record: Record) -> str:
    if record.finished is None and records.is_under_way(record):
        return terminal.pending(WAITING)
    known = Verdict.PASSED if record.finished == "done" else Verdict.FAILED
    return terminal.mark(known if record.finished else Verdict.UNKNOWN)


def _headline(record: Record, taken: bool) -> Text:
    outcome = _unfinished(record) if record.finished is None else outcome_of(record)
    changes = Text.plural("{count} change", "{count} changes", count=len(record.changes))
    line = "{command} in {project} by {user}: {outcome}, {changes}"
    undone = "{command} in {project} by {user}: {outcome}, {changes}, undone since"
    named: dict[str, object] = {"command": record.command, "project": record.project, "user": record.user}
    named |= {"outcome": outcome, "changes": changes}
    return Text(undone, **named) if taken else Text(line, **named)


def _unfinished(record: Record) -> Text:
    return Text("under way") if records.is_under_way(record) else Text("died before it finished")


def described(record: Record, taken: bool) -> dict[str, object]:
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
        "why": str(why_it_failed(record)) or None,
        "under_way": records.is_under_way(record),
        "exit_code": record.exit_code,
        "changes": len(record.changes),
        "undone": taken,
        "undoes": list(record.undoes),
        "torn": record.torn,
        "journal": str(record.path),
    }


def show_run(terminal: Terminal, run: Run) -> None:
    """One run: how it ended, each of its commands, and what comes next."""
    record, taken = run.record, run.undone
    terminal.line(terminal.paint(record.run, "strong"))
    terminal.line(terminal.say(_headline(record, taken)))
    where = Text(
        "on {server}, from {began} to {ended}",
        server=record.server,
        began=shown_time(record.began),
        ended=shown_time(record.ended),
    )
    terminal.line(terminal.say(where))
    why = terminal.say(why_it_failed(record))
    if why:
        terminal.line(f"{terminal.mark(Verdict.FAILED)} {why}", 0, 2)
    if record.torn:
        terminal.line(terminal.say(Text("its last line is cut off: the run was killed while writing it")))
    for entry in record.entries:
        mark, _ = text.ENDINGS.get(entry.outcome, text.ENDINGS["unknown"])
        # As it can be given again: what was sent was bound to what was there then.
        shown = text.change_line(record.place, entry.change)
        terminal.verbatim(shown, 2, f"{entry.began[11:19]} {terminal.mark(mark)} ")
        if entry.outcome != "done" and entry.said:
            terminal.line(terminal.paint(entry.said, "quiet"), 13, 13)
    _show_next(terminal, record, taken)


def _show_next(terminal: Terminal, record: Record, taken: bool) -> None:
    """How the run is undone, and resumed where it did not come to its end: commands that name its project and its context."""
    if taken or records.is_under_way(record):
        return
    if record.finished != "done":
        terminal.line(terminal.say(Text("To resume it:")))
        terminal.verbatim(record.again, 4)
    if record.changes and not record.is_undo:
        terminal.line(terminal.say(Text("To undo it:")))
        terminal.verbatim(record.undoing, 4)
