"""From the JSON of `oc` to the values of `state.py`: nothing else of the package looks into that JSON.

It asks nobody: what came from where is known to `reading.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar, Union

from ..telling import described, secrets_in
from .dialects import role_kind
from .pull_secrets import parse_secret
from .state import (
    Binding,
    Build,
    Condition,
    Constraints,
    ContainerState,
    DeploymentConfig,
    Discovery,
    Event,
    Hook,
    ImageStream,
    ImageTrigger,
    Limit,
    Limits,
    Pod,
    ProjectState,
    Quota,
    RegistrySecret,
    ReplicationController,
    Resources,
    Role,
    Rule,
    SecretName,
    ServiceAccount,
    Subject,
)

_Item = TypeVar("_Item")

# Where system keeps its settings; `oc edit configmap system` is how 3scale's own guide changes service discovery.
SETTINGS = "system"


DISCOVERY_KEY = "service_discovery.yml"


_JSON = Mapping[str, Any]


Part = Union[
    DeploymentConfig, ReplicationController, Pod, ServiceAccount, Binding, ImageStream, Event, Role, Constraints, Quota,
    Limits, Discovery, RegistrySecret, SecretName, Build, None,
]  # fmt: skip  # None for a kind that nobody reads


def parse_item(item: _JSON) -> tuple[str, Part]:
    """The namespace of one item of oc's lists, and what it says.

    Rests on documented-procedure.jsonl and mixed-rights.jsonl; takes 3.11's bindings as well. Raises KeyError, TypeError,
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
    """Parses the items of oc's lists, and the registry secret, into a ProjectState; unknown kinds are passed over."""
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
        secret=secret or next(iter(only(RegistrySecret)), None),
        unread=dict(unread or {}),
        roles={(role.namespace, role.name): role for role in only(Role)},
        constraints={constraints.name: constraints for constraints in only(Constraints)},
        quotas=tuple(only(Quota)),
        limits=tuple(only(Limits)),
        secret_names=frozenset(secret.name for secret in only(SecretName)),
        discovery=next(iter(only(Discovery)), None),
        builds=tuple(only(Build)),
    )


def _names(references: Any) -> tuple[str, ...]:
    return tuple(str(reference["name"]) for reference in references or () if reference.get("name"))


def _strings(mapping: Any) -> Mapping[str, str]:
    return {str(key): str(value) for key, value in (mapping or {}).items()}


def _config(item: _JSON) -> DeploymentConfig:
    meta, spec, status = item["metadata"], item.get("spec", {}), item.get("status", {})
    pod_spec = ((spec.get("template") or {}).get("spec")) or {}
    strategy = spec.get("strategy") or {}
    params = strategy.get("rollingParams") or strategy.get("recreateParams") or strategy.get("customParams") or {}
    containers = pod_spec.get("containers") or []
    triggers = spec.get("triggers") or []
    volumes = pod_spec.get("volumes") or []
    conditions = [_condition(condition) for condition in status.get("conditions") or ()]
    return DeploymentConfig(
        name=meta["name"],
        labels=_strings(meta.get("labels")),
        generation=int(meta.get("generation") or 0),
        observed_generation=int(status.get("observedGeneration") or 0),
        replicas=int(spec.get("replicas") or 0),
        latest_version=int(status.get("latestVersion") or 0),
        account=pod_spec.get("serviceAccountName") or None,
        account_twin=pod_spec.get("serviceAccount") or None,
        template_pull_secrets=_names(pod_spec.get("imagePullSecrets")),
        strategy=str(strategy.get("type") or "Rolling"),
        timeout_seconds=int(params.get("timeoutSeconds") or 600),
        hooks=tuple(_hook(when, params[when]) for when in ("pre", "mid", "post") if params.get(when)),
        paused=bool(spec.get("paused")),
        config_change=any(trigger.get("type") == "ConfigChange" for trigger in triggers),
        image_triggers=tuple(_image_trigger(trigger) for trigger in triggers if trigger.get("type") == "ImageChange"),
        images=tuple(str(container.get("image", "")) for container in containers),
        empty_dirs=tuple(str(volume.get("name")) for volume in volumes if "emptyDir" in volume),
        claims=tuple(
            str(volume["persistentVolumeClaim"]["claimName"])
            for volume in volumes
            if volume.get("persistentVolumeClaim")
        ),
        readiness_probes=bool(containers) and all("readinessProbe" in container for container in containers),
        conditions={condition.type: condition for condition in conditions},
        selector=_strings(spec.get("selector")),
        max_surge=_share(params.get("maxSurge")),
        max_unavailable=_share(params.get("maxUnavailable")),
        containers=tuple(_resources(container) for container in containers),
        init_containers=tuple(_resources(container) for container in pod_spec.get("initContainers") or ()),
        deployer=_resources(strategy),
        hook_containers=tuple(
            str((params[when].get("execNewPod") or {}).get("containerName") or "")
            for when in ("pre", "mid", "post")
            if params.get(when)
        ),
        owners=tuple((str(o.get("kind")), str(o.get("name"))) for o in meta.get("ownerReferences") or ()),
    )


