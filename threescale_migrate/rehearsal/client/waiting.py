"""Commands of `oc` that wait, in the cluster's time: `wait` and `rollout status`."""

from __future__ import annotations

import time

from ..resources import Resource
from ..server import Api
from ..store import Object
from ..typed import Callable
from .errors import failure
from .reading import targets
from .session import Session

# How often a command that waits checks again, in real seconds, and how far it moves a stopped clock.
INTERVAL = 0.05
PINNED_STEP = 0.5
LATE = "timed out waiting for the condition"
OBSERVING = "Waiting for latest deployment config spec to be observed by the controller loop..."


def _until(session: Session, timeout: float | None, check: Callable[[Api], bool], late: str) -> None:
    """Checks until there is nothing left to wait for. Raises CommandError with the text `late` after the timeout."""
    began = None
    while True:
        with session.api() as api:
            now = api.store.now()
            began = now if began is None else began
            done = check(api)
            pinned = _advance_clock(api)
        if done:
            return
        if timeout is not None and now - began >= timeout:
            raise failure(late)
        time.sleep(0 if pinned else INTERVAL)


def status(session: Session, name: str) -> None:
    """Waits for the newest rollout, and shows what it waits for whenever the config changes."""
    seen = ""

    def check(api: Api) -> bool:
        nonlocal seen
        config = api.config(session.namespace, name)
        if not seen:  # an old client gets, lists and watches, with a warning for each
            for _ in range(3 if session.has("status asks three times") else 1):
                session.warn("deploymentconfigs")
        line, done = _status_line(config)
        if config["metadata"]["resourceVersion"] != seen:
            session.print(line)
            session.out.flush()
        seen = config["metadata"]["resourceVersion"]
        return done or session.values.get("watch") is False

    _until(session, _seconds(str(session.values.get("timeout") or "")), check, LATE)


def _status_line(config: Object) -> tuple[str, bool]:
    """What `oc rollout status` says, and whether it is the last line. Raises CommandError for a failed rollout."""
    state, name = config["status"], config["metadata"]["name"]
    if state.get("latestVersion", 0) == 0:
        return f"Waiting for rollout to finish: {name} has not been deployed yet...", False
    if config["metadata"]["generation"] > state.get("observedGeneration", 0):
        return OBSERVING, False
    progress: Object = next((c for c in state.get("conditions", ()) if c["type"] == "Progressing"), {})
    reason, replicas = progress.get("reason", ""), config["spec"]["replicas"]
    if reason == "NewReplicationControllerAvailable":
        return f'replication controller "{name}-{state["latestVersion"]}" successfully rolled out', True
    if reason in ("ProgressDeadlineExceeded", "RolloutCancelled"):
        raise failure(progress["message"])
    updated, total, available = (state.get(key, 0) for key in ("updatedReplicas", "replicas", "availableReplicas"))
    if updated < replicas:
        what = f"{updated} out of {replicas} new replicas have been updated"
    elif total > updated:
        what = f"{total - updated} old replicas are pending termination"
    elif available < updated:
        what = f"{available} of {updated} updated replicas are available"
    else:
        return OBSERVING, False
    return f"Waiting for rollout to finish: {what}...", False


def wait(session: Session) -> None:
    """`oc wait --for=condition=…` and `--for=jsonpath=…`."""
    wanted, _ = targets(session, "oc wait")
    kind, _, condition = str(session.values.get("for") or "").partition("=")
    if kind not in ("condition", "jsonpath"):
        raise failure("the rehearsal oc waits only for condition= and jsonpath=")
    timeout = _seconds(str(session.values.get("timeout") or "30s"))
    for resource, names in wanted:
        for name in names:

            def check(api: Api, resource: Resource = resource, name: str = name) -> bool:
                item = api.get(resource, session.namespace, name)
                session.warn(resource.plural)
                return _met(item, kind, condition)

            _until(session, timeout, check, f"{LATE} on {resource.plural}/{name}")
            session.print(f"{resource.singular}/{name} condition met")


def _met(item: Object, kind: str, condition: str) -> bool:
    if kind == "condition":
        name, _, value = condition.partition("=")
        known = item.get("status", {}).get("conditions") or ()
        return any(
            c["type"].lower() == name.lower() and c["status"].lower() == (value or "true").lower() for c in known
        )
    from .jsonpath import render

    path, _, value = condition.rpartition("=") if "}=" in condition else (condition, "", "")
    found = render(path, item)
    return found == value if value else bool(found)


def _seconds(text: str) -> float | None:
    import re

    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)?", text or "0")
    if match is None:
        raise failure(f'invalid argument "{text}" for "--timeout" flag')
    return float(match[1]) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600, None: 1}[match[2]] or None


def _advance_clock(api: Api) -> bool:
    """Moves a stopped clock on, which nothing else does; returns whether it is stopped."""
    if api.store.clock.data.get("pinned") is None:
        return False
    now, due = api.store.now(), api.cluster.simulation.quiet_at()
    api.store.clock.pin(now + PINNED_STEP if due is None else min(now + PINNED_STEP, max(now + 0.001, due)))
    return True
