"""A real PostgreSQL behind the rehearsal's `oc exec`: a cluster of its own for each pod, empty as an emptyDir is."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.optional import left_out

DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
PROGRAMS = os.pathsep.join([*(str(path) for path in reversed(DEBIAN)), os.environ.get("PATH", os.defpath)])
# What stands in for the pod's programs. A new pod begins as 3scale's image does: with the role and the database of zync, and nothing
# in it. With a file `visitor` zync is connected from the start; a file `broken` holds what psql says instead of playing anything.
PROGRAM = """#!{python}
import fcntl, os, subprocess, sys, time
root, as_user, path = {root!r}, {as_user!r}, {path!r}
pod = os.environ["OC_REHEARSAL_POD"]
home = os.path.join(root, pod)
settings = {{**os.environ, "PATH": path, "PGHOST": home, "PGUSER": "postgres", "LC_ALL": "C.UTF-8"}}
def run(*words):
    subprocess.run([*as_user, *words], env=settings, check=True, cwd="/", stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
with open(os.path.join(root, "lock"), "w") as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    if not os.path.isdir(home):
        run("initdb", "-D", home, "-U", "postgres", "-A", "trust", "--no-sync", "--encoding=UTF8", "--locale=C")
        run("pg_ctl", "-D", home, "-w", "-l", home + "/log", "-o", "-F -k " + home + " -c listen_addresses=''", "start")
        run("psql", "-X", "-d", "postgres", "-c", "CREATE ROLE zync LOGIN PASSWORD 'a-word'")
        run("psql", "-X", "-d", "postgres", "-c", "CREATE DATABASE zync_production OWNER zync")
        if os.path.exists(os.path.join(root, "visitor")):
            subprocess.Popen([*as_user, "psql", "-X", "-U", "zync", "-d", "zync_production", "-c", "SELECT pg_sleep(60)"],
                             env=settings, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, start_new_session=True)
            time.sleep(0.3)
broken = os.path.join(root, "broken")
if os.path.exists(broken) and "psql" in sys.argv[-1]:
    sys.stderr.write(open(broken).read())
    sys.exit(3)
os.chdir("/")
words = [*as_user, *sys.argv[1:]]
os.execvpe(words[0], words, settings)
"""


class Postgres:
    """The databases of a config's pods. `program` is for the rehearsal's fault `exec`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        as_user: list[str] = []
        if os.getuid() == 0:  # PostgreSQL does not run as root
            owner = next(name for name in ("postgres", "nobody") if _known(name))
            as_user = ["setpriv", f"--reuid={owner}", f"--regid={pwd.getpwnam(owner).pw_gid}", "--clear-groups", "--"]
            shutil.chown(root, owner)
        self.as_user = as_user
        self.program = root / "program"
        text = PROGRAM.format(python=sys.executable, root=str(root), as_user=as_user, path=PROGRAMS)
        self.program.write_text(text, encoding="utf-8")
        self.program.chmod(0o755)

    def sql(self, pod: str, *statements: str, database: str = "zync_production", user: str = "zync") -> str:
        """What the statements answer in the database of a pod."""
        words = ["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-U", user, "-d", database]
        for statement in statements:
            words += ["-c", statement]
        done = subprocess.run(
            [str(self.program), *words],
            env={**os.environ, "OC_REHEARSAL_POD": pod},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stop(self) -> None:
        for home in filter(Path.is_dir, self.root.iterdir()):
            subprocess.run(
                [*self.as_user, "pg_ctl", "-D", str(home), "-m", "immediate", "stop"],
                env={**os.environ, "PATH": PROGRAMS},
                capture_output=True,
                cwd="/",
                check=False,
            )


def _known(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    """Skips where this machine has no PostgreSQL."""
    missing = [name for name in ("initdb", "pg_ctl", "psql", "pg_dumpall") if shutil.which(name, path=PROGRAMS) is None]
    if os.getuid() == 0 and shutil.which("setpriv") is None:
        missing.append("setpriv")
    if missing:
        left_out("postgresql")
    # A socket's path has to be short, and the database's own user has to come there.
    root = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    root.chmod(0o755)
    made = Postgres(root)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(root, ignore_errors=True)
