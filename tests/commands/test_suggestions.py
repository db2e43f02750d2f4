"""What a command tells somebody to run: on a line of its own, and pasted into any shell it works on the right project."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import GRACE, Result, World, make_world
from threescale_migrate.shell import PROGRAM, Invocation, options

INVOCATION = Invocation(
    "amp-prod", "prod/api:6443/jo", "", "migrate", ("--secret-file", "my secret.yml", "--dc", "zync")
)
HERE = "--namespace=amp-prod --context=prod/api:6443/jo"


@pytest.fixture
def elsewhere(world: World) -> World:
    """A world whose shell is in another project than the one that is migrated."""
    assert world.oc("new-project", "elsewhere").code == 0, world.results[-1].all
    leave(world)
    return world


def leave(world: World) -> None:
    """Makes the other project the shell's current one."""
    assert world.oc("project", "elsewhere").code == 0, world.results[-1].all


def pasted(result: Result) -> list[str]:
    """The lines that are commands of this program and nothing else."""
    return [line.strip() for line in result.all.splitlines() if re.match(rf" +{PROGRAM} ", line)]


def paste(world: World, line: str, *more: str) -> Result:
    """What a shell would do with the line; FILE is for the reader to fill in."""
    words = [world.secret if word == "FILE" else word for word in shlex.split(line)]
    assert words[0] == PROGRAM
    return world.run(*words[1:], *more)


@pytest.mark.long
def test_each_command_that_is_suggested_works_on_the_right_project(elsewhere: World) -> None:
    world = elsewhere
    ready = world.run("preflight", "-n", "threescale", "--secret-file", world.secret, "--dc", "zync,backend-cron")
    (following,) = pasted(ready)
    shown = world.run("verify", "-n", "threescale")
    commands = pasted(shown)
    assert {shlex.split(line)[1] for line in commands} == {"step", "migrate"}
    for line in commands:
        if " step " in f" {line} ":
            assert paste(world, line, "--yes").code == 0, world.results[-1].all
    world.faults("image-pull=zync")
    leave(world)
    broken = paste(world, following, "--yes", "--grace", GRACE)
    assert broken.code == 5, broken.all
    again, undo = sorted(pasted(broken))
    assert "--dc zync,backend-cron" in again
    world.faults()
    leave(world)
    assert paste(world, again).code == 0, world.results[-1].all
    assert world.accounts()["zync"] == world.accounts()["backend-cron"] == {"amp"}
    assert world.accounts()["zync-database"] == {"default"}
    history = world.run("history", world.journals[-1].stem)
    assert [shlex.split(line)[1] for line in pasted(history)][-1] == "undo"
    dry = paste(world, undo, "--dry-run")
    assert dry.code == 3, dry.all
    assert paste(world, pasted(dry)[-1], "--yes").code == 0, world.results[-1].all
    assert world.accounts()["zync"] == {"default"}
    assert all("--namespace=threescale" in line for result in world.results for line in pasted(result))


def test_a_failure_ends_a_screen_with_what_failed_the_fix_and_the_undo(tmp_path: Path) -> None:
    world = make_world(tmp_path, "image-pull=zync")
    said = world.migrate("--dc", "zync,backend-cron", "--quiet").err.splitlines()
    at = next(number for number, line in enumerate(said) if line.startswith("threescale-migrate: zync: "))
    told = said[at:]
    order = [
        next(n for n, line in enumerate(told) if words in line) for words in ("zync-1 serves", "Fix: ", "Or undo:")
    ]
    assert order == sorted(order)
    assert told[order[2] + 1].startswith("    threescale-migrate undo --namespace=threescale --context=")
    assert told[-1] == "has reached amp: backend-cron"
    assert len(told) < 24


@pytest.mark.parametrize(
    ("sentence", "commands"),
    [
        ("fix it, then run threescale-migrate migrate", (f"migrate --secret-file 'my secret.yml' --dc zync {HERE}",)),
        (
            "threescale-migrate migrate resumes where it ended",
            (f"migrate --secret-file 'my secret.yml' --dc zync {HERE}",),
        ),
        (
            "oc rollout resume dc/zync, or threescale-migrate migrate --resume-paused",
            (f"migrate --resume-paused {HERE}",),
        ),
        (
            "get a new registry secret and run threescale-migrate step registry-secret --secret-file FILE --replace-secret, then",
            (f"step registry-secret --secret-file FILE --replace-secret {HERE}",),
        ),
        ("agree with them, then run threescale-migrate undo --to-default again", (f"undo --to-default {HERE}",)),
        ("see threescale-migrate history", ()),
        ("run threescale-migrate again", ()),
        ("threescale-migrate migration", ()),
    ],
)
def test_a_command_in_a_sentence_is_found_with_its_options(sentence: str, commands: tuple[str, ...]) -> None:
    found = [line for line in INVOCATION.commands(sentence) if line.startswith(PROGRAM)]
    assert found == [f"{PROGRAM} {command}" for command in commands]


@pytest.mark.parametrize(
    ("sentence", "commands"),
    [
        (
            "see oc describe pod zync-2-abcde and oc logs zync-2-abcde, fix it",
            ("describe pod zync-2-abcde", "logs zync-2-abcde"),
        ),
        ("read oc logs zync-2-abcde --previous, fix it", ("logs zync-2-abcde --previous",)),
        ("find the pod that holds it (oc get pods -o wide) and let it end", ("get pods -o wide",)),
        ("see why (oc get events, oc describe dc/zync), then", ("get events", "describe dc/zync")),
        ("let the old pod end (oc delete pod zync-1-x), then", ("delete pod zync-1-x",)),
        (
            "oc secrets link default threescale-registry-auth --for=pull, oc rollout cancel dc/zync, then",
            ("secrets link default threescale-registry-auth --for=pull", "rollout cancel dc/zync"),
        ),
        ("raise it or free something (oc describe quota,limits), then", ("describe quota,limits",)),
    ],
)
def test_a_call_of_oc_in_a_sentence_is_found_with_its_arguments(sentence: str, commands: tuple[str, ...]) -> None:
    assert INVOCATION.commands(sentence) == tuple(f"oc {command} {HERE}" for command in commands)


def test_what_names_a_place_or_shows_a_result_is_not_given_again() -> None:
    argv = shlex.split(
        "-n a plan --context=b --dc plan --projects x,y -o json --report r.md --all-contexts --skip permissions -v"
    )
    assert options(argv, "plan") == ("--dc", "plan", "--skip", "permissions")
