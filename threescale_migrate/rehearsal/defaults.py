"""What the server fills in, and what it refuses as invalid."""

from __future__ import annotations

import binascii

from .refusing import ApiError
from .resources import Resource
from .store import Object
from .typed import Any

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
RFC1123 = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end"
    " with an alphanumeric character (e.g. 'example.com', regex used for validation is"
    " '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)


# The status of a new config.
NEW_STATUS = dict.fromkeys(
    ("availableReplicas", "latestVersion", "observedGeneration", "replicas", "updatedReplicas", "unavailableReplicas"),
    0,
)


def without_nulls(value: Any) -> Any:
    """A value as the server stores it: a member that is null is one that is not there; 3scale's templates up to 2.2 have some."""
    if isinstance(value, dict):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(member) for member in value] if isinstance(value, list) else value


def fill(resource: Resource, item: Object, before: Object | None = None) -> None:
    """Fills in what the server fills in. `before` is the stored object that a change replaces."""
    item.setdefault("apiVersion", resource.version)
    item.setdefault("kind", resource.kind)
    if resource.plural == "secrets":
        _secret(item)
    elif resource.plural == "deploymentconfigs":
        _config(item, before)
    elif resource.plural == "serviceaccounts":
        for key in ("imagePullSecrets", "secrets"):
            if item.get(key) == []:
                del item[key]


def _secret(item: Object) -> None:
    for key, value in (item.pop("stringData", None) or {}).items():
        item.setdefault("data", {})[key] = binascii.b2a_base64(value.encode(), newline=False).decode()
    item.setdefault("type", "Opaque")


def _config(item: Object, before: Object | None) -> None:
    spec = item.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("test", False)
    spec.setdefault("triggers", [{"type": "ConfigChange"}])
    strategy = spec.setdefault("strategy", {})
    strategy.setdefault("type", "Rolling")
    strategy.setdefault("activeDeadlineSeconds", 21600)
    strategy.setdefault("resources", {})
    if strategy["type"] == "Rolling":
        params = strategy.setdefault("rollingParams", {})
        for key, value in (("intervalSeconds", 1), ("timeoutSeconds", 600), ("updatePeriodSeconds", 1)):
            params.setdefault(key, value)
        params.setdefault("maxSurge", "25%")
        params.setdefault("maxUnavailable", "25%")
    elif strategy["type"] == "Recreate":
        strategy.setdefault("recreateParams", {}).setdefault("timeoutSeconds", 600)
    pod_spec(spec.setdefault("template", {}).setdefault("spec", {}))
    _account(spec["template"]["spec"], ((before or {}).get("spec", {}).get("template") or {}).get("spec") or {})
    item.setdefault("status", NEW_STATUS.copy())


def pod_spec(spec: Object) -> Object:
    """A pod's spec with what the server fills in."""
    for key, value in (
        ("dnsPolicy", "ClusterFirst"),
        ("restartPolicy", "Always"),
        ("schedulerName", "default-scheduler"),
        ("securityContext", {}),
        ("terminationGracePeriodSeconds", 30),
    ):
        spec.setdefault(key, value)
    for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ())):
        container.setdefault("imagePullPolicy", "IfNotPresent")
        container.setdefault("resources", {})
        container.setdefault("terminationMessagePath", "/dev/termination-log")
        container.setdefault("terminationMessagePolicy", "File")
        for port in container.get("ports") or ():
            port.setdefault("protocol", "TCP")
        for name in ("readinessProbe", "livenessProbe"):
            _probe(container.get(name))
    for volume in spec.get("volumes") or ():
        for kind in ("configMap", "secret"):
            if kind in volume:
                volume[kind].setdefault("defaultMode", 420)
    return spec


def _probe(probe: dict[str, Any] | None) -> None:
    if probe is None:
        return
    for key, value in (("failureThreshold", 3), ("periodSeconds", 10), ("successThreshold", 1), ("timeoutSeconds", 1)):
        probe.setdefault(key, value)
    if "httpGet" in probe:
        probe["httpGet"].setdefault("scheme", "HTTP")


def _account(spec: dict[str, Any], before: dict[str, Any]) -> None:
    """The account and its deprecated twin: one is filled from the other, so both have to be cleared (fact 6)."""
    name, twin = spec.get("serviceAccountName"), spec.get("serviceAccount")
    if name and name != before.get("serviceAccountName"):
        twin = name
    elif twin and twin != before.get("serviceAccount"):
        name = twin
    else:
        name = twin = name or twin
    if name:
        spec["serviceAccountName"], spec["serviceAccount"] = name, twin
    else:
        spec.pop("serviceAccountName", None)
        spec.pop("serviceAccount", None)


def check(resource: Resource, item: Object) -> None:
    """Raises ApiError for what is invalid, with the recorded words (`errors`)."""
    name = item.get("metadata", {}).get("name", "")
    cause = ""
    if not _is_subdomain(name) and resource.group != "rbac.authorization.k8s.io":
        cause = f'metadata.name: Invalid value: "{name}": {RFC1123}'
    elif resource.plural == "secrets":
        cause = _wrong_secret(item)
    elif resource.plural == "pods" and not item.get("spec", {}).get("containers"):
        cause = "spec.containers: Required value"
    if cause:
        raise ApiError(422, "Invalid", f'{resource.kind} "{name}" is invalid: {cause}')


def _is_subdomain(name: str) -> bool:
    """Whether a name conforms to RFC 1123."""
    return all(part and not part.strip(LETTERS + "-") and "-" not in (part[0], part[-1]) for part in name.split("."))


def _wrong_secret(item: Object) -> str:
    """What is wrong with a secret's login, empty if nothing is."""
    key = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}.get(
        item["type"]
    )
    if key is None:
        return ""
    data = item.get("data") or {}
    if key not in data:
        return f"data[{key}]: Required value"
    from .gojson import problem

    try:
        wrong = problem(binascii.a2b_base64(data[key]))
    except binascii.Error:
        wrong = "illegal base64 data"
    return f'data[{key}]: Invalid value: "<secret contents redacted>": {wrong}' if wrong else ""
