"""What a command asks somebody to run: on a line of its own, and pasted into any shell it works on the right project."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import GRACE, Result, World, make_world
from threescale_migrate.cli.command_line import parsed
from threescale_migrate.options import repeated
from threescale_migrate.shell import PROGRAM, Invocation

INVOCATION = Invocation("amp-prod", "prod/api:6443/jo", "", "migrate", ("--secret-file=my secret.yml", "--dc=zync"))
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
    assert {shlex.split(line)[1] for line in commands} == {"migrate"}
    for line in commands:
        if " step " in f" {line} ":
            assert paste(world, line, "--yes").code == 0, world.results[-1].all
    world.faults("image-pull=zync")
    leave(world)
    broken = paste(world, following, "--yes", "--grace", GRACE)
    assert broken.code == 5, broken.all
    again, undo = sorted(pasted(broken))
    assert "--dc=zync,backend-cron" in again
    world.faults()
    leave(world)
    assert paste(world, again, "--yes").code == 0, world.results[-1].all
    assert world.accounts()["zync"] == world.accounts()["backend-cron"] == {"amp"}
    assert world.accounts()["zync-database"] == {"default"}
    history = world.run("history", world.journals[0].stem)  # the second had only to wait, and changed nothing
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
        next(n for n, line in enumerate(told) if words in line)
        for words in ("zync-1 serves", "Fix: ", "runs as amp: backend-cron", "Next:", "Or undo:")
    ]
    assert order == sorted(order)
    assert told[order[3] + 1].startswith("    threescale-migrate migrate --dc=zync,backend-cron --secret-file=")
    assert told[order[4] + 1].startswith("    threescale-migrate undo --namespace=threescale --context=")
    assert len(told) < 24


def test_a_project_that_is_not_migrated_is_told_once_and_the_one_command_that_is_next_works(world: World) -> None:
    shown = world.run("verify")
    assert shown.code == 1
    lines = shown.out.splitlines()
    assert lines[1:3] == [
        "✓ passed: 3 permissions, 5 readiness",
        "✗ left to do: secret/threescale-registry-auth, sa/amp, 15 configs",
    ]
    assert len(lines) == 6
    assert shown.out.splitlines()[-1] == "✗ not migrated: 3 problems"
    (line,) = pasteable(shown)
    assert " migrate --secret-file FILE " in line
    assert paste(world, line, "--yes", "--dc", "zync").code == 0, world.results[-1].all
    # What each step says of each config is still there for who asks, and for programs.
    assert world.run("verify", "-v").out.count("its template uses default") == 2 * 14
    checks = world.run("verify", "-o", "json").json()["checks"]
    assert sum(check["verdict"] == "failed" for check in checks) == 2 * 14


def given(line: str, **environment: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The arguments and options of a command line as they are given again."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        found = parsed(shlex.split(line))
        return repeated(found.command, found.options)


def test_what_names_a_place_or_shows_a_result_is_not_given_again() -> None:
    line = "-n a plan --context=b --dc plan --projects x,y -o json --jobs 2 --skip permissions"
    assert given(line.replace("-n a ", "")) == ((), ("--dc=plan", "--skip=permissions"))
    assert given("migrate -nb -y -v --backup d --with-secrets --ticket T --report /tmp/r.md")[1] == ()


def test_all_that_limits_a_run_is_given_again_whoever_said_it() -> None:
    line = "migrate --dc zync --skip permissions --skip readiness --secret-file s.yml --wave-plan w --no-link=default --timeout 1h"
    assert given(line)[1] == (
        "--dc=zync",
        "--skip=permissions",
        "--skip=readiness",
        f"--secret-file={os.getcwd()}/s.yml",
        "--no-link=default",
        f"--wave-plan={os.getcwd()}/w",
        "--timeout=3600",
    )
    assert given("migrate", THREESCALE_DC_NAMES="zync backend-cron", THREESCALE_MIGRATE_GRACE="5")[1] == (
        "--dc=zync,backend-cron",
        "--grace=5",
    )
    assert given("undo 20261124T0 --dc zync --yes") == (("20261124T0",), ("--dc=zync",))


@pytest.mark.parametrize(
    ("place", "command", "words"),
    [
        (("verify", ("--dc=zync", "--allow-unknown", "--timeout=60")), "migrate", "--dc=zync"),
        (("plan", ("--dc=zync", "--force")), "migrate", "--dc=zync --force"),
        (("migrate", ("--dc=zync", "--timeout=60", "--secret-file=/s")), "verify", "--dc=zync"),
        (("migrate", ("--dc=zync", "--skip=permissions", "--force")), "step readiness", "--dc=zync --skip=permissions"),
        (("migrate", ("--dc=zync", "--skip=permissions")), "step permissions", "--dc=zync"),
        (("migrate", ("--dc=zync", "--username=jo")), "migrate --secret-file FILE", "--dc=zync"),
        (("step", ("--dc=zync", "--replace-secret"), ("registry-secret",)), "migrate", "--dc=zync --replace-secret"),
        (("step", ("--dc=zync", "--replace-secret"), ("registry-secret",)), "step readiness", "--dc=zync"),
        (("undo", ("--dc=zync", "--force"), ("RUN",)), "undo", "RUN --dc=zync --force"),
        (("undo", ("--dc=zync", "--to-default")), "undo --to-default", "--dc=zync"),
        (("migrate", ("--dc=zync", "--expect-server=u")), "undo", "--expect-server=u"),
    ],
)
def test_each_command_gets_the_options_that_limit_it_too(place: Any, command: str, words: str) -> None:
    line = Invocation("p", "", "", *place).line((PROGRAM, *command.split()))
    assert line == f"{PROGRAM} {command} {words} --namespace=p"


@pytest.mark.long
def test_a_run_that_is_resumed_from_its_record_does_no_more_than_it_was_meant_to(tmp_path: Path) -> None:
    world = make_world(tmp_path, "image-pull=zync")
    plan = tmp_path / "waves"
    plan.write_text("backend-cron\nzync\n", encoding="utf-8")
    broken = world.run(
        "migrate", "--yes", "--grace", GRACE, "--secret-file", world.secret, "--wave-plan", "waves", "--skip", "permissions",
        THREESCALE_DC_NAMES="zync,backend-cron",
    )  # fmt: skip
    assert broken.code == 5, broken.all
    world.faults()
    assert world.oc("new-project", "elsewhere").code == 0
    run = world.journals[-1].stem
    shown = pasted(world.run("history", run))
    assert [shlex.split(line)[1] for line in shown] == ["migrate", "undo"]
    for part in (
        "--dc=zync,backend-cron",
        "--skip=permissions",
        f"--wave-plan={plan}",
        "--expect-server=https://api.cluster",
    ):
        assert part in shown[0]
    world.run("history", run, "--report", str(tmp_path / "r.md"))
    report = (tmp_path / "r.md").read_text(encoding="utf-8")
    assert "--dc=zync,backend-cron" in report.replace("\\", "")
    inner = tmp_path / "inner"
    inner.mkdir()
    resumed = subprocess.run(
        [*world.command(), *shlex.split(shown[0])[1:], "--yes"], env=world.environment, cwd=inner, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert resumed.returncode == 0, resumed.stderr
    accounts = world.accounts()
    assert {name for name, found in accounts.items() if found == {"amp"}} == {"zync", "backend-cron"}
    # An undo that is broken off is followed by itself, never by a migration.
    process = world.popen("undo", "--yes", "--dc", "zync", "-n", "threescale")
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        if "oc patch dc zync" in line:
            process.send_signal(signal.SIGTERM)
        said += line
    process.communicate()
    assert process.returncode == 143, said
    assert [shlex.split(line)[1:3] for line in pasted(Result(143, "", said))] == [["undo", "--dc=zync"]], said
    assert "threescale-migrate migrate" not in said
    (again, *_) = pasted(world.run("history", world.journals[-1].stem))
    assert (
        f"{PROGRAM} undo --expect-server=https://api.cluster.example.test:6443 --dc=zync --namespace=threescale"
        in again
    )
    assert paste(world, again, "--yes").code == 0, world.results[-1].all
    assert world.accounts()["backend-cron"] == {"amp"}


def test_a_check_of_many_projects_suggests_commands_for_each_of_them(elsewhere: World) -> None:
    shown = elsewhere.run("verify", "--projects", "threescale", "-v", "--dc", "zync")
    assert pasted(shown)
    assert all(
        "--namespace=threescale" in line and "--dc=zync" in line for line in pasted(shown) if " migrate " in line
    )
    shown = elsewhere.run("plan", "--projects", "threescale", "--dc", "zync")
    assert [line.split()[1] for line in pasted(shown)] == ["preflight"]
    assert "--namespace=threescale" in pasted(shown)[0]


# What a cluster admin is asked to run, who has another kubeconfig: it names no context of this user.
ASKED = ("oc adm policy add-", "oc get scc", "oc get clusterrolebindings", "oc get rolebindings")


def pasteable(result: Result) -> list[str]:
    """The lines that are a command of `oc` or of this program and nothing else."""
    return [line.strip() for line in result.all.splitlines() if re.match(rf" +(?:oc|{PROGRAM}) [a-z]", line)]


@pytest.mark.long
def test_every_line_that_can_be_pasted_leaves_another_project_alone(elsewhere: World) -> None:
    world = elsewhere
    # What stands in the other project is what a command that lost its way would change.
    config = json.loads(world.oc("get", "dc", "zync", "-n", "threescale", "-o", "json").out)
    for key in ("namespace", "uid", "resourceVersion", "creationTimestamp", "generation"):
        config["metadata"].pop(key, None)
    config.pop("status")
    assert world.oc("create", "-f", "-", stdin=json.dumps(config)).code == 0, world.results[-1].all
    assert world.oc("create", "sa", "amp").code == 0
    default = "system:serviceaccount:threescale:default"
    assert world.oc("adm", "policy", "add-role-to-user", "view", default, "-n", "threescale").code == 0
    program = world.home / "bin" / PROGRAM
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m threescale_migrate "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    world.environment["PATH"] = f"{program.parent}:{world.environment['PATH']}"
    (world.home / "SECRET").symlink_to(world.secret)
    world.settle()

    def others() -> dict[str, object]:
        found: dict[str, object] = {
            f"{kind} {name}": item
            for kind, items in world.objects().items()
            for name, item in items.items()
            if name.startswith(("elsewhere/", "third/"))
        }
        assert found
        return found

    here, few = ("-n", "threescale"), ("--dc", "zync,backend-cron", "--secret-file", world.secret)
    said = [world.run("plan", *here, *few), world.run("plan", "-v", *here, *few), world.run("verify", *here)]
    world.faults(
        "forbidden=create:rolebindings",
        "forbidden=list:securitycontextconstraints",
        "forbidden=list:clusterrolebindings",
    )
    said += [world.run(name, *here, *few) for name in ("plan", "preflight")]
    world.faults()
    world.faults("image-pull=zync")
    said.append(world.migrate(*here, "--dc", "zync,backend-cron"))
    assert said[-1].code == 5, said[-1].all
    said += [
        world.run("verify", *here),
        world.run("undo", "--dry-run", *here),
        world.run("history", world.journals[-1].stem),
    ]
    world.faults()
    assert world.oc("new-project", "third").code == 0
    world.settle()
    lines = list(dict.fromkeys(line for result in said for line in pasteable(result)))
    assert {line.split()[0] for line in lines} == {"oc", PROGRAM}
    assert {"adm", "patch", "create"} <= {line.split()[1] for line in lines if line.startswith("oc ")}, lines
    before = others()
    ran = []
    for line in lines:
        if not line.startswith(ASKED):
            assert "--namespace=threescale" in line or "--all-namespaces" in line, line
            assert "--context=" in line, line
        sure = (
            " --yes --grace 0.5" if line.split()[1] in ("migrate", "undo", "step") and "--dry-run" not in line else ""
        )
        done = subprocess.run(
            ["bash", "-c", line.replace(" FILE", f" {world.secret}") + sure],
            env=world.environment, cwd=world.home, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert "unknown option" not in done.stderr, line
        assert "contradict" not in done.stderr, (line, done.stderr)
        ran.append((line, done.returncode))
        assert others() == before, line
        assert world.oc("project", "-q").out.strip() == "third", line
    assert {line.split()[0] for line, code in ran if code == 0} == {"oc", PROGRAM}, ran
