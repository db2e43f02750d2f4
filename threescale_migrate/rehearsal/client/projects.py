"""`oc project`, `projects`, `new-project`: which project is current, and a new one."""

from __future__ import annotations

import os

from ..quickjson import dumps
from ..server import ApiError
from .errors import failure
from .session import Session

NEXT = """
You can add applications to this project with the 'new-app' command. For example, try:

    oc new-app rails-postgresql-example

to build a new example application in Ruby. Or use kubectl to deploy a simple Kubernetes application:

    kubectl create deployment hello-node --image=registry.k8s.io/e2e-test-images/agnhost:2.43 -- /agnhost serve-hostname
"""


def project(session: Session) -> None:
    """The current project, or another one."""
    if not session.words:
        name = session.namespace
        with session.api() as api:
            if api.store.get("namespaces", None, name) is None or not api.can_i("get", "namespaces", name, name):
                raise failure(
                    f'you do not have rights to view project "{name}" specified in your config or the project doesn\'t exist'
                )
        session.print(name if session.values.get("short") else f'Using project "{name}" on server "{session.server}".')
        return
    name = session.words[0]
    known = _projects(session)
    if name not in known and not known:
        raise failure(
            f'You are not a member of project "{name}".\nYou are not a member of any projects. You can request a project to be'
            " created with the 'new-project' command."
        )
    if name not in known:
        names = "\n".join(f"  * {other}" for other in known)
        raise failure(f'A project named "{name}" does not exist on "{session.server}".\nYour projects are:\n{names}')
    _switch(session, name)
    session.print(f'Now using project "{name}" on server "{session.server}".')


def projects(session: Session) -> None:
    """The projects that there are."""
    short = session.values.get("short")
    session.print("\n".join(name if short else f"  * {name}" for name in _projects(session)))


def _projects(session: Session) -> list[str]:
    with session.api() as api:
        names = [item["metadata"]["name"] for item in api.store.all("namespaces")]
        return [name for name in names if api.can_i("get", "namespaces", name, name)]


def new_project(session: Session) -> None:
    """Makes a project, whose admin is who asks for it, and makes it the current one."""
    if len(session.words) != 1:
        raise failure("must have exactly one argument")
    name = session.words[0]
    with session.api() as api:
        if api.store.get("namespaces", None, name) is not None:
            raise ApiError(409, "AlreadyExists", f'project.project.openshift.io "{name}" already exists')
        api.request_project(name)
    if session.values.get("skip-config-write"):
        return
    _switch(session, name)
    session.print(f'Now using project "{name}" on server "{session.server}".')
    session.print(NEXT)


def _switch(session: Session, name: str) -> None:
    """Makes a project the current one, in the kubeconfig as everywhere else."""
    context = {**session.context, "namespace": name}
    title = f"{name}/{context.get('cluster', '')}/{context.get('user', '').partition('/')[0]}"
    document = dict(session.configuration)
    others = [item for item in document.get("contexts") or () if item["name"] != title]
    document.update({"contexts": [*others, {"name": title, "context": context}], "current-context": title})
    path = session.kubeconfig
    scratch = f"{path}.{os.getpid()}"
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(dumps(document) + "\n")
    os.replace(scratch, path)
