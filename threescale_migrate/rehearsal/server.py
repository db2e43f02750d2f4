"""The API server of the rehearsal cluster as `oc` sees it: objects, patches, rights, errors."""

from __future__ import annotations

from . import faults
from .callers import Caller
from .namespaces import OWN_ACCOUNTS, mark, project_namespace, project_of
from .refusing import NOT_ALLOWED, ApiError, check_types, not_found
from .resources import RESOURCES, Resource, version_of
from .rights import ADMIN
from .simulation import Simulation
from .store import Object, Opened, Store, copied
from .typed import Any, Callable, Directory

# Types that can only be created: what is made is an answer.
NOT_STORED = ("imagestreammappings", "imagestreamimports", "selfsubjectrulesreviews")
SERVER = "https://api.cluster.example.test:6443"

# What a deletion can be bound to: rest.BeforeDelete in apiserver pkg/registry/rest/delete.go (fact 38).
PRECONDITIONS = (
    ("uid", "UID", "deleted and then recreated"),
    ("resourceVersion", "ResourceVersion", "modified"),
)


def _handlers() -> dict[str, Callable[[Simulation, str, str], None]]:
    """Which controller answers which kind of event. They are loaded when one is due."""
    from . import deployer, following, kubelet, pods, status, triggers

    return {
        "config": triggers.check_triggers,
        "rollout": triggers.begin,
        "deployer": deployer.step,
        "scale": pods.reconcile,
        "status": status.update_status,
        "pod": kubelet.step,
        "account": following.give_login,
    }


