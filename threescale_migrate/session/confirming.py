"""The question before the first change. Without it, or --yes, nothing is changed."""

from __future__ import annotations

import sys

from ..cluster.location import Location
from ..render.plan import show_plan
from ..values import Refused, Text, Usage
from .options import Changing
from .planned import Planned
from .session import Session


def confirm(session: Session, changing: Changing, where: Location, show: Planned | None = None) -> None:
    """Has the project's name typed on a terminal; elsewhere `--yes` has to say it. Raises Usage, Refused."""
    if changing.yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Usage(
            Text(
                "nobody can confirm here: add --yes, and --expect-project {project} to be sure of the project",
                project=where.project,
            )
        )
    terminal = session.talk
    if show is not None and session.output.format == "text":
        show_plan(terminal, show.actions, show.waves, show.costs, session.output.verbose)
        for note in show.notes:
            terminal.line(terminal.say(note))
    question = Text(
        "This changes project {project} on {server}, as {user}. Type the project's name to continue: ",
        project=where.project,
        server=where.server,
        user=where.user,
    )
    sys.stderr.write(terminal.say(question))
    sys.stderr.flush()
    if sys.stdin.readline().strip() != where.project:
        raise Refused(Text("that is not the project's name; nothing was changed"))
