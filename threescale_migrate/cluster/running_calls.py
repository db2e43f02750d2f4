"""The processes that run now, and how all of them are ended at once. It starts none: what does adds its own here."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import Protocol


class Group(Protocol):
    """A process with all that it has started."""

    def kill_group(self) -> None:
        """Ends them. Raises OSError if none is there any more."""


# What runs; the threads that are starting something; whether this program was asked to end; and what to do as soon as the interrupted
# thread has started its process. They are lists, which a signal handler may read at any moment: a lock could be
# held by the code that it interrupts.
running: list[Group] = []
_starting: list[int] = []
asked: list[bool] = []
_once_started: list[Callable[[], None]] = []


def end_running_calls(then: Callable[[], None]) -> None:
    """Ends each process that runs now, in whatever thread, keeps any from being started, and does `then`; for a signal handler.

    One that is just being started is ended as soon as it can be.
    """
    asked.append(True)
    if threading.get_ident() in _starting:
        _once_started.append(then)
        return
    for process in tuple(running):
        end(process)
    then()


def end(process: Group) -> None:
    """Ends a process with all that it has started: a child that is left would hold its output open."""
    with suppress(OSError):  # it has ended by itself
        process.kill_group()


@contextmanager
def while_starting() -> Iterator[None]:
    """Within it a process is started and added to `running`; a signal that comes meanwhile is acted on at its end."""
    me = threading.get_ident()
    _starting.append(me)
    try:
        yield
    finally:
        _starting.remove(me)
        if _once_started and me == threading.main_thread().ident:
            end_running_calls(_once_started.pop())


@contextmanager
def ends_with_the_calls(process: Group) -> Iterator[None]:
    """Within it, what ends the calls of `oc` at once ends that process too."""
    running.append(process)
    try:
        yield
    finally:
        running.remove(process)


def patient(seconds: float) -> None:
    """Waits between two tries, no longer than this program may run."""
    ends = monotonic() + seconds
    while not asked and monotonic() < ends:
        sleep(min(0.1, max(0.0, ends - monotonic())))
