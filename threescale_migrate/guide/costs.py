"""What a migration will cost, told before anything happens (recordings/README.md 19)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..project import DeploymentConfig, ProjectState
from ..values import Text

SLACK_SECONDS = 60


@dataclass(frozen=True)
class Cost:
    """What the redeployment of one config costs: whether it is down meanwhile, whose data is lost, which hooks run, and
    after how many seconds it is given up."""

    config: str
    down: bool
    lost: tuple[str, ...]
    hooks: tuple[str, ...]
    unproved: bool
    deadline_seconds: int

    @property
    def remarks(self) -> tuple[Text, ...]:
        """The sentences for an operator; none where the redeployment is not felt."""
        told = []
        if self.down:
            told.append(Text("it is down while it redeploys (Recreate)"))
        if self.lost:
            told.append(Text("the data in its emptyDir is lost: {volumes}", volumes=", ".join(self.lost)))
        told += [Text("its hook runs: {hook}", hook=hook) for hook in self.hooks]
        if self.unproved:
            told.append(Text("it has no readiness probe: Ready says little"))
        return tuple(told)


def cost(config: DeploymentConfig) -> Cost:
    """The cost of redeploying one config."""
    stores = config.strategy == "Recreate"
    return Cost(
        config=config.name,
        down=config.strategy == "Recreate" and config.replicas > 0,
        lost=config.empty_dirs if stores and config.replicas > 0 else (),
        hooks=tuple(f"{hook.when}: {' '.join(hook.command)}"[:100] for hook in config.hooks),
        unproved=not config.readiness_probes,
        deadline_seconds=deadline_seconds(config),
    )


def costs(state: ProjectState, names: Iterable[str]) -> tuple[Cost, ...]:
    """The costs of several configs, in the order of `names`."""
    return tuple(cost(state.configs[name]) for name in names)


def deadline_seconds(config: DeploymentConfig) -> int:
    """After how many seconds a rollout is given up: its strategy's own deadline, once more for each hook, and slack."""
    return config.timeout_seconds * (1 + len(config.hooks)) + SLACK_SECONDS
