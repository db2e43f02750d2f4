"""`oc whoami`, `version`, `config view`, `auth can-i`."""

from __future__ import annotations

from ..refusing import ApiError
from ..resources import named
from ..rights import covers_url, single
from ..store import copied
from .documents import to_json
from .errors import CommandError, failure, usage
from .output import columns, print_object
from .session import Session

CLIENT = "unknown"
# The fields of a server's version that a client of 2020 does not know.
UNKNOWN_TO_OLD = {
    "emulationMajor": "1", "emulationMinor": "34", "minCompatibilityMajor": "1", "minCompatibilityMinor": "33",
}  # fmt: skip
BUILT = {"goVersion": "go1.26.8", "compiler": "gc", "platform": "linux/amd64"}
SERVER_VERSION = {
    "major": "1",
    "minor": "34",
    **UNKNOWN_TO_OLD,
    "gitVersion": "v0.0.0-master+$Format:%H$",
    "gitCommit": "$Format:%H$",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    **BUILT,
}
CLIENT_VERSION = {
    "major": "", "minor": "", "gitVersion": CLIENT, "gitCommit": "", "gitTreeState": "", "buildDate": "", **BUILT,
}  # fmt: skip


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
        # The recorded server had no such API, and current clients ask in another way.
        if session.has("prints no kustomize version") and not api.store.settings.get("users api", True):
            raise ApiError(
                404, "NotFound", "the server could not find the requested resource (get users.user.openshift.io ~)"
            )
        session.print(api.user)


def version(session: Session) -> None:
    """The versions; those of self-built programs are unknown."""
    if session.has("version in lines"):
        _version_lines(session)
        return
    old = session.has("prints no kustomize version")
    kustomize = "" if old else "\nKustomize Version: v5.7.1"
    if session.values.get("output") == "json":
        server = {key: value for key, value in SERVER_VERSION.items() if not old or key not in UNKNOWN_TO_OLD}
        if not session.values.get("client"):
            server["gitVersion"] = _server_version(session)
        document = {"clientVersion": CLIENT_VERSION, "kustomizeVersion": "v5.7.1", "serverVersion": server}
        if session.values.get("client"):
            document.pop("serverVersion")
        elif old:
            document.pop("kustomizeVersion")
        session.print(to_json(document, indent=2, sort=False))
        return
    session.print(f"Client Version: {CLIENT}{kustomize}")
    if not session.values.get("client"):
        session.print(f"Kubernetes Version: {_server_version(session)}")


def _server_version(session: Session) -> str:
    """What the server calls itself: a self-built one has no number."""
    with session.api() as api:
        return str(api.store.settings.get("server version") or SERVER_VERSION["gitVersion"])


def config(session: Session) -> None:
    """`config view`, `current-context`, `get-contexts` and `use-context`."""
    verb = session.words[0] if session.words else ""
    if verb == "current-context":
        session.print(str(session.configuration.get("current-context", "")))
        return
    if verb == "get-contexts":
        _contexts(session)
        return
    if verb == "use-context":
        name = "".join(session.words[1:2])
        if session.entry("contexts", name) is None:
            raise failure(f'no context exists with the name: "{name}"')
        session.save({**session.configuration, "current-context": name})
        session.print(f'Switched to context "{name}".')
        return
    if verb != "view":
        raise failure(f"the rehearsal oc does not know config {verb}".rstrip())
    document = copied(session.configuration)
    for item in document.get("users") or ():
        for key in ("token", "password"):
            if key in item["user"] and not session.values.get("raw") and not session.values.get("flatten"):
                item["user"][key] = "REDACTED"
    if session.values.get("minify"):
        context = session.context
        title = session.values.get("context") or document["current-context"]
        document["contexts"] = [item for item in document["contexts"] if item["name"] == title]
        document["clusters"] = [item for item in document["clusters"] if item["name"] == context.get("cluster")]
        document["users"] = [item for item in document["users"] if item["name"] == context.get("user")]
    form = session.values.get("output") or "yaml"
    document = {key: document[key] for key in CONFIG_KEYS if key in document}
    if form == "json":  # in the order of Go's fields, unlike all other output
        session.print(to_json(document, sort=False))
        return
    print_object(session, document, form)


CONFIG_KEYS = ("kind", "apiVersion", "clusters", "users", "contexts", "current-context")


