"""Undoing runs: what they changed, compared with the present state. What each change needs is in its class.

Every function here is pure. `changes` are those of runs, newest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ..check_codes import Code
from ..cluster.state import ProjectState
from ..values import ACCOUNT, GO_ON, NO_FIX, RESUME, SECRET_NAME, Check, Fix, Request, Step, Text, Usage, Verdict
from . import config_changes, kept_data, object_changes, role_changes
from .change import Change, Undo
from .config_changes import ConfigChange, ConfigPatched, ConfigResumed, patches_in
from .deployment_configs import starts
from .object_changes import AccountCreated, SecretCopied, SecretCreated, SecretLinked, SecretReplaced
from .objects_in_use import SHOWN, naming
from .readiness import Goal, assess, fix, unread
from .role_changes import RoleGranted
from .selection import Wave, waves

# All that a journal can hold.
KINDS: Mapping[str, type[Change]] = {
    kind.kind: kind
    for kind in (
        object_changes.SecretCreated,
        object_changes.SecretCopied,
        object_changes.SecretReplaced,
        object_changes.SecretDeleted,
        object_changes.AccountCreated,
        object_changes.AccountDeleted,
        object_changes.SecretLinked,
        object_changes.SecretUnlinked,
        role_changes.RoleGranted,
        role_changes.RoleRemoved,
        config_changes.ConfigPatched,
        config_changes.ConfigResumed,
        config_changes.ConfigPaused,
        config_changes.RolloutStarted,
        config_changes.RolloutCancelled,
        kept_data.DataKept,
        kept_data.DataRestored,
    )
}
# What pods no longer need is undone after them; all else before them, since a pod keeps what it was admitted with (fact 14).
AFTER_ALL = (RoleGranted, AccountCreated, SecretCreated)


def revived(kept: object) -> Change:
    """The change that a journal keeps. Raises ValueError for what is none."""
    kind = KINDS.get(str(kept.get("kind"))) if isinstance(kept, Mapping) else None
    if not isinstance(kept, Mapping) or kind is None:
        raise ValueError("this is no change")
    return kind.revived(kept)


def combined(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Changes, newest first, as one for each thing, in the order of the oldest of each. What needs no undoing is left out."""
    about: dict[tuple[str, ...], list[Change]] = {}
    for change in changes:
        if change.inverse is not None:
            about[change.thing] = [change, *about.pop(change.thing, ())]
    return tuple(oldest.spanning(tuple(later)) for oldest, *later in about.values())


def to_default(state: ProjectState, request: Request) -> tuple[ConfigPatched, ...]:
    """Without a journal: the chosen configs that run as `amp`, back to no account of their own."""
    names = [name for wave in waves(state, request) for name in wave.configs]
    return tuple(
        config_changes.patched(name, None, None, ACCOUNT, ACCOUNT)
        for name in reversed(names)
        if state.configs[name].effective_account == ACCOUNT
    )


def limited(changes: Iterable[Change], names: Iterable[str]) -> tuple[Change, ...]:
    """The changes of those configs alone: accounts, links, grants and secrets are left, since others need them."""
    wanted = frozenset(names)
    return tuple(change for change in changes if isinstance(change, ConfigChange) and change.config in wanted)


def former_secrets(changes: Iterable[Change]) -> tuple[str, ...]:
    """The names of the secrets that keep what the pull secret held before."""
    return tuple(change.name for change in changes if isinstance(change, SecretCopied))


def goal_of(change: ConfigPatched) -> Goal:
    """What the pods of a config have to show once it is back."""
    account = change.account_before
    return Goal(ACCOUNT, SECRET_NAME) if account == ACCOUNT else Goal(account, None)


def stages(undo: Undo, state: ProjectState) -> tuple[tuple[Change, ...] | Wave, ...]:
    """The changes in the order in which they are undone, newest first.

    What the pods need is undone before them, since a pod keeps what it was admitted with (fact 14): what was
    there is restored, and what was linked to their account is unlinked. What they no longer need goes after them.
    """
    objects = [change for change in undo.changes if not isinstance(change, ConfigChange)]
    first = tuple(change for change in objects if not isinstance(change, AFTER_ALL))
    last = [change for change in objects if isinstance(change, AFTER_ALL)]
    roles = tuple(change for change in last if isinstance(change, RoleGranted))
    found: list[tuple[Change, ...] | Wave] = [first] if first else []
    found += _waves(state, [change.config for change in patches_in(undo.changes)])
    found += [roles] if roles else []
    # What is deleted is looked at just before.
    return (*found, *((change,) for change in last if change not in roles))


