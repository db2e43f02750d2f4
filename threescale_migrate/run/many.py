"""Many projects: which they are, the work on each, and a line for each. The work is the command's.

What only looks is done for several projects at once, and one that cannot be asked does not hold up the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from time import monotonic

from ..cluster.threads import side_by_side
from ..exit_codes import ExitCode
from ..options import STDOUT
from ..render.outcome import Outcome
from ..render.terminal import Terminal
from ..values import Text, Usage, Verdict
from . import errors
from .inventory import Target, targets
from .session import Session


def looked(session: Session, one: Callable[[Session], Outcome]) -> tuple[Outcome, ...]:
    """The outcomes, in the order of the projects. Raises Usage, OcError if the list itself cannot be had."""
    options = session.options
    if options.secret_file == STDOUT or options.username:
        raise Usage(Text("standard input is read once: over many projects the secret comes from a file"))
    listed = targets(session)

    def safe(target: Target) -> Outcome:
        began = monotonic()
        own = target.applied(session)
        try:
            outcome = one(own)
        except Exception as error:
            sentence, code = errors.explained(error)
            project = own.options.namespace or ""
            outcome = Outcome(target.name, project, code, error=sentence, seconds=monotonic() - began)
        return replace(outcome, name=target.name, invocation=own.invocation)

    return tuple(side_by_side([partial(safe, target) for target in listed], options.jobs))


def show_line(terminal: Terminal, outcome: Outcome, said: Text) -> None:
    """One project in one line: `said`, or why it could not be asked; below it the commands in that, ready to be pasted."""
    verdict = {ExitCode.DONE: Verdict.PASSED, ExitCode.UNKNOWN: Verdict.UNKNOWN}.get(outcome.code, Verdict.FAILED)
    if outcome.code is ExitCode.SOMETHING_TO_DO:
        verdict = Verdict.WARNING
    words = terminal.say(said if outcome.asked else outcome.error)
    terminal.invocation = outcome.invocation
    terminal.line(f"{terminal.mark(verdict)} {outcome.name}: {words}", 0, 4)
    terminal.suggest(words, 4)
