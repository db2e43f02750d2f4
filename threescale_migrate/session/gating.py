"""What the options say about the gate after each wave and the pause, as the engine takes it; and how a person is asked."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Sequence

from ..engine.gates import Gates, usable
from ..values import Text, Usage
from .options import Gating
from .session import Session

YES, NO = ("y", "yes"), ("n", "no")


def gates_of(session: Session, gating: Gating) -> Gates:
    """What stands between two waves. Raises Usage for a command that cannot be run, and where nobody can be asked."""
    if gating.pause and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Usage(Text("--pause asks a person on a terminal, and here is none: leave it out, or give --gate"))
    if gating.command is not None:
        usable(gating.command, lambda descriptors, seconds: select.select(descriptors, [], [], seconds)[0])
    if not gating.pause:
        return Gates(gating.command or "", gating.seconds)

    def ask(question: Text, wait: Callable[[Sequence[int]], Sequence[int]]) -> bool:
        return asked(session, question, wait)

    return Gates(gating.command or "", gating.seconds, ask)


def asked(session: Session, question: Text, wait: Callable[[Sequence[int]], Sequence[int]]) -> bool:
    """Asks for yes or no until one of them is typed. A terminal that is closed says no. What was typed before the question does not
    answer it."""
    import termios

    descriptor = sys.stdin.fileno()
    termios.tcflush(descriptor, termios.TCIFLUSH)
    while True:
        sys.stderr.write(session.talk.say(question))
        sys.stderr.flush()
        wait((descriptor,))
        typed = os.read(descriptor, 4096)
        word = typed.decode("utf-8", "replace").strip().lower()
        if word in YES or word in NO or not typed:
            return word in YES
