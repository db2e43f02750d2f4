"""Starts a rehearsal with an operator's own project, from an export of it."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

from . import pods, revisions
from .beginning import begin
from .faults import Mistake
from .quickjson import dumps
from .refusing import ApiError
from .resources import BY_KIND
from .server import Cluster
from .simulation import Simulation
from .store import Object, Store

EXPORT = "oc get dc,rc,pods,sa,rolebindings,is -o json"


def load(store: Store, path: Path) -> str:
    """Fills a store from the output of `oc get dc,rc,pods,sa,rolebindings,is -o json`; returns the project's name.

    Objects keep their status, so that complete rollouts stay complete. Configs and image streams that were never on a server, as
    `oc process` prints them, are created. Raises Mistake, OSError.
    """
    try:
        if path.is_char_device() or path.is_block_device():  # it may never end
            raise OSError(errno.ESPIPE, os.strerror(errno.ESPIPE), str(path))
        document = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise Mistake("--from: {path} is not JSON: export with {command}", path=path, command=EXPORT) from None
    items = document.get("items") if isinstance(document, dict) else None
    known = [item for item in items if _is_object(item)] if isinstance(items, list) else []
    configs = [item for item in known if item["kind"] == "DeploymentConfig"]
    if not configs:
        raise Mistake("--from: {path} contains no DeploymentConfig: export with {command}", path=path, command=EXPORT)
    project = str(configs[0]["metadata"].get("namespace") or "threescale")
    begin(store, (), project)
    for item in known:
        resource = BY_KIND[item["kind"]]
        meta = item["metadata"]
        if item.get("apiVersion") == "v1":  # as 3scale's templates up to 2.3, and clients up to 3.6, write each type
            item["apiVersion"] = resource.version
        if resource.namespaced:
            meta["namespace"] = project
        if _is_new(item):
            continue
        version = meta.get("resourceVersion")
        store.put(resource.plural, item)
        store.data["version"] = max(store.data["version"], int(version) if str(version).isdigit() else 0)
    templates = store.private.setdefault("templates", {})
    for item in store.all("replicationcontrollers", project):
        templates[f"{project}/{item['metadata']['name']}"] = _template(store, item)
    store.settings["ill"] = {name: cause for name, cause in map(_failure, store.all("pods", project)) if cause}
    _continue_rollouts(store, project)
    # The streams first, as if they had been there for long: nothing is created anew in another order.
    for item in sorted(filter(_is_new, known), key=lambda item: item["kind"] != "ImageStream"):
        try:
            Cluster(store).api().create(BY_KIND[item["kind"]], project, item)
        except ApiError as error:
            name = f"{item['kind']} {item['metadata']['name']}"
            raise Mistake("--from: {name} cannot be created: {why}", name=name, why=error.message) from None
    return project


def _is_new(item: Object) -> bool:
    """Whether a config or an image stream was never on a server, so that it has no past to be kept."""
    status = item.get("status") or {}
    if item["metadata"].get("uid"):
        return False
    if item["kind"] == "ImageStream":
        return not status.get("tags")
    return item["kind"] == "DeploymentConfig" and not status.get("latestVersion")


def _is_object(item: Any) -> bool:
    """Whether an item is an object of a known type, with the parts that the controllers read."""
    if not isinstance(item, dict) or item.get("kind") not in BY_KIND or not isinstance(item.get("metadata"), dict):
        return False
    if not isinstance(item["metadata"].get("name"), str) or not item["metadata"]["name"]:
        return False
    if item["kind"] not in WITH_TEMPLATE:
        return True
    pod = item if item["kind"] == "Pod" else (item.get("spec") or {}).get("template")
    containers = ((pod or {}).get("spec") or {}).get("containers") if isinstance(pod, dict) else None
    known = isinstance(item.get("status"), dict) or (item["kind"] == "DeploymentConfig" and not item.get("status"))
    return known and isinstance(containers, list) and bool(containers)


# Why a container in an export waits or was terminated: the cause that its pods keep (`kubelet`).
CAUSES = {
    "CrashLoopBackOff": "crash-loop",
    "Error": "crash-loop",
    "OOMKilled": "crash-loop",
    "ErrImagePull": "image-pull",
    "ImagePullBackOff": "image-pull",
    "InvalidImageName": "image-pull",
}
WITH_TEMPLATE = ("DeploymentConfig", "ReplicationController", "Pod")


def _failure(pod: Object) -> tuple[str, Object | None]:
    """The config of a pod, and what is wrong with the pod: the cause, and the image if it cannot be pulled."""
    status = pod["status"]
    name = pod["metadata"].get("annotations", {}).get("openshift.io/deployment-config.name", "")
    if pods.role(pod) != "app" or not name or status.get("phase") in pods.GONE or pods.is_ready(pod):
        return name, None
    for container in status.get("containerStatuses") or ():
        state = container.get("state") or {}
        part = state.get("waiting") or state.get("terminated") or {}
        cause = CAUSES.get(part.get("reason", ""))
        if cause == "image-pull":
            return name, {"cause": cause, "image": container.get("image", "")}
        if cause:
            return name, {"cause": cause}
    conditions = {condition["type"]: condition for condition in status.get("conditions") or ()}
    if conditions.get("PodScheduled", {}).get("reason") == "Unschedulable":
        return name, {"cause": "no-node"}
    return name, {"cause": "not-ready"} if status.get("phase") == "Running" else None


def _template(store: Store, controller: Object) -> str:
    """The template of the config from which a revision was made, as the trigger controller compares it."""
    encoded = revisions.note(controller, "encoded-deployment-config")
    name = revisions.note(controller, "deployment-config.name")
    config = store.get("deploymentconfigs", controller["metadata"]["namespace"], name)
    try:
        template = json.loads(encoded)["spec"]["template"]
    except (ValueError, KeyError, TypeError):
        template = (config or {}).get("spec", {}).get("template", {})
    current = (config or {}).get("spec", {}).get("template", {})
    if template == current:
        template = current  # equal, but in the order of the config's fields
    return dumps(template)


def _continue_rollouts(store: Store, project: str) -> None:
    """Rollouts that were under way when the project was exported continue; what is broken stays as it was exported."""
    sim = Simulation(store)
    deployers = store.private.setdefault("deployers", {})
    for item in store.all("replicationcontrollers", project):
        if revisions.note(item, "deployment.phase") in ("New", "Pending", "Running"):
            stage = {"New": "new", "Pending": "starting", "Running": "roll"}[revisions.note(item, "deployment.phase")]
            deployers[f"{project}/{item['metadata']['name']}"] = {"stage": stage}
            sim.after("deployer looks", "deployer", project, item["metadata"]["name"])
    for item in store.all("pods", project):
        if item["status"].get("phase") == "Pending" and _failure(item)[1] is None:
            sim.after("pod runs", "pod", project, item["metadata"]["name"])
