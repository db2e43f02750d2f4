"""What follows from a change of an object: what controllers notice, and what is deleted with it."""

from __future__ import annotations

from . import accounts, deployer, tagging
from .namespaces import OWN_ACCOUNTS, begin_namespace, own_account
from .resources import RESOURCES, Resource
from .simulation import Simulation
from .store import Object

# Missing pods are created again, and so is the controller of the newest revision.
MADE_ANEW = {"ReplicationController": "scale", "DeploymentConfig": "rollout"}


def changed(sim: Simulation, user: str, resource: Resource, item: Object, before: Object | None = None) -> None:
    """Reacts to an object that a user has created, or changed from `before`."""
    meta = item["metadata"]
    if resource.plural == "deploymentconfigs":
        if before is not None and before["spec"].get("replicas") != item["spec"].get("replicas"):
            deployer.scaled(sim, item)
        sim.after("trigger", "config", meta["namespace"], meta["name"])
    elif resource.plural == "imagestreams":
        tagging.followed(sim, item)
        if before is None:
            tagging.import_all(sim, item)
    elif resource.plural == "serviceaccounts" and before is None:
        accounts.made(sim, item)
    elif resource.plural == "namespaces" and before is None:
        begin_namespace(sim.store, meta["name"], user)
        for account in sim.store.all("serviceaccounts", meta["name"]):
            accounts.made(sim, account)


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
        for secret in accounts.logins(store, stored):
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
