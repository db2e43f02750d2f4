"""Reads journals: what each run did, which of them belong to a project, and which are in effect. It writes nothing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import files
from ..guide.change import Change
from ..guide.config_changes import RolloutCancelled
from ..guide.kept_data import DataKept, Owed, after
from ..guide.undo_plan import revived
from ..language import system_error
from ..shell import Invocation
from ..values import PROGRAM, Command, Fix, Text, Usage
from . import journal_lines
from .journal import CHANGED, FORMAT, UNSENT, JournalError, NoJournal, whole_number
from .journal_directory import host_part, safe_name, state_home
from .lock import LOCK, holder, is_alive

# A run of a thousand configs with all its rollouts writes some megabytes.
LARGEST = 1 << 28


@dataclass(frozen=True)
class Entry:
    """One change of a recorded run, with its call and what that reads. `outcome` is done, failed, present (somebody had done it already) or unknown; unknown as
    well where the run died in it."""

    change: Change
    argv: tuple[str, ...]
    outcome: str
    said: str
    began: str
    seconds: float | None = None
    stdin: str | None = None


@dataclass(frozen=True)
class Record:
    """A run as its journal records it. `finished` is None if it died before its end; `torn` where the last line is cut."""

    run: str
    sequence: int
    path: Path
    command: str
    server: str
    project: str
    user: str
    began: str
    ended: str
    state: Mapping[str, Any]
    entries: tuple[Entry, ...]
    lines: tuple[Mapping[str, Any], ...]
    finished: str | None
    exit_code: int | None
    torn: bool

    @property
    def order(self) -> tuple[int, str]:
        """What runs of one project are ordered by: their numbers; a clock may have been set back between two of them."""
        return self.sequence, self.run

    @property
    def changes(self) -> tuple[Entry, ...]:
        """The actions that changed the project, or may have."""
        return tuple(entry for entry in self.entries if entry.outcome in CHANGED)

    @property
    def uid(self) -> str:
        """The uid of the project that it changed; empty if that was not known."""
        return str(self.lines[0].get("uid") or "")

    @property
    def only(self) -> tuple[str, ...]:
        """The configs that an undo was limited to; none if it was not."""
        return tuple(str(name) for name in self.lines[0].get("only") or ())

    @property
    def is_undo(self) -> bool:
        """Whether it put back what other runs had changed."""
        return self.command == "undo"

    @property
    def place(self) -> Invocation:
        """What a command has to name to work on the project of the run, and what the run was called with."""
        first = self.lines[0]
        given, arguments = (tuple(map(str, first.get(key) or ())) for key in ("given", "arguments"))
        where = (str(first.get("context") or ""), str(first.get("kubeconfig") or ""))
        return Invocation(self.project, *where, self.command, given, arguments, self.server)

    @property
    def again(self) -> str:
        """The command that resumes the run, or checks again: the same one with all the options that limited it. One that changes something
        makes sure of the server, since a context of that name may lead elsewhere by then."""
        sure = () if self.command == "verify" else (f"--expect-server={self.server}",)
        return self.place.line((PROGRAM, self.command, *self.place.arguments, *sure))

    @property
    def undoing(self) -> str:
        """The command that undoes the run, and no other."""
        return self.place.line((PROGRAM, "undo", self.run))

    @property
    def data(self) -> tuple[Mapping[str, Any], ...]:
        """What it did about data that redeployments empty, line by line."""
        return tuple(line for line in self.lines if line.get("event") == "data")

    @property
    def undone(self) -> bool:
        """Whether it failed and has undone by itself all that it had changed."""
        return any(line.get("event") == "undone" and line.get("whole") is True for line in self.lines)

    @property
    def undoes(self) -> tuple[str, ...]:
        """The runs that this one undoes."""
        return tuple(str(run) for run in self.lines[0].get("undoes") or ())


def read(path: Path) -> Record:
    """Reads a journal; a torn last line is left out and said.

    Raises NoJournal for a file that records no start, as that of a run that was killed before it, and JournalError for one
    that cannot be read or is damaged.
    """
    try:
        raw = files.read(path, LARGEST)
    except OSError as error:
        why = system_error(error)
        raise JournalError(Text("the journal {path} cannot be read ({why})", path=str(path), why=why)) from None
    *whole, rest = raw.split(b"\n")
    lines = [_line(path, number, piece) for number, piece in enumerate(whole, 1)]
    first = lines[0] if lines else {}
    if not lines:
        raise NoJournal(Text("{path} records no start", path=str(path)))
    if first.get("event") != "start":
        raise JournalError(Text("{path} is not a journal: its first line does not record a start", path=str(path)))
    if first.get("version") != FORMAT:
        raise JournalError(Text("the journal {path} was written by another version of this tool", path=str(path)))
    for number, line in enumerate(lines, 1):
        if not journal_lines.fits(line):
            raise _damaged(path, number)
    return record_of(lines, path, rest != b"")


def record_of(lines: Sequence[Mapping[str, Any]], path: Path, torn: bool = False) -> Record:
    """The run that the lines record, the first of which is its start. Raises JournalError for a line that records no action."""
    first = lines[0]
    finish = next((line for line in reversed(lines) if line.get("event") == "finish"), None)
    return Record(
        run=str(first.get("run")),
        sequence=whole_number(first.get("sequence")),
        path=path,
        command=str(first.get("command")),
        server=str(first.get("server")),
        project=str(first.get("project")),
        user=str(first.get("user")),
        began=str(first.get("at")),
        ended=str(lines[-1].get("at")),
        state=first.get("state") or {},
        entries=tuple(_entries(path, lines)),
        lines=tuple(lines),
        finished=None if finish is None else str(finish.get("outcome")),
        exit_code=None if finish is None else finish.get("exit_code"),
        torn=torn,
    )


def _line(path: Path, number: int, raw: bytes) -> Mapping[str, Any]:
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        line = None
    if isinstance(line, dict):
        return line
    if number == 1:
        return {}
    raise _damaged(path, number)


def _damaged(path: Path, number: int) -> JournalError:
    return JournalError(
        Text(
            "line {number} of the journal {path} is damaged: what it recorded is not known; undo --to-default works without it",
            number=number,
            path=str(path),
        )
    )


def _entries(path: Path, lines: Sequence[Mapping[str, Any]]) -> Iterator[Entry]:
    ends = {line.get("action"): line for line in lines if line.get("event") == "end"}
    for number, line in enumerate(lines, 1):
        if line.get("event") != "begin":
            continue
        try:
            entry = _entry(line, ends.get(int(line["action"]), {}))
            if entry.outcome != UNSENT:
                yield entry
        except (KeyError, TypeError, ValueError, AttributeError):
            raise _damaged(path, number) from None


def _entry(line: Mapping[str, Any], end: Mapping[str, Any]) -> Entry:
    return Entry(
        change=revived(line["change"]),
        argv=tuple(line["argv"]),
        stdin=line.get("stdin"),
        outcome=str(end.get("outcome") or "unknown"),
        said=str(end.get("said") or ""),
        began=str(line.get("at")),
        seconds=end.get("seconds"),
    )


def is_under_way(record: Record) -> bool:
    """Whether a run without an end is still under way: its process is the one that has written itself into the lock."""
    if record.finished is not None:
        return False
    try:
        descriptor = os.open(record.path.parent / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        pid, _, host = holder(descriptor)
    finally:
        os.close(descriptor)
    return pid == str(record.lines[0].get("pid")) and is_alive(pid, host)


def records(
    server: str | None = None, project: str | None = None, problems: list[Text] | None = None
) -> tuple[Record, ...]:
    """The runs of one project, or all of them, project by project, oldest first. Runs that never began are skipped.

    What is wrong with journals that cannot be read goes into `problems`: one that is odd is named and left out.
    """
    pattern = f"{host_part(server) if server else '*'}/{safe_name(project) if project else '*'}/*.jsonl"
    found = []
    for path in sorted(state_home().glob(pattern)):
        try:
            record = read(path)
        except NoJournal:
            continue
        except JournalError as error:
            if problems is not None:
                problems.append(error.text)
            continue
        if server in (None, record.server) and project in (None, record.project):
            found.append(record)
    return tuple(sorted(found, key=lambda record: (str(record.path.parent), record.order)))


def one_of(known: Iterable[Record], run: str) -> Record:
    """The run of that name, or the only one whose name begins so. Raises Usage."""
    found = [record for record in known if record.run.startswith(run)]
    exact = [record for record in found if record.run == run]
    if len(found) != 1 and len(exact) != 1:
        sentence = "there is more than one run {run}: give more of its name" if found else "there is no run {run}"
        raise Usage(Text(sentence, run=run), Fix(commands=(Command((PROGRAM, "history")),)))
    return (exact or found)[0]


def owed(known: Iterable[Record]) -> tuple[Owed, ...]:
    """The dumps that runs of one project, oldest first, have taken and that none has restored."""
    found: tuple[Owed, ...] = ()
    for record in sorted(known, key=lambda record: record.order):
        for line in record.data:
            data = DataKept.revived(line["change"])
            found = after(found, line["state"], data, record.run, line["at"], line.get("pod_uid") or "")
    return found


def cancelled_by(known: Iterable[Record]) -> dict[str, str]:
    """The replication controllers whose rollout was cancelled by a run, with the run."""
    return {
        entry.change.controller: record.run
        for record in known
        for entry in record.changes
        if isinstance(entry.change, RolloutCancelled)
    }
