"""Where no journal can be written nothing is changed; where it ends in the middle of a run, the run ends, and all is known."""

from __future__ import annotations

import resource
import stat
import subprocess
from pathlib import Path

import pytest

from tests.conftest import GRACE, Result, World
from tests.support.comparison import comparable, differences

ONE = ("--dc", "zync")


def limited(world: World, size: int, *args: str) -> Result:
    """Runs a command whose files can be no larger than `size` bytes, as on a disk that fills up; the cluster's are not limited."""
    oc = world.home / "limited"
    oc.mkdir(exist_ok=True)
    script = oc / "oc"
    script.write_text(f'#!/bin/sh\nulimit -S -f unlimited\nexec {world.directory}/bin/oc "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    done = subprocess.run(
        world.command(*args),
        env={**world.environment, "PATH": f"{oc}:{world.environment['PATH']}"},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY)),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return Result(done.returncode, done.stdout, done.stderr)


def arguments(world: World) -> tuple[str, ...]:
    return ("migrate", "--yes", "--secret-file", world.secret, "--grace", GRACE, *ONE)


@pytest.mark.parametrize("place", ["below a file", "on /proc"])
def test_without_a_place_for_the_journal_nothing_is_changed_and_verify_works(world: World, place: str) -> None:
    (world.home / "file").write_text("", encoding="utf-8")
    state = {"below a file": str(world.home / "file" / "state"), "on /proc": "/proc/nowhere"}[place]
    before = world.objects()
    done = world.migrate(*ONE, XDG_STATE_HOME=state)
    assert done.code == 4, done.all
    assert state in done.err
    assert "XDG_STATE_HOME" in done.err
    assert world.objects() == before
    assert world.run("verify", *ONE, XDG_STATE_HOME=state).code == 1
    assert world.run("history", XDG_STATE_HOME=state).code == 0


def test_a_disk_that_is_full_from_the_start_stops_the_run_before_its_first_change(world: World) -> None:
    before = world.objects()
    done = limited(world, 700, *arguments(world))
    assert done.code == 4, done.err
    assert "File too large" in done.err
    assert world.objects() == before
    assert world.journals == []
    assert limited(world, 0, "verify", *ONE).code == 1


@pytest.mark.long
def test_a_disk_that_fills_up_in_the_middle_ends_the_run_and_what_it_did_is_known(world: World) -> None:
    world.settle()
    before = comparable(world.objects())
    assert world.migrate(*ONE).code == 0
    lines = world.journals[0].read_bytes().splitlines(keepends=True)
    assert world.run("undo", "--yes").code == 0
    patched = next(
        number for number, line in enumerate(lines) if b'"begin"' in line and b"oc" in line and b"patch" in line
    )
    # Half of the line after the patch still fits.
    allowed = sum(len(line) for line in lines[: patched + 1]) + len(lines[patched + 1]) // 2
    done = limited(world, allowed, *arguments(world))
    assert done.code == 1, done.err
    (sentence,) = [line for line in done.err.splitlines() if "cannot be written" in line]
    assert "the run stops before its next change" in sentence
    assert "threescale-migrate undo" in done.err
    shown = world.run("history").out
    assert "died before it finished" in shown
    assert "cut off" in world.run("history", world.journals[-1].stem).out
    assert world.run("undo", "--yes").code == 0
    world.settle()
    assert differences(before, comparable(world.objects())) == []


def test_a_journal_is_its_owners_alone_also_in_a_directory_that_was_open_to_all(world: World) -> None:
    project = world.home / "state" / "threescale-migrate" / "api.cluster.example.test:6443" / "threescale"
    project.mkdir(parents=True, mode=0o777)
    assert world.migrate(*ONE).code == 0
    assert world.journals
    for path in (project, *project.iterdir(), *(Path(world.home / "state" / "threescale-migrate").iterdir())):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
