"""Pods of the rehearsal cluster: made by replication controllers and deployers, admitted or refused, run or not."""

from __future__ import annotations

from . import admission, faults, images
from .quickjson import dumps
from .simulation import DELAYS, Simulation, event
from .store import Object, Store, copied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

GONE = ("Succeeded", "Failed")
NOT_READY = {"ContainersNotReady": "containers with unready status"}
TOLERATIONS = [
    {"effect": "NoExecute", "key": f"node.kubernetes.io/{key}", "operator": "Exists", "tolerationSeconds": 300}
    for key in ("not-ready", "unreachable")
]


def of_controller(store: Store, controller: Object) -> list[Object]:
    """The application pods that a replication controller owns and that have not ended."""
    meta = controller["metadata"]
    return [
        pod
        for pod in store.all("pods", meta["namespace"])
        if any(
            owner["uid"] == meta["uid"] and owner.get("controller")
            for owner in pod["metadata"].get("ownerReferences", ())
        )
        and pod["status"].get("phase") not in GONE
    ]


def is_ready(pod: Object) -> bool:
    """Whether the pod's Ready condition is true."""
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", ()))


def reconcile(sim: Simulation, namespace: str, name: str) -> None:
    """Makes or removes pods until a replication controller has as many as it should."""
    store = sim.store
    controller = store.get("replicationcontrollers", namespace, name)
    if controller is None:
        return
    own = of_controller(store, controller)
    wanted = controller["spec"].get("replicas", 0)
    waits = store.private.setdefault("refusals", {})
    failure = None
    for _ in range(wanted - len(own)):
        try:
            _from_template(sim, controller)
        except admission.RefusedPod as refusal:
            failure = str(refusal)
            break
    for pod in sorted(own, key=lambda pod: (is_ready(pod), pod["metadata"]["name"]))[: max(0, len(own) - wanted)]:
        remove(sim, pod)
    key = f"{namespace}/{name}"
    if failure is None:
        waits.pop(key, None)
        controller["status"].pop("conditions", None)
    else:
        _refused(sim, controller, failure)
        delay = waits.get(key, DELAYS["create again"])
        waits[key] = min(delay * 2, DELAYS["create again at most"])
        sim.after(delay, "scale", namespace, name)
    count(sim, controller)


def _refused(sim: Simulation, controller: Object, message: str) -> None:
    text = f'pods "{controller["metadata"]["name"]}-" is forbidden: {message}'
    event(sim.store, controller, "FailedCreate", f"Error creating: {text}", "replication-controller")
    known = controller["status"].get("conditions") or ()
    if known and known[0]["message"] == text:
        return
    controller["status"]["conditions"] = [
        {
            "lastTransitionTime": sim.store.timestamp(),
            "message": text,
            "reason": "FailedCreate",
            "status": "True",
            "type": "ReplicaFailure",
        }
    ]


def count(sim: Simulation, controller: Object) -> None:
    """Brings the status of a replication controller up to date, and has its config's follow."""
    own = of_controller(sim.store, controller)
    ready = sum(is_ready(pod) for pod in own)
    status: dict[str, Any] = {"observedGeneration": controller["metadata"].get("generation", 1), "replicas": len(own)}
    if own:
        status["fullyLabeledReplicas"] = len(own)
    if ready:
        status.update(availableReplicas=ready, readyReplicas=ready)
    if "conditions" in controller["status"]:
        status["conditions"] = controller["status"]["conditions"]
    if status != controller["status"]:
        controller["status"] = status
        sim.store.put("replicationcontrollers", controller)
    config = controller["metadata"].get("annotations", {}).get("openshift.io/deployment-config.name")
    if config:
        sim.after("status", "status", controller["metadata"]["namespace"], config)


