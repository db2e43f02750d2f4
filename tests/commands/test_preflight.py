"""What blocks a migration is reported before the first change, all at once, and the project is as before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import World, make_world
from tests.support.comparison import comparable, differences
from tests.support.front import Front, without_reviews

# What the plan of one config needs, and what has to be read to know it.
RIGHTS = (
    "create:serviceaccounts",
    "update:serviceaccounts",
    "get:secrets",
    "patch:deploymentconfigs",
    "list:rolebindings",
)
MORE_RIGHTS = (
    "create:secrets",
    "get:serviceaccounts",
    "get:deploymentconfigs",
    "list:deploymentconfigs",
    "create:rolebindings",
    "create:clusterrolebindings",
    "create:deploymentconfigs/instantiate",
    "list:replicationcontrollers",
    "list:pods",
    "list:serviceaccounts",
    "list:imagestreams",
    "list:events",
    "list:resourcequotas",
    "list:limitranges",
    "list:clusterrolebindings",
    "get:configmaps",
)
SERVER = "https://api.cluster.example.test:6443"
DEFAULT = "system:serviceaccount:threescale:default"


def with_rights_of_default(home: Path) -> World:
    """A project whose plan needs a right of each kind: roles, a cluster role, a hook's link, a config without its trigger."""
    world = make_world(home, "no-trigger=system-app")
    for role in ("add-role-to-user edit", "add-cluster-role-to-user view"):
        assert world.oc("adm", "policy", *role.split(), DEFAULT).code == 0
    return world


def refused_without(world: World, right: str) -> None:
    before = world.objects()
    world.faults(f"forbidden={right}")
    done = world.migrate("--dc", "system-app")
    world.faults()
    verb, _, resource = right.partition(":")
    assert done.code == 4, (right, done.all)
    sentence = " ".join(done.err.split())
    assert (
        f"{verb} {resource}" in sentence
        or f'cannot {verb} resource "{resource}"' in sentence
        or _kind(resource) in sentence
    ), sentence
    assert "nothing was changed" in sentence
    assert world.objects() == before, right
    assert world.journals == [], right


def _kind(resource: str) -> str:
    """How it is reported that something cannot be read which the plan does not need, but what it rests on does: bindings by what the
    accounts can do instead."""
    return {
        "rolebindings": "amp does not",
        "clusterrolebindings": "amp does not",
        "configmaps": "config map",
    }.get(resource, f"list {resource}")


@pytest.mark.long
def test_each_right_that_is_taken_away_is_named_and_nothing_is_changed(tmp_path: Path) -> None:
    world = with_rights_of_default(tmp_path)
    for right in RIGHTS:
        refused_without(world, right)
    assert world.migrate("--dc", "system-app").code == 0


@pytest.mark.long
def test_each_right_of_all_that_is_taken_away_is_named_and_nothing_is_changed(tmp_path: Path) -> None:
    world = with_rights_of_default(tmp_path)
    for right in MORE_RIGHTS:
        refused_without(world, right)


def test_all_that_blocks_it_is_reported_at_once(tmp_path: Path) -> None:
    world = make_world(tmp_path, "forbidden=patch:deploymentconfigs", "forbidden=create:serviceaccounts")
    quota(world, {"pods": "16"}, {"pods": "15"})
    world.settle()
    before = comparable(world.objects())
    done = world.run(
        "preflight", "-o", "json", "--expect-project", "other", "--expect-server", "https://other.example.test:6443"
    )
    assert done.code == 4
    document = done.json()
    against = [f"{found['step']}: {found['subject']}" for found in document["findings"] if found["verdict"] == "failed"]
    assert against == [
        "login: server",
        "project: project/threescale",
        "rights: create serviceaccounts",
        "rights: patch deploymentconfigs",
        "registry-secret: registry-secret",
        "quotas: quota/compute-resources",
    ]
    assert not document["ready"]
    sentence = world.run("plan", "--secret-file", world.secret)
    assert sentence.code == 4
    assert "cannot patch deploymentconfigs in project threescale" in " ".join(sentence.out.split())
    assert "oc create -f -" in sentence.out
    assert world.run("preflight").code == 4
    assert differences(before, comparable(world.objects())) == []


def quota(world: World, hard: dict[str, str], used: dict[str, str]) -> None:
    item = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "compute-resources"},
        "spec": {"hard": hard},
        "status": {"hard": hard, "used": used},
    }
    assert world.oc("create", "-f", "-", stdin=json.dumps(item)).code == 0


