"""Step 4: the guide's patch of each DeploymentConfig, and what starts the configs that do not roll out by themselves."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ..check_codes import Code
from ..cluster.state import DeploymentConfig, ProjectState
from ..values import ACCOUNT, DEFAULT_ACCOUNT, NOTHING, Action, Check, Inverse, Request, Step, Text, Verdict
from .readiness import Assessment, RolloutState, assess
from .refusals import abandoned
from .selection import choose, waves

STEP = Step.DEPLOYMENT_CONFIGS
CONFIG = "account-of-config"
PATCH = json.dumps({"spec": {"template": {"spec": {"serviceAccountName": ACCOUNT}}}}, separators=(",", ":"))


def plan(state: ProjectState, request: Request) -> tuple[Action, ...]:
    """The actions for all chosen configs, in the order of the waves."""
    return tuple(action for wave in waves(state, request) for action in plan_configs(state, wave.configs, request))


def plan_configs(state: ProjectState, names: tuple[str, ...], request: Request) -> tuple[Action, ...]:
    """The patch, resume and rollout of the configs that are not migrated, and will not be by waiting."""
    there = [name for name in names if name in state.configs]
    return tuple(action for name in there for action in _plan_config(state, state.configs[name], request))


def _plan_config(state: ProjectState, config: DeploymentConfig, request: Request) -> tuple[Action, ...]:
    found = assess(state, config.name)
    if found.reached:
        return ()
    patched = config.account == ACCOUNT or (config.account is None and config.account_twin == ACCOUNT)
    actions = [] if patched else [patch(config, ACCOUNT)]
    if config.paused and request.resume_paused:
        return (*actions, resume(config))
    if patched and _is_hopeless(state, found):
        return (cancel(config, NO_DEPLOYER), start(config, NO_DEPLOYER))
    return (*actions, *starts(config, found, patched))


NO_DEPLOYER = Text("its newest revision no longer has a deployer pod")


def _is_hopeless(state: ProjectState, found: Assessment) -> bool:
    """Whether the newest revision has no deployer pod, for a reason that does not pass: nothing starts again
    when a quota is raised later (fact 31)."""
    return is_abandoned(state, found.config) and found.cause is not None and found.cause.lasting


def is_abandoned(state: ProjectState, name: str) -> bool:
    """Whether the newest revision of a config has not ended, and has no deployer pod."""
    newest = state.newest(name)
    return newest is not None and abandoned(state, newest)


def cancels(state: ProjectState, names: Iterable[str], account: str = ACCOUNT) -> tuple[Action, ...]:
    """Cancels the revisions that have no deployer, of configs whose template is already right: a patch replaces
    the others. A new rollout is refused until they have ended."""
    return tuple(
        cancel(state.configs[name], NO_DEPLOYER)
        for name in names
        if name in state.configs and state.configs[name].effective_account == account and is_abandoned(state, name)
    )


def starts(config: DeploymentConfig, found: Assessment, patched: bool) -> tuple[Action, ...]:
    """What starts the rollout of a config that is patched as it should be, or will be, where nothing else does; a paused config
    refuses that (fact 12)."""
    stalled = found.state in (RolloutState.FAILED, RolloutState.STALE_NO_TRIGGER, RolloutState.STALE_PODS)
    if config.paused or not (stalled if patched else not config.config_change):
        return ()
    if not config.config_change:
        return (start(config, Text("it has no ConfigChange trigger and does not start by itself")),)
    return (start(config, found.reason),)


def patch(config: DeploymentConfig, account: str | None, twin: str | None = ACCOUNT) -> Action:
    """The guide's patch for `amp`; for anything else one that sets both fields (fact 6)."""
    return Action(
        STEP,
        f"dc/{config.name}",
        ("patch", "dc", config.name, "--patch", PATCH if account == ACCOUNT else account_patch(account, twin)),
        Text(
            "its pods run as {account} and have to run as {wanted}",
            account=config.effective_account,
            wanted=account or twin or DEFAULT_ACCOUNT,
        ),
        back_to(config.name, config.account, config.account_twin, account, twin),
    )


