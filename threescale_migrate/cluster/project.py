"""The observed state of one project, parsed from oc's JSON into values that never change.

Nothing else of the package looks into oc's JSON, and nothing else reads the cluster to plan or to verify.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, Union

from ..telling import described, secrets_in
from ..values import ACCOUNT, DEFAULT_ACCOUNT, SECRET_NAME
from .dialects import role_kind

if TYPE_CHECKING:
    from .oc import Oc

# One call for all that lives in the project (recordings/README.md 13, 16); what a wait looks at again and again comes first.
ROLLOUT_TYPES = ("dc", "rc", "pods", "sa", "rolebindings", "is", "events")
PROJECT_TYPES = (*ROLLOUT_TYPES, "roles", "quota", "limits")
# One call for all that is said of an account elsewhere; a server that is no OpenShift has no SCCs.
SCC_TYPE = "scc"
CLUSTER_TYPES = ("clusterrolebindings", "clusterroles", "rolebindings", "roles", SCC_TYPE)
ELSEWHERE = {"rolebindings": "rolebindings elsewhere", "roles": "roles elsewhere"}
# Where system keeps its settings; `oc edit configmap system` is how 3scale's own guide changes service discovery.
SETTINGS = "system"
DISCOVERY_KEY = "service_discovery.yml"

# How an error line names the types: `pods is forbidden`, `deploymentconfigs.apps.openshift.io is forbidden`.
_FORBIDDEN_NAMES = {
    "deploymentconfigs": "dc",
    "replicationcontrollers": "rc",
    "pods": "pods",
    "serviceaccounts": "sa",
    "rolebindings": "rolebindings",
    "imagestreams": "is",
    "events": "events",
    "clusterrolebindings": "clusterrolebindings",
    "clusterroles": "clusterroles",
    "roles": "roles",
    "secrets": "secrets",
    "configmaps": "configmaps",
    "resourcequotas": "quota",
    "limitranges": "limits",
    "securitycontextconstraints": SCC_TYPE,
}
_FORBIDDEN = re.compile(r"\b([a-z]+)(?:\.[a-z0-9.]+)? (?:\"[^\"]+\" )?is forbidden")
_NOT_FOUND = re.compile(r"\(NotFound\)")
_JSON = Mapping[str, Any]


@dataclass(frozen=True)
class Condition:
    """A condition of a status; `status` is `True`, `False` or `Unknown`."""

    type: str
    status: str
    reason: str
    message: str


@dataclass(frozen=True)
class Hook:
    """A lifecycle hook of a strategy: `when` is pre, mid or post; `policy` is Abort, Retry or Ignore.

    `does` describes its command, which holds secrets in clear and is kept nowhere (recordings/README.md 22).
    """

    when: str
    policy: str
    does: str


@dataclass(frozen=True)
class ImageTrigger:
    """An ImageChange trigger: the image stream tag it follows, and whether it has ever resolved to an image."""

    stream: str
    tag: str
    automatic: bool
    resolved: bool


@dataclass(frozen=True)
class Resources:
    """What a container asks for, by resource (`cpu`, `memory`, …), as the object spells it."""

    name: str = ""
    requests: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DeploymentConfig:
    """A DeploymentConfig, as far as a migration looks at it. `timeout_seconds` is its strategy's own deadline.

    `max_surge` and `max_unavailable` are pods or a share of them, as written; `deployer` is what its deployer pod asks for,
    and `hook_containers` are the containers of its hooks, by name.
    """

    name: str
    labels: Mapping[str, str]
    generation: int
    observed_generation: int
    replicas: int
    latest_version: int
    account: str | None
    account_twin: str | None
    template_pull_secrets: tuple[str, ...]
    strategy: str
    timeout_seconds: int
    hooks: tuple[Hook, ...]
    paused: bool
    config_change: bool
    image_triggers: tuple[ImageTrigger, ...]
    images: tuple[str, ...]
    empty_dirs: tuple[str, ...]
    claims: tuple[str, ...]
    readiness_probes: bool
    updated_replicas: int
    available_replicas: int
    conditions: Mapping[str, Condition]
    selector: Mapping[str, str]
    max_surge: str = "25%"
    max_unavailable: str = "25%"
    containers: tuple[Resources, ...] = ()
    init_containers: tuple[Resources, ...] = ()
    deployer: Resources = Resources()
    hook_containers: tuple[str, ...] = ()

    @property
    def effective_account(self) -> str:
        """The account that its pods run under: what the template says, else `default`."""
        return self.account or self.account_twin or "default"


@dataclass(frozen=True)
class ReplicationController:
    """A revision of a config. `phase` is New, Pending, Running, Complete or Failed; `account` is its template's.

    `lasted` is how many seconds its deployer took, None while that is not known.
    """

    name: str
    config: str | None
    version: int
    phase: str
    status_reason: str
    cancelled: bool
    account: str
    replicas: int
    current_replicas: int
    ready_replicas: int
    created: str
    failure: str
    lasted: float | None = None


@dataclass(frozen=True)
class ContainerState:
    """A container of a pod: why it waits, or how it last ended; `restarts` counts."""

    name: str
    image: str
    ready: bool
    restarts: int
    waiting: str
    message: str
    terminated: str
    exit_code: int | None


@dataclass(frozen=True)
class Pod:
    """A pod. `role` is `app`, `deployer` or `hook`; `controller` is the replication controller that owns it, if one does."""

    name: str
    role: str
    controller: str | None
    account: str
    pull_secrets: tuple[str, ...]
    phase: str
    ready: bool
    deleted: bool
    unschedulable: str
    containers: tuple[ContainerState, ...]
    created: str

    @property
    def live(self) -> bool:
        """Whether it runs or is about to: neither ended nor on its way out."""
        return not self.deleted and self.phase in ("Pending", "Running", "Unknown")


@dataclass(frozen=True)
class ServiceAccount:
    """A service account with the names of what is linked to it."""

    name: str
    uid: str
    pull_secrets: tuple[str, ...]
    secrets: tuple[str, ...]
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    """Who a binding is for; `namespace` is that of a service account."""

    kind: str
    name: str
    namespace: str


@dataclass(frozen=True)
class Binding:
    """A role binding; `namespace` is empty for a cluster role binding."""

    namespace: str
    name: str
    role_kind: str
    role: str
    subjects: tuple[Subject, ...]


@dataclass(frozen=True)
class Rule:
    """A rule of a role: these verbs on these resources; on all objects where `names` is empty."""

    verbs: tuple[str, ...]
    resources: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Role:
    """A role, or a cluster role: then `namespace` is empty."""

    namespace: str
    name: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Constraints:
    """Security context constraints: the `users` and `groups` that OpenShift 3.11 keeps in the object itself, and what of it
    goes beyond an ordinary pod (`lax`)."""

    name: str
    users: tuple[str, ...]
    groups: tuple[str, ...]
    lax: tuple[str, ...]


@dataclass(frozen=True)
class Quota:
    """A resource quota: its scopes, and what of each resource may be used and is used, as the object spells it."""

    name: str
    scopes: tuple[str, ...]
    hard: Mapping[str, str]
    used: Mapping[str, str]


@dataclass(frozen=True)
class Limit:
    """One item of a limit range; `type` is Container, Pod or another that has nothing to do with pods."""

    range: str
    type: str
    max: Mapping[str, str]
    min: Mapping[str, str]
    default: Mapping[str, str]
    default_request: Mapping[str, str]
    ratio: Mapping[str, str]


@dataclass(frozen=True)
class Limits:
    """A limit range."""

    name: str
    items: tuple[Limit, ...]


@dataclass(frozen=True)
class Discovery:
    """How system's settings have service discovery: `enabled` and `method` as they are written there, empty where not."""

    enabled: str
    method: str


