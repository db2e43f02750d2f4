"""How pods live and fail: a table of stages for each cause, and the node that works through them.

A stage is chosen by the state of the first container; it defines the pod's status, its events and when the node tries again.
A pod whose cause goes away is processed again at that moment, and then lives like any other.
"""

from __future__ import annotations

from . import containers, faults, images, pods
from .events import event
from .simulation import DELAYS, Simulation
from .store import Object, Store

ANY = ""


class Stage:
    """One step of a life.

    `seen` is the state of the first container before (`running`, or why it waits; empty: any). `then` is what happens to the
    pod: it `runs`, is `ready`, `waits` or has `crashed` with `reason` and `message`, is `unscheduled`, or `stays`. Events are of
    reason, message and component; PROBE only where there is a probe. `again` is the delay after which the node tries again,
    longer each time after a crash; none if nothing will happen by itself.
    """

    def __init__(
        self, seen: str, then: str, *events: tuple[str, str, str], reason: str = "", message: str = "", again: str = ""
    ) -> None:
        self.seen = seen
        self.then = then
        self.events = events
        self.reason = reason
        self.message = message
        self.again = again


BACK_OFF = 'Back-off pulling image "{image}"'
PULL_FAILED = 'Failed to pull image "{image}": {why}'
NO_NODE = "0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available."
HELD = 'Multi-Attach error for volume "pvc-1" Volume is already used by pod(s) of another revision'
PROBE = ("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", "kubelet")
CRASHED = "back-off {seconds}s restarting failed container={container} pod={pod}"
RESTARTS = ("BackOff", "Back-off restarting failed container {container} in pod {pod}", "kubelet")

HEALTHY = "healthy"
LIVES: dict[str, tuple[Stage, ...]] = {
    HEALTHY: (Stage(ANY, "ready"),),
    "slow": (Stage("running", "ready"), Stage(ANY, "runs", again="slow")),
    "not-ready": (Stage("running", "stays", PROBE, again="restart"), Stage(ANY, "runs", PROBE, again="restart")),
    "image-pull": (
        Stage(
            "ErrImagePull",
            "waits",
            ("BackOff", BACK_OFF, "kubelet"),
            reason="ImagePullBackOff",
            message=BACK_OFF,
            again="restart",
        ),
        Stage(
            ANY,
            "waits",
            ("Failed", PULL_FAILED, "kubelet"),
            ("Failed", "Error: ErrImagePull", "kubelet"),
            reason="ErrImagePull",
            message=PULL_FAILED,
            again="pull backs off",
        ),
    ),
    "crash-loop": (
        Stage("running", "crashed", RESTARTS, reason="CrashLoopBackOff", message=CRASHED, again="restart"),
        Stage(ANY, "runs", again="crash"),
    ),
    "no-node": (Stage(ANY, "unscheduled", ("FailedScheduling", NO_NODE, "default-scheduler"), again="restart"),),
    "volume-held": (Stage(ANY, "stays", ("FailedAttachVolume", HELD, "attachdetach-controller"), again="restart"),),
}


def step(sim: Simulation, namespace: str, name: str) -> None:
    """The next step in a pod's life."""
    pod = sim.store.get("pods", namespace, name)
    if pod is None or pod["status"]["phase"] in pods.GONE:
        return
    kind = pods.role(pod)
    ends = kind == "hook" or (kind == "app" and pod["spec"].get("restartPolicy") != "Always")
    if ends and pod["status"]["phase"] == "Running":
        _end(sim, pod, kind)
        return
    if kind == "hook":
        _own(sim.store, pod)
    cause, why = _cause(sim.store, pod, kind)
    if cause == "deployer-fails":
        pods.end(sim, pod, 1)
        return
    life = LIVES.get(cause, LIVES[HEALTHY])
    if "containerStatuses" not in pod["status"] and cause != "no-node":
        containers.schedule(sim.store, pod)
    at = _at(pod)
    _enter(sim, pod, next(stage for stage in life if stage.seen in (ANY, at)), why)
    if ends and pod["status"]["phase"] == "Running":
        sim.after("hook ends", "pod", namespace, name)


def _cause(store: Store, pod: Object, kind: str) -> tuple[str, str]:
    """What is wrong with a pod, as LIVES names it, and why its image cannot be pulled."""
    fate = faults.fate(store, pod, kind) or HEALTHY
    if fate in ("no-node", "volume-held"):
        return fate, ""
    blocked = next(filter(None, (images.refusal(store, pod, c["image"]) for c in pod["spec"]["containers"])), None)
    if fate == "image-pull" or blocked:
        return "image-pull", blocked or f"{images.BY_RUNTIME}manifest unknown: manifest unknown"
    return fate, ""


def _at(pod: Object) -> str:
    """The state of the first container."""
    first = (pod["status"].get("containerStatuses") or [{"state": {}}])[0]
    if "running" in first["state"]:
        return "running"
    return str(first["state"].get("waiting", {}).get("reason", ANY))


