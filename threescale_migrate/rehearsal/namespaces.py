"""Namespaces, and projects, which are OpenShift's view of them."""

from __future__ import annotations

from .rights import account, binding, subject
from .store import Object, Store, copied

# The annotation that distinguishes a rehearsal's project from a real one.
REHEARSAL = "threescale-migrate/rehearsal"
# The accounts that OpenShift creates in each project, and creates again as soon as one is deleted.
OWN_ACCOUNTS = ("builder", "default", "deployer")
# The parts of OpenShift's descriptions of its own bindings.
DEPLOYS = "deploymentconfigs in this namespace to rollout pods in this namespace"
PULLS = "all pods in this namespace to pull images from this namespace"


def own_account(name: str, namespace: str) -> Object:
    """A new account of these."""
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}}


def namespace_of(name: str) -> Object:
    """A namespace as the server stores it."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"labels": {"kubernetes.io/metadata.name": name}, "name": name},
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def project_namespace(name: str, requester: str) -> Object:
    """The namespace of a requested project (`places`)."""
    item = namespace_of(name)
    notes = {"description": "", "display-name": "", "requester": requester}
    item["metadata"]["annotations"] = {f"openshift.io/{key}": value for key, value in notes.items()}
    return item


def mark(namespace: Object) -> None:
    """Annotates a project as a rehearsal's, which its server's name may not show."""
    namespace["metadata"].setdefault("annotations", {})[REHEARSAL] = "true"


def project_of(namespace: Object) -> Object:
    """A namespace as OpenShift shows it, as a project."""
    return {
        "apiVersion": "project.openshift.io/v1",
        "kind": "Project",
        "metadata": copied(namespace["metadata"]),
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    }


def begin_namespace(store: Store, name: str, user: str) -> None:
    """What OpenShift puts into a new project: its accounts and their bindings."""
    for own in OWN_ACCOUNTS:
        store.put("serviceaccounts", own_account(own, name))
    group = subject(f"system:serviceaccounts:{name}", "Group")
    for bound, role, whom, does in (
        ("admin", "admin", subject(user), ""),
        ("system:deployers", "system:deployer", account("deployer", name), DEPLOYS),
        ("system:image-pullers", "system:image-puller", group, PULLS),
    ):
        item = binding("RoleBinding", bound, role, [whom], name)
        if does:
            note = f"Allows {does}.  It is auto-managed by a controller; remove subjects to disable."
            item["metadata"]["annotations"] = {"openshift.io/description": note}
        store.put("rolebindings", item)
