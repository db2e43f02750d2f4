"""What a system refuses, and what is no file: one true sentence each, in no time, and nothing changed."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import World, make_world
from tests.support.in_front import in_front

BOMB = "a: &a {a: b, c: d, e: f, g: h}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 9)}]}}\n" for before, name in zip("abcdefgh", "bcdefghi")
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that no case here may change."""
    world = make_world(tmp_path_factory.mktemp("limits"))
    os.mkfifo(world.home / "pipe")
    (world.home / "bomb").write_text(f"{BOMB}projects: [{{project: threescale, options: *i}}]\n", encoding="utf-8")
    return world


@pytest.mark.parametrize("name", ["pipe", "/dev/zero", "/dev/null", "/dev/tty"])
@pytest.mark.parametrize(
    ("command", "option"),
    [("verify", "--inventory"), ("plan", "--inventory"), ("plan", "--wave-plan"), ("migrate", "--wave-plan")],
)
def test_what_is_no_file_is_refused_and_neither_waited_for_nor_read(
    place: World, command: str, option: str, name: str
) -> None:
    done = place.run(command, option, name, timeout=30)
    assert done.code == 2, done.all
    assert f"{option}: {name} cannot be read (" in done.err, done.err
    if name != "/dev/tty":  # without a terminal it cannot be opened at all
        assert "a pipe or a device, not a file" in done.err


def test_what_merges_in_an_inventory_stand_for_is_measured_before_it_is_made(place: World) -> None:
    began = time.monotonic()
    done = place.program(limited(place, 0, "verify", "--inventory", "bomb"), timeout=30)
    assert done.code == 2, done.all
    assert "it is nested more deeply, or has more values, than any inventory" in done.err
    assert time.monotonic() - began < 20


def test_an_inventory_may_use_aliases_and_merges(place: World) -> None:
    text = "common: &common {dc: zync}\nprojects:\n- project: threescale\n  options: {<<: *common, skip: permissions}\n"
    (place.home / "inventory").write_text(text, encoding="utf-8")
    done = place.run("verify", "--inventory", "inventory")
    assert done.code == 1, done.all
    assert "1 project: 0 migrated, 1 not migrated" in done.out


def test_a_pipe_among_the_journals_is_named_and_not_waited_for(world: World) -> None:
    assert world.migrate("--dc", "zync", "--skip", "permissions").code == 0
    (journal,) = world.journals
    os.mkfifo(journal.with_name("20200101T000000Z.jsonl"))
    done = world.program(world.command("history"), timeout=30)
    assert "20200101T000000Z.jsonl cannot be read (a pipe or a device, not a file)" in done.all
    assert journal.stem in done.out


@pytest.mark.parametrize("command", ["plan", "verify", "migrate", "undo"])
def test_no_command_waits_for_a_pipe_or_reads_a_device_among_the_journals(world: World, command: str) -> None:
    """Each looks there for data that a run has saved and not restored."""
    only = ("--dc", "zync", "--skip", "permissions")
    assert world.migrate(*only).code == 0
    (journal,) = world.journals
    os.mkfifo(journal.with_name("20200101T000000Z.jsonl"))
    journal.with_name("20200102T000000Z.jsonl").symlink_to("/dev/zero")
    secret = ("--secret-file", world.secret) if command in ("plan", "migrate") else ()
    yes = ("--yes",) if command in ("migrate", "undo") else ()
    words = () if command == "undo" else only
    done = world.program(world.command(command, *secret, *yes, *words), timeout=60)
    assert done.code == 0, done.all


def limited(world: World, kilobytes: int, *args: str) -> list[str]:
    """The command with so much memory for addresses; with 0, with two gigabytes."""
    words = " ".join(world.command(*args))
    return ["sh", "-c", f"ulimit -v {kilobytes or 2_000_000}; exec {words}"]


@pytest.mark.parametrize("kilobytes", [60_000, 80_000, 100_000])
def test_too_little_memory_is_said_and_is_no_defect(place: World, kilobytes: int) -> None:
    done = subprocess.run(
        limited(place, kilobytes, "verify", "--dc", "zync"), env=place.environment, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert done.returncode == 7, done.stderr
    assert "the system refuses this program" in done.stderr
    assert "Traceback" not in done.stderr
    assert "defect" not in done.stderr


def test_a_disk_that_is_full_during_a_dump_is_said_and_nothing_is_left(world: World, tmp_path: Path) -> None:
    rest = "ulimit -S -f unlimited"  # the cluster itself has room
    in_front(world, f"{rest}\ncase \"$*\" in *pg_dumpall*) head -c 30000000 /dev/zero | tr '\\0' x; exit 0;; esac")
    target = tmp_path / "saved"
    words = world.migration("--dc", "zync-database", "--keep-data-in", str(target))
    done = world.program(["sh", "-c", f"ulimit -S -f 2000; exec {' '.join(world.command(*words))}"])
    assert done.code == 4, done.all
    assert "zync-database is not redeployed, since its data cannot be saved: File too large" in " ".join(
        done.err.split()
    )
    assert list(target.iterdir()) == []
    assert world.accounts()["zync-database"] == {"default"}


def test_a_wave_plan_of_a_windows_editor_is_read(place: World, tmp_path: Path) -> None:
    plan = tmp_path / "waves"
    plan.write_bytes(b"\xef\xbb\xbfzync\r\nbackend-cron zync-database\r\n")
    shown = place.run("plan", "--wave-plan", str(plan), "--secret-file", place.secret, "--prove-pull=none")
    assert shown.code == 3, shown.all


def test_of_a_long_word_that_is_no_config_the_beginning_is_shown(place: World, tmp_path: Path) -> None:
    plan = tmp_path / "waves"
    plan.write_text("[" * 100_000)
    refused = place.run("plan", "--wave-plan", str(plan), "--secret-file", place.secret)
    assert refused.code == 2
    assert "is not a config of this migration" in refused.err
    assert len(refused.err) < 400
