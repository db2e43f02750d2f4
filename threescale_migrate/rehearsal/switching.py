"""What a fault changes in a cluster at once, besides its later effects (`faults`)."""

from __future__ import annotations

import binascii

from .deployer import scaled
from .faults import LABELS, OF_CONFIGS, OF_DATABASES, Mistake, account_of, parse_fault, user
from .following import give_login
from .pods import owner
from .quotas import applied, with_usage
from .resources import named
from .rights import binding, subject
from .simulation import Simulation
from .store import Object, Store, copied
from .tagging import followed, import_failed
from .typed import Callable, Iterable


def switch_on(store: Store, given: Iterable[str]) -> None:
    """Switches faults on for the life of the cluster, in addition to those that are on. Raises Mistake for an unknown config."""
    known = store.settings.setdefault("faults", [])
    accounts = store.settings.setdefault("accounts before", {})
    for text in given:
        name, value = parse_fault(text)
        if name in (*OF_CONFIGS, *OF_DATABASES):
            configs = [item for item in store.all("deploymentconfigs") if value in ("all", item["metadata"]["name"])]
            if not configs:
                raise Mistake("--fault {given}: there is no DeploymentConfig {name}", given=text, name=value)
            for item in configs if name in OF_CONFIGS else ():
                accounts.setdefault(item["metadata"]["name"], account_of(item))
                _change_config(store, name, item)
        if name == "forbidden":
            value = _in_full(value)
        if name in ("user", "old-client"):  # only one of each
            known[:] = [entry for entry in known if entry[0] != name]
        if [name, value] not in known:
            known.append([name, value])
        if name in BEGINNINGS:
            BEGINNINGS[name](store)
        store.changed = True


def _in_full(value: str) -> str:
    """A forbidden action with the type's full name: `patch:dc` is `patch:deploymentconfigs`."""
    verb, _, resource = value.partition(":")
    kind, slash, sub = resource.partition("/")
    known = named(kind)
    return f"{verb}:{known.plural if known is not None else kind}{slash}{sub}"


def _full_quota(store: Store) -> None:
    """A quota that is used up by what runs now, without deployers and hooks."""
    project = store.settings["project"]
    meta = {"name": "compute-resources", "namespace": project}
    quota: Object = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": meta}
    quota["spec"] = {"hard": {"pods": "0"}, "scopes": ["NotTerminating"]}
    quota["spec"]["hard"]["pods"] = with_usage(store, quota)["status"]["used"]["pods"]
    store.put("resourcequotas", quota)


def _registry_logins(store: Store) -> None:
    for account in store.all("serviceaccounts"):
        give_login(Simulation(store), account["metadata"]["namespace"], account["metadata"]["name"])


def _bind_user(store: Store) -> None:
    name, roles = user(store) or ("", ())
    project = store.settings["project"]
    for role in roles:
        store.put("rolebindings", binding("RoleBinding", f"{role}-{name}", role, [subject(name)], project))


def _change_config(store: Store, name: str, item: Object) -> None:
    """The faults that are settings of a config."""
    spec = item["spec"]
    if name == "paused":
        spec["paused"] = True
    elif name == "no-trigger":
        spec["triggers"] = [trigger for trigger in spec.get("triggers", ()) if trigger["type"] != "ConfigChange"]
    elif name == "no-image":
        _break_import(store, item)
        return
    elif name == "zero":
        spec["replicas"] = 0
    else:
        return
    item["metadata"]["generation"] += 1
    item["status"]["observedGeneration"] = item["metadata"]["generation"]
    store.put("deploymentconfigs", item)
    if name == "zero":
        scaled(Simulation(store), item)


def _break_import(store: Store, item: Object) -> None:
    for trigger in item["spec"].get("triggers", ()):
        if trigger["type"] != "ImageChange":
            continue
        params = trigger["imageChangeParams"]
        params.pop("lastTriggeredImage", None)
        name, _, tag = params["from"]["name"].partition(":")
        stream = store.get("imagestreams", item["metadata"]["namespace"], name)
        if stream is None:
            continue
        message = f'you may not have access to the container image "{_image_of(stream, tag)}"'
        failed = import_failed(store, 2, {"message": message, "reason": "Unauthorized"})
        stream["status"]["tags"] = [{"conditions": [failed], "items": None, "tag": tag}]
        store.put("imagestreams", stream)
    store.put("deploymentconfigs", item)


def _image_of(stream: Object, tag: str) -> str:
    """The image that a tag had, or the name of the tag."""
    for known in stream["status"].get("tags") or ():
        if known["tag"] == tag and known.get("items"):
            return str(known["items"][0]["dockerImageReference"])
    return tag


