"""What of a project has to be as before after an undo: everything but revisions, pods' names, and what records moments."""

from __future__ import annotations

import json
from typing import Any

from threescale_migrate.rehearsal.store import Object

VOLATILE = (
    "resourceVersion",
    "uid",
    "creationTimestamp",
    "generation",
    "managedFields",
    "generateName",
    "ownerReferences",
)
KINDS = (
    "deploymentconfigs", "serviceaccounts", "secrets", "rolebindings", "clusterrolebindings", "roles", "imagestreams", "configmaps",
    "securitycontextconstraints",
)  # fmt: skip


def comparable(objects: dict[str, dict[str, Object]]) -> dict[str, Any]:
    """The objects of a rehearsal cluster, and the pods that run, without what differs between two equal projects."""
    found: dict[str, Any] = {
        kind: {key: _lasting(item) for key, item in objects.get(kind, {}).items()} for kind in KINDS
    }
    found["pods"] = sorted(
        _pod(item) for item in objects["pods"].values() if item["status"]["phase"] in ("Pending", "Running")
    )
    return found


def _lasting(item: Object) -> Object:
    kept: Object = json.loads(json.dumps({key: value for key, value in item.items() if key != "status"}))
    for name in VOLATILE:
        kept["metadata"].pop(name, None)
    return kept


def _pod(item: Object) -> tuple[str, str, str, tuple[str, ...]]:
    config = (
        item["metadata"].get("annotations", {}).get("openshift.io/deployment-config.name", item["metadata"]["name"])
    )
    secrets = tuple(reference["name"] for reference in item["spec"].get("imagePullSecrets", ()))
    return config, item["spec"]["serviceAccountName"], item["status"]["phase"], secrets


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What is not as before, in words."""
    sentence = []
    for kind, wanted in before.items():
        there = after[kind]
        if kind == "pods":
            sentence += [f"pods: {wanted} became {there}"] if wanted != there else []
            continue
        for key in wanted.keys() | there.keys():
            if wanted.get(key) != there.get(key):
                sentence.append(f"{kind} {key}: {_short(wanted.get(key))} became {_short(there.get(key))}")
    return sentence


def _short(item: Any) -> str:
    return "nothing" if item is None else json.dumps(item.get("spec", item))[:2000]
