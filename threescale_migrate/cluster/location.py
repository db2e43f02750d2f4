"""Where a run is: the context, the server, the user, the project and its uid, found out once and asked again later.

It owns what a location is and how two are compared. What follows from a difference is decided by the caller.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..values import Command, Fix, Refused, Text
from .dialects import user_of
from .oc import Oc
from .oc_errors import NoConfiguration, NotFound, OcError, UnknownResourceType, Unreachable
from .state import ProjectState
from .threads import begun, side_by_side

SERVER = r"https?://\S+"
PROJECT = r"[a-z0-9-]*"
NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
# A note on each project of a rehearsal cluster, and on no other.
REHEARSAL = "threescale-migrate/rehearsal"


@dataclass(frozen=True)
class Location:
    """Where `oc` is. `context` is None if there is no kubeconfig, as in a pod; `uid` if the user can read neither the Namespace nor
    the Project: then the place is known only by its names. `rehearsal` is whether the project is a rehearsal's,
    `requester` who has asked for it, empty if that is not known."""

    context: str | None
    server: str
    user: str
    project: str
    uid: str | None
    rehearsal: bool = False
    requester: str = ""


class NoProject(Refused):
    """There is no such project: each list of it would be empty, with exit code 0 (fact 11)."""


class Moved(Refused):
    """The run is no longer where it began; nothing was sent since that was seen."""


@dataclass(frozen=True)
class _Identity:
    """What a project says of itself."""

    uid: str | None = None
    rehearsal: bool = False
    requester: str = ""


# How the kubeconfig is asked for, without the logins in it; and what was begun to be asked, by the whole question.
CONTEXT = ("config", "view", "--minify", "-o", "json")
_begun: dict[tuple[str, ...], Callable[[], _Context]] = {}


@dataclass(frozen=True)
class _Context:
    """What the kubeconfig says: a name, a server, a project, and the user by the name of its login; empty if it says nothing."""

    name: str = ""
    server: str = ""
    project: str = ""
    user: str = ""


def pin(oc: Oc) -> str:
    """Has each later call of `oc` name the context and the project that hold now, and gives the context's server, empty if
    there is no kubeconfig. Raises OcError, Refused if no project is chosen.

    Rests on fixtures/places: `oc config view --minify` prints the context that holds, without the login, and asks no server.
    """
    found = _context(oc)
    project = oc.namespace or found.project or oc.read_line(("project", "-q"), PROJECT)
    if not project:
        select = Fix(Text("name it with -n, or select it"), (Command(("oc", "project", "PROJECT")),))
        raise Refused(Text("no project is selected"), select)
    if not NAME.fullmatch(project):  # as -n is checked: it is written into commands and manifests
        shown = ascii(project[:80])
        raise Refused(Text("the context's project {name} is not a valid project name: name one with -n", name=shown))
    oc.context, oc.namespace = found.name or oc.context, project
    oc.server, oc.user = found.server, found.user
    return found.server


def locate(oc: Oc) -> Location:
    """Pins `oc` to where it is, and finds out where that is. Raises OcError, Refused as `pin` does."""
    server = oc.server = pin(oc) or oc.read_line(("whoami", "--show-server"), SERVER)
    project = str(oc.namespace)
    user, found = _who_and_what(oc, project)
    if isinstance(found, NoProject):
        raise found
    oc.user = user
    return Location(oc.context, normal(server), user, project, found.uid, found.rehearsal, found.requester)


def check_there(oc: Oc, state: ProjectState) -> None:
    """Raises NoProject if nothing was found in a project that does not exist, OcError. Each project has accounts from its beginning."""
    if not (state.configs or state.controllers or state.pods or state.accounts or "dc" in state.unread):
        _identity(oc, state.namespace)


def normal(server: str) -> str:
    """A server's address in the one form by which two are compared: no final slash, no capitals in its host, no port that its scheme
    has anyway, no login."""
    try:
        parts = urlsplit(server.strip())
        port = parts.port
    except ValueError:
        return server.strip().rstrip("/")
    host = (parts.hostname or "").rstrip(".")
    if not parts.scheme or not host:
        return server.strip().rstrip("/")
    where = f"[{host}]" if ":" in host else host
    if port not in (None, {"https": 443, "http": 80}.get(parts.scheme)):
        where = f"{where}:{port}"
    return f"{parts.scheme}://{where}{parts.path.rstrip('/')}"


def still_at(oc: Oc, location: Location) -> None:
    """Asks again whether a pinned `oc` is still there. Raises Moved with one sentence if it is not, OcError.

    The context's name proves nothing: `oc login` in another terminal writes another server or user under the same name.
    """
    # The server first: nobody else is asked who we are.
    server = _context(oc).server or oc.read_line(("whoami", "--show-server"), SERVER)
    if normal(server) != location.server:
        raise Moved(
            Text(
                "oc now talks to {now}, but talked to {before} when the run began; nothing more was sent",
                now=normal(server),
                before=location.server,
            )
        )
    user, found = _who_and_what(oc, location.project)
    if user != location.user:
        raise Moved(
            Text(
                "oc is now logged in as {now}, but was logged in as {before} when the run began; nothing more was sent",
                now=user,
                before=location.user,
            )
        )
    if isinstance(found, NoProject):
        gone = "project {project} is gone: another user has deleted it; nothing more was sent"
        raise Moved(Text(gone, project=location.project))
    # A uid that cannot be read any more says nothing.
    uid = found.uid if location.uid is not None else None
    if uid is not None and uid != location.uid:
        raise Moved(
            Text(
                "project {project} is not the one that the run began in: it was deleted and created again; nothing more was sent",
                project=location.project,
            )
        )


def look_ahead(oc: Oc) -> None:
    """Begins to ask what the kubeconfig says, while the program loads what it needs: the next that asks the same takes the answer."""
    _begun[_question(oc)] = begun(lambda: _asked(oc))


def _question(oc: Oc) -> tuple[str, ...]:
    return (oc.program, *oc.argv(CONTEXT))


def _asked(oc: Oc) -> _Context:
    return oc.read_item(CONTEXT, lambda document: _parsed(document, oc.context))


def _context(oc: Oc) -> _Context:
    """What the kubeconfig says; nothing in a pod, where there is none and `oc` uses the pod's account. Raises OcError."""
    answer = _begun.pop(_question(oc), None)
    try:
        return _asked(oc) if answer is None else answer()
    except NoConfiguration:
        if oc.context is not None:
            raise
        return _Context()


