"""A project of an operator's own as the rehearsal's, and the states of a project that a rehearsal may begin with."""

from __future__ import annotations

import json
from pathlib import Path

from . import pods, revisions
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
    encoded = revisions.note(controller, "encoded-deployment-config")
    name = revisions.note(controller, "deployment-config.name")
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
        if revisions.note(item, "deployment.phase") in ("New", "Pending", "Running"):
            stage = {"New": "new", "Pending": "starting", "Running": "roll"}[revisions.note(item, "deployment.phase")]
            deployers[f"{project}/{item['metadata']['name']}"] = {"stage": stage}
            sim.after("deployer looks", "deployer", project, item["metadata"]["name"])
    for item in store.all("pods", project):
        if item.get("status", {}).get("phase") == "Pending":
            sim.after("pod runs", "pod", project, item["metadata"]["name"])
