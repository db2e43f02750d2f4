"""An object as it is saved: cleaned of what the cluster sets, so that it can be created again, and written as YAML.

Pure: one object of oc's JSON in, one `Saved` out, None for what the cluster makes again by itself. It reads and writes nothing.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_JSON = Mapping[str, Any]

# Of the metadata, what the server fills in; an owner has another uid once it was created again, and the garbage collector
# would delete what names the old one.
SET_BY_THE_CLUSTER = (
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "generation",
    "selfLink",
    "namespace",
    "finalizers",
    "ownerReferences",
    "generateName",
)
# Annotations about the past, such as the volume that a claim was bound to; the last one holds the object once more.
ANNOTATIONS_SET_BY_THE_CLUSTER = (
    "pv.kubernetes.io/",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/",
    "openshift.io/image.dockerRepositoryCheck",
    "openshift.io/internal-registry-pull-secret-ref",
    "deployment.kubernetes.io/revision",
    "autoscaling.alpha.kubernetes.io/conditions",
    "autoscaling.alpha.kubernetes.io/current-metrics",
    "endpoints.kubernetes.io/",
    "kubectl.kubernetes.io/last-applied-configuration",
)
# What OpenShift makes in each project by itself, and makes again.
OF_EACH_PROJECT: Mapping[str, tuple[str, ...]] = {
    "ServiceAccount": ("default", "builder", "deployer"),
    "RoleBinding": ("system:image-pullers", "system:image-builders", "system:deployers"),
    "ConfigMap": ("kube-root-ca.crt", "openshift-service-ca.crt"),
}
_MADE_FOR_A_SERVICE = ("service.alpha.openshift.io/originating-service-name",
                       "service.beta.openshift.io/originating-service-name")  # fmt: skip
_OF_AN_ACCOUNT = ("kubernetes.io/service-account-token", "kubernetes.io/dockercfg")


@dataclass(frozen=True)
class Saved:
    """An object that can be created again. `text` is its YAML, which can hold secrets and is never shown.

    `lost` are the parts that were left out and have to be handled by hand: a volume, a key. An account that OpenShift creates by
    itself has no `text`; its `links` are the secrets that somebody linked to it, each with its use.
    """

    kind: str
    name: str
    text: str = field(repr=False)
    lost: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()


def saved(item: _JSON, with_secrets: bool) -> Saved | None:
    """One object of oc's JSON, cleaned; None if the cluster makes it again by itself.

    Without `with_secrets` a route is saved without its private key. Raises KeyError, TypeError or AttributeError for what
    has not the shape of the cluster's objects.
    """
    kind, name = str(item["kind"]), str(item["metadata"]["name"])
    cleaned = copy.deepcopy(dict(item))
    if _made_by_the_cluster(kind, cleaned):
        return None
    lost = _clean(kind, cleaned, with_secrets)
    if name in OF_EACH_PROJECT.get(kind, ()):
        if kind != "ServiceAccount":
            return None
        links = [(str(ref["name"]), use) for key, use in _LISTS for ref in cleaned.get(key) or ()]
        return Saved(kind, name, "", links=tuple(links))
    return Saved(kind, name, to_yaml(cleaned), lost)


def selects_pods(item: _JSON) -> bool:
    """Whether the object is a service whose endpoints the cluster finds by itself; those of any other are somebody's own."""
    return item["kind"] == "Service" and bool((item.get("spec") or {}).get("selector"))


def _made_by_the_cluster(kind: str, item: _JSON) -> bool:
    annotations = item["metadata"].get("annotations") or {}
    of_an_account = item.get("type") in _OF_AN_ACCOUNT and "kubernetes.io/service-account.name" in annotations
    if kind == "Route" and any(
        owner.get("kind") == "Ingress" for owner in item["metadata"].get("ownerReferences") or ()
    ):
        return True
    return kind == "Secret" and (of_an_account or any(name in annotations for name in _MADE_FOR_A_SERVICE))


def _clean(kind: str, item: dict[str, Any], with_secrets: bool) -> tuple[str, ...]:
    """Cleans an object in place; gives what of it is lost."""
    meta = item["metadata"]
    for name in SET_BY_THE_CLUSTER:
        meta.pop(name, None)
    annotations = meta.get("annotations")
    if annotations is not None:
        for name in [name for name in annotations if name.startswith(ANNOTATIONS_SET_BY_THE_CLUSTER)]:
            del annotations[name]
        if not annotations:
            del meta["annotations"]
    status = item.pop("status", None)
    spec = item.get("spec")
    if isinstance(spec, dict):
        _without_null_times(spec)
    clean = _CLEANERS.get(kind)
    return () if clean is None else clean(item, status or {}, with_secrets)


