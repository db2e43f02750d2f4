"""From the JSON of what runs, configs with their revisions and pods, to the values of `state.py`.

It asks nobody, and knows nothing of lists: `parsing.py` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from ..command_secrets import described, secrets_in
from .state import (
    Condition,
    ContainerState,
    DeploymentConfig,
    EmptyDir,
    Hook,
    ImageTrigger,
    Pod,
    ReplicationController,
    Resources,
)

_JSON = Mapping[str, Any]


def names(references: Any) -> tuple[str, ...]:
    """The names of a list of references."""
    return tuple(str(reference["name"]) for reference in references or () if reference.get("name"))


def strings(mapping: Any) -> Mapping[str, str]:
    """A map of texts; empty if there is none."""
    return {str(key): str(value) for key, value in (mapping or {}).items()}


def words(values: Any) -> tuple[str, ...]:
    """A list of texts; empty if there is none."""
    return tuple(str(value) for value in values or ())


def parse_config(item: _JSON) -> DeploymentConfig:
    meta, spec, status = item["metadata"], item.get("spec", {}), item.get("status", {})
    pod_spec = ((spec.get("template") or {}).get("spec")) or {}
    strategy = spec.get("strategy") or {}
    params = strategy.get("rollingParams") or strategy.get("recreateParams") or strategy.get("customParams") or {}
    containers = pod_spec.get("containers") or []
    triggers = spec.get("triggers") or []
    volumes = pod_spec.get("volumes") or []
    conditions = [_condition(condition) for condition in status.get("conditions") or ()]
    return DeploymentConfig(
        name=meta["name"],
        labels=strings(meta.get("labels")),
        generation=int(meta.get("generation") or 0),
        observed_generation=int(status.get("observedGeneration") or 0),
        replicas=int(spec.get("replicas") or 0),
        latest_version=int(status.get("latestVersion") or 0),
        account=pod_spec.get("serviceAccountName") or None,
        account_twin=pod_spec.get("serviceAccount") or None,
        template_pull_secrets=names(pod_spec.get("imagePullSecrets")),
        strategy=str(strategy.get("type") or "Rolling"),
        timeout_seconds=int(params.get("timeoutSeconds") or 600),
        hooks=tuple(_hook(when, params[when]) for when in ("pre", "mid", "post") if params.get(when)),
        paused=bool(spec.get("paused")),
        test=bool(spec.get("test")),
        config_change=any(trigger.get("type") == "ConfigChange" for trigger in triggers),
        image_triggers=tuple(_image_trigger(trigger) for trigger in triggers if trigger.get("type") == "ImageChange"),
        images=tuple(str(container.get("image", "")) for container in containers),
        empty_dirs=tuple(_empty_dir(volume, containers) for volume in volumes if "emptyDir" in volume),
        claims=tuple(
            str(volume["persistentVolumeClaim"]["claimName"])
            for volume in volumes
            if volume.get("persistentVolumeClaim")
        ),
        readiness_probes=bool(containers) and all("readinessProbe" in container for container in containers),
        conditions={condition.type: condition for condition in conditions},
        selector=strings(spec.get("selector")),
        max_surge=_share(params.get("maxSurge")),
        max_unavailable=_share(params.get("maxUnavailable")),
        containers=tuple(_resources(container) for container in containers),
        init_containers=tuple(_resources(container) for container in pod_spec.get("initContainers") or ()),
        deployer=_resources(strategy),
        hook_containers=tuple(
            str((params[when].get("execNewPod") or {}).get("containerName") or "")
            for when in ("pre", "mid", "post")
            if params.get(when)
        ),
        owners=tuple((str(o.get("kind")), str(o.get("name"))) for o in meta.get("ownerReferences") or ()),
        resource_version=str(meta.get("resourceVersion") or ""),
        template_secrets=_needed_secrets(pod_spec),
    )


def _needed_secrets(pod_spec: _JSON) -> tuple[str, ...]:
    """The secrets without which the containers of a pod do not start: those of its volumes and environments that are not optional."""
    found: list[tuple[Any, Any]] = []
    for volume in pod_spec.get("volumes") or ():
        sources = [volume, *((volume.get("projected") or {}).get("sources") or ())]
        for secret in (source.get("secret") or {} for source in sources):
            found.append((secret.get("secretName") or secret.get("name"), secret.get("optional")))
    for container in _containers(pod_spec):
        references = [(each.get("valueFrom") or {}).get("secretKeyRef") for each in container.get("env") or ()]
        references += [each.get("secretRef") for each in container.get("envFrom") or ()]
        found += [(each.get("name"), each.get("optional")) for each in references if each]
    return tuple(dict.fromkeys(str(name) for name, optional in found if name and not optional))


def _containers(pod_spec: _JSON) -> list[_JSON]:
    return [*(pod_spec.get("initContainers") or ()), *(pod_spec.get("containers") or ())]


def _empty_dir(volume: _JSON, containers: Iterable[_JSON]) -> EmptyDir:
    name = str(volume.get("name"))
    mounts = [mount for container in containers for mount in container.get("volumeMounts") or ()]
    return EmptyDir(name, tuple(str(mount.get("mountPath")) for mount in mounts if mount.get("name") == name))


def _share(value: Any) -> str:
    return "25%" if value is None else str(value)


def _resources(item: _JSON) -> Resources:
    asked = item.get("resources") or {}
    return Resources(str(item.get("name") or ""), strings(asked.get("requests")), strings(asked.get("limits")))


def _condition(item: _JSON) -> Condition:
    return Condition(
        str(item.get("type")), str(item.get("status")), str(item.get("reason") or ""), str(item.get("message") or "")
    )


def _hook(when: str, item: _JSON) -> Hook:
    pod = item.get("execNewPod") or {}
    return Hook(when, str(item.get("failurePolicy") or ""), described(map(str, pod.get("command") or ())))


def secrets_in_clear(item: _JSON) -> set[str]:
    """The secrets that the commands and variables of a config and of its hooks hold in clear (fact 22)."""
    if item.get("kind") != "DeploymentConfig":
        return set()
    spec = item.get("spec") or {}
    pod_spec = ((spec.get("template") or {}).get("spec")) or {}
    strategy = spec.get("strategy") or {}
    places = [*(pod_spec.get("containers") or ()), *(pod_spec.get("initContainers") or ())]
    for params in (strategy.get(kind) or {} for kind in ("rollingParams", "recreateParams", "customParams")):
        places += [params, *((params.get(when) or {}).get("execNewPod") or {} for when in ("pre", "mid", "post"))]
    found: set[str] = set()
    for place in places:
        words = [str(word) for key in ("command", "args") for word in place.get(key) or ()]
        variables = [
            (str(each.get("name")), str(each["value"])) for each in place.get("env") or () if each.get("value")
        ]
        found.update(secrets_in(words, variables))
    return found


def _image_trigger(item: _JSON) -> ImageTrigger:
    params = item.get("imageChangeParams") or {}
    stream, _, tag = str((params.get("from") or {}).get("name") or "").partition(":")
    return ImageTrigger(stream, tag, bool(params.get("lastTriggeredImage")), bool(params.get("automatic")))


def parse_controller(item: _JSON) -> ReplicationController:
    meta, spec, status = item["metadata"], item.get("spec", {}), item.get("status", {})
    notes = meta.get("annotations") or {}
    pod_spec = ((spec.get("template") or {}).get("spec")) or {}
    failures = [
        c.get("message") or ""
        for c in status.get("conditions") or ()
        if c.get("type") == "ReplicaFailure" and c.get("status") == "True"
    ]
    return ReplicationController(
        name=meta["name"],
        config=notes.get("openshift.io/deployment-config.name"),
        version=_int(notes.get("openshift.io/deployment-config.latest-version")),
        phase=str(notes.get("openshift.io/deployment.phase") or ""),
        status_reason=str(notes.get("openshift.io/deployment.status-reason") or ""),
        cancelled=notes.get("openshift.io/deployment.cancelled") == "true",
        account=str(pod_spec.get("serviceAccountName") or pod_spec.get("serviceAccount") or "default"),
        replicas=int(spec.get("replicas") or 0),
        current_replicas=int(status.get("replicas") or 0),
        ready_replicas=int(status.get("readyReplicas") or 0),
        created=str(meta.get("creationTimestamp") or ""),
        failure=failures[0] if failures else "",
        lasted=_lasted(notes),
    )


def _lasted(notes: _JSON) -> float | None:
    """From the deployer's start to its end; one whose pods were refused has no start (fixtures/rollouts)."""
    began = _moment(
        notes.get("openshift.io/deployer-pod.started-at") or notes.get("openshift.io/deployer-pod.created-at")
    )
    ended = _moment(notes.get("openshift.io/deployer-pod.completed-at"))
    return None if began is None or ended is None else (ended - began).total_seconds()


