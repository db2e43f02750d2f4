"""Which image a pod can pull: those on registry.redhat.io need a pull secret of the pod with a login that works, those of a
registry whose name cannot be resolved none can."""

from __future__ import annotations

import binascii

from . import faults
from .quickjson import loads
from .store import Object, Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

AUTHENTICATED = "registry.redhat.io"


def refusal(store: Store, pod: Object, image: str) -> str | None:
    """Why the pod cannot pull the image, in the runtime's words; None where it can."""
    registry = image.partition("/")[0]
    host = registry.partition(":")[0]
    if host.endswith(".invalid"):  # a name that no resolver knows (RFC 2606)
        asked = f"dial tcp: lookup {host} on 192.0.2.53:53: no such host"
        return f'pinging container registry {registry}: Get "https://{registry}/v2/": {asked}'
    if registry != AUTHENTICATED:
        return None
    namespace = pod["metadata"]["namespace"]
    names = [reference["name"] for reference in pod["spec"].get("imagePullSecrets") or ()]
    secrets = [store.get("secrets", namespace, name) for name in names]
    if any(secret is not None and _works(store, secret, registry) for secret in secrets):
        return None
    return (
        f"unable to retrieve auth token: invalid username/password: unauthorized: Please login to the Red Hat Registry"
        f" using your Customer Portal credentials. ({registry})"
    )


def _works(store: Store, secret: Object, registry: str) -> bool:
    if faults.active(store, "token-refused"):
        return False
    data = secret.get("data") or {}
    try:
        if ".dockerconfigjson" in data:
            logins: Any = loads(binascii.a2b_base64(data[".dockerconfigjson"]).decode()).get("auths", {})
        else:
            logins = loads(binascii.a2b_base64(data.get(".dockercfg", "")).decode())
        login = next(logins[name] for name in (registry, f"https://{registry}") if name in logins)
        return ":" in binascii.a2b_base64(login["auth"]).decode() or bool(login.get("password"))
    except (ValueError, KeyError, StopIteration, AttributeError):
        return False
