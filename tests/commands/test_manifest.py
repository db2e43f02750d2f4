"""What a scheduler of the cluster runs: the rights in the manifest are enough, and one less is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import World, make_world
from threescale_migrate.commands.manifest import CLUSTER_RULES, DISCOVERY_RULES, RULES

Object = dict[str, Any]
IMAGE = "registry.example.test/tools/threescale-migrate:1"
# The types that a call names, in the words of a rule.
PLURALS = {
    "dc": "deploymentconfigs", "rc": "replicationcontrollers", "sa": "serviceaccounts", "is": "imagestreams", "quota": "resourcequotas",
    "limits": "limitranges", "scc": "securitycontextconstraints", "secret": "secrets", "configmap": "configmaps",
}  # fmt: skip


@pytest.fixture(scope="module", name="migrated")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A migrated project in which the manifest's account exists, with the calls of `oc` written down."""
    world = make_world(tmp_path_factory.mktemp("manifest"))
    assert world.migrate("--dc", "zync,system-memcache").code == 0
    world.settle()
    program = world.directory / "bin" / "oc"
    log = world.home / "calls"
    program.write_text(
        program.read_text(encoding="utf-8").replace("#!/bin/sh\n", f'#!/bin/sh\necho "$*" >> "{log}"\n', 1),
        encoding="utf-8",
    )
    return world


def manifests(world: World, *options: str) -> list[Object]:
    shown = world.run("manifest", *options, "-n", "threescale", "--image", IMAGE)
    assert shown.code == 0, shown.all
    return list(yaml.safe_load_all(shown.out))


def install(world: World, objects: list[Object]) -> None:
    """Creates the objects, or replaces those that are there."""
    for item in objects:
        if item["kind"] in ("CronJob", "Task"):
            continue
        world.oc("delete", item["kind"].lower(), item["metadata"]["name"], "--ignore-not-found")
        made = world.oc("create", "-f", "-", stdin=json.dumps(item))
        assert made.code == 0, made.all


def as_account(world: World, command: list[str]) -> int:
    """Runs the container's command as the manifest's account would: by the kubeconfig of nobody else."""
    login = json.loads((world.directory / "kubeconfig").read_text(encoding="utf-8"))
    login["contexts"][0]["context"]["user"] = "system:serviceaccount:threescale:threescale-migrate/cluster"
    own = world.home / "account-kubeconfig"
    own.write_text(json.dumps(login), encoding="utf-8")
    return world.run(*command[1:], "--dc=zync,system-memcache", KUBECONFIG=str(own)).code


def without(rules: tuple[Object, ...], index: int, resource: str) -> list[Object]:
    """The rules but for one resource of one of them."""
    kept = [dict(rule) for rule in rules]
    kept[index]["resources"] = [name for name in kept[index]["resources"] if name != resource]
    return [rule for rule in kept if rule["resources"]]


def each(rules: tuple[Object, ...]) -> list[tuple[int, str]]:
    return [(index, resource) for index, rule in enumerate(rules) for resource in rule["resources"]]


@pytest.mark.long
def test_the_role_is_enough_and_one_right_less_is_not(migrated: World) -> None:
    objects = manifests(migrated, "cronjob")
    command = objects[-1]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["command"]
    install(migrated, objects)
    (migrated.home / "calls").unlink(missing_ok=True)
    assert as_account(migrated, command) == 0
    asked = {
        PLURALS.get(word.partition("/")[0], word.partition("/")[0])
        for line in (migrated.home / "calls").read_text(encoding="utf-8").splitlines()
        for word in line.split(" -", 1)[0].replace("get ", "").replace(",", " ").split()
    }
    granted = {resource for rule in RULES for resource in rule["resources"]}
    assert granted <= asked, "a right that no recorded call needs"
    role = next(item for item in objects if item["kind"] == "Role")
    for index, resource in each(RULES):
        install(migrated, [{**role, "rules": without(RULES, index, resource)}])
        assert as_account(migrated, command) != 0, resource
    install(migrated, objects)
    assert as_account(migrated, command) == 0


def test_with_permissions_the_cluster_role_is_enough_and_one_right_less_is_not(migrated: World) -> None:
    objects = manifests(migrated, "cronjob", "--permissions")
    command = objects[-1]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["command"]
    install(migrated, objects)
    assert as_account(migrated, command) == 0
    role = next(item for item in objects if item["kind"] == "ClusterRole")
    for index, resource in each(CLUSTER_RULES):
        install(migrated, [{**role, "rules": without(CLUSTER_RULES, index, resource)}])
        assert as_account(migrated, command) == 7, resource
    install(migrated, objects)
    less = next(item for item in objects if item["kind"] == "Role")
    install(migrated, [{**less, "rules": [rule for rule in less["rules"] if rule not in DISCOVERY_RULES]}])
    assert as_account(migrated, command) == 7


def test_both_kinds_run_the_same_command_as_the_account(migrated: World) -> None:
    job, task = manifests(migrated, "cronjob", "--schedule", "0 6 * * *")[-1], manifests(migrated, "tekton")[-1]
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert job["spec"]["schedule"] == "0 6 * * *"
    assert pod["serviceAccountName"] == "threescale-migrate"
    assert (pod["containers"][0]["image"], task["spec"]["steps"][0]["image"]) == (IMAGE, IMAGE)
    assert pod["containers"][0]["command"] == task["spec"]["steps"][0]["command"]
    assert migrated.run("manifest", "cronjob", "-n", "threescale").code == 2
    assert migrated.run("manifest", "nosuch", "-n", "threescale", "--image", IMAGE).code == 2


def test_the_objects_are_taken_by_the_cluster(migrated: World, tmp_path: Path) -> None:
    shown = migrated.run("manifest", "cronjob", "-n", "threescale", "--image", IMAGE)
    world = make_world(tmp_path)
    made = world.oc("create", "-f", "-", stdin=shown.out)
    assert made.code == 0, made.all
    assert len(made.out.splitlines()) == 4
