"""An API that stumbles, and an `oc` that cannot look: what passes is tried again, what does not is unknown, and neither is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import World, make_world

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
# Each call fails with the next of the texts, has no effect, and succeeds when it is made again. What asks no API is left alone.
STUMBLES = """#!/bin/bash
case "$1 $2" in "config view"|"version "*|"image info") exec "$REAL" "$@" ;; esac
at="$SEEN/$(printf '%s' "$*" | cksum | tr ' ' -)"
if mkdir "$at" 2>/dev/null; then
  printf . >> "$SEEN/count"
  sed -n "$(( ($(stat -c %s "$SEEN/count") + FIRST) % $(wc -l < "$TEXTS") + 1 ))p" "$TEXTS" >&2
  exit 1
fi
rmdir "$at"
exec "$REAL" "$@"
"""
CANNOT_LOOK = """#!/bin/bash
case "$1" in {but}) exec "$REAL" "$@" ;; esac
printf '%s' "$SAYS" >&{channel}
exit 1
"""


def in_front(world: World, script: str, **environment: str) -> dict[str, str]:
    """The environment in which a script stands in front of the rehearsal's `oc`."""
    folder = world.home / "front"
    folder.mkdir(exist_ok=True)
    (folder / "oc").write_text(script, encoding="utf-8")
    (folder / "oc").chmod(0o755)
    (folder / "texts").write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    return {
        "PATH": f"{folder}:{world.environment['PATH']}",
        "REAL": str(world.directory / "bin" / "oc"),
        "TEXTS": str(folder / "texts"),
        **environment,
    }


def stumbling(world: World, first: int) -> dict[str, str]:
    seen = world.home / f"seen-{first}-{len(world.results)}"
    seen.mkdir()
    return in_front(world, STUMBLES, SEEN=str(seen), FIRST=str(first))


def stumbled(environment: dict[str, str]) -> int:
    return (Path(environment["SEEN"]) / "count").stat().st_size


@pytest.mark.long
@pytest.mark.parametrize("first", range(len(TEXTS)))
def test_each_call_of_a_migration_may_stumble_with_each_text_and_it_ends_well(tmp_path: Path, first: int) -> None:
    """Over all parameters each call has stumbled with each text, all calls of a run having stumbled once."""
    world = make_world(tmp_path, speed=1000.0)
    before = world.run("verify", "--dc", "zync", timeout=300, **stumbling(world, first))
    assert before.code == 1, before.all
    environment = stumbling(world, first)
    done = world.migrate("--dc", "zync", **environment)
    assert done.code == 0, done.all
    assert stumbled(environment) > 40
    assert world.accounts()["zync"] == {"amp"}
    environment = stumbling(world, first)
    after = world.run("verify", "--dc", "zync", timeout=300, **environment)
    assert after.code == 0, after.all
    assert stumbled(environment) > 5


@pytest.mark.long
@pytest.mark.parametrize("but", ["config", "config|whoami|auth|version"])
@pytest.mark.parametrize(
    ("says", "channel"),
    [
        ("", 2),
        ("<html>502 Bad Gateway</html>\n", 1),
        ("xyzzy: 0x17\n", 2),
        ("forbidden\n", 2),
        ('Error from server (Forbidden): pods is forbidden: User "alice" cannot list resource "pods"\n', 2),
    ],
)
def test_an_oc_that_fails_without_telling_why_leaves_everything_unknown(
    world: World, but: str, says: str, channel: int
) -> None:
    environment = in_front(world, CANNOT_LOOK.format(but=but, channel=channel), SAYS=says)
    done = world.run("verify", timeout=300, **environment)
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
    script = f'#!/bin/bash\necho "$*" >> {world.home / "asked"}\n' + CANNOT_LOOK.format(but="config", channel=2)
    done = world.run("verify", timeout=300, **in_front(world, script, SAYS=says))
    assert done.code == 7, done.all
    asked = (world.home / "asked").read_text(encoding="utf-8").splitlines()
    assert len(asked) > 1
    assert len(set(asked)) == len(asked)