@dataclass(frozen=True)
class SecretName:
    """A secret of which no more than its name is known."""

    name: str


@dataclass(frozen=True)
class ImageStream:
    """An image stream; `failures` are the tags that could not be imported, with the server's message, `tags` those with an image."""

    name: str
    failures: tuple[tuple[str, str], ...]
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Event:
    """An event about an object; `type` is Normal or Warning."""

    type: str
    kind: str
    name: str
    reason: str
    message: str
    last: str


@dataclass(frozen=True)
class RegistrySecret:
    """The pull secret in the project. `manifest` holds its data, to copy it with, and is never shown."""

    name: str
    uid: str
    type: str
    registries: tuple[str, ...]
    fingerprint: str
    manifest: str = field(default="", repr=False)


@dataclass(frozen=True)
class ProjectState:
    """All that was seen of one project in one moment.

    `unread` maps a type that could not be read (`dc`, `secrets`, `clusterrolebindings`, …) to the sentence that says why;
    what is in there is unknown, and neither present nor absent. `roles` are by namespace and name, cluster roles under an
    empty one. `secret_names` are secrets that were looked for and are there. `discovery` is None where system's settings
    say nothing of it.
    """

    namespace: str
    configs: Mapping[str, DeploymentConfig]
    controllers: Mapping[str, ReplicationController]
    pods: tuple[Pod, ...]
    accounts: Mapping[str, ServiceAccount]
    bindings: tuple[Binding, ...]
    streams: Mapping[str, ImageStream]
    events: tuple[Event, ...]
    secret: RegistrySecret | None
    unread: Mapping[str, str]
    roles: Mapping[tuple[str, str], Role] = field(default_factory=dict)
    constraints: Mapping[str, Constraints] = field(default_factory=dict)
    quotas: tuple[Quota, ...] = ()
    limits: tuple[Limits, ...] = ()
    secret_names: frozenset[str] = frozenset()
    discovery: Discovery | None = None

    @cached_property
    def _pods_by_controller(self) -> Mapping[str | None, tuple[Pod, ...]]:
        return _grouped(self.pods, lambda pod: pod.controller)

    @cached_property
    def _controllers_by_config(self) -> Mapping[str | None, tuple[ReplicationController, ...]]:
        return _grouped(self.controllers.values(), lambda controller: controller.config)

    @cached_property
    def _events_by_object(self) -> Mapping[tuple[str, str], tuple[Event, ...]]:
        return _grouped(self.events, lambda event: (event.kind, event.name))

    def pods_of(self, config: str) -> tuple[Pod, ...]:
        """The config's own application pods, live or not: those of its replication controllers, and no others."""
        owners = self._controllers_by_config.get(config, ())
        return tuple(pod for owner in owners for pod in self.pods_of_controller(owner.name) if pod.role == "app")

    def pods_of_controller(self, name: str) -> tuple[Pod, ...]:
        """The pods of one revision: the application's, its deployer's and its hooks'."""
        return self._pods_by_controller.get(name, ())

    def events_about(self, kind: str, name: str) -> tuple[Event, ...]:
        """The warning events about one object."""
        return self._events_by_object.get((kind, name), ())

    def newest(self, config: str) -> ReplicationController | None:
        """`NAME-<latestVersion>`, whose word counts (recordings/README.md 2); None while it does not exist yet."""
        version = self.configs[config].latest_version
        return self.controllers.get(f"{config}-{version}")


