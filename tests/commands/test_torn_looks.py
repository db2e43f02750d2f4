"""Lists that are read side by side and contradict each other prove nothing: they are read again, and what stays so is unknown."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import World, copy_world, make_world
from tests.support.front import Front
from tests.support.in_process import Ending, Really

PAIR = ("--dc", "zync,system-redis")
LISTED = {"Pod": "pods", "ReplicationController": "rc"}


def with_one_more(listed: str, kind: str, name: str) -> str:
    """A list with what another list would not know of: a pod of a revision after the newest, or such a revision."""
    found = json.loads(listed)
    for item in found["items"]:
        owners = [
            one["name"]
            for one in item["metadata"].get("ownerReferences") or ()
            if one["kind"] == "ReplicationController"
        ]
        own = item["metadata"]["name"]
        if item["kind"] != kind or own.endswith("-deploy") or name not in (own, *owners):
            continue
        later = copy.deepcopy(item)
        later["metadata"]["name"] = "zync-9x" if kind == "Pod" else "zync-9"
        if kind == "Pod":
            later["metadata"]["ownerReferences"][0]["name"] = "zync-9"
            later["spec"]["serviceAccountName"] = "default"
        else:
            later["metadata"]["annotations"]["openshift.io/deployment-config.latest-version"] = "9"
            later["metadata"]["annotations"]["openshift.io/deployment.phase"] = "Running"
        found["items"].append(later)
        break
    return json.dumps(found)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = make_world(tmp_path_factory.mktemp("migrated"))
    done = world.migrate(*PAIR, "--skip", "permissions")
    assert done.code == 0, done.all
    world.settle()
    return world


@pytest.fixture
def world(migrated: World, tmp_path: Path) -> World:
    return copy_world(migrated.home, tmp_path / "copy")


def torn(world: World, kind: str, times: int) -> Front:
    """The first so many lists in which that kind is are torn."""
    left = [None] * times

    def answer(args: Sequence[str], really: Really) -> Ending:
        code, out, err = really(args)
        if LISTED[kind] in args[1].split(",") and left:
            left.pop()
            out = with_one_more(out, kind, "zync-2")
        return code, out, err

    return Front(world).instead("get", answer, nth=None)


@pytest.mark.parametrize("kind", ["Pod", "ReplicationController"])
def test_what_contradicts_itself_once_is_read_again(world: World, kind: str) -> None:
    front = torn(world, kind, 1)
    done = world.run("verify", *PAIR, "--skip", "permissions")
    assert done.code == 0, done.all
    assert len(front.of("get dc,rc,pods ")) == 1


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("Pod", "belongs to a revision that is in no list: the lists do not fit together"),
        ("ReplicationController", "revision zync-9 is newer than the config says: the lists do not fit together"),
    ],
)
def test_what_stays_so_is_unknown_and_never_migrated(world: World, kind: str, seen: str) -> None:
    torn(world, kind, 1000)
    done = world.run("verify", *PAIR, "--skip", "permissions")
    assert done.code == 7, done.all
    assert seen in " ".join(done.out.split())
    checks = world.run("verify", *PAIR, "--skip", "permissions", "-o", "json").json()["checks"]
    of_zync = {check["code"]: check["verdict"] for check in checks if check["subject"] == "dc/zync"}
    assert of_zync["pods-run-as-amp"] == "unknown"
    assert {check["verdict"] for check in checks if check["subject"] == "dc/system-redis"} == {"passed"}
    again = world.migrate(*PAIR, "--skip", "permissions")
    assert again.code != 0, again.all
