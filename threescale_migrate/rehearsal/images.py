"""Which images can be pulled: those on registry.redhat.io need a login that works, and the registry has to be reachable.

A kubelet takes the login in the pull secrets of the pod, an import in the secrets of the project, `oc image info` in a file.
The texts of the registry are those that its clients print; the recorded nodes pulled nothing.
"""

from __future__ import annotations

import binascii

from . import faults
from .quickjson import loads
from .store import Object, Store
from .typed import Any

AUTHENTICATED = "registry.redhat.io"
UNAUTHORIZED = (
    "unauthorized: Please login to the Red Hat Registry using your Customer Portal credentials. Further instructions can be"
    " found here: https://access.redhat.com/RegistryAuthentication"
)


class NoImage(Exception):
    """The image is not available; the text is from the registry's client."""


def refusal(store: Store, pod: Object, image: str) -> str | None:
    """Why the pod cannot pull the image, in the runtime's words; None if it can."""
    registry = registry_of(image)
    away = unreachable(store, registry)
    if away:
        return f"pinging container registry {registry}: {away}"
    refused = faults.image_refused(store, image)
    if refused:
        return f"reading manifest: {refused}"
    if registry != AUTHENTICATED:
        return None
    namespace = pod["metadata"]["namespace"]
    names = [reference["name"] for reference in pod["spec"].get("imagePullSecrets") or ()]
    secrets = [store.get("secrets", namespace, name) for name in names]
    if any(secret is not None and _works(store, logins_of(secret)) for secret in secrets):
        return None
    return (
        f"unable to retrieve auth token: invalid username/password: unauthorized: Please login to the Red Hat Registry"
        f" using your Customer Portal credentials. ({AUTHENTICATED})"
    )


def look_up(store: Store, image: str, logins: list[dict[str, Any]]) -> str:
    """The image by its digest, as the registry returns it for those logins. Raises NoImage."""
    registry = registry_of(image)
    away = unreachable(store, registry)
    if away:
        raise NoImage(away)
    refused = faults.image_refused(store, image)
    if refused:
        raise NoImage(refused)
    if registry == AUTHENTICATED and not any(_works(store, known) for known in logins):
        raise NoImage(UNAUTHORIZED)
    name, at, _ = image.partition("@")
    if at:
        return image
    name = name if ":" not in name.rpartition("/")[2] else name.rpartition(":")[0]
    return f"{name}@{digest(image)}"


def digest(text: str) -> str:
    """A digest that is the same for the same text, since no real image is pulled."""
    import hashlib

    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def unreachable(store: Store, registry: str) -> str | None:
    """Why a registry cannot be reached: because of a fault, or because its name cannot be resolved (RFC 2606)."""
    asked, host = f'Get "https://{registry}/v2/"', registry.partition(":")[0]
    if host.endswith(".invalid"):
        return f"{asked}: dial tcp: lookup {host} on 192.0.2.53:53: no such host"
    if registry == AUTHENTICATED and faults.active(store, "registry-unreachable"):
        return f"{asked}: dial tcp 192.0.2.44:443: i/o timeout"
    return None


def registry_of(image: str) -> str:
    """The host in an image's name."""
    return image.partition("/")[0]


def of_project(store: Store, namespace: str) -> list[dict[str, Any]]:
    """The logins in all secrets of a project, which an import can use."""
    return [logins_of(secret) for secret in store.all("secrets", namespace)]


def logins_of(secret: Object) -> dict[str, Any]:
    """The logins by registry in a pull secret; none if it is not one."""
    data = secret.get("data") or {}
    try:
        if ".dockerconfigjson" in data:
            found: Any = loads(binascii.a2b_base64(data[".dockerconfigjson"]).decode()).get("auths")
        else:
            found = loads(binascii.a2b_base64(data.get(".dockercfg", "")).decode())
    except (ValueError, AttributeError):
        return {}
    return found if isinstance(found, dict) else {}


def _works(store: Store, logins: dict[str, Any]) -> bool:
    if faults.active(store, "token-refused"):
        return False
    try:
        login = next(logins[name] for name in (AUTHENTICATED, f"https://{AUTHENTICATED}") if name in logins)
        return ":" in binascii.a2b_base64(login["auth"]).decode() or bool(login.get("password"))
    except (ValueError, KeyError, StopIteration, AttributeError, TypeError):
        return False
