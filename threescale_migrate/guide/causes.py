"""Why a rollout fails or hangs, in one sentence with the deed that mends it.

Told from the states of pods, the conditions of replication controllers and warning events. Where admission refuses the
pods none is created, and those that exist look fine (recordings/README.md 4, 20): the events and the failure condition
of the replication controller are all there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from ..project import DeploymentConfig, Pod, ProjectState, ReplicationController
from ..values import REGISTRY, SECRET_NAME, Text


class CauseKind(str, Enum):
    """What stops a rollout."""

    ACCOUNT_MISSING = "account missing"
    IMAGE_PULL = "image pull"
    IMAGE_IMPORT = "image import"
    SCC = "scc"
    QUOTA = "quota"
    ADMISSION = "admission"
    CRASH_LOOP = "crash loop"
    NOT_READY = "not ready"
    NO_NODE = "no node"
    VOLUME = "volume"
    HOOK = "hook"
    DEPLOYER = "deployer"
    CONFIGURATION = "configuration"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Cause:
    """`sentence` says what is, `deed` what to do. `lasting` causes do not pass by themselves: they are not waited out
    beyond the grace period. `log_of` is a pod whose last log lines say more, with its container."""

    kind: CauseKind
    sentence: Text
    deed: Text
    lasting: bool
    log_of: tuple[str, str] | None = None


PULL_REASONS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}
)
_REFUSED_PULL = re.compile(r'Failed to pull image "([^"]+)"')
CONFIG_REASONS = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})

# What admission says when it refuses a pod, and what that means. The first that matches counts.
REFUSALS: tuple[tuple[str, CauseKind, str, str], ...] = (
    (
        r"error looking up service account",
        CauseKind.ACCOUNT_MISSING,
        "{name}: the new pods are refused, the service account {account} does not exist",
        "run threescale-migrate step service-account, then threescale-migrate migrate",
    ),
    (
        r"unable to validate against any security context constraint",
        CauseKind.SCC,
        "{name}: the new pods are refused, the account {account} may not use the SCC that they need",
        "have a cluster admin run: oc adm policy add-scc-to-user SCC -z {account}, with the SCC that default has",
    ),
    (
        r"exceeded quota|maximum (cpu|memory) usage|must specify limits|LimitRange",
        CauseKind.QUOTA,
        "{name}: the new pods are refused, a quota or limit is exceeded: {detail}",
        "raise the quota or free something (oc describe quota,limits), then run threescale-migrate migrate",
    ),
    (
        r"is forbidden|denied the request|admission webhook",
        CauseKind.ADMISSION,
        "{name}: the new pods are refused: {detail}",
        "mend what the message says, then run threescale-migrate migrate",
    ),
)


def find_cause(state: ProjectState, config: DeploymentConfig, newest: ReplicationController | None) -> Cause | None:
    """The cause that stops the newest rollout of a config, or None where nothing tells of one."""
    if newest is None or (newest.phase == "Complete" and newest.account != config.effective_account):
        return _import_failure(state, config)
    return next(_causes(state, config, newest), None)


def _causes(state: ProjectState, config: DeploymentConfig, newest: ReplicationController) -> Iterator[Cause]:
    yield from _cancelled(config, newest)
    yield from _refused(state, config, newest)
    own = state.pods_of_controller(newest.name)
    pods = [pod for pod in own if pod.role == "app" and not pod.deleted]
    helpers = [pod for pod in own if pod.role != "app"]
    for pod in helpers:
        if pod.role == "hook":
            yield from _hook(config, pod)
    for pod in pods:
        yield from _of_pod(state, config, pod)
    yield from _from_events(state, config, newest)
    for pod in helpers:
        if pod.role == "deployer":
            yield from _deployer(state, config, newest, pod)
    yield from _not_ready(config, newest, pods)


def _cancelled(config: DeploymentConfig, newest: ReplicationController) -> Iterator[Cause]:
    condition = config.conditions.get("Progressing")
    if newest.phase == "Failed" and (
        newest.cancelled or (condition is not None and condition.reason == "RolloutCancelled")
    ):
        yield Cause(
            CauseKind.CANCELLED,
            Text("{name}: somebody cancelled revision {revision}", name=config.name, revision=newest.version),
            Text("ask who it was; then run threescale-migrate migrate"),
            lasting=True,
        )


def _refused(state: ProjectState, config: DeploymentConfig, newest: ReplicationController) -> Iterator[Cause]:
    """The pods that were never created: told by the replication controller's condition, or by its events."""
    messages = [newest.failure] if newest.failure else []
    if newest.current_replicas == 0 or newest.failure:
        messages += [
            event.message
            for event in state.events_about("ReplicationController", newest.name)
            if event.reason == "FailedCreate"
        ]
    for message in messages:
        for pattern, kind, sentence, deed in REFUSALS:
            if re.search(pattern, message):
                told = {"name": config.name, "account": newest.account, "detail": _short(message)}
                yield Cause(kind, Text(sentence, **told), Text(deed, **told), lasting=True)
                break


