"""Who may do what: role bindings, the groups of users and of service accounts, and what a rule covers.

The roles that a cluster begins with are in cluster-roles.json. What any user, a viewer and an editor may do is taken from the
recorded reviews (`errors`, `rbac`, `in-the-name-of-an-account`); an admin's further rights and the cluster's own roles are
OpenShift's.
"""

from __future__ import annotations

from .resources import RESOURCES
from .store import Store
from .typed import Iterator, Object

RBAC = "rbac.authorization.k8s.io"
ADMIN = "system:admin"
VERBS = (
    "get",
    "list",
    "watch",
    "create",
    "update",
    "patch",
    "delete",
    "deletecollection",
    "bind",
    "use",
    "impersonate",
)
SUBRESOURCES = {
    "deploymentconfigs": ("instantiate", "scale", "log"),
    "pods": ("log", "exec"),
    "imagestreams": ("layers",),
}
MASTERS: list[Object] = [
    {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
    {"nonResourceURLs": ["*"], "verbs": ["*"]},
]


def subject(name: str, kind: str = "User") -> Object:
    """A user or group as bindings name it."""
    return {"apiGroup": RBAC, "kind": kind, "name": name}


def account(name: str, namespace: str) -> Object:
    """A service account as bindings name it."""
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}


def binding(
    kind: str, name: str, role: str, subjects: list[Object], namespace: str = "", role_kind: str = "ClusterRole"
) -> Object:
    """A RoleBinding or ClusterRoleBinding."""
    meta = {"name": name, "namespace": namespace} if namespace else {"name": name}
    reference = {"apiGroup": RBAC, "kind": role_kind, "name": role}
    return {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": meta, "roleRef": reference, "subjects": subjects}


def groups_of(user: str) -> tuple[str, ...]:
    """The groups that a user has by its name, as a login assigns them."""
    if user == ADMIN:
        return ("system:masters", "system:authenticated")
    if user.startswith("system:serviceaccount:"):
        namespace = user.split(":")[2]
        return ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
    if user == "system:anonymous":
        return ("system:unauthenticated",)
    return ("system:authenticated:oauth", "system:authenticated")


def impersonated_groups(user: str) -> tuple[str, ...]:
    """The groups of a user in whose name somebody else asks: those of an account, but none that a login assigns.

    apiserver pkg/endpoints/filters/impersonation.go.
    """
    return groups_of(user) if user.startswith("system:serviceaccount:") else ("system:authenticated",)


def rules(store: Store, user: str, groups: tuple[str, ...], namespace: str | None) -> list[Object]:
    """The rules that hold for a user in a namespace, or cluster-wide for None."""
    if "system:masters" in groups:
        return MASTERS
    bindings = list(store.all("clusterrolebindings"))
    if namespace is not None:
        bindings += store.all("rolebindings", namespace)
    found: list[Object] = []
    for bound in bindings:
        if any(_is(known, user, groups, bound) for known in bound.get("subjects") or ()):
            found += rules_of(store, bound)
    return found


def rules_of(store: Store, bound: Object) -> list[Object]:
    """The rules of the role that a binding names; none if there is no such role."""
    reference = bound["roleRef"]
    kind = "roles" if reference.get("kind") == "Role" else "clusterroles"
    space = bound["metadata"].get("namespace") if kind == "roles" else None
    role = store.get(kind, space, reference["name"]) or {}
    found: list[Object] = role.get("rules") or []
    return found


def _is(known: Object, user: str, groups: tuple[str, ...], bound: Object) -> bool:
    if known["kind"] == "ServiceAccount":
        namespace = known.get("namespace") or bound["metadata"].get("namespace", "")
        return user == f"system:serviceaccount:{namespace}:{known['name']}"
    if known["kind"] == "Group":
        return known["name"] in groups
    return bool(known["name"] == user)


def group_of(resource: str) -> str:
    """The API group of a type by its plural, with or without a subresource; empty for the core and for unknown types."""
    known = RESOURCES.get(resource.partition("/")[0])
    return known.group if known is not None else ""


def covers(rule: Object, verb: str, group: str, resource: str, name: str = "") -> bool:
    """Whether a rule allows a verb on a type, or on the one object of it that has the name."""
    if not {verb, "*"} & set(rule["verbs"]) or not {group, "*"} & set(rule.get("apiGroups") or ()):
        return False
    _, slash, sub = resource.partition("/")
    wanted = {resource, "*", f"*/{sub}"} if slash else {resource, "*"}
    if not wanted & set(rule.get("resources") or ()):
        return False
    return not rule.get("resourceNames") or name in rule["resourceNames"]


def covers_url(rule: Object, verb: str, url: str) -> bool:
    """Whether a rule allows a verb on a path of the server that is not an object."""
    known = rule.get("nonResourceURLs") or ()
    return bool({verb, "*"} & set(rule["verbs"])) and any(
        path in ("*", url) or (path.endswith("*") and url.startswith(path[:-1])) for path in known
    )


def written_out(rule: Object) -> list[Object]:
    """A rule for all verbs or types as one for each type that the cluster serves: what of it is taken away can then be left out."""
    if "*" not in (*rule["verbs"], *(rule.get("resources") or ())) or "resources" not in rule:
        return [rule]
    verbs = list(VERBS) if "*" in rule["verbs"] else rule["verbs"]
    listed = [name for name in rule["resources"] if name != "*"]
    if len(listed) < len(rule["resources"]):
        subs = [name for kind, parts in SUBRESOURCES.items() for name in (f"{kind}/{part}" for part in parts)]
        listed += [name for name in (*RESOURCES, *subs) if {group_of(name), "*"} & set(rule["apiGroups"])]
    return [{**rule, "verbs": verbs, "apiGroups": [group_of(name)], "resources": [name]} for name in listed]


def single(found: list[Object]) -> Iterator[Object]:
    """Rules split up: one group and type, or one path, in each."""
    for rule in found:
        for group in rule.get("apiGroups") or ():
            for resource in rule.get("resources") or ():
                yield {**rule, "apiGroups": [group], "resources": [resource]}
        for url in rule.get("nonResourceURLs") or ():
            yield {"verbs": rule["verbs"], "nonResourceURLs": [url]}


def missing(held: list[Object], wanted: list[Object]) -> list[Object]:
    """The requested rights, split up, that are not held: nobody can grant what they do not have."""
    found = []
    for rule in single(wanted):
        if "nonResourceURLs" in rule:
            verbs = [
                v for v in rule["verbs"] if not any(covers_url(own, v, rule["nonResourceURLs"][0]) for own in held)
            ]
        else:
            group, resource = rule["apiGroups"][0], rule["resources"][0]
            names = rule.get("resourceNames") or [""]
            verbs = [
                verb
                for verb in rule["verbs"]
                if not all(any(covers(own, verb, group, resource, name) for own in held) for name in names)
            ]
        if verbs:
            found.append({**rule, "verbs": verbs})
    return found