def test_a_failing_config_and_a_full_quota_are_named_and_force_continues(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    elsewhere = {"spec": {"template": {"spec": {"serviceAccountName": "nobody"}}}}
    assert world.oc("patch", "dc", "zync", "--patch", json.dumps(elsewhere)).code == 0
    world.settle()
    world.faults("no-image=backend-cron")
    quota(world, {"pods": "16"}, {"pods": "15"})
    before = world.objects()
    done = world.run("migrate", "--yes", "--secret-file", world.secret, "--dc", "backend-cron,zync")
    assert done.code == 4
    sentence = " ".join(done.err.split())
    assert "it could not be imported" in sentence
    assert (
        "it is already failing: zync: a new pod is refused because the service account nobody does not exist"
        in sentence
    )
    assert "pods: 15 of 16 are used" in sentence
    assert world.objects() == before
    lines = done.err.splitlines()
    spite = lines[lines.index("Or continue in spite of this:") + 1]
    assert spite.startswith("    threescale-migrate migrate --force --dc=backend-cron,zync --secret-file=")
    # What an admin is asked to run names nothing of this user, but the project, and the server beside it.
    assert f"    # {SERVER}" in lines
    assert "    oc edit quota compute-resources --namespace=threescale" in lines
    ready = world.run("preflight", "--force", "--secret-file", world.secret, "--dc", "backend-cron,zync")
    assert ready.code == 0, ready.all
    assert "ready to migrate; 3 warnings" in ready.out


def plain_user(world: World, *roles: str) -> dict[str, str]:
    """A kubeconfig of alice, who has these roles in the project."""
    for role in roles:
        assert world.oc("adm", "policy", "add-role-to-user", role, "alice").code == 0
    path = world.home / "alice"
    config: Any = json.loads((world.directory / "kubeconfig").read_text(encoding="utf-8"))
    config["contexts"][0]["context"]["user"] = "alice"
    path.write_text(json.dumps(config), encoding="utf-8")
    return {"KUBECONFIG": str(path)}


@pytest.mark.long
def test_a_project_admin_is_shown_what_a_cluster_admin_has_to_do_and_may_continue_without(world: World) -> None:
    alice = plain_user(world, "admin")
    world.oc("adm", "policy", "add-role-to-user", "system:openshift:scc:nonroot", DEFAULT)
    before = world.objects()
    done = world.migrate("--dc", "zync", **alice)
    assert done.code == 4
    assert "attempting to grant RBAC permissions not currently held" in " ".join(done.err.split())
    gift = "oc adm policy add-role-to-user system:openshift:scc:nonroot system:serviceaccount:threescale:amp"
    assert gift in done.err
    assert world.objects() == before
    assert world.oc(*gift.split()[1:]).code == 0
    allowed = world.migrate("--dc", "zync", **alice)
    assert allowed.code == 0, allowed.all
    world.environment.update(alice)
    assert world.run("verify", "--dc", "zync").code == 0
    assert world.run("plan", "--dc", "zync").code == 0


@pytest.mark.long
def test_who_can_neither_read_bindings_nor_ask_in_the_accounts_names_is_shown_what_a_cluster_admin_has_to_do(
    world: World,
) -> None:
    kinds = ("clusterrolebindings", "rolebindings", "securitycontextconstraints")
    world.faults(*(f"forbidden=list:{kind}" for kind in kinds))
    without_reviews(Front(world))
    done = world.migrate("--dc", "zync")
    assert done.code == 4
    listed = next(line for line in done.err.splitlines() if "oc get clusterrolebindings" in line)
    gift = "oc adm policy add-cluster-role-to-user ROLE system:serviceaccount:threescale:amp"
    assert gift in " ".join(done.err.split())
    allowed = world.migrate("--dc", "zync", "--allow-unknown")
    assert allowed.code == 0, allowed.all
    assert "the cluster role bindings cannot be read" in " ".join(allowed.out.split())
    assert world.run("verify", "--dc", "zync").code == 7
    remarked = world.run("verify", "--dc", "zync", "--allow-unknown")
    assert remarked.code == 0
    assert "unknown: 4 things could not be checked, nothing failed" in remarked.out
    assert "migrated" not in remarked.out
    assert world.run("plan", "--dc", "zync").code == 7
    skipped = world.run("verify", "--dc", "zync", "--skip", "permissions")
    assert skipped.code == 0
    assert "skipped with --skip" in skipped.out
    world.faults()
    as_admin = world.program(["sh", "-c", listed.strip()])
    assert as_admin.code == 1  # default is in none
    world.oc("adm", "policy", "add-cluster-role-to-user", "view", DEFAULT)
    as_admin = world.program(["sh", "-c", listed.strip()])
    assert as_admin.out.split() == ["view", "ServiceAccount", "default", "threescale"]


@pytest.mark.long
def test_a_hook_fails_without_the_link_of_default_and_passes_with_it(tmp_path: Path) -> None:
    world = make_world(tmp_path, "authenticated-images")
    bare = world.run("preflight", "--secret-file", world.secret, "--dc", "system-app", "--no-link=default")
    assert bare.code == 4
    assert "its pre hook runs as default and cannot pull registry.redhat.io" in " ".join(bare.out.split())
    linked = world.run("preflight", "--secret-file", world.secret, "--dc", "system-app")
    assert linked.code == 0, linked.all
    assert "migrate adds them" in " ".join(linked.out.split())
    failed = world.migrate("--dc", "system-app", "--no-link=default", "--force")
    assert failed.code == 5, failed.all
    fix = ("oc secrets link default threescale-registry-auth --for=pull", "oc rollout cancel dc/system-app")
    assert all(f"    {command} --namespace=threescale" in failed.err for command in fix)
    warning = world.run("verify", "--dc", "system-app")
    assert "has no credentials for the new images" in " ".join(warning.out.split())
    for command in fix:
        assert world.oc(*command.split()[1:]).code == 0
    assert world.migrate("--dc", "system-app").code == 0
    assert world.run("verify", "--dc", "system-app", "--strict").code == 0
    world.oc("secrets", "unlink", "default", "threescale-registry-auth")
    assert world.run("verify", "--dc", "system-app").code == 0
    assert world.run("verify", "--dc", "system-app", "--strict").code == 1


def test_the_order_is_printed_as_the_file_that_is_read_back(world: World) -> None:
    printed = world.run("plan", "--wave-plan")
    assert printed.code == 0, printed.all
    path = world.home / "order"
    path.write_text(printed.out, encoding="utf-8")
    given = world.run("plan", "--wave-plan", str(path), "--secret-file", world.secret, "-o", "json").json()
    own = world.run("plan", "--secret-file", world.secret, "-o", "json").json()
    assert [wave["configs"] for wave in given["waves"]] == [wave["configs"] for wave in own["waves"]]
