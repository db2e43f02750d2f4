"""The triggers of DeploymentConfigs: image changes, config changes, and the revision that follows from them."""

from __future__ import annotations

from . import deployer, pods, quotas
from .events import event
from .quickjson import dumps
from .revisions import DESIRED, ENDED, active, first_replicas, newest, note, recreates, revisions
from .simulation import Simulation
from .status import update_status
from .store import Object, copied
from .typed import Any


def check_triggers(sim: Simulation, namespace: str, name: str) -> None:
    """Resolves images, and starts a rollout if the template has changed and there is a trigger for it."""
    config = sim.store.get("deploymentconfigs", namespace, name)
    if config is None:
        return
    image_changed = _resolve_images(sim, config)
    if config["spec"].get("paused") or _unresolved(config):
        sim.after("status", "status", namespace, name)
        return
    triggers = [trigger["type"] for trigger in config["spec"].get("triggers") or ()]
    current = newest(sim.store, config)
    latest = config["status"].get("latestVersion", 0)
    if latest and current is None:
        return  # it will be created soon
    if current is None:
        if "ConfigChange" in triggers or "ImageChange" in triggers:
            _instantiate(sim, config, "config change", [{"type": "ConfigChange"}])
    elif dumps(config["spec"]["template"]) != sim.store.private["templates"].get(
        f"{namespace}/{current['metadata']['name']}"
    ):
        if image_changed:
            _instantiate(sim, config, "image change", image_changed)
        elif "ConfigChange" in triggers:
            _instantiate(sim, config, "config change", [{"type": "ConfigChange"}])
    sim.after("status", "status", namespace, name)


def _unresolved(config: Object) -> bool:
    return any(
        not trigger["imageChangeParams"].get("lastTriggeredImage")
        for trigger in config["spec"].get("triggers") or ()
        if trigger["type"] == "ImageChange"
    )


def _resolve_images(sim: Simulation, config: Object) -> list[dict[str, Any]]:
    """Follows the image streams; returns the causes of the changes."""
    causes = []
    for trigger in config["spec"].get("triggers") or ():
        if trigger["type"] != "ImageChange":
            continue
        params = trigger["imageChangeParams"]
        stream_name, _, tag = params["from"]["name"].partition(":")
        space = params["from"].get("namespace") or config["metadata"]["namespace"]
        stream = sim.store.get("imagestreams", space, stream_name)
        image = _image_of(stream, tag)
        known = params.get("lastTriggeredImage")
        if not image or image == known or (known and not params.get("automatic")):
            continue
        params["from"].setdefault("namespace", space)
        params["lastTriggeredImage"] = image
        spec = config["spec"]["template"]["spec"]
        named = params.get("containerNames", ())
        for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
            if container["name"] in named:
                container["image"] = image
        cause = {"imageTrigger": {"from": {"kind": "DockerImage", "name": image}}, "type": "ImageChange"}
        causes += [cause for container in spec["containers"] if container["name"] in named]
    if causes:
        config["metadata"]["generation"] += 1
        sim.store.put("deploymentconfigs", config)
    return causes


def _image_of(stream: Object | None, tag: str) -> str:
    for entry in (stream or {}).get("status", {}).get("tags") or ():
        if entry["tag"] == tag and entry.get("items"):
            return str(entry["items"][0]["dockerImageReference"])
    return ""


def _instantiate(sim: Simulation, config: Object, message: str, causes: list[dict[str, Any]]) -> None:
    config["status"]["latestVersion"] = config["status"].get("latestVersion", 0) + 1
    config["status"]["details"] = {"causes": causes, "message": message}
    sim.store.put("deploymentconfigs", config)
    sim.after("controller", "rollout", config["metadata"]["namespace"], config["metadata"]["name"])


def latest(sim: Simulation, config: Object) -> None:
    """`oc rollout latest`: a new revision of the unchanged template. The caller has refused it during a pause or a rollout."""
    config["metadata"]["generation"] += 1
    _instantiate(sim, config, "manual change", [{"type": "Manual"}])


