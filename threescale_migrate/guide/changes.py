"""What runs changed, as their journals have it: the changes to undo, with one for each thing that was changed.

`changes` are the inverses of a run's actions, newest first. What is done about them is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..cluster.state import ProjectState
from ..values import ACCOUNT, DEFAULT_ACCOUNT, SECRET_NAME, Inverse, Request, Step
from .deployment_configs import CONFIG, back_to
from .readiness import Goal
from .selection import waves

STEP_OF = {
    "secret": Step.REGISTRY_SECRET,
    "secret-deleted": Step.REGISTRY_SECRET,
    "secret-replaced": Step.REGISTRY_SECRET,
    "account": Step.SERVICE_ACCOUNT,
    "account-deleted": Step.SERVICE_ACCOUNT,
    "link": Step.SERVICE_ACCOUNT,
    "unlinked": Step.SERVICE_ACCOUNT,
    "grant": Step.PERMISSIONS,
    "revoked": Step.PERMISSIONS,
}


@dataclass(frozen=True)
class Undo:
    """What is to be undone.

    `changes` come newest first. `manifests` are the secrets that can be brought back, by the fingerprint of their logins, and
    are never shown. `force` also undoes what somebody has changed since. With `whole`, which `--to-default` sets, none of the
    configs that it chooses may be left running as `amp`, including those that came after the plan.
    """

    changes: tuple[Inverse, ...]
    manifests: Mapping[str, str] = field(default_factory=dict, repr=False)
    force: bool = False
    whole: Request | None = None

    @property
    def configs(self) -> tuple[str, ...]:
        """The configs whose account is undone."""
        return tuple(change.name for change in self.changes if change.kind == CONFIG)


def combined(changes: Iterable[Inverse]) -> tuple[Inverse, ...]:
    """Changes, newest first, with one for each thing: the oldest, which leads back to the state before all of them, with what
    the newest left there. What needs no undoing is left out."""
    newest: dict[tuple[str, str], Inverse] = {}
    oldest: dict[tuple[str, str], Inverse] = {}
    written: dict[tuple[str, str], tuple[str, ...]] = {}
    for change in changes:
        if not change.args:
            continue
        key = _thing_of(change)
        newest.setdefault(key, change)
        if change.kind == CONFIG:
            written[key] = (*written.get(key, ()), given_by(change))
        oldest.pop(key, None)  # the order is that of the oldest changes
        oldest[key] = change
    return tuple(_spanning(change, newest[key], written.get(key, ())) for key, change in oldest.items())


def _thing_of(change: Inverse) -> tuple[str, str]:
    """The thing that was changed, the same for each kind of change to it."""
    about = STEP_OF.get(change.kind)
    if about is Step.REGISTRY_SECRET:
        return "secret", change.name
    if change.kind in ("account", "account-deleted"):
        return "account", change.name
    if change.kind in ("link", "unlinked"):
        return "link", f"{change.name} {change.detail.get('secret')} {use_of(change)}"
    if about is Step.PERMISSIONS:
        detail = {name: value for name, value in change.detail.items() if name != "binding"}
        return "grant", str(sorted(detail.items()))
    return ("pause" if change.kind in ("pause", "resume") else change.kind), change.name


def _spanning(oldest: Inverse, newest: Inverse, written: tuple[str, ...]) -> Inverse:
    left = {name: newest.detail[name] for name in ("given", "given_twin", "fingerprint") if name in newest.detail}
    if oldest.kind == "secret-deleted":
        left = {}  # what was there before is restored
    if written:
        left["written"] = " ".join(dict.fromkeys(written))
    return Inverse(oldest.kind, oldest.name, oldest.args, {**oldest.detail, **left})


def to_default(state: ProjectState, request: Request) -> tuple[Inverse, ...]:
    """Without a journal: the chosen configs that run as `amp`, back to no account of their own."""
    names = [name for wave in waves(state, request) for name in wave.configs]
    return tuple(
        back_to(name, None, None, ACCOUNT, ACCOUNT)
        for name in reversed(names)
        if state.configs[name].effective_account == ACCOUNT
    )


def limited(changes: Iterable[Inverse], names: Iterable[str]) -> tuple[Inverse, ...]:
    """The changes of those configs alone: accounts, links, grants and secrets are left, since others need them."""
    wanted = frozenset(names)
    return tuple(change for change in changes if change.kind in (CONFIG, "pause", "resume") and change.name in wanted)


def goal_of(change: Inverse) -> Goal:
    """What the pods of a config have to show once it is back."""
    account = change.detail.get("account") or change.detail.get("twin") or DEFAULT_ACCOUNT
    return Goal(ACCOUNT, SECRET_NAME) if account == ACCOUNT else Goal(account, None)


def is_back(state: ProjectState, change: Inverse) -> bool:
    config = state.configs[change.name]
    return (config.account, config.account_twin) == (change.detail.get("account"), change.detail.get("twin"))


def use_of(change: Inverse) -> str:
    """What a secret was linked for: `pull`, which older journals do not say, or `mount`."""
    return change.detail.get("for") or "pull"


def given_by(change: Inverse) -> str:
    """The account that a change gave to a config."""
    return change.detail.get("given") or change.detail.get("given_twin") or DEFAULT_ACCOUNT