def _hook(config: DeploymentConfig, pod: Pod) -> Iterator[Cause]:
    kind = pod.name.rpartition("-")[2]
    for container in pod.containers:
        if container.waiting in PULL_REASONS:
            yield Cause(
                CauseKind.HOOK,
                Text(
                    "{name}: its {kind} hook runs as default and cannot pull {image}",
                    name=config.name,
                    kind=kind,
                    image=_image(container.image),
                ),
                # A pod keeps what it was admitted with, so the hook that hangs has to go (recordings/README.md 14, 17).
                Text(
                    "oc secrets link default {secret} --for=pull, oc rollout cancel dc/{name}, then threescale-migrate migrate",
                    secret=SECRET_NAME,
                    name=config.name,
                ),
                lasting=True,
            )
    if pod.phase == "Failed":
        container_name = pod.containers[0].name if pod.containers else ""
        yield Cause(
            CauseKind.HOOK,
            Text("{name}: its {kind} hook failed", name=config.name, kind=kind),
            Text("read oc logs {pod}, mend it, then run threescale-migrate migrate", pod=pod.name),
            lasting=True,
            log_of=(pod.name, container_name),
        )


def _of_pod(state: ProjectState, config: DeploymentConfig, pod: Pod) -> Iterator[Cause]:
    for container in pod.containers:
        if container.waiting in PULL_REASONS:
            yield _pull(state, config.name, container.image, pod.account, pod.pull_secrets)
        elif container.waiting == "CrashLoopBackOff" or (container.restarts > 1 and not container.ready):
            yield Cause(
                CauseKind.CRASH_LOOP,
                Text(
                    "{name}: container {container} crashes and was restarted {restarts} times{code}",
                    name=config.name,
                    container=container.name,
                    restarts=container.restarts,
                    code="" if container.exit_code is None else f" (exit code {container.exit_code})",
                ),
                Text("read oc logs {pod} --previous, mend it, then run threescale-migrate migrate", pod=pod.name),
                lasting=True,
                log_of=(pod.name, container.name),
            )
        elif container.waiting in CONFIG_REASONS:
            yield Cause(
                CauseKind.CONFIGURATION,
                Text(
                    "{name}: the container cannot start: {detail}", name=config.name, detail=_short(container.message)
                ),
                Text("mend what the message says, then run threescale-migrate migrate"),
                lasting=True,
            )
    if pod.unschedulable:
        yield Cause(
            CauseKind.NO_NODE,
            Text("{name}: no node takes the new pod: {detail}", name=config.name, detail=_short(pod.unschedulable)),
            Text("make room or mend the node selector (oc describe pod {pod})", pod=pod.name),
            lasting=True,
        )
    yield from _volume(state, config, pod)


def _volume(state: ProjectState, config: DeploymentConfig, pod: Pod) -> Iterator[Cause]:
    if pod.phase != "Pending":
        return
    for event in state.events_about("Pod", pod.name):
        if event.reason in ("FailedAttachVolume", "FailedMount"):
            yield Cause(
                CauseKind.VOLUME,
                Text(
                    "{name}: the new pod waits for a volume that the old pod still holds: {detail}",
                    name=config.name,
                    detail=_short(event.message),
                ),
                Text(
                    "see where the old pod is (oc get pods -o wide) and let it end; then run threescale-migrate migrate"
                ),
                lasting=True,
            )
            return


def _pull(state: ProjectState, name: str, image: str, account: str, carried: tuple[str, ...]) -> Cause:
    """Whose registry it is, and whether the pod has a login for it; `carried` are the pull secrets of the pod."""
    registry = image.partition("/")[0] if "." in image.partition("/")[0] else "docker.io"
    told = {
        "name": name,
        "image": _image(image),
        "registry": registry,
        "secret": SECRET_NAME,
        "account": account,
    }
    if registry == REGISTRY and SECRET_NAME not in carried:
        sentence = "{name}: the image {image} cannot be pulled: the pod was made without the pull secret {secret}"
        deed = "run oc secrets link {account} {secret} --for=pull, then threescale-migrate migrate"
    elif registry == REGISTRY and state.secret is None and "secrets" not in state.unread:
        sentence = "{name}: the image {image} cannot be pulled: the pull secret {secret} is not in the project"
        deed = "run threescale-migrate step registry-secret --secret-file FILE, then threescale-migrate migrate"
    elif registry == REGISTRY:
        sentence = "{name}: the image {image} cannot be pulled: {registry} does not take the login in {secret}, or cannot be reached"
        deed = "get a new registry secret, run threescale-migrate step registry-secret --secret-file FILE --replace-secret, then migrate"
    else:
        logins = state.secret.registries if state.secret is not None else ()
        sentence = (
            "{name}: the image {image} cannot be pulled from {registry}; there is a login for it in {secret}"
            if registry in logins
            else "{name}: the image {image} cannot be pulled from {registry}; there is no login for it in {secret}"
        )
        deed = "see whether it can be reached and the image exists there (oc describe pod), then run threescale-migrate migrate"
    return Cause(CauseKind.IMAGE_PULL, Text(sentence, **told), Text(deed, **told), lasting=True)