def at(stage: tuple[Change, ...], undo: Undo) -> Undo:
    """The undo as it stands when a stage comes: what pods no longer need is removed once the rollouts are over."""
    return replace(undo, over=isinstance(stage[0], AFTER_ALL))


def of_plan(state: ProjectState, changes: Iterable[Change]) -> tuple[tuple[Change, ...], ...]:
    """What undoes a plan once it is carried out, in the order of `stages`: for a person, who sees what is there then."""
    made = combined(reversed(tuple(changes)))
    about = {change.config: change for change in patches_in(made)}
    resumed = {change.config: change for change in made if isinstance(change, ConfigResumed)}
    found: list[tuple[Change, ...]] = []
    for stage in stages(Undo(made), state):
        names = stage.configs if isinstance(stage, Wave) else ()
        backwards: list[Change | None] = [about[name].inverse for name in names if name in about]
        backwards += [back for name in names if name in resumed for back in [resumed[name].inverse]]
        if not isinstance(stage, Wave):
            backwards = [change.inverse for change in stage]
        found.append(tuple(change for change in backwards if change is not None))
    return tuple(found)


def _waves(state: ProjectState, names: Sequence[str]) -> list[Wave]:
    """The waves of a migration, in the order of their newest member."""
    there = tuple(name for name in names if name in state.configs)
    if not there:
        return []
    found = waves(state, Request(configs=there))
    return sorted(found, key=lambda wave: min(there.index(name) for name in wave.configs))


def _wanted(state: ProjectState, undo: Undo, names: Iterable[str]) -> list[ConfigPatched]:
    """The patches of these configs that are undone, of configs that are there."""
    wanted = set(names) & set(state.configs)
    found = (change for change in patches_in(undo.changes) if change.config in wanted)
    return [change for change in found if change.undo_blocked(state, undo) is None]


def goals(state: ProjectState, undo: Undo, names: Iterable[str]) -> dict[Goal, tuple[str, ...]]:
    """The configs by the goal that they have to reach; those that are left unchanged are not among them."""
    found: dict[Goal, tuple[str, ...]] = {}
    for change in _wanted(state, undo, names):
        found[goal_of(change)] = (*found.get(goal_of(change), ()), change.config)
    return found


def plan(state: ProjectState, undo: Undo) -> tuple[Change, ...]:
    """All that is left to do, in order. Raises Usage where a secret would have to be restored and cannot be."""
    changes: list[Change] = []
    for stage in stages(undo, state):
        if isinstance(stage, Wave):
            changes += plan_wave(state, undo, stage.configs)
            changes += plan_after(state, undo, stage.configs)
        else:
            changes += plan_things(state, undo, stage)
    return tuple(changes)


def plan_wave(state: ProjectState, undo: Undo, names: Iterable[str]) -> tuple[Change, ...]:
    """The patches of the configs of one wave, and what starts those that do not start by themselves."""
    return tuple(change for made in _wanted(state, undo, names) for change in _config(state, undo, made))


def _config(state: ProjectState, undo: Undo, made: ConfigPatched) -> tuple[Change, ...]:
    config = state.configs[made.config]
    found = assess(state, config.name, goal_of(made))
    back = made.inverse.is_done(state)
    if back and found.reached:
        return ()
    patch = () if back else (config_changes.patch(config, made.before, made.before_twin),)
    return (*patch, *starts(config, found, back))


def plan_after(state: ProjectState, undo: Undo, names: Iterable[str]) -> tuple[Change, ...]:
    """What is done once the configs of a wave are back: those that were paused are paused again, since a paused config does not
    roll out."""
    wanted = set(names) & set(state.configs)
    resumed = (change for change in undo.changes if isinstance(change, ConfigResumed) and change.config in wanted)
    return tuple(change for made in resumed for change in made.to_undo(state, undo))


def plan_things(state: ProjectState, undo: Undo, changes: Iterable[Change]) -> tuple[Change, ...]:
    """What is done about accounts, links, grants and secrets. Raises Usage."""
    return tuple(
        change for made in changes if made.undo_blocked(state, undo) is None for change in made.to_undo(state, undo)
    )