def _not_made(sim: Simulation, config: Object, why: str) -> None:
    """The replication controller is refused: said by the config, and tried again.

    openshift-controller-manager pkg/apps/deploymentconfig/deploymentconfig_controller.go.
    """
    store = sim.store
    version, stamp = config["status"]["latestVersion"], store.timestamp()
    text = f"Couldn't deploy version {version}: {why}"
    event(store, config, "DeploymentCreationFailed", text, "deploymentconfig-controller")
    kept = [known for known in config["status"].get("conditions") or () if known["type"] != "Progressing"]
    failed = {"lastTransitionTime": stamp, "lastUpdateTime": stamp, "message": why}
    failed.update(reason="ReplicationControllerCreateError", status="False", type="Progressing")
    config["status"]["conditions"] = [*kept, failed]
    config["status"]["observedGeneration"] = config["metadata"]["generation"]
    store.put("deploymentconfigs", config)
    sim.after("restart", "rollout", config["metadata"]["namespace"], config["metadata"]["name"])


def begin(sim: Simulation, namespace: str, name: str) -> None:
    """Makes the replication controller of the newest revision, and its deployer."""
    store = sim.store
    config = store.get("deploymentconfigs", namespace, name)
    if config is None or newest(store, config) is not None:
        return
    running = [item for item in revisions(store, config) if note(item, "deployment.phase") not in ENDED]
    if running:  # a newer revision cancels one that is under way
        for item in running:
            deployer.cancel(sim, item, "newer deployment was found running")
        sim.after("deployer looks", "rollout", namespace, name)
        return
    version = str(config["status"]["latestVersion"])
    beyond = quotas.refusal_of(store, "replicationcontrollers", namespace)
    if beyond:
        _not_made(sim, config, f'replicationcontrollers "{name}-{version}" is forbidden: {beyond}')
        return
    controller_name = f"{name}-{version}"
    template = copied(config["spec"]["template"])
    selector = {**config["spec"]["selector"], "deployment": controller_name, "deploymentconfig": name}
    template.setdefault("metadata", {}).setdefault("annotations", {}).update(
        {
            "openshift.io/deployment-config.latest-version": version,
            "openshift.io/deployment-config.name": name,
            "openshift.io/deployment.name": controller_name,
        }
    )
    template["metadata"].setdefault("labels", {}).update(deployment=controller_name, deploymentconfig=name)
    controller: Object = {
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "metadata": {
            "annotations": {
                "openshift.io/deployment-config.latest-version": version,
                "openshift.io/deployment-config.name": name,
                "openshift.io/deployment.phase": "New",
                "openshift.io/deployment.replicas": first_replicas(config) or "0",
                "openshift.io/deployment.status-reason": config["status"].get("details", {}).get("message", ""),
                "openshift.io/encoded-deployment-config": dumps(config) + "\n",
            },
            "generation": 1,
            "labels": {**config["metadata"].get("labels", {}), "openshift.io/deployment-config.name": name},
            "name": controller_name,
            "namespace": namespace,
            "ownerReferences": [pods.owner(config, controls=True)],
        },
        "spec": {
            **({"minReadySeconds": config["spec"]["minReadySeconds"]} if config["spec"].get("minReadySeconds") else {}),
            "replicas": 0,
            "selector": selector,
            "template": template,
        },
        "status": {"observedGeneration": 1, "replicas": 0},
    }
    if not recreates(config) and active(store, config, controller):
        controller["metadata"]["annotations"][DESIRED] = str(config["spec"]["replicas"])
    store.put("replicationcontrollers", controller)
    store.private.setdefault("templates", {})[f"{namespace}/{controller_name}"] = dumps(config["spec"]["template"])
    store.private.setdefault("deployers", {})[f"{namespace}/{controller_name}"] = {"stage": "new"}
    sim.after("deployer pod", "deployer", namespace, controller_name)
    update_status(sim, namespace, name)
