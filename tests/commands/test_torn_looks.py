"""Lists that are read side by side and contradict each other prove nothing: they are read again, and what stays so is unknown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import World, copy_world, make_world
from tests.support.in_front import in_front

PAIR = ("--dc", "zync,system-redis")
# Adds to a list what another list would not know of: a pod of a revision after the newest, or such a revision.
ADDS = """
import copy, json, sys
items = json.load(sys.stdin)
kind, name = sys.argv[1:]
for item in list(items["items"]):
    controller = next((o["name"] for o in item["metadata"].get("ownerReferences") or () if o["kind"] == "ReplicationController"), "")
    if item["metadata"]["name"].endswith("-deploy"):
        continue
    if item["kind"] == kind and name in (item["metadata"]["name"], controller):
        later = copy.deepcopy(item)
        later["metadata"]["name"] += "x" if kind == "Pod" else ""
        if kind == "Pod":
            later["metadata"]["ownerReferences"][0]["name"] = "zync-9"
            later["spec"]["serviceAccountName"] = "default"
        else:
            later["metadata"]["name"] = "zync-9"
            later["metadata"]["annotations"]["openshift.io/deployment-config.latest-version"] = "9"
            later["metadata"]["annotations"]["openshift.io/deployment.phase"] = "Running"
        items["items"].append(later)
        break
json.dump(items, sys.stdout)
"""


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


def torn(world: World, kind: str, times: int) -> Path:
    """The first so many lists in which that kind is are torn. Gives the file of the calls."""
    adds = world.home / "adds.py"
    adds.write_text(ADDS, encoding="utf-8")
    listed = {"Pod": "pods", "ReplicationController": "rc"}[kind]
    script = (
        f'case "$*" in "get "*{listed}*" -o json"*) echo x >> "$home/seen"\n'
        f'if [ "$(wc -l < "$home/seen")" -le {times} ]; then "$oc" "$@" | python3 {adds} {kind} zync-2; exit 0; fi;; esac'
    )
    return in_front(world, script)


@pytest.mark.parametrize("kind", ["Pod", "ReplicationController"])
def test_what_contradicts_itself_once_is_read_again(world: World, kind: str) -> None:
    calls = torn(world, kind, 1)
    done = world.run("verify", *PAIR, "--skip", "permissions")
    assert done.code == 0, done.all
    assert len([line for line in calls.read_text().splitlines() if line.startswith("get dc,rc,pods ")]) == 1


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
