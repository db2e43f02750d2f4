"""What may become of one call of `oc`, by name: it fails, hangs, lies, or the tool is killed around it.

What is killed is a copy of the test's process (`World.killed`), which dies as by kill -9; where the call goes on, another copy makes
it, with all that the tool had open.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence

from tests.support.clock import CLOCK, real_sleep
from tests.support.front import kill
from tests.support.in_process import Ending, Really

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
# In which an orphaned call comes to its effect; the next command is on its way by then.
LATE_SECONDS = 0.7
Failure = Callable[[Sequence[str], Really], Ending]


def _after(args: Sequence[str], really: Really) -> Ending:
    really(args)
    return 1, "", CUT_OFF


def _hangs(args: Sequence[str], really: Really) -> Ending:
    while True:
        time.sleep(3600)


def _half(args: Sequence[str], really: Really) -> Ending:
    code, out, err = really(args)
    return code, out[: len(out) // 2], err


def _kills_after(args: Sequence[str], really: Really) -> Ending:
    really(args)
    return kill(args, really)


def _kills_meanwhile(args: Sequence[str], really: Really) -> Ending:
    CLOCK.settle()
    if os.fork():
        return kill(args, really)
    real_sleep(LATE_SECONDS)
    really(args)
    CLOCK.settle()
    os._exit(0)


FAILURES: dict[str, Failure] = {
    "fails at once": lambda args, really: (1, "", UNHEARD_OF),
    "fails after it took effect": _after,
    "hangs": _hangs,
    "is killed": lambda args, really: (-signal.SIGKILL, "", ""),
    "prints half of its output": _half,
    "prints garbage, does nothing": lambda args, really: (0, GARBAGE, ""),
    "is refused": lambda args, really: (1, "", REFUSED),
    "gets a conflict": lambda args, really: (1, "", CONFLICT),
    "tool killed before the call": kill,
    "tool killed after the call": _kills_after,
    "tool killed, the call goes on": _kills_meanwhile,
}
KILLS = tuple(name for name in FAILURES if name.startswith("tool killed"))