def _enter(sim: Simulation, pod: Object, stage: Stage, why: str) -> None:
    store, meta, first = sim.store, pod["metadata"], pod["spec"]["containers"][0]
    restarts = ((pod["status"].get("containerStatuses") or [{}])[0]).get("restartCount", 0)
    seconds = min(300, 10 * 2**restarts)
    words = {"image": first["image"], "why": why, "container": first["name"], "pod": meta["name"], "seconds": seconds}
    if stage.then == "unscheduled":
        containers.unschedule(store, pod, NO_NODE)
    elif stage.then in ("waits", "crashed"):
        _wait(store, pod, stage, stage.message.format(**words))
    elif stage.then in ("runs", "ready"):
        _run(store, pod, stage.then == "ready")
    probed = PROBE in stage.events
    if not probed or any("readinessProbe" in container for container in pod["spec"]["containers"]):
        for reason, message, component in stage.events:
            event(store, pod, reason, message.format(**words), component)
    if stage.then != "stays" or not probed:
        _changed(sim, pod)
    if stage.again:
        delay = DELAYS[stage.again] * (min(30, 2**restarts) if stage.then == "crashed" else 1)
        sim.after(delay, "pod", meta["namespace"], meta["name"])


def _run(store: Store, pod: Object, ready: bool) -> None:
    """The containers run; one that crashed before keeps its count, and the others stay ready."""
    stamp = store.timestamp()
    before = {status["name"]: status for status in pod["status"].get("containerStatuses") or ()}
    crashed = next((name for name, status in before.items() if "terminated" in status["lastState"]), None)
    statuses = []
    for container in pod["spec"]["containers"]:
        is_ready = ready or crashed not in (None, container["name"])
        status = containers.ran(store, container, {"running": {"startedAt": stamp}}, is_ready)
        if container["name"] == crashed:
            status.update(restartCount=before[crashed]["restartCount"], lastState=before[crashed]["lastState"])
        statuses.append(status)
    pod["status"].update(
        conditions=containers.conditions(stamp, ready, "ContainersNotReady"),
        containerStatuses=statuses,
        phase="Running",
    )


def _wait(store: Store, pod: Object, stage: Stage, message: str) -> None:
    """The first container waits: it could not start, or it crashed while the others run."""
    stamp, first, rest = store.timestamp(), pod["spec"]["containers"][0], pod["spec"]["containers"][1:]
    before = pod["status"]["containerStatuses"][0]
    if stage.then == "crashed":
        began = (before["state"].get("running") or {}).get("startedAt", stamp)
        last = {"terminated": {"exitCode": 1, "finishedAt": stamp, "reason": "Error", "startedAt": began}}
        statuses = [containers.waiting(first, stage.reason, message, before["restartCount"] + 1, last)]
        statuses += [containers.ran(store, c, {"running": {"startedAt": stamp}}, True) for c in rest]
        _write_log(store, pod, CRASH_LOG)
    else:
        statuses = [containers.waiting(first, stage.reason, message)]
        statuses += [containers.waiting(c, "ContainerCreating") for c in rest]
    pod["status"].update(
        conditions=containers.conditions(stamp, False, "ContainersNotReady"),
        containerStatuses=statuses,
        phase="Running" if stage.then == "crashed" else "Pending",
    )


# What a container or a hook logs before it fails; the passwords are not real, and have to be masked.
CRASH_LOG = (
    "loading configuration\n"
    "connecting to redis://:not-a-real-password-7@backend-redis:6379/0\n"
    "POST /login token=sha256~bm90LWEtcmVhbC10b2tlbi1hdC1hbGw Authorization: Bearer bm90LWEtcmVhbC1iZWFyZXI\n"
    "SECRET_KEY_BASE=0f1e2d3c4b5a69788796a5b4c3d2e1f0-not-real\n"
    "fatal: permission denied: /opt/app/config/settings.yml\n"
)
HOOK_LOG = "rake aborted!\nMysql2::Error: Table 'schema_migrations' is locked\n"


def _write_log(store: Store, pod: Object, text: str) -> None:
    store.private.setdefault("logs", {})[f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"] = text


def _own(store: Store, hook: Object) -> None:
    """Adds the owner to a hook's pod."""
    meta = hook["metadata"]
    controller = store.get(
        "replicationcontrollers", meta["namespace"], meta["labels"]["openshift.io/deployer-pod-for.name"]
    )
    if controller is not None:
        meta["ownerReferences"] = [pods.owner(controller)]


def _changed(sim: Simulation, pod: Object) -> None:
    sim.store.put("pods", pod)
    pods.notify_owner(sim, pod)


def _end(sim: Simulation, pod: Object, kind: str) -> None:
    """A pod that ends by itself; a hook with the failure policy Retry keeps its pod, which crashes repeatedly."""
    if kind != "hook" or faults.fate(sim.store, pod, "hook") != "hook-fails":
        pods.end(sim, pod, 0)
        return
    _write_log(sim.store, pod, HOOK_LOG)
    if pod["spec"]["restartPolicy"] == "OnFailure":
        _restart_hook(sim, pod)
    else:
        pods.end(sim, pod, 1)


def _restart_hook(sim: Simulation, pod: Object) -> None:
    meta, container = pod["metadata"], pod["spec"]["containers"][0]
    restarts: int = pod["status"]["containerStatuses"][0]["restartCount"]
    message = CRASHED.format(seconds=min(300, 10 * 2**restarts), container=container["name"], pod=meta["name"])
    last = {"terminated": {"exitCode": 1, "finishedAt": sim.store.timestamp(), "reason": "Error"}}
    status = containers.waiting(container, "CrashLoopBackOff", message, restarts + 1, last)
    pod["status"]["containerStatuses"] = [status]
    pod["status"]["conditions"] = containers.conditions(sim.store.timestamp(), False, "ContainersNotReady")
    _changed(sim, pod)
    sim.after(DELAYS["restart"] * min(30, 2**restarts), "pod", meta["namespace"], meta["name"])
