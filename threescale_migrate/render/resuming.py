"""How a recorded run is resumed and undone: the command lines for it, from what its journal says of the first one. It reads none."""

from __future__ import annotations

from ..engine.records import Record
from ..shell import PROGRAM, Invocation
from ..values import Translate


def invocation_of(record: Record) -> Invocation:
    """What a command has to name to work on the project of a run, and what the run was called with."""
    first = record.lines[0]
    return Invocation(
        record.project,
        str(first.get("context") or ""),
        str(first.get("kubeconfig") or ""),
        record.command,
        tuple(map(str, first.get("given") or ())),
        tuple(map(str, first.get("arguments") or ())),
        record.server,
    )


def again(record: Record) -> str:
    """The command that resumes a run, or checks again: the same one with all the options that limited it. One that changes something makes sure
    of the server, since a context of that name may lead elsewhere by then."""
    place, first = invocation_of(record), record.lines[0]
    if "given" not in first:  # as an earlier version wrote it: the words as they were typed
        words = [str(word) for word in first.get("command_line") or (PROGRAM, record.command)]
        return place.line(words)
    sure = () if record.command == "verify" else (f"--expect-server={record.server}",)
    return place.line((PROGRAM, record.command, *place.arguments, *sure))


def undo(record: Record) -> str:
    """The command that undoes a run, and no other."""
    return invocation_of(record).line((PROGRAM, "undo", record.run))


def by_undo(translate: Translate) -> Translate:
    """The same language where an undo is being carried out: what is fixed is followed by that again, not by a migration."""

    def spoken(template: str, many: str = "", count: int = 1) -> str:
        return translate(template, many, count).replace(f"{PROGRAM} migrate", f"{PROGRAM} undo")

    return spoken