def _from_events(state: ProjectState, config: DeploymentConfig, newest: ReplicationController) -> Iterator[Cause]:
    """After a rollout has failed its pods are gone, and the events about them are what is left."""
    if newest.phase != "Failed":
        return
    own = [event for event in state.events if event.kind == "Pod" and event.name.startswith(f"{newest.name}-")]
    for event in own:
        refused = _REFUSED_PULL.search(event.message)
        if refused:
            account = state.accounts.get(newest.account)
            carried = () if account is None else account.pull_secrets
            yield _pull(state, config.name, refused[1], newest.account, carried)
    for event in own:
        if event.reason in ("Failed", "BackOff") and re.search(r"pull|ImagePull", event.message):
            yield Cause(
                CauseKind.IMAGE_PULL,
                Text("{name}: the image could not be pulled: {detail}", name=config.name, detail=_short(event.message)),
                Text("see why (oc get events), then run threescale-migrate migrate"),
                lasting=True,
            )
        elif event.reason == "BackOff":
            yield Cause(
                CauseKind.CRASH_LOOP,
                Text("{name}: the new pod crashed again and again", name=config.name),
                Text("mend what its log said, then run threescale-migrate migrate"),
                lasting=True,
            )
        elif event.reason == "FailedScheduling":
            yield Cause(
                CauseKind.NO_NODE,
                Text("{name}: no node took the new pod: {detail}", name=config.name, detail=_short(event.message)),
                Text("make room, then run threescale-migrate migrate"),
                lasting=True,
            )


def _deployer(
    state: ProjectState, config: DeploymentConfig, newest: ReplicationController, pod: Pod
) -> Iterator[Cause]:
    condition = config.conditions.get("Progressing")
    expired = condition is not None and condition.reason == "ProgressDeadlineExceeded"
    waiting = [container for container in pod.containers if container.waiting in PULL_REASONS | CONFIG_REASONS]
    if waiting:
        yield Cause(
            CauseKind.DEPLOYER,
            Text("{name}: the deployer pod cannot start ({reason})", name=config.name, reason=waiting[0].waiting),
            Text("see oc describe pod {pod}", pod=pod.name),
            lasting=True,
        )
    elif pod.phase == "Failed" and newest.phase == "Failed" and not _tried(state, newest) and not expired:
        yield Cause(
            CauseKind.DEPLOYER,
            Text("{name}: the deployer pod {pod} failed", name=config.name, pod=pod.name),
            Text("read oc logs {pod}, then run threescale-migrate migrate", pod=pod.name),
            lasting=True,
            log_of=(pod.name, "deployment"),
        )


def _tried(state: ProjectState, newest: ReplicationController) -> bool:
    return any(pod.role == "app" for pod in state.pods_of_controller(newest.name))


def _not_ready(config: DeploymentConfig, newest: ReplicationController, pods: list[Pod]) -> Iterator[Cause]:
    running = [pod for pod in pods if pod.phase == "Running" and not pod.ready]
    if newest.phase == "Failed":
        yield Cause(
            CauseKind.NOT_READY,
            Text(
                "{name}: revision {revision} did not become ready within its deadline of {seconds} s",
                name=config.name,
                revision=newest.version,
                seconds=config.timeout_seconds,
            ),
            Text(
                "see why the pods did not become ready (oc describe dc/{name}), then run threescale-migrate migrate",
                name=config.name,
            ),
            lasting=True,
        )
    elif running:
        yield Cause(
            CauseKind.NOT_READY,
            Text("{name}: pod {pod} runs and is not ready yet", name=config.name, pod=running[0].name),
            Text("see oc describe pod {pod} and oc logs {pod}", pod=running[0].name),
            lasting=False,
        )


def _import_failure(state: ProjectState, config: DeploymentConfig) -> Cause | None:
    for trigger in config.image_triggers:
        stream = state.streams.get(trigger.stream)
        failures = dict(stream.failures) if stream is not None else {}
        if trigger.tag in failures:
            return Cause(
                CauseKind.IMAGE_IMPORT,
                Text(
                    "{name}: image stream {stream}:{tag} could not be imported: {detail}",
                    name=config.name,
                    stream=trigger.stream,
                    tag=trigger.tag,
                    detail=_short(failures[trigger.tag]),
                ),
                Text("mend the import: oc import-image {stream}:{tag}", stream=trigger.stream, tag=trigger.tag),
                lasting=True,
            )
    return None


def _image(name: str) -> str:
    """An image's name with a digest that fits a line."""
    return re.sub(r"(@sha256:[0-9a-f]{8})[0-9a-f]+", r"\1…", name)


def _short(message: str, width: int = 160) -> str:
    """The end of a server's message, which says most, on one line."""
    line = " ".join(message.split())
    line = re.sub(r'^Error creating: pods "[^"]*" is forbidden: ', "", line)
    return line if len(line) <= width else line[: width - 1] + "…"
