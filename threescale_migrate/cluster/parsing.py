"""From the JSON of `oc` to the values of `state.py`: nothing else of the package looks into that JSON.

It asks nobody: what came from where is known to `reading.py`. JSON is asked for since YAML takes two hundred times as long (fact 13).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar, Union

from ..values import SECRET_NAME
from .access import Binding, Constraints, Review, Role, Rule, Subject
from .dialects import role_kind
from .pull_secrets import parse_secret
from .quotas import Limit, Limits, Quota
from .state import (
    ENVIRONMENT,
    Build,
    DeploymentConfig,
    Discovery,
    Environment,
    Event,
    ImageStream,
    Pod,
    ProjectState,
    RegistrySecret,
    ReplicationController,
    SecretName,
    ServiceAccount,
)
from .workloads import names, parse_config, parse_controller, parse_pod, strings, words

_Item = TypeVar("_Item")

# Where system keeps its settings; `oc edit configmap system` is how 3scale's own guide changes service discovery.
SETTINGS = "system"


DISCOVERY_KEY = "service_discovery.yml"
# In an export, in place of what was written there.
MASK = "***"


_JSON = Mapping[str, Any]


Part = Union[
    DeploymentConfig, ReplicationController, Pod, ServiceAccount, Binding, ImageStream, Event, Role, Constraints, Quota,
    Limits, Discovery, Environment, RegistrySecret, SecretName, Build, Review, None,
]  # fmt: skip  # None for a kind that nobody reads


def parse_item(item: _JSON) -> tuple[str, Part]:
    """The namespace of one item of oc's lists, and what it says.

    Rests on fixtures/documented-procedure and fixtures/mixed-rights; takes 3.11's bindings as well. Raises KeyError, TypeError,
    ValueError or AttributeError for what has not the shape of the cluster's objects.
    """
    parse = _PARSERS.get(str(item.get("kind")))
    return str((item.get("metadata") or {}).get("namespace") or ""), None if parse is None else parse(item)


def parse_project(
    items: Iterable[_JSON],
    namespace: str,
    secret: _JSON | None = None,
    unread: Mapping[str, str] | None = None,
) -> ProjectState:
    """Parses the items of oc's lists, and the registry secret, into a ProjectState; unknown kinds are skipped."""
    parsed = None if secret is None else parse_secret(secret)
    return assemble([parse_item(item) for item in items], namespace, parsed, unread)


def assemble(
    parts: Iterable[tuple[str, Part]],
    namespace: str,
    secret: RegistrySecret | None = None,
    unread: Mapping[str, str] | None = None,
) -> ProjectState:
    """Puts parsed items together; an empty `namespace` is found out from them."""
    listed = list(parts)

    def only(kind: type[_Item]) -> list[_Item]:
        return [part for _, part in listed if isinstance(part, kind)]

    found = next((where for where, part in listed if where and not isinstance(part, (Binding, Role))), "")
    return ProjectState(
        namespace=namespace or found,
        configs={config.name: config for config in sorted(only(DeploymentConfig), key=lambda config: config.name)},
        controllers={controller.name: controller for controller in only(ReplicationController)},
        pods=tuple(only(Pod)),
        accounts={account.name: account for account in only(ServiceAccount)},
        # Those of the project are in the list of all projects once more.
        bindings=tuple({(binding.namespace, binding.name): binding for binding in only(Binding)}.values()),
        streams={stream.name: stream for stream in only(ImageStream)},
        events=tuple(event for event in only(Event) if event.type == "Warning"),
        secret=secret or next((found for found in only(RegistrySecret) if found.name == SECRET_NAME), None),
        unread=dict(unread or {}),
        roles={(role.namespace, role.name): role for role in only(Role)},
        constraints={constraints.name: constraints for constraints in only(Constraints)},
        quotas=tuple(only(Quota)),
        limits=tuple(only(Limits)),
        secret_names=frozenset(secret.name for secret in only(SecretName)),
        broken_secrets={secret.name: secret.broken for secret in only(SecretName) if secret.broken is not None},
        discovery=next(iter(only(Discovery)), None),
        environment=next(iter(only(Environment)), None),
        builds=tuple(only(Build)),
        former_secrets={found.name: found for found in only(RegistrySecret) if found.name != SECRET_NAME},
        reviews={review.account: review for review in only(Review)},
    )


def _account(item: _JSON) -> ServiceAccount:
    meta = item["metadata"]
    return ServiceAccount(
        name=meta["name"],
        uid=str(meta.get("uid") or ""),
        pull_secrets=names(item.get("imagePullSecrets")),
        secrets=names(item.get("secrets")),
        annotations=strings(meta.get("annotations")),
        resource_version=str(meta.get("resourceVersion") or ""),
    )


def _binding(item: _JSON) -> Binding:
    meta, role = item["metadata"], item.get("roleRef") or {}
    namespace = str(meta.get("namespace") or "")
    subjects = tuple(
        Subject(str(s.get("kind") or ""), str(s.get("name") or ""), str(s.get("namespace") or ""))
        for s in item.get("subjects") or ()
    )
    return Binding(
        namespace,
        meta["name"],
        role_kind(role),
        str(role.get("name") or ""),
        subjects,
        uid=str(meta.get("uid") or ""),
        resource_version=str(meta.get("resourceVersion") or ""),
    )


def _rights(item: _JSON) -> Role:
    rules = tuple(_rule(rule) for rule in item.get("rules") or ())
    return Role(str(item["metadata"].get("namespace") or ""), str(item["metadata"]["name"]), rules)


