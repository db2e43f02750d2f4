"""Why a rollout fails or hangs, in one sentence with the deed that fixes it.

Told from the states of pods, the conditions of replication controllers and warning events. Where admission refuses the
pods none is created, and those that exist look fine (recordings/README.md 4, 20): the events and the failure condition
of the replication controller are all there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from ..cluster.project import DeploymentConfig, Event, Pod, ProjectState, ReplicationController
from ..values import NOTHING, REGISTRY, SECRET_NAME, Text


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
    """`sentence` says what is, `deed` what to do. `lasting` causes do not pass by themselves.

    `patience` is how many grace periods a cause is waited out, instead of the config's deadline. `log_of` is a pod whose last
    log lines say more, with its container.
    """

    kind: CauseKind
    sentence: Text
    deed: Text
    lasting: bool
    log_of: tuple[str, str] | None = None
    patience: int = 1


# A pod that runs may yet become ready; it is given this many grace periods.
READY_PATIENCE = 10
PULL_REASONS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}
)
_REFUSED_PULL = re.compile(r'Failed to pull image "([^"]+)"')
CONFIG_REASONS = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})

VOLUME_REASONS = frozenset({"FailedAttachVolume", "FailedMount", "FailedMapVolume"})
HELD = r"Multi-Attach|already (used|mounted|attached|in use)|is in use|being used"

REFUSED = "{registry} refuses the login"
# What a registry or the runtime said of a pull, what that means, and the deed. The first that matches counts.
PULLS: tuple[tuple[str, str, str], ...] = (
    (
        r"(?i)unauthorized|authentication required|invalid username|denied|no basic auth|\b40[13]\b|login",
        REFUSED,
        "give {account} a login for {registry} that works, then run threescale-migrate migrate",
    ),
    (
        r"(?i)manifest unknown|name unknown|not found|\b404\b|does not exist",
        "{registry} has no such image",
        "see which image dc/{name} and its image stream name, fix that, then run threescale-migrate migrate",
    ),
    (
        r"(?i)no such host|timeout|refused|no route|unreachable|EOF|x509|certificate|reset by peer",
        "{registry} cannot be reached from the node",
        "see whether the nodes reach {registry} (proxy, firewall), then run threescale-migrate migrate",
    ),
)
PULL_UNKNOWN = (
    "{registry} does not give it",
    "see what the events say (oc get events), fix it, then run threescale-migrate migrate",
)
NO_SECRET_IN_POD = "the pod was made without the pull secret {secret}"
NO_SECRET_IN_ACCOUNT = "the account {account} does not have the pull secret {secret}"
NO_SECRET = "the pull secret {secret} is not in the project"
LOGIN = "there is a login for it in {secret}"
NO_LOGIN = "there is no login for it in {secret}"
LOGIN_UNKNOWN = "whether {secret} has a login for it could not be looked at"
# What fixes a pull from registry.redhat.io, by what is known of the login.
LOGIN_DEEDS = {
    REFUSED: "get a new registry secret and run threescale-migrate step registry-secret --secret-file FILE --replace-secret, then threescale-migrate migrate",
    NO_SECRET_IN_POD: "run oc secrets link {account} {secret} --for=pull and oc delete pod {pod}, then threescale-migrate migrate",
    NO_SECRET_IN_ACCOUNT: "run oc secrets link {account} {secret} --for=pull, then threescale-migrate migrate",
    NO_SECRET: "run threescale-migrate step registry-secret --secret-file FILE, then threescale-migrate migrate",
    NO_LOGIN: "run threescale-migrate step registry-secret --secret-file FILE --replace-secret, then threescale-migrate migrate",
}

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
        "have a cluster admin run oc adm policy add-scc-to-user SCC -z {account}, with the SCC that the pods of default have"
        " (annotation openshift.io/scc), then run threescale-migrate migrate",
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
        "fix what the message says, then run threescale-migrate migrate",
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
            yield from _hook(config, newest, pod)
    for pod in pods:
        yield from _of_pod(state, config, pod)
    if newest.phase == "Failed":
        yield from _from_events(state, config, newest)
    for pod in helpers:
        if pod.role == "deployer":
            yield from _deployer(config, newest, pod)
    yield from _not_ready(state, config, pods)


def _cancelled(config: DeploymentConfig, newest: ReplicationController) -> Iterator[Cause]:
    if cancelled(config, newest):
        yield Cause(
            CauseKind.CANCELLED,
            Text("{name}: revision {revision} was cancelled", name=config.name, revision=newest.version),
            Text("find out who cancelled it and why, then run threescale-migrate migrate"),
            lasting=True,
        )


def cancelled(config: DeploymentConfig, newest: ReplicationController) -> bool:
    """Whether the newest rollout was cancelled: by its own word, or by a condition that names it."""
    condition = config.conditions.get("Progressing")
    sentence = (
        condition is not None and condition.reason == "RolloutCancelled" and f'"{newest.name}"' in condition.message
    )
    return newest.phase == "Failed" and (newest.cancelled or sentence)


def expired(config: DeploymentConfig, newest: ReplicationController) -> bool:
    """Whether a failed rollout took all its time; its condition says so of every failure (rollouts.jsonl)."""
    return newest.phase == "Failed" and newest.lasted is not None and newest.lasted >= config.timeout_seconds


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
                named = {"name": config.name, "account": newest.account, "detail": _short(message)}
                if kind is CauseKind.ACCOUNT_MISSING and newest.account in state.accounts:
                    yield from _account_was_missing(config, newest)
                else:
                    yield Cause(kind, Text(sentence, **named), Text(deed, **named), lasting=True)
                break


def _account_was_missing(config: DeploymentConfig, newest: ReplicationController) -> Iterator[Cause]:
    """The account is there by now: a rollout under way goes on by itself, one that has failed is to be started again."""
    if newest.phase == "Failed":
        yield Cause(
            CauseKind.ACCOUNT_MISSING,
            Text(
                "{name}: the new pods were refused, since the service account {account} did not exist; it does now",
                name=config.name,
                account=newest.account,
            ),
            Text("threescale-migrate migrate"),
            lasting=True,
        )


def _hook(config: DeploymentConfig, newest: ReplicationController, pod: Pod) -> Iterator[Cause]:
    """A hook's pod runs as `default`, and has no login but what `default` has (recordings/README.md 17)."""
    sentence = {"name": config.name, "kind": pod.name.rpartition("-")[2], "pod": pod.name, "secret": SECRET_NAME}
    for container in pod.containers:
        if container.waiting in PULL_REASONS:
            seen = "{name}: its {kind} hook runs as default and cannot pull {image}"
            # A pod keeps what it was admitted with, so the hook that hangs has to go (recordings/README.md 14, 17).
            deed = "oc secrets link default {secret} --for=pull, oc rollout cancel dc/{name}, then threescale-migrate migrate"
            yield Cause(
                CauseKind.HOOK,
                Text(seen, image=_image(container.image), **sentence),
                Text(deed, **sentence),
                lasting=True,
            )
        elif pod.phase == "Failed" or container.waiting == "CrashLoopBackOff" or container.restarts > 1:
            seen = "{name}: its {kind} hook failed"
            deed = "read oc logs {pod}, fix it, then run threescale-migrate migrate"
            if newest.phase != "Failed":
                seen = "{name}: its {kind} hook fails and is tried again"
            yield Cause(
                CauseKind.HOOK,
                Text(seen, **sentence),
                Text(deed, **sentence),
                lasting=True,
                log_of=(pod.name, container.name),
            )


