"""The logins that a pull secret holds: which of them are for the registry, and whether they can work. Pure."""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from ..values import REGISTRY, Text

DATA_KEYS = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}
SOON_DAYS = 30
PANEL = Text(
    "download the OpenShift Secret of a registry service account from https://access.redhat.com/terms-based-registry"
)


def covers(name: str) -> bool:
    """Whether a login of that name is for the registry as a whole, by the rules of the kubelet.

    One with a port is for that port only, and images are named without one (fact 28).
    """
    host, _, path = name.partition("://")[2].partition("/") if "://" in name else name.partition("/")
    if path.strip("/") not in ("", "v1", "v2"):
        return False
    parts, wanted = host.split("."), REGISTRY.split(".")
    return len(parts) == len(wanted) and all(fnmatchcase(part, glob) for part, glob in zip(wanted, parts))


def judged(logins: Mapping[str, Any], now: float) -> tuple[tuple[Text, ...], tuple[Text, ...]]:
    """Why the logins for the registry cannot work, and what to warn about: a token that soon expires."""
    faults: list[Text] = []
    warnings: list[Text] = []
    for login in (login for name, login in logins.items() if covers(str(name))):
        password = _password(login)
        ends = _expiry(password)
        date = "" if ends is None else time.strftime("%Y-%m-%d", time.gmtime(ends))
        if not password:
            faults.append(Text("its login for {registry} has no user and password", registry=REGISTRY))
        elif ends is not None and ends <= now:
            faults.append(Text("its token for {registry} expired on {date}", registry=REGISTRY, date=date))
        elif ends is not None and ends - now < SOON_DAYS * 86400:
            seen = "the token for {registry} expires on {date}: get a new one before then"
            warnings.append(Text(seen, registry=REGISTRY, date=date))
    return tuple(dict.fromkeys(faults)), tuple(dict.fromkeys(warnings))


def _password(login: Any) -> str:
    if not isinstance(login, dict):
        return ""
    if isinstance(login.get("auth"), str) and login["auth"]:
        try:
            user, colon, password = base64.b64decode(login["auth"], validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return ""
        return password if user and colon else ""
    name, token = login.get("username"), login.get("password")
    return token if isinstance(name, str) and isinstance(token, str) and name else ""


def _expiry(password: str) -> float | None:
    """When a JWT expires, in epoch seconds; None where it is not a JWT, or has no expiry that can be read."""
    parts = password.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    ends = claims.get("exp") if isinstance(claims, dict) else None
    if isinstance(ends, bool) or not isinstance(ends, (int, float)) or not 0 < ends < 1e11:
        return None
    return float(ends)
