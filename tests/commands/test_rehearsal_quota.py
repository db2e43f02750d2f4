"""A quota that is created while a rehearsal runs (fact 31); `quotas` itself is replayed in tests/conformance."""

from __future__ import annotations

import json
from typing import Any

from tests.conftest import World

PATCH = '{"spec":{"template":{"spec":{"serviceAccountName":"amp"}}}}'
QUOTA = '{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"q"},"spec":{"hard":{"pods":"%d"}}}'


def newest(world: World) -> Any:
    return json.loads(world.oc("get", "rc", "zync-2", "-o", "json").out)


def note(world: World, name: str) -> str:
    return str(newest(world)["metadata"]["annotations"].get(f"openshift.io/{name}", ""))


def test_a_quota_set_meanwhile_refuses_the_deployer_and_no_call_ends_with_a_traceback(world: World) -> None:
    assert world.oc("create", "sa", "amp").code == 0
    assert world.oc("apply", "-f", "-", stdin=QUOTA % 15).code == 0
    assert world.oc("patch", "dc", "zync", "--patch", PATCH).code == 0
    world.oc("rollout", "status", "dc/zync", "--timeout=20s")
    assert note(world, "deployment.phase") == "New"
    assert "zync-2-deploy" not in world.oc("get", "pods").out
    events = json.loads(world.oc("get", "events", "-o", "json").out)["items"]
    assert [(event["involvedObject"]["kind"], event["reason"]) for event in events] == [
        ("DeploymentConfig", "FailedCreate")
    ]
    assert events[0]["message"].startswith(
        'Error creating deployer pod: pods "zync-2-deploy" is forbidden: exceeded quota: q'
    )
    world.settle()
    assert note(world, "deployment.phase") == "Failed"
    assert note(world, "deployment.status-reason") == "unable to create deployer pod"
    assert "RolloutTimeout" in world.oc("get", "events").out
    assert world.oc("apply", "-f", "-", stdin=QUOTA % 40).code == 0
    world.settle()
    assert note(world, "deployment.phase") == "Failed"
    assert world.oc("rollout", "latest", "dc/zync").code == 0
    world.settle()
    assert world.accounts()["zync"] == {"amp"}


def test_a_deployer_pod_that_somebody_deletes_leaves_why(world: World) -> None:
    world.faults("image-pull=zync")
    assert world.oc("create", "sa", "amp").code == 0
    assert world.oc("patch", "dc", "zync", "--patch", PATCH).code == 0
    world.oc("rollout", "status", "dc/zync", "--timeout=30s")
    assert world.oc("delete", "pod", "zync-2-deploy").code == 0
    world.settle()
    assert (note(world, "deployment.phase"), note(world, "deployment.status-reason")) == (
        "Failed",
        "deployer pod no longer exists",
    )
