"""Why a rollout fails or hangs, in one sentence with the fix.

It is found in the states of pods, in warning events, and in the reason of a failed replication controller.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..cluster.state import ContainerState, DeploymentConfig, Event, Pod, ProjectState, ReplicationController
from ..values import NOTHING, SECRET_NAME, Text
from . import image_pulls
from .admission_refusals import NOT_MADE, deployer_refused, pods_refused
from .cause import Cause, CauseKind, short, then
from .registry_answers import RegistryAnswer, answer_in

CONFIG_REASONS = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
VOLUME_REASONS = frozenset({"FailedAttachVolume", "FailedMount", "FailedMapVolume"})
HELD = r"Multi-Attach|already (used|mounted|attached|in use)|is in use|being used"
# Reasons for which a volume never mounts; any other passes: a disk takes minutes to detach.
BROKEN_VOLUME = r"not found|does ?n[o']t exist|does not exist|denied|not permitted|invalid|wrong fs type|unsupported"
# A container cannot start only because the node is slow.
SLOW_NODE = r"(?i)deadline exceeded|timed? ?out"


def find_cause(state: ProjectState, config: DeploymentConfig, newest: ReplicationController | None) -> Cause | None:
    """The cause that stops the newest rollout of a config, or None where nothing shows one."""
    if newest is None or (newest.phase == "Complete" and newest.account != config.effective_account):
        return _import_failure(state, config)
    return next(_causes(state, config, newest), None)


def _causes(state: ProjectState, config: DeploymentConfig, newest: ReplicationController) -> Iterator[Cause]:
    yield from _cancelled(state, config, newest)
    yield from deployer_refused(state, config, newest)
    yield from pods_refused(state, config, newest)
    own = state.pods_of_controller(newest.name)
    pods = [pod for pod in own if pod.role == "app" and not pod.deleted]
    helpers = [pod for pod in own if pod.role != "app"]
    for pod in helpers:
        if pod.role == "hook":
            yield from _hook(state, config, newest, pod)
    for pod in pods:
        yield from _of_pod(state, config, pod)
    if newest.phase == "Failed":
        yield from _from_events(state, config, newest)
    for pod in helpers:
        if pod.role == "deployer":
            yield from _deployer(config, newest, pod)
    yield from _not_ready(state, config, pods)
    yield from _by_its_own_word(config, newest)


def _cancelled(state: ProjectState, config: DeploymentConfig, newest: ReplicationController) -> Iterator[Cause]:
    if not cancelled(config, newest):
        return
    named = {"name": config.name, "revision": newest.version}
    run = state.cancelled_by.get(newest.name)
    if run is not None:
        seen = Text("{name}: revision {revision} was cancelled by run {run}", run=run, **named)
        yield Cause(CauseKind.CANCELLED, seen, then(Text("fix why it made no progress")))
    else:
        seen = Text("{name}: revision {revision} was cancelled", **named)
        yield Cause(CauseKind.CANCELLED, seen, then(Text("find out who cancelled it and why")))


def cancelled(config: DeploymentConfig, newest: ReplicationController) -> bool:
    """Whether the newest rollout was cancelled: by its annotations, or by a condition that names it."""
    found = config.conditions.get("Progressing")
    named = found is not None and found.reason == "RolloutCancelled" and f'"{newest.name}"' in found.message
    return newest.phase == "Failed" and (newest.cancelled or named)


def expired(config: DeploymentConfig, newest: ReplicationController) -> bool:
    """Whether a failed rollout used all its time; its condition says so for every failure (fixtures/rollouts)."""
    return newest.phase == "Failed" and newest.lasted is not None and newest.lasted >= config.timeout_seconds


DELETED = "deployer pod no longer exists"


def _hook(state: ProjectState, config: DeploymentConfig, newest: ReplicationController, pod: Pod) -> Iterator[Cause]:
    """A hook's pod runs as `default`, and has only the logins of `default` (fact 17)."""
    named = {"name": config.name, "kind": pod.name.rpartition("-")[2], "pod": pod.name}
    for container in pod.containers:
        if container.waiting in image_pulls.REASONS:
            yield _hook_without_image(state, config, pod, container, named)
        elif pod.phase == "Failed" or container.waiting == "CrashLoopBackOff" or container.restarts > 1:
            seen = Text("{name}: its {kind} hook failed", **named)
            if newest.phase != "Failed":
                seen = Text("{name}: its {kind} hook fails and is retried", **named)
            fix = then(Text("find the error in its log, and fix it"), ("logs", pod.name))
            yield Cause(CauseKind.HOOK, seen, fix, log_of=(pod.name, container.name))


def _said_of_pull(state: ProjectState, pod: Pod, container: ContainerState) -> str:
    """What the node says of a pull: in the container's status, and in events."""
    said = [event.message for event in state.events_about("Pod", pod.name) if event.reason == "Failed"]
    return " ".join([container.message, *said])


