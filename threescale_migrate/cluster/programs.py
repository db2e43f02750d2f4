"""Programs that a user names, and that are not `oc`: one that is run on the terminal, and one that only answers.

Beside `oc.py` it is the only place that starts processes. It knows nothing of what a program is asked.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from ..language import system_error
from ..values import Text
from .oc_errors import OcMissing
from .running_calls import ends_with_the_calls

KEPT_BYTES = 65536
# How long a program that has to end may tidy up.
TIDY_SECONDS = 1.0
# How long what is left of an answer is waited for once its program has ended: it is there already.
REST_SECONDS = 0.2
# Waits until one of some descriptors can be read, at most so many seconds, and gives those that can; raises what asks to end.
Wait = Callable[[Sequence[int], float], Sequence[int]]


@dataclass(frozen=True)
class Answered:
    """How a program ended: its exit code as a shell has it, None if its time was over; the end of what it wrote; how long it ran."""

    exit_code: int | None
    said: str
    seconds: float


def run_program(argv: Sequence[str], environment: dict[str, str]) -> int:
    """Runs a user's program on the terminal as it is, and gives its exit code, 128 + N where signal N ended it.

    It is what `rehearse` does with the program after `--`; signals reach it as they reach us. Raises OcMissing.
    """
    try:
        process = subprocess.Popen(list(argv), env=environment, close_fds=False)  # as env does: bash's <(…) is one
    except OSError as error:
        raise _missing(argv, error) from None
    former = {
        signal.SIGTERM: signal.signal(signal.SIGTERM, lambda number, _: process.send_signal(number)),
        signal.SIGINT: signal.signal(signal.SIGINT, lambda *_: None),  # the terminal sends it to both
    }
    try:
        code = process.wait()
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    return code if code >= 0 else 128 - code


def ask_program(argv: Sequence[str], environment: Mapping[str, str], seconds: float, wait: Wait) -> Answered:
    """Runs a program with no input, in its own session, for at most so many seconds; when this returns or raises, it and all that it
    has started have ended. Raises OcMissing if it cannot be started, and what `wait` raises."""
    began = monotonic()
    try:
        process = subprocess.Popen(
            list(argv),
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise _missing(argv, error) from None
    assert process.stdout is not None
    with ends_with_the_calls(_Group(process)), process.stdout as pipe:
        reader = _Reader(pipe.fileno(), wait)
        try:
            # Its own end counts: what it has started may hold its output open for longer.
            while process.poll() is None and monotonic() - began < seconds:
                reader.read(0.05)
            late = process.poll() is None
        finally:
            _end(process)
        ends = monotonic() + REST_SECONDS
        while reader.open and monotonic() < ends:
            reader.read(REST_SECONDS)
    code = process.returncode if process.returncode >= 0 else 128 - process.returncode
    return Answered(None if late else code, reader.said, monotonic() - began)


def _missing(argv: Sequence[str], error: Exception) -> OcMissing:
    why = system_error(error) if isinstance(error, OSError) else type(error).__name__
    return OcMissing(Text("{program} cannot be started ({why})", program=argv[0], why=why))


@dataclass(frozen=True)
class _Group:
    """A program with all that it has started."""

    process: subprocess.Popen[bytes]

    def kill_group(self, number: int = signal.SIGKILL) -> None:
        """Raises OSError if none of them is there any more."""
        os.killpg(self.process.pid, number)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends a program and what it has started: asked first, since it may have something to tidy up."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(OSError):
            _Group(process).kill_group(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(TIDY_SECONDS)


@dataclass
class _Reader:
    """The end of what a program writes, in whole lines; the rest is let go. Half a line may hold half a secret, which nothing masks."""

    descriptor: int
    wait: Wait
    kept: bytes = b""
    open: bool = True
    cut: bool = False

    def read(self, seconds: float) -> None:
        """Waits for something to read, and reads it."""
        if self.wait((self.descriptor,) if self.open else (), seconds):
            more = os.read(self.descriptor, KEPT_BYTES)
            self.open = bool(more)
            self.cut = self.cut or len(self.kept) + len(more) > KEPT_BYTES
            self.kept = (self.kept + more)[-KEPT_BYTES:]

    @property
    def said(self) -> str:
        """What is kept of it."""
        whole = self.kept.partition(b"\n")[2] if self.cut else self.kept
        return whole.decode("utf-8", "replace")
