"""What an export keeps of each object: a list, by kind. Whatever is not in it is left out, so that a field that nobody thought of
gives nothing away.

Pure data: a name means that the field is kept as it is, a table that of its value what is in there is kept, a word in capitals
that `export_masking.py` masks its value in that way.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class Rule(Enum):
    """What becomes of a value."""

    KEEP = "as it is"
    ENVIRONMENT = "names alone"
    COMMAND = "the program and 3scale's task"
    ARGUMENTS = "masks"
    ANNOTATIONS = "those of the controllers"
    EACH = "the names of a map"
    PATH = "words of it"


# By the name of a field a Rule, or the Fields of its value.
Fields = Mapping[str, object]
KEEP = Rule.KEEP


def _kept(names: str, **more: object) -> Fields:
    return {**dict.fromkeys(names.split(), KEEP), **more}


_REFERENCE = _kept("kind name namespace apiVersion weight")
_NAME = _kept("name")
_CONDITIONS = _kept("type status reason message lastTransitionTime lastUpdateTime generation")
META = _kept(
    "name namespace uid labels creationTimestamp deletionTimestamp generation resourceVersion",
    annotations=Rule.ANNOTATIONS,
    ownerReferences=_kept("apiVersion kind name uid controller blockOwnerDeletion"),
)
_EXEC = {"command": Rule.COMMAND}
_PROBE = _kept(
    "initialDelaySeconds periodSeconds timeoutSeconds successThreshold failureThreshold terminationGracePeriodSeconds",
    httpGet=_kept("port scheme", path=Rule.PATH, httpHeaders=Rule.ENVIRONMENT),
    tcpSocket=_kept("port"),
    exec=_EXEC,
)
_CONTAINER = _kept(
    "name image imagePullPolicy resources securityContext stdin tty terminationMessagePath terminationMessagePolicy",
    env=Rule.ENVIRONMENT,
    envFrom={"configMapRef": _kept("name optional"), "secretRef": _kept("name optional")},
    command=Rule.COMMAND,
    args=Rule.ARGUMENTS,
    ports=_kept("name containerPort hostPort protocol"),
    readinessProbe=_PROBE,
    livenessProbe=_PROBE,
    startupProbe=_PROBE,
    volumeMounts=_kept("name mountPath subPath readOnly"),
    lifecycle={"preStop": {"exec": _EXEC}, "postStart": {"exec": _EXEC}},
)
_ITEMS = _kept("key path mode")
_VOLUME = _kept(
    "name",
    emptyDir=_kept("medium sizeLimit"),
    configMap=_kept("name defaultMode optional", items=_ITEMS),
    secret=_kept("secretName defaultMode optional", items=_ITEMS),
    persistentVolumeClaim=_kept("claimName readOnly"),
    **{
        kind: {}
        for kind in ("hostPath", "nfs", "projected", "downwardAPI", "csi", "iscsi", "glusterfs", "cephfs", "flexVolume")
    },
)
_POD = _kept(
    "serviceAccountName serviceAccount nodeName nodeSelector restartPolicy terminationGracePeriodSeconds dnsPolicy schedulerName"
    " securityContext activeDeadlineSeconds tolerations affinity priority priorityClassName hostNetwork hostPID hostIPC"
    " automountServiceAccountToken topologySpreadConstraints",
    imagePullSecrets=_NAME,
    containers=_CONTAINER,
    initContainers=_CONTAINER,
    volumes=_VOLUME,
)
_TEMPLATE: Fields = {"metadata": META, "spec": _POD}
_HOOK: Fields = {
    "failurePolicy": KEEP,
    "execNewPod": _kept("containerName volumes", command=Rule.COMMAND, env=Rule.ENVIRONMENT),
    "tagImages": {"containerName": KEEP, "to": _REFERENCE},
}
_HOOKS: Fields = {"pre": _HOOK, "mid": _HOOK, "post": _HOOK}
_STRATEGY = _kept(
    "type activeDeadlineSeconds resources labels",
    annotations=Rule.ANNOTATIONS,
    rollingParams=_kept(
        "updatePeriodSeconds intervalSeconds timeoutSeconds maxUnavailable maxSurge updatePercent", **_HOOKS
    ),
    recreateParams=_kept("timeoutSeconds", **_HOOKS),
    customParams=_kept("image", command=Rule.COMMAND, environment=Rule.ENVIRONMENT),
)
_CONFIG: Fields = {
    "spec": _kept(
        "replicas revisionHistoryLimit paused test minReadySeconds selector",
        strategy=_STRATEGY,
        template=_TEMPLATE,
        triggers=_kept(
            "type", imageChangeParams=_kept("automatic containerNames lastTriggeredImage", **{"from": _REFERENCE})
        ),
    ),
    "status": _kept(
        "latestVersion observedGeneration replicas updatedReplicas availableReplicas unavailableReplicas readyReplicas",
        conditions=_CONDITIONS,
        details=_kept("message", causes={"type": KEEP, "imageTrigger": {"from": _REFERENCE}}),
    ),
}
_STATE = _kept(
    "",
    running=_kept("startedAt"),
    waiting=_kept("reason message"),
    terminated=_kept("exitCode signal reason message startedAt finishedAt containerID"),
)
_STATUSES = _kept("name image imageID ready restartCount started containerID", state=_STATE, lastState=_STATE)
_BUILT: Fields = {"from": _REFERENCE, "pullSecret": _NAME, "env": Rule.ENVIRONMENT}

# The fields of each kind beside its kind, its version and its metadata.
FIELDS: Mapping[str, Fields] = {
    "DeploymentConfig": _CONFIG,
    "ReplicationController": {
        "spec": _kept("replicas selector minReadySeconds", template=_TEMPLATE),
        "status": _kept("replicas fullyLabeledReplicas readyReplicas availableReplicas observedGeneration", conditions=_CONDITIONS),
    },
    "Pod": {
        "spec": _POD,
        "status": _kept(
            "phase reason message startTime podIP hostIP qosClass",
            conditions=_CONDITIONS,
            containerStatuses=_STATUSES,
            initContainerStatuses=_STATUSES,
        ),
    },
    "ServiceAccount": _kept("automountServiceAccountToken", imagePullSecrets=_NAME, secrets=_NAME),
    "RoleBinding": _kept("userNames groupNames", roleRef=_kept("apiGroup kind name namespace"),
                         subjects=_kept("apiGroup kind name namespace")),
    "Role": {"rules": _kept("verbs apiGroups resources resourceNames nonResourceURLs")},
    "ImageStream": {
        "spec": {
            "lookupPolicy": KEEP,
            "tags": _kept("name generation importPolicy referencePolicy", **{"from": _REFERENCE, "annotations": Rule.ANNOTATIONS}),
        },
        "status": _kept(
            "dockerImageRepository publicDockerImageRepository",
            tags=_kept("tag", items=_kept("created dockerImageReference image generation"), conditions=_CONDITIONS),
        ),
    },
    "BuildConfig": {
        "spec": _kept(
            "serviceAccount runPolicy resources nodeSelector",
            strategy=_kept("type", dockerStrategy=_BUILT, sourceStrategy=_BUILT, customStrategy=_BUILT),
            source={"type": KEEP, "images": {"from": _REFERENCE, "pullSecret": _NAME}},
            output={"to": _REFERENCE, "pushSecret": _NAME},
            triggers=_kept("type"),
        ),
        "status": _kept("lastVersion"),
    },
    "CronJob": {
        "spec": _kept(
            "schedule suspend concurrencyPolicy startingDeadlineSeconds",
            jobTemplate={"metadata": META, "spec": _kept("backoffLimit completions parallelism", template=_TEMPLATE)},
        ),
        "status": _kept("lastScheduleTime"),
    },
    "ConfigMap": {"data": Rule.EACH, "binaryData": Rule.EACH},
    "Service": {
        "spec": _kept("type selector clusterIP sessionAffinity", ports=_kept("name port targetPort nodePort protocol")),
    },
    "Route": {
        "spec": _kept(
            "host wildcardPolicy",
            path=Rule.PATH,
            to=_REFERENCE,
            port=_kept("targetPort"),
            tls=_kept("termination insecureEdgeTerminationPolicy"),
        ),
        "status": {"ingress": _kept("host routerName", conditions=_CONDITIONS)},
    },
    "PersistentVolumeClaim": {
        "spec": _kept("accessModes resources storageClassName volumeName volumeMode selector"),
        "status": _kept("phase capacity accessModes"),
    },
    "ResourceQuota": {"spec": _kept("hard scopes scopeSelector"), "status": _kept("hard used")},
    "LimitRange": {"spec": KEEP},
}  # fmt: skip
