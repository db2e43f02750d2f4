"""What a run records and says of itself and of others is true: interrupted, undone, undone in part, cancelled by a run."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import World, make_world
from threescale_migrate.engine import records


def run_of(world: World, number: int) -> str:
    return world.journals[number].stem


def test_undoing_one_of_two_runs_says_what_the_other_left(world: World) -> None:
    assert world.migrate("--dc", "zync").code == 0
    assert world.migrate("--dc", "system-sphinx").code == 0
    done = world.run("undo", run_of(world, 1), "--yes")
    assert done.code == 0, done.all
    assert f"as before this run, and the pods prove it; still migrated by run {run_of(world, 0)}: zync" in done.out
    listed = world.run("history").out.splitlines()
    assert [line.endswith("undone since") for line in listed if " migrate in " in line] == [True, False]
    rest = world.run("undo", "--yes")
    assert rest.code == 0, rest.all
    assert "as before, and the pods prove it" in rest.out
    assert world.accounts() == {name: {"default"} for name in world.accounts()}


def test_undoing_some_configs_says_what_stays_migrated(world: World) -> None:
    assert world.migrate("--dc", "zync,system-sphinx").code == 0
    done = world.run("undo", "--dc", "zync", "--yes")
    assert done.code == 0, done.all
    assert f"still migrated by run {run_of(world, 0)}: system-sphinx" in done.out


def test_a_run_that_undid_itself_is_undone_and_says_what_an_earlier_one_left(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    assert world.migrate("--dc", "zync").code == 0
    world.faults("crash-loop=system-sphinx")
    done = world.migrate("--dc", "system-sphinx", "--on-failure", "undo")
    assert done.code == 5, done.all
    assert f"the run was undone: as before this run; still migrated by run {run_of(world, 0)}: zync" in done.err
    listed = [line for line in world.run("history").out.splitlines() if " migrate in " in line]
    assert [line.endswith("undone since") for line in listed] == [True, False]
    assert world.run("history", run_of(world, 1), "-o", "json").json()["undone"] is True
    shown = world.run("undo", "--dry-run", "-o", "json").json()["actions"]
    assert "patch dc system-sphinx" not in json.dumps(shown)


def test_a_rollout_that_a_run_cancelled_is_said_to_be_its_doing(tmp_path: Path) -> None:
    world = make_world(tmp_path, "crash-loop=system-redis")
    done = world.migrate("--dc", "system-redis")
    assert done.code == 5, done.all
    assert "cancelling the rollout" in done.err
    verified = world.run("verify", "--dc", "system-redis")
    assert f"was cancelled by run {run_of(world, 0)}" in verified.out
    assert "find out who cancelled it" not in verified.out
    pods = {name.partition("/")[2] for name in world.objects()["pods"]}
    for line in (line.strip() for line in (done.all + verified.all).splitlines()):
        if line.startswith("oc logs "):
            assert line.split()[2] in pods, line


def test_a_secret_that_amp_does_not_have_is_not_said_to_be_shared(world: World) -> None:
    assert world.oc("secrets", "link", "default", "gone", "--for=pull").code in (0, 1)
    patch = '{"imagePullSecrets":[{"name":"gone"}]}'
    world.oc("patch", "sa", "default", "--patch", patch)
    world.oc("adm", "policy", "add-role-to-user", "view", "-z", "default")
    assert world.migrate("--dc", "zync").code == 0
    verified = world.run("verify", "--dc", "zync")
    everything = next(
        line for line in verified.out.splitlines() if "everything that default has" in line or "amp can do all" in line
    )
    assert "secret gone" not in everything


def test_a_report_does_not_call_unreadable_what_was_not_asked_for(world: World, tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    world.run("verify", "--dc", "zync", "--report", str(report))
    assert "cannot be read" not in report.read_text(encoding="utf-8")


def test_a_call_that_was_not_made_is_no_part_of_a_run(world: World) -> None:
    assert world.migrate("--dc", "zync").code == 0
    [path] = world.journals
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    last = max(line["action"] for line in lines if line["event"] == "end")
    for line in lines:
        if line["event"] == "end" and line["action"] == last:
            line["outcome"] = "unsent"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert len(records.read(path).entries) == last - 1
    assert "patch dc zync" not in world.run("history", path.stem).out
