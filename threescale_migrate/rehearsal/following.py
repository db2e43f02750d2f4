"""What follows from a change of an object: what controllers notice, and what is deleted with it."""

from __future__ import annotations

import binascii

from . import deployer, faults, tagging
from .namespaces import OWN_ACCOUNTS, begin_namespace, own_account
from .quickjson import dumps
from .resources import RESOURCES, Resource
from .simulation import Simulation
from .store import Object, Store

REGISTRY = "image-registry.openshift-image-registry.svc:5000"
OWNER = "kubernetes.io/service-account.name"
# Missing pods are created again, and so is the controller of the newest revision.
MADE_ANEW = {"ReplicationController": "scale", "DeploymentConfig": "rollout"}


def changed(sim: Simulation, user: str, resource: Resource, item: Object, before: Object | None = None) -> None:
    """Reacts to an object that a user has created, or changed from `before`."""
    meta = item["metadata"]
    if resource.plural == "deploymentconfigs":
        if before is not None and any(before["spec"].get(key) != item["spec"].get(key) for key in ("replicas", "test")):
            deployer.scaled(sim, item)
        sim.after("trigger", "config", meta["namespace"], meta["name"])
    elif resource.plural == "imagestreams":
        tagging.followed(sim, item)
        if before is None:
            tagging.import_all(sim, item)
    elif resource.plural == "serviceaccounts" and before is None:
        _schedule_login(sim, item)
    elif resource.plural == "namespaces" and before is None:
        begin_namespace(sim.store, meta["name"], user)
        for account in sim.store.all("serviceaccounts", meta["name"]):
            _schedule_login(sim, account)


def remove(sim: Simulation, resource: Resource, stored: Object) -> None:
    """Deletes an object and everything it owns."""
    store, meta = sim.store, stored["metadata"]
    space = meta.get("namespace")
    store.remove(resource.plural, space, meta["name"])
    if resource.plural == "namespaces":
        for plural in list(store.objects):
            for item in store.all(plural, meta["name"]):
                store.remove(plural, meta["name"], item["metadata"]["name"])
        return
    if resource.plural == "serviceaccounts":
        for secret in logins(store, stored):
            store.remove("secrets", space, secret["metadata"]["name"])
        if meta["name"] in OWN_ACCOUNTS:
            store.put("serviceaccounts", own_account(meta["name"], str(space)))
    for plural in ("replicationcontrollers", "pods"):
        for item in store.all(plural, space):
            if any(owner["uid"] == meta.get("uid") for owner in item["metadata"].get("ownerReferences", ())):
                remove(sim, RESOURCES[plural], item)
    for owner in meta.get("ownerReferences", ()):
        if owner["kind"] in MADE_ANEW:
            sim.after("controller", MADE_ANEW[owner["kind"]], str(space), owner["name"])


def _schedule_login(sim: Simulation, account: Object) -> None:
    """A cluster with an internal registry gives each account a login for it; the recorded one had none (fact 20)."""
    if faults.active(sim.store, "internal-registry"):
        sim.after("registry login", "account", account["metadata"]["namespace"], account["metadata"]["name"])


def give_login(sim: Simulation, namespace: str, name: str) -> None:
    """Creates an account's login for the internal registry, a moment after the account, and adds it to both lists of the account."""
    store = sim.store
    account = store.get("serviceaccounts", namespace, name)
    if account is None or logins(store, account):
        return
    token = f"{store.random().getrandbits(128):032x}"
    auth = binascii.b2a_base64(f"<token>:{token}".encode(), newline=False).decode()
    login = {REGISTRY: {"username": "<token>", "password": token, "email": "serviceaccount@example.org", "auth": auth}}
    secret = f"{name}-dockercfg-{store.suffix()}"
    store.put(
        "secrets",
        {
            "apiVersion": "v1",
            "data": {".dockercfg": binascii.b2a_base64(dumps(login).encode(), newline=False).decode()},
            "kind": "Secret",
            "metadata": {"annotations": {OWNER: name}, "name": secret, "namespace": namespace},
            "type": "kubernetes.io/dockercfg",
        },
    )
    for key in ("imagePullSecrets", "secrets"):
        account[key] = [*(account.get(key) or ()), {"name": secret}]
    store.put("serviceaccounts", account)


def logins(store: Store, account: Object) -> list[Object]:
    meta = account["metadata"]
    return [
        secret
        for secret in store.all("secrets", meta["namespace"])
        if secret["type"] == "kubernetes.io/dockercfg"
        and secret["metadata"].get("annotations", {}).get(OWNER) == meta["name"]
    ]
