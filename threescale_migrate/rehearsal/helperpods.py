"""The pods of a rollout besides those of the config: the deployer and the hooks."""

from __future__ import annotations

from . import pods
from .defaults import pod_spec
from .store import Object, copied
from .typed import Any

ACTIVE_DEADLINE = 21600
DEPLOYER_IMAGE = "quay.io/openshift/origin-deployer:v4.0"


def helper_pod(config: Object, controller: Object, name: str, account: str) -> Object:
    meta = controller["metadata"]
    env = [
        {"name": "OPENSHIFT_DEPLOYMENT_NAME", "value": meta["name"]},
        {"name": "OPENSHIFT_DEPLOYMENT_NAMESPACE", "value": meta["namespace"]},
    ]
    container = {
        "env": env,
        "image": DEPLOYER_IMAGE,
        "name": "deployment",
        "terminationMessagePolicy": "FallbackToLogsOnError",
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "annotations": {
                "openshift.io/deployment-config.name": config["metadata"]["name"],
                "openshift.io/deployment.name": meta["name"],
            },
            "labels": {"openshift.io/deployer-pod-for.name": meta["name"]},
            "name": name,
            "namespace": meta["namespace"],
            "ownerReferences": [pods.owner(controller)],
        },
        "spec": pod_spec(
            {
                "activeDeadlineSeconds": ACTIVE_DEADLINE,
                "containers": [container],
                "restartPolicy": "Never",
                "serviceAccountName": account,
                "shareProcessNamespace": False,
                "terminationGracePeriodSeconds": 10,
            }
        ),
    }


def hook_pod(config: Object, controller: Object, name: str, when: str, hook: dict[str, Any]) -> Object:
    """A hook's pod: the container's image and environment, always as `default` (fact 17)."""
    wanted = hook["execNewPod"]
    spec = controller["spec"]["template"]["spec"]
    container = next((c for c in spec["containers"] if c["name"] == wanted.get("containerName")), spec["containers"][0])
    pod = helper_pod(config, controller, name, "default")
    own_env = pod["spec"]["containers"][0]["env"]
    pod["metadata"]["annotations"].pop("openshift.io/deployment-config.name")
    pod["metadata"].pop("ownerReferences")  # written a moment later, once the pod runs
    pod["metadata"]["labels"]["openshift.io/deployer-pod.type"] = f"hook-{when}"
    pod["spec"]["containers"] = [
        {
            "command": list(wanted.get("command") or ()),
            "env": [*copied(container.get("env") or []), *copied(wanted.get("env") or []), *own_env],
            "image": container["image"],
            "name": "lifecycle",
            "resources": copied(container.get("resources") or {}),
        }
    ]
    pod_spec(pod["spec"])
    pod["spec"]["restartPolicy"] = "Never" if hook.get("failurePolicy") == "Abort" else "OnFailure"
    pod["spec"].pop("shareProcessNamespace")
    if spec.get("imagePullSecrets"):
        pod["spec"]["imagePullSecrets"] = copied(spec["imagePullSecrets"])
    return pod