def back_to(name: str, account: str | None, twin: str | None, given: str | None, given_twin: str | None) -> Inverse:
    """How the patch that gave a config its account is undone: by one that sets both fields to what they were before."""
    detail = {"account": account, "twin": twin, "given": given, "given_twin": given_twin}
    return Inverse(CONFIG, name, ("patch", "dc", name, "--patch", account_patch(account, twin)), detail)


def account_patch(account: str | None, twin: str | None) -> str:
    """A patch that sets, or clears, both fields of the account: the server fills one from the other (fact 6)."""
    spec = {"serviceAccount": twin, "serviceAccountName": account}
    return json.dumps({"spec": {"template": {"spec": spec}}}, separators=(",", ":"))


def _rollout(config: DeploymentConfig, verb: str, why: Text, back: str = "") -> Action:
    """One of `oc rollout`'s verbs, which the verb `back` undoes; there is nothing to undo in a rollout as such."""
    name = f"dc/{config.name}"
    inverse = Inverse(back, config.name, ("rollout", back, name)) if back else Inverse("rollout", config.name)
    return Action(STEP, name, ("rollout", verb, name), why, inverse)


def resume(config: DeploymentConfig) -> Action:
    """Lets a paused config roll out."""
    return _rollout(config, "resume", Text("it is paused and would not redeploy"), "pause")


def pause(config: DeploymentConfig) -> Action:
    """Pauses a config that was paused before."""
    return _rollout(config, "pause", Text("it was paused before"), "resume")


def start(config: DeploymentConfig, why: Text) -> Action:
    """Starts a rollout that nothing else starts."""
    return _rollout(config, "latest", why)


def cancel(config: DeploymentConfig, why: Text) -> Action:
    """Ends a rollout that makes no progress."""
    return _rollout(config, "cancel", why)


def verify(state: ProjectState, request: Request) -> tuple[Check, ...]:
    """Whether each config's template names `amp`; and what was left out, and why."""
    if "dc" in state.unread:
        seen = Text("they cannot be read: {why}", why=state.unread["dc"])
        return (Check(STEP, Code.CONFIGS_PRESENT, "dc", Verdict.UNKNOWN, seen),)
    selection = choose(state, request)
    checks = [_check(state.configs[name]) for name in selection.configs]
    if not selection.configs:
        seen = Text("there is no DeploymentConfig of 3scale in project {project}", project=state.namespace or "?")
        fix = Text("if it is the wrong project, name the right one with -n")
        checks.append(Check(STEP, Code.CONFIGS_PRESENT, "dc", Verdict.FAILED, seen, fix))
    left = [
        (Code.CONFIG_ABSENT, name, Text("it is not in this project: nothing to migrate")) for name in selection.absent
    ]
    for name, account in selection.own_account:
        seen = Text("it runs as {account}, its own account, and is left alone", account=account)
        left.append((Code.CONFIG_HAS_OWN_ACCOUNT, name, seen))
    foreign = Text("it does not belong to 3scale and is left alone")
    left += [(Code.CONFIG_FOREIGN, name, foreign) for name in selection.foreign]
    checks += [Check(STEP, code, f"dc/{name}", Verdict.PASSED, seen) for code, name, seen in left]
    if selection.unchosen:
        seen = Text.plural(
            "{count} config of 3scale was left out with --dc: {names}",
            "{count} configs of 3scale were left out with --dc: {names}",
            count=len(selection.unchosen),
            names=", ".join(selection.unchosen),
        )
        checks.append(Check(STEP, Code.CONFIGS_ALL_CHOSEN, "dc", Verdict.SKIPPED, seen))
    return tuple(checks)


def _check(config: DeploymentConfig) -> Check:
    verdict, fix = Verdict.FAILED, Text("threescale-migrate migrate")
    if config.effective_account == ACCOUNT:
        verdict, fix = Verdict.PASSED, NOTHING
    seen = Text("its template uses {account}", account=config.effective_account)
    return Check(STEP, Code.TEMPLATE_NAMES_AMP, f"dc/{config.name}", verdict, seen, fix)
