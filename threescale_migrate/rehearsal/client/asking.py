"""`oc whoami`, `version`, `config view`, `auth can-i`."""

from __future__ import annotations

from ..resources import named
from ..server import ApiError
from .documents import to_json
from .errors import CommandError, failure
from .session import Session

CLIENT = "unknown"
SERVER_VERSION = {
    "major": "1",
    "minor": "34",
    "emulationMajor": "1",
    "emulationMinor": "34",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "33",
    "gitVersion": "v0.0.0-master+$Format:%H$",
    "gitCommit": "$Format:%H$",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "go1.26.8",
    "compiler": "gc",
    "platform": "linux/amd64",
}
CLIENT_VERSION = {
    "major": "",
    "minor": "",
    "gitVersion": CLIENT,
    "gitCommit": "",
    "gitTreeState": "",
    "buildDate": "",
    "goVersion": "go1.26.8",
    "compiler": "gc",
    "platform": "linux/amd64",
}


def whoami(session: Session) -> None:
    """Who is logged in, and where."""
    if session.values.get("show-server"):
        session.print(session.server)
        return
    if session.values.get("show-context"):
        session.print(str(session.configuration.get("current-context", "")))
        return
    if session.values.get("show-token"):
        raise failure("no token is currently in use for this session")
    with session.api() as api:
        if session.old:  # the recorded server had no such API, and today's client asks in another way
            raise ApiError(
                404, "NotFound", "the server could not find the requested resource (get users.user.openshift.io ~)"
            )
        session.print(api.user)


def version(session: Session) -> None:
    """The versions; those of self-built programs are unknown."""
    kustomize = "" if session.old else "\nKustomize Version: v5.7.1"
    if session.values.get("output") == "json":
        document = {"clientVersion": CLIENT_VERSION, "kustomizeVersion": "v5.7.1", "serverVersion": SERVER_VERSION}
        session.print(to_json(document, indent=2, sort=False))
        return
    session.print(f"Client Version: {CLIENT}{kustomize}")
    if not session.values.get("client"):
        with session.api():
            session.print(f"Kubernetes Version: {SERVER_VERSION['gitVersion']}")


def config(session: Session) -> None:
    """`config view` and `config current-context`."""
    verb = session.words[0] if session.words else ""
    if verb == "current-context":
        session.print(str(session.configuration.get("current-context", "")))
        return
    if verb == "get-contexts":
        for item in session.configuration.get("contexts") or ():
            session.print(item["name"])
        return
    if verb != "view":
        raise failure(f"the rehearsal oc does not know config {verb}".rstrip())
    document = dict(session.configuration)
    if session.values.get("minify"):
        context = session.context
        document["contexts"] = [item for item in document["contexts"] if item["context"] == context]
        document["clusters"] = [item for item in document["clusters"] if item["name"] == context.get("cluster")]
        document["users"] = [item for item in document["users"] if item["name"] == context.get("user")]
    from .output import print_object

    print_object(session, {"preferences": {}, **document}, session.values.get("output") or "yaml")


def auth(session: Session) -> None:
    """`auth can-i`: `yes`, or `no` with exit code 1 and no error (recordings/README.md 10)."""
    if session.words[:1] != ["can-i"]:
        raise failure("the rehearsal oc knows auth can-i only")
    namespace = None if session.values.get("all-namespaces") else session.namespace
    if session.values.get("list"):
        _list_rules(session)
        return
    if len(session.words) < 3:
        raise failure("you must specify two or three arguments: verb, resource, and optional resourceName")
    verb, resource = session.words[1:3]
    plural, _, name = resource.partition("/")
    plural, _, sub = plural.partition("/") if "/" in plural else (plural, "", "")
    found = named(plural)
    full = found.plural if found is not None else plural
    sub = sub or str(session.values.get("subresource") or "")
    with session.api() as api:
        if found is not None and not found.namespaced and namespace is not None:
            group = f" in group '{found.group}'" if found.group else ""
            session.err.write(f"Warning: resource '{found.plural}' is not namespace scoped{group}\n\n")
            namespace = None
        elif found is None:
            session.err.write(f"Warning: the server doesn't have a resource type '{plural}'\n\n")
        yes = api.can_i(
            verb,
            f"{full}/{sub}" if sub else full,
            namespace,
            name or (session.words[3] if len(session.words) > 3 else ""),
        )
    if not session.values.get("quiet"):
        session.print("yes" if yes else "no")
    if not yes:
        raise CommandError("")


def _list_rules(session: Session) -> None:
    from .output import columns

    with session.api() as api:
        found = api.rules(session.namespace)
    rows = [["Resources", "Non-Resource URLs", "Resource Names", "Verbs"]]
    merged: dict[tuple[str, str], set[str]] = {}
    for rule in found:
        names = " ".join(rule.get("resourceNames") or ())
        for resource in rule.get("resources") or ():
            merged.setdefault((resource, names), set()).update(rule["verbs"])
    for (resource, names), verbs in sorted(merged.items()):
        rows.append([resource, "[]", f"[{names}]", f"[{' '.join(sorted(verbs))}]"])
    session.out.write(columns(rows))
