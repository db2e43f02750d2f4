"""Why a rollout hangs or failed, by what a real cluster said of it: quotas, a deployer pod that is gone, registries."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from threescale_migrate.cluster.parsing import parse_project
from threescale_migrate.cluster.state import ContainerState, ProjectState, ServiceAccount
from threescale_migrate.guide import deployment_configs, image_pulls
from threescale_migrate.guide.cause import CauseKind
from threescale_migrate.guide.readiness import RolloutState, assess, fix
from threescale_migrate.values import REGISTRY, Request, Text

LATER = "2026-11-24T16:10:53Z"
NOTES = "openshift.io/deployment"


def config(name: str = "zync", reason: str = "NewReplicationControllerCreated", observed: int = 4) -> dict[str, Any]:
    """A config as fixtures/quotas has it, patched to run as `amp`, with its second revision under way."""
    return {
        "kind": "DeploymentConfig",
        "metadata": {"name": name, "namespace": "threescale", "generation": 4},
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Rolling", "rollingParams": {"timeoutSeconds": 30}},
            "triggers": [{"type": "ConfigChange"}],
            "template": {
                "spec": {"serviceAccountName": "amp", "serviceAccount": "amp", "containers": [{"name": name}]}
            },
        },
        "status": {"latestVersion": 2, "observedGeneration": observed, "conditions": []},
    }


def controller(version: int, phase: str, reason: str = "config change", account: str = "amp", **status: Any) -> Any:
    return {
        "kind": "ReplicationController",
        "metadata": {
            "name": f"zync-{version}",
            "namespace": "threescale",
            "annotations": {
                f"{NOTES}-config.name": "zync",
                f"{NOTES}-config.latest-version": str(version),
                f"{NOTES}.phase": phase,
                f"{NOTES}.status-reason": reason,
            },
        },
        "spec": {"replicas": 0, "template": {"spec": {"serviceAccountName": account}}},
        "status": {"replicas": 0, **status},
    }


def event(kind: str, name: str, reason: str, message: str) -> Any:
    return {
        "kind": "Event",
        "type": "Warning",
        "metadata": {"name": f"{name}.1"},
        "involvedObject": {"kind": kind, "name": name},
        "reason": reason,
        "message": message,
        "lastTimestamp": LATER,
    }


# Word for word as fixtures/quotas has them.
QUOTA = "exceeded quota: q, requested: pods=1, used: pods=15, limited: pods=15"
REFUSED_DEPLOYER = event(
    "DeploymentConfig",
    "zync",
    "FailedCreate",
    f'Error creating deployer pod: pods "zync-2-deploy" is forbidden: {QUOTA}',
)
TIMEOUT = event(
    "DeploymentConfig",
    "zync",
    "RolloutTimeout",
    'Rollout for "threescale/zync-2" failed to create deployer pod (timeoutSeconds: 30s)',
)
REFUSED_POD = event(
    "DeploymentConfig", "zync", "FailedCreate", f'Error creating: pods "zync-2-72m5p" is forbidden: {QUOTA}'
)


def state(*items: Any) -> ProjectState:
    return parse_project(json.loads(json.dumps(items)), "threescale")


@pytest.mark.parametrize(
    ("phase", "reason", "events"),
    [
        ("New", "config change", (REFUSED_DEPLOYER,)),
        ("Failed", "unable to create deployer pod", (REFUSED_DEPLOYER, TIMEOUT)),
        ("Failed", "config change", (REFUSED_POD,)),
    ],
)
def test_a_quota_is_named_by_the_event_of_the_config(phase: str, reason: str, events: tuple[Any, ...]) -> None:
    found = assess(
        state(config(), controller(1, "Complete", account="default"), controller(2, phase, reason), *events), "zync"
    )
    assert found.cause is not None
    assert found.cause.kind is CauseKind.QUOTA
    assert found.cause.lasting
    assert QUOTA in str(found.cause.sentence)
    assert "raise quota q" in str(fix(found))
    assert ("deployer" in str(found.cause.sentence)) == (events[0] is REFUSED_DEPLOYER)


@pytest.mark.parametrize(
    ("refused", "repair", "not_this"),
    [
        ("failed quota: compute: must specify limits.cpu for: zync", "set requests and limits in dc/zync", "raise"),
        ("failed quota: compute: must specify requests.memory", "set requests and limits in dc/zync", "raise"),
        ("maximum ephemeral-storage usage per Container is 1Gi, but limit is 2Gi", "raise the limit", "set requests"),
        ("minimum cpu usage per Container is 50m, but request is 10m", "fix what the message says", "raise"),
        ("memory max limit to request ratio per Pod is 2, but provided ratio is 4.0", "fix what the message says", "raise"),
    ],
)  # fmt: skip
def test_what_a_quota_or_a_limit_wants_is_what_the_fix_asks_for(refused: str, repair: str, not_this: str) -> None:
    """Words of Kubernetes' plugin/pkg/admission/resourcequota and limitranger."""
    said = event(
        "DeploymentConfig", "zync", "FailedCreate", f'Error creating: pods "zync-2-72m5p" is forbidden: {refused}'
    )
    found = assess(state(config(), controller(1, "Complete"), controller(2, "Failed"), said), "zync")
    assert found.cause is not None
    assert refused in str(found.cause.sentence)
    assert repair in str(fix(found))
    assert not_this not in str(fix(found))


