"""What a cluster begins with: its roles, its bindings, its namespaces, and a project."""

from __future__ import annotations

import os

from . import rights
from .namespaces import begin_namespace, namespace_of, project_namespace
from .quickjson import loads
from .resources import BY_KIND
from .server import Cluster
from .store import Object, Store, lock, save
from .typed import Any, Directory, Iterable

# What every cluster has besides `default`; their content is never read.
SYSTEM_NAMESPACES = (
    "kube-node-lease", "kube-public", "kube-system", "openshift", "openshift-apiserver", "openshift-config",
    "openshift-config-managed", "openshift-controller-manager", "openshift-image-registry", "openshift-infra", "openshift-node",
)  # fmt: skip


def begin_cluster_binding(store: Store, known: dict[str, Any]) -> None:
    """A cluster role binding that every cluster begins with."""
    item = rights.binding("ClusterRoleBinding", known["name"], known["role"], known.get("subjects") or [])
    item["metadata"].update({key: known[key] for key in ("annotations", "labels") if key in known})
    if known.get("subjects") is None:
        del item["subjects"]
    store.put("clusterrolebindings", item)


def data_file(name: str) -> Any:
    """The content of a file next to this one, which may be in a zip."""
    import pkgutil  # late: only the call that creates a cluster needs it

    return loads((pkgutil.get_data(__package__, name) or b"").decode("utf-8"))


def begin(store: Store, documents: Iterable[Object], namespace: str | None) -> None:
    """Fills an empty store with a cluster, and with a project and its objects where one is named."""
    for name, role_rules in data_file("cluster-roles.json").items():
        role = {
            "apiVersion": f"{rights.RBAC}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": name},
            "rules": role_rules,
        }
        store.put("clusterroles", role)
    for known in data_file("cluster-role-bindings.json"):
        begin_cluster_binding(store, known)
    for constraints in data_file("security-context-constraints.json"):
        store.put("securitycontextconstraints", constraints)
    for name in dict.fromkeys(("default", *SYSTEM_NAMESPACES, *([namespace] if namespace else ()))):
        store.put("namespaces", project_namespace(name, rights.ADMIN) if name == namespace else namespace_of(name))
        if name not in SYSTEM_NAMESPACES:
            begin_namespace(store, name, rights.ADMIN)
    api = Cluster(store).api()
    for document in documents:
        resource = BY_KIND.get(str(document.get("kind")))
        if resource is not None:
            api.create(resource, namespace, document)


def create_cluster(directory: Directory, store: Store) -> None:
    """Writes a new cluster into a directory."""
    os.makedirs(directory, exist_ok=True)
    descriptor = lock(directory)
    try:
        save(directory, store)
    finally:
        os.close(descriptor)
