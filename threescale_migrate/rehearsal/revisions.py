"""The revisions of a DeploymentConfig: its replication controllers, and what their annotations say."""

from __future__ import annotations

import math

from .store import Object, Store
from .typed import Any

ENDED = ("Complete", "Failed")
PREFIX = "openshift.io/"
# Annotations of the Rolling strategy on a revision while it is rolled out; they stay if that fails.
DESIRED = "kubectl.kubernetes.io/desired-replicas"
SOURCE = "kubectl.kubernetes.io/update-source-id"
ORIGINAL = "kubectl.kubernetes.io/original-replicas"


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


def active(store: Store, config: Object, controller: Object) -> list[Object]:
    """The newest other revision that was rolled out, whether it has pods or not: a Rolling deployer begins from it."""
    name = controller["metadata"]["name"]
    done = [item for item in revisions(store, config) if note(item, "deployment.phase") == "Complete"]
    return [item for item in done if item["metadata"]["name"] != name][-1:]


def serving(store: Store, config: Object, controller: Object) -> list[Object]:
    """The config's other revisions that should have pods."""
    return [
        item
        for item in revisions(store, config)
        if item["metadata"]["name"] != controller["metadata"]["name"] and item["spec"].get("replicas", 0) > 0
    ]


def at_rest(config: Object) -> int:
    """How many pods a config keeps while no rollout runs: none with `test: true` (fact 39)."""
    return 0 if config["spec"].get("test") else int(config["spec"]["replicas"])


def recreates(config: Object) -> bool:
    """Whether the old pods end before the new ones start."""
    return bool((config["spec"].get("strategy") or {}).get("type") == "Recreate")


def first_replicas(config: Object) -> str:
    """A revision's annotation with its number of pods; with the Rolling strategy it is empty after the first revision."""
    known = recreates(config) or config["status"]["latestVersion"] == 1
    return str(config["spec"]["replicas"]) if known else ""


def params(config: Object) -> dict[str, Any]:
    strategy = config["spec"].get("strategy") or {}
    found: dict[str, Any] = strategy.get("rollingParams") or strategy.get("recreateParams") or {}
    return found


def share(value: Any, whole: int, up: bool) -> int:
    if isinstance(value, str) and value.endswith("%"):
        part = whole * int(value[:-1]) / 100
        return math.ceil(part) if up else math.floor(part)
    return int(value or 0)


def stamp(store: Store) -> str:
    return store.timestamp().replace("T", " ").replace("Z", " +0000 UTC")