class Cluster:
    """An open cluster: its store, brought up to date with its clock."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.simulation = Simulation(store, _handlers)
        self.simulation.advance()

    def api(self, user: str = ADMIN, acting: bool = False) -> Api:
        """The API for a user; `acting` where somebody else acts as that user, to whom no fault applies."""
        return Api(self, user, acting)


class OpenCluster:
    """Locks the cluster of a directory, brings it up to date, and saves it at the end, for a `with` statement."""

    def __init__(self, directory: Directory) -> None:
        self.opened = Opened(directory)

    def __enter__(self) -> Cluster:
        store = self.opened.__enter__()
        try:
            return Cluster(store)
        except BaseException:
            self.opened.__exit__()
            raise

    def __exit__(self, *error: object) -> None:
        self.opened.__exit__()


open_cluster = OpenCluster


class Api(Caller):
    """The calls of one user."""

    def __init__(self, cluster: Cluster, user: str, acting: bool) -> None:
        super().__init__(cluster.store, user, acting)
        self.cluster = cluster

    def get(self, resource: Resource, namespace: str | None, name: str) -> Object:
        """One object. Raises ApiError."""
        self.allow("get", resource, namespace, name)
        found: Object = copied(self._stored(resource, namespace, name))
        return found

    def _stored(self, resource: Resource, namespace: str | None, name: str) -> Object:
        if resource.plural in NOT_STORED:
            raise NOT_ALLOWED
        if resource.plural == "appliedclusterresourcequotas":
            found = next((item for item in self._applied(namespace) if item["metadata"]["name"] == name), None)
            if found is None:
                raise not_found(resource, name)
            return found
        plural = "namespaces" if resource.plural == "projects" else resource.plural
        found = self.store.get(plural, namespace if resource.namespaced else None, name)
        if found is None:
            raise not_found(resource, name)
        return self._seen(resource, found)

    def _seen(self, resource: Resource, item: Object) -> Object:
        """An object as it is shown: some parts are computed when they are read."""
        if resource.plural == "projects":
            return project_of(item)
        if resource.plural == "resourcequotas":
            from .quotas import with_usage

            return with_usage(self.store, item)
        return {**item, "apiVersion": version_of(resource)} if resource.plural == "cronjobs" else item

    def items(self, resource: Resource, namespace: str | None) -> list[Object]:
        """All objects of a type in a namespace, or everywhere for None. Raises ApiError. They are not copies."""
        self.allow("list", resource, namespace)
        if resource.plural in NOT_STORED:
            raise NOT_ALLOWED
        if resource.plural == "appliedclusterresourcequotas":
            return self._applied(namespace)
        if resource.plural == "projects":  # everybody sees their own
            known = [item for item in self.store.all("namespaces") if self.can_see(item["metadata"]["name"])]
        else:
            known = self.store.all(resource.plural, namespace if resource.namespaced else None)
        return [self._seen(resource, item) for item in known]

    def _applied(self, namespace: str | None) -> list[Object]:
        from . import quotas

        project = self.store.settings.get("project")
        known = self.store.all("clusterresourcequotas") if namespace in (None, project) else ()
        found = [quotas.applied(self.store, quota, str(project)) for quota in known]
        # One that an export brought along stands for itself, as it was.
        return [*found, *self.store.all("appliedclusterresourcequotas", namespace)]

    def create(self, resource: Resource, namespace: str | None, item: Object, dry_run: bool = False) -> Object:
        """Stores a new object. Raises ApiError."""
        space = namespace if resource.namespaced else None
        self.allow("create", resource, namespace)
        if resource.plural == "imagestreammappings":
            return item if dry_run else self._map_image(str(namespace), item)
        if resource.plural == "selfsubjectrulesreviews":
            return self.review(str((item.get("spec") or {}).get("namespace", "")))
        if resource.plural == "imagestreamimports":
            from . import importing

            return importing.asked(self.store, str(namespace), item, self.import_policy_holds)
        from . import defaults

        item = defaults.without_nulls(copied(item))
        meta = item.setdefault("metadata", {})
        name = meta.get("name", "")
        if space is not None:
            if self.store.get("namespaces", None, space) is None:
                raise ApiError(404, "NotFound", f'namespaces "{space}" not found')
            meta["namespace"] = space
        defaults.fill(resource, item)
        defaults.check(resource, item)
        if resource.plural in ("rolebindings", "clusterrolebindings"):
            self.may_grant(resource, item)
        if self.store.get(resource.plural, space, name) is not None:
            raise ApiError(409, "AlreadyExists", f'{resource.full} "{name}" already exists')
        for key in ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields"):
            meta.pop(key, None)
        if resource.plural in ("deploymentconfigs", "imagestreams"):
            meta["generation"] = 1
        self._admit(resource, item)
        if space is not None and resource.plural != "pods":
            from . import quotas

            beyond = quotas.refusal_of(self.store, resource.plural, space)
            if beyond:
                raise ApiError(403, "Forbidden", f'{resource.full} "{name}" is forbidden: {beyond}')
        if resource.plural == "deploymentconfigs":  # not the status in the file
            item["status"] = defaults.NEW_STATUS.copy()
        if resource.plural == "pods":
            return self._create_pod(item, dry_run)
        if dry_run:
            return item
        from . import following

        self.store.put(resource.plural, item)
        following.changed(self.cluster.simulation, self.user, resource, item)
        made: Object = copied(item)
        return made

    def _map_image(self, namespace: str, mapping: Object) -> Object:
        stream = self._stored(RESOURCES["imagestreams"], namespace, mapping["metadata"]["name"])
        from . import tagging

        tagging.map_image(self.cluster.simulation, stream, mapping)
        made: Object = copied(mapping)
        return made

    def _create_pod(self, pod: Object, dry_run: bool) -> Object:
        from . import admission, pods

        try:
            if dry_run:
                admission.admit(self.store, pod)
                return pod
            made: Object = copied(pods.create(self.cluster.simulation, pod))
        except admission.RefusedPod as refusal:
            raise ApiError(403, "Forbidden", f'pods "{pod["metadata"]["name"]}" is forbidden: {refusal}') from None
        return made

    def patch(
        self, resource: Resource, namespace: str | None, name: str, kind: str, patch: Any, dry_run: bool = False
    ) -> tuple[Object, bool]:
        """Patches an object; returns it and whether anything changed. Raises ApiError."""
        from . import patching

        self.allow("patch", resource, namespace, name)
        stored = self._stored(resource, namespace, name)
        check_types(patch)
        return self._change(resource, stored, patching.patched(kind, stored, patch), dry_run)

    def replace(
        self, resource: Resource, namespace: str | None, name: str, item: Object, dry_run: bool = False
    ) -> tuple[Object, bool]:
        """Replaces an object. Raises ApiError, with 409 if somebody has changed the object since it was read."""
        self.allow("update", resource, namespace, name)
        stored = self._stored(resource, namespace, name)
        changed = copied(item)
        meta = changed.setdefault("metadata", {})
        for key in ("uid", "creationTimestamp", "generation", "namespace"):
            if key in stored["metadata"]:
                meta[key] = stored["metadata"][key]
        meta.setdefault("resourceVersion", stored["metadata"]["resourceVersion"])
        if "status" in stored:
            changed["status"] = copied(stored["status"])
        return self._change(resource, stored, changed, dry_run)

    def _change(self, resource: Resource, stored: Object, changed: Object, dry_run: bool) -> tuple[Object, bool]:
        from . import defaults

        defaults.fill(resource, changed, stored)
        defaults.check(resource, changed)
        if changed["metadata"].get("resourceVersion") != stored["metadata"]["resourceVersion"]:
            name = changed["metadata"]["name"]
            raise ApiError(
                409,
                "Conflict",
                f'Operation cannot be fulfilled on {resource.full} "{name}": the object has been modified; please apply your changes to the latest version and try again',
            )
        if changed == stored:
            return copied(stored), False
        self._admit(resource, changed)
        if dry_run:
            return changed, True
        if resource.plural == "deploymentconfigs" and changed["spec"] != stored["spec"]:
            changed["metadata"]["generation"] = stored["metadata"]["generation"] + 1
        from . import following

        self.store.put(resource.plural, changed)
        following.changed(self.cluster.simulation, self.user, resource, changed, stored)
        return copied(changed), True

    def delete(
        self, resource: Resource, namespace: str | None, name: str, preconditions: Object | None = None
    ) -> Object:
        """Deletes an object and everything it owns; returns what it was. Raises ApiError.

        Preconditions name the uid and the resourceVersion that it has to have (fact 38).
        """
        self.allow("delete", resource, namespace, name)
        if resource.plural == "projects":
            resource = RESOURCES["namespaces"]
        from . import following

        stored = self._stored(resource, namespace, name)
        for key, label, what in PRECONDITIONS:
            wanted, has = (preconditions or {}).get(key), stored["metadata"][key]
            if wanted is not None and wanted != has:
                kind = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
                raise ApiError(
                    409,
                    "Conflict",
                    f'Operation cannot be fulfilled on {kind} "{name}": the {label} in the precondition ({wanted}) does'
                    f" not match the {label} in record ({has}). The object might have been {what}",
                )
        following.remove(self.cluster.simulation, resource, stored)
        stored["metadata"]["resourceVersion"] = self.store.next_version()
        return stored

    def request_project(self, name: str) -> None:
        """A new project for the user, who becomes its admin. Raises ApiError."""
        if not self.can_i("create", "projectrequests", None, group="project.openshift.io"):
            raise ApiError(403, "Forbidden", "You may not request a new project via this API.")
        if self.store.get("namespaces", None, name) is not None:
            raise ApiError(409, "AlreadyExists", f'project.project.openshift.io "{name}" already exists')
        item = project_namespace(name, self.user)
        if self.store.settings.get("marked"):
            mark(item)
        from . import defaults, following

        defaults.check(RESOURCES["namespaces"], item)
        self.store.put("namespaces", item)
        following.changed(self.cluster.simulation, self.user, RESOURCES["namespaces"], item)

    @property
    def import_policy_holds(self) -> bool:
        """Whether the registries that the cluster imports from are checked: not for who may create images in the cluster."""
        return not any(
            self.can_i("create", kind, None, group="image.openshift.io") for kind in ("images", "imagestreammapping")
        )

    def _admit(self, resource: Resource, item: Object) -> None:
        """What admission and validation by the cluster's settings refuse. Raises ApiError."""
        if resource.plural == "deploymentconfigs" and faults.active(self.store, "webhook"):
            account = faults.account_of(item)
            if account not in OWN_ACCOUNTS:
                raise ApiError(403, "Forbidden", faults.DENIED.format(account=account))
        elif resource.plural == "imagestreams" and faults.active(self.store, "import-policy"):
            from . import importing

            importing.check_stream(self.store, item)

    def config(self, namespace: str, name: str) -> Object:
        """A DeploymentConfig as it is stored, for the rollout verbs. Raises ApiError."""
        resource = RESOURCES["deploymentconfigs"]
        self.allow("get", resource, namespace, name)
        return self._stored(resource, namespace, name)

    def instantiate(self, namespace: str, name: str) -> None:
        """`oc rollout latest`. Raises ApiError."""
        from . import triggers

        self.allow("create", RESOURCES["deploymentconfigs"], namespace, name, "instantiate")
        triggers.latest(self.cluster.simulation, self.config(namespace, name))

    def log(self, namespace: str, name: str) -> str:
        """The log of a pod. Raises ApiError."""
        self.allow("get", RESOURCES["pods"], namespace, name, "log")
        self._stored(RESOURCES["pods"], namespace, name)
        known = self.store.private.get("logs", {}).get(f"{namespace}/{name}")
        if known is None:  # the recorded nodes had no address to ask for a log (`rollouts`)
            raise ApiError(500, "", "no preferred addresses found; known addresses: []")
        return str(known)
