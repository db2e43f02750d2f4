"""What is so, read off the store of a rehearsal cluster: how each config stands, and whether steps 1 to 3 are done.

It is what the words of the commands are held to, so it uses nothing of the program's own parsing or judging.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

from threescale_migrate.rehearsal import launch
from threescale_migrate.rehearsal.store import Object

Objects = Mapping[str, Mapping[str, Object]]
SPACE = launch.PROJECT
SECRET = "threescale-registry-auth"
OWNER = "openshift.io/deployment-config.name"
DEPLOYER = "openshift.io/deployer-pod-for.name"


@dataclass(frozen=True)
class Truth:
    """How a project stands: `prepared` are steps 1 to 3; each config is `amp` (its rollout is over and its pods prove it),
    `default` (its template does not say amp) or `between`."""

    prepared: bool
    configs: dict[str, str]

    @property
    def migrated(self) -> bool:
        """Whether nothing is left to do."""
        return self.prepared and set(self.configs.values()) <= {"amp"}


def look(objects: Objects) -> Truth:
    """Reads the truth off all that is stored."""
    configs = [item for item in objects.get("deploymentconfigs", {}).values() if item["metadata"]["namespace"] == SPACE]
    return Truth(is_prepared(objects), {item["metadata"]["name"]: _standing(objects, item) for item in configs})


def is_prepared(objects: Objects) -> bool:
    """Whether the login, the account with it, and the role that `default` has are there."""
    secret = objects.get("secrets", {}).get(f"{SPACE}/{SECRET}", {})
    data = (secret.get("data") or {}).get(".dockerconfigjson", "")
    login = "registry.redhat.io" in json.loads(base64.b64decode(data) or "{}").get("auths", {})
    subjects = [
        subject["name"]
        for binding in objects["rolebindings"].values()
        if binding["metadata"]["namespace"] == SPACE and binding["roleRef"]["name"] == "view"
        for subject in binding.get("subjects") or ()
    ]
    return login and linked(objects, "amp") and linked(objects, "default") and "amp" in subjects


def linked(objects: Objects, account: str) -> bool:
    """Whether an account is there and pulls with the registry secret."""
    item = objects["serviceaccounts"].get(f"{SPACE}/{account}", {})
    return {"name": SECRET} in (item.get("imagePullSecrets") or ())


def _standing(objects: Objects, config: Object) -> str:
    spec = config["spec"]
    if spec["template"]["spec"].get("serviceAccountName", "default") != "amp":
        return "default"
    revision = f"{config['metadata']['name']}-{config['status'].get('latestVersion', 0)}"
    newest = objects["replicationcontrollers"].get(f"{SPACE}/{revision}", {"metadata": {}})
    over = newest["metadata"].get("annotations", {}).get("openshift.io/deployment.phase") == "Complete"
    live = [
        pod
        for pod in objects["pods"].values()
        if pod["metadata"].get("annotations", {}).get(OWNER) == config["metadata"]["name"]
        and DEPLOYER not in pod["metadata"].get("labels", {})
        and pod["status"].get("phase") not in ("Succeeded", "Failed")
        and "deletionTimestamp" not in pod["metadata"]
    ]
    proved = all(
        pod["spec"]["serviceAccountName"] == "amp"
        and {"name": SECRET} in (pod["spec"].get("imagePullSecrets") or ())
        and any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", ()))
        for pod in live
    )
    return "amp" if over and proved and len(live) >= spec["replicas"] else "between"