def _hook_without_image(
    state: ProjectState, config: DeploymentConfig, pod: Pod, container: ContainerState, named: Mapping[str, str]
) -> Cause:
    """Why a hook cannot pull its image: it lacks the login, unless the node says something else."""
    said = _said_of_pull(state, pod, container)
    if answer_in(said) not in (RegistryAnswer.REFUSED, RegistryAnswer.UNKNOWN):
        found = image_pulls.cause_of(state, config.name, container.image, said, pod.account, pod)
        seen = Text.sentences(Text("{name}: its {kind} hook cannot start", **named), found.sentence)
        return Cause(CauseKind.HOOK, seen, found.fix, found.lasting)
    seen = Text(
        "{name}: its {kind} hook runs as default and cannot pull {image}",
        image=image_pulls.shortened(container.image),
        **named,
    )
    # A pod keeps what it was admitted with, so the hook that hangs has to go (fact 14, fact 17).
    fix = then(
        Text("link the pull secret to default, and cancel the rollout whose hook hangs"),
        ("secrets", "link", "default", SECRET_NAME, "--for=pull"),
        ("rollout", "cancel", f"dc/{config.name}"),
    )
    return Cause(CauseKind.HOOK, seen, fix)


def _of_pod(state: ProjectState, config: DeploymentConfig, pod: Pod) -> Iterator[Cause]:
    named: dict[str, object] = {"name": config.name, "pod": pod.name}
    for container in pod.containers:
        if container.waiting in image_pulls.REASONS:
            said = _said_of_pull(state, pod, container)
            yield image_pulls.cause_of(state, config.name, container.image, said, pod.account, pod)
        elif container.waiting == "CrashLoopBackOff" or (container.restarts > 1 and not container.ready):
            code = Text(" (exit code {code})", code=container.exit_code) if container.exit_code is not None else NOTHING
            seen = Text(
                "{name}: container {container} crashes and was restarted {restarts} times{code}",
                **{**named, "container": container.name, "restarts": container.restarts, "code": code},
            )
            fix = then(
                Text("find the error in its log, and fix it"), ("logs", pod.name, "-c", container.name, "--previous")
            )
            yield Cause(CauseKind.CRASH_LOOP, seen, fix, log_of=(pod.name, container.name))
        elif container.waiting in CONFIG_REASONS:
            seen = Text("{name}: the container cannot start: {detail}", detail=short(container.message), **named)
            fix = then(Text("fix what the message says"))
            slow = re.search(SLOW_NODE, container.message)
            yield Cause(CauseKind.CONFIGURATION, seen, fix, lasting=not slow)
    if pod.unschedulable:
        seen = Text("{name}: the new pod cannot be scheduled: {detail}", detail=short(pod.unschedulable), **named)
        fix = then(Text("free capacity, or fix the node selector"), ("describe", "pod", pod.name))
        yield Cause(CauseKind.NO_NODE, seen, fix, lasting=False)
    if pod.phase == "Pending":
        for event in state.events_about("Pod", pod.name):
            yield from _of_volume_event(state, config, event, pod)


def _of_volume_event(
    state: ProjectState, config: DeploymentConfig, event: Event, pod: Pod | None = None
) -> Iterator[Cause]:
    if event.reason not in VOLUME_REASONS:
        return
    named = {"name": config.name, "detail": short(event.message)}
    if not re.search(HELD, event.message):
        seen = Text("{name}: a volume of the new pod cannot be mounted: {detail}", **named)
        fix = then(Text("find the cause in the events of the pod, and fix it"), ("describe", "pod", event.name))
        yield Cause(CauseKind.VOLUME, seen, fix, lasting=re.search(BROKEN_VOLUME, event.message) is not None)
        return
    seen = Text("{name}: the new pod waits for a volume that another pod still holds: {detail}", **named)
    fix = then(Text("find the pod that holds it, and stop it"), ("get", "pods", "-o", "wide"))
    holders = [other for other in state.pods_of(config.name) if pod is not None and other.controller != pod.controller]
    if holders:
        fix = then(Text("stop the old pod"), ("delete", "pod", holders[0].name))
    yield Cause(CauseKind.VOLUME, seen, fix, lasting=False)


