"""What a scheduler of the cluster runs: the rights in the manifest are enough, and one less is not."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, World, make_world
from tests.support.packing import build, copy_of_source
from threescale_migrate.cli.arguments import is_schedule, names_image
from threescale_migrate.commands.manifest import CLUSTER_RULES, DISCOVERY_RULES, ONE_FILE, RULES

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


def processed(text: str, **given: str) -> list[Object]:
    """The objects of a template as `oc process` prints them: each parameter in its place, none missing, none unknown."""
    (template,) = yaml.safe_load_all(text)
    assert (template["apiVersion"], template["kind"]) == ("template.openshift.io/v1", "Template")
    values = {each["name"]: given.pop(each["name"], each.get("value")) for each in template["parameters"]}
    assert not given
    assert not [name for name, value in values.items() if value is None], "required"
    made = re.sub(r"\$\{(\w+)\}", lambda found: json.dumps(values[found[1]])[1:-1], json.dumps(template["objects"]))
    objects: list[Object] = json.loads(made)
    return objects


def manifests(world: World, *options: str) -> list[Object]:
    shown = world.run("manifest", *options, "-n", "threescale", "--image", IMAGE)
    assert shown.code == 0, shown.all
    return processed(shown.out)


def install(world: World, objects: list[Object]) -> None:
    """Creates the objects, or replaces those that are there."""
    for item in objects:
        if item["kind"] == "CronJob":
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
    return world.process_run(*command[1:], "--dc=zync,system-memcache", KUBECONFIG=str(own)).code


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


@pytest.mark.long
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


def test_the_job_runs_its_command_as_the_account(migrated: World) -> None:
    job = manifests(migrated, "cronjob", "--schedule", "0 6 * * *")[-1]
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert job["spec"]["schedule"] == "0 6 * * *"
    assert pod["serviceAccountName"] == "threescale-migrate"
    assert pod["containers"][0]["image"] == IMAGE
    # The log of its pod says what was left out.
    verdict = migrated.run(*pod["containers"][0]["command"][1:], "--dc=zync,system-memcache")
    assert (verdict.code, "permissions: skipped with --skip" in verdict.out) == (0, True), verdict.all


GOOD = ("-n", "threescale", "--image", IMAGE)


@pytest.mark.parametrize(
    "args",
    [
        ("nosuch", *GOOD),
        ("cronjob", *GOOD, "-n", "3Scale"),
        ("cronjob", *GOOD, "-n", "a" * 64),
        ("cronjob", *GOOD, "-n", "-a"),
        ("cronjob", *GOOD, "--image", "registry.example.test/Tools/migrate"),
        ("cronjob", *GOOD, "--image", "migrate:"),
        ("cronjob", *GOOD, "--image", "registry.example.test/tools/migrate@sha256:12"),
        ("cronjob", *GOOD, "--schedule", "*/15 * * *"),
        ("cronjob", *GOOD, "--schedule", "61 * * * *"),
        ("tekton", *GOOD),
        ("containerfile", "--image", "a b"),
        ("containerfile", "-n", "threescale"),
        ("containerfile", "--permissions"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_is_refused(migrated: World, args: tuple[str, ...]) -> None:
    done = migrated.run("manifest", *args)
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1), done.all


def test_images_and_times_are_held_to_what_a_cluster_takes() -> None:
    for image in ("a", "a/b:1", "localhost:5000/a", "REG.example/a__b/c-d:v1.0_x", f"r.example/a@sha256:{'0' * 64}"):
        assert names_image(image), image
    for image in ("", "A", "a/B", "a:", "a//b", "a/", "/a", "a b", "a:1:2", "a@sha256:0", "$(id)", "a:-1", "a" * 256):
        assert not names_image(image), image
    for time in (
        "* * * * *",
        "*/15 0-6,22 1 JAN-mar Mon",
        "0 0 29 2 *",
        "5/10 ? * * 0",
        "@daily",
        "@every 1h30m",
        "0 0 31 2 1",
    ):
        assert is_schedule(time), time
    for time in (
        "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "5-1 * * * *", "*/0 * * * *",
        "1, * * * *", "a * * * *", "0 0 30 2 *", "0 0 31 4,6 *", "@often", "TZ=UTC 0 0 * * *", "-1 * * * *", "1- * * * *", "*/ * * * *",
    ):  # fmt: skip
        assert not is_schedule(time), time


def test_the_objects_are_for_the_server_that_they_are_printed_for(tmp_path: Path) -> None:
    for name, faults, version in (("new", (), "batch/v1"), ("old", ("old-client=3.11",), "batch/v1beta1")):
        (tmp_path / name).mkdir()
        world = make_world(tmp_path / name, *faults)
        shown = world.run("manifest", "cronjob", *GOOD)
        assert (shown.code, shown.err) == (0, "")
        objects = processed(shown.out)
        assert objects[-1]["apiVersion"] == version
        assert ("seccompProfile" in shown.out) == (name == "new")
        made = world.oc("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
        assert (made.code, len(made.out.splitlines())) == (0, 4), made.all
        assert world.run("manifest", "cronjob", "--image", IMAGE).out == shown.out, "oc's current project"
    world.faults("api-down")
    away = world.run("manifest", "cronjob", *GOOD)
    assert away.code == 0
    assert "could not ask the server" in away.err
    assert "an old server may need batch/v1beta1" in away.err
    without = world.run("manifest", "cronjob", *GOOD, "--oc", "./none-such")
    assert without.code == 0
    assert "none-such" in without.err


def test_one_template_serves_other_projects_and_images(migrated: World) -> None:
    shown = migrated.run("manifest", "cronjob", "--permissions", "-n", "threescale")
    assert shown.code == 0, shown.all
    with pytest.raises(AssertionError, match="required"):
        processed(shown.out)
    objects = processed(shown.out, PROJECT="other", IMAGE=IMAGE, SCHEDULE="0 6 * * *")
    assert "threescale" not in json.dumps(objects).replace("threescale-", "").replace("threescale_", "")
    assert {item["metadata"].get("namespace", "other") for item in objects} == {"other"}
    assert objects[-1]["spec"]["schedule"] == "0 6 * * *"
    assert "-p PROJECT=threescale -p IMAGE=IMAGE" in shown.out


def recipe(text: str) -> list[tuple[str, str]]:
    """The instructions of a Containerfile with their arguments."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in lines]


