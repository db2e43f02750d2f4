"""The deployer of a revision: its pod, its hooks, the two strategies, deadlines, and how a rollout ends.

What it writes, and in which order, is that of `rollouts`, `documented-procedure` and `quotas`: a failed rollout scales
the old revision up again, hooks run as `default`.
"""

from __future__ import annotations

from . import admission, pods
from .events import event, repeated
from .helperpods import helper_pod, hook_pod
from .revisions import (
    DESIRED,
    ENDED,
    ORIGINAL,
    PREFIX,
    SOURCE,
    active,
    at_rest,
    first_replicas,
    newest,
    note,
    params,
    recreates,
    revisions,
    serving,
    share,
    stamp,
)
from .simulation import DELAYS, Simulation
from .store import Object, Store
from .typed import Any

DEADLINE = 600


def step(sim: Simulation, namespace: str, name: str) -> None:
    """The next step of a deployer."""
    store = sim.store
    controller = store.get("replicationcontrollers", namespace, name)
    memory = store.private.get("deployers", {}).get(f"{namespace}/{name}")
    if controller is None or memory is None or note(controller, "deployment.phase") in ENDED:
        return
    config = store.get("deploymentconfigs", namespace, note(controller, "deployment-config.name"))
    if config is None:
        return
    store.changed = True
    if memory["stage"] not in ("new", "stale") and _deployer(store, controller) is None:
        _annotate(controller, "deployment.status-reason", "deployer pod no longer exists")
        _fail(sim, config, controller)
        return
    STAGES[memory["stage"]](sim, config, controller, memory)
    if note(controller, "deployment.phase") in ENDED:
        return
    if memory["stage"] == "done":  # a deployer runs for a moment after its work is done
        sim.after("deployer ends", "deployer", namespace, name)
    else:
        sim.again(memory.pop("again", "deployer looks"), "deployer", namespace, name)


def _annotate(controller: Object, name: str, value: str) -> None:
    controller["metadata"]["annotations"][PREFIX + name] = value


def _set_phase(sim: Simulation, controller: Object, phase: str) -> None:
    _annotate(controller, "deployment.phase", phase)
    sim.store.put("replicationcontrollers", controller)
    sim.after("status", "status", controller["metadata"]["namespace"], note(controller, "deployment-config.name"))


def _stale(sim: Simulation, config: Object, controller: Object, memory: dict[str, Any]) -> None:
    _annotate(controller, "deployment.status-reason", "unable to create deployer pod")
    _fail(sim, config, controller)


def _new(sim: Simulation, config: Object, controller: Object, memory: dict[str, Any]) -> None:
    name = controller["metadata"]["name"]
    pod = helper_pod(config, controller, f"{name}-deploy", "deployer")
    try:
        pods.create(sim, pod)
    except admission.RefusedPod as refusal:
        _refused(sim, config, controller, memory, f'pods "{name}-deploy" is forbidden: {refusal}')
        return
    _annotate(controller, "deployer-pod.created-at", stamp(sim.store))
    _annotate(controller, "deployer-pod.name", f"{name}-deploy")
    _set_phase(sim, controller, "Pending")
    memory["stage"] = "starting"


def _refused(sim: Simulation, config: Object, controller: Object, memory: dict[str, Any], why: str) -> None:
    """Creating the deployer pod is retried with growing delays until the config's deadline has passed (`quotas`)."""
    store, meta = sim.store, controller["metadata"]
    timeout = params(config).get("timeoutSeconds", DEADLINE)
    memory.setdefault("refused", store.now())
    if store.now() - memory["refused"] >= timeout:
        text = f'Rollout for "{meta["namespace"]}/{meta["name"]}" failed to create deployer pod (timeoutSeconds: {timeout}s)'
        event(store, config, "RolloutTimeout", text, "deployer-controller")
        _stale(sim, config, controller, memory)
        return
    event(store, config, "FailedCreate", f"Error creating deployer pod: {why}", "deployer-controller")
    memory["again"] = DELAYS["create again"] * 2 ** memory.get("tries", 0)
    memory["tries"] = memory.get("tries", 0) + 1


def _starting(sim: Simulation, config: Object, controller: Object, memory: dict[str, Any]) -> None:
    deployer = _deployer(sim.store, controller)
    phase = deployer["status"]["phase"] if deployer is not None else "Failed"
    if phase == "Failed":
        _fail(sim, config, controller)
    elif phase == "Running":
        _annotate(controller, "deployer-pod.started-at", stamp(sim.store))
        _set_phase(sim, controller, "Running")
        memory["stage"] = "pre"
        _hook(sim, config, controller, memory, "pre", "roll")


