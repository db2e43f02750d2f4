"""The clock of commands that run in the test's process: while one runs, sleeping moves it on and takes no time.

It takes the place of `time.time`, `time.monotonic` and `time.sleep` when it is imported, so that is done before the package is
imported, which binds them. Outside of a command it is the machine's clock. A rehearsal cluster keeps its time in its file, by
the machine's clock: how far a command's clock is ahead is written there before a process looks at it (`settle`).
"""

from __future__ import annotations

import os
import select
import threading
import time
from contextlib import ExitStack
from types import ModuleType
from typing import Any

# The rehearsal takes no function out of `time`, so that it may be imported already.
from tests.support import memory
from tests.support.memory import MEMORY
from threescale_migrate.rehearsal import launch, store

real_time, real_monotonic, real_sleep, real_select = time.time, time.monotonic, time.sleep, select.select
# A command that sleeps longer than this waits for ever: no deadline of the tests is as long.
LONGEST = 6 * 3600.0


class WaitsForEver(AssertionError):
    """A command has slept for hours."""


class TooLate(BaseException):
    """The time that a call of `oc` has was over while it slept."""


class Clock:
    """How far it is ahead of the machine's: `ahead` for the command, `cluster` for what the clusters' files do not know yet."""

    def __init__(self) -> None:
        self.running = False
        self.ahead = self.cluster = 0.0
        self.directories: set[str] = set()  # of the clusters that the command has asked
        self._lock = threading.Lock()
        self.call = threading.local()  # `ends`: the moment at which the call of this thread has to be over

    def begin(self) -> None:
        """A command begins."""
        self.ahead = self.cluster = 0.0
        self.directories.clear()
        self.running = MEMORY.on = True

    def restart(self) -> None:
        """In a copy of a process in which a command runs: here none does."""
        self.running = MEMORY.on = False
        self.call.__dict__.clear()

    def end(self) -> None:
        """It has ended."""
        self.settle()
        self.running = False
        MEMORY.end()

    def sleep(self, seconds: float) -> None:
        """Sleeps, as `time.sleep` does. Raises TooLate, WaitsForEver."""
        if not self.running:
            real_sleep(seconds)
            return
        ends = getattr(self.call, "ends", None)
        left = seconds if ends is None else min(seconds, max(0.0, ends - monotonic()))
        with self._lock:
            self.ahead += left
            self.cluster += left
        real_sleep(0)
        if left < seconds:
            raise TooLate
        if self.ahead > LONGEST:
            raise WaitsForEver(f"it has slept {self.ahead:.0f} s")

    def settle(self) -> None:
        """Writes what the clusters' files do not know yet."""
        if not self.cluster:
            MEMORY.flush()
            return
        with ExitStack() as opened:
            stores = [
                opened.enter_context(store.Opened(path)) for path in sorted(self.directories) if os.path.exists(path)
            ]
            with self._lock:
                for one in stores:
                    one.clock.data["real"] -= self.cluster
                self.cluster = 0.0
        MEMORY.flush()


CLOCK = Clock()


def now() -> float:
    return real_time() + CLOCK.ahead if CLOCK.running else real_time()


def monotonic() -> float:
    return real_monotonic() + CLOCK.ahead if CLOCK.running else real_monotonic()


def sleep(seconds: float) -> None:
    CLOCK.sleep(seconds)


def waiting(
    readable: Any, writable: Any, failed: Any, seconds: float | None = None
) -> tuple[list[Any], list[Any], list[Any]]:
    """`select.select`: where only a signal could end it early, as in a command's pause between two looks, it sleeps."""
    if not CLOCK.running or seconds is None or len(readable) > 1 or writable or failed:
        return real_select(readable, writable, failed, seconds)
    found = real_select(readable, writable, failed, 0)
    if not any(found):
        CLOCK.sleep(seconds)
    return found


class ClusterTime(ModuleType):
    """`time` as the rehearsal cluster has it."""

    def __init__(self) -> None:
        super().__init__("time")

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)

    def time(self) -> float:
        return real_time() + CLOCK.cluster if CLOCK.running else real_time()


def _install() -> None:
    time.time, time.monotonic, time.sleep, select.select = now, monotonic, sleep, waiting  # type: ignore[assignment]
    memory.install()
    mine = ClusterTime()
    for module in (store, launch):
        module.time = mine  # type: ignore[attr-defined]
    lock = store.lock

    def locked(directory: Any) -> int:
        if CLOCK.running:
            CLOCK.directories.add(os.path.abspath(directory))
        return lock(directory)

    store.lock = locked


if time.time is not now:
    _install()
