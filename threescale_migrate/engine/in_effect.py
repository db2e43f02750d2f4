"""Which recorded runs count for a project, which of them are in effect, and which an undo is about. It reads no file."""

from __future__ import annotations

from collections.abc import Iterable

from .records import Record, one_of


def of_identity(known: Iterable[Record], uid: str | None) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
    """The runs that count for the project with that uid, and those of another project of the same name. Where either uid is not
    known, the name has to do (fact 27)."""
    listed = tuple(known)
    mine = tuple(record for record in listed if not uid or record.uid in ("", uid))
    return mine, tuple(record for record in listed if record not in mine)


def undone(known: Iterable[Record]) -> set[str]:
    """The names of the runs that a later run has undone, and that no run has brought into effect again. An undo of some
    configs leaves the run in effect, as far as it is."""
    taken: set[str] = set()
    for record in sorted(known, key=lambda record: record.order, reverse=True):
        if record.run not in taken and record.finished == "done" and not record.only:
            taken.update(record.undoes)
    return taken


def to_undo(known: Iterable[Record], run: str | None = None, redo: bool = False) -> tuple[Record, ...]:
    """The runs of one project that `undo` is about, newest first; none if nothing is in effect.

    A run by its name, or the beginning of it; with `redo` the newest undo that came to its end; else the newest migration that
    is in effect, with all before it that are, so that a migration in several runs is one: twice is once. An undo that did not
    come to its end is resumed. Raises Usage for an unknown name.
    """
    ordered = sorted(known, key=lambda record: record.order, reverse=True)
    if run is not None:
        chosen = one_of(ordered, run)
        return (chosen, *_attempts(chosen, ordered))
    taken = undone(ordered)
    effective = [record for record in ordered if record.run not in taken and record.changes]
    undos = [record for record in effective if _came_to_its_end(record) and not _is_redo(record, ordered)]
    if redo:
        return (undos[0], *_attempts(undos[0], ordered)) if undos else ()
    if effective and effective[0].undoes and not _came_to_its_end(effective[0]):
        newest = effective[0]
        return (newest, *(record for record in ordered if record.run in newest.undoes))
    found = []
    for record in effective:
        if record not in undos:
            found.append(record)
        elif not record.only:
            break
    return tuple(found)


def _came_to_its_end(record: Record) -> bool:
    return bool(record.undoes) and record.finished == "done"


def _is_redo(record: Record, known: Iterable[Record]) -> bool:
    """Whether what a run undid were undos that had come to their end, so that a migration is in effect again."""
    undone = [other for other in known if other.run in record.undoes]
    return any(_came_to_its_end(other) and not _is_redo(other, known) for other in undone)


def _attempts(record: Record, ordered: Iterable[Record]) -> tuple[Record, ...]:
    """The attempts that an undo continued: what they changed is a part of it. One that was complete is what it undid instead."""
    return tuple(
        other for other in ordered if other.run in record.undoes and other.undoes and not _came_to_its_end(other)
    )
