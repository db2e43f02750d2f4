"""A script that stands in front of the rehearsal's `oc`, as a wrapper of an operator's does: it sees each call, and may answer itself."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from tests.conftest import World


def in_front(world: World, script: str) -> Path:
    """Puts a `sh` script in front, in which `$oc` is the real one and `$home` a directory of its own; what it does not answer goes
    to the real one. Gives the file into which each call is written, a line for each."""
    home = world.home / "in-front"
    home.mkdir(exist_ok=True)
    calls = home / "calls"
    calls.touch()
    real = shlex.quote(str(world.directory / "bin" / "oc"))
    program = home / "oc"
    program.write_text(
        f'#!/bin/sh\noc={real}\nhome={shlex.quote(str(home))}\necho "$*" >> "$home/calls"\n{script}\nexec "$oc" "$@"\n',
        encoding="utf-8",
    )
    program.chmod(0o755)
    if not world.environment["PATH"].startswith(f"{home}{os.pathsep}"):
        world.environment["PATH"] = f"{home}{os.pathsep}{world.environment['PATH']}"
    return calls
