"""The main job through the front door: migrate, verify, again, killed half-way, on what is broken."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import GRACE, ROOT, World, make_world
from tests.support.front import killed_before
from threescale_migrate.values import GUIDE_CONFIGS

GUIDE_LOOP = """
for dc in {configs}; do
  oc get dc $dc -o yaml | grep -i '^ *serviceAccountName'
done
"""
GUIDE = """
set -eu
sed 's/^  name: .*/  name: threescale-registry-auth/' "$1" > the-secret-name.yml
oc create -f the-secret-name.yml
oc get secret threescale-registry-auth
cat > amp-sa.yml <<END
apiVersion: v1
kind: ServiceAccount
metadata:
  name: amp
imagePullSecrets:
- name: threescale-registry-auth
END
oc create -f amp-sa.yml
oc get sa amp -o yaml
for dc in {configs}; do
  oc patch dc $dc --patch '{{"spec":{{"template":{{"spec":{{"serviceAccountName":"amp"}}}}}}}}'
done
for dc in {configs}; do
  oc rollout status dc/$dc > /dev/null
done
oc get dc
oc get pods
{loop}
"""


def guide() -> str:
    configs = " ".join(GUIDE_CONFIGS)
    return GUIDE.format(configs=configs, loop=GUIDE_LOOP.format(configs=configs))


def test_the_project_is_migrated_and_the_pods_prove_it(world: World) -> None:
    done = world.migrate()
    assert done.code == 0, done.all
    assert "migrated, and the pods prove it" in done.out
    assert world.accounts() == {name: {"amp"} for name in GUIDE_CONFIGS}
    assert world.run("verify").code == 0


@pytest.mark.long
def test_a_second_run_changes_nothing_and_says_so(world: World) -> None:
    assert world.migrate().code == 0
    before = world.objects()
    again = world.migrate()
    assert again.code == 0
    assert "nothing is left to do" in again.err
    assert world.objects() == before


def test_plan_says_what_is_to_do_and_changes_nothing(world: World) -> None:
    before = world.objects()
    planned = world.run("plan", "--secret-file", world.secret, "-o", "json")
    assert planned.code == 3
    document = planned.json()
    patched = [action["argv"][3] for action in document["actions"] if action["argv"][1] == "patch"]
    assert sorted(patched) == sorted(GUIDE_CONFIGS)
    assert document["waves"][0]["configs"] == ["backend-cron"]
    assert document["waves"][-1]["configs"] == ["apicast-production", "apicast-wildcard-router"]
    costs = {cost["config"]: cost for cost in document["costs"]}
    assert (costs["zync-database"]["lost"], costs["zync-database"]["kept"]) == ([], ["zync-database-data"])
    assert costs["system-mysql"]["down"]
    assert any("openshift:deploy" in hook for hook in costs["system-app"]["hooks"])
    assert world.objects() == before
    assert world.migrate().code == 0
    assert world.run("plan").code == 0


def test_the_guides_own_commands_work_to_the_end_and_verify_agrees(world: World) -> None:
    (world.home / "guide.sh").write_text(guide(), encoding="utf-8")
    done = world.program(["bash", "guide.sh", world.secret])
    assert done.code == 0, done.all
    assert done.out.count("serviceAccountName: amp") == 15
    verified = world.run("verify")
    assert verified.code == 0, verified.all
    assert "next upgrade step would hang" in verified.out
    assert world.run("verify", "--strict").code == 1


@pytest.mark.parametrize("fault", ["image-pull=zync", "paused=backend-worker", "no-trigger=system-redis"])
def test_where_the_guides_loop_is_content_the_tool_is_not(tmp_path: Path, fault: str) -> None:
    world = make_world(tmp_path, fault)
    # The pause and the missing trigger are seen without the tool's own remedy for them.
    world.oc(
        "create",
        "-f",
        "-",
        stdin=json.dumps({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "amp"}}),
    )
    for name in GUIDE_CONFIGS:
        patch = '{"spec":{"template":{"spec":{"serviceAccountName":"amp"}}}}'
        assert world.oc("patch", "dc", name, "--patch", patch).code == 0
    world.settle()
    loop = world.program(["bash", "-c", GUIDE_LOOP.format(configs=" ".join(GUIDE_CONFIGS))])
    assert loop.out.count("serviceAccountName: amp") == 15
    name = fault.partition("=")[2]
    verified = world.run("verify", "-o", "json")
    assert verified.code == 1
    failed = {check["subject"] for check in verified.json()["checks"] if check["verdict"] == "failed"}
    assert f"dc/{name}" in failed
    assert verified.json()["migrated"] is False


@pytest.mark.long
def test_a_config_without_its_trigger_is_started(tmp_path: Path) -> None:
    world = make_world(tmp_path, "no-trigger=system-redis")
    done = world.migrate()
    assert done.code == 0, done.all
    assert "oc rollout latest dc/system-redis" in done.err


@pytest.mark.long
def test_a_paused_config_is_reported_and_resumed_when_asked(tmp_path: Path) -> None:
    world = make_world(tmp_path, "paused=backend-worker")
    done = world.migrate()
    assert done.code == 1
    assert "it is paused" in done.out
    assert world.accounts()["backend-worker"] == {"default"}
    resumed = world.migrate("--resume-paused")
    assert resumed.code == 0, resumed.all
    assert world.accounts()["backend-worker"] == {"amp"}


def test_scaled_to_zero_counts_as_migrated_and_proves_nothing(tmp_path: Path) -> None:
    world = make_world(tmp_path, "zero=backend-cron")
    done = world.migrate()
    assert done.code == 0, done.all
    assert "the pods of 14 configs run as amp" in done.out
    assert "dc/backend-cron: scaled to zero: its next pods will run as amp" in " ".join(done.out.split())
    assert done.out.splitlines()[-1].endswith("migrated, and the pods prove it")
    assert "backend-cron" not in world.accounts()
    alone = world.run("verify", "--dc", "backend-cron")
    assert alone.code == 0, alone.all
    assert "no pod proves anything, since no config that was checked has pods" in " ".join(alone.out.split())


def test_killed_half_way_it_continues(world: World) -> None:
    killed_before(world, "patch dc system-redis", *world.migration())
    verified = world.run("verify")
    assert verified.code == 1
    done = world.migrate()
    assert done.code == 0, done.all
    assert world.accounts() == {name: {"amp"} for name in GUIDE_CONFIGS}


@pytest.mark.long
def test_verify_asks_for_each_type_once_in_nine_calls_at_most(world: World) -> None:
    world.migrate()
    counted = world.home / "calls"
    oc = world.home / "oc"
    oc.write_text(f'#!/bin/sh\necho "$@" >> {counted}\nexec {world.directory}/bin/oc "$@"\n', encoding="utf-8")
    oc.chmod(0o755)
    assert world.run("verify", "--oc", str(oc)).code == 0
    calls = counted.read_text(encoding="utf-8").splitlines()
    assert 1 <= len(calls) <= 9, calls
    # The bindings of the project are asked for once more with those of all others, where that is allowed.
    types = [kind for call in calls if call.startswith("get ") for kind in call.split()[1].split(",")]
    assert len(types) == len(set(types)) or {t for t in types if types.count(t) > 1} <= {"rolebindings", "roles"}, types


def test_without_an_oc_the_sentence_names_the_rehearsal(world: World) -> None:
    done = world.run("verify", PATH=str(world.home))
    assert done.code == 7
    assert "    threescale-migrate rehearse" in done.err.splitlines()


@pytest.mark.parametrize("fault", ["api-down", "login-expired"])
def test_a_cluster_that_cannot_be_asked_has_a_code_of_its_own(world: World, fault: str) -> None:
    world.faults(fault)
    done = world.run("verify")
    assert done.code == 7
    assert ("logged in" if fault == "login-expired" else "refused") in done.err
    server = "https://api.cluster.example.test:6443"
    if fault == "login-expired":
        assert f"    oc login {server}" in done.err.splitlines()
    else:
        assert re.search(
            rf"check the way from this workstation to {server}: .* it was asked \d+ times in \d+ s", done.err
        )


@pytest.mark.parametrize(
    "configs", ["zync,backend-cron", pytest.param(",".join(GUIDE_CONFIGS), marks=pytest.mark.long)]
)
def test_an_api_that_fails_one_call_in_five_is_survived(tmp_path: Path, configs: str) -> None:
    world = make_world(tmp_path, "flaky-api=0.2")
    done = world.migrate("--dc", configs)
    assert done.code == 0, done.all
    world.faults()
    assert world.run("verify", "-q", "--dc", configs).code == 0


def test_the_wrong_project_is_refused_before_the_first_change(world: World) -> None:
    before = world.objects()
    for args in (
        ("-n", "default"),
        ("--expect-project", "other"),
        ("--expect-server", "https://elsewhere.example.test:6443"),
    ):
        done = world.migrate(*args)
        assert done.code == 4, (args, done.all)
    assert world.objects() == before


def test_nobody_to_confirm_is_wrong_usage(world: World) -> None:
    before = world.objects()
    done = world.run("migrate", "--secret-file", world.secret)
    assert done.code == 2
    assert "--yes" in done.err
    assert world.objects() == before


def test_named_configs_are_migrated_alone_and_have_to_exist(world: World) -> None:
    assert world.migrate("--dc", "zync,zync-database").code == 0
    accounts = world.accounts()
    assert {name for name, found in accounts.items() if found == {"amp"}} == {"zync", "zync-database"}
    missing = world.run("verify", THREESCALE_DC_NAMES="zync nosuch")
    assert missing.code == 2
    assert "nosuch" in missing.err
    assert world.run("verify", THREESCALE_DC_NAMES="zync zync-database").code == 0


@pytest.mark.long
def test_configs_of_others_are_left_alone_and_listed(world: World) -> None:
    config = json.loads(world.oc("get", "dc", "zync", "-o", "json").out)
    login = {
        "kind": "ServiceAccount",
        "apiVersion": "v1",
        "metadata": {"name": "zync-que-sa"},
        "imagePullSecrets": [{"name": "threescale-registry-auth"}],
    }
    assert world.oc("create", "-f", "-", stdin=json.dumps(login)).code == 0
    for name, labels, account in (
        ("ours", {"app": "x"}, None),
        ("system-postgresql", {"threescale_component": "system"}, None),
        ("zync-que", {"threescale_component": "zync"}, "zync-que-sa"),
    ):
        other = json.loads(json.dumps(config))
        other["metadata"] = {"name": name, "labels": labels}
        other["spec"]["selector"] = {"deploymentConfig": name}
        other["spec"]["triggers"] = [{"type": "ConfigChange"}]
        other["spec"]["template"]["metadata"]["labels"] = {"deploymentConfig": name}
        if account:
            other["spec"]["template"]["spec"]["serviceAccountName"] = account
        other.pop("status")
        assert world.oc("create", "-f", "-", stdin=json.dumps(other)).code == 0
    world.oc("delete", "dc", "system-mysql")
    done = world.migrate()
    assert "ours: it does not belong to 3scale" in done.out
    assert "zync-que: it runs as zync-que-sa" in done.out
    assert "system-mysql: it is not in this project" in done.out
    assert world.accounts()["system-postgresql"] == {"amp"}
    assert world.accounts()["ours"] == {"default"}
    assert done.code == 0, done.all


@pytest.mark.long
def test_rehearse_runs_the_whole_migration_and_leaves_nothing(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "threescale_migrate", "rehearse", "--speed", "40"],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("migrated, and the pods prove it") == 1
    assert list(tmp_path.iterdir()) == []


def test_rehearse_continues_with_its_directory_and_passes_the_exit_code_on(world: World) -> None:
    first = world.run("rehearse", "--dir", "kept", "--", "oc", "project", "-q")
    assert (first.code, first.out.strip()) == (0, "threescale")
    world.run("rehearse", "--dir", "kept", "--", "oc", "create", "sa", "mine")
    assert world.run("rehearse", "--dir", "kept", "--", "oc", "get", "sa", "mine").code == 0
    assert world.run("rehearse", "--dir", "kept", "--", "sh", "-c", "exit 42").code == 42
    assert world.run("rehearse", "--fault", "nosuch").code == 2
    assert world.run("rehearse", "--fault", "image-pull").code == 2
    assert world.run("rehearse", "--", "no-such-program-anywhere").code == 2


@pytest.mark.long
def test_a_project_of_ones_own_can_be_rehearsed_from_an_export(world: World, tmp_path: Path) -> None:
    export = world.directory / "export.json"  # what `oc` wrote is the user's own: it holds what the cluster does
    export.write_text(world.oc("get", "dc,rc,pods,sa,rolebindings,is", "-o", "json").out, encoding="utf-8")
    (tmp_path / "other").mkdir()
    other = make_world(tmp_path / "other", from_file=export)
    assert other.accounts() == {name: {"default"} for name in GUIDE_CONFIGS}
    done = other.migrate()
    assert done.code == 0, done.all
    assert world.run("rehearse", "--from", world.secret).code == 2


SOME = ("backend-cron", "backend-listener", "system-sphinx", "zync")


def test_verify_never_says_migrated_while_a_pod_is_not(tmp_path: Path) -> None:
    world = make_world(tmp_path, speed=8.0)
    some = ("--dc", ",".join(SOME))
    process = world.popen("migrate", "--yes", "--all-at-once", "--secret-file", world.secret, "--grace", GRACE, *some)
    rounds = 0
    while process.poll() is None:
        verified = world.run("verify", "-q", *some)
        # Nothing takes the migration back meanwhile, so what was true for `verify` is true after it.
        if verified.code == 0:
            assert {world.accounts()[name] == {"amp"} for name in SOME} == {True}
        rounds += 1
    process.communicate()
    assert process.returncode == 0
    assert rounds > 1
