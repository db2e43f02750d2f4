"""One clock: it begins once the run is confirmed, each call and wait asks it, and no change is sent that has no time left."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.conftest import GRACE, World, make_world
from tests.support.front import Front, is_question, late
from tests.support.terminals import on_terminal

ZYNC = ("--dc", "zync", "--skip", "permissions")
CHANGES = ("create ", "patch ", "secrets link", "adm policy", "rollout latest")


def changes(front: Front) -> list[str]:
    return [call for call in front.calls if call.startswith(CHANGES) and not is_question(call.split())]


def test_a_run_has_its_time_whatever_the_preflight_has_taken(world: World) -> None:
    front = Front(world).instead("image info", late(5), nth=None)
    done = world.migrate(*ZYNC, "--timeout", "4s")
    assert changes(front), done.all
    assert "no answer" not in done.err


def test_what_the_preflight_takes_is_not_the_runs_time(world: World) -> None:
    Front(world).instead("image info", late(13), nth=None)
    done = world.migrate(*ZYNC, "--timeout", "12s")
    assert done.code == 0, done.all
    assert world.accounts()["zync"] == {"amp"}


@pytest.mark.long
def test_a_person_who_waits_at_the_prompt_uses_up_nothing(world: World) -> None:
    options = ("--secret-file", world.secret, "--grace", GRACE, "--timeout", "12s", *ZYNC)
    typed: list[float] = []

    def late(said: str) -> bool:
        if "to continue: " in said and not typed:
            typed.append(time.monotonic())
            time.sleep(13)
        return False

    done = on_terminal(
        world.command("migrate", *options), world.environment, interrupt=late, answers=("Type", [b"threescale\n"])
    )
    assert typed
    assert done.code == 0, done.raw
    assert world.accounts()["zync"] == {"amp"}


def test_no_change_is_sent_that_has_no_time_left_and_the_one_under_way_is_not_cut(world: World) -> None:
    front = Front(world).instead("create", late(4), nth=None)
    done = world.migrate(*ZYNC, "--timeout", "3s")
    assert done.code == 6, done.all
    assert len(changes(front)) == 1
    assert "the time given with --timeout is over" in done.err
    assert "threescale-migrate undo" in done.err
    assert "not begun, as before: zync" in done.err
    (journal,) = world.journals
    lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    assert [line["outcome"] for line in lines if line["event"] == "end"] == ["done"]
    assert world.run("undo", "--yes").code == 0


def test_with_no_time_at_all_nothing_is_touched(world: World) -> None:
    front = Front(world)
    done = world.migrate(*ZYNC, "--timeout", "0.001s")
    assert done.code == 6, done.all
    assert changes(front) == []
    assert "nothing was changed" in done.err


def test_an_undo_on_failure_has_time_of_its_own(tmp_path: Path) -> None:
    world = make_world(tmp_path, "not-ready=zync")
    done = world.run(
        "migrate", "--yes", "--secret-file", world.secret, "--grace", "600", "--timeout", "15s", "--on-failure", "undo", *ZYNC,
    )  # fmt: skip
    assert done.code == 6, done.all
    assert "the run was undone: everything is as before" in done.err
    assert world.accounts()["zync"] == {"default"}


def test_what_was_done_before_the_first_wave_is_undone_as_well(world: World) -> None:
    before = set(world.objects()["secrets"])
    Front(world).instead("create", late(4), nth=None)
    done = world.migrate(*ZYNC, "--timeout", "3s", "--on-failure", "undo")
    assert done.code == 6, done.all
    assert "undoing what this run has changed" in done.err
    assert set(world.objects()["secrets"]) == before


def test_an_undo_on_failure_that_fails_shows_each_config_and_the_command(tmp_path: Path) -> None:
    world = make_world(tmp_path, "crash-loop=zync")
    refused = "Error from server (Forbidden): deploymentconfigs is forbidden: User cannot patch\n"
    Front(world).instead(
        "patch dc", lambda args, really: (1, "", refused) if "null" in " ".join(args) else really(args), nth=None
    )
    done = world.migrate("--dc", "zync,system-sphinx", "--skip", "permissions", "--on-failure", "undo")
    assert done.code == 5, done.all
    assert "undoing it failed: " in done.err
    assert "system-sphinx" in done.err.partition("undoing it failed")[2]
    assert "zync" in done.err.partition("undoing it failed")[2]
    assert "threescale-migrate undo --namespace=threescale" in done.err.replace(" -n ", " --namespace="), done.err
    assert world.accounts()["system-sphinx"] == {"amp"}


@pytest.mark.parametrize("command", ["verify", "plan"])
def test_a_cluster_that_is_slow_is_not_one_that_does_not_answer(world: World, command: str) -> None:
    Front(world).instead("get", late(1), nth=None)
    done = world.run(command, "--secret-file", world.secret, *ZYNC)
    assert done.code in (1, 3), done.all
