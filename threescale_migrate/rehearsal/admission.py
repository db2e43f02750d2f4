"""Admission of a pod before it is stored: it gets its account and that account's pull secrets, or it is refused."""

from __future__ import annotations

from . import faults, quotas
from .store import Object, Store

SCC_MESSAGE = 'unable to validate against any security context constraint: [provider "restricted": Forbidden: not usable by user or serviceaccount]'


class RefusedPod(Exception):
    """Admission refuses the pod; the text is what follows `is forbidden: `. `named`: the pod already has its generated name."""

    def __init__(self, text: str, named: bool = False) -> None:
        super().__init__(text)
        self.named = named


def admit(store: Store, pod: Object) -> None:
    """Fills in the account and its pull secrets (fact 4, fact 14). Raises RefusedPod."""
    spec, namespace = pod["spec"], pod["metadata"]["namespace"]
    name = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    account = store.get("serviceaccounts", namespace, name)
    config = pod["metadata"].get("annotations", {}).get("openshift.io/deployment-config.name", "")
    application = "openshift.io/deployer-pod-for.name" not in pod["metadata"].get("labels", {})
    if application and faults.hits(store, "account-missing", config, name) and _deleted_now(store, namespace, name):
        account = None
    if account is None:
        raise RefusedPod(f'error looking up service account {namespace}/{name}: serviceaccount "{name}" not found')
    if application and faults.hits(store, "scc", config, name) and not _scc_granted(store, namespace, name):
        raise RefusedPod(SCC_MESSAGE)
    spec["serviceAccountName"] = spec["serviceAccount"] = name
    if not spec.get("imagePullSecrets") and account.get("imagePullSecrets"):
        spec["imagePullSecrets"] = [dict(reference) for reference in account["imagePullSecrets"]]
    beyond = quotas.refusal(store, pod)
    if beyond:
        raise RefusedPod(beyond, named=True)


def _deleted_now(store: Store, namespace: str, name: str) -> bool:
    """Deletes the account, once; returns whether this call did it."""
    if store.private.setdefault("account deleted", False):
        return False
    store.private["account deleted"] = True
    store.remove("serviceaccounts", namespace, name)
    return True


def _scc_granted(store: Store, namespace: str, account: str) -> bool:
    """Whether the account can use an SCC: by a binding, as in OpenShift 4, or as one of the SCC's users, as in 3.11."""
    user = f"system:serviceaccount:{namespace}:{account}"
    for resource in ("rolebindings", "clusterrolebindings"):
        for binding in store.all(resource):
            if not binding["roleRef"]["name"].startswith("system:openshift:scc:"):
                continue
            for subject in binding.get("subjects") or ():
                if subject.get("name") == account and subject.get("namespace", namespace) == namespace:
                    return True
    return any(user in (scc.get("users") or ()) for scc in store.all("securitycontextconstraints"))