def _deployer(store: Store, controller: Object) -> Object | None:
    meta = controller["metadata"]
    return store.get("pods", meta["namespace"], f"{meta['name']}-deploy")


def _hook(sim: Simulation, config: Object, controller: Object, memory: dict[str, Any], when: str, then: str) -> None:
    """Runs a hook, and continues with the stage `then` once it has succeeded."""
    hook = params(config).get(when)
    meta = controller["metadata"]
    name = f"{meta['name']}-hook-{when}"
    if not hook or not hook.get("execNewPod"):
        _enter(sim, config, controller, memory, then)
        return
    pod = sim.store.get("pods", meta["namespace"], name)
    if pod is None:
        pods.create(sim, hook_pod(config, controller, name, when, hook))
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


def _pre(sim: Simulation, config: Object, controller: Object, memory: dict[str, Any]) -> None:
    _hook(sim, config, controller, memory, "pre", "roll")


def _post(sim: Simulation, config: Object, controller: Object, memory: dict[str, Any]) -> None:
    _hook(sim, config, controller, memory, "post", "done")


def _roll(sim: Simulation, config: Object, controller: Object, memory: dict[str, Any]) -> None:
    """One check of the deployer: scales up, waits until they are ready, scales the old ones down."""
    store = sim.store
    wanted = config["spec"]["replicas"]
    memory.setdefault("since", store.now())
    others = serving(store, config, controller)
    if recreates(config):
        if others:
            memory["before"] = {item["metadata"]["name"]: item["spec"]["replicas"] for item in others}
            for item in others:
                pods.scale(sim, item, 0)
            return
        pods.scale(sim, controller, wanted)
    else:
        for item in active(store, config, controller):
            item["metadata"]["annotations"].setdefault(ORIGINAL, str(item["spec"]["replicas"]))
            source = f"{item['metadata']['name']}:{item['metadata']['uid']}"
            controller["metadata"]["annotations"].setdefault(SOURCE, source)
        memory.setdefault("before", {item["metadata"]["name"]: item["spec"]["replicas"] for item in others})
        _roll_on(sim, config, controller, others, memory)
    ready = sum(pods.is_available(store, controller, pod) for pod in pods.of_controller(store, controller))
    # That the old pods are gone is noticed only at the next check.
    rolled = recreates(config) or not (others or _counts(store, config, controller, memory))
    if ready >= wanted and rolled and not serving(store, config, controller):
        _enter(sim, config, controller, memory, "post")
        return
    if ready > memory.get("ready", 0):
        memory.update(ready=ready, since=store.now())
    if store.now() - memory["since"] >= params(config).get("timeoutSeconds", DEADLINE):
        repeated(store, config, controller, f"{controller['metadata']['name']}-deploy")
        _fail(sim, config, controller)


def _counts(store: Store, config: Object, controller: Object, memory: dict[str, Any]) -> bool:
    """Whether a deployer that begins from another revision still waits for the pods that it saw last (`odd-configs`)."""
    return bool(active(store, config, controller)) and store.now() < memory.get("pause", 0) + 0.99


def _roll_on(sim: Simulation, config: Object, controller: Object, others: list[Object], memory: dict[str, Any]) -> None:
    """A step of the Rolling strategy, within its surge and its unavailability; ready pods count one period later."""
    wanted = config["spec"]["replicas"]
    settings = params(config)
    surge = share(settings.get("maxSurge", "25%"), wanted, up=True)
    missing = share(settings.get("maxUnavailable", "25%"), wanted, up=False)
    if not surge and not missing:
        missing = 1
    old = sum(item["spec"]["replicas"] for item in others)
    own = controller["spec"].get("replicas", 0)
    ready = sum(pods.is_available(sim.store, controller, pod) for pod in pods.of_controller(sim.store, controller))
    grown = max(own, min(wanted, wanted + surge - old))
    if grown != own or not own:
        pods.scale(sim, controller, grown)
    if ready > memory.get("counted", 0):
        memory.update(counted=ready, pause=sim.store.now() + settings.get("updatePeriodSeconds", 1) - 0.01)
    if not surge and not own and others:  # nothing can be started first: the old pods end a period later
        memory.setdefault("pause", sim.store.now() + settings.get("updatePeriodSeconds", 1) - 0.01)
    if sim.store.now() < memory.get("pause", 0):
        return
    allowed = max(0, wanted - missing - ready)
    for item in others:
        reduced = min(item["spec"]["replicas"], allowed)
        allowed -= reduced
        if reduced != item["spec"]["replicas"]:
            pods.scale(sim, item, reduced)