def test_the_event_of_an_older_revision_says_nothing_of_the_newest() -> None:
    older = event(
        "DeploymentConfig",
        "zync",
        "FailedCreate",
        f'Error creating deployer pod: pods "zync-1-deploy" is forbidden: {QUOTA}',
    )
    found = assess(state(config(), controller(2, "New"), older), "zync")
    assert found.cause is None
    assert found.state is RolloutState.WAITING_FOR_DEPLOYER


def test_what_a_quota_refused_is_cancelled_and_started_anew() -> None:
    """A quota that is raised later starts nothing again (fact 31)."""
    stuck = state(config(), controller(2, "New"), REFUSED_DEPLOYER)
    planned = [action.args for action in deployment_configs.plan_configs(stuck, ("zync",), Request())]
    assert planned == [("rollout", "cancel", "dc/zync"), ("rollout", "latest", "dc/zync")]
    assert [action.args[1] for action in deployment_configs.cancels(stuck, ("zync", "gone"))] == ["cancel"]
    deployer = {
        "kind": "Pod",
        "metadata": {
            "name": "zync-2-deploy",
            "namespace": "threescale",
            "labels": {"openshift.io/deployer-pod-for.name": "zync-2"},
        },
        "spec": {},
        "status": {"phase": "Running"},
    }
    worked_at = state(config(), controller(2, "Running"), REFUSED_DEPLOYER, deployer)
    assert deployment_configs.plan_configs(worked_at, ("zync",), Request()) == ()
    assert deployment_configs.cancels(worked_at, ("zync",)) == ()


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("deployer pod no longer exists", "was deleted while it was working"),
        ("unable to create deployer pod", "could not be created"),
    ],
)
def test_the_controllers_own_word_is_a_cause(reason: str, said: str) -> None:
    found = assess(state(config(), controller(2, "Failed", reason)), "zync")
    assert found.cause is not None
    assert said in str(found.cause.sentence)


def test_a_config_that_somebody_scales_has_taken_the_patch_up_all_the_same() -> None:
    """`observedGeneration` lags while somebody scales (fact 32)."""
    lagging = assess(state(config(observed=3), controller(2, "Complete")), "zync")
    assert lagging.state is not RolloutState.NOT_STARTED
    before = assess(state(config(observed=3), controller(2, "Complete", account="default")), "zync")
    assert before.state is RolloutState.NOT_STARTED
    failed = assess(state(config(observed=3), controller(2, "Failed")), "zync")
    assert failed.state is RolloutState.NOT_STARTED, "it may be the revision of the template before"


def test_a_config_made_a_moment_ago_waits_for_no_import_where_its_tag_has_an_image() -> None:
    made = config()
    made["spec"]["triggers"].append(
        {"type": "ImageChange", "imageChangeParams": {"automatic": True, "from": {"name": "amp-zync:latest"}}}
    )
    made["status"]["latestVersion"] = 0
    stream: dict[str, Any] = {"kind": "ImageStream", "metadata": {"name": "amp-zync", "namespace": "threescale"}}
    full = {**stream, "status": {"tags": [{"tag": "latest", "items": [{"image": "sha256:1"}]}]}}
    assert assess(state(made, full), "zync").state is RolloutState.NOT_STARTED
    assert assess(state(made, {**stream, "status": {"tags": []}}), "zync").state is RolloutState.WAITING_FOR_IMAGE


