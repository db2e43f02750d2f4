"""The six steps as one table: for each, what it plans and what it verifies, in the guide's order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ..check_codes import Code
from ..cluster.state import ProjectState
from ..values import (
    ACCOUNT,
    PROGRAM,
    SECRET_NAME,
    Check,
    Command,
    Fix,
    Refused,
    Request,
    Step,
    Text,
    Verdict,
)
from . import (
    deployment_configs,
    linked_secrets,
    permission_checks,
    permissions,
    readiness,
    registry_secret,
    service_account,
    verification,
)
from .change import Change

Planner = Callable[[ProjectState, Request], tuple[Change, ...]]
Verifier = Callable[[ProjectState, Request], tuple[Check, ...]]


def _nothing(state: ProjectState, request: Request) -> tuple[Change, ...]:
    """Waiting and checking change nothing."""
    return ()


def _accounts(state: ProjectState, request: Request) -> tuple[Check, ...]:
    """The accounts, and whether their pull secrets can be used at all."""
    return (*service_account.verify(state, request), *linked_secrets.broken(state))


TABLE: dict[Step, tuple[Planner, Verifier]] = {
    Step.REGISTRY_SECRET: (registry_secret.plan, registry_secret.verify),
    Step.SERVICE_ACCOUNT: (service_account.plan, _accounts),
    Step.PERMISSIONS: (permissions.plan, permission_checks.verify),
    Step.DEPLOYMENT_CONFIGS: (deployment_configs.plan, deployment_configs.verify),
    Step.READINESS: (_nothing, readiness.verify),
    Step.VERIFICATION: (_nothing, verification.verify),
}


def plan(state: ProjectState, request: Request, steps: tuple[Step, ...] | None = None) -> tuple[Change, ...]:
    """All that is left to do of `steps`, else of those that the request names, in order; empty where nothing is. Raises Usage or
    Refused."""
    wanted = request.steps if steps is None else steps
    return tuple(change for step in wanted if step not in request.skip for change in TABLE[step][0](state, request))


def check_order(state: ProjectState, request: Request) -> None:
    """Raises Refused where it is too early for a step alone: if configs are patched before the account exists, the rollouts
    hang until their deadlines (fact 4), pods keep the pull secrets that their account had then (14), and what `default` can do
    the new pods cannot."""
    step = request.steps[0]
    if step not in (Step.SERVICE_ACCOUNT, Step.DEPLOYMENT_CONFIGS):
        return
    if Step.REGISTRY_SECRET not in request.skip and state.secret is None and "secrets" not in state.unread:
        raise _too_early(step, Text("the secret {name} is not in the project", name=SECRET_NAME), Step.REGISTRY_SECRET)
    if step is Step.SERVICE_ACCOUNT:
        return
    if Step.SERVICE_ACCOUNT not in request.skip:
        _check_account(state, step)
    if Step.PERMISSIONS not in request.skip and permissions.plan(state, replace(request, copy_privileged=True)):
        why = Text("{account} lacks permissions that default has", account=ACCOUNT)
        raise _too_early(step, why, Step.PERMISSIONS)


def _check_account(state: ProjectState, step: Step) -> None:
    if "sa" in state.unread:
        seen = "the service account {name} cannot be read, so it is not known whether it exists"
        raise Refused(Text(seen, name=ACCOUNT))
    account = state.accounts.get(ACCOUNT)
    if account is not None and SECRET_NAME in account.pull_secrets:
        return
    why = Text("the service account {name} is not in the project, so new pods would be refused", name=ACCOUNT)
    if account is not None:
        seen = "the service account {name} does not have the pull secret {secret}"
        why = Text(seen, name=ACCOUNT, secret=SECRET_NAME)
    raise _too_early(step, why, Step.SERVICE_ACCOUNT)


_FIRST = {
    Step.REGISTRY_SECRET: Command((PROGRAM, "step", "registry-secret", "--secret-file", "FILE")),
    Step.SERVICE_ACCOUNT: Command((PROGRAM, "step", "service-account")),
    Step.PERMISSIONS: Command((PROGRAM, "step", "permissions")),
}


def _too_early(step: Step, why: Text, first: Step) -> Refused:
    seen = Text("it is too early for {step}: {why}", step=step.value, why=why)
    return Refused(seen, Fix(Text("carry out step {first} first", first=first.value), (_FIRST[first],)))


def verify(state: ProjectState, request: Request) -> tuple[Check, ...]:
    """All checks of the steps that the request names, in order; a step that was left out is reported as skipped. Raises Usage for a
    config that is not there."""
    checks: list[Check] = []
    for step in request.steps:
        if step in request.skip:
            checks.append(Check(step, Code.STEP_CHECKED, step.value, Verdict.SKIPPED, Text("skipped with --skip")))
        else:
            checks += TABLE[step][1](state, request)
    return tuple(checks)