def _contexts(session: Session) -> None:
    """`config get-contexts`, which pads its columns with blanks to the widest cell (`places`)."""
    contexts = sorted(session.configuration.get("contexts") or (), key=lambda item: str(item["name"]))
    if session.values.get("output") == "name":
        for item in contexts:
            session.print(item["name"])
        return
    rows = [["CURRENT", "NAME", "CLUSTER", "AUTHINFO", "NAMESPACE"]]
    current = session.configuration.get("current-context")
    for item in contexts:
        context = item["context"]
        mark = "*" if item["name"] == current else ""
        rows.append([mark, item["name"], context["cluster"], context["user"], context.get("namespace", "")])
    session.out.write(columns(rows[bool(session.values.get("no-headers")) :]))


def auth(session: Session) -> None:
    """`auth can-i`: `yes`, or `no` with exit code 1 and no error (fact 10)."""
    if session.words[:1] != ["can-i"]:
        raise failure("the rehearsal oc knows only auth can-i")
    if session.values.get("list"):
        if session.has("can-i knows no list"):
            raise usage("unknown flag: --list", "oc auth can-i")
        _list_rules(session)
        return
    if len(session.words) not in (3, 4):
        raise failure(
            "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'oc auth can-i -h' for help and examples."
        )
    yes = _may_url(session) if session.words[2].startswith("/") else _may(session)
    old = session.has("can-i no ends with 0")
    if not session.values.get("quiet"):
        session.print("yes" if yes else "no - no RBAC policy matched" if old else "no")
    if not yes and not (old and not session.values.get("quiet")):
        raise CommandError("")


def _may_url(session: Session) -> bool:
    with session.api() as api:
        return any(covers_url(rule, session.words[1], session.words[2]) for rule in api.rules(None))


def _may(session: Session) -> bool:
    """Whether an action on a type, or on one object of it, is allowed; also for a type that the server does not have."""
    verb, kind = session.words[1:3]
    kind, _, name = kind.partition("/")
    name = name or "".join(session.words[3:])
    namespace = None if session.values.get("all-namespaces") else session.namespace
    with session.api() as api:
        found = named(kind)
        if found is not None:
            plural, group = found.plural, found.group
        else:
            plural, _, group = kind.partition(".")
        note = f" in group '{group}'" if group else ""
        blank = "" if session.has("can-i warns of a scope in one line") else "\n"
        if found is None and kind != "*":
            session.err.write(f"Warning: the server doesn't have a resource type '{plural}'{note}\n\n")
        elif (
            found is not None
            and not found.namespaced
            and namespace is not None
            and not session.has("can-i does not ask for the scope of a type")
        ):
            session.err.write(f"Warning: resource '{plural}' is not namespace scoped{note}\n{blank}")
        sub = str(session.values.get("subresource") or "")
        return api.can_i(verb, f"{plural}/{sub}" if sub else plural, namespace, name, group)


def _list_rules(session: Session) -> None:
    """Everything the user may do: one line per type, or per object name, with its verbs in the order of the rules."""
    with session.api() as api:
        found = api.rules(session.namespace)
    merged: dict[tuple[str, str, str], list[str]] = {}
    rows, repeats = [], session.has("can-i --list repeats verbs")
    for rule in single(found):
        url = "".join(rule.get("nonResourceURLs") or ())
        if url:
            rows += [("", "", "", url, [verb]) for verb in rule["verbs"]]
            continue
        for name in rule.get("resourceNames") or [""]:
            verbs = merged.setdefault((rule["apiGroups"][0], rule["resources"][0], name), [])
            verbs += [verb for verb in rule["verbs"] if repeats or verb not in verbs]
    rows += [(*key, "", verbs) for key, verbs in merged.items() if verbs]
    rows.sort(key=lambda row: f"[{' '.join(row[4])}],[{row[0]}],[{row[1]}],[{row[2]}],[{row[3]}]")
    shown = [["Resources", "Non-Resource URLs", "Resource Names", "Verbs"]]
    for group, resource, name, url, verbs in rows:
        kind, slash, sub = resource.partition("/")
        kind = f"{kind}.{group}" if group else kind
        shown.append([kind + slash + sub, f"[{url}]", f"[{name}]", f"[{' '.join(verbs)}]"])
    session.out.write(columns(shown[bool(session.values.get("no-headers")) :]))


def _version_lines(session: Session) -> None:
    if session.values.get("output"):
        raise usage("unknown shorthand flag: 'o' in -o", "oc version")
    session.print("oc v3.11.0\nkubernetes v1.11.0+d4cacc0\nfeatures: Basic-Auth")
    if not session.values.get("client"):
        with session.api():
            session.print(f"\nServer {session.server}\nopenshift v3.11.0\nkubernetes v1.11.0+d4cacc0")