def _from_events(state: ProjectState, config: DeploymentConfig, newest: ReplicationController) -> Iterator[Cause]:
    """After a rollout has failed its pods are gone, and the events about them are what is left."""
    own = [event for event in state.events if event.kind == "Pod" and event.name.rpartition("-")[0] == newest.name]
    for event in own:
        refused = image_pulls.PULL_REFUSED.search(event.message)
        if refused:
            yield image_pulls.cause_of(state, config.name, refused[1], event.message, newest.account)
    for event in own:
        named = {"name": config.name, "detail": short(event.message)}
        if event.reason == "Failed" and re.search(r"[Pp]ull", event.message):
            seen = Text("{name}: the image could not be pulled: {detail}", **named)
            fix = then(Text("find the cause in the events, and fix it"), ("get", "events"))
            yield Cause(CauseKind.IMAGE_PULL, seen, fix)
        elif event.reason == "BackOff" and not re.search(r"pull", event.message):
            seen = Text("{name}: the new pod kept crashing", **named)
            yield Cause(CauseKind.CRASH_LOOP, seen, then(Text("fix what its log showed")))
        elif event.reason == "FailedScheduling":
            seen = Text("{name}: the new pod could not be scheduled: {detail}", **named)
            yield Cause(CauseKind.NO_NODE, seen, then(Text("free capacity")))
        elif event.reason in VOLUME_REASONS:
            yield from _of_volume_event(state, config, event)
        elif event.reason == "Unhealthy" and event.message.startswith("Readiness"):
            seen = Text("{name}: the new pod ran but never became ready: {detail}", **named)
            yield Cause(CauseKind.NOT_READY, seen, then(Text("fix the failing readiness check")))


def _deployer(config: DeploymentConfig, newest: ReplicationController, pod: Pod) -> Iterator[Cause]:
    named = {"name": config.name, "pod": pod.name}
    waiting = [container for container in pod.containers if container.waiting in image_pulls.REASONS | CONFIG_REASONS]
    if waiting:
        reason = waiting[0].waiting
        seen = Text("{name}: the deployer pod cannot start ({reason})", reason=reason, **named)
        fix = then(Text("find the cause in the events of the pod, and fix it"), ("describe", "pod", pod.name))
        yield Cause(CauseKind.DEPLOYER, seen, fix)
    elif pod.unschedulable:
        seen = Text("{name}: the deployer pod cannot be scheduled: {detail}", detail=short(pod.unschedulable), **named)
        fix = then(Text("free capacity"), ("describe", "pod", pod.name))
        yield Cause(CauseKind.NO_NODE, seen, fix, lasting=False)
    elif pod.phase == "Failed" and newest.phase == "Failed" and not expired(config, newest):
        seen = Text("{name}: the deployer pod {pod} failed", **named)
        fix = then(Text("find the error in its log, and fix it"), ("logs", pod.name))
        yield Cause(CauseKind.DEPLOYER, seen, fix, log_of=(pod.name, "deployment"))


def _by_its_own_word(config: DeploymentConfig, newest: ReplicationController) -> Iterator[Cause]:
    """The reason in a failed replication controller, where nothing else says more (fact 31)."""
    named = {"name": config.name, "revision": newest.version}
    if newest.phase == "Failed" and newest.status_reason == DELETED:
        seen = Text("{name}: the deployer pod of revision {revision} was deleted while it was working", **named)
        yield Cause(CauseKind.DEPLOYER, seen, then(Text("find out who deleted it and why")))
    elif newest.phase == "Failed" and newest.status_reason == NOT_MADE:
        seen = Text("{name}: the deployer pod of revision {revision} could not be created", **named)
        calls = (("get", "events"), ("describe", f"dc/{config.name}"))
        fix = then(Text("find the cause in the events, and fix it"), *calls)
        yield Cause(CauseKind.DEPLOYER, seen, fix)


def _not_ready(state: ProjectState, config: DeploymentConfig, pods: list[Pod]) -> Iterator[Cause]:
    for pod in pods:
        if pod.phase != "Running" or pod.ready:
            continue
        named = {"name": config.name, "pod": pod.name}
        seen = Text("{name}: pod {pod} runs but is not ready", **named)
        said = [event.message for event in state.events_about("Pod", pod.name) if event.reason == "Unhealthy"]
        if said:
            seen = Text("{name}: pod {pod} runs but is not ready: {detail}", detail=short(said[-1]), **named)
        container = next((container.name for container in pod.containers if not container.ready), "")
        log = ("logs", pod.name, *(("-c", container) if container else ()))
        fix = then(
            Text("find the cause in the events of the pod or in its log, and fix it"),
            ("describe", "pod", pod.name),
            log,
        )
        yield Cause(CauseKind.NOT_READY, seen, fix, lasting=False, log_of=(pod.name, container))


def _import_failure(state: ProjectState, config: DeploymentConfig) -> Cause | None:
    for trigger in config.image_triggers:
        stream = state.streams.get(trigger.stream)
        if (
            not trigger.automatic
            or stream is None
            or trigger.tag in stream.tags
            or trigger.tag not in dict(stream.failures)
        ):
            continue
        named = {"name": config.name, "stream": trigger.stream, "tag": trigger.tag}
        detail = short(dict(stream.failures)[trigger.tag])
        seen = Text("{name}: image stream {stream}:{tag} could not be imported: {detail}", detail=detail, **named)
        return Cause(
            CauseKind.IMAGE_IMPORT,
            seen,
            then(Text("import it again"), ("import-image", f"{trigger.stream}:{trigger.tag}")),
        )
    return None
