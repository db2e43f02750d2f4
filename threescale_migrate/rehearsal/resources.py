"""The types that the rehearsal cluster serves."""

from __future__ import annotations

from .ages import has


class Resource:
    """A type: its plural, kind, API version and names on the command line.

    `group` is the API group, empty for the core; `full` is its name in errors (`deploymentconfigs.apps.openshift.io`),
    `singular` in results (`deploymentconfig.apps.openshift.io`).
    """

    def __init__(self, plural: str, kind: str, version: str, namespaced: bool, short: tuple[str, ...] = ()) -> None:
        self.plural = plural
        self.kind = kind
        self.version = version
        self.namespaced = namespaced
        self.short = short
        self.group = version.rpartition("/")[0]
        end = f".{self.group}" if self.group else ""
        self.full = plural + end
        self.singular = kind.lower() + end


_ALL = (
    Resource("deploymentconfigs", "DeploymentConfig", "apps.openshift.io/v1", True, ("dc",)),
    Resource("replicationcontrollers", "ReplicationController", "v1", True, ("rc",)),
    Resource("pods", "Pod", "v1", True, ("po",)),
    Resource("serviceaccounts", "ServiceAccount", "v1", True, ("sa",)),
    Resource("secrets", "Secret", "v1", True),
    Resource("configmaps", "ConfigMap", "v1", True, ("cm",)),
    Resource("services", "Service", "v1", True, ("svc",)),
    Resource("endpoints", "Endpoints", "v1", True, ("ep",)),
    Resource("ingresses", "Ingress", "networking.k8s.io/v1", True, ("ing",)),
    Resource("persistentvolumeclaims", "PersistentVolumeClaim", "v1", True, ("pvc",)),
    Resource("imagestreams", "ImageStream", "image.openshift.io/v1", True, ("is",)),
    Resource("imagestreammappings", "ImageStreamMapping", "image.openshift.io/v1", True),
    Resource("imagestreamimports", "ImageStreamImport", "image.openshift.io/v1", True),
    Resource("rolebindings", "RoleBinding", "rbac.authorization.k8s.io/v1", True),
    Resource("roles", "Role", "rbac.authorization.k8s.io/v1", True),
    Resource("clusterroles", "ClusterRole", "rbac.authorization.k8s.io/v1", False),
    Resource("clusterrolebindings", "ClusterRoleBinding", "rbac.authorization.k8s.io/v1", False),
    Resource("securitycontextconstraints", "SecurityContextConstraints", "security.openshift.io/v1", False, ("scc",)),
    Resource("resourcequotas", "ResourceQuota", "v1", True, ("quota",)),
    Resource("clusterresourcequotas", "ClusterResourceQuota", "quota.openshift.io/v1", False, ("clusterquota",)),
    Resource("appliedclusterresourcequotas", "AppliedClusterResourceQuota", "quota.openshift.io/v1", True),
    Resource("limitranges", "LimitRange", "v1", True, ("limits",)),
    Resource("events", "Event", "v1", True, ("ev",)),
    Resource("namespaces", "Namespace", "v1", False, ("ns",)),
    Resource("projects", "Project", "project.openshift.io/v1", False),
    Resource("routes", "Route", "route.openshift.io/v1", True),
    Resource("buildconfigs", "BuildConfig", "build.openshift.io/v1", True, ("bc",)),
    Resource("selfsubjectrulesreviews", "SelfSubjectRulesReview", "authorization.k8s.io/v1", False),
    Resource("cronjobs", "CronJob", "batch/v1", True, ("cj",)),
)
RESOURCES = {resource.plural: resource for resource in _ALL}
BY_KIND = {resource.kind: resource for resource in _ALL}
_NAMES = {
    name: resource
    for resource in _ALL
    for name in (resource.plural, resource.kind.lower(), resource.full, resource.singular, *resource.short)
}


def version_of(resource: Resource) -> str:
    """The version of a type on the server: CronJobs came to batch/v1 after 3.11 (fact 24)."""
    return "batch/v1beta1" if resource.plural == "cronjobs" and has("batch/v1beta1") else resource.version


def named(name: str) -> Resource | None:
    """The type by any of its names on the command line."""
    return _NAMES.get(name.lower())