def scale(sim: Simulation, controller: Object, replicas: int) -> None:
    """Sets how many pods a replication controller should have."""
    meta, before = controller["metadata"], controller["spec"].get("replicas", 0)
    if before != replicas:
        controller["spec"]["replicas"] = replicas
        meta["generation"] = meta.get("generation", 1) + 1
        sim.store.put("replicationcontrollers", controller)
    if before < replicas:  # the pods follow a moment later
        sim.after("replicas", "scale", meta["namespace"], meta["name"])
        sim.after("status", "status", meta["namespace"], meta["labels"].get("openshift.io/deployment-config.name", ""))
    else:
        reconcile(sim, meta["namespace"], meta["name"])


def _from_template(sim: Simulation, controller: Object) -> None:
    template = controller["spec"]["template"]
    meta = controller["metadata"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **copied(template.get("metadata", {})),
            "generateName": f"{meta['name']}-",
            "name": f"{meta['name']}-{sim.store.suffix()}",
            "namespace": meta["namespace"],
            "ownerReferences": [owner(controller, controls=True)],
        },
        "spec": copied(template["spec"]),
    }
    create(sim, pod)


def owner(item: Object, controls: bool = False) -> dict[str, Any]:
    """An owner reference to an object."""
    reference: dict[str, Any] = {
        "apiVersion": item["apiVersion"],
        "kind": item["kind"],
        "name": item["metadata"]["name"],
        "uid": item["metadata"]["uid"],
    }
    if controls:
        reference.update(blockOwnerDeletion=True, controller=True)
    return dict(sorted(reference.items()))


def create(sim: Simulation, pod: Object) -> Object:
    """Admits a pod and lets it begin. Raises admission.RefusedPod."""
    store = sim.store
    admission.admit(store, pod)
    spec = pod["spec"]
    token = f"kube-api-access-{store.suffix()}"
    for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
        mounts = container.setdefault("volumeMounts", [])
        mounts.append({"mountPath": "/var/run/secrets/kubernetes.io/serviceaccount", "name": token, "readOnly": True})
    spec.setdefault("volumes", []).append(_token_volume(token))
    spec.update(enableServiceLinks=True, preemptionPolicy="PreemptLowerPriority", priority=0)
    spec.setdefault("tolerations", copied(TOLERATIONS))
    for key, value in (
        ("restartPolicy", "Always"),
        ("dnsPolicy", "ClusterFirst"),
        ("schedulerName", "default-scheduler"),
    ):
        spec.setdefault(key, value)
    pod["metadata"]["generation"] = 1
    pod["status"] = {
        "phase": "Pending",
        "qosClass": "Burstable" if any(c.get("resources") for c in spec["containers"]) else "BestEffort",
    }
    _schedule(store, pod)
    store.put("pods", pod)
    sim.after("pod runs", "pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
    return pod


def _schedule(store: Store, pod: Object) -> None:
    """A node takes the pod, and begins with its containers."""
    stamp = store.timestamp()
    pod["status"].update(
        {
            "conditions": _conditions(stamp, False, "ContainersNotReady"),
            "containerStatuses": [_waiting(container, "ContainerCreating") for container in pod["spec"]["containers"]],
            **_address(store),
            "startTime": stamp,
        }
    )
    pod["spec"]["nodeName"] = "node-1"


def _token_volume(name: str) -> dict[str, Any]:
    field = {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}, "path": "namespace"}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}},
        {"downwardAPI": {"items": [field]}},
    ]
    return {"name": name, "projected": {"defaultMode": 420, "sources": sources}}


def _conditions(stamp: str, ready: bool, reason: str = "", scheduled: str = "") -> list[dict[str, Any]]:
    def condition(kind: str, status: bool, why: str = "", message: str = "") -> dict[str, Any]:
        made: dict[str, Any] = {"lastProbeTime": None, "lastTransitionTime": stamp}
        if message:
            made["message"] = message
        if why:
            made["reason"] = why
        return {**made, "status": "True" if status else "False", "type": kind}

    if scheduled:
        return [condition("PodScheduled", False, "Unschedulable", scheduled)]
    return [
        condition("Initialized", True),
        condition("Ready", ready, *([] if ready else [reason, NOT_READY.get(reason, "")])),
        condition("ContainersReady", ready, *([] if ready else [reason, NOT_READY.get(reason, "")])),
        condition("PodScheduled", True),
    ]


