"""A project of an operator's own as the rehearsal's, and the states of a project that a rehearsal may begin with."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from . import pods, rollouts
from .mistakes import Mistake
from .resources import BY_KIND
from .server import begin
from .simulation import Simulation
from .store import Object, Store

EXPORT = "oc get dc,rc,pods,sa,rolebindings,is -o json"


def load(store: Store, path: Path) -> str:
    """Fills a store from the output of `oc get dc,rc,pods,sa,rolebindings,is -o json`; gives the project's name.

    Objects keep their status, so that what was complete is complete. Raises Mistake, OSError.
    """
    try:
        document = json.loads(path.read_bytes())
    except ValueError:
        raise Mistake("--from: {path} is not JSON: export with {command}", path=path, command=EXPORT) from None
    items = document.get("items") if isinstance(document, dict) else None
    known = [
        item
        for item in items or ()
        if isinstance(item, dict) and item.get("kind") in BY_KIND and item.get("metadata", {}).get("name")
    ]
    configs = [item for item in known if item["kind"] == "DeploymentConfig"]
    if not configs:
        raise Mistake("--from: {path} holds no DeploymentConfig: export with {command}", path=path, command=EXPORT)
    project = str(configs[0]["metadata"].get("namespace") or "threescale")
    begin(store, (), project)
    for item in known:
        resource = BY_KIND[item["kind"]]
        meta = item["metadata"]
        if resource.namespaced:
            meta["namespace"] = project
        version = meta.get("resourceVersion")
        store.put(resource.plural, item)
        store.data["version"] = max(store.data["version"], int(version) if str(version).isdigit() else 0)
    templates = store.private.setdefault("templates", {})
    for item in store.all("replicationcontrollers", project):
        templates[f"{project}/{item['metadata']['name']}"] = _template(store, item)
    _go_on(store, project)
    return project


def _template(store: Store, controller: Object) -> str:
    """The template of the config from which a revision was made, as the trigger controller compares it."""
    encoded = rollouts.note(controller, "encoded-deployment-config")
    name = rollouts.note(controller, "deployment-config.name")
    config = store.get("deploymentconfigs", controller["metadata"]["namespace"], name)
    try:
        template = json.loads(encoded)["spec"]["template"]
    except (ValueError, KeyError, TypeError):
        template = (config or {}).get("spec", {}).get("template", {})
    current = (config or {}).get("spec", {}).get("template", {})
    if template == current:
        template = current  # the same words in the order that the config has them
    return pods.encoded(template)


def _go_on(store: Store, project: str) -> None:
    """Rollouts that were under way when the project was exported go on."""
    sim = Simulation(store)
    deployers = store.private.setdefault("deployers", {})
    for item in store.all("replicationcontrollers", project):
        if rollouts.note(item, "deployment.phase") in ("New", "Pending", "Running"):
            stage = {"New": "new", "Pending": "starting", "Running": "roll"}[rollouts.note(item, "deployment.phase")]
            deployers[f"{project}/{item['metadata']['name']}"] = {"stage": stage}
            sim.after("deployer looks", "deployer", project, item["metadata"]["name"])
    for item in store.all("pods", project):
        if item.get("status", {}).get("phase") == "Pending":
            sim.after("pod runs", "pod", project, item["metadata"]["name"])


def authenticated_images(store: Store) -> None:
    """Points the image streams at registry.redhat.io, as the next upgrade step does."""
    sim = Simulation(store)
    for stream in store.all("imagestreams"):
        changed = copy.deepcopy(stream)
        for tag in changed.get("status", {}).get("tags") or ():
            for entry in tag.get("items") or ():
                entry["dockerImageReference"] = (
                    entry["dockerImageReference"]
                    .replace("registry.access.redhat.com", "registry.redhat.io")
                    .replace("3scale-amp25", "3scale-amp26")
                )
        store.put("imagestreams", changed)
        for config in store.all("deploymentconfigs", stream["metadata"]["namespace"]):
            sim.after("trigger", "config", stream["metadata"]["namespace"], config["metadata"]["name"])


def service_discovery(store: Store) -> None:
    """Has system use service discovery with its service account, as 3scale's `system` config map says it."""
    project = store.settings["project"]
    data: dict[str, Any] = {
        "service_discovery.yml": "production:\n  enabled: true\n  authentication_method: service_account\n"
    }
    store.put(
        "configmaps",
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "system", "namespace": project}, "data": data},
    )
