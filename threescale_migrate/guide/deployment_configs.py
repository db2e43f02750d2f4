"""Step 4: the guide's patch of each DeploymentConfig, and what starts the configs that do not roll out by themselves."""

from __future__ import annotations

from collections.abc import Iterable

from ..check_codes import Code
from ..cluster.state import DeploymentConfig, ProjectState
from ..values import ACCOUNT, GO_ON, NO_FIX, Check, Fix, Request, Step, Text, Verdict
from .admission_refusals import abandoned
from .change import Change
from .config_changes import ConfigResumed, RolloutCancelled, RolloutStarted, patch
from .readiness import Assessment, RolloutState, assess
from .selection import choose, has_own_account, waves

STEP = Step.DEPLOYMENT_CONFIGS


def plan(state: ProjectState, request: Request) -> tuple[Change, ...]:
    """The changes for all chosen configs, in the order of the waves."""
    return tuple(change for wave in waves(state, request) for change in plan_configs(state, wave.configs, request))


def plan_configs(state: ProjectState, names: tuple[str, ...], request: Request) -> tuple[Change, ...]:
    """The patch, resume and rollout of the configs that are not migrated, and will not be by waiting."""
    there = still_to_migrate(state, names, request)
    return tuple(change for name in there for change in _plan_config(state, state.configs[name], request))


def still_to_migrate(state: ProjectState, names: Iterable[str], request: Request) -> tuple[str, ...]:
    """Those configs that are there, without those that somebody has given an account of their own since they were chosen."""
    there = (state.configs[name] for name in names if name in state.configs)
    return tuple(config.name for config in there if request.configs or not has_own_account(config))


def _plan_config(state: ProjectState, config: DeploymentConfig, request: Request) -> tuple[Change, ...]:
    found = assess(state, config.name)
    if found.reached:
        return ()
    patched = config.account == ACCOUNT or (config.account is None and config.account_twin == ACCOUNT)
    changes: list[Change] = [] if patched else [patch(config, ACCOUNT)]
    if config.paused and request.resume_paused:
        why = Text("it is paused and would not redeploy")
        return (*changes, ConfigResumed(why, config.name))
    if patched and _is_hopeless(state, found):
        return (
            RolloutCancelled(NO_DEPLOYER, config.name, config.latest_version),
            RolloutStarted(NO_DEPLOYER, config.name),
        )
    return (*changes, *starts(config, found, patched))


NO_DEPLOYER = Text("its newest revision no longer has a deployer pod")


def _is_hopeless(state: ProjectState, found: Assessment) -> bool:
    """Whether the newest revision has no deployer pod, for a reason that does not pass: nothing starts again
    when a quota is raised later (fact 31)."""
    return is_abandoned(state, found.config) and found.cause is not None and found.cause.lasting


def is_abandoned(state: ProjectState, name: str) -> bool:
    """Whether the newest revision of a config has not ended, and has no deployer pod."""
    newest = state.newest(name)
    return newest is not None and abandoned(state, newest)


def cancels(state: ProjectState, names: Iterable[str], account: str = ACCOUNT) -> tuple[Change, ...]:
    """Cancels the revisions that have no deployer, of configs whose template is already right: a patch replaces
    the others. A new rollout is refused until they have ended."""
    return tuple(
        RolloutCancelled(NO_DEPLOYER, name, state.configs[name].latest_version)
        for name in names
        if name in state.configs and state.configs[name].effective_account == account and is_abandoned(state, name)
    )


def starts(config: DeploymentConfig, found: Assessment, patched: bool) -> tuple[Change, ...]:
    """What starts the rollout of a config that is patched as it should be, or will be, where nothing else does; a paused config
    refuses that (fact 12)."""
    stalled = found.state in (RolloutState.FAILED, RolloutState.STALE_NO_TRIGGER, RolloutState.STALE_PODS)
    if config.paused or not (stalled if patched else not config.config_change):
        return ()
    if not config.config_change:
        return (RolloutStarted(Text("it has no ConfigChange trigger and does not start by itself"), config.name),)
    return (RolloutStarted(found.reason, config.name),)


def verify(state: ProjectState, request: Request) -> tuple[Check, ...]:
    """Whether each config's template names `amp`; and what was left out, and why."""
    if "dc" in state.unread:
        seen = Text("they cannot be read: {why}", why=state.unread["dc"])
        return (Check(STEP, Code.CONFIGS_PRESENT, "dc", Verdict.UNKNOWN, seen),)
    selection = choose(state, request)
    checks = [_check(state.configs[name]) for name in selection.configs]
    if not selection.configs:
        seen = Text("there is no DeploymentConfig of 3scale in project {project}", project=state.namespace or "?")
        fix = Fix(Text("if it is the wrong project, name the right one with -n"))
        checks.append(Check(STEP, Code.CONFIGS_PRESENT, "dc", Verdict.FAILED, seen, fix))
    left = [
        (Code.CONFIG_ABSENT, name, Text("it is not in this project: nothing to migrate")) for name in selection.absent
    ]
    for name, account in selection.own_account:
        seen = Text("it runs as {account}, its own account, and is unchanged", account=account)
        left.append((Code.CONFIG_HAS_OWN_ACCOUNT, name, seen))
    foreign = Text("it does not belong to 3scale and is unchanged")
    left += [(Code.CONFIG_FOREIGN, name, foreign) for name in selection.foreign]
    checks += [Check(STEP, code, f"dc/{name}", Verdict.PASSED, seen) for code, name, seen in left]
    if selection.unchosen:
        seen = Text.plural(
            "{count} config of 3scale was skipped with --dc: {names}",
            "{count} configs of 3scale were skipped with --dc: {names}",
            count=len(selection.unchosen),
            names=", ".join(selection.unchosen),
        )
        checks.append(Check(STEP, Code.CONFIGS_ALL_CHOSEN, "dc", Verdict.SKIPPED, seen))
    return tuple(checks)


def _check(config: DeploymentConfig) -> Check:
    verdict, fix = Verdict.FAILED, GO_ON
    if config.effective_account == ACCOUNT:
        verdict, fix = Verdict.PASSED, NO_FIX
    seen = Text("its template uses {account}", account=config.effective_account)
    return Check(STEP, Code.TEMPLATE_NAMES_AMP, f"dc/{config.name}", verdict, seen, fix)
