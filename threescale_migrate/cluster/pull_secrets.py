"""The JSON of a pull secret: its logins, what can be shown of it, and what must never be shown."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from .state import RegistrySecret

_JSON = Mapping[str, Any]


def login_data(item: _JSON) -> dict[str, Any]:
    """The logins by registry of a pull secret's JSON, of the newer type or the older; empty if it cannot be decoded."""
    data = item.get("data") or {}
    raw = data.get(".dockerconfigjson") or data.get(".dockercfg") or ""
    try:
        parsed = json.loads(base64.b64decode(raw, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    logins = parsed.get("auths", {}) if isinstance(parsed, dict) and ".dockerconfigjson" in data else parsed
    return logins if isinstance(logins, dict) else {}


def fingerprint(item: _JSON) -> str:
    """A hash that is the same for two pull secrets with the same logins, however they are written."""
    text = json.dumps(login_data(item), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def secret_values(item: _JSON) -> list[str]:
    """Every value in a pull secret that must never be shown: the encoded data, and each login's auth and password."""
    values = [str(value) for value in (item.get("data") or {}).values()]
    for login in login_data(item).values():
        if not isinstance(login, dict):
            continue
        for key in ("auth", "password", "identitytoken", "registrytoken"):
            if isinstance(login.get(key), str):
                values.append(login[key])
        try:
            _, colon, password = base64.b64decode(str(login.get("auth") or "")).decode().partition(":")
        except (binascii.Error, ValueError):
            continue
        if colon:
            values.append(password)
    return values


def parse_secret(item: _JSON) -> RegistrySecret:
    """What can be shown of a pull secret in the project."""
    meta = item["metadata"]
    return RegistrySecret(
        name=meta["name"],
        uid=str(meta.get("uid") or ""),
        type=str(item.get("type") or ""),
        registries=tuple(sorted(str(registry) for registry in login_data(item))),
        fingerprint=fingerprint(item),
        manifest=json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": meta["name"]},
                "type": item.get("type"),
                "data": dict(item.get("data") or {}),
            }
        ),
    )
