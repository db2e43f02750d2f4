"""What `plan` and `preflight` show: all of it on one screen, and the verdict on the last line."""

from __future__ import annotations

import os
import re
import shlex
import subprocess

import pytest

from tests.conftest import World

COLUMNS, LINES = 80, 24

PATCH = '{"spec":{"template":{"spec":{"serviceAccountName":"amp"}}}}'


def screen(world: World, *args: str) -> list[str]:
    """The lines of a command as a window of 80 x 24 shows them."""
    ours, theirs = os.openpty()
    size = {"COLUMNS": str(COLUMNS), "LINES": str(LINES), "TERM": "xterm"}
    with subprocess.Popen(
        world.command(*args), env={**world.environment, **size}, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        said = b""
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            if not part:
                break
            said += part
        process.wait(60)
    os.close(ours)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", said.decode()).splitlines()
    return [line[at : at + COLUMNS] for line in lines for at in range(0, max(1, len(line)), COLUMNS)]


def test_order_costs_and_verdict_are_on_one_screen(world: World) -> None:
    lines = screen(world, "plan", "--secret-file", world.secret)
    whole = " ".join(" ".join(lines).split())
    lines = lines[1 - LINES :]  # one line is the prompt's
    shown = " ".join(" ".join(lines).split())
    for words in ("data kept", "11 min down", "hook runs migrations", "61 min"):
        assert words in shown
    order = [shown.index(name) for name in ("backend-cron", "backend-redis", "system-app", "apicast-production")]
    assert order == sorted(order)
    assert lines[-1] == "… to make: 1 secret, 1 account, 1 link, 15 patches; at most 187 min"
    # What is created is shown, and the secret is not.
    assert '"kind": "ServiceAccount"' in whole
    assert "oc create -f - --namespace=threescale --context=" in whole
    assert "< SECRET" in whole


def test_every_command_is_shown_where_it_is_asked_for(world: World) -> None:
    shown = world.run("plan", "-v", "--secret-file", world.secret).out
    assert shown.count("  oc patch dc ") == 15
    assert "wave 1: trial" in shown


def test_a_blocked_plan_says_so_on_its_last_line_with_how_many_problems_and_where(world: World) -> None:
    blocked = world.run("plan")
    assert blocked.out.splitlines()[-1] == (
        "✗ not ready, blocked by 1 problem (registry secret: 1); nothing was changed"
    )
    ready = world.run("preflight", "--secret-file", world.secret, "--skip", "permissions")
    assert ready.out.splitlines()[-1].startswith("! ready to migrate; not checked: permissions")


def test_what_is_found_of_many_configs_alike_is_one_line(world: World) -> None:
    world.faults("paused=zync", "paused=system-app")
    shown = world.run("preflight", "--secret-file", world.secret).out
    assert shown.count("it is paused") == 1
    (line,) = [line for line in shown.splitlines() if "it is paused" in line]
    assert line.startswith("  ! each of 2 configs: ")
    assert line.endswith("(system-app, zync)")


@pytest.mark.long
def test_a_rehearsal_says_that_it_is_one_at_its_start_and_at_its_end(world: World) -> None:
    done = world.run("rehearse", "--speed", "60")
    assert done.code == 0, done.all
    lines = [line for line in done.err.splitlines() if line]
    assert lines[0].startswith("this is a rehearsal: ")
    assert lines[-4].startswith("this was a rehearsal: ")
    assert "the commands above find none" in lines[-3]
    assert lines[-1].strip() == "threescale-migrate plan -n PROJECT --secret-file FILE"


@pytest.mark.long
def test_the_command_for_a_rehearsal_that_stays_works_as_it_is_printed(world: World) -> None:
    done = world.run("rehearse", "--speed", "60", "--dir", "kept here")
    assert done.code == 0, done.all
    (line,) = [
        line.strip() for line in done.err.splitlines() if line.strip().startswith("threescale-migrate rehearse ")
    ]
    # Where the tool is called by its path, and is not on PATH, the one in the rehearsal is the same.
    undone = world.program(world.command(*shlex.split(line)[1:], "--yes"))
    assert undone.code == 0, undone.all
    assert "as before, and the pods prove it" in undone.out


def test_the_heading_of_step_4_counts_what_is_patched_and_what_is_only_rolled_out(world: World) -> None:
    world.faults("no-trigger=zync")
    world.oc("patch", "dc", "zync", "--patch", PATCH)
    shown = " ".join(world.run("plan", "--secret-file", world.secret).out.split())
    assert "4 deployment configs: 14 to patch, 1 to roll out only; by wave, with deadline and cost" in shown
