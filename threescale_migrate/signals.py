"""What a signal does: a command that only looks ends at once, a run that changes a project after the call under way.

A terminal that is closed (SIGHUP) counts as a signal to end, unless it was asked to be ignored, as `nohup` does.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from .exit_codes import ExitCode
from .oc import end_running_call
from .values import Text

EXIT_CODES = {
    signal.SIGHUP: ExitCode.HUNG_UP,
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
}
# Shows the cursor, and ends colours.
SANE = b"\x1b[?25h\x1b[0m"
Handler = Callable[[int, object], None]


class Stopped(Exception):
    """A signal asked the program to end. `exit_code` is 129, 130 or 143; `changed` whether a run had begun to change things."""

    def __init__(self, exit_code: ExitCode, changed: bool = False) -> None:
        super().__init__(exit_code.name)
        self.exit_code = exit_code
        self.changed = changed

    @property
    def text(self) -> Text:
        """What has become of it."""
        if not self.changed:
            return Text("ended by a signal; nothing was changed")
        return Text(
            "ended by a signal: go on with threescale-migrate migrate, or take back what was done with threescale-migrate undo"
        )


@dataclass
class Stop:
    """Set by a signal handler, looked at between calls; waiting ends at once when it is set."""

    event: threading.Event = field(default_factory=threading.Event)
    exit_code: ExitCode = ExitCode.INTERRUPTED

    def ask(self, exit_code: ExitCode) -> None:
        """Asks the run to end."""
        self.exit_code = exit_code
        self.event.set()

    def check(self) -> None:
        """Raises Stopped once asked to end."""
        if self.event.is_set():
            raise Stopped(self.exit_code)

    def sleep(self, seconds: float) -> None:
        """Waits, at most `seconds`; not at all once asked to end."""
        self.event.wait(seconds)

    def pause(self, seconds: float) -> None:
        """Waits as sleep does. Raises Stopped once asked to end."""
        self.sleep(seconds)
        self.check()


@contextmanager
def at_once() -> Iterator[None]:
    """For a command that changes nothing, or nothing yet: a signal ends the call under way, and raises Stopped."""
    owner = os.getpid()

    def handle(number: int, _frame: object) -> None:
        if os.getpid() != owner:
            return  # in a child that is about to become oc
        end_running_call()
        raise Stopped(EXIT_CODES[signal.Signals(number)])

    with _handling(handle):
        yield


@contextmanager
def in_order(stop: Stop, told: Callable[[], None]) -> Iterator[None]:
    """For a run: a signal asks it to end after the call under way, and `told` says so; a second SIGINT ends it at once.

    What it was doing then is left to its journal, as after kill -9.
    """

    def handle(number: int, _frame: object) -> None:
        if stop.event.is_set() and number == signal.SIGINT:
            end_running_call()
            with suppress(OSError):
                if sys.stderr.isatty():
                    os.write(sys.stderr.fileno(), SANE + b"\n")
            os._exit(ExitCode.INTERRUPTED)
        first = not stop.event.is_set()
        stop.ask(EXIT_CODES[signal.Signals(number)])
        if first:
            with suppress(RuntimeError, OSError):  # it came in the middle of a line, or nobody listens
                told()

    with _handling(handle):
        yield


@contextmanager
def _handling(handler: Handler) -> Iterator[None]:
    """Sets the handler for the signals that are not ignored already: `nohup`, and `&` in a script, mean it."""
    wanted = [number for number in EXIT_CODES if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in wanted}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
