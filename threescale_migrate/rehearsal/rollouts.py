"""The DeploymentConfig controllers: triggers, replication controllers, deployers, hooks, deadlines, status.

What they write, and in which order, is that of rollouts.jsonl and documented-procedure.jsonl: the status lags behind, a
failed rollout scales the old revision up again, hooks run as `default`.
"""

from __future__ import annotations

import math

from . import pods
from .simulation import Simulation
from .store import Object, Store, copied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEADLINE = 600
ACTIVE_DEADLINE = 21600
DEPLOYER_IMAGE = "quay.io/openshift/origin-deployer:v4.0"
ENDED = ("Complete", "Failed")
PREFIX = "openshift.io/"
# What the Rolling strategy notes at a revision while it brings it up; it stays where that fails.
DESIRED = "kubectl.kubernetes.io/desired-replicas"
SOURCE = "kubectl.kubernetes.io/update-source-id"


def note(controller: Object, name: str) -> str:
    """An annotation of a replication controller, such as `deployment.phase`."""
    return str(controller["metadata"].get("annotations", {}).get(PREFIX + name, ""))


def revisions(store: Store, config: Object) -> list[Object]:
    """The replication controllers of a config, oldest first."""
    meta = config["metadata"]
    found = [
        item
        for item in store.all("replicationcontrollers", meta["namespace"])
        if note(item, "deployment-config.name") == meta["name"]
    ]
    return sorted(found, key=lambda item: int(note(item, "deployment-config.latest-version") or 0))


def newest(store: Store, config: Object) -> Object | None:
    """`NAME-<latestVersion>`, None while it does not exist."""
    meta = config["metadata"]
    return store.get(
        "replicationcontrollers", meta["namespace"], f"{meta['name']}-{config['status'].get('latestVersion', 0)}"
    )


def look_at_triggers(sim: Simulation, namespace: str, name: str) -> None:
    """Has images resolved, and starts a rollout where the template has changed and a trigger is there to see it."""
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
        return  # on its way
    if current is None:
        if "ConfigChange" in triggers or "ImageChange" in triggers:
            _instantiate(sim, config, "config change", [{"type": "ConfigChange"}])
    elif _template_of(config) != sim.store.private["templates"].get(f"{namespace}/{current['metadata']['name']}"):
        if image_changed:
            _instantiate(sim, config, "image change", image_changed)
        elif "ConfigChange" in triggers:
            _instantiate(sim, config, "config change", [{"type": "ConfigChange"}])
    sim.after("status", "status", namespace, name)


def _template_of(config: Object) -> str:
    return pods.encoded(config["spec"]["template"])


def _unresolved(config: Object) -> bool:
    return any(
        not trigger["imageChangeParams"].get("lastTriggeredImage")
        for trigger in config["spec"].get("triggers") or ()
        if trigger["type"] == "ImageChange"
    )


def _resolve_images(sim: Simulation, config: Object) -> list[dict[str, Any]]:
    """Follows the image streams; gives the causes of what has changed."""
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
    """`oc rollout latest`: a new revision of the template as it is. The caller has refused what is paused or under way."""
    config["metadata"]["generation"] += 1
    _instantiate(sim, config, "manual change", [{"type": "Manual"}])


def begin(sim: Simulation, namespace: str, name: str) -> None:
    """Makes the replication controller of the newest revision, and its deployer."""
    store = sim.store
    config = store.get("deploymentconfigs", namespace, name)
    if config is None or newest(store, config) is not None:
        return
    running = [item for item in revisions(store, config) if note(item, "deployment.phase") not in ENDED]
    if running:  # a newer revision takes the place of one that is under way
        for item in running:
            cancel(sim, item, "newer deployment was found running")
        sim.after("deployer looks", "rollout", namespace, name)
        return
    version = str(config["status"]["latestVersion"])
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
    controller = {
        "apiVersion": "v1",
        "kind": "ReplicationController",
        "metadata": {
            "annotations": {
                "openshift.io/deployment-config.latest-version": version,
                "openshift.io/deployment-config.name": name,
                "openshift.io/deployment.phase": "New",
                "openshift.io/deployment.replicas": first_replicas(config) or "0",
                "openshift.io/deployment.status-reason": config["status"].get("details", {}).get("message", ""),
                "openshift.io/encoded-deployment-config": pods.encoded(config) + "\n",
            },
            "generation": 1,
            "labels": {**config["metadata"].get("labels", {}), "openshift.io/deployment-config.name": name},
            "name": controller_name,
            "namespace": namespace,
            "ownerReferences": [pods.owner(config, controls=True)],
        },
        "spec": {"replicas": 0, "selector": selector, "template": template},
        "status": {"observedGeneration": 1, "replicas": 0},
    }
    store.put("replicationcontrollers", controller)
    store.private.setdefault("templates", {})[f"{namespace}/{controller_name}"] = _template_of(config)
    store.private.setdefault("deployers", {})[f"{namespace}/{controller_name}"] = {"stage": "new"}
    sim.after("deployer pod", "deployer", namespace, controller_name)
    tell_status(sim, namespace, name)


