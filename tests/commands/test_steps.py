"""The six steps one at a time, as a runbook does the guide: each with a check before and after it, and out of order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import GRACE, Result, World, make_world
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
        assert step(world, name, "--secret-file", world.secret, *FEW).code == 0
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
    done = step(world, Step.DEPLOYMENT_CONFIGS, *FEW, "--skip", "registry-secret", "--skip", "service-account")
    assert done.code == 0, done.all
    assert world.run("step", "nosuch").code == 2
