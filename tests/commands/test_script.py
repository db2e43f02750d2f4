"""`script`: what it prints, run by bash on the rehearsal cluster, as an operator would."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import TOKEN, Result, World, make_world
from threescale_migrate.rehearsal import launch
from threescale_migrate.values import GUIDE_CONFIGS

QUICK = {"POLL": "0.2", "GRACE": "1"}


def printed(world: World, *args: str, name: str = "migrate.sh") -> str:
    """Prints a script into a file, and gives the file's name."""
    source = () if "--from-secret" in args else ("--secret-file", world.secret)
    done = world.run("script", *source, *args)
    assert done.code == 0, done.all
    (world.home / name).write_text(done.out, encoding="utf-8")
    return name


def bash(world: World, name: str = "migrate.sh", **environment: str) -> Result:
    return world.program(["bash", name], "", 120, **{**QUICK, **environment})


def lint(path: Path) -> str:
    """What shellcheck finds."""
    program = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert program is not None, "shellcheck comes with the extra `test`"
    done = subprocess.run([program, str(path)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.long
def test_the_script_migrates_and_running_it_twice_changes_nothing(world: World) -> None:
    odd = world.home / "it's a $(file).yaml"
    odd.symlink_to(world.secret)
    done = world.run("script", "--secret-file", str(odd))
    script = world.home / "migrate.sh"
    script.write_text(done.out, encoding="utf-8")
    assert lint(script) == ""
    for config in GUIDE_CONFIGS:
        assert f"# dc/{config}: its pods run as default and have to run as amp" in done.out
        assert f"run oc patch dc {config} --patch" in done.out
    ran = bash(world)
    assert (ran.code, ran.out) == (0, "migrated, and the pods prove it\n"), ran.all
    assert world.accounts() == {name: {"amp"} for name in GUIDE_CONFIGS}
    assert world.run("verify", "--strict").code == 0
    before = world.objects()
    again = bash(world)
    assert (again.code, again.out) == (0, "migrated, and the pods prove it\n"), again.all
    assert world.objects() == before
    assert "+ oc" not in again.err
    after = world.run("script")
    assert after.code == 0
    assert "oc patch dc" not in after.out.partition("# Before the first change")[2]


# The fault, the exit code, and what is said of it.
FAULTS = [
    pytest.param("image-pull=zync", 5, "cannot pull", id="image-pull"),
    pytest.param("paused=zync", 1, "it is paused", id="paused"),
    *(
        pytest.param(fault, 5, said, id=fault.partition("=")[0], marks=pytest.mark.long)
        for fault, said in (
            ("crash-loop=zync", "keeps crashing"),
            ("scc=zync", "unable to validate against any security context constraint"),
            ("quota", "exceeded quota"),
            ("no-node=zync", "no node can run pod"),
            ("not-ready=zync", "revision 2 failed"),
            ("no-image=zync", "its trigger has not fired"),
            ("deployer-fails=zync", "revision 2 failed"),
        )
    ),
]


@pytest.mark.parametrize(("fault", "code", "said"), FAULTS)
def test_with_a_fault_on_the_script_says_what_is_and_once_it_is_fixed_continues(
    tmp_path: Path, fault: str, code: int, said: str
) -> None:
    world = make_world(tmp_path, fault)
    printed(
        world, "--dc", "zync,zync-database", "--force"
    )  # without it some of them are refused before anything is printed
    done = bash(world)
    assert done.code == code, done.all
    assert said in done.err
    assert done.out == ""
    assert world.run("verify", "--dc", "zync", "-q").code == 1
    if fault not in ("no-image=zync", "paused=zync"):  # these two are settings, which switching off leaves
        world.faults()
        fixed = bash(world, GRACE="20")
        assert fixed.code == 0, fixed.all
        assert world.accounts()["zync"] == {"amp"}


@pytest.mark.parametrize(
    "fault",
    [
        "no-trigger=zync",
        "flaky-api=0.2",
        *(pytest.param(f, marks=pytest.mark.long) for f in ("zero=zync", "slow=zync")),
    ],
)
def test_what_passes_or_can_be_started_does_not_stop_the_script(tmp_path: Path, fault: str) -> None:
    world = make_world(tmp_path, fault)
    printed(world, "--dc", "zync,zync-database")
    done = bash(world)
    assert (done.code, done.out) == (0, "migrated, and the pods prove it\n"), done.all
    assert world.accounts()["zync-database"] == {"amp"}
    assert world.accounts().get("zync", {"amp"}) == {"amp"}
    world.faults()
    assert world.run("verify", "--dc", "zync,zync-database").code == 0


@pytest.mark.long
def test_a_paused_config_is_resumed_by_a_script_that_was_asked_to(tmp_path: Path) -> None:
    world = make_world(tmp_path, "paused=zync")
    printed(world, "--dc", "zync", "--resume-paused")
    assert bash(world).code == 0
    assert world.accounts()["zync"] == {"amp"}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_ends_at_once_and_the_next_run_continues(tmp_path: Path, number: int, code: int) -> None:
    world = make_world(tmp_path, "not-ready=zync", speed=1.0)
    printed(world, "--dc", "zync")
    process = subprocess.Popen(
        ["bash", "migrate.sh"],
        env={**world.environment, "POLL": "600"},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=world.home, start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if line.startswith("zync: "):
            break
    os.killpg(process.pid, number)  # as the terminal does
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, "".join(said) + err
    assert "what was done stays" in err
    assert out == ""
    launch.resume(world.directory, speed=200.0)
    world.faults()
    done = bash(world, GRACE="20")
    assert done.code == 0, done.all


def test_a_deadline_that_passes_is_said_and_so_is_a_cluster_that_goes_away(tmp_path: Path) -> None:
    world = make_world(tmp_path, "not-ready=zync", speed=1.0)
    text = (world.home / printed(world, "--dc", "zync")).read_text(encoding="utf-8")
    assert "zync=1260" in text
    (world.home / "hasty.sh").write_text(text.replace("zync=1260", "zync=1"), encoding="utf-8")
    late = bash(world, "hasty.sh")
    assert late.code == 6, late.all
    assert "zync: not ready within 1 s" in late.err
    # The rollout goes on meanwhile; the next run finds it under way, and the cluster away.
    world.faults("api-down")
    away = bash(world, "hasty.sh")
    assert away.code == 7
    assert "was refused" in away.err


def test_it_refuses_before_the_first_change(world: World) -> None:
    printed(world, "--dc", "zync")
    before = world.objects()
    config = (world.directory / "kubeconfig").read_text(encoding="utf-8")
    (world.home / "elsewhere").write_text(config.replace("api.cluster", "other.cluster"), encoding="utf-8")
    elsewhere = bash(world, KUBECONFIG=str(world.home / "elsewhere"))
    assert (elsewhere.code, elsewhere.out) == (4, "")
    assert "oc is logged in to https://other.cluster" in elsewhere.err
    assert bash(world, SECRET_FILE="nowhere.yaml").code == 2
    garbage = world.directory / "garbage"
    garbage.write_text(f"{TOKEN}: [", encoding="utf-8")
    assert bash(world, SECRET_FILE=str(garbage)).code == 2
    assert bash(world, PATH="/usr/bin:/bin", OC="no-such-oc").code == 7
    world.faults("forbidden=create:secrets")
    refused = bash(world)
    assert refused.code == 4
    assert "you have no permission to create secrets in project threescale" in refused.err
    world.faults()
    world.faults("login-expired")
    assert bash(world).code == 7
    world.faults()
    assert world.objects() == before


@pytest.mark.long
def test_a_secret_that_differs_is_replaced_only_when_asked_and_the_former_is_kept(world: World) -> None:
    other = launch.example_secret("another-token").replace("12345678-rehearsal-pull-secret", "threescale-registry-auth")
    printed(world, "--dc", "zync")
    assert world.oc("create", "-f", "-", stdin=other).code == 0
    before = world.objects()
    differs = bash(world)
    assert differs.code == 4
    assert "differs from" in differs.err
    assert world.objects() == before
    printed(world, "--dc", "zync", "--replace-secret")
    assert lint(world.home / "migrate.sh") == ""
    assert bash(world).code == 0
    assert world.run("verify", "--dc", "zync").code == 0
    names = [name for name in world.oc("get", "secrets", "-o", "name").out.split() if "threescale-registry" in name]
    assert len(names) == 2
    before = world.objects()
    assert bash(world).code == 0
    assert world.objects() == before


@pytest.mark.long
def test_a_secret_of_the_project_under_another_name_is_copied(world: World) -> None:
    world.oc("create", "-f", world.secret)
    name = "12345678-rehearsal-pull-secret"
    printed(world, "--dc", "zync", "--from-secret", name)
    assert lint(world.home / "migrate.sh") == ""
    for _ in range(2):
        done = bash(world)
        assert done.code == 0, done.all
    assert world.run("verify", "--dc", "zync", "--from-secret", name).code == 0


@pytest.mark.long
def test_the_permissions_of_default_are_given_once(world: World) -> None:
    user = "system:serviceaccount:threescale:default"
    world.oc("create", "role", "reader", "--verb=get", "--resource=configmaps")
    world.oc("create", "rolebinding", "reader", "--role=reader", "--serviceaccount=threescale:default")
    world.oc("adm", "policy", "add-role-to-user", "edit", user)
    printed(world, "--dc", "zync")
    assert lint(world.home / "migrate.sh") == ""
    assert bash(world).code == 0
    assert world.run("verify", "--dc", "zync").code == 0
    before = world.objects()
    assert bash(world).code == 0
    assert world.objects() == before


@pytest.mark.long
def test_no_script_is_printed_that_could_not_work(world: World) -> None:
    assert world.run("script").code == 2
    assert world.run("script", "--secret-file", "-", stdin=Path(world.secret).read_text(encoding="utf-8")).code == 2
    assert world.run("script", "--secret-file", world.secret, "-n", "default").code == 4
    assert world.run("script", "--secret-file", world.secret, "--expect-project", "other").code == 4
    done = world.run("script", "--secret-file", world.secret, "-n", "threescale")
    assert done.code == 0
    assert "--namespace" in done.out
    assert TOKEN not in done.out
