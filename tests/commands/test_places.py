"""Places: one server however it is written, a project's name that is one, and a project that does not exist."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import World, make_world
from threescale_migrate.cluster.location import normal
from threescale_migrate.render import bash

ZYNC = ("--dc", "zync", "--skip", "permissions")


def rewrite(world: World, server: str | None = None, namespace: str | None = None) -> None:
    path = world.directory / "kubeconfig"
    config: Any = json.loads(path.read_text(encoding="utf-8"))
    if server is not None:
        config["clusters"][0]["cluster"]["server"] = server
    if namespace is not None:
        config["contexts"][0]["context"]["namespace"] = namespace
    path.write_text(json.dumps(config), encoding="utf-8")


SAME = (
    "https://api.example.test",
    "https://api.example.test:443",
    "https://API.Example.test:443/",
    "HTTPS://api.example.test./",
)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        *((SAME[0], other, True) for other in SAME),
        ("https://api.example.test:6443", "https://api.example.test:6443//", True),
        ("http://api.example.test:80", "http://api.example.test", True),
        ("https://[FD00::1]:443/", "https://[fd00::1]", True),
        ("https://u:p@api.example.test", "https://api.example.test", True),
        ("https://api.example.test/k8s/clusters/c-AB/", "https://api.example.test:443/k8s/clusters/c-AB", True),
        ("https://api.example.test/k8s/clusters/c-AB", "https://api.example.test/k8s/clusters/c-ab", False),
        ("https://api.example.test:80", "https://api.example.test", False),
        ("http://api.example.test", "https://api.example.test", False),
        ("https://api.example.test:99999", "https://api.example.test", False),
    ],
)
def test_a_server_is_the_same_however_it_is_written(one: str, other: str, same: bool) -> None:
    assert (normal(one) == normal(other)) is same


@pytest.mark.parametrize("written", SAME)
def test_the_printed_script_reads_a_server_alike(written: str) -> None:
    template = Path(bash.__file__).with_name("script.sh").read_text(encoding="utf-8")
    (function,) = re.findall(r"^same_form\(\) .*$", template, re.MULTILINE)
    script = function.replace("{{", "{").replace("}}", "}") + '\nsame_form "$1"'
    done = subprocess.run(
        ["bash", "-c", script, "-", written.replace("test./", "test/")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "https://api.example.test\n"


def test_a_run_is_undone_and_expected_at_a_server_that_is_written_otherwise_by_then(world: World) -> None:
    one, other = "https://api.cluster.example.test:6443", "https://API.Cluster.Example.test:6443/"
    rewrite(world, server=one)
    script = world.run("script", "--secret-file", world.secret, *ZYNC).out
    assert world.migrate(*ZYNC).code == 0
    rewrite(world, server=other)
    assert world.program(["bash", "-s", "--", "-y"], stdin=script).code in (0, 1), world.results[-1].err
    assert "oc is logged in to" not in world.results[-1].all
    expected = world.migrate(*ZYNC, "--expect-server", one)
    assert expected.code == 0, expected.all
    undone = world.run("undo", "--yes", "--expect-server", f"{one}/")
    assert undone.code == 0, undone.all
    assert world.accounts()["zync"] == {"default"}
    assert len({journal.parent for journal in world.journals}) == 1


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that no case here may change."""
    return make_world(tmp_path_factory.mktemp("places"))


COMMANDS = [
    ("verify",),
    ("verify", "--watch", "--timeout", "20s"),
    ("plan", "--secret-file", "{secret}"),
    ("plan", "--wave-plan"),
    ("preflight", "--secret-file", "{secret}"),
    ("migrate", "--yes", "--secret-file", "{secret}"),
    ("undo", "--yes"),
    ("undo", "--dry-run"),
    ("undo", "--dry-run", "--to-default"),
    ("script", "--secret-file", "{secret}", "--lose-data=zync-database"),
    ("step", "readiness", "--check"),
    ("step", "registry-secret", "--yes", "--secret-file", "{secret}"),
    ("export", "{home}/exported.json"),
    ("backup", "{home}/saved"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_project_that_does_not_exist_is_said_with_no_command_for_it(place: World, command: tuple[str, ...]) -> None:
    words = [word.format(secret=place.secret, home=place.home) for word in command]
    done = place.run(*words, "-n", "nosuch")
    assert done.code == 4, done.all
    assert "there is no project nosuch on this server: name the right one with -n" in done.err
    for word in ("--namespace=nosuch", "oc create", "not migrated", "ready to", "nothing to undo"):
        assert word not in done.all
    assert place.journals == []


def test_of_many_projects_one_that_does_not_exist_is_not_known_and_not_unmigrated(place: World) -> None:
    done = place.run("verify", "--projects", "threescale,nosuch", *ZYNC)
    assert "there is no project nosuch" in done.out
    assert "2 projects: 0 migrated, 1 not migrated, 1 not known" in done.out
    assert "--namespace=nosuch" not in done.all


def test_monitoring_is_given_unknown_for_it(place: World) -> None:
    done = place.run("verify", "-o", "nagios", "-n", "nosuch")
    assert done.code == 3, done.all
    assert "there is no project nosuch" in done.out


@pytest.mark.parametrize("name", ["a b", "x: y", "nosuch\n  evil: yes", "UPPER", "$(id)", "../..", "x" * 64])
@pytest.mark.parametrize(
    "command", [("manifest", "cronjob", "--image", "registry.example.test/tool:1"), ("verify",), ("plan",)]
)
def test_a_contexts_project_is_checked_as_n_is(world: World, command: tuple[str, ...], name: str) -> None:
    rewrite(world, namespace=name)
    done = world.run(*command)
    assert done.code == 4, done.all
    assert "is not a valid project name" in done.err
    assert done.out == ""


def test_a_project_that_is_deleted_during_a_run_is_noticed_and_nothing_more_is_sent(world: World) -> None:
    from tests.support.in_front import in_front

    gone = 'case "$*" in "create -f - -o json"*) ;; "create "*) touch "$home/gone";; esac'
    absent = 'echo "Error from server (NotFound): namespaces \\"threescale\\" not found" >&2; exit 1'
    calls = in_front(world, f'{gone}\nif [ -e "$home/gone" ]; then case "$*" in "get namespace"*) {absent};; esac; fi')
    done = world.migrate(*ZYNC)
    assert done.code == 1, done.all
    assert "project threescale is gone: another user has deleted it; nothing more was sent" in done.err
    assert not [
        line
        for line in calls.read_text(encoding="utf-8").splitlines()
        if line.startswith("patch") and "--dry-run" not in line
    ]
