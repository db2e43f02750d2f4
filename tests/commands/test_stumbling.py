"""An API that stumbles, and an `oc` that cannot look: what passes is tried again, what does not is unknown, and neither is wrong."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import Result, World, make_world
from tests.support.front import Answer, Front
from tests.support.in_process import Ending, Really

# What an API says that stumbles (fact 26); all of it passes by itself.
TEXTS = (
    "Error from server: etcdserver: leader changed",
    "Error from server: etcdserver: request timed out",
    "Error from server (ServerTimeout): the operation cannot be completed at this time, try again",
    "Error from server (Timeout): the server was unable to return a response in the time allotted, but may still be processing the request",
    "Error from server (Expired): The provided continue parameter is too old to display a consistent list result",
    "Error from server (TooManyRequests): the server has received too many requests and has asked us to try again later",
    "Error from server: rpc error: code = Unavailable desc = transport is closing",
)


class Stumbling:
    """Each call fails with the next of the texts, has no effect, and succeeds when it is made again. What asks no API is left alone."""

    def __init__(self, first: int) -> None:
        self.count = first
        self.fallen: set[tuple[str, ...]] = set()
        self._lock = threading.Lock()

    def __call__(self, args: Sequence[str], really: Really) -> Ending:
        words = tuple(args)
        if words[:2] in (("config", "view"), ("image", "info")) or words[0] == "version":
            return really(args)
        with self._lock:
            stands = words in self.fallen
            (self.fallen.remove if stands else self.fallen.add)(words)
            self.count += not stands
            text = TEXTS[self.count % len(TEXTS)]
        return really(args) if stands else (1, "", text + "\n")


def stumbles(world: World, first: int, *words: str) -> tuple[Result, int]:
    """A command on an API that stumbles, and how often it has."""
    stumbling = Stumbling(first)
    front = Front(world).instead("", stumbling, nth=None)
    done = world.run(*words)
    front.remove()
    return done, stumbling.count - first


@pytest.mark.parametrize("first", range(len(TEXTS)))
def test_each_call_of_a_migration_may_stumble_with_each_text_and_it_ends_well(tmp_path: Path, first: int) -> None:
    """Over all parameters each call has stumbled with each text, all calls of a run having stumbled once."""
    world = make_world(tmp_path)
    before, _ = stumbles(world, first, "verify", "--dc", "zync")
    assert before.code == 1, before.all
    done, times = stumbles(world, first, *world.migration("--dc", "zync"))
    assert done.code == 0, done.all
    assert times > 30
    assert world.accounts()["zync"] == {"amp"}
    after, times = stumbles(world, first, "verify", "--dc", "zync")
    assert after.code == 0, after.all
    assert times > 2


def cannot_look(ended: Ending, *but: str) -> Answer:
    """What answers all calls so, but those that begin with one of the words."""
    return lambda args, really: really(args) if args[0] in but else ended


@pytest.mark.parametrize("but", [("config",), ("config", "whoami", "auth", "version")])
@pytest.mark.parametrize(
    "ended",
    [
        (1, "", ""),
        (1, "<html>502 Bad Gateway</html>\n", ""),
        (1, "", "xyzzy: 0x17\n"),
        (1, "", "forbidden\n"),
        (1, "", 'Error from server (Forbidden): pods is forbidden: User "alice" cannot list resource "pods"\n'),
    ],
)
def test_an_oc_that_fails_without_telling_why_leaves_everything_unknown(
    world: World, but: tuple[str, ...], ended: Ending
) -> None:
    Front(world).instead("", cannot_look(ended, *but), nth=None)
    done = world.run("verify")
    assert done.code == 7, done.all
    assert "migrated, and the pods prove it" not in done.all


@pytest.mark.parametrize(
    "says",
    [
        "error: You must be logged in to the server (Unauthorized)",
        'Error from server (Forbidden): users.user.openshift.io "~" is forbidden: User "alice" cannot get resource "users"',
        "Unable to connect to the server: x509: certificate signed by unknown authority",
    ],
)
def test_what_does_not_pass_by_itself_is_asked_once(world: World, says: str) -> None:
    front = Front(world).instead("", cannot_look((1, "", says + "\n"), "config"), nth=None)
    done = world.run("verify")
    assert done.code == 7, done.all
    assert len(front.calls) > 1
    assert len(set(front.calls)) == len(front.calls)