def _share(value: Any) -> str:
    return "25%" if value is None else str(value)


def _resources(item: _JSON) -> Resources:
    asked = item.get("resources") or {}
    return Resources(str(item.get("name") or ""), _strings(asked.get("requests")), _strings(asked.get("limits")))


def _condition(item: _JSON) -> Condition:
    return Condition(
        str(item.get("type")), str(item.get("status")), str(item.get("reason") or ""), str(item.get("message") or "")
    )


def _hook(when: str, item: _JSON) -> Hook:
    pod = item.get("execNewPod") or {}
    return Hook(when, str(item.get("failurePolicy") or ""), described(map(str, pod.get("command") or ())))


def secrets_in_clear(item: _JSON) -> set[str]:
    """The secrets that the commands and variables of a config and of its hooks hold in clear (recordings/README.md 22)."""
    if item.get("kind") != "DeploymentConfig":
        return set()
    spec = item.get("spec") or {}
    pod_spec = ((spec.get("template") or {}).get("spec")) or {}
    strategy = spec.get("strategy") or {}
    places = [*(pod_spec.get("containers") or ()), *(pod_spec.get("initContainers") or ())]
    for params in (strategy.get(kind) or {} for kind in ("rollingParams", "recreateParams", "customParams")):
        places += [params, *((params.get(when) or {}).get("execNewPod") or {} for when in ("pre", "mid", "post"))]
    found: set[str] = set()
    for place in places:
        words = [str(word) for key in ("command", "args") for word in place.get(key) or ()]
        variables = [
            (str(each.get("name")), str(each["value"])) for each in place.get("env") or () if each.get("value")
        ]
        found.update(secrets_in(words, variables))
    return found


def _image_trigger(item: _JSON) -> ImageTrigger:
    params = item.get("imageChangeParams") or {}
    stream, _, tag = str((params.get("from") or {}).get("name") or "").partition(":")
    return ImageTrigger(stream, tag, bool(params.get("automatic")), bool(params.get("lastTriggeredImage")))


def _controller(item: _JSON) -> ReplicationController:
    meta, spec, status = item["metadata"], item.get("spec", {}), item.get("status", {})
    notes = meta.get("annotations") or {}
    pod_spec = ((spec.get("template") or {}).get("spec")) or {}
    failures = [
        c.get("message") or ""
        for c in status.get("conditions") or ()
        if c.get("type") == "ReplicaFailure" and c.get("status") == "True"
    ]
    return ReplicationController(
        name=meta["name"],
        config=notes.get("openshift.io/deployment-config.name"),
        version=_int(notes.get("openshift.io/deployment-config.latest-version")),
        phase=str(notes.get("openshift.io/deployment.phase") or ""),
        status_reason=str(notes.get("openshift.io/deployment.status-reason") or ""),
        cancelled=notes.get("openshift.io/deployment.cancelled") == "true",
        account=str(pod_spec.get("serviceAccountName") or pod_spec.get("serviceAccount") or "default"),
        replicas=int(spec.get("replicas") or 0),
        current_replicas=int(status.get("replicas") or 0),
        ready_replicas=int(status.get("readyReplicas") or 0),
        created=str(meta.get("creationTimestamp") or ""),
        failure=failures[0] if failures else "",
        lasted=_lasted(notes),
    )


def _lasted(notes: _JSON) -> float | None:
    """From the deployer's start to its end; one whose pods were refused has no start (rollouts.jsonl)."""
    began = _moment(
        notes.get("openshift.io/deployer-pod.started-at") or notes.get("openshift.io/deployer-pod.created-at")
    )
    ended = _moment(notes.get("openshift.io/deployer-pod.completed-at"))
    return None if began is None or ended is None else (ended - began).total_seconds()


def _moment(text: Any) -> datetime | None:
    """The moment of an annotation such as `2026-11-23 16:48:13 +0000 UTC`."""
    try:
        return datetime.fromisoformat(str(text)[:19])
    except ValueError:
        return None


def _int(text: Any) -> int:
    return int(text) if str(text or "").isdigit() else 0


