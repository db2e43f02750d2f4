"""What a backup of a project holds, in the order in which it can be created again: what the guide saves before this section.

Pure: saved objects in, files out. The module of the same name in `engine` reads the cluster and writes the files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from .. import shell
from ..cluster.saved_objects import Saved

SECRETS = "secrets"
# The kind of each type that is saved, in the order in which it is created: what is named by others comes before them.
# Pods, controllers, builds and events are created from these, and the endpoints of each service that selects pods.
TYPES: tuple[tuple[str, str], ...] = (
    (SECRETS, "Secret"),
    ("configmaps", "ConfigMap"),
    ("serviceaccounts", "ServiceAccount"),
    ("roles", "Role"),
    ("rolebindings", "RoleBinding"),
    ("limitranges", "LimitRange"),
    ("resourcequotas", "ResourceQuota"),
    ("networkpolicies", "NetworkPolicy"),
    ("persistentvolumeclaims", "PersistentVolumeClaim"),
    ("imagestreams", "ImageStream"),
    ("buildconfigs", "BuildConfig"),
    ("templates", "Template"),
    ("services", "Service"),
    ("endpoints", "Endpoints"),
    ("routes", "Route"),
    ("ingresses", "Ingress"),
    ("deploymentconfigs", "DeploymentConfig"),
    ("deployments", "Deployment"),
    ("statefulsets", "StatefulSet"),
    ("daemonsets", "DaemonSet"),
    ("cronjobs", "CronJob"),
    ("horizontalpodautoscalers", "HorizontalPodAutoscaler"),
    ("poddisruptionbudgets", "PodDisruptionBudget"),
)
ORDER = {kind: number for number, (_, kind) in enumerate(TYPES)}
README = "README.txt"
# A file's name has 255 bytes at most, an object's 253; the number tells two apart.
LONGEST_NAME = 200


@dataclass(frozen=True)
class Document:
    """A file of a backup: its name in the directory, and what is in it, which may be secret."""

    name: str
    text: str = field(repr=False)


@dataclass(frozen=True)
class Backup:
    """What was read of a project. `unread` are the types that could not be read, each with the reason. `left_out` are objects that OpenShift creates again by itself."""

    project: str
    objects: tuple[Saved, ...]
    unread: tuple[tuple[str, str], ...] = ()
    with_secrets: bool = False
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many objects of each kind are saved, in their order."""
        found: dict[str, int] = {}
        for item in ordered(self.objects):
            found[item.kind] = found.get(item.kind, 0) + 1
        return found


def types(with_secrets: bool) -> tuple[str, ...]:
    """The types to read, by the names that `oc get` takes."""
    return tuple(name for name, _ in TYPES if with_secrets or name != SECRETS)


def ordered(objects: Iterable[Saved]) -> list[Saved]:
    """Those that get a file of their own, in the order in which they can be created again."""
    written = (item for item in objects if item.text and item.kind in ORDER)
    return sorted(written, key=lambda item: (ORDER[item.kind], item.name))


def documents(backup: Backup) -> tuple[Document, ...]:
    """The files of a backup: one for each object, numbered, and what a reader needs to create them again."""
    objects = ordered(backup.objects)
    width = max(3, len(str(len(objects))))
    found = []
    for number, item in enumerate(objects, 1):
        word = re.sub(r"[^A-Za-z0-9.-]", "_", f"{item.kind.lower()}-{item.name}")
        found.append(Document(f"{number:0{width}}-{word[:LONGEST_NAME]}.yaml", item.text))
    return (*found, Document(README, _readme(backup)))


def _readme(backup: Backup) -> str:
    lines = [
        f"A backup of project {backup.project}, made by threescale-migrate backup.",
        "",
        "To create what is missing again, in the order of the files:",
        f"  oc create -n {backup.project} -f DIRECTORY",
        "For each object that is still there, oc prints AlreadyExists, leaves it unchanged, and continues.",
        "",
        "The configs are saved unchanged, with the passwords and tokens in their commands and environments.",
        "Not included: the content of volumes and databases; pods, revisions, builds, jobs and events; images; objects of types",
        "that an operator added; what belongs to the whole cluster (security context constraints, cluster roles and bindings).",
    ]
    if not backup.with_secrets:
        lines.append("Secrets are not included: --with-secrets saves them too.")
    for kind, why in backup.unread:
        lines += ["", f"NOT SAVED, because it could not be read: {kind}", f"  {why}"]
    links = [(item.name, secret, use) for item in backup.objects for secret, use in item.links]
    if links:
        lines += ["", "Linked to the accounts that OpenShift creates in each project by itself:"]
        lines += [
            "  " + shell.oc(("secrets", "link", "-n", backup.project, account, secret, f"--for={use}"))
            for account, secret, use in links
        ]
    if backup.left_out:
        lines += ["", "Left out, since OpenShift creates them again by itself:"]
        lines += [f"  {kind} {name}" for kind, name in sorted(set(backup.left_out))]
    lost = [(item, part) for item in ordered(backup.objects) for part in item.lost]
    if lost:
        lines += ["", "Left out of an object:"]
        lines += [f"  {item.kind} {item.name}: {part}" for item, part in lost]
    return "\n".join(lines) + "\n"