def _waiting(container: Object, reason: str, message: str = "", restarts: int = 0, last: Any = None) -> dict[str, Any]:
    waiting = {"message": message, "reason": reason} if message else {"reason": reason}
    image = container.get("image", "")
    return {
        "image": image,
        "imageID": f"docker-pullable://{image}",
        "lastState": last or {},
        "name": container["name"],
        "ready": False,
        "restartCount": restarts,
        "started": False,
        "state": {"waiting": waiting},
    }


def _ran(store: Store, container: Object, state: dict[str, Any], ready: bool, restarts: int = 0) -> dict[str, Any]:
    image = container.get("image", "")
    return {
        "containerID": f"cri-o://{store.random().getrandbits(128):032x}",
        "image": image,
        "imageID": f"docker-pullable://{image}",
        "lastState": {},
        "name": container["name"],
        "ready": ready,
        "restartCount": restarts,
        "started": ready,
        "state": state,
    }


def role(pod: Object) -> str:
    """`deployer`, `hook` or `app`."""
    labels = pod["metadata"].get("labels", {})
    if "openshift.io/deployer-pod.type" in labels:
        return "hook"
    return "deployer" if "openshift.io/deployer-pod-for.name" in labels else "app"


def step(sim: Simulation, namespace: str, name: str) -> None:
    """What happens to a pod next."""
    pod = sim.store.get("pods", namespace, name)
    if pod is None or pod["status"]["phase"] in GONE:
        return
    kind = role(pod)
    if kind == "hook" and pod["status"]["phase"] == "Running":
        _end_hook(sim, pod)
        return
    ends = kind == "app" and pod["spec"].get("restartPolicy") != "Always"
    if ends and pod["status"]["phase"] == "Running":
        end(sim, pod, 0)
        return
    if kind == "hook":
        _own(sim.store, pod)
    fate = faults.fate(sim.store, pod, kind)
    blocked = next(filter(None, (images.refusal(sim.store, pod, c["image"]) for c in pod["spec"]["containers"])), None)
    if fate != "no-node" and "containerStatuses" not in pod["status"]:
        _schedule(sim.store, pod)
    if fate in ("no-node", "volume-held"):
        _held(sim, pod, fate)
    elif fate == "image-pull" or blocked:
        _pull_fails(sim, pod, blocked or "manifest unknown: manifest unknown")
    elif fate == "crash-loop":
        _crash(sim, pod)
    elif fate == "not-ready" and pod["status"]["phase"] == "Running":
        _probe_fails(sim, pod)
    elif fate == "deployer-fails":
        end(sim, pod, 1)
    elif fate == "slow" and pod["status"]["phase"] != "Running":
        _run(sim, pod, ready=False)
        sim.after("slow", "pod", namespace, name)
    else:
        _run(sim, pod, ready=fate != "not-ready")
        if fate == "not-ready":
            _probe_fails(sim, pod)
        if kind == "hook" or ends:
            sim.after("hook ends", "pod", namespace, name)


def _probe_fails(sim: Simulation, pod: Object) -> None:
    """The kubelet says so, where there is a probe, and looks again; a fault may be off by then."""
    if any("readinessProbe" in container for container in pod["spec"]["containers"]):
        failed = "Readiness probe failed: HTTP probe failed with statuscode: 503"
        event(sim.store, pod, "Unhealthy", failed, "kubelet")
    sim.after("restart", "pod", pod["metadata"]["namespace"], pod["metadata"]["name"])


def _own(store: Store, hook: Object) -> None:
    """Writes into a hook's pod whose it is."""
    meta = hook["metadata"]
    controller = store.get(
        "replicationcontrollers", meta["namespace"], meta["labels"]["openshift.io/deployer-pod-for.name"]
    )
    if controller is not None:
        meta["ownerReferences"] = [owner(controller)]


