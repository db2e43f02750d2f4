"""Pods of the rehearsal cluster: created by replication controllers and deployers, and admitted or refused."""

from __future__ import annotations

from . import admission, containers, faults
from .events import event
from .simulation import DELAYS, Simulation
from .store import Object, Store, copied, moment_of
from .typed import Any

GONE = ("Succeeded", "Failed")
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
        if pod["status"].get("phase") not in GONE
        and not pod["metadata"].get("deletionTimestamp")
        and any(by["uid"] == meta["uid"] and by.get("controller") for by in pod["metadata"].get("ownerReferences", ()))
    ]


def is_available(store: Store, controller: Object, pod: Object) -> bool:
    """Whether the pod has been ready for as long as its controller wants."""
    wanted = controller["spec"].get("minReadySeconds", 0)
    since = next((c["lastTransitionTime"] for c in pod["status"].get("conditions", ()) if c["type"] == "Ready"), "")
    return is_ready(pod) and (not wanted or store.now() - moment_of(since) >= wanted)


def is_ready(pod: Object) -> bool:
    """Whether the pod's Ready condition is true."""
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", ()))


def reconcile(sim: Simulation, namespace: str, name: str) -> None:
    """Creates or deletes pods until a replication controller has as many as it should."""
    store = sim.store
    controller = store.get("replicationcontrollers", namespace, name)
    if controller is None:
        return
    own = of_controller(store, controller)
    wanted = controller["spec"].get("replicas", 0)
    waits = store.private.setdefault("refusals", {})
    failure = None
    for _ in range(wanted - len(own)):
        pod = _from_template(sim, controller)
        try:
            create(sim, pod)
        except admission.RefusedPod as refusal:
            # A pod refused by a quota already has its name (`quotas`), one without an account does not (`rollouts`).
            called = pod["metadata"]["name" if refusal.named else "generateName"]
            failure = f'pods "{called}" is forbidden: {refusal}'
            break
    for pod in sorted(own, key=lambda pod: (is_ready(pod), pod["metadata"]["name"]))[: max(0, len(own) - wanted)]:
        _remove(store, pod)
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


def _remove(store: Store, pod: Object) -> None:
    """Containers do not run here, so none has to be waited for; a fault keeps the pod Terminating, ready as it was (fact 39)."""
    meta = pod["metadata"]
    if faults.keeps(store, meta.get("annotations", {}).get("openshift.io/deployment-config.name", "")):
        meta.update(deletionGracePeriodSeconds=30, deletionTimestamp=store.timestamp(30))
        store.put("pods", pod)
    else:
        store.remove("pods", meta["namespace"], meta["name"])


def _refused(sim: Simulation, controller: Object, message: str) -> None:
    event(sim.store, controller, "FailedCreate", f"Error creating: {message}", "replication-controller")
    if controller["status"].get("conditions"):  # the first refusal stays there
        return
    why = {"reason": "FailedCreate", "status": "True", "type": "ReplicaFailure"}
    controller["status"]["conditions"] = [{"lastTransitionTime": sim.store.timestamp(), "message": message, **why}]


def count(sim: Simulation, controller: Object) -> None:
    """Updates the status of a replication controller, and later its config's."""
    own = of_controller(sim.store, controller)
    ready = sum(is_ready(pod) for pod in own)
    status: dict[str, Any] = {"observedGeneration": controller["metadata"].get("generation", 1), "replicas": len(own)}
    if own:
        status["fullyLabeledReplicas"] = len(own)
    available = sum(is_available(sim.store, controller, pod) for pod in own)
    if available:
        status["availableReplicas"] = available
    if ready:
        status["readyReplicas"] = ready
    if available < ready:  # looked at again when the time has passed
        meta = controller["metadata"]
        sim.after(controller["spec"]["minReadySeconds"] + 0.01, "scale", meta["namespace"], meta["name"])
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


def _from_template(sim: Simulation, controller: Object) -> Object:
    template = controller["spec"]["template"]
    meta = controller["metadata"]
    return {
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


def owner(item: Object, controls: bool = False) -> dict[str, Any]:
    """An owner reference to an object."""
    meta, more = item["metadata"], {"blockOwnerDeletion": True, "controller": True} if controls else {}
    return {"apiVersion": item["apiVersion"], **more, "kind": item["kind"], "name": meta["name"], "uid": meta["uid"]}


def create(sim: Simulation, pod: Object) -> Object:
    """Admits a pod and starts it. Raises admission.RefusedPod."""
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
    spec.setdefault("restartPolicy", "Always")
    spec.setdefault("dnsPolicy", "ClusterFirst")
    spec.setdefault("schedulerName", "default-scheduler")
    pod["metadata"]["generation"] = 1
    quality = "Burstable" if any(c.get("resources") for c in spec["containers"]) else "BestEffort"
    pod["status"] = {"phase": "Pending", "qosClass": quality}
    containers.schedule(store, pod)
    store.put("pods", pod)
    sim.after("pod runs", "pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
    return pod


def _token_volume(name: str) -> dict[str, Any]:
    field = {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}, "path": "namespace"}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"items": [{"key": "ca.crt", "path": "ca.crt"}], "name": "kube-root-ca.crt"}},
        {"downwardAPI": {"items": [field]}},
    ]
    return {"name": name, "projected": {"defaultMode": 420, "sources": sources}}


def role(pod: Object) -> str:
    """`deployer`, `hook` or `app`."""
    labels = pod["metadata"].get("labels", {})
    if "openshift.io/deployer-pod.type" in labels:
        return "hook"
    return "deployer" if "openshift.io/deployer-pod-for.name" in labels else "app"


def notify_owner(sim: Simulation, pod: Object) -> None:
    """Notifies the pod's owner: its deployer, or its replication controller."""
    if role(pod) != "app":
        meta = pod["metadata"]
        sim.after("deployer sees", "deployer", meta["namespace"], meta["labels"]["openshift.io/deployer-pod-for.name"])
        return
    for reference in pod["metadata"].get("ownerReferences", ()):
        controller = sim.store.get("replicationcontrollers", pod["metadata"]["namespace"], reference["name"])
        if controller is not None and reference.get("controller"):
            count(sim, controller)


def end(sim: Simulation, pod: Object, exit_code: int) -> None:
    """Ends a deployer or hook pod; it stays in the list (fact 5)."""
    stamp = sim.store.timestamp()
    reason = "Completed" if exit_code == 0 else "Error"
    ended = {"terminated": {"exitCode": exit_code, "finishedAt": stamp, "reason": reason, "startedAt": stamp}}
    pod["status"].update(
        conditions=containers.conditions(stamp, False, "PodCompleted"),
        containerStatuses=[containers.ran(sim.store, c, ended, False) for c in pod["spec"]["containers"]],
        phase="Succeeded" if exit_code == 0 else "Failed",
    )
    sim.store.put("pods", pod)
    notify_owner(sim, pod)
