"""`oc adm policy` and `oc policy`: roles for users and accounts."""

from __future__ import annotations

from ..resources import RESOURCES, Resource
from ..server import Api, ApiError
from ..store import Object
from . import output
from .errors import failure
from .session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Each verb: the kind of the binding, and whether it adds. An SCC is given by a binding that has the name of its role.
VERBS = {
    "add-role-to-user": ("RoleBinding", True),
    "add-cluster-role-to-user": ("ClusterRoleBinding", True),
    "add-scc-to-user": ("ClusterRoleBinding", True),
    "add-role-to-group": ("RoleBinding", True),
    "add-cluster-role-to-group": ("ClusterRoleBinding", True),
    "add-scc-to-group": ("ClusterRoleBinding", True),
    "remove-role-from-user": ("RoleBinding", False),
    "remove-cluster-role-from-user": ("ClusterRoleBinding", False),
    "remove-scc-from-user": ("ClusterRoleBinding", False),
    "remove-role-from-group": ("RoleBinding", False),
    "remove-cluster-role-from-group": ("ClusterRoleBinding", False),
    "remove-scc-from-group": ("ClusterRoleBinding", False),
}


def adm(session: Session) -> None:
    """`oc adm policy …`."""
    if session.words[:1] != ["policy"]:
        raise failure("the rehearsal oc knows adm policy only")
    session.words = session.words[1:]
    policy(session)


def policy(session: Session) -> None:
    """Binds a role, or takes it away; idempotent, and says `added` every time (recordings/README.md 8)."""
    verb = session.words[0] if session.words else ""
    if verb == "who-can":  # the recorded server had no such API
        with session.api():
            what = "post localresourceaccessreviews.authorization.openshift.io"
            raise ApiError(404, "NotFound", f"the server could not find the requested resource ({what})")
    if verb not in VERBS or len(session.words) < 2:
        raise failure(f"the rehearsal oc does not know policy {verb}".rstrip())
    kind, add = VERBS[verb]
    if "-scc-" in verb and session.values.get("namespace"):
        kind = "RoleBinding"  # an SCC is bound in the project that the call names (old-clients.jsonl)
    role = f"system:openshift:scc:{session.words[1]}" if "-scc-" in verb else session.words[1]
    subjects = [_subject(name, verb.endswith("group")) for name in session.words[2:]]
    for name in session.values.get("serviceaccount") or ():
        subjects.append({"kind": "ServiceAccount", "name": name, "namespace": session.namespace})
    if not subjects:
        raise failure("You must specify at least one user or service account")
    resource = RESOURCES["rolebindings" if kind == "RoleBinding" else "clusterrolebindings"]
    local = session.values.get("role-namespace") if kind == "RoleBinding" else None
    role_kind = "Role" if local else "ClusterRole"
    binding_name = role if "-scc-" in verb else str(session.values.get("rolebinding-name") or "")
    with session.api() as api:
        known = [
            binding
            for binding in api.items(resource, session.namespace)
            if binding["roleRef"]["name"] == role and binding["roleRef"].get("kind") == role_kind
        ]
        if binding_name:
            known = [binding for binding in known if binding["metadata"]["name"] == binding_name]
        if add:
            made = _add(session, api, resource, known, (role_kind, role), binding_name, subjects)
        else:
            made = None
            _remove(session, api, resource, known, subjects)
    _tell(session, role, role_kind, add, subjects, made)


def _subject(name: str, group: bool) -> dict[str, str]:
    if name.startswith("system:serviceaccount:") and not group:
        _, _, namespace, account = name.split(":", 3)
        return {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group" if group else "User", "name": name}


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one.get(key) == other.get(key) for key in ("kind", "name", "namespace"))


def _add(
    session: Session,
    api: Api,
    resource: Resource,
    known: list[Object],
    role: tuple[str, str],
    name: str,
    subjects: list[dict[str, str]],
) -> Object:
    """The binding that gives the role to the subjects: one that does so already, the one of that name with more subjects, or a new one."""
    bound = [subject for binding in known for subject in binding.get("subjects") or ()]
    missing = [subject for subject in subjects if not any(_same(subject, other) for other in bound)]
    if not missing:
        return known[0]
    if role[0] == "ClusterRole" and api.store.get("clusterroles", None, role[1]) is None:
        session.err.write(f"Warning: role '{role[1]}' not found\n")
    dry = str(session.values.get("dry-run") or "none")
    if name and known:
        item = {**known[0], "subjects": [*(known[0].get("subjects") or ()), *missing]}
        if dry in ("none", "server"):
            item, _ = api.replace(resource, session.namespace, item["metadata"]["name"], item, dry_run=dry == "server")
        return item
    item = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": resource.kind,
        "metadata": {"name": name or _free_name(session, api, resource, role[1])},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role[0], "name": role[1]},
        "subjects": missing,
    }
    if dry in ("none", "server"):
        return api.create(resource, session.namespace, item, dry_run=dry == "server")
    return item


def _free_name(session: Session, api: Api, resource: Resource, base: str) -> str:
    """The role's name, or with the first number that is free (recordings/README.md 8)."""
    names = {binding["metadata"]["name"] for binding in api.items(resource, session.namespace)}
    name, number = base, 0
    while name in names:
        name, number = f"{base}-{number}", number + 1
    return name


def _remove(
    session: Session, api: Api, resource: Resource, known: list[Object], subjects: list[dict[str, str]]
) -> None:
    """Takes the subjects out of the bindings; one that is left without any goes away."""
    dry = str(session.values.get("dry-run") or "none")
    for binding in list(known):
        bound = binding.get("subjects") or ()
        left = [other for other in bound if not any(_same(subject, other) for subject in subjects)]
        name = binding["metadata"]["name"]
        if len(left) == len(bound) or dry != "none":
            continue
        if left:
            api.patch(resource, session.namespace, name, "merge", {"subjects": left})
        else:
            api.delete(resource, session.namespace, name)


def _tell(
    session: Session, role: str, role_kind: str, add: bool, subjects: list[dict[str, str]], made: Object | None
) -> None:
    form = session.values.get("output")
    if form and made is not None:
        output.print_object(session, made, str(form))
        return
    if session.values.get("serviceaccount"):
        names = ", ".join(f'"{subject["name"]}"' for subject in subjects)
    else:
        names = ", ".join(
            f'"system:serviceaccount:{s["namespace"]}:{s["name"]}"'
            if s["kind"] == "ServiceAccount"
            else f'"{s["name"]}"'
            for s in subjects
        )
    dry = {"server": " (server dry run)", "client": " (dry run)", "unchanged": " (dry run)"}.get(
        str(session.values.get("dry-run")), ""
    )
    verb = "added" if add else "removed"
    session.print(f"{role_kind.lower()}.rbac.authorization.k8s.io/{role} {verb}: {names}{dry}")
