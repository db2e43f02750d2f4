"""An API that stumbles, and an `oc` that cannot look: what passes is tried again, what does not is unknown, and neither is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import World, copy_world, make_world
from tests.e2e.test_looking import in_front_of_oc
from tests.e2e.test_preflight import plain_user

# recordings/README.md 26.
STUMBLES = (
    "Error from server: etcdserver: leader changed",
    "Error from server: etcdserver: request timed out",
    "Error from server (ServerTimeout): the server cannot complete the requested operation at this time, try again later",
    "Error from server (Timeout): the server was unable to return a response in the time allotted",
    "Error from server (Expired): The provided continue parameter is too old to display a consistent list result",
    "Error from server (TooManyRequests): the server has received too many requests",
    "Error from server: rpc error: code = Unavailable desc = transport is closing",
)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("migrated")
    world = make_world(home)
    assert world.migrate("--dc", "zync").code == 0
    world.settle()
    return home


def once(world: World, said: str, nth: int) -> None:
    """The n-th call of all fails with these words, and no other."""
    in_front_of_oc(
        world,
        f"""
args = sys.argv[1:]
if len(open({str(world.home / "calls")!r}).readlines()) == {nth}:
    print({said!r}, file=sys.stderr)
    sys.exit(1)
""",
    )


@pytest.mark.parametrize("said", STUMBLES)
def test_each_stumble_at_each_call_of_verify_changes_nothing_of_its_outcome(
    migrated: Path, tmp_path: Path, said: str
) -> None:
    world = copy_world(migrated, tmp_path)
    nth = 1
    while True:
        (world.home / "calls").write_text("", encoding="utf-8")
        once(world, said, nth)
        assert world.run("verify", "--dc", "zync").code == 0, (said, nth)
        world.environment["PATH"] = world.environment["PATH"].partition(":")[2]
        if len((world.home / "calls").read_text(encoding="utf-8").splitlines()) < nth:
            break
        nth += 1
    assert nth > 3


CANNOT_LOOK = {
    "nothing": "sys.exit(1)",
    "rubbish": "sys.exit('%$&! panic: runtime error')",
    "forbidden": "sys.exit('Error from server (Forbidden): it is not allowed here')",
    "all forbidden": """
if sys.argv[1:2] == ["get"]:
    sys.exit('Error from server (Forbidden): deploymentconfigs.apps.openshift.io is forbidden: User "alice" cannot list it')
args = sys.argv[1:]
""",
    "a type that is not there": """
args = sys.argv[1:]
if args[:1] == ["get"] and "dc" in args[1].split(","):
    sys.exit('error: the server doesn\\'t have a resource type "dc"')
""",
}


@pytest.mark.parametrize("client", CANNOT_LOOK)
@pytest.mark.parametrize("command", ["verify", "plan", "preflight"])
def test_who_could_not_look_says_that_it_is_unknown(migrated: Path, tmp_path: Path, client: str, command: str) -> None:
    world = copy_world(migrated, tmp_path)
    in_front_of_oc(world, CANNOT_LOOK[client])
    done = world.run(command, "--dc", "zync")
    assert done.code in ((7,) if command == "verify" else (4, 7)), done.all


def test_without_any_right_in_the_project_nothing_is_wrong_and_nothing_is_begun(migrated: Path, tmp_path: Path) -> None:
    world = copy_world(migrated, tmp_path)
    world.environment.update(plain_user(world))
    assert world.run("verify").code == 7
    assert world.migrate().code == 4
    assert world.run("preflight").code == 4


def test_a_refusal_that_is_not_understood_makes_every_type_of_its_call_unknown(migrated: Path, tmp_path: Path) -> None:
    """Such a line could be about the very type that matters: what is not in the answer is not said to be absent."""
    world = copy_world(migrated, tmp_path)
    in_front_of_oc(
        world,
        """
import subprocess
args = sys.argv[1:]
if args[:1] == ["get"] and "dc" in args[1].split(","):
    subprocess.run([REAL, *args])
    sys.exit("Error from server (Forbidden): some things in here are not for you")
""",
    )
    assert world.run("verify", "--dc", "zync").code == 7
