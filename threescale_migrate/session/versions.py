"""The versions of `oc` and of the cluster, for the record of a change. What is not said is left out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..cluster.failures import OcError
from ..cluster.oc import Oc


def versions_of(oc: Oc) -> dict[str, str]:
    """The versions by name; none where `oc` is that of 3.11, which knows no JSON here. Changes nothing, and raises nothing: a record
    without them is a record."""
    try:
        return oc.read_item(("version", "-o", "json"), _parsed, tries=2)
    except OcError:
        return {}


def _parsed(document: Mapping[str, Any]) -> dict[str, str]:
    found = {
        "oc": document.get("releaseClientVersion") or (document.get("clientVersion") or {}).get("gitVersion"),
        "openshift": document.get("openshiftVersion"),
        "kubernetes": (document.get("serverVersion") or {}).get("gitVersion"),
    }
    return {name: str(version) for name, version in found.items() if version}
