"""Which types an answer lacks, by the error lines beside it: `oc` gives what the user may read, and a line for each type that is
refused (fact 16)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .oc_errors import OcError, error_lines
from .parsing import Part

# What a call gave: parsed items, each with its namespace, and why each type is missing that is.
Answer = tuple[list[tuple[str, Part]], dict[str, str]]

CLUSTER_QUOTA = "appliedclusterresourcequotas"
# A server that is not OpenShift has none.
SCC_TYPE = "scc"
BUILD_TYPE = "bc"

# How an error line names the types: `pods is forbidden`, `deploymentconfigs.apps.openshift.io is forbidden`.
_FORBIDDEN_NAMES = {
    "deploymentconfigs": "dc",
    "replicationcontrollers": "rc",
    "pods": "pods",
    "serviceaccounts": "sa",
    "rolebindings": "rolebindings",
    "imagestreams": "is",
    "events": "events",
    "clusterrolebindings": "clusterrolebindings",
    "clusterroles": "clusterroles",
    "roles": "roles",
    "secrets": "secrets",
    "configmaps": "configmaps",
    "resourcequotas": "quota",
    "limitranges": "limits",
    CLUSTER_QUOTA: CLUSTER_QUOTA,
    "securitycontextconstraints": SCC_TYPE,
    "buildconfigs": BUILD_TYPE,
}


_FORBIDDEN = re.compile(r"\b([a-z]+)(?:\.[a-z0-9.]+)? (?:\"[^\"]+\" )?is forbidden")


def lacking_types(said: str, types: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the types it is that the server does not have; none if it is not said in words that we know."""
    match = re.search(r"resource type \"([^\"]+)\"", said)
    kind = match[1].partition(".")[0] if match else ""
    return tuple(
        one for one in types if kind in (one, *(name for name, short in _FORBIDDEN_NAMES.items() if short == one))
    )


def unread_types(complaints: Iterable[str], types: Iterable[str]) -> dict[str, str]:
    """Why each type is missing in an answer, by the error lines beside it.

    A line that is not understood can be about any type of the call: then all of them are unknown.
    """
    unread: dict[str, str] = {}
    asked = tuple(types)
    for line in complaints:
        match = _FORBIDDEN.search(line)
        kind = _FORBIDDEN_NAMES.get(match[1]) if match else None
        if kind in asked:
            unread[str(kind)] = line
        else:
            unread.update({one: unread.get(one, line) for one in asked})
    return unread


def lines_of(error: OcError) -> tuple[str, ...]:
    """The error lines of a call that gave nothing else."""
    return tuple(error_lines(error.call.stderr if error.call is not None else str(error)))