def _rule(rule: _JSON) -> Rule:
    keys = ("verbs", "resources", "resourceNames", "apiGroups", "nonResourceURLs")
    return Rule(*(words(rule.get(key)) for key in keys))


def parse_review(item: _JSON) -> tuple[tuple[Rule, ...], bool]:
    """The rules of a SelfSubjectRulesReview, and whether they are all: an authorizer that is no RBAC cannot list its own.

    Rests on fixtures/in-the-name-of-an-account (fact 33). Raises as `parse_item` does.
    """
    status = item["status"]
    rules = (*(status.get("resourceRules") or ()), *(status.get("nonResourceRules") or ()))
    return tuple(_rule(rule) for rule in rules), not status.get("incomplete")


_HOST = ("allowHostDirVolumePlugin", "allowHostIPC", "allowHostNetwork", "allowHostPID", "allowHostPorts")


def _constraints(item: _JSON) -> Constraints:
    lax = [name for name in ("allowPrivilegedContainer", *_HOST) if item.get(name)]
    if (item.get("runAsUser") or {}).get("type") == "RunAsAny":
        lax.append("runAsUser: RunAsAny")
    return Constraints(str(item["metadata"]["name"]), words(item.get("users")), words(item.get("groups")), tuple(lax))


def _quota(item: _JSON) -> Quota:
    spec, status = item.get("spec") or {}, item.get("status") or {}
    selector = (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    scopes = (*words(spec.get("scopes")), *(str(part.get("scopeName")) for part in selector))
    return Quota(
        str(item["metadata"]["name"]),
        scopes,
        strings(status.get("hard") or spec.get("hard")),
        strings(status.get("used")),
    )


def _cluster_quota(item: _JSON) -> Quota:
    """What a ClusterResourceQuota leaves to this project: it counts what all its projects use (openshift/api quota/v1)."""
    spec, total = (item.get("spec") or {}).get("quota") or {}, (item.get("status") or {}).get("total") or {}
    inner = {"metadata": item["metadata"], "spec": spec, "status": total}
    return replace(_quota(inner), cluster=True)


def _limits(item: _JSON) -> Limits:
    name = str(item["metadata"]["name"])
    keys = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
    items = (item.get("spec") or {}).get("limits") or ()
    return Limits(
        name, tuple(Limit(name, str(part.get("type")), *(strings(part.get(key)) for key in keys)) for part in items)
    )


def _settings(item: _JSON) -> Discovery | Environment | None:
    """What system's settings say of service discovery, or the release that its environment names."""
    name, data = item["metadata"]["name"], item.get("data") or {}
    if name == ENVIRONMENT:
        return Environment(True, str(data.get("AMP_RELEASE") or ""))
    return _discovery(data.get(DISCOVERY_KEY)) if name == SETTINGS else None


def _discovery(text: object) -> Discovery | None:
    """They are YAML with Ruby in it, so they are read line by line."""
    if text is None:
        return None
    found = dict(re.findall(r"^[ \t]+(enabled|authentication_method):[ \t]*(.*?)[ \t\r]*$", str(text), re.MULTILINE))
    enabled, method = _plain(found.get("enabled", "")), _plain(found.get("authentication_method", ""))
    return Discovery(enabled, method, known=bool(enabled and method) and MASK not in (enabled, method))


def _plain(value: str) -> str:
    """A value without its quotes and without the warning behind it."""
    return value if "<%" in value else re.sub(r"\s+#.*$", "", value).strip().strip("'\"")


def _stream(item: _JSON) -> ImageStream:
    failures, tags = [], set()
    pointed = (item.get("spec") or {}).get("tags") or ()
    follows = tuple((str(tag.get("name")), str((tag.get("from") or {}).get("name") or "")) for tag in pointed)
    for tag in (item.get("status") or {}).get("tags") or ():
        if tag.get("items"):
            tags.add(str(tag.get("tag")))
        for condition in tag.get("conditions") or ():
            if condition.get("type") == "ImportSuccess" and condition.get("status") == "False":
                failures.append((str(tag.get("tag")), str(condition.get("message") or "")))
    return ImageStream(item["metadata"]["name"], tuple(failures), frozenset(tags), follows)


def _build(item: _JSON) -> Build:
    spec = item.get("spec") or {}
    strategy, source = spec.get("strategy") or {}, spec.get("source") or {}
    named = [(strategy.get(kind) or {}).get("from") for kind in ("dockerStrategy", "sourceStrategy", "customStrategy")]
    named += [image.get("from") for image in source.get("images") or ()]
    return Build(str(item["metadata"]["name"]), tuple(str(found["name"]) for found in named if found))


def _event(item: _JSON) -> Event:
    about = item.get("involvedObject") or {}
    return Event(
        str(item.get("type") or ""),
        str(about.get("kind") or ""),
        str(about.get("name") or ""),
        str(item.get("reason") or ""),
        str(item.get("message") or ""),
        str(item.get("lastTimestamp") or item.get("eventTime") or item["metadata"].get("creationTimestamp") or ""),
    )


_PARSERS: Mapping[str, Callable[[_JSON], Part]] = {
    "DeploymentConfig": parse_config,
    "ReplicationController": parse_controller,
    "Pod": parse_pod,
    "ServiceAccount": _account,
    "RoleBinding": _binding,
    "ClusterRoleBinding": _binding,
    "ImageStream": _stream,
    "Event": _event,
    "Role": _rights,
    "ClusterRole": _rights,
    "SecurityContextConstraints": _constraints,
    "ResourceQuota": _quota,
    "AppliedClusterResourceQuota": _cluster_quota,
    "LimitRange": _limits,
    "ConfigMap": _settings,
    "BuildConfig": _build,
}
