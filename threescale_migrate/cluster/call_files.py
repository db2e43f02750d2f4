"""The files that a call of `oc` reads from or writes to, if the data is too large or too secret to be held in memory or on a disk."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# How often it is looked whether a pipe has a reader; how long one that has read may take to see the end, before there is another.
LOOKS_SECONDS, READS_SECONDS = 0.02, 0.1


@dataclass(frozen=True)
class Stream:
    """Files that are a call's own standard input (`source`) and output (`into`), a descriptor that it may open by its number
    (`given`), and a time of its own in seconds."""

    source: BinaryIO | None = None
    into: BinaryIO | None = None
    seconds: float | None = None
    given: int | None = None


NONE = Stream()


@contextmanager
def readable_once_or_more(text: str) -> Iterator[tuple[str, Stream]]:
    """A path under which a call can read a text, and the stream that it needs for that. The text is in memory alone: however this
    program ends, it is on no disk.

    `oc` of today reads what `--registry-config` names twice, so that a pipe that is read to its end would not do.
    """
    memory = _in_memory(text.encode())
    if memory is None:
        with _through_a_pipe(text.encode()) as path:
            yield path, NONE
        return
    try:
        yield f"/dev/fd/{memory}", Stream(given=memory)
    finally:
        os.close(memory)


def _in_memory(raw: bytes) -> int | None:
    """The descriptor of a file in memory, which each who opens it reads from its beginning; None where the system has none."""
    try:
        memory = os.memfd_create("login", 0)
    except (AttributeError, OSError):
        return None
    os.write(memory, raw)
    return memory


@contextmanager
def _through_a_pipe(raw: bytes) -> Iterator[str]:
    """The path of a named pipe, in a directory that only its owner can enter, from which each reader gets the whole."""
    directory = tempfile.mkdtemp(prefix="threescale-migrate-")
    path = Path(directory) / "login"
    over = threading.Event()
    try:
        os.mkfifo(path, 0o600)
        writer = threading.Thread(target=_serve, args=(path, raw, over), daemon=True)
        writer.start()
        try:
            yield str(path)
        finally:
            over.set()
            writer.join()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _serve(path: Path, raw: bytes, over: threading.Event) -> None:
    while not over.wait(LOOKS_SECONDS):
        with suppress(OSError):  # nobody reads, or no longer
            descriptor = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                os.write(descriptor, raw)  # a pipe takes more at once than a login has
            finally:
                os.close(descriptor)
            over.wait(READS_SECONDS)
