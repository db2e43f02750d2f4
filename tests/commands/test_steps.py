"""The six steps one at a time, as a runbook does the guide: each with a check before and after it, and out of order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import GRACE, Result, World, make_world
from threescale_migrate.rehearsal.store import STATE
from threescale_migrate.values import GUIDE_CONFIGS, STEPS, Step

FEW = ("--dc", "zync,zync-database")


def step(world: World, name: Step, *args: str) -> Result:
    return world.run("step", name.value, "--yes", "--grace", GRACE, *args)


def check(world: World, name: Step, *args: str) -> Result:
    return world.run("step", name.value, "--check", *args)


@pytest.mark.long
def test_the_guide_can_be_done_one_step_at_a_time_and_each_check_says_when_it_is_done(world: World) -> None:
    # `default` has a role of its own, so that step 3 has something to do.
    world.oc("policy", "add-role-to-user", "view", "system:serviceaccount:threescale:default")
    for name in STEPS:
        secret = ("--secret-file", world.secret) if name is Step.REGISTRY_SECRET else ()
        if name not in (
            Step.READINESS,
            Step.VERIFICATION,
        ):  # these are true of an untouched project, or were brought about
            looked = check(world, name)
            assert looked.code == 1, (name, looked.all)
        before = world.objects()
        done = step(world, name, *secret)
        assert done.code == 0, (name, done.all)
        assert check(world, name).code == 0, name
        if name in (Step.READINESS, Step.VERIFICATION):
            assert "oc patch" not in done.err
        else:
            assert world.objects() != before
    assert world.accounts() == {name: {"amp"} for name in GUIDE_CONFIGS}
    assert world.run("verify", "--strict").code == 0
    # Again: nothing is left to do, nobody has to confirm that, and nothing changes.
    before = world.objects()
    for name in (Step.REGISTRY_SECRET, Step.SERVICE_ACCOUNT, Step.PERMISSIONS, Step.DEPLOYMENT_CONFIGS):
        assert world.run("step", name.value).code == 0
    assert world.objects() == before


@pytest.mark.long
def test_a_step_that_comes_too_early_is_refused_and_says_which_comes_first(world: World) -> None:
    before = world.objects()
    account = step(world, Step.SERVICE_ACCOUNT)
    assert account.code == 4
    assert "    threescale-migrate step registry-secret --secret-file FILE" in account.err
    assert step(world, Step.REGISTRY_SECRET).code == 2  # no file was given
    assert world.objects() == before
    assert step(world, Step.REGISTRY_SECRET, "--secret-file", world.secret).code == 0
    before = world.objects()
    patched = step(world, Step.DEPLOYMENT_CONFIGS, *FEW)
    assert patched.code == 4
    assert "the service account amp is not in the project" in patched.err
    assert "    threescale-migrate step service-account " in patched.err
    # An account without its pull secret would leave pods without it, for good.
    world.oc("create", "sa", "amp")
    assert step(world, Step.DEPLOYMENT_CONFIGS, *FEW).code == 4
    assert world.objects()["deploymentconfigs"] == before["deploymentconfigs"]
    assert step(world, Step.SERVICE_ACCOUNT).code == 0
    assert step(world, Step.DEPLOYMENT_CONFIGS, *FEW).code == 0


@pytest.mark.long
def test_a_step_says_what_is_not_as_it_should_be(tmp_path: Path) -> None:
    world = make_world(tmp_path, "image-pull=zync")
    for name in (Step.REGISTRY_SECRET, Step.SERVICE_ACCOUNT, Step.DEPLOYMENT_CONFIGS):
        more = ("--no-wait",) if name is Step.DEPLOYMENT_CONFIGS else ()
        assert step(world, name, "--secret-file", world.secret, *FEW, *more).code == 0
    waited = step(world, Step.READINESS, *FEW)
    assert waited.code == 5
    assert "zync: the image" in waited.err
    assert "zync-1 serves" in waited.err
    looked = check(world, Step.READINESS, *FEW)
    assert looked.code == 1
    assert step(world, Step.VERIFICATION, *FEW).code == 1
    # What only looks needs nobody's word; what changes does.
    assert world.run("step", "verification", *FEW).code == 1
    assert world.run("step", "deployment-configs", "--dc", "system-app").code == 2
    world.faults("forbidden=list:pods")
    assert check(world, Step.VERIFICATION, *FEW).code == 7


def test_a_step_alone_can_be_done_where_another_is_somebody_elses(world: World) -> None:
    world.oc("create", "sa", "amp")
    done = step(
        world, Step.DEPLOYMENT_CONFIGS, *FEW, "--skip", "registry-secret", "--skip", "service-account", "--no-wait"
    )
    assert done.code == 0, done.all
    assert world.run("step", "nosuch").code == 2


def test_step_4_stops_at_a_trial_config_that_fails_and_touches_nothing_else(tmp_path: Path) -> None:
    world = make_world(tmp_path, "image-pull=backend-cron")
    before = _prepared(world)
    stopped = step(world, Step.DEPLOYMENT_CONFIGS)
    assert stopped.code == 5, stopped.all
    assert "backend-cron: the image" in stopped.err
    assert "\n    threescale-migrate step deployment-configs " in stopped.err
    after = world.objects()["deploymentconfigs"]
    assert {name for name, config in after.items() if config["spec"] != before[name]["spec"]} == {
        "threescale/backend-cron"
    }
    assert world.accounts()["zync"] == {"default"}


def test_step_4_redeploys_in_waves_and_says_that_it_has_waited(world: World) -> None:
    _prepared(world)
    done = step(world, Step.DEPLOYMENT_CONFIGS, *FEW)
    assert done.code == 0, done.all
    assert "wave 1 of 2 · 0 of 2 configs" in done.err
    assert "2 rollouts are complete" in done.out
    assert "step deployment-configs: done" in done.out
    assert world.accounts()["zync"] == {"amp"}
    again = world.run("step", "4", *FEW)
    assert again.code == 0
    assert "nothing is left to do" in again.err


def test_step_4_without_waiting_is_the_loop_of_the_guide(tmp_path: Path) -> None:
    world = make_world(tmp_path, "image-pull=zync")
    _prepared(world)
    done = step(world, Step.DEPLOYMENT_CONFIGS, *FEW, "--no-wait")
    assert done.code == 0, done.all
    assert "wave 1 of" not in done.err
    assert "rollout" not in done.out
    assert step(world, Step.READINESS, *FEW).code == 5


@pytest.mark.parametrize("name", [Step.REGISTRY_SECRET, Step.DEPLOYMENT_CONFIGS])
def test_a_step_is_refused_in_an_operators_project(world: World, name: Step) -> None:
    if name is Step.DEPLOYMENT_CONFIGS:
        _prepared(world)
    state = world.directory / STATE
    kept = json.loads(state.read_text(encoding="utf-8"))
    for config in kept["objects"]["deploymentconfigs"].values():
        config["metadata"]["ownerReferences"] = [
            {"apiVersion": "apps.3scale.net/v1alpha1", "kind": "APIManager", "name": "a", "uid": "u"}
        ]
    state.write_text(json.dumps(kept), encoding="utf-8")
    before = world.objects()
    refused = step(world, name, *(("--secret-file", world.secret) if name is Step.REGISTRY_SECRET else ()))
    assert refused.code == 4, refused.all
    assert "APIManager" in refused.err
    assert world.objects() == before


def test_a_step_tests_the_token_and_the_rights_for_what_it_changes(tmp_path: Path) -> None:
    world = make_world(tmp_path, "token-refused")
    refused = step(world, Step.REGISTRY_SECRET, "--secret-file", world.secret)
    assert refused.code == 4, refused.all
    assert "registry.redhat.io" in refused.err
    assert "threescale-registry-auth" not in world.objects()["secrets"]
    world.faults("forbidden=create:secrets")
    lacking = step(world, Step.REGISTRY_SECRET, "--secret-file", world.secret)
    assert lacking.code == 4
    assert "secrets" in lacking.err
    world.faults()
    assert step(world, Step.REGISTRY_SECRET, "--secret-file", world.secret).code == 0


def test_step_4_comes_too_early_while_amp_lacks_what_default_may_do(world: World) -> None:
    _prepared(world)
    world.oc("policy", "add-role-to-user", "view", "system:serviceaccount:threescale:default")
    before = world.objects()
    early = step(world, Step.DEPLOYMENT_CONFIGS, *FEW)
    assert early.code == 4, early.all
    assert "\n    threescale-migrate step permissions " in early.err
    assert world.objects() == before
    assert step(world, Step.PERMISSIONS).code == 0
    assert step(world, Step.DEPLOYMENT_CONFIGS, *FEW).code == 0


def _prepared(world: World) -> dict[str, Any]:
    """Steps 1 and 2 are done. Gives the configs as they are then."""
    assert step(world, Step.REGISTRY_SECRET, "--secret-file", world.secret).code == 0
    assert step(world, Step.SERVICE_ACCOUNT).code == 0
    return world.objects()["deploymentconfigs"]
