"""The tests' own tools: what runs a command in the test's process does what a process does, and what stands in front of `oc` is seen."""

from __future__ import annotations

import os
import sys
import time

import pytest

from tests.conftest import TOKEN, World, make_world
from tests.support import in_process
from tests.support.clock import CLOCK
from tests.support.front import Front
from threescale_migrate.redaction import REDACTOR

COMMANDS = (
    ("plan", "--secret-file", "{secret}", "--prove-pull=none"),
    ("plan", "--secret-file", "{secret}", "-o", "json"),
    ("verify",),
    ("verify", "-o", "nosuch"),
    ("verify", "--lang", "ja"),
    ("history",),
    ("undo",),
    ("migrate", "--secret-file", "-"),
    ("help", "codes"),
    ("nosuch",),
)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_says_the_same_as_a_process_does(world: World, words: tuple[str, ...]) -> None:
    given = [word.format(secret=world.secret) for word in words]
    with_clock_at_rest(world)
    here, there = world.run(*given, stdin="kind: Pod\n"), world.process_run(*given, stdin="kind: Pod\n")
    assert (here.code, here.out, here.err) == (there.code, there.out, there.err)


def with_clock_at_rest(world: World) -> None:
    from threescale_migrate.rehearsal.server import open_cluster

    with open_cluster(world.directory) as cluster:
        cluster.store.clock.pin(cluster.store.now())


def test_nothing_of_a_command_is_left_in_this_process(world: World) -> None:
    before = dict(os.environ), os.getcwd(), sys.stdout, sys.stderr, sys.argv, len(os.listdir("/proc/self/fd"))
    assert world.migrate("--dc", "zync", NO_COLOR="1").code == 0
    assert before == (dict(os.environ), os.getcwd(), sys.stdout, sys.stderr, sys.argv, len(os.listdir("/proc/self/fd")))
    assert REDACTOR(TOKEN) == TOKEN


def test_sleeping_takes_no_time_and_moves_the_cluster_on(world: World) -> None:
    world = make_world(world.home / "slow", "not-ready=zync", speed=1.0)
    began = time.monotonic()
    assert world.migrate("--dc", "zync", "--timeout", "100s").code == 6
    assert CLOCK.ahead > 70
    assert time.monotonic() - began < CLOCK.ahead
    # A process sees the cluster at the same moment.
    assert world.process_run("verify", "--dc", "zync").code == 1


def test_a_call_that_hangs_is_ended_at_its_time(world: World) -> None:
    Front(world).instead("config view", lambda args, really: _hang())
    done = world.run("verify", "--call-timeout", "7s")
    assert done.code in (0, 1), done.all
    assert CLOCK.ahead >= 7


def _hang() -> in_process.Ending:
    while True:
        time.sleep(3600)


def test_what_was_to_happen_and_did_not_is_an_error(world: World) -> None:
    front = Front(world).before("patch dc nosuch", lambda: None)
    world.run("verify")
    with pytest.raises(AssertionError, match="nothing was done before oc patch dc nosuch"):
        front.remove()
    front = Front(world).before("config view", lambda: None)
    world.run("verify")
    with pytest.raises(AssertionError, match="changed nothing"):
        front.remove()
    front = Front(world).before("config view", lambda: world.oc("delete", "dc", "zync"))
    world.run("verify")
    front.remove()
    assert "config view" in " ".join(front.calls)
