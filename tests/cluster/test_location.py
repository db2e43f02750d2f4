"""Where a run is, and how a change of it is noticed: the kubeconfig is rewritten, the project is made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import World
from threescale_migrate.cluster.location import Location, Moved, locate, still_at
from threescale_migrate.cluster.oc import Oc
from threescale_migrate.cluster.oc_errors import NoConfiguration


@pytest.fixture
def oc(world: World, monkeypatch: pytest.MonkeyPatch) -> Oc:
    for name, value in world.environment.items():
        monkeypatch.setenv(name, value)
    return Oc(str(world.directory / "bin" / "oc"))


def kubeconfig(world: World) -> Any:
    return json.loads((world.directory / "kubeconfig").read_text(encoding="utf-8"))


def rewrite(world: World, config: Any) -> None:
    (world.directory / "kubeconfig").write_text(json.dumps(config), encoding="utf-8")


def test_every_call_of_a_pinned_oc_names_the_context_and_the_project(world: World, oc: Oc) -> None:
    found = locate(oc)
    current = kubeconfig(world)["current-context"]
    assert (found.context, found.project, found.user) == (current, "threescale", "system:admin")
    [namespace] = [item for item in world.objects()["namespaces"].values() if item["metadata"]["name"] == "threescale"]
    assert found.uid == namespace["metadata"]["uid"]
    argv = oc.argv(("get", "dc"))
    assert argv == ("oc", "get", "dc", "--namespace=threescale", f"--context={current}")
    still_at(oc, found)


def test_another_current_context_does_not_move_a_pinned_oc(world: World, oc: Oc) -> None:
    found = locate(oc)
    config = kubeconfig(world)
    config["contexts"].append(
        {"name": "other", "context": {"cluster": "gone", "user": "bob", "namespace": "elsewhere"}}
    )
    config["current-context"] = "other"
    rewrite(world, config)
    still_at(oc, found)
    assert oc.read(("get", "sa", "-o", "name")).stdout


@pytest.mark.parametrize(
    ("part", "seen"), [("server", "oc now talks to"), ("user", "oc is now logged in as alice"), ("context", "context")]
)
def test_a_context_of_the_same_name_that_leads_elsewhere_is_noticed(world: World, oc: Oc, part: str, seen: str) -> None:
    found = locate(oc)
    config = kubeconfig(world)
    if part == "server":
        config["clusters"].append({"name": "other", "cluster": {"server": "https://api.other.example.test:6443"}})
        config["contexts"][0]["context"]["cluster"] = "other"
    elif part == "user":
        config["contexts"][0]["context"]["user"] = "alice"
        world.oc("adm", "policy", "add-role-to-user", "admin", "alice")
    else:
        config["contexts"][0]["name"] = config["current-context"] = "another"
    rewrite(world, config)
    with pytest.raises((Moved, NoConfiguration)) as caught:
        still_at(oc, found)
    assert seen in str(caught.value)


def test_a_project_that_was_made_again_is_another_one(oc: Oc) -> None:
    found = locate(oc)
    before = Location(found.context, found.server, found.user, found.project, "another-uid")
    with pytest.raises(Moved, match="deleted and created again"):
        still_at(oc, before)
    unknown = Location(found.context, found.server, found.user, found.project, None)
    still_at(oc, unknown)  # known by its names only


def test_a_place_without_a_kubeconfig_is_known_by_its_server(tmp_path: Path) -> None:
    program = tmp_path / "oc"
    program.write_text(
        """#!/bin/sh
case "$*" in
"config view"*) echo "error: current-context must exist in order to minify" >&2; exit 1;;
"whoami --show-server"*) echo https://172.30.0.1:443;;
"project -q"*) echo threescale;;
"whoami"*) echo system:serviceaccount:threescale:verifier;;
*) echo 'Error from server (Forbidden): namespaces "threescale" is forbidden' >&2; exit 1;;
esac
""",
        encoding="utf-8",
    )
    program.chmod(0o755)
    found = locate(Oc(str(program)))
    assert found == Location(
        None, "https://172.30.0.1", "system:serviceaccount:threescale:verifier", "threescale", None
    )
