"""What was broken in an export stays broken in the rehearsal of it (fact 3; the rehearsal does not heal)."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.conftest import World, make_world
from threescale_migrate.rehearsal import threescale
from threescale_migrate.rehearsal.server import open_cluster
from threescale_migrate.rehearsal.store import Object

EXPORT = ("get", "dc,rc,pods,sa,rolebindings,is", "-o", "json")
WORDS = {"crash-loop": "CrashLoopBackOff", "image-pull": "Pull", "not-ready": "0/1"}

# What a pod has then: a crash loop runs for a moment from time to time, whoever reads its table.
WAITING = "{.status.containerStatuses[0].state.waiting.reason}="
BROKEN = {
    "crash-loop": f"{WAITING}CrashLoopBackOff",
    "image-pull": f"{WAITING}ImagePullBackOff",
    "not-ready": "{.status.containerStatuses[0].ready}=false",
}


def broken(home: Path, fault: str) -> tuple[World, Path]:
    """A world in which zync's pod is broken, settled long enough, and its export."""
    home.mkdir()
    world = make_world(home)
    assert world.oc("create", "sa", "other").code == 0
    world.faults(f"{fault}=zync")
    body = '{"spec":{"template":{"spec":{"serviceAccountName":"other"}},"strategy":{"rollingParams":{"timeoutSeconds":86400}}}}'
    assert world.oc("patch", "dc", "zync", "--patch", body).code == 0
    world.oc("rollout", "status", "dc/zync", "--timeout=60s")
    for _ in range(
        60
    ):  # what is compared is of one moment, and of one at which it shows: a crash loop runs now and then
        with open_cluster(world.directory) as cluster:
            cluster.store.clock.pin(cluster.store.now() + 1)
        if any(WORDS[fault] in line for line in table(world) if line.startswith("zync-2")):
            break
    export = world.directory / "export.json"
    export.write_text(world.oc(*EXPORT).out, encoding="utf-8")
    return world, export


def table(world: World) -> list[str]:
    return [re.sub(r" +\S+$", "", line) for line in world.oc("get", "pods").out.splitlines() if "-deploy" not in line]


# The first of them each day.
ONE_OF_WORDS = [
    fault if number == 0 else pytest.param(fault, marks=pytest.mark.long) for number, fault in enumerate(WORDS)
]


@pytest.mark.parametrize("fault", ONE_OF_WORDS)
def test_the_tables_of_an_export_are_those_of_its_cluster_also_a_minute_later(tmp_path: Path, fault: str) -> None:
    first, export = broken(tmp_path / "first", fault)
    was = table(first)
    assert any(WORDS[fault] in line for line in was if line.startswith("zync-2"))
    (tmp_path / "second").mkdir()
    second = make_world(tmp_path / "second", from_file=export)
    assert table(second) == was
    second.oc("wait", "--for=jsonpath={.status.latestVersion}=99", "dc/zync", "--timeout=60s")
    assert table(second) == was


@pytest.mark.parametrize("fault", ONE_OF_WORDS)
def test_what_is_broken_stays_so_after_a_redeployment(tmp_path: Path, fault: str) -> None:
    _, export = broken(tmp_path / "first", fault)
    (tmp_path / "second").mkdir()
    world = make_world(tmp_path / "second", from_file=export)
    world.oc("rollout", "cancel", "dc/zync")
    world.settle()
    assert world.oc("create", "sa", "amp").code == 0
    patch = '{"spec":{"template":{"spec":{"serviceAccountName":"amp"}}}}'
    assert world.oc("patch", "dc", "zync", "zync-database", "--patch", patch).code == 0
    world.oc("rollout", "status", "dc/zync", "--timeout=60s")
    newest = [line.split()[0] for line in table(world) if re.match(r"zync-[3-9]-", line)]
    assert newest, table(world)
    for name in newest:
        waited = world.oc("wait", f"--for=jsonpath={BROKEN[fault]}", f"pod/{name}", "--timeout=60s")
        assert waited.code == 0, (waited.all, table(world))
    assert world.accounts()["zync-database"] == {"amp"}


@pytest.mark.parametrize(
    "content",
    ["[" * 100_000, '{"items": ' * 50_000, '{"items": [{"kind": "DeploymentConfig", "metadata": 3}]}', '{"items": 4}'],
)
def test_a_bad_export_is_one_sentence_and_wrong_usage(world: World, content: str) -> None:
    (world.home / "bad.json").write_text(content, encoding="utf-8")
    done = world.run("rehearse", "--from", "bad.json")
    assert (done.code, len(done.err.strip().splitlines())) == (2, 1), done.all


def processed(home: Path, release: str, version: str | None = None) -> Path:
    """The project as `oc process` prints a template: nothing was on a server yet, and the images are those of a release. A `version`
    is that which 3scale's templates up to 2.3 give to each type."""
    items: list[Object] = json.loads(json.dumps(threescale.documents()))
    for item in items:
        item.pop("status", None)
        if version is not None:
            item["apiVersion"] = version
        if item["kind"] == "ImageStream" and item["metadata"]["name"].startswith("amp-"):
            part = item["metadata"]["name"].partition("-")[2]
            image = f"registry.access.redhat.com/3scale-amp{release.replace('.', '')}/{part}"
            item["spec"]["tags"] = [
                {"name": "latest", "from": {"kind": "ImageStreamTag", "name": f"{release}.0"}},
                {"name": f"{release}.0", "from": {"kind": "DockerImage", "name": image}},
            ]
        elif item["kind"] == "ImageStream":
            image = "registry.access.redhat.com/rhscl/postgresql-10-rhel7"
            item["spec"]["tags"] = [{"name": "10", "from": {"kind": "DockerImage", "name": image}}]
    items = [item for item in items if item["metadata"]["name"] != "system-environment"]
    path = home / "cluster" / "objects.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}), encoding="utf-8")
    return path


@pytest.mark.parametrize("version", [None, "v1"])
def test_a_processed_template_becomes_a_project_that_can_be_migrated_and_undone(
    tmp_path: Path, version: str | None
) -> None:
    world = make_world(tmp_path, from_file=processed(tmp_path, "2.5", version))
    shown = world.run("preflight", "--secret-file", world.secret)
    assert shown.code == 0, shown.all
    assert "the images are those of 3scale 2.5" in shown.out
    assert world.migrate("--dc", "zync,backend-cron").code == 0
    assert world.run("undo", "--yes").code == 0


@pytest.mark.parametrize("release", ["2.1", "2.4", "2.7"])
def test_a_processed_template_of_another_release_is_refused_for_that_alone(tmp_path: Path, release: str) -> None:
    world = make_world(tmp_path, from_file=processed(tmp_path, release))
    refused = world.migrate()
    assert refused.code == 4, refused.all
    assert f"the images are those of 3scale {release}" in refused.all
    assert "blocked by 1 problem" in refused.all


def test_a_config_that_the_server_would_not_take_is_named(tmp_path: Path) -> None:
    path = processed(tmp_path, "2.5")
    document = json.loads(path.read_text())
    config = next(item for item in document["items"] if item["kind"] == "DeploymentConfig")
    config["metadata"]["name"] = "zync_2"
    path.write_text(json.dumps(document))
    world = make_world(tmp_path)
    refused = world.run("rehearse", "--from", str(path), "--", "true")
    assert refused.code == 2, refused.all
    assert "DeploymentConfig zync_2 cannot be created" in refused.err
