"""What resource quotas and limit ranges allow: usage as the quota controllers count it, and why they refuse an object.

What a quota says of pods is in `quotas` (fact 31); other objects are counted by Kubernetes' pkg/quota/v1, and those of several
projects together by OpenShift's ClusterResourceQuota. The texts are those of Kubernetes' admission.
"""

from __future__ import annotations

from .resources import RESOURCES
from .store import Object, Store, copied
from .typed import Any

UNITS = {
    "m": 0.001, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40,
}  # fmt: skip


def amount(quantity: Any) -> float:
    """A quantity, such as `250m` or `1Gi`, as a number."""
    text = str(quantity)
    for length in (2, 1):
        if text[-length:] in UNITS:
            return float(text[:-length]) * UNITS[text[-length:]]
    return float(text)


def written(value: float, like: Any) -> str:
    """A number as a quantity in the unit of another one."""
    unit = "".join(letter for letter in str(like) if letter.isalpha())
    if unit and (value / UNITS[unit]) % 1 == 0:
        return f"{int(value / UNITS[unit])}{unit}"
    return str(int(value)) if value % 1 == 0 else f"{int(value * 1000)}m"


def needs(pod: Object) -> dict[str, float]:
    """What a pod counts for: itself, and the requests and limits of its containers."""
    found = {"pods": 1.0, "count/pods": 1.0}
    for container in pod["spec"].get("containers") or ():
        for kind in ("requests", "limits"):
            for name, quantity in ((container.get("resources") or {}).get(kind) or {}).items():
                keys = (f"{kind}.{name}", name) if kind == "requests" else (f"{kind}.{name}",)
                for key in keys:
                    found[key] = found.get(key, 0.0) + amount(quantity)
    return found


def concerns(quota: Object, pod: Object) -> bool:
    """Whether a pod is in a quota's scopes; deployers and hooks have a deadline, so they are Terminating."""
    ends = pod["spec"].get("activeDeadlineSeconds") is not None
    scopes = quota.get("spec", {}).get("scopes") or ()
    return not (("Terminating" in scopes and not ends) or ("NotTerminating" in scopes and ends))


# Types that a quota may name without `count/`.
BY_NAME = ("configmaps", "persistentvolumeclaims", "replicationcontrollers", "resourcequotas", "secrets", "services")


def counted(key: str) -> str:
    """The type whose objects a quota's key counts, by its plural; empty for pods, which count for more, and for amounts."""
    if key in BY_NAME:
        return key
    if key == "openshift.io/imagestreams":
        return "imagestreams"
    plural, _, group = key.partition("/")[2].partition(".")
    known = RESOURCES.get(plural) if key.startswith("count/") else None
    return plural if known is not None and known.group == group and plural != "pods" else ""


def with_usage(store: Store, quota: Object) -> Object:
    """A quota with the status that the controller would have written by now."""
    hard = quota.get("spec", {}).get("hard") or {}
    used = dict.fromkeys(hard, 0.0)
    for key in used:
        if counted(key):
            used[key] = float(len(store.all(counted(key), quota["metadata"]["namespace"])))
    for pod in store.all("pods", quota["metadata"]["namespace"]):
        if pod["status"].get("phase") not in ("Succeeded", "Failed") and concerns(quota, pod):
            for key, value in needs(pod).items():
                if key in used:
                    used[key] += value
    status = {"hard": dict(hard), "used": {key: written(used[key], hard[key]) for key in hard}}
    shown: Object = {**copied(quota), "status": status}
    return shown


def refusal(store: Store, pod: Object) -> str | None:
    """Why a new pod is refused, None if it is not. Defaults of limit ranges are filled in."""
    namespace = pod["metadata"]["namespace"]
    for limits in store.all("limitranges", namespace):
        for limit in limits.get("spec", {}).get("limits") or ():
            wrong = _beyond(limit, pod)
            if wrong:
                return wrong
    for quota in in_force(store, namespace):
        wrong = _exceeded(store, quota, needs(pod), pod) if concerns(quota, pod) else None
        if wrong:
            return wrong
    return None


def refusal_of(store: Store, plural: str, namespace: str) -> str | None:
    """Why one more object of a type other than pods is refused, None if it is not."""
    for quota in in_force(store, namespace):
        keys = [key for key in quota.get("spec", {}).get("hard") or () if counted(key) == plural]
        wrong = _exceeded(store, quota, dict.fromkeys(keys, 1.0)) if keys else None
        if wrong:
            return wrong
    return None


def in_force(store: Store, namespace: str) -> list[Object]:
    """The quotas that hold for a namespace: its own, and those of the cluster that select it."""
    return [
        *store.all("resourcequotas", namespace),
        *(
            {"metadata": {**quota["metadata"], "namespace": namespace}, "spec": quota["spec"]["quota"]}
            for quota in store.all("clusterresourcequotas")
            if namespace == store.settings.get("project")
        ),
    ]


def applied(store: Store, quota: Object, namespace: str) -> Object:
    """A quota of the cluster as those see it who work in a project that it selects."""
    inside = {"metadata": {"namespace": namespace}, "spec": quota["spec"]["quota"]}
    status = with_usage(store, inside)["status"]
    shown: Object = copied(quota)
    shown["kind"] = "AppliedClusterResourceQuota"
    shown["status"] = {"namespaces": [{"namespace": namespace, "status": status}], "total": copied(status)}
    return shown


def _exceeded(store: Store, quota: Object, wanted: dict[str, float], pod: Object | None = None) -> str | None:
    name, status = quota["metadata"]["name"], with_usage(store, quota)["status"]
    hard, used = status["hard"], status["used"]
    unspecified = [key for key in hard if key.startswith(("requests.", "limits.")) and key not in wanted]
    if unspecified and pod is not None:
        container = pod["spec"]["containers"][0]["name"]
        return (
            f"failed quota: {name}: must specify {','.join(f'{key} for: {container}' for key in sorted(unspecified))}"
        )
    over = [key for key in sorted(hard) if key in wanted and amount(used[key]) + wanted[key] > amount(hard[key])]
    if not over:
        return None
    requested = ",".join(f"{key}={written(wanted[key], hard[key])}" for key in over)
    return (
        f"exceeded quota: {name}, requested: {requested}, used: {','.join(f'{key}={used[key]}' for key in over)},"
        f" limited: {','.join(f'{key}={hard[key]}' for key in over)}"
    )


def _beyond(limit: Object, pod: Object) -> str | None:
    if limit.get("type") != "Container":
        return None
    for container in pod["spec"].get("containers") or ():
        resources = container.setdefault("resources", {})
        for kind, defaults in (("limits", limit.get("default")), ("requests", limit.get("defaultRequest"))):
            for name, quantity in (defaults or {}).items():
                resources.setdefault(kind, {}).setdefault(name, quantity)
        for bound, word, kind, sign in (("max", "maximum", "limits", 1), ("min", "minimum", "requests", -1)):
            for name, quantity in (limit.get(bound) or {}).items():
                own, one = (resources.get(kind) or {}).get(name), kind[:-1]
                if own is None:
                    return f"{word} {name} usage per Container is {quantity}, but no {one} is specified"
                if (amount(own) - amount(quantity)) * sign > 0:
                    return f"{word} {name} usage per Container is {quantity}, but {one} is {own}"
    return None