OPEN = "registry.access.redhat.com/3scale-amp25/zync:1"
CLOSED = f"{REGISTRY}/3scale-amp26/zync:1"
# What registries say, what is made of it, whether it lasts, and the fix.
WORDS = (
    (OPEN, "unsupported: This repo requires terms acceptance and is only available on registry.redhat.io", "terms", True, "terms accepted"),
    (CLOSED, "unauthorized: Please login to the Red Hat Registry using your Customer Portal credentials", "refuses the credentials", True, "registry-secret"),
    (CLOSED, "reading manifest 1: unauthorized: access to the requested resource is not authorized", "refuses the credentials", True, "registry-secret"),
    (OPEN, "reading manifest 1 in registry.access.redhat.com/x: manifest unknown", "does not have this image", True, "image stream"),
    (OPEN, "dial tcp: lookup registry.access.redhat.com: no such host", "cannot be reached", False, "the nodes can reach"),
    (OPEN, "rpc error: code = DeadlineExceeded desc = context deadline exceeded", "takes longer", False, "by itself"),
    (OPEN, "received unexpected HTTP status: 503 Service Unavailable", "cannot serve it now", False, "by itself"),
    (OPEN, "x509: certificate signed by unknown authority", "does not trust", True, "certificate"),
    (OPEN, "Source image rejected: A signature was required, but no signature exists", "signature policy", True, "cluster admin"),
    (OPEN, "SignatureValidationFailed: image pull failed for x because the signature validation failed", "signature policy", True, "policy.json"),
    (OPEN, "Source image rejected: Running image docker://x is rejected by policy.", "signature policy", True, "cluster admin"),
    (OPEN, "registry registry.access.redhat.com is blocked in /etc/containers/registries.conf or /etc/containers/registries.conf.d", "configured to block", True, "registrySources"),
    (OPEN, "unable to parse auth field, must be formatted as base64(username:password)", "pull secret of amp cannot be parsed", True, "unlink"),
    (OPEN, "unable to parse auth field", "cannot be parsed", True, "unlink"),
    (OPEN, "illegal base64 data at input byte 0", "cannot be parsed", True, "unlink"),
    (OPEN, "json: cannot unmarshal string into Go struct field DockerConfigJSON.auths of type credentialprovider.dockerConfigEntryWithAuth", "cannot be parsed", True, "unlink"),
    (OPEN, "no matching manifest for linux/arm64 in the manifest list entries", "cannot run", True, "architecture"),
    (OPEN, "writing blob: storing blob to file: write /var/tmp/storage: no space left on device", "cannot store", False, "free space"),
    (OPEN, "toomanyrequests: You have reached your pull rate limit", "cannot serve it now", False, "by itself"),
    (OPEN, "error parsing HTTP 403 response body: invalid character '<' looking for beginning of value", "cannot be reached", False, "proxy"),
    (OPEN, "something that nobody has seen yet", "does not get it: something that nobody has seen yet", True, "events"),
)  # fmt: skip


@pytest.mark.parametrize(("image", "said", "why", "lasting", "fixed"), WORDS)
def test_registries_are_taken_at_their_own_words(image: str, said: str, why: str, lasting: bool, fixed: str) -> None:
    found = image_pulls.cause_of(state(config()), "zync", image, said, "amp")
    assert why in str(found.sentence)
    assert found.lasting is lasting
    assert fixed in str(found.fix)
    # Of a registry that needs no login, that there is none for it says nothing.
    assert ("the pull secret threescale-registry-auth is not in the project" in str(found.sentence)) == (
        image is CLOSED
    )


def test_a_broken_pull_secret_is_named_with_its_entry_where_it_is_known() -> None:
    why = Text("its entry for quay.example.test: auth has no colon")
    account = ServiceAccount("amp", "u", ("mirror", "threescale-registry-auth"), ())
    seen = replace(state(config()), accounts={"amp": account}, broken_secrets={"mirror": why})
    found = image_pulls.cause_of(seen, "zync", CLOSED, "unable to parse auth field", "amp")
    assert "its pull secret mirror cannot be parsed (its entry for quay.example.test: auth has no colon)" in str(
        found.sentence
    )
    assert "does not have" not in str(found.sentence)


PENDING = {
    "kind": "Pod",
    "metadata": {
        "name": "zync-2-abcde",
        "namespace": "threescale",
        "ownerReferences": [{"kind": "ReplicationController", "name": "zync-2"}],
    },
    "spec": {"serviceAccountName": "amp"},
    "status": {"phase": "Pending"},
}
SLOW = 'Multi-Attach error for volume "pv1" Volume is already used by pod(s) zync-1-abcde'
BROKEN = 'MountVolume.SetUp failed for volume "settings" : configmap "system" not found'


@pytest.mark.parametrize(
    ("message", "lasting"), [(SLOW, False), (BROKEN, True), ("timed out waiting for the condition", False)]
)
def test_a_volume_attached_elsewhere_is_slow_and_one_that_is_not_there_is_not(message: str, lasting: bool) -> None:
    found = assess(
        state(config(), controller(2, "Running"), PENDING, event("Pod", "zync-2-abcde", "FailedMount", message)), "zync"
    )
    assert found.cause is not None
    assert (found.cause.kind, found.cause.lasting) == (CauseKind.VOLUME, lasting)
    assert found.moving is not lasting


@pytest.mark.parametrize(
    ("message", "lasting"), [("context deadline exceeded", False), ('configmap "x" not found', True)]
)
def test_a_container_that_only_the_node_keeps_waiting_is_slow(message: str, lasting: bool) -> None:
    waiting = ContainerState("zync", "zync:1", False, 0, "CreateContainerError", message, None)
    seen = state(config(), controller(2, "Running"), PENDING)
    seen = replace(seen, pods=tuple(replace(one, containers=(waiting,)) for one in seen.pods))
    found = assess(seen, "zync")
    assert found.cause is not None
    assert found.cause.lasting is lasting
