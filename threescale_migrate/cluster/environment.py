"""The ConfigMap `system-environment`, which names the release of a project. Only the preflight reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .oc import Oc
from .oc_errors import Forbidden, NotFound

NAME = "system-environment"
RELEASE = "AMP_RELEASE"


@dataclass(frozen=True)
class Environment:
    """The ConfigMap: whether it is there, the release that it names, and why it could not be read, if it could not."""

    present: bool = False
    release: str = ""
    unread: str = ""


def read_environment(oc: Oc) -> Environment:
    """Reads it. Raises OcError if the cluster cannot be asked."""
    try:
        return oc.read_item(("get", "configmap", NAME, "-o", "json"), _parse)
    except NotFound:
        return Environment()
    except Forbidden as error:
        return Environment(unread=str(error))


def _parse(item: Mapping[str, Any]) -> Environment:
    return Environment(True, str((item.get("data") or {}).get(RELEASE) or ""))
