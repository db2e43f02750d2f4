"""What a person is asked: whether to begin, and after a wave whether to continue. Without the first, or --yes, nothing is changed."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Callable, Sequence

from ..check_codes import Code
from ..cluster.clock import Clock
from ..cluster.location import Location
from ..cluster.oc import Oc
from ..command_secrets import hidden_in
from ..engine.gates import Gates, check_command
from ..guide.config_changes import patches_in
from ..redaction import REDACTOR
from ..render.plan import show_costs, show_plan
from ..render.result import Plan
from ..render.terminal import Terminal
from ..shell import PROGRAM
from ..values import Refused, Text, Usage, Verdict
from .session import Session

YES, NO = ("y", "yes"), ("n", "no")


def confirm(session: Session, oc: Oc, where: Location, show: Plan | None = None) -> None:
    """Has the project's name typed on a terminal; without one, `--yes` is required. The run's clock begins once that is done:
    what was looked at before, and the person, use up nothing of it. Raises Usage, Refused."""
    if not session.options.yes:
        _ask(session, where, show)
    elif show is not None and session.person and not session.options.quiet:
        show_costs(session.talk, show, len(patches_in(show.actions)))
    oc.clock = Clock(session.options.timeout)


def _ask(session: Session, where: Location, show: Plan | None) -> None:
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Usage(
            Text(
                "no terminal to confirm on: add --yes --expect-project {project}",
                project=where.project,
            )
        )
    terminal = session.talk
    if show is not None and session.person:
        show_plan(terminal, show, session.options.verbose > 0)
        for note in show.notes:
            terminal.line(terminal.say(note))
        _show_stakes(session, terminal, show)
    question = Text(
        "This changes project {project} of a rehearsal, no real cluster. Type the project's name to continue: "
        if where.rehearsal
        else "This changes project {project} on {server}, as {user}. Type the project's name to continue: ",
        project=where.project,
        server=where.server,
        user=where.user,
    )
    sys.stderr.write(terminal.say(question))
    sys.stderr.flush()
    if sys.stdin.readline().strip() != where.project:
        raise Refused(Text("that is not the project's name; nothing was changed"))


def _show_stakes(session: Session, terminal: Terminal, show: Plan) -> None:
    """What matters before somebody says yes: whether the token was tested, and how to undo it."""
    if session.command == "migrate":
        tested = any(
            found.code == Code.REGISTRY_ACCEPTS_TOKEN and found.verdict is Verdict.PASSED for found in show.findings
        )
        sentence = Text("the registry token was tested: it works" if tested else "the registry token was not tested")
        mark = terminal.mark(Verdict.PASSED if tested else Verdict.WARNING)
        terminal.line(f"{mark} {terminal.say(sentence)}", 0, 2)
    again = session.command == "undo"
    terminal.line(terminal.say(Text("To migrate again:" if again else "To undo it:")))
    terminal.verbatim(session.invocation.line((PROGRAM, "migrate" if again else "undo")), 4)


def gates_of(session: Session) -> Gates:
    """What decides between two waves. Raises Usage for a command that cannot be run, and if nobody can be asked."""
    options = session.options
    if options.pause and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Usage(Text("--pause asks on a terminal, and this is not one: leave it out, or use --gate"))
    if options.gate is not None:
        REDACTOR.learn(*hidden_in(options.gate))
        check_command(options.gate, lambda descriptors, seconds: select.select(descriptors, [], [], seconds)[0])
    if not options.pause:
        return Gates(options.gate or "", options.gate_timeout)

    def ask(question: Text, wait: Callable[[Sequence[int]], Sequence[int]]) -> bool:
        return asked(session, question, wait)

    return Gates(options.gate or "", options.gate_timeout, ask)


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
