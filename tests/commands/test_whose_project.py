"""What stands on either side of the guide, before the first change: each with its sentence, its exit code, and nothing changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import World, make_world
from tests.support.front import Front
from tests.support.in_process import Ending, Really

ONE = ("--dc", "backend-cron")


def refused(world: World, sentence: str, *args: str) -> None:
    """`migrate` is refused before the first change, with the sentence."""
    before = world.objects()
    done = world.migrate(*args)
    assert done.code == 4, done.all
    assert sentence in " ".join(done.all.split()), done.all
    assert world.objects() == before
    assert world.journals == []


def change(world: World, kind: str, name: str, patch: dict[str, Any]) -> None:
    done = world.oc("patch", kind, name, "--type=merge", "-p", json.dumps(patch))
    assert done.code == 0, done.all


def test_an_operators_project_is_refused_with_the_reason_and_force_continues(tmp_path: Path) -> None:
    world = make_world(tmp_path, "apimanager")
    refused(world, "15 configs belong to APIManager example-apimanager: an operator manages this project")
    assert world.migrate("--force", *ONE).code == 0


@pytest.mark.parametrize(("release", "chosen"), [("2.2", 15), ("2.4", 15)])
def test_a_project_with_the_labels_of_older_templates_is_3scales(tmp_path: Path, release: str, chosen: int) -> None:
    world = make_world(tmp_path, f"labels={release}")
    labels = dict(world.objects()["deploymentconfigs"]["threescale/system-sphinx"]["metadata"]["labels"])
    assert "threescale_component" not in labels
    left_over = json.loads(world.oc("get", "dc", "system-sphinx", "-o", "json").out)
    left_over["metadata"] = {"name": "system-resque", "labels": left_over["metadata"]["labels"]}
    assert world.oc("create", "-f", "-", stdin=json.dumps(left_over)).code == 0
    world.settle()
    found = world.run("preflight", "--secret-file", world.secret, "-o", "json")
    assert found.code == 0, found.all
    seen = {(one["code"], one["subject"]): one["seen"] for one in found.json()["findings"]}
    assert seen["configs-present", "project/threescale"] == f"{chosen + 1} configs of 3scale"
    assert seen["leftovers-absent", "dc/system-resque"].startswith("it is left over from 3scale 2.3")
    assert world.journals == []


def test_a_self_managed_gateways_project_is_recognised_with_the_option_that_migrates_it(world: World) -> None:
    gateway = json.loads(world.oc("get", "dc", "apicast-staging", "-o", "json").out)
    for name in world.oc("get", "dc", "-o", "name").out.split():
        world.oc("delete", name)
    gateway["metadata"] = {"name": "apicast-edge"}
    gateway["spec"]["triggers"] = [{"type": "ConfigChange"}]
    gateway["spec"]["template"]["spec"]["containers"][0]["image"] = (
        "registry.access.redhat.com/3scale-amp25/apicast-gateway"
    )
    assert world.oc("create", "-f", "-", stdin=json.dumps(gateway)).code == 0
    world.settle()
    refused(world, "threescale-migrate migrate --dc apicast-edge")
    assert world.migrate("--dc", "apicast-edge").code == 0
    assert world.accounts()["apicast-edge"] == {"amp"}


@pytest.mark.parametrize(
    ("tag", "release", "sentence"), [("2.4.1", "", "3scale 2.4"), ("", "2.4", "3scale 2.4"), ("2.5.1", "2.4", "")]
)
def test_the_release_is_known_where_images_come_from_a_mirror(
    world: World, tag: str, release: str, sentence: str
) -> None:
    for config in json.loads(world.oc("get", "dc", "-o", "json").out)["items"]:
        for container in config["spec"]["template"]["spec"]["containers"]:
            container["image"] = f"mirror.example.test/ours/{config['metadata']['name']}:1"
        assert world.oc("replace", "-f", "-", stdin=json.dumps(config)).code == 0
    if tag:
        for name in ("amp-apicast", "amp-backend", "amp-system", "amp-zync"):
            tags = [{"name": "latest", "from": {"kind": "ImageStreamTag", "name": tag}}]
            change(world, "is", name, {"spec": {"tags": tags}})
    if release:
        item = {
            "kind": "ConfigMap",
            "apiVersion": "v1",
            "metadata": {"name": "system-environment"},
            "data": {"AMP_RELEASE": release},
        }
        world.oc("delete", "configmap", "system-environment")
        assert world.oc("create", "-f", "-", stdin=json.dumps(item)).code == 0
    found = world.run("preflight", "--secret-file", world.secret, "-o", "json").json()["findings"]
    verdict, seen = next((one["verdict"], one["seen"]) for one in found if one["subject"] == "release")
    assert (verdict == "failed") is bool(sentence), seen
    assert sentence in seen


def test_a_project_that_the_guide_sends_elsewhere_is_reported(world: World) -> None:
    world.oc("delete", "configmap", "system-environment")
    found = world.run("preflight", "--secret-file", world.secret)
    assert found.code == 0, found.all
    assert "in that case the guide first upgrades the installation as an older one" in " ".join(found.out.split())


def test_an_environment_that_cannot_be_read_says_nothing_of_the_settings_beside_it(world: World) -> None:
    said = 'Error from server (Forbidden): configmaps "system-environment" is forbidden: User "alice" cannot get resource "configmaps"'

    def answer(args: Sequence[str], really: Really) -> Ending:
        _, out, err = really([word for word in args if word != "configmap/system-environment"])
        return 1, out, f"{err}{said}\n"

    Front(world).instead("configmap/system-environment", answer, nth=None)
    found = world.run("preflight", "--secret-file", world.secret, "-o", "json")
    assert found.code == 0, found.all
    release = [one for one in found.json()["findings"] if one["subject"] == "configmap/system-environment"]
    assert [one["verdict"] for one in release] == ["warning"]
    assert "it cannot be read" in release[0]["seen"]
    assert not [
        one for one in found.json()["findings"] if one["subject"] == "configmap/system" and one["verdict"] != "passed"
    ]


@pytest.mark.long
def test_builder_gets_the_pull_secret_where_builds_use_3scales_images_and_loses_it_with_undo(tmp_path: Path) -> None:
    world = make_world(tmp_path, "builds")
    account = "threescale/builder"
    before = world.objects()
    planned = world.run("plan", "--secret-file", world.secret, *ONE)
    assert planned.code == 3, planned.all
    assert world.objects() == before
    assert "oc secrets link builder threescale-registry-auth --for=pull" in planned.out
    assert world.migrate(*ONE).code == 0
    assert {"name": "threescale-registry-auth"} in world.objects()["serviceaccounts"][account]["imagePullSecrets"]
    assert "for the builds 3scale-amp-system-oracle" in world.run("verify", *ONE, "-v").out
    assert world.run("undo", "--yes", "--grace", "0.5").code == 0
    assert not world.objects()["serviceaccounts"][account].get("imagePullSecrets")
    assert world.migrate("--no-link=builder", *ONE).code == 0
    assert not world.objects()["serviceaccounts"][account].get("imagePullSecrets")
    assert "the builds 3scale-amp-system-oracle run as builder" in " ".join(world.run("verify", *ONE).out.split())


@pytest.mark.parametrize("fault", ["gone", "terms"])
def test_an_image_of_today_that_is_gone_is_named_and_force_continues(tmp_path: Path, fault: str) -> None:
    world = make_world(tmp_path, f"{fault}=registry.access.redhat.com/3scale-amp25/backend")
    before = world.objects()
    done = world.migrate(*ONE)
    assert done.code == 4, done.all
    said = " ".join(done.err.split())
    assert said.count("it cannot be pulled again, and the new pods of backend-cron need it") == 1
    assert world.objects() == before
    assert world.journals == []
    forced = world.run("preflight", "--force", "--secret-file", world.secret, *ONE)
    assert forced.code == 0, forced.all


def test_a_refused_token_is_refused_without_being_asked_for(world: World) -> None:
    world.faults("token-refused")
    refused(world, "registry.redhat.io refuses the token", *ONE)
    assert world.run("plan", "--secret-file", world.secret, *ONE).code == 4
    assert world.run("preflight", "--secret-file", world.secret, *ONE).code == 4
    assert world.run("preflight", "--secret-file", world.secret, "--prove-pull=none", *ONE).code == 0


def test_a_registry_that_nobody_reaches_is_a_warning_that_the_token_was_not_tested(world: World) -> None:
    world.faults("registry-unreachable")
    before = world.objects()
    looked = world.run("preflight", "--secret-file", world.secret, *ONE)
    assert looked.code == 0, looked.all
    assert "the token was not tested" in looked.all
    assert world.objects() == before
    done = world.migrate(*ONE)
    assert done.code == 0, done.all
    assert "the token was not tested" in done.err
    assert world.accounts()["backend-cron"] == {"amp"}


def test_all_images_of_the_next_step_are_tried_on_request(world: World) -> None:
    found = world.run("preflight", "--secret-file", world.secret, "--prove-pull=all", "-o", "json", *ONE).json()[
        "findings"
    ]
    images = {one["subject"] for one in found if one["code"] == "registry-accepts-token"}
    assert {
        f"image/registry.redhat.io/3scale-amp26/{name}" for name in ("apicast-gateway", "backend", "system", "zync")
    } < images
    assert len(images) == 8