Part = Union[
    DeploymentConfig, ReplicationController, Pod, ServiceAccount, Binding, ImageStream, Event, Role, Constraints, Quota,
    Limits, Discovery, RegistrySecret, SecretName, None,
]  # fmt: skip  # None for a kind that nobody looks at
_Item = TypeVar("_Item")
_Key = TypeVar("_Key")


def _grouped(items: Iterable[_Item], key: Callable[[_Item], _Key]) -> dict[_Key, tuple[_Item, ...]]:
    groups: dict[_Key, list[_Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return {name: tuple(members) for name, members in groups.items()}


def parse_item(item: _JSON) -> tuple[str, Part]:
    """The namespace of one item of oc's lists, and what it tells.

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
    )


def observe(oc: Oc, cluster: bool = True, secret: bool = True, tries: int | None = None) -> ProjectState:
    """Reads the project in at most three calls of `oc`, whatever the number of configs; four where the server has no SCCs.

    `cluster` asks for all that permissions and quotas rest on, `secret` for the pull secret and system's settings; what was
    not asked for, and what the user may not read, ends in `unread`. `tries` bounds how often the first call is made where
    it fails for a reason that passes. Raises OcError where the cluster cannot be asked at all.
    """
    from .oc import READ_TRIES

    types = PROJECT_TYPES if cluster else ROLLOUT_TYPES
    parts, unread = _listed(oc, types, (), tries or READ_TRIES)
    if secret:
        more, missing = _named(oc, _linked(part for _, part in parts))
        parts += more
        unread.update(missing)
    else:
        unread["secrets"] = "it was not asked for"
    if cluster:
        more, missing = _elsewhere(oc)
        parts += more
        unread.update(missing)
    state = assemble(parts, oc.namespace or "", None, unread)
    oc.redact.spare((*state.configs, *state.accounts))
    return state


def _linked(parts: Iterable[Part]) -> list[str]:
    """The secrets of `default` that `amp` lacks: whether they are there has to be known before they are linked."""
    accounts = {part.name: part for part in parts if isinstance(part, ServiceAccount)}
    default, amp = accounts.get(DEFAULT_ACCOUNT), accounts.get(ACCOUNT)
    had = set() if amp is None else {*amp.pull_secrets, *amp.secrets}
    linked = () if default is None else (*default.pull_secrets, *default.secrets)
    return sorted({name for name in linked if name not in had and name != SECRET_NAME} - own_secrets(linked))


def own_secrets(names: Iterable[str], account: str = DEFAULT_ACCOUNT) -> set[str]:
    """Those of the names that OpenShift has made for the account by itself (recordings/README.md 20)."""
    return {name for name in names if name.startswith((f"{account}-dockercfg-", f"{account}-token-"))}


def _named(oc: Oc, linked: Iterable[str]) -> tuple[list[tuple[str, Part]], dict[str, str]]:
    """The pull secret, system's settings, and the names of some secrets; what is not there is left out.

    Of a secret that is not ours the name is asked for alone: its data is nobody's business here.
    """
    from .oc import Forbidden, NotFound, error_lines

    def parse(item: _JSON) -> tuple[str, Part]:
        if item.get("kind") != "Secret":
            return parse_item(item)
        oc.redact.learn(*secret_values(item))
        return str(item["metadata"].get("namespace") or ""), parse_secret(item)

    parts: list[tuple[str, Part]] = []
    complaints: tuple[str, ...] = ()
    try:
        asked = ("get", f"secret/{SECRET_NAME}", f"configmap/{SETTINGS}", "-o", "json")
        parts, complaints = oc.read_items(asked, parse, partial=True)
    except (Forbidden, NotFound) as error:
        complaints = tuple(error_lines(error.call.stderr if error.call is not None else str(error)))
    others = [f"secret/{name}" for name in linked]
    if others:
        try:
            found, more = oc.read_names(("get", *others, "-o", "name"))
            parts += [(oc.namespace or "", SecretName(name)) for name in found]
        except (Forbidden, NotFound) as error:
            more = tuple(error_lines(error.call.stderr if error.call is not None else str(error)))
        complaints += more
    # What is not there is not unread.
    return parts, _unread((line for line in complaints if not _NOT_FOUND.search(line)), ("secrets", "configmaps"))


def _elsewhere(oc: Oc) -> tuple[list[tuple[str, Part]], dict[str, str]]:
    """What is bound to accounts in the cluster and in all projects, the roles, and the SCCs, which only OpenShift has."""
    parts, unread = _listed(oc, CLUSTER_TYPES, ("--all-namespaces",))
    return parts, {ELSEWHERE.get(kind, kind): why for kind, why in unread.items()}


def _listed(
    oc: Oc, types: tuple[str, ...], options: tuple[str, ...], tries: int | None = None
) -> tuple[list[tuple[str, Part]], dict[str, str]]:
    """The items of some types, and why those are missing that the user may not read or the server does not have. Raises OcError.

    A type that the server lacks makes the whole answer empty (recordings/README.md 16): the others are asked for again.
    """
    from .oc import READ_TRIES, Forbidden, UnknownResourceType

    def parse(item: _JSON) -> tuple[str, Part]:
        oc.redact.learn(*secrets_in_clear(item))
        return parse_item(item)

    unread: dict[str, str] = {}
    while types:
        try:
            asked = ("get", ",".join(types), *options, "-o", "json")
            parts, complaints = oc.read_items(asked, parse, partial=True, tries=tries or READ_TRIES)
        except UnknownResourceType as error:
            lacking = _lacking(str(error), types)
            unread.update({kind: str(error) for kind in lacking if kind != SCC_TYPE})
            types = tuple(kind for kind in types if kind not in lacking)
        except Forbidden as error:
            return [], {**unread, **dict.fromkeys(types, str(error))}
        else:
            return parts, {**unread, **_unread(complaints, types)}
    return [], unread


def _lacking(said: str, types: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the types it is that the server does not have; all where it is not said in words that we know."""
    match = re.search(r"resource type \"([^\"]+)\"", said)
    kind = match[1].partition(".")[0] if match else ""
    return (
        tuple(
            one for one in types if kind in (one, *(name for name, short in _FORBIDDEN_NAMES.items() if short == one))
        )
        or types
    )


def look_at_secret(oc: Oc) -> RegistrySecret | None:
    """The pull secret, None where it is not in the project. Raises OcError, Forbidden."""
    from .oc import NotFound

    try:
        return read_secret(oc, SECRET_NAME)
    except NotFound:
        return None


def read_secret(oc: Oc, name: str) -> RegistrySecret:
    """Reads a pull secret of the project, whose values are masked from then on. Raises OcError, NotFound where it is not there."""
    found, values = oc.read_item(
        ("get", "secret", name, "-o", "json"), lambda item: (parse_secret(item), secret_values(item))
    )
    oc.redact.learn(*values)
    return found


def _unread(complaints: Iterable[str], types: Iterable[str]) -> dict[str, str]:
    """Why each type is missing in an answer, by the error lines beside it.

    A line that is not understood can be about any type of the call: then all of them are unknown.
    """
    unread: dict[str, str] = {}
    asked = tuple(types)
    for line in complaints:
        match = _FORBIDDEN.search(line)
        kind = _FORBIDDEN_NAMES.get(match[1]) if match else None
        if kind in asked:
            unread[str(kind)] = line
        else:
            unread.update({one: unread.get(one, line) for one in asked})
    return unread


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
        updated_replicas=int(status.get("updatedReplicas") or 0),
        available_replicas=int(status.get("availableReplicas") or 0),
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
    for tag in (item.get("status") or {}).get("tags") or ():
        if tag.get("items"):
            tags.add(str(tag.get("tag")))
        for condition in tag.get("conditions") or ():
            if condition.get("type") == "ImportSuccess" and condition.get("status") == "False":
                failures.append((str(tag.get("tag")), str(condition.get("message") or "")))
    return ImageStream(item["metadata"]["name"], tuple(failures), frozenset(tags))


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
}


def login_data(item: _JSON) -> dict[str, Any]:
    """The logins by registry of a pull secret's JSON, of the newer type or the older; empty where it cannot be decoded."""
    import base64
    import binascii

    data = item.get("data") or {}
    raw = data.get(".dockerconfigjson") or data.get(".dockercfg") or ""
    try:
        parsed = json.loads(base64.b64decode(raw, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return {}
    logins = parsed.get("auths", {}) if isinstance(parsed, dict) and ".dockerconfigjson" in data else parsed
    return logins if isinstance(logins, dict) else {}


def fingerprint(item: _JSON) -> str:
    """A hash by which two pull secrets are told to hold the same logins, whatever their spelling."""
    text = json.dumps(login_data(item), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def secret_values(item: _JSON) -> list[str]:
    """Every value in a pull secret that must never be shown: the encoded data, and each login's auth and password."""
    import base64
    import binascii

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
    """What may be said of a pull secret in the project."""
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
