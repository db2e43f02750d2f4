"""`oc project`, `projects` and `new-project`: which projects there are, and which one commands without `-n` use."""

from __future__ import annotations

from ..store import Object, copied
from .errors import failure
from .session import Session

TRY = (
    "\nYou can add applications to this project with the 'new-app' command. For example, try:\n\n"
    "    oc new-app rails-postgresql-example\n\nto build a new example application in Ruby. Or use kubectl to deploy a simple"
    " Kubernetes application:\n\n    kubectl create deployment hello-node"
    " --image=registry.k8s.io/e2e-test-images/agnhost:2.43 -- /agnhost serve-hostname\n"
)


def project(session: Session) -> None:
    """Shows the current project, or changes to another one."""
    if not session.words:
        name = session.namespace
        with session.api() as api:
            if api.store.get("namespaces", None, name) is None or not api.can_see(name):
                raise failure(
                    f'you do not have rights to view project "{name}" specified in your config or the project doesn\'t exist'
                )
        session.print(name if session.values.get("short") else f'Using project "{name}" on server "{session.server}".')
        return
    name = session.words[0]
    known = _names(session)
    if name not in known and not known:
        raise failure(
            f'You are not a member of project "{name}".\nYou are not a member of any projects. You can request a project to be'
            " created with the 'new-project' command."
        )
    if name not in known:
        names = "\n".join(f"* {other}" for other in known)
        raise failure(f'A project named "{name}" does not exist on "{session.server}".\nYour projects are:\n{names}')
    _use(session, name)


def projects(session: Session) -> None:
    """Lists the user's projects."""
    short = session.values.get("short")
    session.print("\n".join(name if short else f"  * {name}" for name in _names(session)))


def new_project(session: Session) -> None:
    """Creates a project with the user as its admin, and changes to it."""
    if len(session.words) != 1:
        raise failure("must have exactly one argument")
    name = session.words[0]
    with session.api() as api:
        api.request_project(name)
    if not session.values.get("skip-config-write"):
        _use(session, name)
        session.print(TRY)


def _names(session: Session) -> list[str]:
    with session.api() as api:
        names = [item["metadata"]["name"] for item in api.store.all("namespaces")]
        return [name for name in names if api.can_see(name)]


def _use(session: Session, name: str) -> None:
    """Makes a context of the same cluster and user with another project the current one."""
    before = session.namespace
    context = {**session.context, "namespace": name}
    title = f"{name}/{context.get('cluster', '')}/{context.get('user', '').partition('/')[0]}"
    _go_to(session, copied(session.configuration), title, context)
    verb = "Already on" if before == name else "Now using"
    session.print(f'{verb} project "{name}" on server "{session.server}".')


def _go_to(session: Session, document: Object, title: str, context: Object) -> None:
    """Writes a kubeconfig with a context of this name as the current one."""
    kept = [item for item in document.get("contexts") or () if item.get("name") != title]
    session.save({**document, "contexts": [*kept, {"name": title, "context": context}], "current-context": title})


def login(session: Session) -> None:
    """Logs in to another server or as another user: the current context changes for every call without `--context`."""
    address = session.words[0] if session.words else session.server
    title = next(
        (item["name"] for item in session.configuration["clusters"] if item["cluster"].get("server") == address), None
    )
    if title is None:
        host = address.partition("://")[2].partition(":")[0]
        raise failure(
            f"dial tcp: lookup {host} on 192.0.2.53:53: no such host - verify you have provided the correct host"
        )
    user = str(session.values.get("username") or session.user)
    document = copied(session.configuration)
    context = {"cluster": title, "namespace": session.namespace, "user": f"{user}/{title}"}
    users = [item for item in document["users"] if item["name"] != context["user"]]
    document["users"] = [*users, {"name": context["user"], "user": {}}]
    _go_to(session, document, f"{session.namespace}/{title}/{user}", context)
    session.print(
        f'Logged into "{address}" as "{user}" using existing credentials.\n\nUsing project "{session.namespace}".'
    )
