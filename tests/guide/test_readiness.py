"""The assessment against the cluster's own truth, over random histories of rollouts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.support.random_histories import CONFIGS, LONG, PROJECT, History
from threescale_migrate.cluster.state import Pod
from threescale_migrate.guide import deployment_configs
from threescale_migrate.guide.cause import CauseKind
from threescale_migrate.guide.readiness import STALE, RolloutState, assess, serves
from threescale_migrate.rehearsal.store import Object
from threescale_migrate.values import Request

POD_FAULTS = (
    "image-pull",
    "not-ready",
    "crash-loop",
    "no-node",
    "volume-held",
    "slow",
    "scc",
    "hook-fails",
    "deployer-fails",
)


def _fault(fault: str) -> Callable[[History, str, int], object]:
    return lambda history, name, number: history.fault(fault, (name, "all")[number % 2])


# What may happen to one config; the number is drawn with it.
EVENTS: dict[str, Callable[[History, str, int], object]] = {
    "amp": lambda history, name, _: history.run_as(name, "amp"),
    "default": lambda history, name, _: history.run_as(name, None),
    "touched": lambda history, name, number: history.touch(name, number),
    "paused": lambda history, name, _: history.patch(name, {"paused": True}),
    "resumed": lambda history, name, _: history.patch(name, {"paused": None}),
    "scaled": lambda history, name, number: history.patch(name, {"replicas": number % 4}),
    "latest": lambda history, name, _: history.latest(name),
    "cancelled": lambda history, name, _: history.cancel(name),
    "retried": lambda history, name, _: history.retry(name),
    "evicted": lambda history, name, _: history.evict(name),
    "trigger off": lambda history, name, _: history.config_change(name, False),
    "trigger on": lambda history, name, _: history.config_change(name, True),
    "quota": lambda history, _, __: history.fault("quota", ""),
    "account deleted": lambda history, _, __: history.account(False),
    "account made": lambda history, _, __: history.account(True),
    "secret off": lambda history, _, __: history.link(False),
    "secret on": lambda history, _, __: history.link(True),
    "fixed": lambda history, _, __: history.fix(),
    **{fault: _fault(fault) for fault in POD_FAULTS},
}
WAITS = (0.0, 0.1, 0.3, 0.5, 1.0, 2.0, 5.0, 30.0, 700.0, LONG)
# To make a failure small takes minutes; the long test does it.
NO_SHRINKING = (Phase.explicit, Phase.reuse, Phase.generate)
Moment = tuple[str, str, int, float]


def moments(events: Iterable[str], waits: Iterable[float], least: int, most: int) -> st.SearchStrategy[list[Moment]]:
    """Some events, each with a config, a number, and the seconds until the next."""
    # Most of it happens to one config: a history of many things is worth more than many short ones.
    names = st.sampled_from(("system-app", *["zync"] * 3, "zync-database"))
    return st.lists(
        st.tuples(st.sampled_from(tuple(events)), names, st.integers(0, 35), st.sampled_from(tuple(waits))),
        min_size=least,
        max_size=most,
    )


# What was there before, the patches, and what comes then.
BEFORE = (*POD_FAULTS, "quota", "account deleted", "secret off", "paused", "trigger off", "scaled", "touched")
HISTORIES = st.tuples(
    moments(BEFORE, (0.0, 5.0), 0, 2),
    moments(("amp",), (0.0, 0.3, 0.7, 1.5, 4.0, 30.0, 700.0), 1, 3),
    moments(EVENTS, WAITS, 5, 12),
).map(lambda parts: [moment for part in parts for moment in part])

S = RolloutState
STATES_OF_PHASE = {
    "": {S.NOT_STARTED, S.WAITING_FOR_IMAGE},
    "New": {S.NOT_STARTED, S.WAITING_FOR_DEPLOYER},
    "Pending": {S.NOT_STARTED, S.WAITING_FOR_DEPLOYER},
    "Running": {S.NOT_STARTED, S.HOOKS, S.UNDER_WAY},
    "Failed": {S.NOT_STARTED, S.FAILED, S.STALE_PAUSED, S.STALE_NO_TRIGGER, S.WAITING_FOR_IMAGE},
    "Complete": {S.NOT_STARTED, S.COMPLETE, S.SETTLING, S.SCALED_TO_ZERO, S.WAITING_FOR_IMAGE, *STALE},
}


def check_moment(history: History) -> None:
    """What has to hold at every moment, however short after a change."""
    state = history.observed()
    for name in CONFIGS:
        found = assess(state, name)
        assert not found.reached or history.migrated(name), (found, "is not migrated")
        assert found.state in STATES_OF_PHASE[history.phase(name)], (found, history.phase(name))
        if found.state is S.STALE_PAUSED:
            assert history.config(name)["spec"].get("paused")
        if found.cause is not None and found.cause.lasting and not history.blamed:
            assert found.cause.kind is CauseKind.CANCELLED, found
        if found.state is S.FAILED:
            assert history.revision_account(name) == state.configs[name].effective_account, (
                found,
                "of another template",
            )
        # Of a revision that has failed it is told as what was.
        if found.cause is not None and found.cause.kind is CauseKind.ACCOUNT_MISSING:
            revision = state.controllers[f"{name}-{found.revision}"]
            if revision.phase != "Failed":
                assert history.store.get("serviceaccounts", PROJECT, revision.account) is None
        _check_who_serves(history, name, str(serves(state, name)))


def _check_who_serves(history: History, name: str, sentence: str) -> None:
    ready = [pod for pod in history.own_pods(name) if _ready(pod)]
    if not ready:
        assert "it is down" in sentence
    for pod in ready:
        owner = pod["metadata"]["ownerReferences"][0]["name"]
        assert f"{owner} serves" in sentence
        assert f"as {pod['spec']['serviceAccountName']})" in sentence


def _ready(pod: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"]["conditions"])


def check_rest(history: History) -> None:
    """What has to hold once nothing happens any more."""
    history.wait(LONG)
    state = history.observed()
    for name in CONFIGS:
        found = assess(state, name)
        assert found.reached == history.migrated(name), found
        assert not found.moving or found.cause is not None, (found, "would be waited for in vain")


def check_plan(history: History) -> None:
    """Once all is fixed, the tool's plan brings each config to its goal, in two rounds at most, and then plans nothing."""
    history.fix()
    history.wait(LONG)
    request = Request(resume_paused=True)
    for _ in range(2):
        for action in deployment_configs.plan_configs(history.observed(), CONFIGS, request):
            history.run(action)
        history.wait(LONG)
    state = history.observed()
    assert [assess(state, name).reached for name in CONFIGS] == [True] * 3, [assess(state, name) for name in CONFIGS]
    assert all(history.migrated(name) for name in CONFIGS)
    assert deployment_configs.plan_configs(state, CONFIGS, request) == ()


