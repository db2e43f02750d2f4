"""`oc adm policy` and `oc policy`: roles for users and accounts."""

from __future__ import annotations

from ..resources import RESOURCES, Resource
from ..server import Api
from ..store import Object
from . import output
from .errors import failure
from .session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERBS = {
    "add-role-to-user": ("RoleBinding", True),
    "add-cluster-role-to-user": ("ClusterRoleBinding", True),
    "add-scc-to-user": ("ClusterRoleBinding", True),
    "remove-role-from-user": ("RoleBinding", False),
    "remove-cluster-role-from-user": ("ClusterRoleBinding", False),
    "remove-scc-from-user": ("ClusterRoleBinding", False),
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
    if verb == "who-can":
        raise failure("the rehearsal oc does not know adm policy who-can")
    if verb not in VERBS or len(session.words) < 2:
        raise failure(f"the rehearsal oc does not know policy {verb}".rstrip())
    kind, add = VERBS[verb]
    role = session.words[1]
    if "scc" in verb:
        role, kind = f"system:openshift:scc:{role}", ("RoleBinding" if session.values.get("serviceaccount") else kind)
    subjects = [_subject(session, name) for name in session.words[2:]]
    for name in session.values.get("serviceaccount") or ():
        subjects.append({"kind": "ServiceAccount", "name": name, "namespace": session.namespace})
    if not subjects:
        raise failure("You must specify at least one user or service account")
    resource = RESOURCES["rolebindings" if kind == "RoleBinding" else "clusterrolebindings"]
    local = session.values.get("role-namespace") if kind == "RoleBinding" else None
    role_kind = "Role" if local else "ClusterRole"
    with session.api() as api:
        known = api.items(resource, session.namespace)
        if role_kind == "ClusterRole" and api.store.get("clusterroles", None, role) is None:
            session.err.write(f"Warning: role '{role}' not found\n")
        if add:
            made = _add(session, api, resource, known, role, role_kind, subjects)
        else:
            _remove(session, api, resource, known, role, subjects)
            made = None
    _tell(session, role, role_kind, add, subjects, made)


def _subject(session: Session, name: str) -> dict[str, str]:
    if name.startswith("system:serviceaccount:"):
        _, _, namespace, account = name.split(":", 3)
        return {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": name}


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one.get(key) == other.get(key) for key in ("kind", "name", "namespace"))


def _add(
    session: Session,
    api: Api,
    resource: Resource,
    known: list[Object],
    role: str,
    role_kind: str,
    subjects: list[dict[str, str]],
) -> Object | None:
    missing = [
        subject
        for subject in subjects
        if not any(
            binding["roleRef"]["name"] == role
            and binding["roleRef"].get("kind") == role_kind
            and any(_same(subject, other) for other in binding.get("subjects") or ())
            for binding in known
        )
    ]
    name, number = str(session.values.get("rolebinding-name") or role), 0
    names = {binding["metadata"]["name"] for binding in known}
    base = name
    while name in names:
        name, number = f"{base}-{number}", number + 1
    item = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": resource.kind,
        "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role_kind, "name": role},
        "subjects": missing or subjects,
    }
    dry = session.values.get("dry-run")
    if missing and not dry:
        return api.create(resource, session.namespace, item)
    return item


def _remove(
    session: Session, api: Api, resource: Resource, known: list[Object], role: str, subjects: list[dict[str, str]]
) -> None:
    for binding in list(known):
        if binding["roleRef"]["name"] != role:
            continue
        left = [
            other for other in binding.get("subjects") or () if not any(_same(subject, other) for subject in subjects)
        ]
        if len(left) == len(binding.get("subjects") or ()):
            continue
        name = binding["metadata"]["name"]
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
