"""Each interference does what its name says, in front of the call that is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import World, make_world
from tests.matrix import others
from tests.matrix.cases import Prepared
from tests.matrix.interference import ACTS, HAPPENINGS, REMEDIES, SECOND_RUN, put_right, strike
from threescale_migrate.rehearsal.server import open_cluster

PATCH = '{"spec":{"template":{"spec":{"serviceAccountName":"amp"}}}}'


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A project in whose middle a migration is: zync rolls out as amp."""
    world = make_world(tmp_path, speed=1.0)
    assert world.oc("create", "-f", world.secret).code == 0
    secret = json.loads(world.oc("get", "secret", "12345678-rehearsal-pull-secret", "-o", "json").out)
    secret["metadata"] = {"name": "threescale-registry-auth"}
    for item in (secret, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "amp"}}):
        assert world.oc("create", "-f", "-", stdin=json.dumps(item)).code == 0
    for account in ("amp", "default"):
        assert world.oc("secrets", "link", account, "threescale-registry-auth", "--for=pull").code == 0
    assert world.oc("adm", "policy", "add-role-to-user", "view", "-z", "amp").code == 0
    with open_cluster(world.directory) as cluster:  # time passes only where the test says so
        cluster.store.clock.pin(cluster.store.now())
    assert world.oc("patch", "dc", "zync", "--patch", PATCH).code == 0
    with open_cluster(world.directory) as cluster:
        cluster.store.clock.pin(cluster.store.now() + 1)
    return world


def rights(world: World) -> str:
    return "".join(world.oc("auth", "can-i", *what).out for what in (("patch", "dc"), ("list", "pods")))


@pytest.mark.parametrize("name", ACTS)
def test_each_act_changes_the_project_and_what_hinders_is_put_right(world: World, name: str) -> None:
    before = world.objects()
    faults = rights(world)
    done = strike(world.directory, name)
    after = world.objects()
    right = rights(world)
    if name == "a config is rolled out":  # not while a rollout is under way
        world.settle()
        assert strike(world.directory, name)
        after = world.objects()
    assert done
    assert (after != before) or (right != faults)
    assert put_right(world.directory, name) == (name in REMEDIES)
    assert rights(world) == faults


# The moments at which each act is tried by the tests, and those at which more is tried; `tests.matrix.others` tries all calls.
MOMENTS = ("first wave", "first rollout still", "between the waves")
DANGEROUS = {
    "a config is deleted": ("before the first change", "account", "second rollout"),
    "the secret is deleted": ("seen", "second rollout"),
    "the account is deleted": ("seen", "second rollout"),
    "the binding of amp is deleted": ("second rollout",),
    "a rollout is cancelled": ("first rollout",),
    "a deployer pod is deleted": ("first rollout",),
    "the right to look is revoked": ("before the first change",),
    SECOND_RUN: ("before the first change",),
}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return others.prepared(tmp_path_factory.mktemp("recorded"))


@pytest.mark.long
@pytest.mark.parametrize("act", HAPPENINGS)
def test_whatever_others_do_meanwhile_nothing_is_lost_and_no_word_is_untrue(
    given: Prepared, tmp_path: Path, act: str
) -> None:
    known = others.moments(given.calls)
    calls = [known[name] for name in (*MOMENTS, *DANGEROUS.get(act, ()))]
    found = others.run_all(given, tmp_path, [(call, act) for call in calls])
    assert found, "it was done at no call"
    assert not any(case.lost or case.wrong for case in found), others.table(found, given.calls, len(calls))
