"""Which images can be pulled: those on registry.redhat.io need a login that works, and the registry has to be reachable.

A kubelet takes the logins in the pull secrets of the pod, an import in the secrets of the project, `oc image info` in a file.
The texts of the registry are Red Hat's (fact 25); a cluster whose setting `registry` says so has the recorded one instead:
which login it takes, and which images it has (`registry`, `imports-asked`).
"""

from __future__ import annotations

from . import faults, logins
from .store import Object, Store
from .typed import Any

AUTHENTICATED = "registry.redhat.io"
UNAUTHORIZED = (
    "unauthorized: Please login to the Red Hat Registry using your Customer Portal credentials. Further instructions can be"
    " found here: https://access.redhat.com/RegistryAuthentication"
)
# containers/image docker/docker_client.go.
BLOCKED = f"registry {AUTHENTICATED} is blocked in /etc/containers/registries.conf or /etc/containers/registries.conf.d"
BY_RUNTIME = "rpc error: code = Unknown desc = "
NO_LOGIN, WRONG_LOGIN, ABSENT, AWAY, REFUSED = "no login", "wrong login", "absent", "away", "refused"


class NoImage(Exception):
    """The image is not available: `kind` is one of the words above, the text is the registry's or the network's."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def refusal(store: Store, pod: Object, image: str) -> str | None:
    """Why the pod cannot pull the image, in the node's words; None if it can."""
    if faults.active(store, "blocked-registry") and registry_of(image) == AUTHENTICATED:
        return f"{BY_RUNTIME}{BLOCKED}"
    namespace = pod["metadata"]["namespace"]
    names = [reference["name"] for reference in pod["spec"].get("imagePullSecrets") or ()]
    secrets = [store.get("secrets", namespace, name) for name in names]
    try:
        look_up(store, image, logins.all_of([secret for secret in secrets if secret is not None]))
    except logins.Unparsable as error:
        return str(error)
    except NoImage as error:
        if error.kind == AWAY:
            return f"{BY_RUNTIME}pinging container registry {registry_of(image)}: {error}"
        if error.kind in (NO_LOGIN, WRONG_LOGIN):
            return (
                f"{BY_RUNTIME}unable to retrieve auth token: invalid username/password: unauthorized: Please login to the Red Hat"
                f" Registry using your Customer Portal credentials. ({AUTHENTICATED})"
            )
        return f"{BY_RUNTIME}reading manifest: {error}"
    return None


def look_up(store: Store, image: str, known: list[logins.Login]) -> Object:
    """What the registry tells of an image for those logins: digest, id, layer, size, age. Raises NoImage."""
    registry = registry_of(image)
    away = unreachable(store, registry)
    if away:
        raise NoImage(AWAY, away)
    refused = faults.image_refused(store, image)
    if refused and registry != AUTHENTICATED:
        raise refused_image(refused)
    recorded: dict[str, Any] = store.settings.get("registry") or {}
    if registry == AUTHENTICATED:
        _log_in(store, recorded, logins.matching(known, image))
    if refused:
        raise refused_image(refused)
    name, tag = split(image)
    if recorded and registry == AUTHENTICATED:
        if name not in recorded["images"]:
            raise NoImage(ABSENT, "name unknown: repository name not known to registry")
        if tag not in ("", "latest"):
            raise refused_image(faults.REFUSED["gone"])
        found: Object = recorded["images"][name]
        return found
    at = image.partition("@")[2]
    parts = ("id", "layer", "content")
    return {"digest": at or digest(image), "size": 418, "age": 0, **{part: digest(f"{part} {image}") for part in parts}}


def refused_image(text: str) -> NoImage:
    """A registry's refusal that does not depend on who asks."""
    return NoImage(ABSENT if text.startswith("manifest unknown") else REFUSED, text)


def _log_in(store: Store, recorded: dict[str, Any], tried: list[tuple[str, str]]) -> None:
    """Raises NoImage where no login works. A password with a line break at its end is another password (fact 34)."""
    wanted = recorded.get("login")
    for user, password in tried:
        right = f"{user}:{password}" == wanted if wanted else bool(password) and password == password.rstrip("\r\n")
        if right and not faults.active(store, "token-refused"):
            return
    if recorded:
        text = "unauthorized: authentication required" if tried else "no basic auth credentials"
    else:
        text = UNAUTHORIZED
    raise NoImage(WRONG_LOGIN if tried else NO_LOGIN, text)


def split(image: str) -> tuple[str, str]:
    """An image's name without tag and digest, and its tag."""
    name = image.partition("@")[0]
    last = name.rpartition("/")[2]
    return (name[: -len(last)] + last.partition(":")[0], last.partition(":")[2]) if last else (name, "")


def exact(image: str, digest: str) -> str:
    """The image by its digest."""
    return f"{split(image)[0]}@{digest}"


def digest(text: str) -> str:
    """A digest that is the same for the same text, since no real image is pulled."""
    import hashlib

    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def unreachable(store: Store, registry: str) -> str | None:
    """Why a registry cannot be reached: because of a fault, or because its name cannot be resolved (RFC 2606)."""
    asked, host = f'Get "https://{registry}/v2/"', registry.partition(":")[0]
    if host.endswith((".invalid", ".test")):
        return f"{asked}: dial tcp: lookup {host} on {RESOLVER}:53: no such host"
    if registry == AUTHENTICATED and faults.active(store, "registry-unreachable"):
        return f"{asked}: dial tcp 192.0.2.44:443: i/o timeout"
    return None


RESOLVER = "192.0.2.53"


def registry_of(image: str) -> str:
    """The host in an image's name."""
    return image.partition("/")[0]


def of_project(store: Store, namespace: str) -> list[logins.Login]:
    """The logins in all secrets of a project, which an import can use. Raises logins.Unparsable."""
    return logins.all_of(store.all("secrets", namespace))