def _changed(sim: Simulation, pod: Object) -> None:
    sim.store.put("pods", pod)
    if role(pod) != "app":
        meta = pod["metadata"]
        sim.after("deployer sees", "deployer", meta["namespace"], meta["labels"]["openshift.io/deployer-pod-for.name"])
        return
    for reference in pod["metadata"].get("ownerReferences", ()):
        controller = sim.store.get("replicationcontrollers", pod["metadata"]["namespace"], reference["name"])
        if controller is not None and reference.get("controller"):
            count(sim, controller)


def _run(sim: Simulation, pod: Object, ready: bool) -> None:
    store, stamp = sim.store, sim.store.timestamp()
    pod["status"].update(
        conditions=_conditions(stamp, ready, "ContainersNotReady"),
        containerStatuses=[_ran(store, c, {"running": {"startedAt": stamp}}, ready) for c in pod["spec"]["containers"]],
        phase="Running",
    )
    _changed(sim, pod)


def _address(store: Store) -> dict[str, Any]:
    draw = store.random()
    address = f"10.128.{draw.randrange(4)}.{2 + draw.randrange(248)}"
    return {"hostIP": "192.0.2.10", "podIP": address, "podIPs": [{"ip": address}]}


def _held(sim: Simulation, pod: Object, fate: str) -> None:
    if fate == "no-node":
        message = "0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available."
        pod["status"]["conditions"] = _conditions(sim.store.timestamp(), False, scheduled=message)
        for name in ("containerStatuses", "hostIP", "podIP", "podIPs", "startTime"):
            pod["status"].pop(name, None)
        pod["spec"].pop("nodeName", None)
        event(sim.store, pod, "FailedScheduling", message, "default-scheduler")
    else:
        message = 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) of another revision'
        event(sim.store, pod, "FailedAttachVolume", message, "attachdetach-controller")
    _changed(sim, pod)
    sim.after("restart", "pod", pod["metadata"]["namespace"], pod["metadata"]["name"])


def _pull_fails(sim: Simulation, pod: Object, why: str) -> None:
    """ErrImagePull, then ImagePullBackOff, then again; it starts as soon as the image can be pulled."""
    container = pod["spec"]["containers"][0]
    now = pod["status"]["containerStatuses"][0]["state"].get("waiting", {}).get("reason")
    image = container["image"]
    failed = f'Failed to pull image "{image}": rpc error: code = Unknown desc = {why}'
    if now == "ErrImagePull":
        reason, message = "ImagePullBackOff", f'Back-off pulling image "{image}"'
        event(sim.store, pod, "BackOff", f'Back-off pulling image "{image}"', "kubelet")
    else:
        reason, message = "ErrImagePull", failed
        event(sim.store, pod, "Failed", failed, "kubelet")
        event(sim.store, pod, "Failed", "Error: ErrImagePull", "kubelet")
    statuses = [_waiting(c, "ContainerCreating") for c in pod["spec"]["containers"]]
    statuses[0] = _waiting(container, reason, message)
    pod["status"].update(
        conditions=_conditions(sim.store.timestamp(), False, "ContainersNotReady"),
        containerStatuses=statuses,
        phase="Pending",
    )
    _changed(sim, pod)
    delay = "pull backs off" if reason == "ErrImagePull" else "restart"
    sim.after(delay, "pod", pod["metadata"]["namespace"], pod["metadata"]["name"])


