"""What `oc version` says of client and server, asked once: only what depends on it asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .oc import Oc
from .oc_errors import BadInput

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
