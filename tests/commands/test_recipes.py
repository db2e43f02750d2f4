"""The recipes, each taken from its topic and run as it stands there, with a fault switched on and off.

What a recipe finds on its machine is laid out as it says: programs in `~/bin`, a kubeconfig in `~/.kube`.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT, Result, World, make_world
from tests.support.markdown import Kind, blocks
from tests.support.operators_home import with_operators_home
from threescale_migrate.cli.topics import section, topic
from threescale_migrate.rehearsal.store import STATE
from threescale_migrate.values import GUIDE_CONFIGS

PATH = "/usr/bin:/bin"
BACK = '{"spec":{"template":{"spec":{"serviceAccount":null,"serviceAccountName":null}}}}'


def recipe(heading: str, language: str, name: str = "recipes") -> list[str]:
    """The code blocks in that language below a heading of the topic."""
    below = section(topic(name), heading) or ""
    found = [block.text + "\n" for block in blocks(below) if block.kind is Kind.CODE and block.mark == language]
    assert found, f"the topic has no {language} under {heading}"
    return found


def run(world: World, argv: list[str], **environment: str) -> Result:
    """A program in the bare environment that cron, systemd or Nagios give."""
    bare = {"HOME": str(world.home), "PATH": PATH, "LOGNAME": "ops", "SHELL": "/bin/sh", **environment}
    done = subprocess.run(
        argv,
        env=bare,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        cwd=world.home,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def migrated_cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cluster that has been migrated, to be copied."""
    world = make_world(tmp_path_factory.mktemp("migrated"))
    assert world.migrate("--all-at-once").code == 0
    return world.directory


@pytest.fixture
def migrated(tmp_path: Path, migrated_cluster: Path) -> World:
    world = make_world(tmp_path)
    shutil.copy(migrated_cluster / STATE, world.directory / STATE)
    return with_operators_home(world)


def set_back(world: World, config: str) -> None:
    """What somebody does who does not know."""
    assert world.oc("patch", "dc", config, "--patch", BACK).code == 0
    world.settle()


def reports_what_changed(world: World, again: Any) -> None:
    """What the topic says of a recipe that verifies: silent when well, with another code for each trouble, and silent once fixed."""
    well = again()
    assert (well.code, well.all) == (0, "")
    set_back(world, "zync")
    wrong = again()
    assert wrong.code == 1
    assert "dc/zync: its template uses default" in wrong.out
    assert "\nNext:\n    threescale-migrate migrate --namespace=" in wrong.out
    assert "apicast" not in wrong.all
    world.faults("login-expired")
    away = again()
    assert away.code == 7
    assert "logged in" in away.err
    world.faults()
    assert world.run("migrate", "--yes", "--dc", "zync").code == 0
    fixed = again()
    assert (fixed.code, fixed.all) == (0, "")


def crontab() -> tuple[dict[str, str], str]:
    """The settings and the command of the crontab."""
    (text,) = recipe("A crontab line", "crontab", "monitoring")
    lines = text.splitlines()
    settings = dict(line.split("=", 1) for line in lines if re.match(r"^[A-Z]+=", line))
    (job,) = [line for line in lines if line[:1].isdigit()]
    *times, command = job.split(None, 5)
    assert all(re.fullmatch(r"[\d*,/-]+", part) for part in times)
    assert "%" not in command, "cron ends the command there"
    return settings, command


@pytest.mark.parametrize("place", ["~/threescale/bin", "~/.local/bin"])
def test_cron_and_systemd_find_the_tool_where_the_readme_installs_it(migrated: World, place: str) -> None:
    assert place in (ROOT / "README.md").read_text(encoding="utf-8")
    there = migrated.home / place.partition("~/")[2]
    there.mkdir(parents=True)
    (migrated.home / "bin" / "threescale-migrate").rename(there / "threescale-migrate")
    settings, command = crontab()
    done = run(migrated, ["/bin/sh", "-c", command], **settings)
    assert (done.code, done.all) == (0, "")
    service = recipe("A systemd timer", "systemd", "monitoring")[0].replace("%h", str(migrated.home))
    (start,) = re.findall(r"^ExecStart=(.*)$", service, flags=re.MULTILINE)
    done = run(migrated, shlex.split(start), **dict(re.findall(r"^Environment=([A-Z]+)=(.*)$", service, re.MULTILINE)))
    assert (done.code, done.all) == (0, "")


@pytest.mark.long
def test_the_crontab_line(migrated: World) -> None:
    settings, command = crontab()
    reports_what_changed(migrated, lambda: run(migrated, ["/bin/sh", "-c", command], **settings))


