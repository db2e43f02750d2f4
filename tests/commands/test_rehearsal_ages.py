"""The whole job with clients of other ages: what only looks changes nothing, and what changes comes to its end."""

from __future__ import annotations

import pytest

from tests.conftest import GRACE, World
from tests.support.comparison import comparable, differences

FAULTS = ("old-client=4.16", "old-client=4.6", "old-client=3.11", "ignores-dry-run")


@pytest.mark.long
@pytest.mark.parametrize("fault", FAULTS)
def test_a_migration_and_its_undo_pass_and_what_looks_changes_nothing(world: World, fault: str) -> None:
    world.faults(fault)
    default = "system:serviceaccount:threescale:default"
    world.oc("adm", "policy", "add-role-to-user", "view", default)
    world.oc("adm", "policy", "add-cluster-role-to-user", "view", default)
    before = world.objects()
    secret = ("--secret-file", world.secret)
    for looks in (
        ("plan", *secret),
        ("preflight", *secret),
        ("script", *secret, "--lose-data=zync-database"),
        ("verify",),
    ):
        done = world.run(*looks)
        assert done.code in (0, 1, 3), done.all
        assert world.objects() == before, looks
    done = world.migrate()
    assert done.code == 0, done.all
    assert world.run("verify").code == 0
    undone = world.run("undo", "--yes", "--grace", GRACE)
    assert undone.code == 0, undone.all
    world.settle()
    assert differences(comparable(before), comparable(world.objects())) == []