def recreates(config: Object) -> bool:
    """Whether the old pods end before the new ones begin."""
    return bool((config["spec"].get("strategy") or {}).get("type") == "Recreate")


def first_replicas(config: Object) -> str:
    """The annotation with a revision's number of pods, which is empty for a later one of the Rolling strategy."""
    known = recreates(config) or config["status"]["latestVersion"] == 1
    return str(config["spec"]["replicas"]) if known else ""


def _set_phase(sim: Simulation, controller: Object, phase: str) -> None:
    controller["metadata"]["annotations"][PREFIX + "deployment.phase"] = phase
    sim.store.put("replicationcontrollers", controller)
    sim.after("status", "status", controller["metadata"]["namespace"], note(controller, "deployment-config.name"))


def _stamp(store: Store) -> str:
    return store.timestamp().replace("T", " ").replace("Z", " +0000 UTC")


def step(sim: Simulation, namespace: str, name: str) -> None:
    """What a deployer does next."""
    store = sim.store
    controller = store.get("replicationcontrollers", namespace, name)
    memory = store.private.get("deployers", {}).get(f"{namespace}/{name}")
    if controller is None or memory is None or note(controller, "deployment.phase") in ENDED:
        return
    config = store.get("deploymentconfigs", namespace, note(controller, "deployment-config.name"))
    if config is None:
        return
    store.changed = True
    STAGES[memory["stage"]](sim, config, controller, memory)
    if note(controller, "deployment.phase") in ENDED:
        return
    if memory["stage"] == "done":  # a deployer goes on for a moment after its work is done
        sim.after("deployer ends", "deployer", namespace, name)
    else:
        sim.again("deployer looks", "deployer", namespace, name)


def _stale(sim: Simulation, config: Object, controller: Object, memory: dict[str, Any]) -> None:
    controller["metadata"]["annotations"][PREFIX + "deployment.status-reason"] = "unable to create deployer pod"
    _fail(sim, config, controller)


def _new(sim: Simulation, config: Object, controller: Object, memory: dict[str, Any]) -> None:
    name = controller["metadata"]["name"]
    pod = _helper_pod(config, controller, f"{name}-deploy", "deployer")
    pods.create(sim, pod)
    controller["metadata"]["annotations"].update(
        {
            "openshift.io/deployer-pod.created-at": _stamp(sim.store),
            "openshift.io/deployer-pod.name": f"{name}-deploy",
        }
    )
    _set_phase(sim, controller, "Pending")
    memory["stage"] = "starting"


def _helper_pod(config: Object, controller: Object, name: str, account: str) -> Object:
    meta = controller["metadata"]
    env = [
        {"name": "OPENSHIFT_DEPLOYMENT_NAME", "value": meta["name"]},
        {"name": "OPENSHIFT_DEPLOYMENT_NAMESPACE", "value": meta["namespace"]},
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "annotations": {
                "openshift.io/deployment-config.name": config["metadata"]["name"],
                "openshift.io/deployment.name": meta["name"],
            },
            "labels": {"openshift.io/deployer-pod-for.name": meta["name"]},
            "name": name,
            "namespace": meta["namespace"],
            "ownerReferences": [pods.owner(controller)],
        },
        "spec": {
            "activeDeadlineSeconds": ACTIVE_DEADLINE,
            "containers": [
                {
                    "env": env,
                    "image": DEPLOYER_IMAGE,
                    "imagePullPolicy": "IfNotPresent",
                    "name": "deployment",
                    "resources": {},
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "FallbackToLogsOnError",
                }
            ],
            "dnsPolicy": "ClusterFirst",
            "restartPolicy": "Never",
            "schedulerName": "default-scheduler",
            "securityContext": {},
            "serviceAccountName": account,
            "shareProcessNamespace": False,
            "terminationGracePeriodSeconds": 10,
        },
    }