def test_the_systemd_units(migrated: World, tmp_path: Path) -> None:
    service, timer = recipe("A systemd timer", "systemd", "monitoring")
    units = tmp_path / "units"
    units.mkdir()
    (units / "threescale-verify.service").write_text(service, encoding="utf-8")
    (units / "threescale-verify.timer").write_text(timer, encoding="utf-8")
    verify = shutil.which("systemd-analyze")
    if verify is not None:
        judged = subprocess.run(
            [verify, "--user", "verify", *map(str, sorted(units.iterdir()))],
            env={"PATH": PATH, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "threescale-verify" not in judged.stderr, judged.stderr
    assert "OnCalendar=hourly" in timer
    expanded = service.replace("%h", str(migrated.home))
    environment = dict(re.findall(r"^Environment=([A-Z]+)=(.*)$", expanded, flags=re.MULTILINE))
    (start,) = re.findall(r"^ExecStart=(.*)$", expanded, flags=re.MULTILINE)
    well = run(migrated, shlex.split(start), **environment)
    assert (well.code, well.all) == (0, "")
    set_back(migrated, "backend-cron")
    wrong = run(migrated, shlex.split(start), **environment)
    assert wrong.code == 1
    assert "dc/backend-cron: its template uses default" in wrong.out


def test_the_nagios_check(migrated: World) -> None:
    (text,) = recipe("A Nagios check", "nagios", "monitoring")
    command = text.partition("command_line ")[2].replace("$ARG1$", "threescale").strip()
    environment = {"PATH": f"{migrated.home}/bin:{PATH}", "KUBECONFIG": f"{migrated.home}/.kube/threescale"}

    def again() -> Result:
        return run(migrated, ["sh", "-c", command], **environment)

    well = again()
    assert well.code == 0
    assert well.out.startswith("3SCALE OK - threescale: migrated, and the pods prove it, ")
    assert " | configs_migrated=15;;;0;15 " in well.out
    migrated.faults("login-expired")
    away = again()
    assert away.code == 3
    assert away.out.startswith("3SCALE UNKNOWN - ")
    assert "logged in" in away.out
    migrated.faults()
    set_back(migrated, "zync")
    wrong = again()
    assert wrong.code == 2
    assert wrong.out.startswith("3SCALE CRITICAL - threescale: not migrated: ")
    assert "dc/zync: its template uses default" in wrong.out


def test_the_container(world: World) -> None:
    (text,) = recipe("A container", "sh")
    with_operators_home(world)
    # What stands in for podman takes a build only that names the image which the file asks for.
    podman = world.home / "bin" / "podman"
    podman.write_text(
        "#!/bin/sh\n"
        '[ "$1 $2" = "build --build-arg" ] && name="${3%%=*}" && image="${3#*=}" && grep -qx "ARG $name" Containerfile\n'
        'grep -qx "FROM \\${$name}" Containerfile && echo "on $image"\n',
        encoding="utf-8",
    )
    podman.chmod(0o755)
    done = run(world, ["bash", "-euc", text], PATH=f"{world.home}/bin:{PATH}")
    assert (done.code, done.out, done.err) == (0, "on registry.example.test/ops/oc:4.16\n", "")


@pytest.mark.long
def test_the_gitlab_job(migrated: World) -> None:
    (text,) = recipe("A GitLab job", "yaml")
    ((_, job),) = yaml.safe_load(text).items()
    script = "\n".join(job["script"])
    environment = {"PATH": f"{migrated.home}/bin:{PATH}", "KUBECONFIG": f"{migrated.home}/.kube/threescale"}

    def again() -> Result:
        return run(migrated, ["bash", "-eo", "pipefail", "-c", script], PROJECT="threescale", **environment)

    assert again().code == 0
    (kept,) = job["artifacts"]["paths"]
    assert json.loads((migrated.home / kept).read_text(encoding="utf-8"))["migrated"] is True
    migrated.faults("api-down")
    assert again().code == 7
    migrated.faults()
    set_back(migrated, "zync")
    assert again().code == 1
    assert json.loads((migrated.home / kept).read_text(encoding="utf-8"))["migrated"] is False


@pytest.mark.long
def test_the_runbook(tmp_path: Path) -> None:
    world = with_operators_home(make_world(tmp_path, "image-pull=backend-listener"))
    (text,) = recipe("A runbook", "bash")
    (world.home / "runbook.sh").write_text(text, encoding="utf-8")
    usage = shlex.split(re.findall(r"^# (SECRET_FILE=.*)$", text, flags=re.MULTILINE)[0])
    values = dict(word.split("=", 1) for word in usage if "=" in word)
    argv = [word for word in usage if "=" not in word]
    (world.home / values["SECRET_FILE"]).symlink_to(world.secret)
    environment = {"PATH": f"{world.home}/bin:{PATH}", "KUBECONFIG": f"{world.home}/.kube/threescale", **values}
    stopped = run(world, argv, **environment)
    assert stopped.code == 5
    assert "backend-listener: the image" in stopped.err
    assert world.accounts()["system-mysql"] == {"amp"}
    assert world.accounts()["apicast-production"] == {"default"}, "the gateway goes last"
    world.faults()
    done = run(world, argv, **environment)
    assert done.code == 0, done.all
    assert done.out.rstrip().endswith("migrated, and the pods prove it")
    assert world.accounts() == {name: {"amp"} for name in GUIDE_CONFIGS}


@pytest.mark.long
def test_the_ansible_tasks(tmp_path: Path) -> None:
    world = with_operators_home(make_world(tmp_path, "image-pull=zync"))
    playbook = world.home / "playbook.yml"
    (tasks,) = recipe("Ansible", "yaml")
    play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": yaml.safe_load(tasks)}
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    program = shutil.which("ansible-playbook", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert program is not None, "ansible-core comes with the extra `test`"

    def again() -> Result:
        return run(
            world,
            [program, "-i", "localhost,", str(playbook), "-e", f"project=threescale secret_file={world.secret}"],
            PATH=f"{world.home}/bin:{PATH}", KUBECONFIG=f"{world.home}/.kube/threescale", LC_ALL="C.UTF-8",
        )  # fmt: skip

    failed = again()
    assert failed.code != 0
    assert "the image" in failed.out
    assert world.accounts()["apicast-production"] == {"default"}
    world.faults()
    done = again()
    assert done.code == 0, done.all
    assert "changed=1" in done.out
    assert world.accounts() == {name: {"amp"} for name in GUIDE_CONFIGS}
    nothing = again()
    assert nothing.code == 0
    assert "changed=0" in nothing.out
