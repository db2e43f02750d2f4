"""What a signal does: a command that only looks ends at once, a run that changes a project after the call under way.

A terminal that is closed (SIGHUP) counts as a signal to end, unless it was asked to be ignored, as `nohup` does.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from ..cluster.running_calls import end_running_calls
from ..exit_codes import ExitCode
from ..values import PROGRAM, Command, Text

EXIT_CODES = {
    signal.SIGHUP: ExitCode.HUNG_UP,
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
}
# Shows the cursor, and ends colours.
SANE = b"\x1b[?25h\x1b[0m"
Handler = Callable[[int, object], None]


class Stopped(Exception):
    """A signal asked the program to end. `exit_code` is 129, 130 or 143; `changes` how many changes a run had made, or may have,
    `again` the command that resumes it, `others` how all stands."""

    def __init__(self, exit_code: ExitCode, changes: int = 0) -> None:
        super().__init__(exit_code.name)
        self.exit_code = exit_code
        self.changes = changes
        self.again = "migrate"
        self.others: tuple[Text, ...] = ()

    @property
    def text(self) -> Text:
        """How the run ended."""
        if not self.changes:
            return Text("ended by a signal; nothing was changed")
        return Text.plural("interrupted after {count} change", "interrupted after {count} changes", count=self.changes)

    @property
    def undo(self) -> Command | None:
        """The command that undoes what was done; None if that is nothing, or it was an undo."""
        return Command((PROGRAM, "undo")) if self.changes and self.again != "undo" else None


class Stop:
    """Set by a signal handler, checked between calls; waiting ends at once when it is set.

    It is a pipe and not a threading.Event, whose lock the handler could find held by the code that it interrupts.
    """

    def __init__(self) -> None:
        self.exit_code: ExitCode | None = None
        self._wakes, self._wake = os.pipe()

    def ask(self, exit_code: ExitCode) -> None:
        """Asks the run to end."""
        if self.exit_code is None:
            os.write(self._wake, b".")
        self.exit_code = exit_code

    def check(self) -> None:
        """Raises Stopped once asked to end."""
        if self.exit_code is not None:
            raise Stopped(self.exit_code)

    def sleep(self, seconds: float) -> None:
        """Waits, at most `seconds`; not at all once asked to end."""
        select.select([self._wakes], [], [], seconds)

    def pause(self, seconds: float) -> None:
        """Waits as sleep does. Raises Stopped once asked to end."""
        self.wait((), seconds)

    def wait(self, descriptors: Sequence[int], seconds: float | None) -> Sequence[int]:
        """Waits for one of the descriptors to have something to read, for ever where no time is given. Gives those that have;
        raises Stopped once asked to end."""
        ready = select.select([self._wakes, *descriptors], [], [], seconds)[0]
        self.check()
        return ready


@contextmanager
def at_once() -> Iterator[None]:
    """For a command that changes nothing, or nothing yet: a signal ends the call under way, and raises Stopped."""

    def handle(number: int, _frame: object) -> None:
        def stop() -> None:
            raise Stopped(EXIT_CODES[signal.Signals(number)])

        end_running_calls(stop)

    with _handling(handle):
        yield


@contextmanager
def in_order(stop: Stop, sentence: Callable[[], None]) -> Iterator[None]:
    """For a run: a signal asks it to end after the call under way, and `sentence` says so; a second SIGINT ends it at once.

    What it was doing then is left to its journal, as after kill -9.
    """

    def handle(number: int, _frame: object) -> None:
        first = stop.exit_code is None
        if not first and number == signal.SIGINT:
            end_running_calls(_exit)
            return
        stop.ask(EXIT_CODES[signal.Signals(number)])
        if first:
            with suppress(RuntimeError, OSError):  # it came in the middle of a line, or nobody listens
                sentence()

    with _handling(handle):
        yield


def _exit() -> None:
    with suppress(OSError):
        if sys.stderr.isatty():
            os.write(sys.stderr.fileno(), SANE + b"\n")
    os._exit(ExitCode.INTERRUPTED)


@contextmanager
def _handling(handler: Handler) -> Iterator[None]:
    """Sets the handler for the signals that are not ignored already: `nohup`, and `&` in a script, mean it."""
    owner = os.getpid()

    def handle(number: int, frame: object) -> None:
        if os.getpid() == owner:  # else it is a child that is about to become oc
            handler(number, frame)

    wanted = [number for number in EXIT_CODES if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in wanted}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