def verify(state: ProjectState, undo: Undo) -> tuple[Check, ...]:
    """For each change whether it is undone; what was left unchanged is reported with the reason."""
    undo = replace(undo, over=True)
    checks = [
        _check_config(state, undo, change) if isinstance(change, ConfigPatched) else _check_object(state, undo, change)
        for change in undo.changes
        if isinstance(change, ConfigPatched) or not isinstance(change, ConfigChange)
    ]
    checks += _left_over(state, undo)
    return tuple(sorted(checks, key=lambda check: tuple(Step).index(check.step)))


def _left_over(state: ProjectState, undo: Undo) -> list[Check]:
    """The configs that run as `amp` and were not among those that the plan knew of."""
    if undo.whole is None or "dc" in state.unread:
        return []
    there = tuple(name for name in undo.whole.configs if name in state.configs)
    if undo.whole.configs and not there:
        return []
    known = {change.config for change in patches_in(undo.changes)}
    left = [change.config for change in to_default(state, replace(undo.whole, configs=there))]
    seen = Text("it runs as {account}: another user has migrated it since this undo was planned", account=ACCOUNT)
    fix = Fix(Text("coordinate with them"), (RESUME,))
    return [_of_config(name, Verdict.FAILED, seen, fix) for name in left if name not in known]


def _of_config(name: str, verdict: Verdict, seen: Text, fix: Fix = NO_FIX) -> Check:
    return Check(Step.VERIFICATION, Code.CONFIG_AS_BEFORE, f"dc/{name}", verdict, seen, fix)


def _check_config(state: ProjectState, undo: Undo, change: ConfigPatched) -> Check:
    name = change.config
    if unread(state):
        return _of_config(name, Verdict.UNKNOWN, _unreadable(state, unread(state)[0]))
    if name not in state.configs:
        return _of_config(name, Verdict.WARNING, Text("it is no longer in the project"))
    blocked = change.undo_blocked(state, undo)
    if blocked is not None:
        return _of_config(name, Verdict.FAILED, blocked.why, blocked.fix)
    wanted = goal_of(change)
    found = assess(state, name, wanted)
    if not change.inverse.is_done(state):
        return _of_config(name, Verdict.FAILED, found.why, fix(found, undoing=True))
    if not found.reached:
        return _of_config(name, found.verdict, found.why, fix(found, undoing=True))
    seen = Text(
        "{count} of {wanted} pods run as {account}", count=found.ready, wanted=found.wanted, account=wanted.account
    )
    return _of_config(name, Verdict.PASSED, seen)


def _unreadable(state: ProjectState, kind: str) -> Text:
    return Text("it cannot be read: {why}", why=state.unread[kind])


def _check_object(state: ProjectState, undo: Undo, change: Change) -> Check:
    def checked(verdict: Verdict, seen: Text, fix: Fix = NO_FIX) -> Check:
        return Check(change.step, Code.OBJECT_AS_BEFORE, str(change.subject), verdict, seen, fix)

    if change.read_as in state.unread:
        return checked(Verdict.UNKNOWN, _unreadable(state, change.read_as))
    kept = change.undo_blocked(state, undo)
    try:
        left = change.to_undo(state, undo)
    except Usage as error:
        return checked(Verdict.FAILED, error.text) if kept is None else checked(Verdict.WARNING, kept.why, kept.fix)
    if left and kept is not None:
        return checked(Verdict.FAILED if kept.in_use else Verdict.WARNING, kept.why, kept.fix)
    if left:
        return checked(Verdict.FAILED, Text("it is not as it was before"), GO_ON)
    if isinstance(change, SecretCreated):
        still = ", ".join(f"pod/{pod.name}" for pod in naming(state, change.name)[:SHOWN])
        if still:
            seen = Text("removed; {pods} still names it, and does not need it", pods=still)
            return checked(Verdict.WARNING, seen)
    if isinstance(change, SecretReplaced):
        return checked(Verdict.PASSED, Text("as before the run"))
    if isinstance(change, SecretLinked):  # the account itself is not removed
        return checked(Verdict.PASSED, Text("secret {secret} is no longer linked to it", secret=change.name))
    return checked(Verdict.PASSED, Text("removed"))