def _moment(text: Any) -> datetime | None:
    """The moment of an annotation such as `2026-11-23 16:48:13 +0000 UTC`."""
    try:
        return datetime.fromisoformat(str(text)[:19])
    except ValueError:
        return None


def _int(text: Any) -> int:
    return int(text) if str(text or "").isdigit() else 0


def parse_pod(item: _JSON) -> Pod:
    meta, spec, status = item["metadata"], item.get("spec", {}), item.get("status", {})
    conditions = {c.get("type"): c for c in status.get("conditions") or ()}
    scheduled = conditions.get("PodScheduled") or {}
    statuses = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    return Pod(
        name=meta["name"],
        role=_role(meta),
        controller=_owner(meta),
        account=str(spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"),
        pull_secrets=names(spec.get("imagePullSecrets")),
        phase=str(status.get("phase") or "Pending"),
        ready=(conditions.get("Ready") or {}).get("status") == "True",
        deleted=bool(meta.get("deletionTimestamp")),
        unschedulable=str(scheduled.get("message") or "") if scheduled.get("status") == "False" else "",
        containers=tuple(_container(container) for container in statuses),
        created=str(meta.get("creationTimestamp") or ""),
        constraints=str((meta.get("annotations") or {}).get("openshift.io/scc") or ""),
        images=tuple(str(container.get("image") or "") for container in _containers(spec)),
        secrets=_needed_secrets(spec),
        uid=str(meta.get("uid") or ""),
    )


def _role(meta: _JSON) -> str:
    """Deployer and hook pods stay in the list for ever and are no pods of the application (fact 5)."""
    if "openshift.io/deployer-pod-for.name" not in (meta.get("labels") or {}):
        return "app"
    return "hook" if "openshift.io/deployer-pod.type" in (meta.get("labels") or {}) else "deployer"


def _owner(meta: _JSON) -> str | None:
    label = (meta.get("labels") or {}).get("openshift.io/deployer-pod-for.name")
    if label:
        return str(label)
    for reference in meta.get("ownerReferences") or ():
        if reference.get("kind") == "ReplicationController":
            return str(reference.get("name"))
    return None


def _container(item: _JSON) -> ContainerState:
    state = item.get("state") or {}
    waiting = state.get("waiting") or {}
    ended = state.get("terminated") or (item.get("lastState") or {}).get("terminated") or {}
    return ContainerState(
        name=str(item.get("name") or ""),
        image=str(item.get("image") or ""),
        ready=bool(item.get("ready")),
        restarts=int(item.get("restartCount") or 0),
        waiting=str(waiting.get("reason") or ""),
        message=str(waiting.get("message") or ended.get("message") or ""),
        exit_code=ended.get("exitCode"),
    )
