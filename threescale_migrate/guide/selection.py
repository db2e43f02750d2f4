"""Which DeploymentConfigs a migration is about, and in which waves they go."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..cluster.state import DeploymentConfig, ProjectState
from ..safe_text import cut
from ..values import ACCOUNT, DEFAULT_ACCOUNT, GUIDE_CONFIGS, Request, Text, Usage

# Of the templates since 2.5, and of 2.3 and 2.4; up to 2.2 there was `app` alone (fact 23).
COMPONENT_LABELS = ("threescale_component", "3scale.component")
ELEMENT_LABELS = ("threescale_component_element", "3scale.component-element")
APP_LABEL, APP = "app", "3scale-api-management"
STORES = re.compile(r"mysql|postgresql|redis|memcache|database")

# How much of a word is shown that is no config's name.
LONGEST = 80

# One config of little consequence goes first, alone: the first of these that has pods.
SCOUTS = ("backend-cron", "system-sphinx", "zync", "backend-worker", "system-sidekiq", "apicast-staging")
WAVE_NAMES = (
    "trial",
    "databases and caches",
    "backend",
    "system",
    "zync",
    "others",
    "APIcast staging",
    "APIcast production",
)


@dataclass(frozen=True)
class Selection:
    """`configs` are migrated. `absent` are the guide's that are not there; `foreign` are not 3scale's; `own_account` run
    under their own account; `unchosen` would be migrated too if the user had not named others."""

    configs: tuple[str, ...]
    absent: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    own_account: tuple[tuple[str, str], ...] = ()
    unchosen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Wave:
    """Configs that are redeployed together."""

    name: str
    configs: tuple[str, ...]


@dataclass(frozen=True)
class Whole:
    """How far the whole run is when a wave begins: the wave's number, of how many, and which configs have reached their goal,
    of how many."""

    number: int
    total: int
    reached: frozenset[str]
    configs: int


def choose(state: ProjectState, request: Request) -> Selection:
    """The configs by name or label, or those that the user named. Raises Usage for a named one that is not there."""
    if "dc" in state.unread:
        return Selection(())
    whole = _all(state)
    if not request.configs:
        return whole
    missing = [name for name in request.configs if name not in state.configs]
    if missing:
        why = "no DeploymentConfig {names} in project {project}: check the spelling, or leave it out of --dc or THREESCALE_DC_NAMES"
        raise Usage(Text(why, names=", ".join(missing), project=state.namespace))
    named = tuple(dict.fromkeys(request.configs))
    return Selection(named, unchosen=tuple(name for name in whole.configs if name not in named))


def _all(state: ProjectState) -> Selection:
    """The configs by name or label."""
    chosen, foreign, own = [], [], []
    for name, config in state.configs.items():
        if name not in GUIDE_CONFIGS and not _labelled(config):
            foreign.append(name)
        elif has_own_account(config):
            own.append((name, config.effective_account))
        else:
            chosen.append(name)
    absent = tuple(name for name in GUIDE_CONFIGS if name not in state.configs)
    return Selection(tuple(sorted(chosen)), absent, tuple(foreign), tuple(own))


def has_own_account(config: DeploymentConfig) -> bool:
    """Whether somebody has given the config an account of its own, so that it is left alone unless the user names it."""
    return config.effective_account not in (DEFAULT_ACCOUNT, ACCOUNT)


def _labelled(config: DeploymentConfig) -> bool:
    """Whether the config was created by one of 3scale's own templates, of any release."""
    return any(label in config.labels for label in COMPONENT_LABELS) or config.labels.get(APP_LABEL) == APP


def _label(config: DeploymentConfig, labels: tuple[str, ...]) -> str:
    return next((config.labels[label] for label in labels if config.labels.get(label)), "")


def waves(state: ProjectState, request: Request) -> tuple[Wave, ...]:
    """The chosen configs in the order in which they are redeployed.

    A changed order (`request.waves`) is used unchanged, and what it does not name goes last. Raises Usage for a name in it
    that is not chosen.
    """
    chosen = choose(state, request).configs
    if request.all_at_once:
        return (Wave("all at once", chosen),) if chosen else ()
    if request.waves:
        return _given(chosen, request.waves)
    scout = _scout(state, chosen)
    groups: dict[str, list[str]] = {name: [] for name in WAVE_NAMES}
    for name in chosen:
        groups["trial" if name == scout else _wave_of(state.configs[name])].append(name)
    return tuple(Wave(name, tuple(members)) for name, members in groups.items() if members)


def _given(chosen: Iterable[str], wanted: tuple[tuple[str, ...], ...]) -> tuple[Wave, ...]:
    known = tuple(chosen)
    left = list(known)
    result = []
    for number, names in enumerate(wanted, 1):
        for name in names:
            if name not in known:
                seen = "--wave-plan: {name} is not a config of this migration: see plan --wave-plan"
                raise Usage(Text(seen, name=cut(name, LONGEST)))
            if name not in left:
                raise Usage(Text("--wave-plan: {name} is named twice", name=name))
            left.remove(name)
        result.append(Wave(str(number), names))
    if left:
        result.append(Wave(str(len(result) + 1), tuple(left)))
    return tuple(result)


def _scout(state: ProjectState, chosen: tuple[str, ...]) -> str | None:
    if len(chosen) < 2:
        return None
    return next((name for name in SCOUTS if name in chosen and state.configs[name].resting_replicas > 0), None)


def _wave_of(config: DeploymentConfig) -> str:
    component = _label(config, COMPONENT_LABELS) or config.name.partition("-")[0]
    element = _label(config, ELEMENT_LABELS)
    if STORES.search(config.name) or STORES.search(element):
        return "databases and caches"
    if config.name == "apicast-staging" or (component == "apicast" and "staging" in config.name):
        return "APIcast staging"
    if component in ("apicast", "wildcard-router", "wildcard_router"):
        return "APIcast production"
    return component if component in ("backend", "system", "zync") else "others"
