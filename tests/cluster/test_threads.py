"""Calls in several threads: one stop ends them all, nothing is tried again after it, and a call that is too slow goes with its children."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import World
from threescale_migrate.cluster.oc import Oc
from threescale_migrate.cluster.oc_errors import RequestTimeout

WELL = '{"apiVersion":"v1","kind":"List","items":[]}'


def program(world_home: Path, body: str) -> Path:
    path = world_home / "stand-in"
    path.mkdir(exist_ok=True)
    (path / "oc").write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
    (path / "oc").chmod(0o755)
    return path / "oc"


def forty(world: World) -> list[str]:
    return ["--projects", ",".join(f"project-{number}" for number in range(40))]


HALF_FORBIDDEN = f"""
case "$*" in
*config*view*) echo '{{"current-context":"c","contexts":[{{"name":"c","context":{{"cluster":"k"}}}}],"clusters":[{{"name":"k","cluster":{{"server":"https://a"}}}}]}}';;
*namespace=project-*[02468]*) echo 'Error from server (Forbidden): pods is forbidden: User "alice" cannot list resource "pods"' >&2; exit 1;;
*) echo '{WELL}';;
esac
"""


@pytest.mark.processes
@pytest.mark.long
def test_half_of_forty_projects_forbidden_is_the_same_each_time(world: World) -> None:
    oc = program(world.home, HALF_FORBIDDEN)
    seen = set()
    for _ in range(4):
        done = world.run("verify", *forty(world), "--jobs", "8", "-o", "json", "--oc", str(oc))
        outcomes = [(one["name"], one["exit_code"]) for one in done.json()["projects"]]
        assert len(outcomes) == 40
        seen.add((done.code, tuple(outcomes)))
    assert len(seen) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "body", ["sleep 60", "echo 'Error from server (ServiceUnavailable): later' >&2; exit 1"], ids=["hang", "retry"]
)
def test_one_stop_ends_all_workers_and_their_calls_within_two_seconds(
    world: World, number: signal.Signals, body: str
) -> None:
    calls = world.home / "calls"
    oc = program(world.home, f'echo $$ >> "{calls}"\n{body}')
    running = world.popen("verify", *forty(world), "--jobs", "8", "--oc", str(oc))
    while not calls.exists() or len(calls.read_text(encoding="utf-8").splitlines()) < 8:
        time.sleep(0.02)
    running.send_signal(number)
    began = time.monotonic()
    running.communicate(timeout=20)
    assert time.monotonic() - began < 2
    assert running.returncode == 128 + number
    after = calls.read_text(encoding="utf-8")
    time.sleep(1)
    assert calls.read_text(encoding="utf-8") == after
    assert not [pid for pid in after.split() if _runs(pid)]


def _runs(pid: str) -> bool:
    found = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True, check=False).stdout.strip()
    return bool(found) and not found.startswith("Z")


def test_a_call_that_is_too_slow_is_ended_with_all_that_it_has_started(tmp_path: Path) -> None:
    """Its child holds the output open, and would continue with what it does."""
    child = tmp_path / "child"
    oc = Oc(str(program(tmp_path, f'sleep 300 &\necho $! > "{child}"\nwait')), call_timeout=0.5)
    began = time.monotonic()
    with pytest.raises(RequestTimeout):
        oc.read(("whoami",), tries=1)
    assert time.monotonic() - began < 150, "it waited for what the call had started"
    pid = child.read_text(encoding="utf-8").strip()
    for _ in range(50):
        if not _runs(pid):
            return
        time.sleep(0.05)
    os.kill(int(pid), signal.SIGKILL)
    raise AssertionError("the child goes on")
