"""`migrate`: steps 1 to 6 of the guide, for one project, or for many one after the other."""

from __future__ import annotations

from ..engine import migration
from ..options import Options
from ..render.result import Result
from ..run.confirmation import gates_of
from ..run.guide_steps import begun, ended
from ..run.many import in_turn
from ..run.session import Session
from ..values import Text, Usage


def run(session: Session, options: Options) -> Result:
    """Migrates. Raises what asking and changing the cluster raise; over many projects, one after the other, each result is shown where
    it happens, and the first failure is the last."""
    if options.many:
        if not session.person:
            sentence = "for several projects migrate prints text only: give -o json or yaml for one project at a time"
            raise Usage(Text(sentence))
        return in_turn(session, run)
    gates = gates_of(session)
    with begun(session, options) as under_way:
        if isinstance(under_way, Result):
            return under_way
        return ended(session, under_way, migration.migrate(under_way, gates))