def _complete(sim: Simulation, config: Object, controller: Object, memory: dict[str, Any]) -> None:
    _annotate(controller, "deployer-pod.completed-at", stamp(sim.store))
    for name in (DESIRED, SOURCE):
        controller["metadata"]["annotations"].pop(name, None)
    _annotate(controller, "deployment.replicas", first_replicas(config))
    deployer = _deployer(sim.store, controller)
    if deployer is not None:
        pods.end(sim, deployer, 0)
    _set_phase(sim, controller, "Complete")
    # The deployer keeps the number of pods that it began with; the config's controller corrects it afterwards.
    if controller["spec"].get("replicas", 0) != at_rest(config):
        scaled(sim, config)
    sim.after("trigger", "config", config["metadata"]["namespace"], config["metadata"]["name"])


STAGES = {
    "stale": _stale, "new": _new, "starting": _starting, "pre": _pre, "roll": _roll, "post": _post, "done": _complete,
}  # fmt: skip


def _fail(sim: Simulation, config: Object, controller: Object) -> None:
    """The rollout fails, and the previous revision serves again (fact 3)."""
    store = sim.store
    deployer = _deployer(store, controller)
    if deployer is not None and deployer["status"]["phase"] not in pods.GONE:
        pods.end(sim, deployer, 1)
    # Only a deployer that existed has an end, and a cancelled one is not annotated with it.
    had_deployer = f"{PREFIX}deployer-pod.name" in controller["metadata"]["annotations"]
    if had_deployer and note(controller, "deployment.cancelled") != "true":
        _annotate(controller, "deployer-pod.completed-at", stamp(store))
    _annotate(controller, "deployment.replicas", "0")
    _set_phase(sim, controller, "Failed")
    pods.scale(sim, controller, 0)
    _scale_complete(sim, config)
    sim.after("trigger", "config", config["metadata"]["namespace"], config["metadata"]["name"])


def _remove_helpers(store: Store, controller: Object) -> None:
    """Deletes the deployer and the hooks of a revision."""
    meta = controller["metadata"]
    for pod in store.all("pods", meta["namespace"]):
        if pod["metadata"].get("labels", {}).get("openshift.io/deployer-pod-for.name") == meta["name"]:
            store.remove("pods", meta["namespace"], pod["metadata"]["name"])


def cancel(sim: Simulation, controller: Object, reason: str = "cancelled by the user") -> None:
    """Ends a rollout that is under way."""
    name = note(controller, "deployment-config.name")
    config = sim.store.get("deploymentconfigs", controller["metadata"]["namespace"], name)
    _annotate(controller, "deployment.cancelled", "true")
    _annotate(controller, "deployment.status-reason", reason)
    _remove_helpers(sim.store, controller)
    if config is not None:
        _fail(sim, config, controller)


def retry(sim: Simulation, controller: Object) -> None:
    """`oc rollout retry`: the failed revision starts again; the config's condition stays as it was (fact 15).

    It fails at once if its former deployer was still there: a pod that is deleted is gone only a moment later, and the next
    one of that name cannot be made (`rollouts`, at 61 s and in the history).
    """
    stale = _deployer(sim.store, controller) is not None
    meta = controller["metadata"]
    for name in (PREFIX + "deployment.cancelled", "openshift.io/deployer-pod.completed-at"):
        meta["annotations"].pop(name, None)
    _remove_helpers(sim.store, controller)
    memory = {"stage": "stale" if stale else "new"}
    sim.store.private.setdefault("deployers", {})[f"{meta['namespace']}/{meta['name']}"] = memory
    _annotate(controller, "deployment.phase", "New")
    sim.store.put("replicationcontrollers", controller)
    sim.after("deployer pod", "deployer", meta["namespace"], meta["name"])


def scaled(sim: Simulation, config: Object) -> None:
    """Scales the serving revision after the config's number of replicas has changed."""
    current = newest(sim.store, config)
    if current is not None and note(current, "deployment.phase") in ENDED:
        _scale_complete(sim, config)


def _scale_complete(sim: Simulation, config: Object) -> None:
    complete = [item for item in revisions(sim.store, config) if note(item, "deployment.phase") == "Complete"]
    if complete:
        pods.scale(sim, complete[-1], at_rest(config))
