"""`python -m tests.measure.moments`: how often each rule says wrongly that a config is ready, or that it is not, over every recorded moment.

A moment is one config in one recorded `oc get dc … -o json` after its patch, with the pods that were listed next to it, or
before it where its newest revision had ended by then and no pod can have come since. The truth is what the pods say: the template says `amp`, the deployer of the newest revision has ended well, and every
application pod of the config runs as `amp` with the pull secret and is Ready. The guide is not asked about the pull secret.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.support import recorded
from threescale_migrate.cluster.parsing import parse_project
from threescale_migrate.cluster.state import ProjectState
from threescale_migrate.guide.readiness import assess
from threescale_migrate.values import ACCOUNT, SECRET_NAME

Object = dict[str, Any]
# The pods are listed at most this many seconds after the configs.
NEXT_TO = 0.5


@dataclass(frozen=True)
class Moment:
    """One config at one recorded moment, with the pods of the project, and replication controllers where they were listed."""

    scenario: str
    at: float
    config: Object
    pods: tuple[Object, ...]

    @property
    def name(self) -> str:
        return str(self.config["metadata"]["name"])

    @property
    def own_pods(self) -> list[Object]:
        """The config's application pods."""
        return [pod for pod in self.pods if _config_of(pod) == self.name and not _helps(pod)]


def _helps(pod: Object) -> bool:
    return "openshift.io/deployer-pod-for.name" in pod["metadata"].get("labels", {})


def _config_of(pod: Object) -> str:
    return str(pod["metadata"].get("annotations", {}).get("openshift.io/deployment-config.name", ""))


def _items(call: recorded.Recorded) -> list[Object]:
    if call.exit_code != 0 or not call.stdout.startswith("{"):
        return []
    document = call.json()
    listed: list[Object] = document.get("items", [document])
    return listed


def moments() -> Iterator[Moment]:
    """Every recorded moment after a config's patch."""
    for scenario in recorded.scenario_names():
        patched: set[str] = set()
        calls = list(recorded.calls(scenario))
        for number, call in enumerate(calls):
            if call.argv[1:3] == ("patch", "dc") and call.exit_code == 0:
                patched.add(call.argv[3])
            if call.argv[1] != "get" or "json" not in call.argv:
                continue
            items = _items(call)
            pods = [item for item in items if item["kind"] == "Pod"] or _pods_next_to(calls, number)
            before = _pods_before(calls, number)
            for item in items:
                name = item["metadata"]["name"]
                if item["kind"] != "DeploymentConfig" or not (name in patched or scenario.startswith("images")):
                    continue
                if pods:
                    yield Moment(scenario, call.at, item, tuple(pods))
                elif _deployer(Moment(scenario, call.at, item, tuple(before))) == "Succeeded":
                    yield Moment(scenario, call.at, item, tuple(before))


def _pods_next_to(calls: list[recorded.Recorded], number: int) -> list[Object]:
    for call in calls[number + 1 :]:
        if call.at - calls[number].at > NEXT_TO:
            break
        if call.argv[1:] == ("get", "pods", "-o", "json"):
            return _items(call)
    return []


def _pods_before(calls: list[recorded.Recorded], number: int) -> list[Object]:
    listed = (_items(call) for call in reversed(calls[:number]) if call.argv[1:] == ("get", "pods", "-o", "json"))
    return next(listed, [])


def truth(moment: Moment) -> bool:
    """Whether the config is migrated, by its pods and the deployer of its newest revision."""
    if (
        moment.config["spec"]["template"]["spec"].get("serviceAccountName") != ACCOUNT
        or _deployer(moment) != "Succeeded"
    ):
        return False
    pods = moment.own_pods
    revision = f"{moment.name}-{moment.config['status']['latestVersion']}"
    return len(pods) >= moment.config["spec"]["replicas"] and all(_right(pod, revision) for pod in pods)


def _right(pod: Object, revision: str) -> bool:
    spec = pod["spec"]
    return (
        spec["serviceAccountName"] == ACCOUNT
        and {"name": SECRET_NAME} in spec.get("imagePullSecrets", [])
        and pod["metadata"]["name"].startswith(f"{revision}-")
        and _is_ready(pod)
    )


