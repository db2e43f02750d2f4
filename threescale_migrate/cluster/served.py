"""Which version of a type the server has, as it says itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .oc import Oc
from .oc_errors import NotFound, UnknownResourceType


def served(oc: Oc, group: str, versions: Sequence[str], plural: str) -> str | None:
    """The first of the group's versions in which the server has the type, None if it has it in none. Raises OcError.

    What a version holds is asked for, and not which versions there are: 3.11 has `batch/v1` as well, with Jobs and without
    CronJobs (fact 24). `get --raw` prints what the server sends (openshift/oc, vendored rawhttp/raw.go), and
    each user who is logged in may ask for it.
    """
    for version in versions:
        try:
            types = oc.read_item(("get", "--raw", f"/apis/{group}/{version}"), _types, tries=2)
        except (NotFound, UnknownResourceType):
            continue
        if plural in types:
            return f"{group}/{version}"
    return None


def _types(document: Any) -> frozenset[str]:
    return frozenset(str(item["name"]) for item in document["resources"])
