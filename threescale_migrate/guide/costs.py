"""What a migration will cost, known before the first change (fact 19)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..cluster.state import DeploymentConfig, ProjectState
from ..values import Request, Text
from .kept_data import kept_volumes, lost_volumes
from .selection import Wave

SLACK_SECONDS = 60
EVERYTHING = Request()
# 3scale's own task for each redeployment of system-app (fact 19).
MIGRATES_DATABASE = "rake openshift:deploy"

DOWN = Text("it is down while it redeploys")


@dataclass(frozen=True)
class Cost:
    """What the redeployment of one config costs: whether it is down, which data is lost, which is saved and restored, which hooks
    run, and after how many seconds the rollout is abandoned."""

    config: str
    down: bool
    lost: tuple[str, ...]
    hooks: tuple[str, ...]
    unproved: bool
    deadline_seconds: int
    kept: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[Text, ...]:
        """The sentences for an operator; none where nobody notices the redeployment."""
        found = []
        if self.down:
            found.append(DOWN)
        if self.lost:
            found.append(Text("the data in its emptyDir is lost: {volumes}", volumes=", ".join(self.lost)))
        if self.kept:
            found.append(
                Text("the data in its emptyDir is saved and restored: {volumes}", volumes=", ".join(self.kept))
            )
        for hook in self.hooks:
            migrates = hook.endswith(MIGRATES_DATABASE)
            said = "its hook runs database migrations: {hook}" if migrates else "its hook runs: {hook}"
            found.append(Text(said, hook=hook))
        if self.unproved:
            found.append(Text("no readiness probe: a pod is Ready as soon as it starts"))
        return tuple(found)

    @property
    def brief(self) -> tuple[Text, ...]:
        """What else it costs, in a few words, for a table."""
        words = []
        if self.kept:
            words.append(Text("data kept"))
        if self.down:
            words.append(Text("down"))
        if self.hooks:
            migrates = any(hook.endswith(MIGRATES_DATABASE) for hook in self.hooks)
            words.append(Text("hook runs migrations") if migrates else Text("hooks"))
        if self.unproved:
            words.append(Text("no probe"))
        return tuple(words)

    def same(self, other: Cost) -> bool:
        """Whether another config costs the same."""
        return replace(self, config="") == replace(other, config="")


def cost(config: DeploymentConfig, request: Request = EVERYTHING) -> Cost:
    return Cost(
        config=config.name,
        down=config.resting_replicas > 0 and (config.strategy == "Recreate" or _unavailable(config) >= config.replicas),
        lost=lost_volumes(config, request),
        kept=kept_volumes(config, request),
        hooks=tuple(f"{hook.when}: {hook.does}" for hook in config.hooks),
        unproved=not config.readiness_probes,
        deadline_seconds=deadline_seconds(config),
    )


def _unavailable(config: DeploymentConfig) -> int:
    """How many pods may be unavailable during a Rolling rollout; one where the strategy allows neither that nor a surge."""
    missing = _share(config.max_unavailable, config.replicas, up=False)
    return missing or int(_share(config.max_surge, config.replicas, up=True) == 0)


def _share(text: str, whole: int, up: bool) -> int:
    """A number, or a percentage of the whole, which the server rounds up for the surge and down for what may be unavailable."""
    number = text.rstrip("%")
    if not number.isdigit():
        return 0
    if not text.endswith("%"):
        return int(number)
    return (int(number) * whole + (99 if up else 0)) // 100


def costs(state: ProjectState, names: Iterable[str], request: Request = EVERYTHING) -> tuple[Cost, ...]:
    """The costs of several configs, in the order of `names`, with the data that the request keeps."""
    return tuple(cost(state.configs[name], request) for name in names)


def deadline_seconds(config: DeploymentConfig) -> int:
    """After how many seconds a rollout is abandoned: its strategy's own deadline, once more for each hook, and slack."""
    return config.timeout_seconds * (1 + len(config.hooks)) + SLACK_SECONDS


def longest_seconds(waves: Iterable[Wave], each: Iterable[Cost]) -> int:
    """How long all waves take at most, one after the other, each by the longest deadline in it."""
    limits = {cost.config: cost.deadline_seconds for cost in each}
    return sum(max((limits.get(name, 0) for name in wave.configs), default=0) for wave in waves)
