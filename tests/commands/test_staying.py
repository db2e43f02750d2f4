"""A run stays where it began: whoever changes the context in another terminal moves no command to another cluster."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.commands.test_looking import everything
from tests.conftest import World, copy_world, make_world
from tests.support.front import Front
from tests.support.in_process import Ending, Really
from threescale_migrate.engine import migration
from threescale_migrate.engine.run import Run
from threescale_migrate.rehearsal import launch
from threescale_migrate.values import Refused, Text

OTHER = "other"


def two_clusters(home: Path) -> tuple[World, World]:
    """A project of one config to be migrated, and another cluster with a project of the same name, which is a context too."""
    here, there = make_world(home / "here", speed=1000.0), make_world(home / "there", speed=1000.0)
    launch.join(here.directory, there.directory, OTHER)
    return here, there


def moves_after(world: World, calls: int) -> Front:
    """Somebody makes the other cluster's context the current one, just after so many calls."""
    made = itertools.count(1)

    def answer(args: Sequence[str], really: Really) -> Ending:
        answered = really(args)
        if next(made) == calls:
            assert really(["config", "use-context", OTHER])[0] == 0
        return answered

    return Front(world).instead("", answer, nth=None)


def stayed(front: Front, calls: int) -> None:
    """After so many calls, each names the place: none depends on what is current."""
    for call in front.calls[calls:]:
        assert "--context=" in call, call
        assert f"--context={OTHER}" not in call, call
        assert "--namespace=" in call, call


COMMANDS = ("migrate", "undo", "verify", "plan", "preflight", "script", "step")


def arguments(world: World, command: str) -> list[str]:
    secret = ["--secret-file", world.secret]
    return {
        "migrate": ["migrate", "--yes", "--grace", "0.5", *secret, "--dc", "zync"],
        "undo": ["undo", "--yes", "--grace", "0.5"],
        "verify": ["verify", "--dc", "zync"],
        "plan": ["plan", *secret, "--dc", "zync"],
        "preflight": ["preflight", *secret, "--dc", "zync"],
        "script": ["script", *secret, "--dc", "zync"],
        "step": ["step", "service-account", "--check"],
    }[command]


@pytest.mark.parametrize("command", COMMANDS)
def test_whenever_the_context_is_changed_nothing_reaches_the_other_cluster(tmp_path: Path, command: str) -> None:
    """At the first call the change is seen before anything is asked: that run belongs to the other cluster altogether."""
    world, other = two_clusters(tmp_path)
    if command == "undo":
        assert world.run(*arguments(world, "migrate")).code == 0
    before = everything(other)
    # That every call but the first names both is the same as to try each N.
    front = moves_after(world, 1)
    done = world.run(*arguments(world, command))
    assert done.code in (0, 1, 3), done.all  # 1: it is not migrated
    stayed(front, 1)
    assert everything(other) == before
    assert world.oc("config", "current-context").out == f"{OTHER}\n"
    if command == "migrate":
        assert world.accounts()["zync"] == {"amp"}
        assert len(front.calls) > 15


@pytest.mark.long
def test_after_whichever_call_of_a_migration_the_context_is_changed_nothing_reaches_the_other_cluster(
    tmp_path: Path,
) -> None:
    origin, other = two_clusters(tmp_path / "first")
    before = everything(other)

    def migrated(calls: int) -> int:
        """Migrates a copy; gives the number of calls."""
        world = copy_world(origin.home, tmp_path / str(calls))
        launch.join(world.directory, other.directory, OTHER)
        front = moves_after(world, calls)
        done = world.run(*arguments(world, "migrate"))
        assert done.code == 0, (calls, done.all)
        stayed(front, calls)
        assert world.accounts()["zync"] == {"amp"}
        front.leave()
        shutil.rmtree(world.home)
        return len(front.calls)

    made = migrated(10_000)
    assert made > 25
    for calls in range(1, made):
        migrated(calls)
    assert everything(other) == before


