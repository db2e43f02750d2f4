"""`manifest`: what lets a scheduler of the cluster itself run `verify`, with the least rights that it needs; the recipe of its image."""

from __future__ import annotations

from typing import Any

import yaml

from ..cluster.failures import OcError
from ..cluster.location import pin
from ..cluster.served import served
from ..exit_codes import ExitCode
from ..options import Options
from ..render import containerfile
from ..render.result import Printed, Result
from ..run.session import Session
from ..values import SECRET_NAME, Step, Text, Usage

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
# threescale-migrate verify in project {project}, as a {kind} of {version}
# The image has to contain threescale-migrate and oc (see manifest containerfile); without a kubeconfig, oc uses the pod's service account.
# It checks {checked}
# To use it: oc create -f FILE
"""
ALL = "all six steps, with a ClusterRole that a cluster admin has to create."
BUT_PERMISSIONS = (
    "all steps except 3, permissions; its verdict, in the pod's log, says so. With --permissions step 3 is checked too."
)
# The type's group, the group's versions, the newest first (fact 24), and its plural.
TYPE = ("batch", ("v1", "v1beta1"), "cronjobs")
# A server that cannot be asked is not waited for longer.
ASKING = 30.0


def run(session: Session, options: Options) -> Result:
    """The objects as YAML, in the version that the server accepts, or the recipe. Raises Usage, OcError where they lack an image or a project."""
    if options.kind == "containerfile":
        return session.result(ExitCode.DONE, Printed(containerfile.text(options.image)))
    if options.image is None:
        raise Usage(Text("manifest {kind}: --image is missing", kind=options.kind))
    project = session.options.namespace or _current(session)
    version = _version(session)
    container = _container(command(project, options.permissions), options.image)
    made = _cron_job(project, container, options.schedule)
    checked = ALL if options.permissions else BUT_PERMISSIONS
    header = HEADER.format(project=project, kind=made["kind"], version=version, checked=checked)
    objects = [*rights(project, options.permissions), {"apiVersion": version, **made}]
    words = header + yaml.safe_dump_all(objects, sort_keys=False, explicit_start=True)
    return session.result(ExitCode.DONE, Printed(words))


def _current(session: Session) -> str:
    """The project that oc is in. Raises OcError, Refused where there is none."""
    oc = session.connect(ASKING)
    pin(oc)
    return str(oc.namespace)


def _version(session: Session) -> str:
    """The version in which the server has the type; the newest where the server has none or cannot be asked, which is said."""
    group, versions, plural = TYPE
    newest, older = (f"{group}/{version}" for version in versions)
    try:
        found = served(session.connect(ASKING), group, versions, plural)
    except OcError as error:
        session.say(
            Text(
                "could not ask the server which version of {plural} it serves ({why}): the manifest uses {newest}; an old server may need {older}",
                plural=plural,
                why=error.text,
                newest=newest,
                older=older,
            )
        )
        return newest
    if found is None:
        session.say(
            Text(
                "this server has no {plural} of {group}: the manifest uses {newest}",
                plural=plural,
                group=group,
                newest=newest,
            )
        )
    return found or newest


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


def command(project: str, permissions: bool) -> list[str]:
    """The command that is run there; its verdict stays in the pod's log, with what was left out."""
    left_out = [] if permissions else [f"--skip={Step.PERMISSIONS.value}"]
    return ["threescale-migrate", "verify", f"--namespace={project}", "--timeout=4m", *left_out]


def _container(argv: list[str], image: str) -> Object:
    return {
        "name": "verify",
        "image": image,
        "command": argv,
        "env": [{"name": "HOME", "value": "/tmp"}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "runAsNonRoot": True,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def _cron_job(project: str, container: Object, schedule: str) -> Object:
    pod = {"serviceAccountName": ACCOUNT, "restartPolicy": "Never", "containers": [container]}
    return {
        "kind": "CronJob",
        "metadata": {"name": ACCOUNT, "namespace": project},
        "spec": {
            "schedule": schedule,
            "concurrencyPolicy": "Forbid",
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {
                "spec": {"backoffLimit": 0, "activeDeadlineSeconds": 300, "template": {"spec": pod}},
            },
        },
    }