def _of_pod(state: ProjectState, config: DeploymentConfig, pod: Pod) -> Iterator[Cause]:
    for container in pod.containers:
        if container.waiting in PULL_REASONS:
            said = [event.message for event in state.events_about("Pod", pod.name) if event.reason == "Failed"]
            words = " ".join([container.message, *said])
            yield _pull(state, config.name, container.image, words, pod.account, pod)
        elif container.waiting == "CrashLoopBackOff" or (container.restarts > 1 and not container.ready):
            yield Cause(
                CauseKind.CRASH_LOOP,
                Text(
                    "{name}: container {container} crashes and was restarted {restarts} times{code}",
                    name=config.name,
                    container=container.name,
                    restarts=container.restarts,
                    code=NOTHING
                    if container.exit_code is None
                    else Text(" (exit code {code})", code=container.exit_code),
                ),
                Text("read oc logs {pod} --previous, fix it, then run threescale-migrate migrate", pod=pod.name),
                lasting=True,
                log_of=(pod.name, container.name),
            )
        elif container.waiting in CONFIG_REASONS:
            yield Cause(
                CauseKind.CONFIGURATION,
                Text(
                    "{name}: the container cannot start: {detail}", name=config.name, detail=_short(container.message)
                ),
                Text("fix what the message says, then run threescale-migrate migrate"),
                lasting=True,
            )
    if pod.unschedulable:
        yield Cause(
            CauseKind.NO_NODE,
            Text("{name}: no node takes the new pod: {detail}", name=config.name, detail=_short(pod.unschedulable)),
            Text(
                "make room or fix the node selector (oc describe pod {pod}), then run threescale-migrate migrate",
                pod=pod.name,
            ),
            lasting=True,
        )
    yield from _volume(state, config, pod)