def live_through(moments: list[Moment]) -> None:
    """One history, looked at before and after each wait, at rest, and after all is fixed."""
    history = History()
    for event, name, number, seconds in moments:
        EVENTS[event](history, name, number)
        check_moment(history)
        history.wait(seconds)
        check_moment(history)
    check_rest(history)
    check_plan(history)


SPOILT: dict[str, Callable[[Pod], Iterable[Pod]]] = {
    "it runs as another account": lambda pod: [replace(pod, account="default")],
    "it was created without the pull secret": lambda pod: [replace(pod, pull_secrets=())],
    "it is not ready": lambda pod: [replace(pod, ready=False)],
    "it has ended": lambda pod: [replace(pod, phase="Failed")],
    "it is on its way out": lambda pod: [replace(pod, deleted=True)],
    "it is of the revision before": lambda pod: [replace(pod, controller="zync-1")],
    "one of the revision before is there too": lambda pod: [
        pod,
        replace(pod, name="old", controller="zync-1", account="default"),
    ],
    "one of the revision before is there too, as the same account": lambda pod: [
        pod,
        replace(pod, name="old", controller="zync-1"),
    ],
    "another of its own runs as another account": lambda pod: [pod, replace(pod, name="second", account="default")],
    "it is not there": lambda pod: [],
}


@pytest.mark.parametrize("spoil", SPOILT)
def test_one_pod_that_is_not_as_it_has_to_be_is_enough_for_not_migrated(spoil: str) -> None:
    """Whatever the replication controllers say: the pods are the proof (fact 14)."""
    history = History()
    history.run_as("zync", "amp")
    history.wait(LONG)
    state = history.observed()
    assert assess(state, "zync").reached
    pods = [
        other
        for pod in state.pods
        for other in (SPOILT[spoil](pod) if pod.role == "app" and pod.controller == "zync-2" else [pod])
    ]
    assert not assess(replace(state, pods=tuple(pods)), "zync").reached


@given(HISTORIES)
@settings(
    max_examples=40, deadline=None, derandomize=True, phases=NO_SHRINKING, suppress_health_check=[HealthCheck.too_slow]
)
def test_over_random_histories_the_assessment_agrees_with_the_cluster(history: list[Moment]) -> None:
    live_through(history)


@pytest.mark.long
@given(HISTORIES)
@settings(max_examples=1500, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
def test_over_many_random_histories_the_assessment_agrees_with_the_cluster(
    history: list[Moment],
) -> None:
    live_through(history)
