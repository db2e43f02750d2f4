"""The assessment, over every recorded moment: it never says ready wrongly, where other rules do."""

from __future__ import annotations

import re
from typing import Any

from tests.conftest import ROOT
from tests.measure import moments
from tests.support import recorded
from threescale_migrate.cluster.parsing import parse_project
from threescale_migrate.guide.readiness import Assessment, Goal, RolloutState, assess


def test_ours_is_never_wrong_and_the_others_are() -> None:
    counted = moments.counts()
    assert counted["`threescale-migrate`"][1:] == (0, 0)
    assert counted["the guide's check"][1] > 0
    assert counted["Argo CD"][1] > 0
    assert counted["`oc rollout status`"][1] > 0


def test_the_table_of_the_tests_readme_is_the_one_that_is_counted() -> None:
    assert moments.table() in (ROOT / "tests" / "README.md").read_text(encoding="utf-8")


WITH_PODS = {
    (35.44, "zync"): RolloutState.UNDER_WAY,
    (60.95, "zync"): RolloutState.FAILED,
    (81.19, "backend-worker"): RolloutState.UNDER_WAY,
    (87.58, "apicast-staging"): RolloutState.UNDER_WAY,
    (109.91, "backend-worker"): RolloutState.FAILED,
    (109.91, "apicast-staging"): RolloutState.FAILED,
    (119.67, "system-sphinx"): RolloutState.STALE_PAUSED,
    (132.27, "system-memcache"): RolloutState.STALE_NO_TRIGGER,
}


def test_each_recorded_state_of_rollouts_is_classified_as_its_note_says() -> None:
    seen = {
        (moment.at, moment.name): assess(moments.observed(moment), moment.name).state
        for moment in moments.moments()
        if moment.scenario == "rollouts"
    }
    assert {key: seen[key] for key in WITH_PODS} == WITH_PODS


# Where no pods were listed next to a config, its own condition tells of the newest revision.
PHASES = {
    "": "Pending",
    "ReplicationControllerUpdated": "Running",
    "NewReplicationControllerAvailable": "Complete",
    "ProgressDeadlineExceeded": "Failed",
    "RolloutCancelled": "Failed",
}


def judged(config: dict[str, Any]) -> Assessment:
    """The verdict on a config whose replication controller is read off its condition, and its pods off its counts."""
    name, replicas = config["metadata"]["name"], config["spec"]["replicas"]
    condition = next(c for c in config["status"]["conditions"] if c["type"] == "Progressing")
    named = re.search(r'"(\S+?)-(\d+)"', condition["message"])
    assert named is not None
    account = config["spec"]["template"]["spec"].get("serviceAccountName", "default")
    notes = {
        "openshift.io/deployment-config.name": name,
        "openshift.io/deployment-config.latest-version": named[2],
        "openshift.io/deployment.phase": PHASES[condition.get("reason", "")],
    }
    controller = {
        "kind": "ReplicationController",
        "metadata": {"name": f"{name}-{named[2]}", "annotations": notes},
        "spec": {"replicas": replicas, "template": {"spec": {"serviceAccountName": account}}},
    }
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    owner = {"kind": "ReplicationController", "name": f"{name}-{named[2]}"}
    pods = [
        {
            "kind": "Pod",
            "metadata": {"name": f"{name}-{named[2]}-{number}", "ownerReferences": [owner]},
            "spec": {"serviceAccountName": account},
            "status": ready,
        }
        for number in range(config["status"].get("availableReplicas", 0))
    ]
    return assess(parse_project([config, controller, *pods], "threescale"), name, Goal(account, None))


def test_each_state_that_was_recorded_without_its_pods_is_classified_as_its_note_says() -> None:
    expected = {
        (69.78, "zync"): RolloutState.FAILED,  # retried; the condition stays as it was
        (70.0, "zync"): RolloutState.FAILED,
        (74.97, "zync"): RolloutState.COMPLETE,
        (115.35, "apicast-staging"): RolloutState.COMPLETE,
        (115.35, "backend-worker"): RolloutState.COMPLETE,
        (127.96, "system-sphinx"): RolloutState.COMPLETE,
        (138.54, "system-memcache"): RolloutState.COMPLETE,
        (146.89, "backend-cron"): RolloutState.SCALED_TO_ZERO,
        (160.62, "system-app"): RolloutState.FAILED,
        (168.08, "zync"): RolloutState.COMPLETE,
        (168.25, "zync"): RolloutState.COMPLETE,
        (168.42, "zync"): RolloutState.WAITING_FOR_DEPLOYER,
        (177.56, "zync"): RolloutState.UNDER_WAY,
    }
    found = {}
    for call in recorded.calls("rollouts"):
        if call.argv[1:3] == ("get", "dc") and "json" in call.argv:
            document = call.json()
            for config in document.get("items", [document]):
                found[(call.at, config["metadata"]["name"])] = judged(config)
    assert {key: found[key].state for key in expected} == expected
    assert "cancelled" in str(found[(160.62, "system-app")].reason)
    # With those whose pods were listed, these are all.
    assert set(expected) | set(WITH_PODS) == set(found)