def _crash(sim: Simulation, pod: Object) -> None:
    store, stamp = sim.store, sim.store.timestamp()
    before = pod["status"]["containerStatuses"][0]
    restarts = before["restartCount"]
    container = pod["spec"]["containers"][0]
    if "running" in before["state"]:
        ended = {
            "exitCode": 1,
            "finishedAt": stamp,
            "reason": "Error",
            "startedAt": before["state"]["running"]["startedAt"],
        }
        message = f"back-off {min(300, 10 * 2**restarts)}s restarting failed container={container['name']} pod={pod['metadata']['name']}"
        status = _waiting(container, "CrashLoopBackOff", message, restarts + 1, {"terminated": ended})
        event(
            store,
            pod,
            "BackOff",
            f"Back-off restarting failed container {container['name']} in pod {pod['metadata']['name']}",
            "kubelet",
        )
        delay = DELAYS["restart"] * min(30, 2**restarts)
    else:
        status = _ran(store, container, {"running": {"startedAt": stamp}}, False, restarts)
        status["lastState"] = before["lastState"]
        delay = DELAYS["crash"]
        _write_log(store, pod)
    rest = [_ran(store, c, {"running": {"startedAt": stamp}}, True) for c in pod["spec"]["containers"][1:]]
    pod["status"].update(
        conditions=_conditions(stamp, False, "ContainersNotReady"), containerStatuses=[status, *rest], phase="Running"
    )
    _changed(sim, pod)
    sim.after(delay, "pod", pod["metadata"]["namespace"], pod["metadata"]["name"])


def _write_log(store: Store, pod: Object) -> None:
    logs = store.private.setdefault("logs", {})
    logs[f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"] = (
        "loading configuration\n"
        "connecting to redis://:not-a-real-password-7@backend-redis:6379/0\n"
        "POST /login token=sha256~bm90LWEtcmVhbC10b2tlbi1hdC1hbGw Authorization: Bearer bm90LWEtcmVhbC1iZWFyZXI\n"
        "SECRET_KEY_BASE=0f1e2d3c4b5a69788796a5b4c3d2e1f0-not-real\n"
        "fatal: permission denied: /opt/app/config/settings.yml\n"
    )


def _end_hook(sim: Simulation, pod: Object) -> None:
    """A hook that is tried again (failure policy Retry) keeps its pod, whose container crashes again and again."""
    if faults.fate(sim.store, pod, "hook") != "hook-fails":
        end(sim, pod, 0)
        return
    sim.store.private.setdefault("logs", {})[f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"] = (
        "rake aborted!\nMysql2::Error: Table 'schema_migrations' is locked\n"
    )
    if pod["spec"]["restartPolicy"] == "OnFailure":
        _restart_hook(sim, pod)
    else:
        end(sim, pod, 1)


def _restart_hook(sim: Simulation, pod: Object) -> None:
    container, before = pod["spec"]["containers"][0], pod["status"]["containerStatuses"][0]
    restarts = before["restartCount"]
    last = {"terminated": {"exitCode": 1, "finishedAt": sim.store.timestamp(), "reason": "Error"}}
    message = f"back-off {min(300, 10 * 2**restarts)}s restarting failed container={container['name']} pod={pod['metadata']['name']}"
    pod["status"]["containerStatuses"] = [_waiting(container, "CrashLoopBackOff", message, restarts + 1, last)]
    pod["status"]["conditions"] = _conditions(sim.store.timestamp(), False, "ContainersNotReady")
    _changed(sim, pod)
    sim.after(DELAYS["restart"] * min(30, 2**restarts), "pod", pod["metadata"]["namespace"], pod["metadata"]["name"])


def end(sim: Simulation, pod: Object, exit_code: int) -> None:
    """Ends a deployer or hook pod; it stays in the list (recordings/README.md 5)."""
    stamp = sim.store.timestamp()
    reason = "Completed" if exit_code == 0 else "Error"
    ended = {"terminated": {"exitCode": exit_code, "finishedAt": stamp, "reason": reason, "startedAt": stamp}}
    pod["status"].update(
        conditions=_conditions(stamp, False, "PodCompleted"),
        containerStatuses=[_ran(sim.store, c, ended, False) for c in pod["spec"]["containers"]],
        phase="Succeeded" if exit_code == 0 else "Failed",
    )
    _changed(sim, pod)


def remove(sim: Simulation, pod: Object) -> None:
    """Takes a pod away at once; containers do not run here, so none has to be waited for."""
    sim.store.remove("pods", pod["metadata"]["namespace"], pod["metadata"]["name"])


def encoded(item: Object) -> str:
    """An object on one line, as annotations keep it."""
    return dumps(item)
