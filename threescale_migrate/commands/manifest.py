"""`manifest`: what lets a scheduler of the cluster itself run `verify`, with the least rights that it needs; the recipe of its image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from .. import __version__
from ..cluster.location import pin
from ..cluster.oc_errors import OcError
from ..cluster.versions import served
from ..exit_codes import ExitCode
from ..options import Options
from ..render.result import Printed, Result
from ..run.session import Session
from ..values import SECRET_NAME, Step, Text

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
# threescale-migrate verify in the cluster, as an OpenShift template with a CronJob of {version}.
# The image has to contain threescale-migrate and oc (see manifest containerfile); without a kubeconfig, oc uses the pod's service account.
# It checks {checked}
# To use it: oc process --local -f FILE -p PROJECT={project} -p IMAGE={image} | oc create -f -
"""
# The template's parameters: their names, what they are, and the words that stand for them.
PROJECT, IMAGE, SCHEDULE = "${PROJECT}", "${IMAGE}", "${SCHEDULE}"
PARAMETERS = {
    "PROJECT": "The project that is checked, in which the CronJob runs.",
    "IMAGE": "An image with threescale-migrate and oc.",
    "SCHEDULE": "When it is checked, as cron writes it.",
}
ALL = "all six steps, with a ClusterRole that a cluster admin has to create."
BUT_PERMISSIONS = (
    "all steps except 3, permissions; its verdict, in the pod's log, says so. With --permissions step 3 is checked too."
)
# The type's group, the group's versions, the newest first (fact 24), and its plural.
TYPE = ("batch", ("v1", "v1beta1"), "cronjobs")
# A server that cannot be asked is not waited for longer.
ASKING = 30.0


def run(session: Session, options: Options) -> Result:
    """The objects as YAML, in the version that the server accepts, or the recipe. Raises OcError where they lack a project."""
    if options.kind == "containerfile":
        return session.result(ExitCode.DONE, Printed(_containerfile(options.image)))
    values = {
        "PROJECT": session.options.namespace or _current(session),
        "IMAGE": options.image,
        "SCHEDULE": options.schedule,
    }
    version = _version(session)
    objects = [*rights(options.permissions), {"apiVersion": version, **_cron_job(options.permissions, version)}]
    header = HEADER.format(
        version=version,
        checked=ALL if options.permissions else BUT_PERMISSIONS,
        project=values["PROJECT"],
        image=options.image or "IMAGE",
    )
    words = header + yaml.safe_dump(_template(objects, values), sort_keys=False, explicit_start=True)
    return session.result(ExitCode.DONE, Printed(words))


def _template(objects: list[Object], values: Mapping[str, str | None]) -> Object:
    """The objects as an OpenShift template; a parameter without a value has to be given to `oc process`."""
    return {
        "apiVersion": "template.openshift.io/v1",
        "kind": "Template",
        "metadata": {"name": ACCOUNT},
        "objects": objects,
        "parameters": [
            {
                "name": name,
                "description": said,
                "required": True,
                **({"value": values[name]} if values[name] is not None else {}),
            }
            for name, said in PARAMETERS.items()
        ],
    }


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


def rights(permissions: bool) -> list[Object]:
    """The service account with its least Role; with `permissions` a ClusterRole for step 3, which a cluster admin has to create."""
    rules = (*RULES, *DISCOVERY_RULES) if permissions else RULES
    found: list[Object] = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": PROJECT}},
        *_bound("Role", {"name": ACCOUNT, "namespace": PROJECT}, rules),
    ]
    if permissions:
        found += _bound("ClusterRole", {"name": f"{ACCOUNT}-{PROJECT}"}, CLUSTER_RULES)
    return found


def _bound(kind: str, meta: Object, rules: tuple[Object, ...]) -> list[Object]:
    return [
        {"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": dict(meta), "rules": [dict(rule) for rule in rules]},
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": f"{kind}Binding",
            "metadata": dict(meta),
            "roleRef": {"apiGroup": RBAC, "kind": kind, "name": meta["name"]},
            "subjects": [{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": PROJECT}],
        },
    ]


def command(permissions: bool) -> list[str]:
    """The command that is run there; its verdict stays in the pod's log, with what was left out."""
    left_out = [] if permissions else [f"--skip={Step.PERMISSIONS.value}"]
    return ["threescale-migrate", "verify", f"--namespace={PROJECT}", "--timeout=4m", *left_out]


def _container(permissions: bool, version: str) -> Object:
    context: Object = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
    }
    # A server with the older CronJobs does not know it, and `oc create` refuses what it does not know.
    if version == f"{TYPE[0]}/{TYPE[1][0]}":
        context["seccompProfile"] = {"type": "RuntimeDefault"}
    return {
        "name": "verify",
        "image": IMAGE,
        "command": command(permissions),
        "env": [{"name": "HOME", "value": "/tmp"}],
        "securityContext": context,
    }


def _cron_job(permissions: bool, version: str) -> Object:
    pod = {"serviceAccountName": ACCOUNT, "restartPolicy": "Never", "containers": [_container(permissions, version)]}
    return {
        "kind": "CronJob",
        "metadata": {"name": ACCOUNT, "namespace": PROJECT},
        "spec": {
            "schedule": SCHEDULE,
            "concurrencyPolicy": "Forbid",
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {
                "spec": {"backoffLimit": 0, "activeDeadlineSeconds": 300, "template": {"spec": pod}},
            },
        },
    }


# By which the tool becomes one file; the README shows the same line, and a test runs it.
ONE_FILE = ".ci/one-file threescale-migrate"
_RECIPE = """\
# threescale-migrate {version} in a container, on a base image with oc and python3 (3.9 or later).
# It contains the tool as one file. To make that file, in the directory of its source:
#   {one_file}
# To build the image there, from this file saved as Containerfile:
#   podman build {argument}-t threescale-migrate:{version} .
# To run it with your own login: podman run --rm -v ~/.kube/config:/tmp/config:ro,z -e KUBECONFIG=/tmp/config IMAGE verify -n PROJECT
ARG OC_IMAGE{default}
FROM ${{OC_IMAGE}}
USER 0
COPY threescale-migrate /usr/local/bin/threescale-migrate
# The build fails here if oc or python3 is missing or too old.
RUN chmod 0755 /usr/local/bin/threescale-migrate && oc version --client && threescale-migrate --version
# OpenShift runs it with a user id from the project's range, which has no home directory.
ENV HOME=/tmp
WORKDIR /tmp
USER 1001
ENTRYPOINT ["/usr/local/bin/threescale-migrate"]
CMD ["--help"]
"""


def _containerfile(base: str | None) -> str:
    """The recipe, with the base image that `podman build` uses by default."""
    return _RECIPE.format(
        version=__version__,
        one_file=ONE_FILE,
        argument="" if base else "--build-arg OC_IMAGE=YOUR-OC-IMAGE ",
        default=f"={base}" if base else "",
    )
