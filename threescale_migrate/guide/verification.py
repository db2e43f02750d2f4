"""Step 6: the proof. A config is migrated when its own live pods show it (fact 3, fact 5, fact 14)."""

from __future__ import annotations

from ..check_codes import Code
from ..cluster.state import ProjectState
from ..values import ACCOUNT, GO_ON, Check, Request, Step, Text, Verdict
from .readiness import Assessment, RolloutState, assess, fix, serves, still_terminating, unread
from .selection import choose

STEP = Step.VERIFICATION


def verify(state: ProjectState, request: Request) -> tuple[Check, ...]:
    """For each config, whether template, rollout and pods all show the migration."""
    if unread(state):
        why = Text("{kinds} cannot be read, so it is not known what the pods run as", kinds=", ".join(unread(state)))
        return (Check(STEP, Code.PODS_RUN_AS_AMP, "pods", Verdict.UNKNOWN, why),)
    return tuple(_check(state, assess(state, name)) for name in choose(state, request).configs)


def _check(state: ProjectState, found: Assessment) -> Check:
    subject = f"dc/{found.config}"
    if not found.reached and state.configs[found.config].effective_account != ACCOUNT:
        return Check(STEP, Code.PODS_RUN_AS_AMP, subject, found.verdict, found.why, GO_ON)
    if not found.reached:
        seen = Text.sentences(found.why, serves(state, found.config))
        return Check(STEP, Code.PODS_RUN_AS_AMP, subject, found.verdict, seen, fix(found))
    if found.state is RolloutState.SCALED_TO_ZERO:
        without = "scaled to zero: its next pods will run as {account}"
        if state.configs[found.config].test:
            without = "with spec.test it has no pods between rollouts: those of its next one will run as {account}"
        code, seen = Code.NEXT_PODS_RUN_AS_AMP, Text(without, account=ACCOUNT)
    else:
        running = "{count} of {wanted} pods run as {account}"
        code, seen = Code.PODS_RUN_AS_AMP, Text(running, count=found.ready, wanted=found.wanted, account=ACCOUNT)
    old = [pod for pod in state.pods_of(found.config) if pod.deleted and pod.ready and pod.account != ACCOUNT]
    if old:
        seen = Text.sentences(seen, still_terminating(old[0]))
    return Check(STEP, code, subject, Verdict.PASSED, seen)
