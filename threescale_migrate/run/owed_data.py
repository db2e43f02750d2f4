"""What earlier runs have saved of a project's data and not restored: found in its journals, and said before all else.

Which runs count, and what they owe, is decided in `engine/records.py` and `engine/undo_sequence.py`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from .. import files
from ..cluster.location import Location, locate
from ..cluster.oc import Oc
from ..cluster.oc_errors import OcError
from ..cluster.state import ProjectState
from ..engine import records
from ..engine.data_keeping import DATA
from ..engine.journal_directory import directory_of
from ..engine.records import Record
from ..engine.undo_sequence import of_identity
from ..guide.kept_data import GIVEN_UP, Owed, of_owed, still_owed
from ..values import Check, Text, Usage, Verdict
from .session import Session

_MARK = b'"event": "data"'


def of_place(where: Location) -> tuple[Owed, ...]:
    """What is owed in a project."""
    return records.owed(of_identity(_known(where.server, where.project), where.uid)[0])


def given_up(where: Location) -> tuple[Path, ...]:
    """The files of what was saved in a project and need not be restored, as the user has said."""
    lines = [line for record in _known(where.server, where.project) for line in record.data]
    return tuple(Path(line["change"]["path"]) for line in lines if line["state"] == GIVEN_UP)


def _known(server: str, project: str) -> tuple[Record, ...]:
    """The runs of a project, none where none has saved anything: a command that only looks reads no journal for nothing."""
    for path in directory_of(server, project).glob("*.jsonl"):
        try:
            if _MARK in files.read(path, records.LARGEST):
                return records.records(server, project)
        except OSError:
            continue
    return ()


def checks(oc: Oc, server: str, state: ProjectState) -> tuple[Check, ...]:
    """What is owed in a project that was looked at, as checks that fail; its uid is asked for where a run has saved something."""
    known = _known(server, state.namespace)
    if not records.owed(known):
        return ()
    try:
        uid = locate(oc).uid
    except OcError:
        uid = None  # then the name has to do
    return tuple(map(of_owed, left(records.owed(of_identity(known, uid)[0]), state)))


def left(owed: Iterable[Owed], state: ProjectState) -> tuple[Owed, ...]:
    """Those that have to be restored; all of them where pods cannot be read."""
    return tuple(owed) if "pods" in state.unread else still_owed(owed, state)


def say(session: Session, found: Iterable[Check]) -> None:
    """Says it on lines of their own, with the command that restores it, however quiet the command is."""
    terminal = session.talk
    for check in found:
        sentence = Text("{subject}: {seen}", subject=check.subject, seen=check.seen)
        terminal.line(f"{terminal.mark(Verdict.FAILED)} {terminal.say(sentence)}", 0, 2)
        session.offer(check.fix)


def directory(session: Session, journals: Path) -> Path:
    """Where a run saves data: a directory of the user's, or one beside its journal. Raises Usage where that cannot be."""
    given = session.options.keep_data_in
    if given is None:
        return journals / DATA
    path = Path(given).absolute()
    if path.exists() and not (path.is_dir() and os.access(path, os.W_OK | os.X_OK)):
        raise Usage(Text("--keep-data-in: {path} is not a directory that can be written", path=str(path)))
    if not path.exists() and not path.parent.is_dir():
        raise Usage(Text("--keep-data-in: {path}: its parent directory does not exist", path=str(path)))
    return path
