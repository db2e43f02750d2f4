"""What a pod, a config's template or a rollout still uses is not deleted by an undo, which says what uses it and what to run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import Result, World
from tests.support.front import Front

SECRET = "threescale-registry-auth"
RAW = "delete --raw /api/v1/namespaces/threescale"


def undo(world: World, *args: str) -> Result:
    return world.run("undo", "--yes", *args)


@pytest.fixture
def front(world: World) -> Iterator[Front]:
    found = Front(world)
    yield found
    found.remove()


def is_there(world: World, *what: str) -> bool:
    return world.oc("get", *what).code == 0


def pod(account: str, image: str = "quay.io/x/y", *secrets: str) -> str:
    spec = {
        "serviceAccountName": account,
        "containers": [{"name": "c", "image": image}],
        "imagePullSecrets": [{"name": name} for name in secrets],
    }
    return json.dumps({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ours"}, "spec": spec})


def commands(done: Result) -> list[str]:
    """The commands to paste of an undo's screen, without its place."""
    lines = (line.strip() for line in done.all.splitlines())
    return [line.split(" --namespace")[0] for line in lines if line.startswith(("oc ", "threescale-migrate "))]


def test_what_the_pod_of_a_paused_config_runs_with_stays(world: World) -> None:
    world.oc("adm", "policy", "add-role-to-user", "view", "-z", "default")
    assert world.migrate("--dc", "zync").code == 0
    assert world.oc("rollout", "pause", "dc/zync").code == 0
    shown = world.run("undo", "--dry-run")
    assert "left unchanged: amp: it is kept: " in shown.out
    for _ in range(2):  # whoever undoes again is told the same
        done = undo(world)
        assert done.code in (1, 5), done.all
        assert is_there(world, "sa", "amp")
        assert is_there(world, "secret", SECRET)
        assert "role-removed" not in done.all
        assert "oc rollout resume dc/zync" in commands(done)
        assert "as it was before the run" not in done.all.replace("it is not as it was before", "")
        assert "as before, and the pods prove it" not in done.all
    assert world.oc("rollout", "resume", "dc/zync").code == 0
    world.settle()
    last = undo(world)
    assert last.code == 0, last.all
    assert not is_there(world, "sa", "amp")
    assert not is_there(world, "secret", SECRET)


def test_a_pod_that_comes_while_an_undo_is_under_way_keeps_the_account(world: World, front: Front) -> None:
    assert world.migrate("--dc", "zync").code == 0
    front.before("get dc,pods,is,rolebindings -o json", lambda: world.oc("create", "-f", "-", stdin=pod("amp")), nth=3)
    done = undo(world)
    assert done.code == 1, done.all
    assert "it is kept: pod/ours" in done.out
    assert is_there(world, "sa", "amp")
    assert is_there(world, "secret", SECRET)


def test_what_others_run_with_is_kept_and_the_undo_ends_with_1(world: World) -> None:
    assert world.migrate("--dc", "zync").code == 0
    assert world.oc("create", "-f", "-", stdin=pod("amp")).code == 0
    done = undo(world)
    assert done.code == 1, done.all
    assert "it is kept: pod/ours" in done.out
    assert "threescale-migrate undo" in commands(done)
    assert is_there(world, "sa", "amp")
    assert world.oc("delete", "pod", "ours").code == 0
    assert undo(world).code == 0
    assert not is_there(world, "sa", "amp")


@pytest.mark.parametrize("image", ["registry.redhat.io/rhel8/postgresql-10", "quay.io/x/y"])
def test_a_secret_that_a_pod_needs_for_its_image_is_kept(world: World, image: str) -> None:
    assert world.migrate("--dc", "zync").code == 0
    assert world.oc("create", "-f", "-", stdin=pod("default", image, SECRET)).code == 0
    done = undo(world)
    needs = "registry.redhat.io" in image
    assert done.code == (1 if needs else 0), done.all
    assert is_there(world, "secret", SECRET) == needs
    if needs:
        assert "it is kept: pod/ours" in done.out
    else:
        assert f"secret/{SECRET}: removed; pod/ours still names it" in done.out


KEY = {"name": SECRET, "key": ".dockerconfigjson"}
MOUNTS: dict[str, dict[str, Any]] = {
    "a volume": {"volumes": [{"name": "v", "secret": {"secretName": SECRET}}]},
    "a projected volume": {"volumes": [{"name": "v", "projected": {"sources": [{"secret": {"name": SECRET}}]}}]},
    "a variable": {"containers": [{"name": "c", "image": "x", "env": [{"name": "A", "valueFrom": {"secretKeyRef": KEY}}]}]},
    "all variables": {"containers": [{"name": "c", "image": "x", "envFrom": [{"secretRef": {"name": SECRET}}]}]},
}  # fmt: skip


@pytest.mark.parametrize("way", MOUNTS)
def test_a_secret_that_a_pod_reads_is_kept(world: World, way: str) -> None:
    assert world.migrate("--dc", "zync").code == 0
    item = json.loads(pod("default"))
    item["spec"].update(MOUNTS[way])
    assert world.oc("create", "-f", "-", stdin=json.dumps(item)).code == 0
    done = undo(world)
    assert done.code == 1, done.all
    assert "it is kept: pod/ours" in done.out
    assert is_there(world, "secret", SECRET)


def test_what_a_config_at_rest_would_mount_is_kept(world: World) -> None:
    assert world.migrate("--dc", "zync").code == 0
    spec = {"containers": [{"name": "c", "image": "x"}], **MOUNTS["a volume"]}
    config = {"replicas": 0, "triggers": [], "template": {"metadata": {"labels": {"a": "b"}}, "spec": spec}}
    item = {
        "apiVersion": "apps.openshift.io/v1",
        "kind": "DeploymentConfig",
        "metadata": {"name": "ours"},
        "spec": config,
    }
    assert world.oc("create", "-f", "-", stdin=json.dumps(item)).code == 0
    done = undo(world)
    assert done.code == 1, done.all
    assert "it is kept: dc/ours" in done.out
    assert is_there(world, "secret", SECRET)


def test_a_rollout_under_way_keeps_the_account_that_it_will_run_as(world: World, front: Front) -> None:
    patch = '{"spec":{"template":{"spec":{"serviceAccountName":"amp"}}}}'
    assert world.migrate("--dc", "zync").code == 0
    front.before(f"{RAW}/serviceaccounts/amp", lambda: world.oc("patch", "sa", "amp", "--patch", '{"metadata":{"annotations":{"a":"b"}}}'))  # fmt: skip
    front.before(f"{RAW}/serviceaccounts/amp", lambda: world.oc("patch", "dc", "system-sphinx", "--patch", patch))
    done = undo(world)
    assert done.code == 1, done.all
    assert "dc/system-sphinx" in done.out
    assert is_there(world, "sa", "amp")


def test_a_config_that_somebody_migrates_again_once_it_is_back_keeps_the_account(world: World, front: Front) -> None:
    patch = '{"spec":{"template":{"spec":{"serviceAccountName":"amp"}}}}'
    assert world.migrate("--dc", "zync").code == 0
    front.before(
        "get dc,pods,is,rolebindings -o json", lambda: world.oc("patch", "dc", "zync", "--patch", patch), nth=3
    )
    done = undo(world)
    assert done.code == 1, done.all
    assert "it is kept: dc/zync" in done.out
    assert is_there(world, "sa", "amp")
    assert is_there(world, "secret", SECRET)