def test_a_container_is_on_the_readers_image_and_not_root(migrated: World) -> None:
    bare, based = migrated.run("manifest", "containerfile"), migrated.run("manifest", "containerfile", "--image", IMAGE)
    assert (bare.code, based.code) == (0, 0)
    assert dict(recipe(bare.out))["ARG"] == "OC_IMAGE"
    assert dict(recipe(based.out))["ARG"] == f"OC_IMAGE={IMAGE}"
    for shown in (bare, based):
        assert dict(recipe(shown.out))["FROM"] == "${OC_IMAGE}"
        assert [words for name, words in recipe(shown.out) if name == "USER"][-1] == "1001"
    # No registry is named that is not the reader's.
    assert not re.search(r"\b[a-z0-9-]+(\.[a-z0-9-]+)+[:/]", bare.out.replace("./", "")), bare.out
    assert ONE_FILE in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.long
def test_the_recipe_builds_on_a_machine_that_is_laid_out_as_it_says(migrated: World, tmp_path: Path) -> None:
    with copy_of_source() as source:
        build(source, ONE_FILE)
        root = source.parent / "root"
        path = f"{root}/usr/local/bin:{migrated.directory}/bin:{Path(sys.executable).parent}:/usr/bin:/bin"
        environment = {"PATH": path, "KUBECONFIG": str(migrated.directory / "kubeconfig")}
        entry: list[str] = []
        for name, words in recipe(migrated.run("manifest", "containerfile").out):
            if name == "COPY":
                origin, target = words.split()
                (root / target[1:]).parent.mkdir(parents=True)
                shutil.copy(source / origin, root / target[1:])
            elif name == "RUN":
                command = words.replace("/usr/local", f"{root}/usr/local")
                subprocess.run(["sh", "-ec", command], env=environment, cwd=tmp_path, check=True, capture_output=True)
            elif name == "ENV":
                environment[words.partition("=")[0]] = words.partition("=")[2].replace("/tmp", str(tmp_path))
            elif name == "ENTRYPOINT":
                entry = [f"{root}{json.loads(words)[0]}"]
        asked = [*entry, "verify", "-n", "threescale", "--dc=zync,system-memcache", "-o", "json"]
        done = subprocess.run(asked, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    checks = json.loads(done.stdout)["checks"]
    proved = {check["subject"]: check["verdict"] for check in checks if check["code"] == "pods-run-as-amp"}
    assert (proved["dc/zync"], proved["dc/system-memcache"]) == ("passed", "passed")