def odd_moments() -> dict[float, tuple[str, list[dict[str, Any]]]]:
    """Each look at a config that few think of: its name and the config, its revisions and its pods, by when they were listed."""
    found: dict[float, tuple[str, list[dict[str, Any]]]] = {}
    name, items = "", []
    for call in recorded.calls("odd-configs"):
        if call.argv[1] != "get" or "json" not in call.argv:
            continue
        document = call.json()
        if call.argv[2] == "dc":
            name, items = call.argv[3], [document]
        else:
            items += document["items"]
        if call.argv[2] == "pods":
            found[call.at] = (name, items)
    return found


# By what the recording shows: before the patch, on the way, and once the newest controller is Complete and its pods are the config's.
ODD = {
    "zync": [RolloutState.SCALED_TO_ZERO, RolloutState.UNDER_WAY, RolloutState.UNDER_WAY, RolloutState.UNDER_WAY, RolloutState.SCALED_TO_ZERO],
    "backend-cron": [RolloutState.COMPLETE, RolloutState.UNDER_WAY, RolloutState.UNDER_WAY, RolloutState.UNDER_WAY, RolloutState.COMPLETE],
    "backend-worker": [RolloutState.COMPLETE, *[RolloutState.UNDER_WAY] * 3, RolloutState.COMPLETE],
    "apicast-wildcard-router": [RolloutState.SCALED_TO_ZERO, RolloutState.SCALED_TO_ZERO],
    "backend-listener": [RolloutState.COMPLETE, *[RolloutState.UNDER_WAY] * 3, RolloutState.COMPLETE],
    "system-sphinx": [RolloutState.COMPLETE, *[RolloutState.FAILED] * 4],
}  # fmt: skip


def test_every_moment_of_a_config_that_few_think_of_gets_its_verdict() -> None:
    seen: dict[str, list[RolloutState]] = {}
    reached: dict[str, list[bool]] = {}
    for name, items in odd_moments().values():
        found = assess(parse_project(items, "threescale"), name, Goal("amp", None))
        seen.setdefault(name, []).append(found.state)
        reached.setdefault(name, []).append(found.reached)
    assert seen == ODD
    # Reached at the end and never before; the Custom deployer has failed.
    for name, told in reached.items():
        assert told == [False] * (len(told) - 1) + [name != "system-sphinx"], name


def test_a_test_config_at_rest_is_healthy_as_it_is() -> None:
    name, items = next(iter(odd_moments().values()))
    found = assess(parse_project(items, "threescale"), name, Goal("default", None))
    assert (found.reached, found.moving, found.wanted) == (True, False, 0)
    assert "spec.test" in str(found.reason)


def test_an_old_pod_that_does_not_end_is_named() -> None:
    name, items = next(
        (name, items)
        for name, items in odd_moments().values()
        if name == "backend-cron" and assess(parse_project(items, "threescale"), name, Goal("amp", None)).reached
    )
    old = next(
        item
        for _, before in odd_moments().values()
        for item in before
        if item["kind"] == "Pod" and item["metadata"]["name"].startswith("backend-cron-1-")
    )
    controller = next(
        item
        for _, before in odd_moments().values()
        for item in before
        if item["kind"] == "ReplicationController" and item["metadata"]["name"] == "backend-cron-1"
    )
    late = {**old, "metadata": {**old["metadata"], "deletionTimestamp": "2026-11-30T19:00:00Z"}}
    found = assess(parse_project([*items, controller, late], "threescale"), name, Goal("amp", None))
    assert found.reached
    assert f"pod {old['metadata']['name']}, which runs as default, is still terminating" in str(found.reason)