def _without_null_times(value: Any) -> None:
    """Templates say `creationTimestamp: null`, which means nothing."""
    if isinstance(value, dict):
        if value.get("creationTimestamp", "") is None:
            del value["creationTimestamp"]
        for inner in value.values():
            _without_null_times(inner)
    elif isinstance(value, list):
        for inner in value:
            _without_null_times(inner)


def _claim(item: dict[str, Any], status: _JSON, with_secrets: bool) -> tuple[str, ...]:
    volume = item["spec"].pop("volumeName", None)
    return (f"volume {volume}",) if volume else ()


def _service(item: dict[str, Any], status: _JSON, with_secrets: bool) -> tuple[str, ...]:
    spec = item["spec"]
    if spec.get("clusterIP") != "None":  # a headless service says so itself
        spec.pop("clusterIP", None)
        spec.pop("clusterIPs", None)
    spec.pop("healthCheckNodePort", None)
    return ()


def _route(item: dict[str, Any], status: _JSON, with_secrets: bool) -> tuple[str, ...]:
    tls = item["spec"].get("tls") or {}
    if with_secrets or not tls.pop("key", None):
        return ()
    return ("tls.key",)


_LISTS = (("imagePullSecrets", "pull"), ("secrets", "mount"))


def _account(item: dict[str, Any], status: _JSON, with_secrets: bool) -> tuple[str, ...]:
    own = tuple(f"{item['metadata']['name']}-{kind}-" for kind in ("dockercfg", "token"))
    for key, _ in _LISTS:
        kept = [ref for ref in item.pop(key, None) or () if not str(ref.get("name", "")).startswith(own)]
        if kept:
            item[key] = kept
    return ()


def _config(item: dict[str, Any], status: _JSON, with_secrets: bool) -> tuple[str, ...]:
    for trigger in item["spec"].get("triggers") or ():
        for params in (trigger.get("imageChangeParams"), trigger.get("imageChange")):
            if isinstance(params, dict):
                params.pop("lastTriggeredImage", None)
                params.pop("lastTriggeredImageID", None)
    return ()


def _pod_template(item: dict[str, Any], status: _JSON, with_secrets: bool) -> tuple[str, ...]:
    template = item["spec"].get("template") or {}
    (template.get("spec") or {}).pop("nodeName", None)
    return _config(item, status, with_secrets)


def _stream(item: dict[str, Any], status: _JSON, with_secrets: bool) -> tuple[str, ...]:
    """A stream's images are in its status, which nobody can create: a tag that follows nothing is made to follow its image."""
    spec = item["spec"] = item.get("spec") or {}
    tags = list(spec.get("tags") or ())
    for tag in tags:
        tag.pop("generation", None)
    followed = {str(tag["name"]) for tag in tags}
    for tag in status.get("tags") or ():
        if str(tag["tag"]) not in followed and tag.get("items"):
            image = str(tag["items"][0]["dockerImageReference"])
            tags.append({"name": str(tag["tag"]), "from": {"kind": "DockerImage", "name": image}})
    if tags:
        spec["tags"] = tags
    return ()


_CLEANERS = {
    "PersistentVolumeClaim": _claim,
    "Service": _service,
    "Route": _route,
    "ServiceAccount": _account,
    "DeploymentConfig": _pod_template,
    "BuildConfig": _config,
    "Deployment": _pod_template,
    "StatefulSet": _pod_template,
    "DaemonSet": _pod_template,
    "ImageStream": _stream,
}


def to_yaml(value: _JSON) -> str:
    """YAML that `oc` reads as the same object: each text that is not a plain word is quoted.

    Go's parser takes `1e3`, `0o17` and `12e345678`, the beginning of many a commit's name, for numbers where Python's does not.
    """
    import re

    import yaml

    plain = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@-]*(?: [A-Za-z0-9_./@-]+)*")
    spoken = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        simple = plain.fullmatch(value) and value.lower() not in spoken
        style = None if simple else "|" if "\n" in value else '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)

    Dumper.add_representer(str, text)
    dumped: str = yaml.dump(dict(value), Dumper=Dumper, sort_keys=True, default_flow_style=False, width=1 << 20)
    return dumped
