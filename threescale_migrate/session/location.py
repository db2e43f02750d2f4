"""Where `oc` is logged in, as whom, and whether that is where the user expects to be. Nothing else asks for it."""

from __future__ import annotations

from dataclasses import dataclass

from ..cluster.dialects import user_of
from ..cluster.oc import NotFound, Oc, UnknownResourceType
from ..values import Refused, Text
from .options import Expectations


@dataclass(frozen=True)
class Location:
    """Where `oc` is logged in, and as whom."""

    server: str
    project: str
    user: str


def locate(oc: Oc) -> Location:
    """Asks where `oc` is logged in, and pins the project in it. Raises OcError, Refused where no project is chosen."""
    try:
        user = oc.read_line(("whoami",))
    except (NotFound, UnknownResourceType):
        user = user_of(oc.read_line(("whoami", "--show-context")))
    server = oc.read_line(("whoami", "--show-server"), r"https?://\S+")
    project = oc.namespace or oc.read_line(("project", "-q"), r"[a-z0-9-]*")
    if not project:
        raise Refused(Text("no project is chosen: name it with -n, or run oc project NAME"))
    oc.namespace = project
    return Location(server, project, user)


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
