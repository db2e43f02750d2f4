"""What `oc version` says of client and server, asked once, and which version of a type the server has: only what depends on it asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .oc import Oc
from .oc_errors import BadInput, NotFound, UnknownResourceType

VERSION = "version"


def versions(oc: Oc) -> Mapping[str, Any]:
    """The versions as `oc` prints them. Raises OcError, BadInput for an `oc` of 3.11, which knows no JSON here."""
    known = oc.remembered.get(VERSION)
    if known is None:
        try:
            known = oc.read_item(("version", "-o", "json"), dict, tries=2)
        except BadInput as error:
            known = error
        oc.remembered[VERSION] = known
    if isinstance(known, BadInput):
        raise known
    return known if isinstance(known, dict) else {}


def client_version(oc: Oc) -> str:
    """The version of `oc` itself, empty if it does not say. Raises as `versions` does."""
    found = versions(oc)
    return str(found.get("releaseClientVersion") or (found.get("clientVersion") or {}).get("gitVersion") or "")


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
