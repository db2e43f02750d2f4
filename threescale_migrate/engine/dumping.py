"""Saves the content of a database in a private file, and restores it into the pod that took its place.

What is in the file, and what it means, is `guide/dumps.py`'s. Rows are never held in memory, shown or journaled: they go from `oc`
into the file and from the file into `oc`, and of what the programs in the pod say only numbers are taken.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import monotonic
from typing import BinaryIO

from .. import shell
from ..cluster.call_files import Stream
from ..cluster.oc import Oc
from ..cluster.oc_errors import Call, OcError, RequestTimeout, classify
from ..cluster.state import ProjectState
from ..exit_codes import ExitCode
from ..guide import dumps
from ..guide.dumps import Dump, Making
from ..safe_text import cut
from ..values import NO_FIX, Command, Fix, Text
from .rollout_wait import wait
from .run import Run
from .run_failure import Failed, Failure

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


def dump(oc: Oc, config: str, pod: str, path: Path) -> Dump:
    """Saves the content of a config's database. Raises OcError if it cannot be had whole, OSError; no file is left then."""
    part = path.with_name(f"{path.name}.part")
    making = Making()
    about = (
        f"The content of {config} in project {oc.namespace}, as pg_dumpall -c --if-exists printed it in pod {pod}.",
        "Played back, it takes the place of what is in the database then. Two errors about the superuser's role are expected.",
        command(oc, config, "FILE"),
    )
    try:
        _print(oc, dumps.dumping(pod), part, config)
        with open(part, "rb") as source, _private(path) as file:
            for piece in making.ready(_pieces(source), about):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if not making.whole:
            raise _unsaved(config, Text("the output of oc is incomplete"))
    except BaseException:
        with suppress(OSError):
            os.unlink(path)
        raise
    finally:
        with suppress(OSError):
            os.unlink(part)
    return Dump(config, pod, str(path), making.found())


def _print(oc: Oc, args: tuple[str, ...], path: Path, config: str) -> None:
    """Has oc print into a file, again if it fails for a reason that passes. Raises OcError, OSError."""

    def once() -> None:
        with suppress(FileNotFoundError):
            os.unlink(path)
        with _private(path) as file:
            try:
                call = oc.answer(args, stream=Stream(into=file, seconds=dumps.SECONDS))
            except RequestTimeout as error:
                raise _unsaved(config, error.text, RequestTimeout, passing=False) from None
        if call.exit_code:
            own = " ".join(_OF_OC.findall(call.stderr))
            said = own or " ".join(_OF_PG_DUMP.findall(call.stderr))
            why = Text("{said}", said=cut(oc.redact(said), 300)) if said else _ended(call)
            raise _unsaved(config, why, classify(call.exit_code, own) if own else None)

    oc.retry(once, TRIES)


def _unsaved(config: str, why: Text, kind: type[OcError] | None = None, passing: bool | None = None) -> OcError:
    failed = Text("the content of {config} could not be saved: {why}", config=config, why=why)
    error = (kind or OcError)(Text.sentences(failed, Text("nothing was changed")))
    if passing is not None:
        error.passing = passing
    return error


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


def restore_content(run: Run, state: ProjectState, names: tuple[str, ...]) -> ProjectState:
    """Restores the run's dump, if a wave of these configs has emptied its database. Gives the state after it.

    A dump is restored once, and only into another pod than the one that it is from: an emptyDir lives as long as its pod.
    Raises Failed with exit code 5 where not each row is back, what waiting raises.
    """
    kept = run.restore
    if kept is None or run.restored_in or kept.config not in names:
        return state
    pod = dumps.pod_of(state, kept.config)
    if pod is None:
        raise _unrestored(run, kept, Text("it has no ready pod"))
    if pod.name == kept.pod or not state.configs[kept.config].empty_dirs:
        run.restored_in = pod.name
        run.watcher.note(Text("{config} has kept its content: nothing is restored", config=kept.config))
        return state
    run.watcher.note(
        Text(
            "{config}: restoring {rows} rows of {tables} tables",
            config=kept.config,
            rows=kept.rows,
            tables=len(kept.tables),
        )
    )
    began = monotonic()
    run.journal.write(
        "restore", config=kept.config, pod=pod.name, dump=kept.path, tables=len(kept.tables), rows=kept.rows
    )
    why = _play(run, kept, pod.name)
    seconds = round(monotonic() - began, 3)
    run.journal.write("restored", config=kept.config, outcome="failed" if why else "done", seconds=seconds)
    if why is not None:
        raise _unrestored(run, kept, why)
    run.restored_in = pod.name
    run.watcher.note(Text("{config}: each table has as many rows as before", config=kept.config))
    # While it was restored nobody else was let in, its own probe neither.
    return wait(run, run.observe(cluster=False, secret=False), (kept.config,))


def _play(run: Run, kept: Dump, pod: str) -> Text | None:
    """Restores a dump; gives why not all of it is there, None if it is."""
    why: Text | None = None
    for _ in range(TRIES):
        try:
            with open(kept.path, "rb") as source:
                call: Call | None = run.oc.change(
                    dumps.playing(pod), None, run.journal, Stream(source=source, seconds=dumps.SECONDS)
                )
        except OSError as error:
            return Text("{path} cannot be read ({why})", path=kept.path, why=error.strerror or type(error).__name__)
        except OcError as error:
            call, why = error.call, error.text  # with a call, its words are those of the pod, and are not shown
        if call is None:
            return why
        if call.exit_code == 0:
            return _compared(kept, call)
        why = _stopped(run.oc, call)
        if call.exit_code != 2 or run.stop.exit_code is not None:  # with 2 psql says that its connection is gone
            break
        run.stop.sleep(2.0)
    return why


def _compared(kept: Dump, call: Call) -> Text | None:
    counts = dumps.played(call.stdout)
    if counts is None:
        return Text("psql did not reach the end of the dump")
    found = dumps.differences(kept, counts)
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


def _unrestored(run: Run, kept: Dump, why: Text) -> Failed:
    run.restore = None
    first = Text("{config}: its content was not restored: {why}", config=kept.config, why=why)
    return Failed(Failure((first,), fix=_by_hand(kept), undo=run.undoing), ExitCode.ROLLOUT_FAILED)


def _by_hand(kept: Dump) -> Fix:
    return Fix(
        Text(
            "the content of {config} from before is complete in {path}: restore it by hand",
            config=kept.config,
            path=kept.path,
        ),
        (Command(("oc", *dumps.by_hand(kept.config)), reads=kept.path),),
    )


def owed(run: Run) -> Fix:
    """What has to be said at the end of a run that failed after it had emptied a database, and before it was filled again."""
    kept, state = run.restore, run.seen
    if kept is None or state is None or kept.config not in state.configs:
        return NO_FIX
    pod = dumps.pod_of(state, kept.config)
    if pod is not None and pod.name in (kept.pod, run.restored_in):
        return NO_FIX
    return _by_hand(kept)
