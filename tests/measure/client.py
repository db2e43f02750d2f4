"""An `oc` that costs what a real client and a real API cost (fact 36), and answers what the rehearsal's has answered once.

The rehearsal's own `oc` costs something else altogether: it is the cluster as well.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import World

# In seconds: the processor time of each process; what the API takes for each large list and for each other type. One look at dc, rc,
# pods and sa takes 0.28 s then, eleven types in one call 0.36 s, as they were measured.
PROCESSOR = 0.12
LARGE = 0.05
SMALL = 0.01
SCRIPT = """#!{python} -ISE
import hashlib, json, os, subprocess, sys, time
args = sys.argv[1:]
fed = sys.stdin.buffer.read() if "-" in args else b""
words = [word for word in args if not word.startswith("--registry-config=")]
path = os.path.join({home!r}, hashlib.sha256(json.dumps(words).encode() + fed).hexdigest())
if not os.path.exists(path):
    done = subprocess.run([{real!r}, *args], input=fed, capture_output=True, close_fds=False)
    with open(path, "w") as file:
        json.dump([done.returncode, done.stdout.decode(), done.stderr.decode()], file)
code, out, err = json.load(open(path))
with open({log!r}, "a") as file:
    file.write(" ".join(args) + "\\n")
while time.process_time() < {processor}:
    pass
if args[0] != "config":
    listed = args[1] if args[0] == "get" else ""
    types = listed.split(",") if "/" not in listed else [word for word in args[1:] if "/" in word and word[0] != "-"]
    time.sleep(sum({large} if kind in ("dc", "rc", "pods") else {small} for kind in types) + {far} * (len(types) + 1))
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
"""


@dataclass(frozen=True)
class Client:
    """The client of a world; `log` has a line for each call."""

    log: Path

    def calls(self) -> list[str]:
        """The calls since the last time."""
        listed = self.log.read_text(encoding="utf-8").splitlines()
        self.log.write_text("", encoding="utf-8")
        return listed


def client(world: World, far: float = 0.0) -> Client:
    """Puts it first on the world's PATH; each call takes `far` seconds more for itself and for each type."""
    home = world.home / f"client-{far}"
    home.mkdir()
    log = home / "calls"
    log.touch()
    script = home / "oc"
    script.write_text(
        SCRIPT.format(
            python=sys.executable,
            home=str(home),
            real=str(world.directory / "bin" / "oc"),
            log=str(log),
            processor=PROCESSOR,
            large=LARGE,
            small=SMALL,
            far=far,
        ),
        encoding="utf-8",
    )
    script.chmod(0o755)
    world.environment["PATH"] = f"{home}{os.pathsep}{world.environment['PATH']}"
    return Client(log)