def _parsed(document: Mapping[str, Any], wanted: str | None) -> _Context:
    """The context that was asked for, else the current one, and its cluster's server."""
    name = wanted or str(document.get("current-context") or "")
    contexts = {str(item["name"]): item["context"] for item in document.get("contexts") or ()}
    context = contexts.get(name) or {}
    clusters = {str(item["name"]): item["cluster"] for item in document.get("clusters") or ()}
    cluster = clusters.get(str(context.get("cluster") or "")) or {}
    # As `oc login` names a login: USER/HOST:PORT. Another name says nothing of the user.
    user, slash, _ = str(context.get("user") or "").partition("/")
    return _Context(name, str(cluster.get("server") or ""), str(context.get("namespace") or ""), user if slash else "")


def _who_and_what(oc: Oc, project: str) -> tuple[str, _Identity | NoProject]:
    """The user, and what `_identity` gives or that there is no such project, asked for at the same time. Raises OcError."""
    users: list[str] = []
    projects: list[_Identity | NoProject] = []

    def project_of() -> None:
        try:
            projects.append(_identity(oc, project))
        except NoProject as error:
            projects.append(error)

    side_by_side((lambda: users.append(_user(oc)), project_of))
    return users[0], projects[0]


def _user(oc: Oc) -> str:
    try:
        return oc.read_line(("whoami",))
    except (NotFound, UnknownResourceType):
        return user_of(oc.context or oc.read_line(("whoami", "--show-context")))


def _identified(item: Mapping[str, Any]) -> _Identity:
    notes = item["metadata"].get("annotations") or {}
    return _Identity(str(item["metadata"]["uid"]), REHEARSAL in notes, str(notes.get("openshift.io/requester") or ""))


def _identity(oc: Oc, project: str) -> _Identity:
    """What the Namespace says. A user of the project can often read only the Namespace, on
    3.11 only the Project (fact 27). Raises Unreachable, NoProject."""
    for kind in ("namespace", "project"):
        try:
            return oc.read_item(
                ("get", kind, project, "-o", "json"),
                _identified,
            )
        except Unreachable:
            raise
        except NotFound:
            raise NoProject(
                Text("there is no project {project} on this server: name the right one with -n", project=project)
            ) from None
        except OcError:
            continue
    return _Identity()