def _starting(sim: Simulation, config: Object, controller: Object, memory: dict[str, Any]) -> None:
    deployer = _deployer(sim.store, controller)
    phase = deployer["status"]["phase"] if deployer is not None else "Failed"
    if phase == "Failed":
        _fail(sim, config, controller)
    elif phase == "Running":
        controller["metadata"]["annotations"]["openshift.io/deployer-pod.started-at"] = _stamp(sim.store)
        if not recreates(config) and _serving(sim.store, config, controller):
            controller["metadata"]["annotations"][DESIRED] = str(config["spec"]["replicas"])
        _set_phase(sim, controller, "Running")
        memory["stage"] = "pre"
        _hook(sim, config, controller, memory, "pre", "roll")


def _deployer(store: Store, controller: Object) -> Object | None:
    meta = controller["metadata"]
    return store.get("pods", meta["namespace"], f"{meta['name']}-deploy")


def _params(config: Object) -> dict[str, Any]:
    strategy = config["spec"].get("strategy") or {}
    found: dict[str, Any] = strategy.get("rollingParams") or strategy.get("recreateParams") or {}
    return found


def _hook(sim: Simulation, config: Object, controller: Object, memory: dict[str, Any], when: str, then: str) -> None:
    """Runs a hook, and goes on with the stage `then` once it has ended well."""
    hook = _params(config).get(when)
    meta = controller["metadata"]
    name = f"{meta['name']}-hook-{when}"
    if not hook or not hook.get("execNewPod"):
        _enter(sim, config, controller, memory, then)
        return
    pod = sim.store.get("pods", meta["namespace"], name)
    if pod is None:
        pods.create(sim, _hook_pod(config, controller, name, when, hook))
    elif pod["status"]["phase"] == "Succeeded":
        _enter(sim, config, controller, memory, then)
    elif pod["status"]["phase"] == "Failed":
        if hook.get("failurePolicy") == "Ignore":
            _enter(sim, config, controller, memory, then)
        else:
            _fail(sim, config, controller)


def _enter(sim: Simulation, config: Object, controller: Object, memory: dict[str, Any], stage: str) -> None:
    memory.update(stage=stage, since=sim.store.now())
    if stage != "done":
        STAGES[stage](sim, config, controller, memory)


def _hook_pod(config: Object, controller: Object, name: str, when: str, hook: dict[str, Any]) -> Object:
    """A hook's pod: the container's image and environment, always as `default` (recordings/README.md 17)."""
    wanted = hook["execNewPod"]
    spec = controller["spec"]["template"]["spec"]
    container = next((c for c in spec["containers"] if c["name"] == wanted.get("containerName")), spec["containers"][0])
    pod = _helper_pod(config, controller, name, "default")
    own_env = pod["spec"]["containers"][0]["env"]
    pod["metadata"]["annotations"].pop("openshift.io/deployment-config.name")
    pod["metadata"].pop("ownerReferences")  # written a moment later, once the pod runs
    pod["metadata"]["labels"]["openshift.io/deployer-pod.type"] = f"hook-{when}"
    pod["spec"]["containers"] = [
        {
            "command": list(wanted.get("command") or ()),
            "env": [*copied(container.get("env") or []), *copied(wanted.get("env") or []), *own_env],
            "image": container["image"],
            "imagePullPolicy": "IfNotPresent",
            "name": "lifecycle",
            "resources": copied(container.get("resources") or {}),
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
        }
    ]
    pod["spec"]["restartPolicy"] = "Never" if hook.get("failurePolicy") == "Abort" else "OnFailure"
    pod["spec"].pop("shareProcessNamespace")
    if spec.get("imagePullSecrets"):
        pod["spec"]["imagePullSecrets"] = copied(spec["imagePullSecrets"])
    return pod


