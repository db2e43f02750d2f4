"""The lock that keeps two runs of one project apart: who holds it, and whether the holder is alive. It ends with its process."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .. import files
from ..cluster.oc import DEFAULT_CALL_TIMEOUT
from ..exit_codes import ExitCode
from ..values import Problem, Text
from .journal import now
from .journal_directory import make, unwritable

LOCK = "lock"


class Locked(Problem):
    """Another run holds the project's lock; `text` says which."""

    exit_code = ExitCode.LOCKED


@contextmanager
def lock(directory: Path, patience: float = DEFAULT_CALL_TIMEOUT) -> Iterator[int]:
    """Holds the project's lock and gives its descriptor; the lock ends with its process, and with the call of `oc` that has it.

    Where the holder is dead, it is its last call that holds the lock: that is waited for, `patience` seconds at most.
    Raises Locked, or Refused where the directory cannot be written.
    """
    try:
        make(directory)
        descriptor = files.open_lock(directory / LOCK)
    except OSError as error:
        raise unwritable(directory, error) from None
    try:
        try:
            _take(descriptor, patience)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()} {now()} {os.uname().nodename}\n".encode(), 0)
            os.set_inheritable(descriptor, True)  # for the calls that change something; oc.py closes it in all others
        except OSError as error:
            raise unwritable(directory, error) from None
        yield descriptor
    finally:
        # Given back and not only closed: what a call of `oc` has left running has the same descriptor, and would hold the lock.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _take(descriptor: int, patience: float) -> None:
    given_up = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            pid, since, host = holder(descriptor)
        if is_alive(pid, host):
            raise Locked(
                Text(
                    "another run holds this project's lock: pid {pid}, since {since}; wait until it has ended",
                    pid=pid,
                    since=since,
                )
            )
        if time.monotonic() >= given_up:
            raise Locked(
                Text(
                    "the run of pid {pid}, since {since}, was killed, and its last oc call, or what that call started, still runs:"
                    " stop it",
                    pid=pid,
                    since=since,
                )
            )
        time.sleep(0.05)


def holder(descriptor: int) -> tuple[str, str, str]:
    words = [*os.pread(descriptor, 200, 0).decode("ascii", "replace").split(), "?", "?", "?"]
    return words[0], words[1], words[2]


def is_alive(pid: str, host: str) -> bool:
    """Whether the holder may be; on another host, or before it has written its pid, it is."""
    if host != os.uname().nodename or not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
