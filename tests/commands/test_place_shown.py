"""Where a command works, and as whom: on its first line, and as fields of each format. A rehearsal keeps to itself."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

from tests.conftest import World

SERVER = "https://api.cluster.example.test:6443"
FIRST = f"project threescale on {SERVER}, as system:admin (a rehearsal, no real cluster)"


def test_the_first_line_of_each_command_names_project_server_and_user(migrated_world: World) -> None:
    world = migrated_world
    shown = {
        "plan": world.run("plan").out,
        "verify": world.run("verify").out,
        "preflight": world.run("preflight").out,
        "migrate": world.run("migrate", "--yes").err,
        "dry run": world.run("undo", "--dry-run").out,
        "step": world.run("step", "4", "--check").out,
    }
    undone = world.run("undo", "--yes", "--grace", "0.5")
    shown["undo"] = undone.err
    assert {name: said.splitlines()[0] for name, said in shown.items()} == dict.fromkeys(shown, FIRST)
    assert FIRST not in undone.out, "it is said once"
    assert world.run("verify", "-q").out.splitlines()[0] == FIRST
    assert FIRST not in world.run("history").all


def test_verify_that_is_quiet_and_well_says_nothing(migrated_world: World) -> None:
    assert migrated_world.run("verify", "-q").all == ""


def test_each_format_has_the_server_and_the_user(migrated_world: World) -> None:
    world = migrated_world
    where = {"project": "threescale", "server": SERVER, "user": "system:admin"}
    for words in (("verify",), ("plan",), ("preflight",), ("undo", "--dry-run"), ("migrate", "--yes"), ("step", "4")):
        document = world.run(*words, "-o", "json").json()
        assert {name: document[name] for name in where} == where, words
    refused = world.run("undo", "nosuch", "--yes", "-o", "json").json()
    assert (refused["server"], refused["user"]) == (SERVER, "system:admin")
    suite = ElementTree.fromstring(world.run("verify", "-o", "junit").out)
    properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert (properties["server"], properties["user"]) == (SERVER, "system:admin")
    assert f"server {SERVER}, user system:admin | " in world.run("verify", "-o", "nagios").out
    written = world.home / "threescale.prom"
    assert world.run("verify", "--metrics-file", str(written)).code == 0
    labels = f'{{project="threescale",server="{SERVER}",user="system:admin"}}'
    assert f"threescale_migrate_info{labels} 1\n" in written.read_text(encoding="utf-8")


def test_a_login_that_oc_did_not_name_says_nothing_of_the_user(world: World) -> None:
    """`verify` asks nobody who it is: that would be a call more. It says what the kubeconfig says."""
    config = Path(world.environment["KUBECONFIG"])
    text = config.read_text(encoding="utf-8")
    config.write_text(re.sub(r"system:admin/api-cluster-example-test:6443", "ops", text), encoding="utf-8")
    shown = world.run("verify", "--skip", "permissions").out.splitlines()[0]
    assert shown == f"project threescale on {SERVER} (a rehearsal, no real cluster)"


def test_a_rehearsal_says_so_before_its_program_and_its_runs_stay_in_its_directory(
    world: World, tmp_path: Path
) -> None:
    kept = str(tmp_path / "kept")
    program = [sys.executable, "-m", "threescale_migrate"]
    secret = f"{kept}/registry-secret.yml"
    migrate = [*program, "migrate", "--yes", "--dc", "zync", "--secret-file", secret, "--grace", "0.5"]
    done = world.run("rehearse", "--dir", kept, "--speed", "100", "--", *migrate)
    assert done.code == 0, done.all
    assert done.err.startswith("this is a rehearsal: ")
    outside = world.run("history")
    assert "migrate" not in outside.out
    inside = world.run("rehearse", "--dir", kept, "--", *program, "history")
    assert "migrate" in inside.out
    quiet = world.run("rehearse", "--dir", kept, "--", *program, "history", "-o", "json")
    assert quiet.out.startswith("{"), "the notice is on stderr"


def test_a_rehearsal_in_a_directory_named_from_here_keeps_its_runs_there_too(world: World) -> None:
    program = [sys.executable, "-m", "threescale_migrate"]
    migrate = [
        *program,
        "migrate",
        "--yes",
        "--dc",
        "zync",
        "--secret-file",
        "near/registry-secret.yml",
        "--grace",
        "0.5",
    ]
    done = world.run("rehearse", "--dir", "near", "--speed", "100", "--", *migrate)
    assert done.code == 0, done.all
    assert "migrate" not in world.run("history").out
    assert len(list((world.home / "near" / "state").rglob("*.jsonl"))) == 1
    assert "migrate" in world.run("rehearse", "--dir", "near", "--", *program, "history").out


def test_a_run_that_undid_itself_says_what_it_made_and_what_it_undid(world: World) -> None:
    world.faults("image-pull=zync")
    done = world.migrate("--dc", "zync", "--on-failure", "undo")
    assert done.code == 5, done.all
    said = " ".join(done.err.split())
    assert "made 1 secret, 1 account, 1 patch, then undid 1 secret, 1 account, 1 patch, in " in said
    world.faults()
    assert "then undid" not in world.migrate("--dc", "zync").err


def test_a_whole_rehearsal_shows_the_checks_once(world: World) -> None:
    done = world.run("rehearse", "--speed", "300")
    assert done.code == 0, done.all
    assert done.out.count("6 verification") == 1
    assert done.all.count("migrated, and the pods prove it") == 1
