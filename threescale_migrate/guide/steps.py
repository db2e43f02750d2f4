"""The six steps as one table: for each, what it plans and what it verifies. It reads like the guide."""

from __future__ import annotations

from collections.abc import Callable

from ..project import ProjectState
from ..values import Action, Check, Step, Text, Verdict, Wish
from . import deployment_configs, permissions, readiness, registry_secret, service_account, verification

Planner = Callable[[ProjectState, Wish], tuple[Action, ...]]
Verifier = Callable[[ProjectState, Wish], tuple[Check, ...]]


def _nothing(state: ProjectState, wish: Wish) -> tuple[Action, ...]:
    """Waiting and looking change nothing."""
    return ()


TABLE: dict[Step, tuple[Planner, Verifier]] = {
    Step.REGISTRY_SECRET: (registry_secret.plan, registry_secret.verify),
    Step.SERVICE_ACCOUNT: (service_account.plan, service_account.verify),
    Step.PERMISSIONS: (permissions.plan, permissions.verify),
    Step.DEPLOYMENT_CONFIGS: (deployment_configs.plan, deployment_configs.verify),
    Step.READINESS: (_nothing, readiness.verify),
    Step.VERIFICATION: (_nothing, verification.verify),
}


def plan(state: ProjectState, wish: Wish, steps: tuple[Step, ...] = tuple(Step)) -> tuple[Action, ...]:
    """All that is left to do, in order; empty where nothing is. Raises Usage or Refused."""
    return tuple(action for step in steps if step not in wish.skip for action in TABLE[step][0](state, wish))


def verify(state: ProjectState, wish: Wish, steps: tuple[Step, ...] = tuple(Step)) -> tuple[Check, ...]:
    """All checks, in order; a step that was left out is said to be. Raises Usage for a config that is not there."""
    checks: list[Check] = []
    for step in steps:
        if step in wish.skip:
            checks.append(Check(step, step.value, Verdict.PASSED, Text("not looked at: it was left out with --skip")))
        else:
            checks += TABLE[step][1](state, wish)
    return tuple(checks)