def _pre(sim: Simulation, config: Object, controller: Object, memory: dict[str, Any]) -> None:
    _hook(sim, config, controller, memory, "pre", "roll")


def _post(sim: Simulation, config: Object, controller: Object, memory: dict[str, Any]) -> None:
    _hook(sim, config, controller, memory, "post", "done")


def _roll(sim: Simulation, config: Object, controller: Object, memory: dict[str, Any]) -> None:
    """One look of the deployer at its pods: scales up, waits until they are ready, scales the old ones down."""
    store = sim.store
    wanted = config["spec"]["replicas"]
    memory.setdefault("since", store.now())
    serving = _serving(store, config, controller)
    if recreates(config):
        if serving:
            memory["before"] = {item["metadata"]["name"]: item["spec"]["replicas"] for item in serving}
            for item in serving:
                pods.scale(sim, item, 0)
            return
        pods.scale(sim, controller, wanted)
    else:
        for item in serving:
            item["metadata"]["annotations"].setdefault(
                "kubectl.kubernetes.io/original-replicas", str(item["spec"]["replicas"])
            )
            source = f"{item['metadata']['name']}:{item['metadata']['uid']}"
            controller["metadata"]["annotations"].setdefault(SOURCE, source)
        controller["metadata"]["annotations"][PREFIX + "deployment.replicas"] = first_replicas(config)
        memory.setdefault("before", {item["metadata"]["name"]: item["spec"]["replicas"] for item in serving})
        _roll_on(sim, config, controller, serving, memory)
    ready = sum(map(pods.is_ready, pods.of_controller(store, controller)))
    # That the old pods are gone is seen at the next look only.
    if ready >= wanted and not (_serving(store, config, controller) or (serving and not recreates(config))):
        _enter(sim, config, controller, memory, "post")
        return
    if ready > memory.get("ready", 0):
        memory.update(ready=ready, since=store.now())
    if store.now() - memory["since"] >= _params(config).get("timeoutSeconds", DEADLINE):
        _fail(sim, config, controller)


def _serving(store: Store, config: Object, controller: Object) -> list[Object]:
    """The config's other revisions that should have pods."""
    return [
        item
        for item in revisions(store, config)
        if item["metadata"]["uid"] != controller["metadata"]["uid"] and item["spec"].get("replicas", 0) > 0
    ]


def _share(value: Any, whole: int, up: bool) -> int:
    if isinstance(value, str) and value.endswith("%"):
        part = whole * int(value[:-1]) / 100
        return math.ceil(part) if up else math.floor(part)
    return int(value or 0)


def _roll_on(
    sim: Simulation, config: Object, controller: Object, serving: list[Object], memory: dict[str, Any]
) -> None:
    """A step of the Rolling strategy, within its surge and its unavailability; what is ready counts a period later."""
    wanted = config["spec"]["replicas"]
    params = _params(config)
    surge = _share(params.get("maxSurge", "25%"), wanted, up=True)
    missing = _share(params.get("maxUnavailable", "25%"), wanted, up=False)
    if not surge and not missing:
        missing = 1
    old = sum(item["spec"]["replicas"] for item in serving)
    own = controller["spec"].get("replicas", 0)
    ready = sum(map(pods.is_ready, pods.of_controller(sim.store, controller)))
    grown = max(own, min(wanted, wanted + surge - old))
    if grown != own or not own:
        pods.scale(sim, controller, grown)
    if ready > memory.get("counted", 0):
        memory.update(counted=ready, pause=sim.store.now() + params.get("updatePeriodSeconds", 1) - 0.01)
    if sim.store.now() < memory.get("pause", 0):
        return
    allowed = max(0, wanted - missing - ready)
    for item in serving:
        reduced = min(item["spec"]["replicas"], allowed)
        allowed -= reduced
        if reduced != item["spec"]["replicas"]:
            pods.scale(sim, item, reduced)


