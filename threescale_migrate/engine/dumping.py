"""Saves the content of a database in a private file, and restores it into a pod.

What is in the file, and what it means, is `guide/dumps.py`'s; when that is done, `data_keeping.py`'s. Rows are never held in
memory, shown or journaled: they go from `oc` into the file and from the file into `oc`, and of what the programs in the pod say only
numbers are taken.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import BinaryIO

from .. import shell
from ..cluster.call_files import Stream
from ..cluster.oc import Oc
from ..cluster.oc_errors import Call, OcError, RequestTimeout, classify
from ..files import flush_directory, opened
from ..guide import dumps
from ..guide.dumps import Making
from ..guide.kept_data import DataRestored
from ..safe_text import cut
from ..values import Command, Text
from .run import Run

# A line is read in pieces of so many bytes: one with a picture in it is long.
PIECE = 1 << 16
TRIES = 3
# What oc says itself, whatever the program in the pod said.
_OF_OC = re.compile(
    r"^(?:Error from server.*|error: .*|Unable to connect to the server.*|The connection to the server.*)$",
    re.MULTILINE,
)
_OF_PG_DUMP = re.compile(r"^(?:pg_dump(?:all)?|bash): .*$", re.MULTILINE)
_STOPPED_AT = re.compile(r"^psql:<stdin>:(\d+): ", re.MULTILINE)


def dump(oc: Oc, config: str, pod: str, path: Path) -> Making:
    """Saves the content of a config's database. Raises OcError if it cannot be had whole, OSError; no file is left then."""
    part = path.with_name(f"{path.name}.part")
    making = Making()
    about = (
        f"The content of {config} in project {oc.namespace}, as pg_dumpall -c --if-exists printed it in pod {pod}.",
        "Played back, it takes the place of what is in the database then. Two errors about the superuser's role are expected.",
        command(oc, config, "FILE"),
    )
    try:
        _print(oc, dumps.dumping(pod), part)
        with open(part, "rb") as source, _private(path) as file:
            for piece in making.ready(_pieces(source), about):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if not making.whole:
            raise OcError(Text("the output of oc is incomplete"))
        flush_directory(path.parent)
    except BaseException:
        with suppress(OSError):
            os.unlink(path)
        raise
    finally:
        with suppress(OSError):
            os.unlink(part)
    return making


def holds(path: Path, other: Path) -> bool:
    """Whether each row of the second file is in the first. Raises OSError."""
    with opened(path) as one, opened(other) as two:
        return not dumps.rows_in(_pieces(two)) - dumps.rows_in(_pieces(one))


def _print(oc: Oc, args: tuple[str, ...], path: Path) -> None:
    """Has oc print into a file, again if it fails for a reason that passes. Raises OcError, OSError."""

    def once() -> None:
        with suppress(FileNotFoundError):
            os.unlink(path)
        with _private(path) as file:
            try:
                call = oc.answer(args, stream=Stream(into=file, seconds=dumps.SECONDS))
            except RequestTimeout as error:
                error.passing = False
                raise
        if call.exit_code:
            own = " ".join(_OF_OC.findall(call.stderr))
            said = own or " ".join(_OF_PG_DUMP.findall(call.stderr))
            why = Text("{said}", said=cut(oc.redact(said), 300)) if said else _ended(call)
            raise ((classify(call.exit_code, own) if own else None) or OcError)(why)

    oc.retry(once, TRIES)


def _ended(call: Call) -> Text:
    return Text("the program in the pod ended with exit code {code}", code=call.exit_code)


def _private(path: Path) -> BinaryIO:
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "wb")


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    return iter(partial(source.readline, PIECE), b"")


def command(oc: Oc, config: str, path: str) -> str:
    """The command that restores a dump by hand, to be pasted."""
    place = shell.Invocation(oc.namespace or "", oc.context or "", oc.kubeconfig or "")
    return place.pasted(Command(("oc", *dumps.by_hand(config)), reads=path))


def play(run: Run, change: DataRestored) -> Text | None:
    """Restores a dump; gives why not all of it is there, None if it is."""
    why: Text | None = None
    for _ in range(TRIES):
        try:
            with opened(Path(change.path)) as source:
                call: Call | None = run.oc.change(
                    change.args, None, run.journal, Stream(source=source, seconds=dumps.SECONDS)
                )
        except OSError as error:
            return Text("{path} cannot be read ({why})", path=change.path, why=error.strerror or type(error).__name__)
        except OcError as error:
            call, why = error.call, error.text  # with a call, its words are those of the pod, and are not shown
        if call is None:
            return why
        if call.exit_code == 0:
            return _compared(change, call)
        why = _stopped(run.oc, call)
        if call.exit_code != 2 or run.stop.exit_code is not None:  # with 2 psql says that its connection is gone
            break
        run.stop.sleep(2.0)
    return why


def _compared(change: DataRestored, call: Call) -> Text | None:
    counts = dumps.played(call.stdout)
    if counts is None:
        return Text("psql did not reach the end of the dump")
    found = dumps.differences(change.tables, counts)
    if not found:
        return None
    return Text.plural(
        "{count} table does not have as many rows as before: {first}",
        "{count} tables do not have as many rows as before: {first}",
        count=len(found),
        first=found[0],
    )


def _stopped(oc: Oc, call: Call) -> Text:
    """Where psql stopped. Its own words can quote a row."""
    own = " ".join(line for line in _OF_OC.findall(call.stderr))
    lines = _STOPPED_AT.findall(call.stderr)
    if lines:
        return Text("psql stopped at line {line} of the dump", line=lines[-1])
    return Text("{said}", said=oc.redact(own)[:300]) if own else _ended(call)
