"""An `oc` that answers as the rehearsal's does, but for one call, with which it does what MISCHIEF names.

Calls are counted by kind: `patch dc zync`, `create`, `whoami`; the file `calls` beside the cluster has a line for each. It is
started once for each call, so it loads little.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from collections.abc import Callable

from threescale_migrate.rehearsal.client.run import run
from threescale_migrate.rehearsal.server import open_cluster

CALLS = "calls"
FIRED = "fired"
# Where this variable has a number, time stands still in the cluster, but for so many seconds in front of each call.
STEP = "MISCHIEF_STEP"
# In which an orphaned call comes to its effect; the next command is on its way by then.
LATE_SECONDS = 0.7
REFUSED = (
    'Error from server (Forbidden): it is forbidden: User "system:admin" cannot do this in the namespace "threescale"\n'
)
CONFLICT = (
    'Error from server (Conflict): Operation cannot be fulfilled on it: "the object has been modified; please apply your'
    ' changes to the latest version and try again"\n'
)
CUT_OFF = "Unable to connect to the server: unexpected EOF\n"
GARBAGE = "<html><body>502 Bad Gateway</body></html>\n"
UNHEARD_OF = "error: this is an error that nobody has seen before\n"


def kind_of(args: list[str]) -> str:
    """What a call is about: its words up to the first option, three at most."""
    words: list[str] = []
    for arg in args[:3]:
        if arg.startswith("-"):
            break
        words.append(arg)
    return " ".join(words)


def start() -> None:
    """Runs the command line of this process, with mischief where it is the call that MISCHIEF tells."""
    directory, args = os.environ["OC_REHEARSAL_DIR"], sys.argv[1:]
    home = os.environ.get("OC_REHEARSAL_YAML")
    if home and home not in sys.path:
        sys.path.append(home)
    kind = kind_of(args)
    with open(os.path.join(directory, CALLS), "a+", encoding="utf-8") as file:
        file.write(kind + "\n")
        file.flush()
        file.seek(0)
        ordinal = file.read().splitlines().count(kind)
    if os.environ.get(STEP):
        with open_cluster(directory) as cluster:
            cluster.store.clock.pin(cluster.store.now() + float(os.environ[STEP]))
    failure, wanted, number = os.environ.get("MISCHIEF", "||").split("|")
    if (kind, str(ordinal)) == (wanted, number):
        open(os.path.join(directory, FIRED), "w", encoding="utf-8").close()
        code = _failure(failure)(args, directory)
    else:
        code = run(args, directory)
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        code = 1
    os._exit(code)


def _failure(name: str) -> Callable[[list[str], str], int]:
    """What is done with the call: one of FAILURES, or what others do in front of it (`interference`)."""
    if name in FAILURES:
        return FAILURES[name]
    from tests.matrix.interference import HAPPENINGS

    return HAPPENINGS[name]


def _really(args: list[str], directory: str) -> tuple[int, str]:
    out = io.StringIO()
    return run(args, directory, out, io.StringIO()), out.getvalue()


def _says(text: str) -> int:
    sys.stderr.write(text)
    return 1


def _after(args: list[str], directory: str) -> int:
    _really(args, directory)
    return _says(CUT_OFF)


def _hangs(args: list[str], directory: str) -> int:
    while True:
        time.sleep(3600)


def _dies(args: list[str], directory: str) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 1


def _half(args: list[str], directory: str) -> int:
    code, out = _really(args, directory)
    sys.stdout.write(out[: len(out) // 2])
    return code


def _garbage(args: list[str], directory: str) -> int:
    sys.stdout.write(GARBAGE)
    return 0


def _kills_before(args: list[str], directory: str) -> int:
    os.kill(os.getppid(), signal.SIGKILL)
    return 1


def _kills_after(args: list[str], directory: str) -> int:
    code, _ = _really(args, directory)
    os.kill(os.getppid(), signal.SIGKILL)
    return code


def _kills_meanwhile(args: list[str], directory: str) -> int:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(LATE_SECONDS)
    return _really(args, directory)[0]


FAILURES: dict[str, Callable[[list[str], str], int]] = {
    "fails at once": lambda args, directory: _says(UNHEARD_OF),
    "fails after it took effect": _after,
    "hangs": _hangs,
    "is killed": _dies,
    "prints half of its output": _half,
    "prints garbage, does nothing": _garbage,
    "is refused": lambda args, directory: _says(REFUSED),
    "gets a conflict": lambda args, directory: _says(CONFLICT),
    "tool killed before the call": _kills_before,
    "tool killed after the call": _kills_after,
    "tool killed, the call goes on": _kills_meanwhile,
}