def _volume(state: ProjectState, config: DeploymentConfig, pod: Pod) -> Iterator[Cause]:
    if pod.phase == "Pending":
        for event in state.events_about("Pod", pod.name):
            yield from _of_volume_event(state, config, event, pod)


def _of_volume_event(
    state: ProjectState, config: DeploymentConfig, event: Event, pod: Pod | None = None
) -> Iterator[Cause]:
    if event.reason not in VOLUME_REASONS:
        return
    sentence = {"name": config.name, "detail": _short(event.message), "pod": event.name}
    if not re.search(HELD, event.message):
        yield Cause(
            CauseKind.VOLUME,
            Text("{name}: a volume of the new pod cannot be mounted: {detail}", **sentence),
            Text("see oc describe pod {pod}, fix it, then run threescale-migrate migrate", **sentence),
            lasting=True,
        )
        return
    holders = [
        other.name for other in state.pods_of(config.name) if pod is not None and other.controller != pod.controller
    ]
    if holders:
        deed = Text(
            "let the old pod end (oc delete pod {holder}), then run threescale-migrate migrate", holder=holders[0]
        )
    else:
        deed = Text(
            "find the pod that holds it (oc get pods -o wide) and let it end, then run threescale-migrate migrate"
        )
    yield Cause(
        CauseKind.VOLUME,
        Text("{name}: the new pod waits for a volume that another pod still holds: {detail}", **sentence),
        deed,
        lasting=True,
    )


def _pull(state: ProjectState, name: str, image: str, said: str, account: str, pod: Pod | None = None) -> Cause:
    """Whose registry it is, what it said, and whether there is a login for it; `pod` where it is there still."""
    registry = image.partition("/")[0] if "." in image.partition("/")[0] else "docker.io"
    sentence = {
        "name": name,
        "image": _image(image),
        "registry": registry,
        "secret": SECRET_NAME,
        "account": account,
        "pod": "" if pod is None else pod.name,
    }
    why, deed = next(((why, deed) for pattern, why, deed in PULLS if re.search(pattern, said)), PULL_UNKNOWN)
    login = _login(state, account, pod, registry)
    return Cause(
        CauseKind.IMAGE_PULL,
        Text(
            "{name}: the image {image} cannot be pulled; {why}; {login}",
            **{**sentence, "why": Text(why, **sentence), "login": Text(login, **sentence)},
        ),
        Text(LOGIN_DEEDS.get(login, LOGIN_DEEDS.get(why, deed)) if registry == REGISTRY else deed, **sentence),
        lasting=True,
    )


def _login(state: ProjectState, account: str, pod: Pod | None, registry: str) -> str:
    """What is known of a login for the registry: only what was looked at is told."""
    if registry == REGISTRY and pod is not None and SECRET_NAME not in pod.pull_secrets:
        return NO_SECRET_IN_POD
    if registry == REGISTRY and account in state.accounts and SECRET_NAME not in state.accounts[account].pull_secrets:
        return NO_SECRET_IN_ACCOUNT
    if "secrets" in state.unread:
        return LOGIN_UNKNOWN
    if state.secret is None:
        return NO_SECRET
    return LOGIN if registry in state.secret.registries else NO_LOGIN


