"""The status of a DeploymentConfig, which lags behind the facts (fact 2)."""

from __future__ import annotations

from .resources import RESOURCES
from .revisions import ENDED, newest, note, params, revisions, share
from .simulation import Simulation
from .store import Object, Store
from .typed import Any

# How many former revisions a config keeps that names no number: openshift-apiserver pkg/apps/apis/apps/v1/defaults.go.
KEPT = 10


def update_status(sim: Simulation, namespace: str, name: str) -> None:
    """Writes a config's status, some moments after what it describes (fact 2)."""
    store = sim.store
    config = store.get("deploymentconfigs", namespace, name)
    if config is None:
        return
    all_ = revisions(store, config)
    current = newest(store, config)
    requested = sum(item["spec"].get("replicas", 0) for item in all_)
    counts = ("replicas", "readyReplicas", "availableReplicas")
    total = {key: sum(item["status"].get(key, 0) for item in all_) for key in counts}
    status = {
        "latestVersion": 0,
        **config["status"],
        **total,
        "observedGeneration": config["metadata"]["generation"],
        "unavailableReplicas": max(0, requested - total["availableReplicas"]),
        "updatedReplicas": current["status"].get("replicas", 0) if current is not None else 0,
    }
    if not status["readyReplicas"]:
        status.pop("readyReplicas")
    status["conditions"] = _conditions(store, config, current, status)
    status = dict(sorted(status.items()))
    if status != config["status"]:
        config["status"] = status
        store.put("deploymentconfigs", config)
    if current is not None and note(current, "deployment.phase") == "Complete":
        _remove_former(sim, config, all_)


def _remove_former(sim: Simulation, config: Object, all_: list[Object]) -> None:
    """Removes revisions without pods beyond those that the config keeps, the oldest first (fact 39)."""
    from .following import remove

    former = [
        item
        for item in all_[:-1]
        if note(item, "deployment.phase") in ENDED
        and not item["spec"].get("replicas")
        and not item["status"]["replicas"]
    ]
    for item in former[: max(0, len(former) - config["spec"].get("revisionHistoryLimit", KEPT))]:
        remove(sim, RESOURCES["replicationcontrollers"], item)


def _conditions(store: Store, config: Object, current: Object | None, status: dict[str, Any]) -> list[dict[str, Any]]:
    available = status["availableReplicas"]
    before = {condition["type"]: condition for condition in config["status"].get("conditions", ())}
    wanted = config["spec"]["replicas"]
    enough = available > 0 and available >= wanted - share(params(config).get("maxUnavailable", 0), wanted, up=False)
    has = "has" if enough else "does not have"
    wanted_now = {"Available": ("True" if enough else "False", "", f"Deployment config {has} minimum availability.")}
    moved = _moves(config["status"], status)
    progress = _progress(config, current, before.get("Progressing"), moved)
    if progress is not None:
        wanted_now["Progressing"] = progress
    current = dict(before)
    for kind, said in wanted_now.items():
        condition = _condition(store, before, kind, *said)
        if condition != current.get(kind):  # a changed one goes to the end of the list
            current.pop(kind, None)
            current[kind] = condition
    return list(current.values())


def _moves(before: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether a rollout has progressed: there are more pods of the new revision, or fewer of the old ones."""
    grown = now["updatedReplicas"] > before.get("updatedReplicas", 0)
    old = before.get("replicas", 0) - before.get("updatedReplicas", 0)
    return bool(grown or now["replicas"] - now["updatedReplicas"] < old)


def _progress(
    config: Object, current: Object | None, before: dict[str, Any] | None, moved: bool
) -> tuple[str, str, str] | None:
    """The new Progressing condition; None if it stays."""
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
