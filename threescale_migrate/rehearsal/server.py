"""The API server of the rehearsal cluster as `oc` sees it: objects, patches, rights, errors."""

from __future__ import annotations

from . import faults, rights
from .ages import has
from .namespaces import OWN_ACCOUNTS, begin_namespace, mark, own_account, project_namespace, project_of
from .refusing import NOT_ALLOWED, ApiError, check_types, not_found, rule_text
from .resources import RESOURCES, Resource
from .simulation import Simulation
from .store import Object, Opened, Store, copied
from .typed import AbstractContextManager, Any, Callable, Directory

SERVER = "https://api.cluster.example.test:6443"


def _handlers() -> dict[str, Callable[[Simulation, str, str], None]]:
    """Which controller answers which kind of event. They are loaded when one is due."""
    from . import accounts, deployer, kubelet, pods, status, triggers

    return {
        "config": triggers.check_triggers,
        "rollout": triggers.begin,
        "deployer": deployer.step,
        "scale": pods.reconcile,
        "status": status.tell_status,
        "pod": kubelet.step,
        "account": accounts.give_login,
    }


MADE_ANEW = {"ReplicationController": "scale", "DeploymentConfig": "rollout"}


class Cluster:
    """An open cluster: its store, brought to the present moment."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.simulation = Simulation(store, _handlers)
        self.simulation.advance()

    def api(self, user: str = rights.ADMIN, acting: bool = False) -> Api:
        """The API for a user; `acting` where somebody else acts as that user, whom no fault concerns."""
        return Api(self, user, rights.groups_of(user), acting)


class OpenCluster:
    """A cluster that is locked and brought to the present, and saved on the way out."""

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


def open_cluster(directory: Directory) -> AbstractContextManager[Cluster]:
    """Locks the cluster of a directory, brings it to the present, and saves it on the way out."""
    return OpenCluster(directory)


class Api:
    """The calls of one user."""

    def __init__(self, cluster: Cluster, user: str, groups: tuple[str, ...], acting: bool) -> None:
        self.cluster = cluster
        self.store = cluster.store
        self.user = user
        self.groups = groups
        self.acting = acting

    def can_i(self, verb: str, resource: str, namespace: str | None, name: str = "", group: str | None = None) -> bool:
        """Whether the user may do something; the group is that of the type where none is given."""
        if not self.acting and faults.forbids(self.store, verb, resource):
            return False
        held = rights.rules(self.store, self.user, self.groups, namespace)
        group = rights.group_of(resource) if group is None else group
        return any(rights.covers(rule, verb, group, resource, name) for rule in held)

    def allow(self, verb: str, resource: Resource, namespace: str | None, name: str = "", sub: str = "") -> None:
        """Raises ApiError where the user may not do something."""
        plural = f"{resource.plural}/{sub}" if sub else resource.plural
        if resource.plural == "deploymentconfigs" and faults.active(self.store, "api-away"):
            what = f"(get {resource.full}{' ' + name if name else ''})"
            raise ApiError(503, "ServiceUnavailable", f"the server is currently unable to handle the request {what}")
        space = namespace if resource.namespaced else None
        if resource.plural in ("namespaces", "projects") and name:
            space = name  # a project's own roles hold for the project itself
        if self.can_i(verb, plural, space, name):
            return
        inside = namespace if resource.namespaced else name if resource.plural == "namespaces" else ""
        where = f'in the namespace "{inside}"' if inside else "at the cluster scope"
        subject = f'{resource.full} "{name}"' if name else resource.full
        raise ApiError(
            403,
            "Forbidden",
            f'{subject} is forbidden: User "{self.user}" cannot {verb} resource "{plural}" in API group "{resource.group}" {where}',
        )

    def get(self, resource: Resource, namespace: str | None, name: str) -> Object:
        """One object. Raises ApiError."""
        self.allow("get", resource, namespace, name)
        found: Object = copied(self._stored(resource, namespace, name))
        return found

    def _stored(self, resource: Resource, namespace: str | None, name: str) -> Object:
        if resource.plural == "imagestreammappings":
            raise NOT_ALLOWED
        plural = "namespaces" if resource.plural == "projects" else resource.plural
        found = self.store.get(plural, namespace if resource.namespaced else None, name)
        if found is None:
            raise not_found(resource, name)
        return self._seen(resource, found)

    def _seen(self, resource: Resource, item: Object) -> Object:
        """An object as it is shown: some have a part that is computed when they are read."""
        if resource.plural == "projects":
            return project_of(item)
        if resource.plural == "resourcequotas":
            from .quotas import with_usage

            return with_usage(self.store, item)
        if resource.plural == "cronjobs":
            return {**item, "apiVersion": cron_version()}
        return item

    def items(self, resource: Resource, namespace: str | None) -> list[Object]:
        """All objects of a type in a namespace, or everywhere for None. Raises ApiError. They are not copies."""
        self.allow("list", resource, namespace)
        if resource.plural == "imagestreammappings":
            raise NOT_ALLOWED
        if resource.plural == "projects":  # everybody sees their own
            known = [item for item in self.store.all("namespaces") if self.can_see(item["metadata"]["name"])]
        else:
            known = self.store.all(resource.plural, namespace if resource.namespaced else None)
        return [self._seen(resource, item) for item in known]

    def can_see(self, project: str) -> bool:
        """Whether a project is one of the user's."""
        return self.can_i("get", "namespaces", project, project)

    def create(self, resource: Resource, namespace: str | None, item: Object, dry_run: bool = False) -> Object:
        """Stores a new object. Raises ApiError."""
        space = namespace if resource.namespaced else None
        self.allow("create", resource, namespace)
        if resource.plural == "imagestreammappings":
            return item if dry_run else self._map_image(str(namespace), item)
        item = copied(item)
        meta = item.setdefault("metadata", {})
        name = meta.get("name", "")
        if space is not None:
            if self.store.get("namespaces", None, space) is None:
                raise ApiError(404, "NotFound", f'namespaces "{space}" not found')
            meta["namespace"] = space
        from . import defaults

        defaults.fill(resource, item)
        defaults.check(resource, item)
        if resource.plural in ("rolebindings", "clusterrolebindings"):
            self._may_grant(resource, item)
        if self.store.get(resource.plural, space, name) is not None:
            raise ApiError(409, "AlreadyExists", f'{resource.full} "{name}" already exists')
        for key in ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields"):
            meta.pop(key, None)
        if resource.plural in ("deploymentconfigs", "imagestreams"):
            meta["generation"] = 1
        if resource.plural == "deploymentconfigs":  # whatever the file says it had come to
            item["status"] = defaults.NEW_STATUS.copy()
        if resource.plural == "pods":
            return self._create_pod(item, dry_run)
        if dry_run:
            return item
        self.store.put(resource.plural, item)
        self._react(resource, item)
        if resource.plural == "imagestreams":
            self._import(item)
        made: Object = copied(item)
        return made

    def _import(self, stream: Object) -> None:
        """A new stream's tags that follow an image of a registry are imported at once."""
        for tag in (stream.get("spec") or {}).get("tags") or ():
            source = tag.get("from") or {}
            current = self.store.get("imagestreams", stream["metadata"]["namespace"], stream["metadata"]["name"])
            if source.get("kind") == "DockerImage" and current is not None:
                self.bring_in(current, str(tag["name"]), str(source["name"]))

    def bring_in(self, stream: Object, tag_name: str, image: str) -> str | None:
        """Imports a tag's image, or notes in its conditions why that failed, which is returned."""
        from . import tagging

        changed, why = tagging.imported(self.store, stream, tag_name, image)
        self.store.put("imagestreams", changed)
        if why is None:
            self._react(RESOURCES["imagestreams"], changed)
        return why

    def _map_image(self, namespace: str, mapping: Object) -> Object:
        """Enters an image into a tag of a stream, without a registry being asked. Raises ApiError."""
        from . import tagging

        stream = self._stored(RESOURCES["imagestreams"], namespace, mapping["metadata"]["name"])
        image = mapping.get("image") or {}
        reference, name = image.get("dockerImageReference", ""), image.get("metadata", {}).get("name", "")
        changed = tagging.pointed(self.store, stream, str(mapping.get("tag") or "latest"), reference, name)
        self.store.put("imagestreams", changed)
        self._react(RESOURCES["imagestreams"], changed)
        made: Object = copied(mapping)
        return made

    def _may_grant(self, resource: Resource, binding: Object) -> None:
        """Refuses to hand out rights that the user does not have, unless the user may bind any role. Raises ApiError."""
        space = binding["metadata"].get("namespace")
        role = "roles" if binding["roleRef"].get("kind") == "Role" else "clusterroles"
        if self.can_i("bind", role, space, binding["roleRef"]["name"]):
            return
        lacking = rights.lacking(self.rules(space), rights.rules_of(self.store, binding))
        if lacking:
            groups = " ".join(f'"{group}"' for group in self.groups)
            raise ApiError(
                403,
                "Forbidden",
                f'{resource.full} "{binding["metadata"]["name"]}" is forbidden: user "{self.user}" (groups=[{groups}]) is attempting'
                " to grant RBAC permissions not currently held:\n" + "\n".join(map(rule_text, lacking)),
            )

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
        """Patches an object; gives it and whether anything changed. Raises ApiError."""
        from . import patching

        self.allow("patch", resource, namespace, name)
        stored = self._stored(resource, namespace, name)
        check_types(patch)
        return self._change(resource, stored, patching.patched(kind, stored, patch), dry_run)

    def replace(
        self, resource: Resource, namespace: str | None, name: str, item: Object, dry_run: bool = False
    ) -> tuple[Object, bool]:
        """Replaces an object. Raises ApiError, with 409 for one that was read before somebody changed it."""
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
                f'Operation cannot be fulfilled on {resource.full} "{name}": the object has been modified; please apply your'
                " changes to the latest version and try again",
            )
        if changed == stored:
            return copied(stored), False
        if dry_run:
            return changed, True
        if resource.plural == "deploymentconfigs" and changed["spec"] != stored["spec"]:
            changed["metadata"]["generation"] = stored["metadata"]["generation"] + 1
        self.store.put(resource.plural, changed)
        self._react(resource, changed, stored)
        return copied(changed), True

    def delete(self, resource: Resource, namespace: str | None, name: str) -> None:
        """Takes an object away, with all that it owns. Raises ApiError."""
        self.allow("delete", resource, namespace, name)
        if resource.plural == "projects":
            resource = RESOURCES["namespaces"]
        stored = self._stored(resource, namespace, name)
        self._remove(resource, stored)

    def _remove(self, resource: Resource, stored: Object) -> None:
        space, uid = stored["metadata"].get("namespace"), stored["metadata"].get("uid")
        self.store.remove(resource.plural, space, stored["metadata"]["name"])
        if resource.plural == "namespaces":
            for plural in list(self.store.objects):
                for item in self.store.all(plural, stored["metadata"]["name"]):
                    self.store.remove(plural, stored["metadata"]["name"], item["metadata"]["name"])
            return
        if resource.plural == "serviceaccounts":
            from .accounts import logins

            for secret in logins(self.store, stored):
                self.store.remove("secrets", space, secret["metadata"]["name"])
            if stored["metadata"]["name"] in OWN_ACCOUNTS:
                self.store.put("serviceaccounts", own_account(stored["metadata"]["name"], str(space)))
        for plural in ("replicationcontrollers", "pods"):
            for item in self.store.all(plural, space):
                if any(owner["uid"] == uid for owner in item["metadata"].get("ownerReferences", ())):
                    self._remove(RESOURCES[plural], item)
        for owner in stored["metadata"].get("ownerReferences", ()):
            # Pods that are lacking are made anew, and so is the controller of the newest revision.
            if owner["kind"] in MADE_ANEW:
                self.cluster.simulation.after("controller", MADE_ANEW[owner["kind"]], str(space), owner["name"])

    def _react(self, resource: Resource, item: Object, before: Object | None = None) -> None:
        """What the controllers notice of a change."""
        from . import deployer

        sim, meta = self.cluster.simulation, item["metadata"]
        if resource.plural == "deploymentconfigs":
            if before is not None and before["spec"].get("replicas") != item["spec"].get("replicas"):
                deployer.scaled(sim, item)
            sim.after("trigger", "config", meta["namespace"], meta["name"])
        elif resource.plural == "imagestreams":
            for config in self.store.all("deploymentconfigs", meta["namespace"]):
                sim.after("trigger", "config", meta["namespace"], config["metadata"]["name"])
        elif resource.plural == "serviceaccounts" and before is None:
            from . import accounts

            accounts.made(sim, item)
        elif resource.plural == "namespaces" and before is None:
            begin_namespace(self.store, meta["name"], self.user)
            if faults.active(self.store, "internal-registry"):
                from . import accounts

                for account in self.store.all("serviceaccounts", meta["name"]):
                    accounts.made(sim, account)

    def request_project(self, name: str) -> None:
        """A new project for the user, who becomes its admin. Raises ApiError."""
        if not self.can_i("create", "projectrequests", None, group="project.openshift.io"):
            raise ApiError(403, "Forbidden", "You may not request a new project via this API.")
        if self.store.get("namespaces", None, name) is not None:
            raise ApiError(409, "AlreadyExists", f'project.project.openshift.io "{name}" already exists')
        item = project_namespace(name, self.user)
        if self.store.settings.get("marked"):
            mark(item)
        from . import defaults

        defaults.check(RESOURCES["namespaces"], item)
        self.store.put("namespaces", item)
        self._react(RESOURCES["namespaces"], item)

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

    def rules(self, namespace: str | None) -> list[dict[str, Any]]:
        """The rules that hold for the user in a namespace, or cluster-wide for None, without what a fault takes away."""
        found = rights.rules(self.store, self.user, self.groups, namespace)
        if self.acting or not faults.active(self.store, "forbidden"):
            return found
        return [
            {
                **rule,
                "verbs": [verb for verb in rule["verbs"] if not faults.forbids(self.store, verb, rule["resources"][0])],
            }
            if "resources" in rule
            else rule
            for rule in rights.single(found)
        ]

    def log(self, namespace: str, name: str) -> str:
        """The log of a pod. Raises ApiError."""
        self.allow("get", RESOURCES["pods"], namespace, name, "log")
        self._stored(RESOURCES["pods"], namespace, name)
        known = self.store.private.get("logs", {}).get(f"{namespace}/{name}")
        if known is None:  # the recorded nodes had no address to ask for a log (`rollouts`)
            raise ApiError(500, "", "no preferred addresses found; known addresses: []")
        return str(known)


def cron_version() -> str:
    """The version of CronJobs that the server has (recordings/README.md 24)."""
    return "batch/v1beta1" if has("batch/v1beta1") else RESOURCES["cronjobs"].version
