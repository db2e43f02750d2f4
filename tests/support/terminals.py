"""A command on a terminal of a given size, as a person has it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Shown:
    """What stood on the terminal, all that was written to it, and the exit code."""

    code: int
    raw: str

    @property
    def lines(self) -> list[str]:
        """The lines as they were written, with the escape codes in them."""
        return self.raw.replace("\r\n", "\n").split("\n")


def on_terminal(
    argv: Sequence[str],
    environment: Mapping[str, str],
    columns: int = 80,
    rows: int = 24,
    stdout: int | None = None,
    interrupt: Callable[[str], bool] | None = None,
    timeout: float = 120,
    answers: tuple[str, list[bytes]] = ("", []),
) -> Shown:
    """Runs a program on a terminal; `stdout` takes its result elsewhere. Ctrl-C is typed once, when `interrupt` says so of what was
    written until then. The environment names no size: the terminal has one. `answers` are a question's words and what is typed each time that it is asked;
    where none is left, y."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    kept = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        list(argv), env=kept, stdin=theirs, stdout=theirs if stdout is None else stdout, stderr=theirs, start_new_session=True
    )  # fmt: skip
    os.close(theirs)
    question, typed = answers[0].encode(), list(answers[1])
    asked = 0
    raw, ends = b"", time.monotonic() + timeout
    while time.monotonic() < ends:
        if select.select([ours], [], [], 0.1)[0]:
            try:
                got = os.read(ours, 65536)
            except OSError:  # Linux says so where the last one has closed it
                break
            if not got:
                break
            raw += got
        elif process.poll() is not None:
            break
        while question and raw.count(question) > asked:
            asked += 1
            os.write(ours, typed.pop(0) if typed else b"y\n")
        if interrupt is not None and interrupt(raw.decode(errors="replace")):
            os.killpg(process.pid, signal.SIGINT)
            interrupt = None
    os.close(ours)
    if time.monotonic() >= ends:
        process.kill()
    return Shown(process.wait(10), raw.decode(errors="replace"))
