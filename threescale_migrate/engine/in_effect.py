"""Which recorded runs count for a project, which of them are in effect, and which an undo is about. It reads no file."""

from __future__ import annotations

from collections.abc import Iterable

from ..values import Text, Usage
from .records import Record, one_of


def of_identity(known: Iterable[Record], uid: str | None) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
    """The runs that count for the project with that uid, and those of another project of the same name. Where either uid is not
    known, the name has to do (fact 27)."""
    listed = tuple(known)
    mine = tuple(record for record in listed if not uid or record.uid in ("", uid))
    return mine, tuple(record for record in listed if record not in mine)


def undone(known: Iterable[Record]) -> set[str]:
    """The names of the runs that a later run has undone. An undo of some configs leaves the run in effect, as far as it is."""
    return {run for record in known if record.finished == "done" and not record.only for run in record.undoes}


def to_undo(known: Iterable[Record], run: str | None = None) -> tuple[Record, ...]:
    """The runs of one project that `undo` is about, newest first; none if nothing is in effect.

    A run by its name, or the beginning of it; else all that are in effect, so that a migration in several runs is one: twice is
    once. An undo that did not come to its end is resumed, as is one that is named. Raises Usage for an unknown name, and for an
    undo that is complete.
    """
    ordered = sorted(known, key=lambda record: record.order, reverse=True)
    changed = [record for record in ordered if record.changes]
    chosen = one_of(ordered, run) if run is not None else next(iter(changed), None)
    if chosen is not None and chosen.is_undo:
        if chosen.finished != "done":
            return tuple(record for record in ordered if record.run in chosen.undoes and not record.is_undo)
        if run is not None:
            why = "run {run} is an undo, which is not undone itself: to migrate again, run threescale-migrate migrate"
            raise Usage(Text(why, run=chosen.run))
    if run is not None and chosen is not None:
        return (chosen,)
    gone = undone(ordered)
    return tuple(record for record in changed if not record.is_undo and record.run not in gone)
