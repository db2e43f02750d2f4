"""Undoing a run: what its journal says was changed, compared with the present state.

Every function here is pure. `changes` are the inverses of a run's actions, newest first, as the journal keeps them. A config
gets its former account back in both fields; never by `oc rollout undo` (fact 6, fact 15, fact 18).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from .. import shell
from ..check_codes import Code
from ..cluster.state import ProjectState
from ..values import ACCOUNT, NOTHING, SECRET_NAME, Action, Check, Inverse, Request, Step, Text, Usage, Verdict
from . import deployment_configs
from .changes import STEP_OF, Undo, goal_of, is_back, to_default
from .deployment_configs import CONFIG
from .readiness import Goal, assess, fix, unread
from .selection import Wave, waves
from .undo_objects import actions_for
from .undo_refusals import refusal

# A pause is in neither: it comes once the rollout of its config is over, since a paused config does not roll out.
BEFORE_ROLLOUT = ("secret-deleted", "secret-replaced", "account-deleted", "unlinked", "revoked", "resume", "link")
AFTER_ALL = ("grant", "account", "secret")


def stages(undo: Undo, state: ProjectState) -> tuple[tuple[Inverse, ...] | Wave, ...]:
    """The changes in the order in which they are undone, newest first.

    What the pods need is undone before them, since a pod keeps what it was admitted with (fact 14): what was
    there is restored, and what was linked to their account is unlinked. What they no longer need goes after them.
    """
    first = tuple(change for change in undo.changes if change.kind in BEFORE_ROLLOUT)
    last = tuple(change for change in undo.changes if change.kind in AFTER_ALL)
    found: list[tuple[Inverse, ...] | Wave] = [first] if first else []
    found += _waves(state, undo.configs)
    return (*found, last) if last else tuple(found)


def _waves(state: ProjectState, names: Sequence[str]) -> list[Wave]:
    """The waves of a migration, in the order of their newest member."""
    there = tuple(name for name in names if name in state.configs)
    if not there:
        return []
    found = waves(state, Request(configs=there))
    return sorted(found, key=lambda wave: min(there.index(name) for name in wave.configs))


def _wanted(state: ProjectState, undo: Undo, names: Iterable[str], kind: str = CONFIG) -> list[Inverse]:
    """The changes of a kind to these configs that are undone, of configs that are there."""
    wanted = set(names) & set(state.configs)
    found = (change for change in undo.changes if change.kind == kind and change.name in wanted)
    return [change for change in found if not refusal(state, undo, change).template]


def goals(state: ProjectState, undo: Undo, names: Iterable[str]) -> dict[Goal, tuple[str, ...]]:
    """The configs by the goal that they have to reach; those that are left unchanged are not among them."""
    found: dict[Goal, tuple[str, ...]] = {}
    for change in _wanted(state, undo, names):
        found[goal_of(change)] = (*found.get(goal_of(change), ()), change.name)
    return found


def plan(state: ProjectState, undo: Undo) -> tuple[Action, ...]:
    """All that is left to do, in order. Raises Usage where a secret would have to be restored and cannot be."""
    actions: list[Action] = []
    for stage in stages(undo, state):
        if isinstance(stage, Wave):
            actions += plan_wave(state, undo, stage.configs)
            actions += plan_after(state, undo, stage.configs)
        else:
            actions += plan_things(state, undo, stage)
    return tuple(actions)


def plan_wave(state: ProjectState, undo: Undo, names: Iterable[str]) -> tuple[Action, ...]:
    """The patches of the configs of one wave, and what starts those that do not start by themselves."""
    return tuple(action for change in _wanted(state, undo, names) for action in _config(state, change))


def plan_after(state: ProjectState, undo: Undo, names: Iterable[str]) -> tuple[Action, ...]:
    """What is done once the configs of a wave are back: those that were paused are paused again."""
    configs = [state.configs[change.name] for change in _wanted(state, undo, names, "pause")]
    return tuple(deployment_configs.pause(config) for config in configs if not config.paused)


def plan_things(state: ProjectState, undo: Undo, changes: Iterable[Inverse]) -> tuple[Action, ...]:
    """What is done about accounts, links, grants and secrets. Raises Usage."""
    actions: list[Action] = []
    for change in changes:
        if not refusal(state, undo, change).template:
            actions += actions_for(state, undo, change)
    return tuple(actions)


def _config(state: ProjectState, change: Inverse) -> tuple[Action, ...]:
    config = state.configs[change.name]
    found = assess(state, config.name, goal_of(change))
    back = is_back(state, change)
    if back and found.reached:
        return ()
    account, twin = change.detail.get("account"), change.detail.get("twin")
    actions = () if back else (deployment_configs.patch(config, account, twin),)
    return (*actions, *deployment_configs.starts(config, found, back))


def verify(state: ProjectState, undo: Undo) -> tuple[Check, ...]:
    """For each change whether it is undone; what was left unchanged is reported with the reason."""
    checks = []
    for change in undo.changes:
        why = refusal(state, undo, change)
        if change.kind == CONFIG:
            checks.append(_check_config(state, change, why))
        elif change.kind in STEP_OF:
            checks.append(_check_thing(state, undo, change, why))
    checks += _left_over(state, undo)
    return tuple(sorted(checks, key=lambda check: tuple(Step).index(check.step)))


def _left_over(state: ProjectState, undo: Undo) -> list[Check]:
    """The configs that run as `amp` and were not among those that the plan knew of."""
    if undo.whole is None or "dc" in state.unread:
        return []
    there = tuple(name for name in undo.whole.configs if name in state.configs)
    if undo.whole.configs and not there:
        return []
    left = [change.name for change in to_default(state, replace(undo.whole, configs=there))]
    seen = Text("it runs as {account}: somebody has migrated it since this undo was planned", account=ACCOUNT)
    fix = Text("coordinate with them, then run threescale-migrate undo --to-default again")
    return [_of_config(name, Verdict.FAILED, seen, fix) for name in left if name not in undo.configs]


def _of_config(name: str, verdict: Verdict, seen: Text, fix: Text = NOTHING) -> Check:
    return Check(Step.VERIFICATION, Code.CONFIG_AS_BEFORE, f"dc/{name}", verdict, seen, fix)


def _check_config(state: ProjectState, change: Inverse, why: Text) -> Check:
    if unread(state):
        return _of_config(change.name, Verdict.UNKNOWN, _unreadable(state, unread(state)[0]))
    if change.name not in state.configs:
        return _of_config(change.name, Verdict.WARNING, Text("it is no longer in the project"))
    if why.template:
        return _of_config(change.name, Verdict.FAILED, why)
    wanted = goal_of(change)
    found = assess(state, change.name, wanted)
    if not is_back(state, change) or not found.reached:
        return _of_config(change.name, Verdict.FAILED, found.why, fix(found))
    seen = Text(
        "{count} of {wanted} pods run as {account}", count=found.ready, wanted=found.wanted, account=wanted.account
    )
    return _of_config(change.name, Verdict.PASSED, seen)


def _unreadable(state: ProjectState, kind: str) -> Text:
    return Text("it cannot be read: {why}", why=state.unread[kind])


# By step, what a change was about, in a word, and the type that has to be read to check it.
_SUBJECTS = {
    Step.REGISTRY_SECRET: ("secret", "secrets"),
    Step.SERVICE_ACCOUNT: ("sa", "sa"),
    Step.PERMISSIONS: ("role", "rolebindings"),
}


def _check_thing(state: ProjectState, undo: Undo, change: Inverse, why: Text) -> Check:
    step = STEP_OF[change.kind]
    word, kind = _SUBJECTS[step]
    if step is Step.PERMISSIONS and not change.detail.get("namespace"):
        kind = "clusterrolebindings"

    def checked(verdict: Verdict, seen: Text, fix: Text = NOTHING) -> Check:
        return Check(step, Code.OBJECT_AS_BEFORE, shell.quoted(f"{word}/{change.name}"), verdict, seen, fix)

    if why.template:
        return checked(Verdict.WARNING, why)
    if kind in state.unread:
        return checked(Verdict.UNKNOWN, _unreadable(state, kind))
    try:
        left = actions_for(state, undo, change) if not (change.kind == "secret" and change.name != SECRET_NAME) else ()
    except Usage as error:
        return checked(Verdict.FAILED, error.text)
    if left:
        command = Text("{command}", command=shell.oc(left[0].args))
        return checked(Verdict.FAILED, Text("it is not as it was before"), command)
    return checked(Verdict.PASSED, Text("it is as it was before the run"))
