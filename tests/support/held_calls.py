"""An `oc` that stops at a certain call until the test lets it continue: an event to wait for instead of time."""

from __future__ import annotations

import os
import select
import shlex
import time
from pathlib import Path

from tests.conftest import World

PATIENCE_SECONDS = 90.0


class Gate:
    """The first call of `oc` that begins with `call` stops here; all others pass, and so does what only asks: a dry run, a review."""

    def __init__(self, world: World, call: str) -> None:
        home = world.home / "gate"
        home.mkdir()
        self.reached, self.go = home / "reached", home / "go"
        os.mkfifo(self.reached)
        os.mkfifo(self.go)
        real = shlex.quote(str(world.directory / "bin" / "oc"))
        script = home / "oc"
        script.write_text(
            "#!/bin/sh\n"
            f'case "$*" in *--dry-run*|"create -f - -o json"*) ;; {shlex.quote(call)}*)\n'
            f"  if mkdir {home}/once 2>/dev/null; then echo $$ > {self.reached}; read answer < {self.go}; fi;;\n"
            f'esac\nexec {real} "$@"\n',
            encoding="utf-8",
        )
        script.chmod(0o755)
        world.environment["PATH"] = f"{home}{os.pathsep}{world.environment['PATH']}"
        # Both ends are open, so that neither side waits for the other to open its own.
        self.descriptor = os.open(self.reached, os.O_RDWR)

    def wait(self) -> int:
        """Waits until the call is there; gives the pid of its `oc`."""
        ready, _, _ = select.select([self.descriptor], [], [], PATIENCE_SECONDS)
        assert ready, "the call was not made"
        return int(os.read(self.descriptor, 100))

    def open(self) -> None:
        """Lets the call continue."""
        with self.go.open("w") as file:
            file.write("go\n")


def has_ended(pid: int) -> bool:
    """Waits until a process that was asked to end has ended; false where it continues."""
    until = time.monotonic() + PATIENCE_SECONDS
    while is_running(pid):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def is_running(pid: int) -> bool:
    """Whether a process is there and has not ended."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] not in ("Z", "X")
