"""What was observed of one project: values that never change, and the questions that they answer by themselves.

It parses nothing and asks nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from ..values import Text
from .access import Binding, Constraints, Review, Role
from .quotas import Limits, Quota


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

    `does` describes its command, which holds secrets in clear and is kept nowhere (fact 22).
    """

    when: str
    policy: str
    does: str


@dataclass(frozen=True)
class ImageTrigger:
    """An ImageChange trigger: the image stream tag it follows, and whether it has ever resolved to an image.

    One that is not automatic holds no rollout up, and is never resolved by itself.
    """

    stream: str
    tag: str
    resolved: bool
    automatic: bool = True


@dataclass(frozen=True)
class Resources:
    """What a container asks for, by resource (`cpu`, `memory`, …), as the object spells it."""

    name: str = ""
    requests: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class EmptyDir:
    """A volume that lives as long as its pod, and where its containers have it."""

    name: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeploymentConfig:
    """A DeploymentConfig, as far as a migration needs it. `timeout_seconds` is its strategy's own deadline.

    `max_surge` and `max_unavailable` are pods or a share of them, as written; `deployer` is what its deployer pod asks for,
    and `hook_containers` are the containers of its hooks, by name; `owners` are who owns it, by kind and name; `template_secrets` are
    what the volumes and environments of its pods need.
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
    empty_dirs: tuple[EmptyDir, ...]
    claims: tuple[str, ...]
    readiness_probes: bool
    conditions: Mapping[str, Condition]
    selector: Mapping[str, str]
    max_surge: str = "25%"
    max_unavailable: str = "25%"
    containers: tuple[Resources, ...] = ()
    init_containers: tuple[Resources, ...] = ()
    deployer: Resources = Resources()
    hook_containers: tuple[str, ...] = ()
    owners: tuple[tuple[str, str], ...] = ()
    resource_version: str = ""
    test: bool = False
    template_secrets: tuple[str, ...] = ()

    @property
    def resting_replicas(self) -> int:
        """How many pods it has between rollouts: a test config has none, whatever its replicas (fact 39)."""
        return 0 if self.test else self.replicas

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
    exit_code: int | None


@dataclass(frozen=True)
class Pod:
    """A pod. `role` is `app`, `deployer` or `hook`; `controller` is the replication controller that owns it, if one does;
    `constraints` are the security context constraints that admitted it (apiserver-library-go, sccadmission/admission.go); `images` are
    what it asks for, and `secrets` what its volumes and environments need, from before a node has begun with it."""

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
    constraints: str = ""
    images: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    uid: str = ""

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
    resource_version: str = ""


@dataclass(frozen=True)
class Discovery:
    """How system's settings have service discovery: `enabled` and `method` as they are written there, empty if not. Where they are
    masked, or not in a known form, it is `known` to be neither on nor off."""

    enabled: str
    method: str
    known: bool = True


# The ConfigMap that names the release of a project.
ENVIRONMENT = "system-environment"


@dataclass(frozen=True)
class Environment:
    """The ConfigMap `system-environment`: whether it is there, the release that it names, and why it could not be read, if so."""

    present: bool = False
    release: str = ""
    unread: str = ""


@dataclass(frozen=True)
class SecretName:
    """A secret of which no more is known than its name, and why no node can parse it where it is a pull secret."""

    name: str
    broken: Text | None = None


@dataclass(frozen=True)
class ImageStream:
    """An image stream; `failures` are the tags that could not be imported, with the server's message, `tags` those with an image;
    `follows` are tags with the tag or image that they are pointed at."""

    name: str
    failures: tuple[tuple[str, str], ...]
    tags: frozenset[str] = frozenset()
    follows: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Build:
    """A BuildConfig; `sources` are what it builds on: image stream tags, or images by their name."""

    name: str
    sources: tuple[str, ...]


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
    resource_version: str = ""


# Why a type is unread that nobody wanted to know of.
NOT_ASKED = "it was not asked for"


@dataclass(frozen=True)
class ProjectState:
    """All that was seen of one project in one moment.

    `unread` maps a type that could not be read (`dc`, `secrets`, `clusterrolebindings`, …) to the sentence that says why;
    what is in there is unknown, and neither present nor absent. `roles` are by namespace and name, cluster roles under an
    empty one. `secret_names` are secrets that were looked for and are there, and `broken_secrets` those of them that no node can
    parse as pull secrets, with the reason. `former_secrets` keep what the pull secret held before, as far as they were looked for.
    `discovery` is None if system's settings say nothing of it, `environment` if it was not asked for. `reviews` are by account; they are asked for
    where bindings cannot be read, and otherwise empty.
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
    broken_secrets: Mapping[str, Text] = field(default_factory=dict)
    discovery: Discovery | None = None
    environment: Environment | None = None
    builds: tuple[Build, ...] = ()
    former_secrets: Mapping[str, RegistrySecret] = field(default_factory=dict)
    cancelled_by: Mapping[str, str] = field(default_factory=dict)
    reviews: Mapping[str, Review] = field(default_factory=dict)

    @property
    def unreadable(self) -> tuple[str, ...]:
        """The types that could not be read, without those that were not asked for."""
        return tuple(sorted(kind for kind, why in self.unread.items() if why != NOT_ASKED))

    @cached_property
    def _pods_by_controller(self) -> Mapping[str | None, tuple[Pod, ...]]:
        return _grouped(self.pods, lambda pod: pod.controller)

    @cached_property
    def _controllers_by_config(self) -> Mapping[str | None, tuple[ReplicationController, ...]]:
        return _grouped(self.controllers.values(), lambda controller: controller.config)

    @cached_property
    def _events_by_object(self) -> Mapping[tuple[str, str], tuple[Event, ...]]:
        return _grouped(self.events, lambda event: (event.kind, event.name))

    def secret_named(self, name: str) -> RegistrySecret | None:
        """The pull secret, or one that keeps what it held before."""
        return self.secret if self.secret is not None and self.secret.name == name else self.former_secrets.get(name)

    @property
    def troubled(self) -> bool:
        """Whether a config has a problem, or is not ready yet, so that the cause has to be found."""
        return any(self._is_troubled(config) for config in self.configs.values())

    def _is_troubled(self, config: DeploymentConfig) -> bool:
        newest = self.newest(config.name)
        if newest is None:
            return config.latest_version > 0 or config.resting_replicas > 0
        if newest.phase != "Complete" or newest.failure or newest.ready_replicas < newest.replicas:
            return True
        return any(pod.live and not pod.ready for pod in self.pods_of(config.name))

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

    @property
    def torn(self) -> tuple[str, ...]:
        """The configs of which the lists contradict each other; they were read side by side, and something happened between."""
        return tuple(name for name in self.configs if self.contradiction(name) is not None)

    def contradiction(self, config: str) -> tuple[str, str] | None:
        """What contradicts what was seen of a config: a kind and a name, of a revision newer than the config knows, or of a live pod
        whose revision is in no list. None where all fits."""
        latest = self.configs[config].latest_version
        newer = (found for found in self._controllers_by_config.get(config, ()) if found.version > latest)
        for controller in newer:
            return "rc", controller.name
        return (
            next((("pod", name) for name in self._orphans.get(config, ())), None) if "rc" not in self.unread else None
        )

    @cached_property
    def _orphans(self) -> Mapping[str, tuple[str, ...]]:
        """By config, its live pods whose controller is in no list; a revision is called by the name of its config and a number."""
        lost = [pod for pod in self.pods if pod.live and pod.role == "app" and pod.controller not in self.controllers]
        found: dict[str, tuple[str, ...]] = {}
        for pod in lost:
            name, _, number = (pod.controller or "").rpartition("-")
            if number.isdigit() and name in self.configs:
                found[name] = (*found.get(name, ()), pod.name)
        return found

    def newest(self, config: str) -> ReplicationController | None:
        """`NAME-<latestVersion>`, which decides (fact 2); None while it does not exist yet."""
        version = self.configs[config].latest_version
        return self.controllers.get(f"{config}-{version}")


_Item = TypeVar("_Item")
_Key = TypeVar("_Key")


def _grouped(items: Iterable[_Item], key: Callable[[_Item], _Key]) -> dict[_Key, tuple[_Item, ...]]:
    groups: dict[_Key, list[_Item]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return {name: tuple(members) for name, members in groups.items()}
