"""`manifest`: what lets a scheduler of the cluster itself run `verify`, with the least rights that it needs."""

from __future__ import annotations

import sys
from typing import Any

import yaml

from ..exit_codes import ExitCode
from ..session.options import ManifestOptions
from ..session.session import Session
from ..values import SECRET_NAME, Step

Object = dict[str, Any]
RBAC = "rbac.authorization.k8s.io"
ACCOUNT = "threescale-migrate"

# What `verify` has to be able to read, by API group: less, and it says "unknown" (tests/commands/test_manifest.py takes each away).
RULES: tuple[Object, ...] = (
    {"apiGroups": ["apps.openshift.io"], "resources": ["deploymentconfigs"], "verbs": ["list"]},
    {"apiGroups": [""], "resources": ["replicationcontrollers", "pods", "serviceaccounts"], "verbs": ["list"]},
    {"apiGroups": [""], "resources": ["secrets"], "resourceNames": [SECRET_NAME], "verbs": ["get"]},
)
# What step 3 also reads: whether system uses service discovery, and bindings, which are spread over the cluster.
DISCOVERY_RULES: tuple[Object, ...] = (
    {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["system"], "verbs": ["get"]},
)
CLUSTER_RULES: tuple[Object, ...] = (
    {"apiGroups": [RBAC], "resources": ["clusterrolebindings", "rolebindings"], "verbs": ["list"]},
    {"apiGroups": ["security.openshift.io"], "resources": ["securitycontextconstraints"], "verbs": ["list"]},
)
HEADER = """\
# {what}
# The image has to hold threescale-migrate and an oc; with no kubeconfig, oc uses the pod's service account.
# To use it: oc create -f FILE
"""


def run(session: Session, options: ManifestOptions) -> ExitCode:
    """Prints the objects as YAML."""
    made = {"cronjob": _cron_job, "tekton": _task}[options.kind](options)
    objects = [*rights(options.project, options.permissions), made]
    what = f"threescale-migrate verify in project {options.project}, as a {made['kind']}"
    sys.stdout.write(HEADER.format(what=what))
    sys.stdout.write(yaml.safe_dump_all(objects, sort_keys=False, explicit_start=True))
    return ExitCode.DONE


def rights(project: str, permissions: bool) -> list[Object]:
    """The service account with its least Role; with `permissions` a ClusterRole for step 3, which a cluster admin has to create."""
    rules = (*RULES, *DISCOVERY_RULES) if permissions else RULES
    found: list[Object] = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": project}},
        *_bound("Role", {"name": ACCOUNT, "namespace": project}, rules, project),
    ]
    if permissions:
        found += _bound("ClusterRole", {"name": f"{ACCOUNT}-{project}"}, CLUSTER_RULES, project)
    return found


def _bound(kind: str, meta: Object, rules: tuple[Object, ...], project: str) -> list[Object]:
    return [
        {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": dict(meta), "rules": [dict(rule) for rule in rules]},
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": f"{kind}Binding",
            "metadata": dict(meta),
            "roleRef": {"apiGroup": RBAC, "kind": kind, "name": meta["name"]},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": project}],
        },
    ]


def command(options: ManifestOptions) -> list[str]:
    """The command that is run there."""
    left_out = [] if options.permissions else [f"--skip={Step.PERMISSIONS.value}"]
    return ["threescale-migrate", "verify", "--quiet", f"--namespace={options.project}", "--timeout=4m", *left_out]


def _container(options: ManifestOptions) -> Object:
    return {
        "name": "verify",
        "image": options.image,
        "command": command(options),
        "env": [{"name": "HOME", "value": "/tmp"}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def _cron_job(options: ManifestOptions) -> Object:
    pod = {"serviceAccountName": ACCOUNT, "restartPolicy": "Never", "containers": [_container(options)]}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": ACCOUNT, "namespace": options.project},
        "spec": {
            "schedule": options.schedule,
            "concurrencyPolicy": "Forbid",
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {
                "spec": {"backoffLimit": 0, "activeDeadlineSeconds": 300, "template": {"spec": pod}},
            },
        },
    }


def _task(options: ManifestOptions) -> Object:
    return {
        "apiVersion": "tekton.dev/v1",
        "kind": "Task",
        "metadata": {"name": f"{ACCOUNT}-verify", "namespace": options.project},
        "spec": {
            "description": "Whether the project is migrated, proved by its pods. Run it as the service account "
            + ACCOUNT
            + ".",
            "steps": [_container(options)],
        },
    }
