"""`oc create TYPE NAME` and `oc run`: objects from words instead of files."""

from __future__ import annotations

from .. import rights
from ..namespaces import namespace_of
from ..patching import strategic
from ..refusing import ApiError
from ..resources import BY_KIND
from ..store import Object
from ..typed import Any
from .errors import failure, type_named
from .files import body, done
from .session import Session


def generate(session: Session) -> None:
    kind, *rest = session.words
    if kind == "secret":
        kind, rest = f"secret {rest[0] if rest else ''}", rest[1:]
    maker = GENERATORS.get(kind)
    if maker is None or not rest:
        raise failure(f"the rehearsal oc does not know create {kind}")
    item = maker(session, rest[0])
    try:
        _create(session, item)
    except ApiError as error:
        if error.status == 409:
            raise failure(f"failed to create {item['kind'].lower()}: {error.message}") from None
        raise


def _create(session: Session, item: Object) -> None:
    resource = BY_KIND[item["kind"]]
    if session.dry_run != "client":
        with session.api() as api:
            item = api.create(resource, session.namespace, item, dry_run=session.dry_run == "server")
    done(session, resource, item, "created")


def run_pod(session: Session) -> None:
    """`oc run`: one pod, with the image and the command given, and what `--overrides` adds."""
    if not session.words or not session.values.get("image"):
        raise failure('required flag(s) "image" not set' if session.words else "NAME is required for run")
    name, *command = session.words
    container: Object = {"image": session.values["image"], "name": name, "resources": {}}
    if command:
        container["command" if session.values.get("command") else "args"] = command
    environment = [text.partition("=") for text in session.values.get("env") or ()]
    if environment:
        container["env"] = [{"name": key, "value": value} for key, _, value in environment]
    item: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"labels": {"run": name}, "name": name},
        "spec": {
            "containers": [container],
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": session.values.get("restart") or "Always",
        },
    }
    if session.values.get("overrides"):
        item = strategic(item, body(session.values["overrides"]))
    _create(session, item)


def _role(session: Session, name: str) -> Object:
    return {"kind": "Role", "metadata": {"name": name}, "rules": _rules(session)}


def _rules(session: Session) -> list[Object]:
    """The rules of `create role`: one for each API group."""
    by_group: dict[str, list[str]] = {}
    for resource in session.values.get("resource") or ():
        kind, slash, sub = resource.partition("/")
        known = type_named(kind)
        by_group.setdefault(known.group, []).append(known.plural + slash + sub)
    names = session.values.get("resource-name")
    return [
        {"apiGroups": [group], "resources": resources, "verbs": list(session.values.get("verb") or ())}
        | ({"resourceNames": list(names)} if names else {})
        for group, resources in by_group.items()
    ]


def _subjects(session: Session) -> list[Object]:
    subjects = []
    for text in session.values.get("serviceaccount") or ():
        namespace, _, name = text.partition(":")
        subjects.append(rights.account(name, namespace))
    for kind in ("user", "group"):
        subjects += [rights.subject(name, kind.capitalize()) for name in session.values.get(kind) or ()]
    return subjects


def _binding(kind: str) -> Any:
    def make(session: Session, name: str) -> Object:
        role = session.values.get("role")
        role_name = str(role or session.values.get("clusterrole") or "")
        return rights.binding(kind, name, role_name, _subjects(session), role_kind="Role" if role else "ClusterRole")

    return make


def _generic(session: Session, name: str) -> Object:
    data = dict(part.split("=", 1) for part in session.values.get("from-literal") or ())
    return {
        "kind": "Secret",
        "metadata": {"name": name},
        "stringData": data,
        "type": session.values.get("type") or "Opaque",
    }


GENERATORS: dict[str, Any] = {
    "sa": lambda session, name: {"kind": "ServiceAccount", "metadata": {"name": name}},
    "serviceaccount": lambda session, name: {"kind": "ServiceAccount", "metadata": {"name": name}},
    "namespace": lambda session, name: namespace_of(name),
    "role": _role,
    "rolebinding": _binding("RoleBinding"),
    "clusterrolebinding": _binding("ClusterRoleBinding"),
    "secret generic": _generic,
}
