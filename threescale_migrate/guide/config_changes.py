"""The changes of a DeploymentConfig: its account, its pause, its rollouts."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, cast

from ..cluster.state import DeploymentConfig, ProjectState
from ..values import ACCOUNT, DEFAULT_ACCOUNT, Step, Text
from .change import Call, Change, Kept, ObjectName, Undo


@dataclass(frozen=True)
class ConfigChange(Change):
    """A change of one config."""

    config: str

    step = Step.DEPLOYMENT_CONFIGS

    @property
    def subject(self) -> ObjectName:
        return ObjectName("dc", self.config)


@dataclass(frozen=True)
class ConfigPatched(ConfigChange):
    """A config's account, patched from `before` to `account`, each in the field `serviceAccountName` and in its deprecated twin.

    The guide's patch names `amp` alone, and the server fills the twin; every other sets both fields, since the server would fill
    one that is cleared from the other (fact 6). `written` are the accounts that former runs gave the config.
    """

    kind: ClassVar[str] = "config-patched"
    needs = "get deploymentconfigs, patch deploymentconfigs"

    before: str | None = field(compare=False)
    before_twin: str | None = field(compare=False)
    account: str | None
    account_twin: str | None
    written: tuple[str, ...] = field(default=(), compare=False)
    resource_version: str | None = field(default=None, compare=False)
    generation: int | None = field(default=None, compare=False)

    @property
    def args(self) -> tuple[str, ...]:
        """The guide's patch, or one of both fields."""
        return "patch", "dc", self.config, "--patch", self._patch({})

    @property
    def call(self) -> Call:
        """The same, which is refused if somebody has changed the config since (fact 38)."""
        if self.resource_version is None:
            return Call(self.args, None)
        patch = self._patch({"metadata": {"resourceVersion": self.resource_version}})
        return Call(("patch", "dc", self.config, "--patch", patch), None)

    def _patch(self, bound: Mapping[str, object]) -> str:
        spec: dict[str, str | None] = {"serviceAccountName": self.account}
        if self.account != ACCOUNT:
            spec = {"serviceAccount": self.account_twin, **spec}
        return json.dumps({**bound, "spec": {"template": {"spec": spec}}}, separators=(",", ":"))

    def planned_like(self, other: Change) -> bool:
        """Whether the config's spec is the same still: its status changes all the time, which harms nothing."""
        return isinstance(other, ConfigPatched) and other.generation == self.generation

    @property
    def inverse(self) -> ConfigPatched:
        """The former account, in both fields; never by `oc rollout undo` (fact 15, fact 18)."""
        return patched(self.config, self.account, self.account_twin, self.before, self.before_twin)

    @property
    def thing(self) -> tuple[str, ...]:
        """The account of the config."""
        return "account-of-config", self.config

    @property
    def account_before(self) -> str:
        """The account that the config's pods ran under."""
        return self.before or self.before_twin or DEFAULT_ACCOUNT

    @property
    def account_given(self) -> str:
        """The account that the config's pods run under once it is patched."""
        return self.account or self.account_twin or DEFAULT_ACCOUNT

    def is_done(self, state: ProjectState) -> bool:
        config = state.configs.get(self.config)
        return config is not None and (config.account, config.account_twin) == (self.account, self.account_twin)

    def undo_blocked(self, state: ProjectState, undo: Undo) -> Kept | None:
        """Whether somebody has given the config an account that no run wrote: a run may have died in its patch."""
        config = state.configs.get(self.config)
        if undo.force or config is None or self.inverse.is_done(state):
            return None
        if config.effective_account in (self.account_given, *self.written):
            return None
        why = "its template uses {found}, which this run did not write; --force undoes it anyway"
        return Kept(Text(why, found=config.effective_account))

    def spanning(self, later: tuple[Change, ...]) -> Change:
        """From the account that was there before all of them to that which the last one gave."""
        others = cast("tuple[ConfigPatched, ...]", later)
        if not others:
            return self
        last, written = others[-1], (self.account_given, *(other.account_given for other in others))
        return replace(
            self, account=last.account, account_twin=last.account_twin, written=tuple(dict.fromkeys(written))
        )


