"""Whether the place where `oc` is, is the one that the user expects. What a place is, the cluster's floor says."""

from __future__ import annotations

from ..cluster.location import Location, locate
from ..cluster.oc import Oc
from ..values import Refused, Text
from .options import Expectations


def unexpected(expect: Expectations, where: Location) -> tuple[tuple[str, Text], ...]:
    """What of the location is not as the user expects it: `project` or `server`, with a sentence."""
    wrong = []
    if expect.project and expect.project != where.project:
        seen = Text(
            "this is project {found}, not {wanted}: name it with -n", found=where.project, wanted=expect.project
        )
        wrong.append(("project", seen))
    if expect.server and expect.server.rstrip("/") != where.server.rstrip("/"):
        seen = Text(
            "oc is logged in to {found}, not to {wanted}: run oc login, or name a --context",
            found=where.server,
            wanted=expect.server,
        )
        wrong.append(("server", seen))
    return tuple(wrong)


def located(oc: Oc, expect: Expectations) -> Location:
    """Finds out where `oc` is, and that it is the right place. Raises OcError, Refused."""
    where = locate(oc)
    wrong = unexpected(expect, where)
    if wrong:
        raise Refused(wrong[0][1])
    return where