def _pod(item: _JSON) -> Pod:
    meta, spec, status = item["metadata"], item.get("spec", {}), item.get("status", {})
    conditions = {c.get("type"): c for c in status.get("conditions") or ()}
    scheduled = conditions.get("PodScheduled") or {}
    statuses = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    return Pod(
        name=meta["name"],
        role=_role(meta),
        controller=_owner(meta),
        account=str(spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"),
        pull_secrets=_names(spec.get("imagePullSecrets")),
        phase=str(status.get("phase") or "Pending"),
        ready=(conditions.get("Ready") or {}).get("status") == "True",
        deleted=bool(meta.get("deletionTimestamp")),
        unschedulable=str(scheduled.get("message") or "") if scheduled.get("status") == "False" else "",
        containers=tuple(_container(container) for container in statuses),
        created=str(meta.get("creationTimestamp") or ""),
    )


def _role(meta: _JSON) -> str:
    """Deployer and hook pods stay in the list for ever and are no pods of the application (recordings/README.md 5)."""
    if "openshift.io/deployer-pod-for.name" not in (meta.get("labels") or {}):
        return "app"
    return "hook" if "openshift.io/deployer-pod.type" in (meta.get("labels") or {}) else "deployer"


def _owner(meta: _JSON) -> str | None:
    label = (meta.get("labels") or {}).get("openshift.io/deployer-pod-for.name")
    if label:
        return str(label)
    for reference in meta.get("ownerReferences") or ():
        if reference.get("kind") == "ReplicationController":
            return str(reference.get("name"))
    return None


def _container(item: _JSON) -> ContainerState:
    state = item.get("state") or {}
    waiting = state.get("waiting") or {}
    ended = state.get("terminated") or (item.get("lastState") or {}).get("terminated") or {}
    return ContainerState(
        name=str(item.get("name") or ""),
        image=str(item.get("image") or ""),
        ready=bool(item.get("ready")),
        restarts=int(item.get("restartCount") or 0),
        waiting=str(waiting.get("reason") or ""),
        message=str(waiting.get("message") or ended.get("message") or ""),
        terminated=str(ended.get("reason") or ""),
        exit_code=ended.get("exitCode"),
    )


def _account(item: _JSON) -> ServiceAccount:
    meta = item["metadata"]
    return ServiceAccount(
        name=meta["name"],
        uid=str(meta.get("uid") or ""),
        pull_secrets=_names(item.get("imagePullSecrets")),
        secrets=_names(item.get("secrets")),
        annotations=_strings(meta.get("annotations")),
    )


def _binding(item: _JSON) -> Binding:
    meta, role = item["metadata"], item.get("roleRef") or {}
    namespace = str(meta.get("namespace") or "")
    subjects = tuple(
        Subject(str(s.get("kind") or ""), str(s.get("name") or ""), str(s.get("namespace") or ""))
        for s in item.get("subjects") or ()
    )
    return Binding(namespace, meta["name"], role_kind(role), str(role.get("name") or ""), subjects)


def _rights(item: _JSON) -> Role:
    rules = tuple(
        Rule(_words(rule.get("verbs")), _words(rule.get("resources")), _words(rule.get("resourceNames")))
        for rule in item.get("rules") or ()
    )
    return Role(str(item["metadata"].get("namespace") or ""), str(item["metadata"]["name"]), rules)


def _words(values: Any) -> tuple[str, ...]:
    return tuple(str(value) for value in values or ())


_HOST = ("allowHostDirVolumePlugin", "allowHostIPC", "allowHostNetwork", "allowHostPID", "allowHostPorts")


def _constraints(item: _JSON) -> Constraints:
    lax = [name for name in ("allowPrivilegedContainer", *_HOST) if item.get(name)]
    if (item.get("runAsUser") or {}).get("type") == "RunAsAny":
        lax.append("runAsUser: RunAsAny")
    return Constraints(str(item["metadata"]["name"]), _words(item.get("users")), _words(item.get("groups")), tuple(lax))


def _quota(item: _JSON) -> Quota:
    spec, status = item.get("spec") or {}, item.get("status") or {}
    selector = (spec.get("scopeSelector") or {}).get("matchExpressions") or ()
    scopes = (*_words(spec.get("scopes")), *(str(part.get("scopeName")) for part in selector))
    return Quota(
        str(item["metadata"]["name"]),
        scopes,
        _strings(status.get("hard") or spec.get("hard")),
        _strings(status.get("used")),
    )


def _limits(item: _JSON) -> Limits:
    name = str(item["metadata"]["name"])
    keys = ("max", "min", "default", "defaultRequest", "maxLimitRequestRatio")
    items = (item.get("spec") or {}).get("limits") or ()
    return Limits(
        name, tuple(Limit(name, str(part.get("type")), *(_strings(part.get(key)) for key in keys)) for part in items)
    )


def _discovery(item: _JSON) -> Discovery | None:
    """What system's settings say of service discovery. They are YAML with Ruby in it, so they are read line by line."""
    text = (item.get("data") or {}).get(DISCOVERY_KEY) if item["metadata"]["name"] == SETTINGS else None
    if text is None:
        return None
    found = dict(re.findall(r"^[ \t]+(enabled|authentication_method):[ \t]*(.*?)[ \t\r]*$", str(text), re.MULTILINE))
    return Discovery(_plain(found.get("enabled", "")), _plain(found.get("authentication_method", "")))


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
    "DeploymentConfig": _config,
    "ReplicationController": _controller,
    "Pod": _pod,
    "ServiceAccount": _account,
    "RoleBinding": _binding,
    "ClusterRoleBinding": _binding,
    "ImageStream": _stream,
    "Event": _event,
    "Role": _rights,
    "ClusterRole": _rights,
    "SecurityContextConstraints": _constraints,
    "ResourceQuota": _quota,
    "LimitRange": _limits,
    "ConfigMap": _discovery,
    "BuildConfig": _build,
}