def _complete(sim: Simulation, config: Object, controller: Object, memory: dict[str, Any]) -> None:
    controller["metadata"]["annotations"]["openshift.io/deployer-pod.completed-at"] = _stamp(sim.store)
    for name in (DESIRED, SOURCE):
        controller["metadata"]["annotations"].pop(name, None)
    deployer = _deployer(sim.store, controller)
    if deployer is not None:
        pods.end(sim, deployer, 0)
    _set_phase(sim, controller, "Complete")
    # The deployer goes by the number of pods that it began with; the config's controller sees afterwards to one that changed.
    if controller["spec"].get("replicas", 0) != config["spec"]["replicas"]:
        scaled(sim, config)
    sim.after("trigger", "config", config["metadata"]["namespace"], config["metadata"]["name"])


STAGES = {
    "stale": _stale,
    "new": _new,
    "starting": _starting,
    "pre": _pre,
    "roll": _roll,
    "post": _post,
    "done": _complete,
}


def _fail(sim: Simulation, config: Object, controller: Object) -> None:
    """The rollout is given up, and the revision before serves again (recordings/README.md 3)."""
    store = sim.store
    deployer = _deployer(store, controller)
    if deployer is not None and deployer["status"]["phase"] not in pods.GONE:
        pods.end(sim, deployer, 1)
    if note(controller, "deployment.cancelled") != "true":
        controller["metadata"]["annotations"]["openshift.io/deployer-pod.completed-at"] = _stamp(store)
    controller["metadata"]["annotations"][PREFIX + "deployment.replicas"] = "0"
    _set_phase(sim, controller, "Failed")
    pods.scale(sim, controller, 0)
    before = [
        item
        for item in revisions(store, config)
        if note(item, "deployment.phase") == "Complete" and item["metadata"]["uid"] != controller["metadata"]["uid"]
    ]
    if before:
        pods.scale(sim, before[-1], config["spec"]["replicas"])
    sim.after("trigger", "config", config["metadata"]["namespace"], config["metadata"]["name"])


def cancel(sim: Simulation, controller: Object, reason: str = "cancelled by the user") -> None:
    """Ends a rollout that is under way."""
    config = sim.store.get(
        "deploymentconfigs", controller["metadata"]["namespace"], note(controller, "deployment-config.name")
    )
    controller["metadata"]["annotations"].update(
        {PREFIX + "deployment.cancelled": "true", PREFIX + "deployment.status-reason": reason}
    )
    for pod in sim.store.all("pods", controller["metadata"]["namespace"]):
        name = pod["metadata"].get("labels", {}).get("openshift.io/deployer-pod-for.name")
        if name == controller["metadata"]["name"]:
            pods.remove(sim, pod)
    if config is not None:
        _fail(sim, config, controller)


def retry(sim: Simulation, controller: Object) -> None:
    """`oc rollout retry`: the failed revision begins again; the config's condition stays as it was (README 15).

    It fails at once where its former deployer was still there: a pod that is deleted is gone only a moment later, and the next
    one of that name cannot be made (`rollouts`, at 61 s and in the history).
    """
    stale = _deployer(sim.store, controller) is not None
    meta = controller["metadata"]
    for name in (PREFIX + "deployment.cancelled", "openshift.io/deployer-pod.completed-at"):
        meta["annotations"].pop(name, None)
    for pod in sim.store.all("pods", meta["namespace"]):
        if pod["metadata"].get("labels", {}).get("openshift.io/deployer-pod-for.name") == meta["name"]:
            pods.remove(sim, pod)
    sim.store.private.setdefault("deployers", {})[f"{meta['namespace']}/{meta['name']}"] = {
        "stage": "stale" if stale else "new"
    }
    meta["annotations"][PREFIX + "deployment.phase"] = "New"
    sim.store.put("replicationcontrollers", controller)
    sim.after("deployer pod", "deployer", meta["namespace"], meta["name"])


def scaled(sim: Simulation, config: Object) -> None:
    """The config's own number of pods has changed: the revision that serves follows."""
    current = newest(sim.store, config)
    if current is not None and note(current, "deployment.phase") in ENDED:
        serving = [item for item in revisions(sim.store, config) if note(item, "deployment.phase") == "Complete"]
        if serving:
            pods.scale(sim, serving[-1], config["spec"]["replicas"])


