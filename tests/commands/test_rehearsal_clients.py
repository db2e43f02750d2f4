"""The rehearsal's `oc` as clients of other ages, and as one that several clusters share (fact 21, fact 24, fact 27)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import World, make_world
from threescale_migrate.rehearsal import launch

AMP = "system:serviceaccount:threescale:amp"
GRANTS = (
    ("add-cluster-role-to-user", "view", AMP),
    ("add-role-to-user", "edit", AMP, "-n", "threescale"),
    ("add-scc-to-user", "anyuid", "-z", "amp", "-n", "threescale"),
)
RIGHTS = ("clusterrolebindings", "rolebindings", "securitycontextconstraints", "clusterroles")


def rights(world: World) -> dict[str, object]:
    found = world.objects()
    return {plural: found[plural] for plural in RIGHTS}


@pytest.mark.parametrize(("fault", "changes"), [("", False), ("old-client=4.6", True), ("old-client=4.16", True)])
def test_a_dry_run_by_the_server_is_heeded_by_todays_client_alone(world: World, fault: str, changes: bool) -> None:
    world.faults(*filter(None, [fault]))
    before = rights(world)
    for grant in GRANTS:
        done = world.oc("adm", "policy", *grant, "--dry-run=server")
        assert done.code == 0
        assert ("(server dry run)" in done.out) != changes
    assert (rights(world) != before) == changes
    made = world.oc("create", "rolebinding", "tried", "--clusterrole=view", "--user=a", "--dry-run=server")
    assert made.out == "rolebinding.rbac.authorization.k8s.io/tried created (server dry run)\n"
    assert "threescale/tried" not in world.objects()["rolebindings"]


@pytest.mark.parametrize("given", ["--dry-run=client", "--dry-run=server", "--dry-run"])
def test_a_client_that_ignores_dry_runs_makes_each_change(world: World, given: str) -> None:
    world.faults("ignores-dry-run")
    before = rights(world)
    assert world.oc("adm", "policy", "add-role-to-user", "edit", AMP, given).code == 0
    assert rights(world) != before


def test_3_11_knows_dry_run_as_a_switch_and_keeps_sccs_in_the_object(world: World) -> None:
    world.faults("old-client=3.11")
    before = world.objects()
    refused = world.oc("adm", "policy", "add-role-to-user", "edit", AMP, "--dry-run=server")
    assert refused.code == 1
    assert 'invalid argument "server" for "--dry-run" flag' in refused.err
    assert world.oc("adm", "policy", "add-scc-to-user", "anyuid", AMP, "--dry-run").out == (
        f'scc "anyuid" added to: ["{AMP}"] (dry run)\n'
    )
    assert world.objects() == before
    assert (
        world.oc("adm", "policy", "add-scc-to-user", "anyuid", "-z", "amp").out == f'scc "anyuid" added to: ["{AMP}"]\n'
    )
    after = world.objects()
    assert after["securitycontextconstraints"]["/anyuid"]["users"] == [AMP]
    assert after["clusterrolebindings"] == before["clusterrolebindings"]
    assert after["rolebindings"] == before["rolebindings"]


def test_3_11_says_what_no_later_client_says(world: World) -> None:
    world.faults("old-client=3.11")
    patch = ("patch", "dc", "zync", "--patch", '{"spec":{"replicas":1}}')
    unchanged = world.oc(*patch)
    assert (unchanged.code, unchanged.out) == (1, "deploymentconfig.apps.openshift.io/zync not patched\n")
    assert unchanged.err == ""
    assert world.oc("get", "rolebindings").out.split("\n")[0].split() == ["NAME", "AGE"]
    assert world.oc("get", "is").out.startswith("NAME")
    assert "DOCKER REPO" in world.oc("get", "is").out
    world.faults("user=alice/view")
    no = world.oc("auth", "can-i", "patch", "dc")
    assert (no.code, no.out) == (0, "no - no RBAC policy matched\n")


@pytest.mark.parametrize(("fault", "version"), [("", "batch/v1"), ("old-client=3.11", "batch/v1beta1")])
def test_cron_jobs_have_the_version_of_the_server(world: World, fault: str, version: str) -> None:
    world.faults(*filter(None, [fault]))
    for given in ("batch/v1", "batch/v1beta1"):
        made = world.oc("create", "-f", "-", stdin=f"apiVersion: {given}\nkind: CronJob\nmetadata: {{name: nightly}}\n")
        assert (made.code == 0) == (given == version), made.err
    assert world.oc("get", "cronjob", "nightly", "-o", "jsonpath={.apiVersion}").out == version


def test_a_context_of_another_directory_is_another_cluster(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    world = make_world(tmp_path / "one")
    launch.create(tmp_path / "lab", seed=2, server="https://api.lab.example.test:6443")
    launch.join(world.directory, tmp_path / "lab", "lab")
    here = world.oc("get", "namespace", "threescale", "-o", "jsonpath={.metadata.uid}").out
    there = world.oc("--context=lab", "get", "namespace", "threescale", "-o", "jsonpath={.metadata.uid}").out
    assert here != there
    assert world.oc("whoami", "--show-server", "--context=lab").out == "https://api.lab.example.test:6443\n"
    assert world.oc("config", "use-context", "lab").code == 0
    assert world.oc("config", "current-context").out == "lab\n"
    assert world.oc("get", "namespace", "threescale", "-o", "jsonpath={.metadata.uid}").out == there
    assert world.oc("create", "sa", "amp").code == 0
    assert "threescale/amp" not in world.objects()["serviceaccounts"]
    gone = world.oc("get", "dc", "--context=nosuch")
    assert gone.code == 1
    assert "context was not found for specified context: nosuch" in gone.err


def test_a_login_in_another_terminal_changes_the_context_of_each_call_that_names_none(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    world = make_world(tmp_path / "one")
    launch.create(tmp_path / "lab", seed=2, server="https://api.lab.example.test:6443")
    launch.join(world.directory, tmp_path / "lab", "lab")
    before = world.oc("config", "current-context").out.strip()
    assert world.oc("login", "https://api.lab.example.test:6443").code == 0
    assert world.oc("whoami", "--show-server").out == "https://api.lab.example.test:6443\n"
    assert world.oc("whoami", "--show-server", f"--context={before}").out == "https://api.cluster.example.test:6443\n"
