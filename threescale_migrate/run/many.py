"""Many projects: which they are, and the work on each. The work is the command's.

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
from ..render.project_outcome import Outcome
from ..render.result import Nothing, Result
from ..values import Text, Usage
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
            fix = errors.failure_of(error, sentence).fix
            outcome = Outcome(target.name, project, code, error=sentence, fix=fix, seconds=monotonic() - began)
        return replace(outcome, name=target.name, invocation=own.invocation)

    return tuple(side_by_side([partial(safe, target) for target in listed], options.jobs))


def in_turn(session: Session, command: errors.Command) -> Result:
    """Carries a command out for one project after the other, each with its result shown, and stops at the first that fails. Raises Usage,
    OcError if the list itself cannot be had."""
    listed = targets(session)
    for number, target in enumerate(listed, 1):
        title = Text("project {number} of {total}: {name}", number=number, total=len(listed), name=target.name)
        if not session.options.quiet:
            session.talk.line(session.talk.paint(session.talk.say(title), "strong"))
        own = target.applied(session)
        code = errors.carried_out(own, command)
        if code:
            left = [other.name for other in listed[number:]]
            if left:
                session.say(Text("stopped at {name}; not begun: {left}", name=target.name, left=", ".join(left)))
            return session.result(code, Nothing())
    return session.result(ExitCode.DONE, Nothing())
