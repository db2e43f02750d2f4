"""Who may do what: role bindings, the groups of service accounts, and the roles that a cluster begins with."""

from __future__ import annotations

from .store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ADMIN = "system:admin"
_READ = ["get", "list", "watch"]
_WRITE = ["create", "delete", "deletecollection", "patch", "update"]
_SEEN = [
    "configmaps", "deploymentconfigs", "deploymentconfigs/log", "deploymentconfigs/scale", "deploymentconfigs/status", "endpoints",
    "events", "imagestreams", "limitranges", "namespaces", "persistentvolumeclaims", "pods", "pods/log", "pods/status",
    "replicationcontrollers", "replicationcontrollers/scale", "resourcequotas", "routes", "serviceaccounts", "services",
    "cronjobs",
]  # fmt: skip
_EDITED = [
    "configmaps", "deploymentconfigs", "deploymentconfigs/instantiate", "deploymentconfigs/rollback", "deploymentconfigs/scale",
    "imagestreams", "persistentvolumeclaims", "pods", "replicationcontrollers", "replicationcontrollers/scale", "routes", "secrets",
    "serviceaccounts", "services", "cronjobs",
]  # fmt: skip
_RIGHTS = ["roles", "rolebindings"]


def _rule(verbs: list[str], resources: list[str], names: list[str] | None = None) -> dict[str, Any]:
    rule: dict[str, Any] = {"apiGroups": ["*"], "resources": resources, "verbs": verbs}
    return {**rule, "resourceNames": names} if names else rule


_VIEW = [_rule(_READ, _SEEN)]
_EDIT = [*_VIEW, _rule(_READ, ["secrets"]), _rule(_WRITE, _EDITED)]
CLUSTER_ROLES: dict[str, list[dict[str, Any]]] = {
    "cluster-admin": [_rule(["*"], ["*"])],
    "admin": [*_EDIT, _rule([*_READ, *_WRITE], _RIGHTS)],
    "edit": _EDIT,
    "view": _VIEW,
    "basic-user": [_rule(_READ, ["projects"])],
    "system:deployer": [
        _rule(_READ, ["replicationcontrollers", "pods"]),
        _rule(["create"], ["pods", "imagestreamtags"]),
    ],
    "system:image-builder": [_rule(["get", "update"], ["imagestreams/layers"])],
    "system:image-puller": [_rule(["get"], ["imagestreams/layers"])],
    **{
        f"system:openshift:scc:{name}": [_rule(["use"], ["securitycontextconstraints"], [name])]
        for name in ("anyuid", "privileged", "restricted", "nonroot", "hostaccess", "hostnetwork")
    },
}


def groups_of(user: str) -> tuple[str, ...]:
    """The groups that a user has by its name."""
    if user == ADMIN:
        return ("system:masters", "system:authenticated")
    if user.startswith("system:serviceaccount:"):
        namespace = user.split(":")[2]
        return ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    return ("system:authenticated",)


def rules(store: Store, user: str, groups: tuple[str, ...], namespace: str | None) -> list[dict[str, Any]]:
    """The rules that hold for a user in a namespace, or cluster-wide for None."""
    if "system:masters" in groups:
        return [_rule(["*"], ["*"])]
    bindings = list(store.all("clusterrolebindings"))
    if namespace is not None:
        bindings += store.all("rolebindings", namespace)
    found: list[dict[str, Any]] = []
    for binding in bindings:
        if any(_is(subject, user, groups, binding) for subject in binding.get("subjects") or ()):
            reference = binding["roleRef"]
            kind = "roles" if reference.get("kind") == "Role" else "clusterroles"
            space = binding["metadata"].get("namespace") if kind == "roles" else None
            role = store.get(kind, space, reference["name"])
            found += (role or {}).get("rules") or []
    return found


def _is(subject: dict[str, Any], user: str, groups: tuple[str, ...], binding: dict[str, Any]) -> bool:
    if subject["kind"] == "ServiceAccount":
        namespace = subject.get("namespace") or binding["metadata"].get("namespace", "")
        return user == f"system:serviceaccount:{namespace}:{subject['name']}"
    if subject["kind"] == "Group":
        return subject["name"] in groups
    return bool(subject["name"] == user)


def allowed(
    store: Store, user: str, groups: tuple[str, ...], verb: str, resource: str, namespace: str | None, name: str = ""
) -> bool:
    """Whether a user may do something."""
    for rule in rules(store, user, groups, namespace):
        if not {verb, "*"} & set(rule["verbs"]) or not {resource, "*"} & set(rule.get("resources") or ()):
            continue
        if rule.get("resourceNames") and name not in rule["resourceNames"]:
            continue
        return True
    return False