def authenticated_images(store: Store) -> None:
    """Points the image streams at registry.redhat.io, as the next upgrade step does."""
    sim = Simulation(store)
    for stream in store.all("imagestreams"):
        changed = copied(stream)
        for tag in changed.get("status", {}).get("tags") or ():
            for entry in tag.get("items") or ():
                entry["dockerImageReference"] = (
                    entry["dockerImageReference"]
                    .replace("registry.access.redhat.com", "registry.redhat.io")
                    .replace("3scale-amp25", "3scale-amp26")
                )
        store.put("imagestreams", changed)
        followed(sim, changed)


def service_discovery(store: Store) -> None:
    """Makes system use service discovery with its service account, by 3scale's `system` config map."""
    project = store.settings["project"]
    text = "production:\n  enabled: true\n  authentication_method: service_account\n"
    item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "system", "namespace": project}}
    store.put("configmaps", {**item, "data": {"service_discovery.yml": text}})


def _apimanager(store: Store) -> None:
    """An operator's installation: each config is owned by the APIManager."""
    manager = {"apiVersion": "apps.3scale.net/v1alpha1", "kind": "APIManager"}
    reference = owner({**manager, "metadata": {"name": "example-apimanager", "uid": store.new_uid()}}, controls=True)
    for item in store.all("deploymentconfigs", store.settings["project"]):
        item["metadata"]["ownerReferences"] = [reference]
        store.put("deploymentconfigs", item)


def _labels(store: Store) -> None:
    """The labels of older templates on configs and their pods; selectors and revisions stay unchanged."""
    for release in (value for name, value in store.settings["faults"] if name == "labels"):
        component, element = LABELS[release]
        for plural in ("deploymentconfigs", "replicationcontrollers", "pods", "imagestreams"):
            for item in store.all(plural, store.settings["project"]):
                labels = item["metadata"].get("labels", {})
                for old, new in (("threescale_component", component), ("threescale_component_element", element)):
                    value = labels.pop(old, None)
                    if value is not None and new:
                        labels[new] = value
                store.put(plural, item)


def _builds(store: Store) -> None:
    """A BuildConfig as the Oracle guide makes it: it builds on amp-system."""
    source = {"kind": "ImageStreamTag", "name": "amp-system:latest"}
    strategy = {"dockerStrategy": {"from": source}, "type": "Docker"}
    item: Object = {
        "apiVersion": "build.openshift.io/v1",
        "kind": "BuildConfig",
        "metadata": {"name": "3scale-amp-system-oracle", "namespace": store.settings["project"]},
        "spec": {
            "output": {"to": {"kind": "ImageStreamTag", "name": "3scale-amp-system-oracle:latest"}},
            "strategy": strategy,
        },
        "status": {"lastVersion": 1},
    }
    store.put("buildconfigs", item)


def _broken_login(store: Store) -> None:
    """A pull secret that the server takes and no node can parse (fact 34), linked to the account default."""
    project = store.settings["project"]
    login = b'{"auths": {"registry.old.example.com": {"auth": "dG9rZW4="}}}'
    secret: Object = {
        "apiVersion": "v1",
        "data": {".dockerconfigjson": binascii.b2a_base64(login, newline=False).decode()},
        "kind": "Secret",
        "metadata": {"name": "old-registry", "namespace": project},
        "type": "kubernetes.io/dockerconfigjson",
    }
    store.put("secrets", secret)
    account = store.get("serviceaccounts", project, "default")
    if account is not None:
        account["imagePullSecrets"] = [*(account.get("imagePullSecrets") or ()), {"name": "old-registry"}]
        store.put("serviceaccounts", account)


def _cluster_quota(store: Store) -> None:
    """A ClusterResourceQuota that is used up by what runs now, without deployers and hooks."""
    project = store.settings["project"]
    quota: Object = {
        "apiVersion": "quota.openshift.io/v1",
        "kind": "ClusterResourceQuota",
        "metadata": {"name": "for-the-team"},
        "spec": {
            "quota": {"hard": {"pods": "0"}, "scopes": ["NotTerminating"]},
            "selector": {"annotations": {"openshift.io/requester": "the-team"}, "labels": None},
        },
    }
    used = applied(store, quota, project)["status"]["total"]["used"]["pods"]
    quota["spec"]["quota"]["hard"]["pods"] = used
    store.put("clusterresourcequotas", quota)


BEGINNINGS: dict[str, Callable[[Store], None]] = {
    "quota": _full_quota,
    "cluster-quota": _cluster_quota,
    "broken-login": _broken_login,
    "internal-registry": _registry_logins,
    "user": _bind_user,
    "authenticated-images": authenticated_images,
    "service-discovery": service_discovery,
    "apimanager": _apimanager,
    "labels": _labels,
    "builds": _builds,
}
