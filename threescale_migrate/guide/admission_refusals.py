"""Pods that admission refused: none is created, and the existing ones look fine (fact 4, fact 20, fact 31).

Only conditions of replication controllers, and events of controllers and configs, show it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ..cluster.state import DeploymentConfig, ProjectState, ReplicationController
from ..values import PROGRAM, RESUME, Command, Fix, Text, Who
from .cause import Cause, CauseKind, short

# What admission answers when it refuses a pod, and what that means. The first that matches counts.
REFUSALS: tuple[tuple[str, CauseKind, str, str, tuple[Command, ...]], ...] = (
    (
        r"error looking up service account",
        CauseKind.ACCOUNT_MISSING,
        "{name}: {pods} is refused because the service account {account} does not exist",
        "create the service account",
        (Command((PROGRAM, "step", "service-account")), RESUME),
    ),
    (
        r"unable to validate against any security context constraint",
        CauseKind.SCC,
        "{name}: {pods} is refused because the account {account} has no permission to use the SCC that it needs",
        "ask a cluster admin to grant {account} the SCC that the pods of default have: the value of their annotation openshift.io/scc",
        (Command(("oc", "adm", "policy", "add-scc-to-user", "SCC", "-z", "{account}"), Who.CLUSTER_ADMIN), RESUME),
    ),
    (
        r"failed quota: [^:]+: must specify|must specify (?:cpu|memory|limits|requests)",
        CauseKind.QUOTA,
        "{name}: {pods} is refused because it does not set the resources that a quota counts: {detail}",
        "set requests and limits in dc/{name}, or ask for a LimitRange with defaults in the project",
        (RESUME,),
    ),
    (
        r"exceeded quota|maximum \S+ usage per|LimitRange",
        CauseKind.QUOTA,
        "{name}: {pods} is refused because a quota or limit is exceeded: {detail}",
        "raise {quota} or free resources",
        (Command(("oc", "describe", "quota,limits")), RESUME),
    ),
    (
        r"failed calling webhook|failed to call webhook",
        CauseKind.WEBHOOK,
        "{name}: {pods} is not admitted yet because a webhook of the cluster does not answer: {detail}",
        "wait: the cluster retries by itself; or ask a cluster admin to check the webhook",
        (),
    ),
    (
        r"is forbidden|denied the request|admission webhook",
        CauseKind.ADMISSION,
        "{name}: {pods} is refused: {detail}",
        "fix what the message says",
        (RESUME,),
    ),
)
# How the event of a config begins whose deployer pod was not created (fixtures/quotas).
NO_DEPLOYER = "Error creating deployer pod: "
# The reason in a replication controller that ended for want of a deployer pod (fact 31).
NOT_MADE = "unable to create deployer pod"


def pods_refused(state: ProjectState, config: DeploymentConfig, newest: ReplicationController) -> Iterator[Cause]:
    """The pods that were never created, by the replication controller's condition, or by its events; after a failure
    the config repeats them (fact 31)."""
    messages = [newest.failure] if newest.failure else []
    if newest.current_replicas == 0 or newest.failure:
        messages += [
            event.message
            for event in state.events_about("ReplicationController", newest.name)
            if event.reason == "FailedCreate"
        ]
    if newest.phase == "Failed":
        messages += [message for message in _said_of(state, config, newest) if not message.startswith(NO_DEPLOYER)]
    for message in messages:
        yield from _refusal(state, config, newest, Text("a new pod"), message)


def deployer_refused(state: ProjectState, config: DeploymentConfig, newest: ReplicationController) -> Iterator[Cause]:
    """The deployer pod that was never created: the event is the config's, not the controller's (fact 31)."""
    if not (abandoned(state, newest) or newest.status_reason == NOT_MADE):
        return
    for message in _said_of(state, config, newest):
        if message.startswith(NO_DEPLOYER):
            yield from _refusal(state, config, newest, Text("the deployer pod"), message)


def _said_of(state: ProjectState, config: DeploymentConfig, newest: ReplicationController) -> list[str]:
    """What the events of a config say about the pods of one revision that were not created, the latest first."""
    events = sorted(state.events_about("DeploymentConfig", config.name), key=lambda event: event.last, reverse=True)
    return [
        event.message.replace("(combined from similar events): ", "")
        for event in events
        if event.reason == "FailedCreate" and f'"{newest.name}-' in event.message
    ]


def abandoned(state: ProjectState, newest: ReplicationController) -> bool:
    """Whether a revision that has not ended has no deployer pod: it makes no progress, unless one is about to be created."""
    return newest.phase in ("New", "Pending", "Running") and not any(
        pod.role == "deployer" for pod in state.pods_of_controller(newest.name)
    )


def _refusal(
    state: ProjectState, config: DeploymentConfig, newest: ReplicationController, pods: Text, message: str
) -> Iterator[Cause]:
    """What admission answered for a pod, by the table."""
    for pattern, kind, sentence, fix, commands in REFUSALS:
        if not re.search(pattern, message):
            continue
        quota = re.search(r"exceeded quota: ([^,\s]+)", message)
        named = {
            "name": config.name,
            "pods": pods,
            "account": newest.account,
            "detail": short(message),
            "quota": Text("quota {quota}", quota=quota[1]) if quota else Text("the limit"),
        }
        if kind is CauseKind.ACCOUNT_MISSING and newest.account in state.accounts:
            yield from _account_was_missing(config, newest)
        else:
            lasting = kind is not CauseKind.WEBHOOK  # it may answer again
            yield Cause(kind, Text(sentence, **named), Fix(Text(fix, **named), _about(commands, newest)), lasting)
        return


def _about(commands: tuple[Command, ...], newest: ReplicationController) -> tuple[Command, ...]:
    """The commands of the table about the account of a revision."""
    named = {"{account}": newest.account}
    return tuple(replace(command, argv=tuple(named.get(word, word) for word in command.argv)) for command in commands)


def _account_was_missing(config: DeploymentConfig, newest: ReplicationController) -> Iterator[Cause]:
    """The account exists by now: a rollout under way continues by itself, a failed one has to be started again."""
    if newest.phase == "Failed":
        seen = "{name}: the new pods were refused because the service account {account} did not exist; it does now"
        sentence = Text(seen, name=config.name, account=newest.account)
        yield Cause(CauseKind.ACCOUNT_MISSING, sentence, Fix(commands=(RESUME,)))
