"""What a run says before it begins and at its end: each thing once, what is dangerous first, and commands that work as printed."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.conftest import World, make_world

DATA = "! zync-database: the data in its emptyDir is lost: zync-database-data"


def test_what_is_lost_and_who_is_down_is_said_once_before_a_run_that_nobody_confirms(world: World) -> None:
    done = world.migrate("--dc", "zync-database,system-mysql,system-app", "--lose-data", "zync-database")
    assert done.code == 0, done.all
    lines = done.err.splitlines()
    first = next(number for number, line in enumerate(lines) if " oc " in line)
    (data,) = [number for number, line in enumerate(lines) if line.startswith(DATA)]
    table = [number for number, line in enumerate(lines) if line.endswith(" 11 min  down")]
    (hooks,) = [number for number, line in enumerate(lines) if line.endswith("hook runs migrations")]
    assert data < min(table) < first
    assert hooks < first
    assert len(table) == 2
    assert "4 deployment configs: 3 to patch; by wave, with deadline and cost" in lines
    assert "min  down" not in world.migrate("-q", "--dc", "zync").err


def test_a_plan_says_once_what_is_lost_and_ends_with_its_sum(world: World) -> None:
    shown = world.run("plan", "--secret-file", world.secret, "--lose-data", "zync-database").out.splitlines()
    assert len([line for line in shown if line.startswith(DATA)]) == 1
    assert not [line for line in shown if "data lost" in line]
    assert shown[-1] == "… to make: 1 secret, 1 account, 1 link, 15 patches; at most 187 min"
    assert world.migrate("--dc", "zync").code == 0
    assert world.run("plan", "--dc", "zync").out.splitlines()[-1] == "✓ nothing is left to do in project threescale"


def test_a_run_ends_with_its_name_what_it_did_its_report_and_how_to_undo_it(world: World) -> None:
    report = world.home / "report.html"
    done = world.migrate("--dc", "zync", "--report", str(report))
    assert done.code == 0, done.all
    (journal,) = world.journals
    lines = done.err.splitlines()
    (end,) = [number for number, line in enumerate(lines) if line.startswith(f"run {journal.stem} made ")]
    assert lines[end].startswith(f"run {journal.stem} made 1 secret, 1 account, 1 patch, in ")
    assert lines[end].endswith(" s")
    assert lines[end + 1 : end + 3] == [f"report: {report}", "To undo it:"]
    assert report.exists()
    assert done.err.count("report: ") == 1
    undone = world.run(*lines[end + 3].split()[1:], "--yes", "--grace", "0.5")
    assert undone.code == 0, undone.all
    assert " undid 1 secret, 1 account, 1 patch, in " in undone.err
    assert "To undo it:" not in undone.err
    assert world.run("history", journal.stem).code == 0
    said = world.migrate("--dc", "zync", "-o", "json").json()["run"]
    assert (said["name"], said["changes"], said["report"]) == (world.journals[-1].stem, 3, None)


def test_a_run_that_fails_says_what_it_has_done_and_the_way_back_once(tmp_path: Path) -> None:
    world = make_world(tmp_path, "image-pull=zync")
    failed = world.migrate("--dc", "zync")
    assert failed.code == 5
    assert f"run {world.journals[-1].stem} made 1 secret, 1 account, 1 patch, in " in failed.err
    assert failed.err.count("threescale-migrate undo ") == 1


def test_a_dry_run_of_an_undo_is_in_the_order_of_the_undo(migrated_world: World) -> None:
    world = migrated_world
    shown = world.run("undo", "--dry-run").out
    undone = world.run("undo", "--yes", "--grace", "0.5")
    assert undone.code == 0
    words = (
        "secrets unlink default",
        "apicast-production",
        "backend-cron",
        "delete sa amp",
        "secret threescale-registry",
    )
    ran = undone.err[undone.err.index(" oc ") :]
    places = [ran.replace("-auth ", " ").index(word) for word in words[:-1]]
    assert places == sorted(places), ran
    places = [shown.index(word) for word in words[:-1]]
    assert places == sorted(places), shown
    assert f"to undo: run {world.journals[0].stem}, migrate of 20" in shown
    assert shown.splitlines()[-1].startswith("… to undo: 1 secret, 1 account, 1 link, 15 patches; at most ")


def test_each_command_of_a_live_log_of_a_plan_and_of_history_works_as_printed(world: World) -> None:
    """Of another project, where a shell's current one is another."""
    planned = world.run("plan", "--secret-file", world.secret, "-v", "--dc", "zync").out
    done = world.migrate("--dc", "zync")
    recorded = world.run("history", world.journals[-1].stem).out
    for said in (planned, done.err, recorded):
        lines = [line[line.index("oc ") :] for line in said.splitlines() if " oc " in line and "SECRET" not in line]
        assert len(lines) == 2, said
        assert world.run("undo", "--yes", "--grace", "0.5").code == 0
        assert world.run("step", "1", "--yes", "--secret-file", world.secret).code == 0
        for line in lines:
            assert "--namespace=threescale --context=" in line
            pasted = subprocess.run(
                ["bash", "-c", line], env=world.environment, capture_output=True, text=True, check=False
            )
            assert pasted.returncode == 0, (line, pasted.stderr)
        config = world.objects()["deploymentconfigs"]["threescale/zync"]
        assert config["spec"]["template"]["spec"]["serviceAccountName"] == "amp"
        assert "threescale/amp" in world.objects()["serviceaccounts"]
        world.settle()
        assert world.run("undo", "--to-default", "--yes", "--grace", "0.5").code == 0
        world.oc("delete", "sa", "amp")
        world.oc("delete", "secret", "threescale-registry-auth")