def tell_status(sim: Simulation, namespace: str, name: str) -> None:
    """Writes a config's status, some moments after what it tells of (recordings/README.md 2)."""
    store = sim.store
    config = store.get("deploymentconfigs", namespace, name)
    if config is None:
        return
    all_ = revisions(store, config)
    current = newest(store, config)
    total = {
        key: sum(item["status"].get(key, 0) for item in all_)
        for key in ("replicas", "readyReplicas", "availableReplicas")
    }
    asked = sum(item["spec"].get("replicas", 0) for item in all_)
    status = {
        **config["status"],
        "availableReplicas": total["availableReplicas"],
        "latestVersion": config["status"].get("latestVersion", 0),
        "observedGeneration": config["metadata"]["generation"],
        "readyReplicas": total["readyReplicas"],
        "replicas": total["replicas"],
        "unavailableReplicas": max(0, asked - total["availableReplicas"]),
        "updatedReplicas": current["status"].get("replicas", 0) if current is not None else 0,
    }
    if not status["readyReplicas"]:
        status.pop("readyReplicas")
    status["conditions"] = _conditions(store, config, current, status)
    status = dict(sorted(status.items()))
    if status != config["status"]:
        config["status"] = status
        store.put("deploymentconfigs", config)


def _conditions(store: Store, config: Object, current: Object | None, status: dict[str, Any]) -> list[dict[str, Any]]:
    available = status["availableReplicas"]
    before = {condition["type"]: condition for condition in config["status"].get("conditions", ())}
    wanted = config["spec"]["replicas"]
    enough = available > 0 and available >= wanted - _share(_params(config).get("maxUnavailable", 0), wanted, up=False)
    has = "has" if enough else "does not have"
    wanted_now = {"Available": ("True" if enough else "False", "", f"Deployment config {has} minimum availability.")}
    moved = _moves(config["status"], status)
    progress = _progress(config, current, before.get("Progressing"), moved)
    if progress is not None:
        wanted_now["Progressing"] = progress
    told = dict(before)
    for kind, said in wanted_now.items():
        condition = _condition(store, before, kind, *said)
        if condition != told.get(kind):  # what has changed goes to the end of the list
            told.pop(kind, None)
            told[kind] = condition
    return list(told.values())


def _moves(before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether a rollout has got on: there are more pods of the new revision, or fewer of the old ones."""
    grown = now["updatedReplicas"] > before.get("updatedReplicas", 0)
    old = before.get("replicas", 0) - before.get("updatedReplicas", 0)
    return bool(grown or now["replicas"] - now["updatedReplicas"] < old)


def _progress(
    config: Object, current: Object | None, before: dict[str, Any] | None, moved: bool
) -> tuple[str, str, str] | None:
    """What the Progressing condition says now; None where it stays."""
    if current is None:
        return None
    name, phase = current["metadata"]["name"], note(current, "deployment.phase")
    said = f'replication controller "{name}"'
    retried = (
        before is not None and before.get("reason") == "ProgressDeadlineExceeded" and name in before.get("message", "")
    )
    if phase == "New":
        version = config["status"]["latestVersion"]
        created = f'Created new replication controller "{name}" for version {version}'
        return None if retried else ("True", "NewReplicationControllerCreated", created)
    if phase == "Pending":
        return None if retried else ("Unknown", "", f'{said} is waiting for pod "{name}-deploy" to run')
    if phase == "Running":
        return ("True", "ReplicationControllerUpdated", f"{said} is progressing") if moved and not retried else None
    if phase == "Complete":
        return "True", "NewReplicationControllerAvailable", f"{said} successfully rolled out"
    if note(current, "deployment.cancelled") == "true":
        return "False", "RolloutCancelled", f"rollout of {said} was cancelled"
    return "False", "ProgressDeadlineExceeded", f"{said} has failed progressing"


def _condition(
    store: Store, before: dict[str, Any], kind: str, status: str, reason: str, message: str
) -> dict[str, Any]:
    known = before.get(kind, {})
    if (known.get("status"), known.get("reason", ""), known.get("message")) == (status, reason, message):
        return dict(known)
    stamp = store.timestamp()
    made = {
        "lastTransitionTime": known.get("lastTransitionTime", stamp) if known.get("status") == status else stamp,
        "lastUpdateTime": stamp,
        "message": message,
    }
    if reason:
        made["reason"] = reason
    return {**made, "status": status, "type": kind}
