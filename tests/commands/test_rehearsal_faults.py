"""Faults of the rehearsal beside those of pods: an API that stumbles, images that are gone, whose project it is, what runs in a pod."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from tests.conftest import World, make_world
from threescale_migrate.rehearsal.faults import ENDINGS, FAULTS, STUMBLES


@pytest.mark.parametrize("name", STUMBLES)
def test_each_call_stumbles_once_and_then_is_answered(world: World, name: str) -> None:
    world.faults(f"stumbles={name}")
    for call in (("get", "dc", "zync"), ("get", "pods"), ("create", "sa", "amp")):
        first, second = world.oc(*call), world.oc(*call)
        assert (first.code, first.out, first.err) == (1, "", STUMBLES[name] + "\n")
        assert second.code == 0, second.err


def test_one_call_alone_stumbles_where_its_number_is_given(world: World) -> None:
    world.faults("stumbles=leader-changed@2")
    assert [world.oc("get", "sa").code for _ in range(4)] == [0, 1, 0, 0]


def test_all_texts_come_one_after_the_other(world: World) -> None:
    world.faults("stumbles=all")
    said = [world.oc("get", "sa", f"-l=a={number}").err.strip() for number in range(len(STUMBLES))]
    assert said == list(STUMBLES.values())


@pytest.mark.parametrize(
    ("fault", "imported", "pulled"),
    [
        ("gone", 'dockerimage.image.openshift.io "registry', "manifest unknown"),
        ("terms", "requires terms acceptance", "requires terms acceptance"),
    ],
)
def test_an_image_that_is_not_handed_out_is_imported_and_pulled_by_nobody(
    world: World, fault: str, imported: str, pulled: str
) -> None:
    image = world.oc("get", "dc", "zync", "-o", "jsonpath={.spec.template.spec.containers[0].image}").out
    other = world.oc("get", "dc", "system-app", "-o", "jsonpath={.spec.template.spec.containers[0].image}").out
    world.faults(f"{fault}={image}")
    for name, asked in ((image, True), (other, False)):
        done = world.oc("import-image", "probe:latest", f"--from={name}", "--confirm", "--dry-run")
        assert (imported in done.all) == asked
    world.oc("create", "sa", "amp")
    world.oc("patch", "dc", "zync", "--patch", '{"spec":{"template":{"spec":{"serviceAccountName":"amp"}}}}')
    world.oc("rollout", "status", "dc/zync", "--timeout=20s")
    assert pulled in world.oc("get", "events", "-o", "json").out


def test_an_operators_project_has_owners_and_older_templates_have_their_labels(world: World) -> None:
    world.faults("apimanager", "labels=2.4", "builds")
    zync = json.loads(world.oc("get", "dc", "zync", "-o", "json").out)
    assert zync["metadata"]["ownerReferences"][0]["kind"] == "APIManager"
    assert zync["metadata"]["labels"] == {
        "3scale.component": "zync",
        "3scale.component-element": "zync",
        "app": "3scale-api-management",
    }
    build = json.loads(world.oc("get", "bc", "3scale-amp-system-oracle", "-o", "json").out)
    assert build["spec"]["strategy"]["dockerStrategy"]["from"]["name"] == "amp-system:latest"


def test_what_runs_in_a_pod_is_a_program_of_this_machine(world: World) -> None:
    program = world.home / "database"
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        "print(os.environ['OC_REHEARSAL_POD'], sys.argv[1:], sys.stdin.read())\nsys.exit(int(sys.argv[1] == 'fail') * 3)\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    pod = next(
        name
        for name in world.objects()["pods"]
        if name.startswith("threescale/zync-database-1-") and "deploy" not in name
    )
    pod = pod.partition("/")[2]
    assert world.oc("rsh", pod, "true").code == 1
    world.faults(f"exec=zync-database={program}")
    dumped = world.program(["oc", "rsh", pod, "bash", "-c", "pg_dumpall -c --if-exists"], stdin="rows")
    assert dumped.out == f"{pod} ['bash', '-c', 'pg_dumpall -c --if-exists'] rows\n"
    assert world.oc("exec", "-i", "dc/zync-database", "--", "psql", "-f", "-").out == f"{pod} ['psql', '-f', '-'] \n"
    failed = world.oc("exec", pod, "--", "fail")
    assert (failed.code, failed.err) == (3, "command terminated with exit code 3\n")
    world.faults("user=alice/view")
    assert 'cannot create resource "pods/exec"' in world.oc("exec", pod, "--", "true").err


KINDS = {
    "Route": ("route.openshift.io/v1", {"host": "a.example.test", "to": {"kind": "Service", "name": "zync"}}),
    "Service": ("v1", {"ports": [{"port": 80}], "selector": {"deploymentConfig": "zync"}}),
    "BuildConfig": ("build.openshift.io/v1", {"strategy": {"type": "Docker"}}),
    "PersistentVolumeClaim": ("v1", {"accessModes": ["ReadWriteOnce"]}),
    "CronJob": ("batch/v1", {"schedule": "0 3 * * *"}),
}


def test_what_else_a_project_has_is_created_from_files_of_a_folder_and_lists_and_deleted(world: World) -> None:
    folder = world.home / "objects"
    folder.mkdir()
    for number, (kind, (version, spec)) in enumerate(KINDS.items()):
        item = {"apiVersion": version, "kind": kind, "metadata": {"name": f"own-{kind.lower()}"}, "spec": spec}
        content = {"apiVersion": "v1", "kind": "List", "items": [item]} if number % 2 else item
        (folder / f"{number}.yaml").write_text(json.dumps(content), encoding="utf-8")
    (folder / "9.yml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\ndata: {a: b}\n", encoding="utf-8"
    )
    made = world.oc("create", "-f", str(folder))
    assert (made.code, len(made.out.splitlines())) == (0, len(KINDS) + 1), made.err
    for kind, (_, spec) in KINDS.items():
        name = f"{kind.lower()}/own-{kind.lower()}"
        assert json.loads(world.oc("get", name, "-o", "json").out)["spec"] == spec
        assert f"kind: {kind}\n" in world.oc("get", name, "-o", "yaml").out
        assert world.oc("delete", name).code == 0
        assert world.oc("get", name).code == 1


def test_a_config_that_is_made_again_begins_anew(world: World, tmp_path: Path) -> None:
    saved = world.oc("get", "dc", "zync", "-o", "yaml").out
    assert world.oc("delete", "dc", "zync").code == 0
    assert world.oc("create", "-f", "-", stdin=saved).code == 0
    world.settle()
    assert world.oc("get", "dc", "zync", "-o", "jsonpath={.status.latestVersion}").out == "1"
    assert world.accounts()["zync"] == {"default"}


# A fault as it is switched on, and the config that is migrated.
SHORT = (
    "no-image=zync", "quota", "token-refused", "api-down", "user=alice/view", "cluster-quota", "import-policy", "broken-login",
    "webhook", "client-logs",
)  # fmt: skip
LONG = (
    "image-pull=zync", "not-ready=zync", "crash-loop=zync", "account-missing=zync", "scc=zync", "no-node=zync", "volume-held=zync",
    "hook-fails=system-app", "deployer-fails=zync", "slow=zync", "paused=zync", "no-trigger=zync", "zero=zync", "terminating=zync", "registry-unreachable", "blocked-registry",
    "internal-registry", "authenticated-images", "gone=registry.access.redhat.com/3scale-amp25/zync", "builds", "apimanager",
    "terms=registry.access.redhat.com/3scale-amp25/zync", "service-discovery", "flaky-api=0.2", "stumbles=all", "api-away",
    "no-exec=zync-database", "no-pg-dumpall=zync-database", "dump-cut=zync-database", "restore-fails=zync-database",
    "pod-disk-full=zync-database", "rows-lost=zync-database", "login-expired", "labels=2.2", "old-client=3.11", "ignores-dry-run", "forbidden=patch:deploymentconfigs",
)  # fmt: skip


@pytest.mark.parametrize("fault", [*SHORT, *(pytest.param(fault, marks=pytest.mark.long) for fault in LONG)])
def test_a_migration_ends_as_the_list_of_faults_says(tmp_path: Path, fault: str) -> None:
    name = fault.partition("=")[0]
    said = next(ending for shape, ending in ENDINGS.items() if shape.partition("=")[0] == name)
    codes = re.findall(r"exit code (\d+)", said)
    assert codes, f"{fault}: the list says no exit code"
    world = make_world(tmp_path, fault, speed=200)
    config = next((each for each in ("system-app", "zync-database") if fault.endswith(each)), "zync")
    done = world.migrate("--dc", config)
    assert done.code == int(codes[0]), f"{said}\n{done.all}"


def test_the_list_has_an_ending_for_each_fault_and_a_test_for_nearly_each(world: World) -> None:
    shown = world.run("rehearse", "--fault", "list").out.splitlines()
    names, endings = shown[::2], shown[1::2]
    assert [line.split()[0] for line in names] == list(FAULTS)
    assert all("exit code " in line for line in endings)
    tried = {fault.partition("=")[0] for fault in (*SHORT, *LONG)}
    assert {name.partition("=")[0] for name in FAULTS} - tried == {"exec"}