def logs_in_elsewhere(world: World, reads: int = 0, once: str = "") -> Front:
    """From then on `oc login` writes another server under the name of the context, once the kubeconfig was read so often, or such a
    call was made."""
    made = itertools.count(1)

    def answer(args: Sequence[str], really: Really) -> Ending:
        code, out, err = really(args)
        if front.of(once) if once else next(made) > reads:
            out = out.replace("api.cluster.example.test", "api.other.example.test")
        return code, out, err

    front = Front(world).instead("config view", answer, nth=None)
    return front


ELSEWHERE = "oc now talks to https://api.other.example.test:6443"


def test_a_login_under_the_same_name_is_noticed_before_the_first_change(tmp_path: Path) -> None:
    """Between the question and its answer, say."""
    world = make_world(tmp_path, speed=1000.0)
    logs_in_elsewhere(world, reads=1)
    before = everything(world)
    done = world.migrate("--dc", "zync")
    assert done.code == 4, done.all
    assert ELSEWHERE in " ".join(done.err.split())
    assert everything(world) == before
    assert world.journals == []


@pytest.mark.parametrize(("done_before", "reads", "code"), [((), 2, 1), (("registry-secret", "service-account"), 2, 4)])
def test_a_login_under_the_same_name_before_the_first_wave_ends_the_run_as_its_journal_says(
    tmp_path: Path, done_before: Sequence[str], reads: int, code: int
) -> None:
    """After the first change it is a failure, before it a refusal."""
    world = make_world(tmp_path, speed=1000.0)
    for step in done_before:
        secret = ("--secret-file", world.secret) if step == "registry-secret" else ()
        assert world.run("step", step, "--yes", *secret).code == 0
    before = everything(world)
    logs_in_elsewhere(world, reads)
    # A backup takes its time: then the project and the place are looked at once more.
    more = ("--backup", str(tmp_path / "saved")) if done_before else ()
    done = world.migrate("--dc", "zync", *more)
    assert done.code == code, done.all
    assert ELSEWHERE in " ".join(done.err.split())
    assert (everything(world) == before) == (code == 4)
    last = json.loads(world.journals[-1].read_bytes().splitlines()[-1])
    assert (last["event"], last["exit_code"]) == ("finish", code)


def test_a_login_under_the_same_name_after_the_first_changes_of_an_undo_is_noticed_before_its_first_wave(
    tmp_path: Path,
) -> None:
    """What was looked at before a change says nothing about the place after it."""
    world = make_world(tmp_path, speed=1000.0)
    # With a hook, the account default has the pull secret too, which an undo unlinks before its waves.
    assert world.migrate("--dc", "system-app").code == 0
    front = logs_in_elsewhere(world, once="secrets unlink")
    done = world.run("undo", "--yes")
    assert front.of("secrets unlink")
    assert done.code == 1, done.all
    assert ELSEWHERE in " ".join(done.err.split())
    assert world.accounts()["system-app"] == {"amp"}


def test_the_printed_script_names_the_context_that_held(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    context = json.loads((world.directory / "kubeconfig").read_text(encoding="utf-8"))["current-context"]
    printed = world.run("script", "--secret-file", world.secret, "--dc", "zync")
    assert printed.code == 0
    assert f"--context={context}" in printed.out


def test_a_plan_shows_the_commands_as_they_are_run(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    context = json.loads((world.directory / "kubeconfig").read_text(encoding="utf-8"))["current-context"]
    found = world.run("plan", "--secret-file", world.secret, "--dc", "zync", "-o", "json").json()
    for action in found["actions"]:
        assert f"--context={context}" in action["argv"]
        assert "--namespace=threescale" in action["argv"]


@pytest.mark.parametrize(("changes", "code"), [(0, 4), (1, 1)])
def test_a_refusal_ends_the_run_as_its_journal_says_before_and_after_the_first_change(
    world: World, monkeypatch: pytest.MonkeyPatch, changes: int, code: int
) -> None:
    """What plans before a wave may refuse, and nothing on the way turns that into a failure."""

    def refuses(run: Run, gates: object) -> None:
        run.journal.number = changes
        raise Refused(Text("not here"))

    monkeypatch.setattr(migration, "migrate", refuses)
    done = world.migrate("--dc", "zync")
    last = json.loads(world.journals[-1].read_bytes().splitlines()[-1])
    assert (done.code, last["event"], last["exit_code"]) == (code, "finish", code)