def _from_events(state: ProjectState, config: DeploymentConfig, newest: ReplicationController) -> Iterator[Cause]:
    """After a rollout has failed its pods are gone, and the events about them are what is left."""
    own = [event for event in state.events if event.kind == "Pod" and event.name.rpartition("-")[0] == newest.name]
    for event in own:
        refused = _REFUSED_PULL.search(event.message)
        if refused:
            yield _pull(state, config.name, refused[1], event.message, newest.account)
    for event in own:
        sentence = {"name": config.name, "detail": _short(event.message)}
        if event.reason == "Failed" and re.search(r"[Pp]ull", event.message):
            yield Cause(
                CauseKind.IMAGE_PULL,
                Text("{name}: the image could not be pulled: {detail}", **sentence),
                Text("see why (oc get events), then run threescale-migrate migrate"),
                lasting=True,
            )
        elif event.reason == "BackOff" and not re.search(r"pull", event.message):
            yield Cause(
                CauseKind.CRASH_LOOP,
                Text("{name}: the new pod crashed again and again", **sentence),
                Text("fix what its log said, then run threescale-migrate migrate"),
                lasting=True,
            )
        elif event.reason == "FailedScheduling":
            yield Cause(
                CauseKind.NO_NODE,
                Text("{name}: no node took the new pod: {detail}", **sentence),
                Text("make room, then run threescale-migrate migrate"),
                lasting=True,
            )
        elif event.reason in VOLUME_REASONS:
            yield from _of_volume_event(state, config, event)
        elif event.reason == "Unhealthy" and event.message.startswith("Readiness"):
            yield Cause(
                CauseKind.NOT_READY,
                Text("{name}: the new pod ran and never became ready: {detail}", **sentence),
                Text("fix what keeps it from being ready, then run threescale-migrate migrate"),
                lasting=True,
            )


def _deployer(config: DeploymentConfig, newest: ReplicationController, pod: Pod) -> Iterator[Cause]:
    waiting = [container for container in pod.containers if container.waiting in PULL_REASONS | CONFIG_REASONS]
    if waiting:
        yield Cause(
            CauseKind.DEPLOYER,
            Text("{name}: the deployer pod cannot start ({reason})", name=config.name, reason=waiting[0].waiting),
            Text("see oc describe pod {pod}, fix it, then run threescale-migrate migrate", pod=pod.name),
            lasting=True,
        )
    elif pod.unschedulable:
        yield Cause(
            CauseKind.NO_NODE,
            Text(
                "{name}: no node takes the deployer pod: {detail}", name=config.name, detail=_short(pod.unschedulable)
            ),
            Text("make room (oc describe pod {pod}), then run threescale-migrate migrate", pod=pod.name),
            lasting=True,
        )
    elif pod.phase == "Failed" and newest.phase == "Failed" and not expired(config, newest):
        yield Cause(
            CauseKind.DEPLOYER,
            Text("{name}: the deployer pod {pod} failed", name=config.name, pod=pod.name),
            Text("read oc logs {pod}, fix it, then run threescale-migrate migrate", pod=pod.name),
            lasting=True,
            log_of=(pod.name, "deployment"),
        )


def _not_ready(state: ProjectState, config: DeploymentConfig, pods: list[Pod]) -> Iterator[Cause]:
    for pod in pods:
        if pod.phase != "Running" or pod.ready:
            continue
        sentence = {"name": config.name, "pod": pod.name}
        said = [event.message for event in state.events_about("Pod", pod.name) if event.reason == "Unhealthy"]
        yield Cause(
            CauseKind.NOT_READY,
            Text("{name}: pod {pod} runs and is not ready: {detail}", detail=_short(said[-1]), **sentence)
            if said
            else Text("{name}: pod {pod} runs and is not ready", **sentence),
            Text(
                "see oc describe pod {pod} and oc logs {pod}, fix it, then run threescale-migrate migrate", **sentence
            ),
            lasting=False,
            log_of=(pod.name, next((container.name for container in pod.containers if not container.ready), "")),
            patience=READY_PATIENCE,
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
                Text("fix the import: oc import-image {stream}:{tag}", stream=trigger.stream, tag=trigger.tag),
                lasting=True,
            )
    return None


def _image(name: str) -> str:
    """An image's name with a digest that fits a line."""
    return re.sub(r"(@sha256:[0-9a-f]{8})[0-9a-f]+", r"\1…", name)


def _short(message: str, width: int = 160) -> str:
    """A server's message on one line, without the words that every one of its kind begins with."""
    line = " ".join(message.split())
    line = re.sub(r'^(Error creating: )?pods "[^"]*" is forbidden: ', "", line)
    return line if len(line) <= width else line[: width - 1] + "…"
