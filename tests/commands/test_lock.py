"""One run at a time: on a workstation by a lock that dies with its process, between workstations by looking again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import GRACE, World
from tests.support.held_calls import Gate
from tests.support.in_front import in_front
from threescale_migrate.engine.lock import LOCK

# However busy the machine, the call at the gate is not ended for taking too long.
PATIENT = ("--call-timeout", "1h")
PAIR = ("--dc", "zync,system-redis")


def arguments(world: World) -> tuple[str, ...]:
    return ("migrate", "--yes", "--secret-file", world.secret, "--grace", GRACE, *PATIENT, *PAIR)


def other_workstation(world: World) -> World:
    home = world.home / "elsewhere"
    home.mkdir()
    return replace(world, home=home, environment={**world.environment, "XDG_STATE_HOME": str(home / "state")})


def test_of_two_runs_one_works_and_one_says_who_holds_the_lock(world: World) -> None:
    gate = Gate(world, "patch dc zync")
    first = world.popen(*arguments(world))
    gate.wait()
    second = world.migrate(*PAIR)
    assert second.code == 75, second.all
    assert f"pid {first.pid}, since 2" in second.err
    assert world.run("undo", "--yes").code == 75
    # Those who only look are not kept out.
    assert world.run("verify", *PAIR).code == 1
    assert world.run("plan", *PAIR, "--secret-file", world.secret).code == 3
    assert world.run("undo", "--dry-run").code == 3
    assert "under way" in world.run("history").out
    gate.open()
    first.communicate()
    assert first.returncode == 0
    assert world.migrate(*PAIR).code == 0


def asks_for_the_lock(process: subprocess.Popen[str]) -> bool:
    """Waits until a run has the lock's file open, which it does to take the lock; false where it ends before."""
    while process.poll() is None:
        for entry in Path(f"/proc/{process.pid}/fd").iterdir():
            with suppress(OSError):
                if entry.readlink().name == LOCK:
                    return True
        time.sleep(0.02)
    return False


def test_after_kill_9_nobody_has_to_remove_anything_and_the_last_call_is_waited_for(world: World) -> None:
    gate = Gate(world, "create")
    first = world.popen(*arguments(world))
    gate.wait()
    first.send_signal(signal.SIGKILL)
    first.communicate()
    # Its call may still take effect: whoever began now would look too early.
    early = world.migrate(*PAIR, "--call-timeout", "0.5s")
    assert early.code == 75, early.all
    assert f"pid {first.pid}" in early.err
    assert "its last oc call, or what that call started, still runs" in early.err
    waiting = world.popen(*arguments(world))
    assert asks_for_the_lock(waiting)
    time.sleep(0.5)
    assert waiting.poll() is None, "it waits"
    gate.open()
    waiting.communicate()
    assert waiting.returncode == 0
    assert {name for name, found in world.accounts().items() if found == {"amp"}} == {"zync", "system-redis"}


@pytest.mark.long
def test_two_workstations_that_migrate_at_once_do_it_once(world: World) -> None:
    gate = Gate(world, "patch dc zync")
    here, there = world, other_workstation(world)
    first = here.popen(*arguments(here))
    gate.wait()
    assert there.migrate(*PAIR).code == 0
    gate.open()
    out, err = first.communicate()
    assert first.returncode == 0, out + err
    configs = world.objects()["deploymentconfigs"]
    assert {configs[f"threescale/{name}"]["status"]["latestVersion"] for name in ("zync", "system-redis")} == {2}
    # Each has done what its journal says: the patches there, the secret and the account here.
    assert [entry["outcome"] for entry in ends(here)] == ["done", "done", "present"]
    assert [entry["outcome"] for entry in ends(there)] == ["done", "done"]


def test_a_run_stops_where_somebody_undoes_what_it_has_just_done(world: World) -> None:
    gate = Gate(world, "patch dc system-redis")
    first = world.popen(*arguments(world), "--all-at-once")
    gate.wait()
    # zync is patched by now; another workstation, which has no journal of it, undoes it.
    back = other_workstation(world).run("undo", "--to-default", "--yes", "--dc", "zync")
    assert back.code == 0, back.all
    gate.open()
    out, err = first.communicate()
    assert first.returncode == 1, out + err
    assert "zync: its template says default and not amp" in err
    assert "another user is changing this project" in err
    assert world.accounts()["zync"] == {"default"}


def ends(world: World) -> list[dict[str, str]]:
    """The ends of the actions in the only journal of a workstation."""
    (journal,) = world.journals
    lines = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line["event"] == "end"]


def test_what_oc_leaves_running_holds_no_lock_once_the_run_has_ended(world: World) -> None:
    in_front(world, 'case "$*" in patch*) setsid sleep 600 >/dev/null 2>&1 & echo $! >> "$home/left";; esac')
    try:
        assert world.migrate("--dc", "zync").code == 0
        undone = world.run("undo", "--yes")
        assert undone.code == 0, undone.all
    finally:
        end_what_is_left(world)


def test_what_oc_leaves_running_with_its_output_does_not_hold_the_call_up(world: World) -> None:
    in_front(world, 'case "$*" in patch*) setsid sleep 600 & echo $! >> "$home/left";; esac')
    try:
        began = time.monotonic()
        done = world.migrate("--dc", "zync", "--call-timeout", "40s")
        assert done.code == 0, done.all
        assert time.monotonic() - began < 40
    finally:
        end_what_is_left(world)


def end_what_is_left(world: World) -> None:
    for pid in (world.home / "in-front" / "left").read_text().split():
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
