"""What stands against a migration, judged from facts: rights by the plan's own actions, quotas by arithmetic."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import recorded
from threescale_migrate.cluster.parsing import parse_project
from threescale_migrate.cluster.quotas import Quota
from threescale_migrate.cluster.state import ProjectState
from threescale_migrate.guide import capacity, ownership, pod_resources, preflight, steps, user_rights, verdicts
from threescale_migrate.guide.preflight import Facts
from threescale_migrate.guide.selection import Wave, waves
from threescale_migrate.guide.user_rights import ReviewAnswers, Right
from threescale_migrate.run.preflight import exit_code
from threescale_migrate.values import Group, PullSecret, Request, Verdict

SECRET = PullSecret("{}", "kubernetes.io/dockerconfigjson", ("registry.redhat.io",), "f", "the file", ())
REQUEST = Request(pull_secret=SECRET)


def listed(what: str) -> list[dict[str, Any]]:
    call = next(call for call in recorded.calls("documented-procedure") if call.argv[1:] == ("get", what, "-o", "json"))
    items: list[dict[str, Any]] = call.json()["items"]
    return items


RECORDED = [item for what in ("dc", "rc", "pods", "sa") for item in listed(what)]


def state(*more: dict[str, Any], **values: Any) -> ProjectState:
    return replace(parse_project([*json.loads(json.dumps(RECORDED)), *more], "threescale"), **values)


def facts(found: ProjectState, request: Request = REQUEST, **values: Any) -> Facts:
    attempt = preflight.attempt(found, request)
    answers = ReviewAnswers(dict.fromkeys(user_rights.needed(attempt.actions, found), True))
    return Facts("/bin/oc", "", "https://a", "alice", found, attempt, **{"answers": answers, **values})


def against(found: Facts, request: Request = REQUEST, **options: bool) -> list[tuple[object, str]]:
    return [(f.step, f.subject) for f in verdicts.against(preflight.checks(found, request, **options))]


def test_nothing_stands_against_the_recorded_project() -> None:
    found = preflight.checks(facts(state()), REQUEST)
    assert {finding.verdict for finding in found} == {Verdict.PASSED}
    assert {finding.step for finding in found} == set(verdicts.TITLES)


def test_every_kind_of_action_that_a_plan_can_hold_has_its_rights() -> None:
    paused = state()
    configs = {name: replace(config, paused=name == "zync", config_change=name != "zync-database")
               for name, config in paused.configs.items()}  # fmt: skip
    quirks = state(configs=configs)
    request = replace(REQUEST, service_discovery=True, resume_paused=True)
    found = user_rights.needed(steps.plan(quirks, request), quirks)
    sentence = {right.sentence for right in found}
    assert {"create deploymentconfigs/instantiate", "patch deploymentconfigs", "create clusterrolebindings",
            "create secrets", "create serviceaccounts", "update serviceaccounts"} <= sentence  # fmt: skip
    assert {right.namespace for right in found if "cluster" in right.resource} == {""}


@pytest.mark.parametrize("answer", [False, None])
def test_a_right_that_is_not_given_is_named_with_what_needs_it(answer: bool | None) -> None:
    whole = facts(state())
    for right in whole.answers.rights:
        lacking = replace(whole, answers=ReviewAnswers({**whole.answers.rights, right: answer}))
        [finding] = verdicts.against(preflight.checks(lacking, REQUEST))
        assert (finding.step, finding.subject) == (Group.RIGHTS, right.sentence)
        assert "oc " in str(finding.seen)
        assert finding.verdict is (Verdict.FAILED if answer is False else Verdict.UNKNOWN)
        assert bool(against(lacking, allow_unknown=True)) is (answer is False)


def test_questions_are_asked_of_the_right_place() -> None:
    assert Right("patch", "deploymentconfigs", "a").question == (
        "auth", "can-i", "patch", "deploymentconfigs", "--namespace=a",
    )  # fmt: skip
    assert "--subresource=instantiate" in Right("create", "deploymentconfigs", "a", "instantiate").question
    assert Right("bind", "clusterroles", "", name="view").question == (
        "auth", "can-i", "bind", "clusterroles/view", "--all-namespaces",
    )  # fmt: skip


def test_another_release_is_refused_unless_forced_and_the_next_one_is_reported() -> None:
    def of_images(old: str, new: str) -> ProjectState:
        text = json.dumps(RECORDED).replace(old, new)
        return parse_project(json.loads(text), "threescale")

    older = facts(of_images("3scale-amp25/", "3scale-amp24/"))
    assert against(older) == [(Group.PROJECT, "release")]
    assert against(older, force=True) == []
    for same in ("3scale-amp26/", "ours/"):
        assert against(facts(of_images("3scale-amp25/", same))) == []
    databases = replace(REQUEST, configs=("zync-database", "system-redis"))  # which say nothing of it themselves
    assert against(facts(older.state, databases), databases) == [(Group.PROJECT, "release")]
    newer = json.dumps(RECORDED).replace("3scale-amp25/system", "3scale-amp2/system-rhel7:3scale2.11")
    assert ownership.releases(parse_project(json.loads(newer), "threescale"), ["system-app"]) == {(2, 11)}


def test_no_secret_alone_is_wrong_usage_and_with_more_a_refusal() -> None:
    bare = facts(state(), Request())
    findings = preflight.checks(bare, Request())
    assert exit_code(findings) == 2
    denied = replace(bare, answers=ReviewAnswers(dict.fromkeys(bare.answers.rights, False)))
    assert exit_code(preflight.checks(denied, Request())) == 4
    assert exit_code([finding for finding in findings if finding.verdict is Verdict.PASSED]) == 0


def quota(hard: dict[str, str], used: dict[str, str], *scopes: str) -> Quota:
    return Quota("q", scopes, hard, used)


def limits(kind: str, **more: dict[str, str]) -> dict[str, Any]:
    return {"kind": "LimitRange", "metadata": {"name": "l"}, "spec": {"limits": [{"type": kind, **more}]}}


DEFAULTS = limits("Container", default={"cpu": "1", "memory": "1Gi"}, defaultRequest={"cpu": "10m", "memory": "10Mi"})


@pytest.mark.parametrize(
    ("configs", "hard", "used", "more", "fits"),
    [
        # zync is Rolling with a surge of one: its deployer and a new pod beside the old one.
        (("zync",), {"pods": "17"}, {"pods": "15"}, (), True),
        (("zync",), {"pods": "16"}, {"pods": "15"}, (), False),
        # system-mysql is Recreate: the deployer alone comes on top.
        (("system-mysql",), {"pods": "16"}, {"pods": "15"}, (), True),
        (("system-mysql",), {"pods": "15"}, {"pods": "15"}, (), False),
        # deployers say nothing of what they need, which a quota on it refuses, unless there are defaults.
        (("zync",), {"limits.cpu": "100"}, {"limits.cpu": "1"}, (), False),
        (("zync",), {"limits.cpu": "100"}, {"limits.cpu": "1"}, (DEFAULTS,), True),
        (("zync",), {"limits.cpu": "2500m"}, {"limits.cpu": "1"}, (DEFAULTS,), True),
        (("zync",), {"limits.cpu": "2499m"}, {"limits.cpu": "1"}, (DEFAULTS,), False),
        (("zync",), {"requests.memory": "1098Mi"}, {"requests.memory": "1Gi"}, (DEFAULTS,), True),
        (("zync",), {"requests.memory": "1097Mi"}, {"requests.memory": "1Gi"}, (DEFAULTS,), False),
        (("zync",), {"requests.nvidia.com/gpu": "0"}, {}, (), True),
        # the hooks of system-app run beside its deployer, never beside its surge.
        (("system-app",), {"pods": "17"}, {"pods": "15"}, (), True),
        (("zync", "zync-database"), {"count/pods": "18"}, {"count/pods": "15"}, (), True),
        (("zync", "zync-database"), {"count/pods": "17"}, {"count/pods": "15"}, (), False),
        (("zync",), {"replicationcontrollers": "15"}, {"replicationcontrollers": "15"}, (), False),
    ],
)
def test_a_quota_has_to_leave_room_for_the_worst_moment(
    configs: tuple[str, ...], hard: dict[str, str], used: dict[str, str], more: tuple[dict[str, Any], ...], fits: bool
) -> None:
    found = state(*more, quotas=(quota(hard, used),))
    assert (capacity.problems(found, (Wave("w", configs),), ()) == ()) is fits


@pytest.mark.parametrize(
    ("scope", "fits"),
    [("Terminating", False), ("NotTerminating", False), ("BestEffort", False), ("NotBestEffort", False), ("PriorityClass", True)],
)  # fmt: skip
def test_a_scope_says_which_pods_a_quota_counts(scope: str, fits: bool) -> None:
    found = state(quotas=(quota({"pods": "15"}, {"pods": "15"}, scope),))
    assert (capacity.problems(found, (Wave("w", ("zync",)),), ()) == ()) is fits
    one_more = state(quotas=(quota({"pods": "16"}, {"pods": "15"}, scope),))
    assert capacity.problems(one_more, (Wave("w", ("zync",)),), ()) == ()


@pytest.mark.parametrize(
    ("kind", "more", "fits"),
    [
        ("Container", {"max": {"memory": "1Gi"}, "default": {"memory": "512Mi"}}, True),
        ("Container", {"max": {"memory": "511Mi"}, "default": {"memory": "511Mi"}}, False),
        ("Container", {"max": {"memory": "1Gi"}}, False),  # deployers say no limit
        ("Container", {"min": {"cpu": "50m"}, "defaultRequest": {"cpu": "50m"}}, True),
        ("Container", {"min": {"cpu": "51m"}, "defaultRequest": {"cpu": "51m"}}, False),
        (
            "Container",
            {"maxLimitRequestRatio": {"cpu": "9"}, "default": {"cpu": "1"}, "defaultRequest": {"cpu": "1"}},
            False,
        ),
        (
            "Container",
            {"maxLimitRequestRatio": {"cpu": "10"}, "default": {"cpu": "1"}, "defaultRequest": {"cpu": "1"}},
            True,
        ),
        ("PersistentVolumeClaim", {"max": {"storage": "1"}}, True),
    ],
)
def test_a_limit_range_has_to_take_every_pod_of_a_rollout(kind: str, more: dict[str, Any], fits: bool) -> None:
    found = state(limits(kind, **more))
    assert (capacity.problems(found, (Wave("w", ("zync",)),), ()) == ()) is fits


def test_fewer_at_a_time_is_advised_where_that_is_enough() -> None:
    found = state(quotas=(quota({"pods": "17"}, {"pods": "15"}),))
    [all_of_them] = capacity.problems(found, waves(found, Request(all_at_once=True)), ())
    assert "--wave-plan" in str(all_of_them.fix)
    tight = replace(found, quotas=(quota({"pods": "15"}, {"pods": "15"}),))
    assert "--wave-plan" not in str(capacity.problems(tight, (Wave("w", ("zync",)),), ())[0].fix)


@given(st.integers(0, 10**6), st.sampled_from(sorted(pod_resources.UNITS)))
def test_quantities_are_read_by_their_units(number: int, unit: str) -> None:
    assert pod_resources.quantity(f"{number}{unit}") == number * pod_resources.UNITS[unit]


@given(st.text(max_size=12))
def test_what_is_no_quantity_is_none_and_no_failure(text: str) -> None:
    found = pod_resources.quantity(text)
    assert found is None or isinstance(found, Fraction)


def test_the_surge_is_rounded_up_as_the_deployer_does() -> None:
    config = state().configs["zync"]
    for replicas, surge, expected in (
        (1, "25%", 1),
        (4, "25%", 1),
        (5, "25%", 2),
        (3, "2", 2),
        (3, "0", 0),
        (0, "25%", 0),
    ):
        assert pod_resources.surge(replace(config, replicas=replicas, max_surge=surge)) == expected