def _is_ready(pod: Object) -> bool:
    conditions = pod["status"].get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def _deployer(moment: Moment) -> str:
    name = f"{moment.name}-{moment.config['status']['latestVersion']}-deploy"
    return next((str(pod["status"]["phase"]) for pod in moment.pods if pod["metadata"]["name"] == name), "")


def guide(moment: Moment) -> bool:
    """The guide: CURRENT equals DESIRED, each pod of the config is Running or Completed, and grep finds `amp`."""
    config = moment.config
    current = config["status"].get("updatedReplicas", 0) == config["spec"]["replicas"]
    running = all(pod["status"]["phase"] in ("Running", "Succeeded") for pod in moment.own_pods)
    return current and running and f'"serviceAccountName": "{ACCOUNT}"' in json.dumps(config["spec"])


def rollout_status(moment: Moment) -> bool:
    """`oc rollout status`: the status is not behind, and its condition names a revision that became available."""
    status = moment.config["status"]
    behind = status["observedGeneration"] < moment.config["metadata"]["generation"]
    return not behind and _condition(moment, "Progressing").get("reason") == "NewReplicationControllerAvailable"


def argo_cd(moment: Moment) -> bool:
    """Argo CD's health of a DeploymentConfig: Available and Progressing are both True."""
    return all(_condition(moment, kind).get("status") == "True" for kind in ("Available", "Progressing"))


def _condition(moment: Moment, kind: str) -> Object:
    found: Object = next((c for c in moment.config["status"].get("conditions", ()) if c["type"] == kind), {})
    return found


def observed(moment: Moment) -> ProjectState:
    """The moment as the tool would have observed it; the replication controllers, unlisted, are read off their pods."""
    return parse_project([moment.config, *moment.pods, *_controllers(moment)], "threescale")


def _controllers(moment: Moment) -> Iterator[Object]:
    phases = {"Pending": "Pending", "Running": "Running", "Succeeded": "Complete", "Failed": "Failed"}
    for version in range(1, moment.config["status"]["latestVersion"] + 1):
        name = f"{moment.name}-{version}"
        deployer = next((pod for pod in moment.pods if pod["metadata"]["name"] == f"{name}-deploy"), None)
        own = [pod for pod in moment.own_pods if pod["metadata"]["name"].startswith(f"{name}-")]
        newest = version == moment.config["status"]["latestVersion"]
        template = moment.config["spec"]["template"]["spec"] if newest and deployer is not None else {}
        account = own[0]["spec"]["serviceAccountName"] if own else template.get("serviceAccountName", "default")
        yield {
            "kind": "ReplicationController",
            "metadata": {
                "name": name,
                "annotations": {
                    "openshift.io/deployment-config.name": moment.name,
                    "openshift.io/deployment-config.latest-version": str(version),
                    "openshift.io/deployment.phase": phases[deployer["status"]["phase"]] if deployer else "New",
                },
            },
            "spec": {"replicas": len(own), "template": {"spec": {"serviceAccountName": account}}},
            "status": {"replicas": len(own), "readyReplicas": sum(map(_is_ready, own))},
        }


def ours(moment: Moment) -> bool:
    """This tool's assessment."""
    return assess(observed(moment), moment.name).reached


RULES: dict[str, Callable[[Moment], bool]] = {
    "the guide's check": guide,
    "`oc rollout status`": rollout_status,
    "Argo CD": argo_cd,
    "`threescale-migrate`": ours,
}


def counts() -> dict[str, tuple[int, int, int]]:
    """Of each rule: moments, those called ready wrongly, those called not ready wrongly."""
    seen = [(moment, truth(moment)) for moment in moments()]
    return {
        name: (
            len(seen),
            sum(rule(moment) and not true for moment, true in seen),
            sum(true and not rule(moment) for moment, true in seen),
        )
        for name, rule in RULES.items()
    }


def table() -> str:
    """The table of the topic about readiness."""
    lines = ["| rule | moments | ready, wrongly | not ready, wrongly |", "| --- | ---: | ---: | ---: |"]
    lines += [f"| {name} | {total} | {early} | {late} |" for name, (total, early, late) in counts().items()]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
