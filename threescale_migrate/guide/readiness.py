"""Step 5: the state of each rollout, by the config, its replication controllers and its pods.

One pure function judges a config. The newest replication controller's phase counts, and the pods are the proof
(fact 1, fact 2, fact 3, fact 12, fact 14).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from ..check_codes import Code
from ..cluster.state import DeploymentConfig, Pod, ProjectState, ReplicationController
from ..values import (
    ACCOUNT,
    NO_FIX,
    PROGRAM,
    RESUME,
    SECRET_NAME,
    Check,
    Command,
    Fix,
    Request,
    Step,
    Text,
    Verdict,
    resume,
)
from .cause import Cause, then
from .failed_rollouts import cancelled, expired, find_cause
from .selection import choose

STEP = Step.READINESS


class RolloutState(str, Enum):
    """The state of the newest rollout of a config."""

    NOT_STARTED = "not started"
    WAITING_FOR_IMAGE = "waiting for its image"
    WAITING_FOR_DEPLOYER = "waiting for the deployer"
    HOOKS = "hooks"
    UNDER_WAY = "under way"
    COMPLETE = "complete"
    SETTLING = "complete, pods not ready"
    FAILED = "failed"
    STALE_PAUSED = "stale: paused"
    STALE_NO_TRIGGER = "stale: no trigger"
    STALE_PODS = "stale: old pods"
    SCALED_TO_ZERO = "scaled to zero"
    TORN = "unclear"


STALE = frozenset({RolloutState.STALE_PAUSED, RolloutState.STALE_NO_TRIGGER, RolloutState.STALE_PODS})
# All others pass by themselves, if nothing fails.
MOVING = frozenset(RolloutState) - STALE - {RolloutState.COMPLETE, RolloutState.FAILED, RolloutState.SCALED_TO_ZERO}


# In these nothing has ended yet, so that what was read between two changes harms nothing.
UNFINISHED = frozenset(
    {RolloutState.NOT_STARTED, RolloutState.WAITING_FOR_IMAGE, RolloutState.WAITING_FOR_DEPLOYER, RolloutState.HOOKS,
     RolloutState.UNDER_WAY}
)  # fmt: skip


@dataclass(frozen=True)
class Goal:
    """What the pods of a config have to have: their account, and the pull secret where one is needed."""

    account: str = ACCOUNT
    pull_secret: str | None = SECRET_NAME


MIGRATED = Goal()


@dataclass(frozen=True)
class Assessment:
    """The verdict on one config.

    `reached` is true only when its template, its newest rollout and all its own live pods show the goal. `ready` of
    `wanted` pods show it so far. `cause` says why a rollout fails or does not finish, where that is known.
    """

    config: str
    state: RolloutState
    reached: bool
    reason: Text
    revision: int
    ready: int
    wanted: int
    cause: Cause | None = None

    @property
    def why(self) -> Text:
        """Why it is where it is: the cause, where that is known."""
        return self.reason if self.cause is None else self.cause.sentence

    @property
    def verdict(self) -> Verdict:
        """What a check says of it: lists that contradict each other prove nothing, neither that it is right nor that it is not."""
        if self.reached:
            return Verdict.PASSED
        return Verdict.UNKNOWN if self.state is RolloutState.TORN else Verdict.FAILED

    @property
    def moving(self) -> bool:
        """Whether waiting may help: under way, and nothing known that will stop it for good."""
        return not self.reached and self.state in MOVING and not (self.cause is not None and self.cause.lasting)


def assess(state: ProjectState, name: str, goal: Goal = MIGRATED) -> Assessment:
    """Judges one config of `state.configs`; rests on fixtures/rollouts and fixtures/documented-procedure."""
    config = state.configs[name]
    newest = state.newest(name)
    rollout, reason = _rollout(state, config, newest)
    pods = [pod for pod in state.pods_of(name) if pod.live]
    proved = [pod for pod in pods if newest is not None and pod.controller == newest.name and proves(pod, goal)]
    wanted = config.resting_replicas
    template_right = config.effective_account == goal.account
    reached = False
    if rollout is RolloutState.COMPLETE:
        rollout, reason, reached = _proof(config, pods, proved, goal, reason)
        reason = _with_old(state, name, goal, reason) if reached else reason
    elif rollout is RolloutState.SCALED_TO_ZERO:
        reached = template_right and not pods
    if rollout in (RolloutState.COMPLETE, RolloutState.SCALED_TO_ZERO) and not template_right:
        reached = False
        reason = Text("its template uses {account}", account=config.effective_account)
    contradiction = state.contradiction(name)
    if contradiction is not None and template_right and rollout not in UNFINISHED:
        rollout, reached, reason = RolloutState.TORN, False, _torn(contradiction)
    cause = (
        None
        if reached or rollout is RolloutState.TORN or rollout is RolloutState.COMPLETE
        else find_cause(state, config, newest)
    )
    return Assessment(name, rollout, reached, reason, config.latest_version, len(proved), wanted, cause)


def _torn(contradiction: tuple[str, str]) -> Text:
    """Why nothing is concluded from lists that contradict each other."""
    kind, name = contradiction
    if kind == "rc":
        return Text("revision {name} is newer than the config says: the lists do not fit together", name=name)
    return Text("pod {name} belongs to a revision that is in no list: the lists do not fit together", name=name)


def assess_all(state: ProjectState, names: Iterable[str], goal: Goal = MIGRATED) -> tuple[Assessment, ...]:
    """The verdicts on several configs, in the order of `names`."""
    return tuple(assess(state, name, goal) for name in names)


def unread(state: ProjectState) -> tuple[str, ...]:
    """The types that could not be read and without which nothing is known of rollouts."""
    return tuple(kind for kind in ("dc", "rc", "pods") if kind in state.unread)


def proves(pod: Pod, goal: Goal) -> bool:
    """Whether a pod runs as the goal says; a pod keeps both from its admission (fact 14)."""
    carries = goal.pull_secret is None or goal.pull_secret in pod.pull_secrets
    return pod.live and pod.ready and pod.account == goal.account and carries


def _rollout(
    state: ProjectState, config: DeploymentConfig, newest: ReplicationController | None
) -> tuple[RolloutState, Text]:
    """The state of the rollout, whether or not its pods are the right ones."""
    if config.observed_generation < config.generation and not config.paused and not _seen_by_controller(config, newest):
        # The status is still that of the revision before (fact 2).
        return RolloutState.NOT_STARTED, Text("the patch has not taken effect yet")
    if newest is None:
        waiting = _waiting_image(state, config)
        if waiting:
            return RolloutState.WAITING_FOR_IMAGE, Text("image stream {stream} has no image yet", stream=waiting)
        return RolloutState.NOT_STARTED, Text("revision {revision} has not begun", revision=config.latest_version)
    named = {"revision": newest.version}
    if newest.phase in ("New", "Pending"):
        return RolloutState.WAITING_FOR_DEPLOYER, Text("revision {revision} waits for its deployer", **named)
    if newest.phase == "Running":
        return _running(state, config, newest)
    if newest.phase not in ("Complete", "Failed"):
        return RolloutState.NOT_STARTED, Text("revision {revision} has not begun", **named)
    if newest.account != config.effective_account:
        # How it ended says nothing about the present template.
        return _stale(state, config, newest)
    if newest.phase == "Failed":
        return RolloutState.FAILED, _failure(state, config, newest)
    if config.replicas == 0:
        return RolloutState.SCALED_TO_ZERO, Text("revision {revision}, scaled to zero", **named)
    if config.test:
        seen = "revision {revision} is complete; with spec.test it has pods only while a rollout runs"
        return RolloutState.SCALED_TO_ZERO, Text(seen, **named)
    return RolloutState.COMPLETE, Text("revision {revision} is complete", **named)


def _seen_by_controller(config: DeploymentConfig, newest: ReplicationController | None) -> bool:
    """Whether the newest revision has the template's account although the config's status lags behind, as it does while
    somebody scales it (fact 32). A failed revision may be that of the previous template."""
    return newest is not None and newest.account == config.effective_account and newest.phase != "Failed"


def _running(state: ProjectState, config: DeploymentConfig, newest: ReplicationController) -> tuple[RolloutState, Text]:
    named: dict[str, object] = {"revision": newest.version}
    for pod in state.pods_of_controller(newest.name):
        if pod.role == "hook" and pod.live:
            kind = "pre" if pod.name.endswith("-pre") else "post" if pod.name.endswith("-post") else "mid"
            return RolloutState.HOOKS, Text("revision {revision} runs its {kind} hook", kind=kind, **named)
    named.update(ready=newest.ready_replicas, wanted=config.replicas)
    return RolloutState.UNDER_WAY, Text("revision {revision}: {ready} of {wanted} pods ready", **named)


def _failure(state: ProjectState, config: DeploymentConfig, newest: ReplicationController) -> Text:
    named = {"revision": newest.version, "seconds": config.timeout_seconds}
    if cancelled(config, newest) and newest.name in state.cancelled_by:
        return Text("revision {revision} was cancelled by run {run}", run=state.cancelled_by[newest.name], **named)
    if cancelled(config, newest):
        return Text("revision {revision} was cancelled", **named)
    if expired(config, newest):
        return Text("revision {revision} failed: its pods were not ready within {seconds} s", **named)
    return Text("revision {revision} failed", **named)


def _stale(state: ProjectState, config: DeploymentConfig, newest: ReplicationController) -> tuple[RolloutState, Text]:
    """Complete, by every status field, with the pods of the old revision (fact 12)."""
    named = {"revision": newest.version}
    if config.paused:
        seen = Text("it is paused: the pods are still those of revision {revision}", **named)
        return RolloutState.STALE_PAUSED, seen
    if not config.config_change:
        seen = Text("it has no ConfigChange trigger: the pods are still those of revision {revision}", **named)
        return RolloutState.STALE_NO_TRIGGER, seen
    waiting = _waiting_image(state, config)
    if waiting:
        return RolloutState.WAITING_FOR_IMAGE, Text("image stream {stream} has no image", stream=waiting)
    seen = Text("its trigger has not fired yet; revision {revision} still serves", **named)
    return RolloutState.NOT_STARTED, seen


def _waiting_image(state: ProjectState, config: DeploymentConfig) -> str:
    """The image stream that a config waits for, silently: never resolved, or its import failed (fact 20)."""
    for trigger in config.image_triggers:
        if not trigger.automatic:
            continue
        stream = state.streams.get(trigger.stream)
        if stream is not None and trigger.tag in stream.tags:
            continue  # a new config has not resolved it yet (fact 32)
        if not trigger.resolved or (stream is not None and any(tag == trigger.tag for tag, _ in stream.failures)):
            return f"{trigger.stream}:{trigger.tag}"
    return ""


def _proof(
    config: DeploymentConfig, pods: list[Pod], proved: list[Pod], goal: Goal, reason: Text
) -> tuple[RolloutState, Text, bool]:
    """What the pods show of a rollout that is complete."""
    if config.effective_account != goal.account:
        return RolloutState.COMPLETE, reason, False
    wrong = [pod for pod in pods if pod.account != goal.account]
    bare = [pod for pod in pods if goal.pull_secret is not None and goal.pull_secret not in pod.pull_secrets]
    if wrong:
        seen = Text("pod {pod} runs as {account}", pod=wrong[0].name, account=wrong[0].account)
        return RolloutState.STALE_PODS, seen, False
    if bare:
        seen = Text("pod {pod} was created without the pull secret {secret}", pod=bare[0].name, secret=goal.pull_secret)
        return RolloutState.STALE_PODS, seen, False
    if len(proved) < len(pods) or len(proved) < config.replicas:
        seen = Text("{ready} of {wanted} pods ready", ready=len(proved), wanted=max(config.replicas, len(pods)))
        return RolloutState.SETTLING, seen, False
    return RolloutState.COMPLETE, reason, True


def _with_old(state: ProjectState, name: str, goal: Goal, reason: Text) -> Text:
    """The reason, with an old pod that does not end: on a node that is away it may be there, and serve, for long (fact 39)."""
    for pod in state.pods_of(name):
        if pod.deleted and pod.phase in ("Pending", "Running", "Unknown") and pod.account != goal.account:
            return Text.sentences(reason, still_terminating(pod))
    return reason


def still_terminating(pod: Pod) -> Text:
    """What is said of an old pod that does not end."""
    return Text("pod {pod}, which runs as {account}, is still terminating", pod=pod.name, account=pod.account)


def fix(assessment: Assessment, undoing: bool = False) -> Fix:
    """What a user can do about a config that has not reached its goal, of a migration or of its undoing."""
    name = assessment.config
    if assessment.cause is not None and assessment.state is not RolloutState.STALE_PAUSED:
        return assessment.cause.fix
    if assessment.state is RolloutState.STALE_PAUSED:
        if undoing:
            return then(Text("let it redeploy"), ("rollout", "resume", f"dc/{name}"))
        return Fix(Text("let it redeploy"), (resume("--resume-paused"),))
    if assessment.state in (RolloutState.STALE_NO_TRIGGER, RolloutState.STALE_PODS, RolloutState.FAILED):
        return Fix(commands=(RESUME,))
    if assessment.moving:
        return Fix(Text("wait for its rollout"), (RESUME if undoing else Command((PROGRAM, "step", "readiness")),))
    return NO_FIX


def serving(state: ProjectState, name: str) -> list[Pod]:
    """The pods of a config that serve now."""
    return [pod for pod in state.pods_of(name) if pod.live and pod.ready]


def serves(state: ProjectState, name: str) -> Text:
    """Which revisions serve now: after a failure OpenShift scales the old one up again."""
    ready = serving(state, name)
    if not ready:
        return Text("no pod of {name} is ready: it is down", name=name)
    owners = {pod.controller: pod.account for pod in ready}
    found = []
    for controller, account in owners.items():
        count = sum(pod.controller == controller for pod in ready)
        serving_now = "{controller} serves ({count} ready, as {account})"
        found.append(Text(serving_now, controller=controller, count=count, account=account))
    return Text.listed(*found)


def verify(state: ProjectState, request: Request) -> tuple[Check, ...]:
    """For each config, whether its newest rollout has succeeded."""
    if unread(state):
        why = Text("{kinds} cannot be read", kinds=", ".join(unread(state)))
        return (Check(STEP, Code.ROLLOUT_COMPLETE, "dc", Verdict.UNKNOWN, why),)
    return tuple(_check(state, name) for name in choose(state, request).configs)


def _check(state: ProjectState, name: str) -> Check:
    found = assess(state, name, Goal(state.configs[name].effective_account, None))
    if found.reached:
        return Check(STEP, Code.ROLLOUT_COMPLETE, f"dc/{name}", Verdict.PASSED, found.reason)
    return Check(STEP, Code.ROLLOUT_COMPLETE, f"dc/{name}", found.verdict, found.why, fix(found))
