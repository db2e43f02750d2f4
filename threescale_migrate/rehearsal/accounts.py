"""What clusters with an internal registry do for each service account: a login for that registry, a moment after it is created.

It is on with the fault `internal-registry` only: the recorded cluster had no such registry (recordings/README.md 20).
"""

from __future__ import annotations

import binascii

from . import faults
from .quickjson import dumps
from .simulation import Simulation
from .store import Object, Store

REGISTRY = "image-registry.openshift-image-registry.svc:5000"
OWNER = "kubernetes.io/service-account.name"


def made(sim: Simulation, account: Object) -> None:
    """Schedules the login of a new account."""
    if faults.active(sim.store, "internal-registry"):
        sim.after("registry login", "account", account["metadata"]["namespace"], account["metadata"]["name"])


def give_login(sim: Simulation, namespace: str, name: str) -> None:
    """Creates the secret and adds it to both lists of the account."""
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
    """The login secrets of an account."""
    meta = account["metadata"]
    return [
        secret
        for secret in store.all("secrets", meta["namespace"])
        if secret["type"] == "kubernetes.io/dockercfg"
        and secret["metadata"].get("annotations", {}).get(OWNER) == meta["name"]
    ]
