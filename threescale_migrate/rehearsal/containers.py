"""The parts of a pod's status: its node, its conditions and its containers."""

from __future__ import annotations

from .store import Object, Store
from .typed import Any

NOT_READY = {"ContainersNotReady": "containers with unready status"}


def schedule(store: Store, pod: Object) -> None:
    """Assigns the pod to a node, which starts its containers."""
    stamp = store.timestamp()
    pod["status"].update(
        {
            "conditions": conditions(stamp, False, "ContainersNotReady"),
            "containerStatuses": [waiting(container, "ContainerCreating") for container in pod["spec"]["containers"]],
            **_address(store),
            "startTime": stamp,
        }
    )
    pod["spec"]["nodeName"] = "node-1"


def unschedule(store: Store, pod: Object, message: str) -> None:
    """Leaves the pod without a node."""
    pod["status"]["conditions"] = [_condition(store.timestamp(), "PodScheduled", False, "Unschedulable", message)]
    for name in ("containerStatuses", "hostIP", "podIP", "podIPs", "startTime"):
        pod["status"].pop(name, None)
    pod["spec"].pop("nodeName", None)


def _address(store: Store) -> dict[str, Any]:
    draw = store.random()
    address = f"10.128.{draw.randrange(4)}.{2 + draw.randrange(248)}"
    return {"hostIP": "192.0.2.10", "podIP": address, "podIPs": [{"ip": address}]}


def _condition(stamp: str, kind: str, status: bool, why: str = "", message: str = "") -> dict[str, Any]:
    made: dict[str, Any] = {"lastProbeTime": None, "lastTransitionTime": stamp}
    if message:
        made["message"] = message
    if why:
        made["reason"] = why
    return {**made, "status": "True" if status else "False", "type": kind}


def conditions(stamp: str, ready: bool, reason: str = "") -> list[dict[str, Any]]:
    """The conditions of a pod that has a node."""
    why = [] if ready else [reason, NOT_READY.get(reason, "")]
    return [
        _condition(stamp, "Initialized", True),
        _condition(stamp, "Ready", ready, *why),
        _condition(stamp, "ContainersReady", ready, *why),
        _condition(stamp, "PodScheduled", True),
    ]


def waiting(container: Object, reason: str, message: str = "", restarts: int = 0, last: Any = None) -> Object:
    state = {"message": message, "reason": reason} if message else {"reason": reason}
    return {**_status(container, {"waiting": state}, False), "lastState": last or {}, "restartCount": restarts}


def ran(store: Store, container: Object, state: Object, ready: bool) -> Object:
    """The status of a running or terminated container."""
    return {"containerID": f"cri-o://{store.random().getrandbits(128):032x}", **_status(container, state, ready)}


def _status(container: Object, state: Object, ready: bool) -> Object:
    image = container.get("image", "")
    return {
        "image": image,
        "imageID": f"docker-pullable://{image}",
        "lastState": {},
        "name": container["name"],
        "ready": ready,
        "restartCount": 0,
        "started": ready,
        "state": state,
    }