def patched(
    config: str, before: str | None, before_twin: str | None, account: str | None, twin: str | None
) -> ConfigPatched:
    """The patch from one account to another, with its reason."""
    why = Text(
        "its pods run as {account} and have to run as {wanted}",
        account=before or before_twin or DEFAULT_ACCOUNT,
        wanted=account or twin or DEFAULT_ACCOUNT,
    )
    return ConfigPatched(why, config, before, before_twin, account, twin)


def patch(config: DeploymentConfig, account: str | None, twin: str | None = ACCOUNT) -> ConfigPatched:
    """The patch of a config as it is now."""
    planned = patched(config.name, config.account, config.account_twin, account, twin)
    return replace(planned, resource_version=config.resource_version, generation=config.generation)


@dataclass(frozen=True)
class _Rollout(ConfigChange):
    """What `oc rollout` does to a config; `verb` is its word."""

    verb: ClassVar[str]
    needs = "get deploymentconfigs, patch deploymentconfigs"

    @property
    def args(self) -> tuple[str, ...]:
        return "rollout", self.verb, f"dc/{self.config}"

    @property
    def inverse(self) -> Change | None:
        """Nothing: what a rollout changed is in the config."""
        return None

    @abstractmethod
    def is_done(self, state: ProjectState) -> bool:
        """Whether it took effect."""


@dataclass(frozen=True)
class ConfigResumed(_Rollout):
    """A paused config, resumed so that it rolls out."""

    kind: ClassVar[str] = "config-resumed"
    verb: ClassVar[str] = "resume"

    @property
    def inverse(self) -> Change:
        return ConfigPaused(Text("it was paused before"), self.config)

    @property
    def thing(self) -> tuple[str, ...]:
        """The pause of the config."""
        return "pause-of-config", self.config

    def is_done(self, state: ProjectState) -> bool:
        return self.config in state.configs and not state.configs[self.config].paused


@dataclass(frozen=True)
class ConfigPaused(_Rollout):
    """A config that was paused before a run, paused again."""

    kind: ClassVar[str] = "config-paused"
    verb: ClassVar[str] = "pause"

    @property
    def inverse(self) -> Change:
        return ConfigResumed(Text("it is paused and would not redeploy"), self.config)

    @property
    def thing(self) -> tuple[str, ...]:
        """The pause of the config."""
        return "pause-of-config", self.config

    def is_done(self, state: ProjectState) -> bool:
        return self.config in state.configs and state.configs[self.config].paused


@dataclass(frozen=True)
class RolloutStarted(_Rollout):
    """A rollout that nothing else starts."""

    kind: ClassVar[str] = "rollout-started"
    verb: ClassVar[str] = "latest"
    needs = "get deploymentconfigs, create deploymentconfigs/instantiate"

    def is_done(self, state: ProjectState) -> bool:
        """Whether the newest revision has not failed."""
        newest = state.newest(self.config) if self.config in state.configs else None
        return newest is not None and newest.phase != "Failed"


@dataclass(frozen=True)
class RolloutCancelled(_Rollout):
    """A rollout that makes no progress, ended: its newest replication controller is marked (openshift/oc,
    pkg/cli/rollout/cancel.go)."""

    kind: ClassVar[str] = "rollout-cancelled"
    verb: ClassVar[str] = "cancel"

    revision: int | None = field(default=None, compare=False)

    needs = "get deploymentconfigs, list replicationcontrollers, patch replicationcontrollers"

    @property
    def controller(self) -> str:
        """The replication controller that it marks."""
        return f"{self.config}-{self.revision}"

    def is_done(self, state: ProjectState) -> bool:
        newest = state.newest(self.config) if self.config in state.configs else None
        return newest is None or newest.phase in ("Complete", "Failed")


def configs_of(changes: Iterable[Change]) -> tuple[str, ...]:
    """The configs that changes are about, each once, in order."""
    return tuple(dict.fromkeys(change.config for change in changes if isinstance(change, ConfigChange)))


def patches_in(changes: Iterable[Change]) -> tuple[ConfigPatched, ...]:
    """The patches of accounts among changes."""
    return tuple(change for change in changes if isinstance(change, ConfigPatched))
