"""`script`: what it prints, run by bash on the rehearsal cluster, as an operator would."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import TOKEN, Result, World, make_world
from threescale_migrate.rehearsal import launch
from threescale_migrate.rehearsal.server import open_cluster
from threescale_migrate.values import GUIDE_CONFIGS

QUICK = {"POLL": "0.2"}
DONE = "migrated, and the pods prove it\n"
# It saves no data.
LOST = ("--lose-data", "zync-database")
SMALL = ("--dc", "zync,backend-cron")


def printed(world: World, *args: str, name: str = "migrate.sh") -> str:
    """Prints a script into a file, and gives the file's name."""
    source = () if "--from-secret" in args else ("--secret-file", world.secret)
    done = world.run("script", *source, *LOST, *args)
    assert done.code == 0, done.all
    (world.home / name).write_text(done.out, encoding="utf-8")
    return name


def bash(world: World, name: str = "migrate.sh", *words: str, stdin: str = "", **environment: str) -> Result:
    return world.program(["bash", name, *(words or ("-y",))], stdin, 120, **{**QUICK, **environment})


def lint(path: Path) -> str:
    """What shellcheck finds."""
    program = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert program is not None, "shellcheck comes with the extra `test`"
    done = subprocess.run([program, str(path)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def undo_lines(world: World, name: str = "migrate.sh") -> str:
    """The commands at the end of a script, as its reader would copy them."""
    text = (world.home / name).read_text(encoding="utf-8")
    return "\n".join(line[2:] for line in text[text.index("# To undo it") :].splitlines()[1:])


def test_it_fits_on_four_pages_and_says_first_what_it_does(world: World) -> None:
    printed(world)
    text = (world.home / "migrate.sh").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 200
    assert "CHANGES PRODUCTION" in text.splitlines()[1]
    assert "zync-database" in text.partition("set -euo pipefail")[0]
    assert lint(world.home / "migrate.sh") == ""
    assert TOKEN not in text
    for config in GUIDE_CONFIGS:
        assert f"run oc patch dc {config} --patch" in text


@pytest.mark.long
def test_the_script_migrates_and_running_it_twice_changes_nothing(world: World) -> None:
    odd = world.home / "it's a $(file).yaml"
    odd.symlink_to(world.secret)
    done = world.run("script", "--secret-file", str(odd), *LOST)
    script = world.home / "migrate.sh"
    script.write_text(done.out, encoding="utf-8")
    assert lint(script) == ""
    ran = bash(world)
    assert (ran.code, ran.out) == (0, DONE), ran.all
    assert world.accounts() == {name: {"amp"} for name in GUIDE_CONFIGS}
    assert world.run("verify", "--strict").code == 0
    before = world.objects()
    again = bash(world)
    assert (again.code, again.out) == (0, DONE), again.all
    assert world.objects() == before
    assert "+ oc" not in again.err
    after = world.run("script")
    assert after.code == 0
    assert "oc patch dc" not in after.out


def test_its_undo_lines_work_as_they_are_copied(world: World) -> None:
    before = {kind: set(named) for kind, named in world.objects().items()}
    printed(world, *SMALL)
    assert bash(world).code == 0
    # Wherever the shell is by then: each line names project and context.
    done = world.program(["bash", "-c", f"oc config unset current-context >/dev/null\n{undo_lines(world)}"], "", 120)
    assert done.code == 0, done.all
    accounts = world.accounts()
    assert accounts["zync"] == accounts["backend-cron"] == {"default"}
    now = world.objects()
    for kind in ("secrets", "serviceaccounts", "rolebindings"):
        assert set(now[kind]) == before[kind], kind
    live = [pod for pod in now["pods"].values() if pod["status"].get("phase") == "Running"]
    assert live
    assert not [pod for pod in live if {"name": "threescale-registry-auth"} in pod["spec"].get("imagePullSecrets", ())]


def test_it_asks_once_before_its_first_change(world: World) -> None:
    printed(world, *SMALL)
    before = world.objects()
    none = bash(world, "migrate.sh", "--", stdin="threescale\n")
    assert none.code == 2
    assert "add -y" in none.err
    assert world.objects() == before
    for word, code in (("wrong", 4), ("threescale", 0)):
        # A terminal of its own, on which somebody types.
        line = "POLL=0.2 bash migrate.sh; echo ended with $?"
        done = world.program(["script", "-qec", line, "/dev/null"], f"{word}\n", 120)
        assert f"ended with {code}" in done.out, done.all
        assert (world.objects() == before) == (word == "wrong")


# What the cluster says, in fields that anybody who may annotate or label a pod can write.
HOSTILE = (
    "x\nzync|amp|zync-9|True|threescale-registry-auth,",
    "a[$(touch pwned)]",
    "$(touch pwned)`touch pwned`;touch pwned",
    "|amp|zync-2|True|threescale-registry-auth,\n",
)


def test_nothing_that_the_cluster_says_is_run_or_believed(tmp_path: Path) -> None:
    world = make_world(tmp_path, "not-ready=zync", speed=400.0)
    notes = {f"note-{number}": text for number, text in enumerate(HOSTILE)}
    with open_cluster(world.directory) as cluster:
        for resource in ("pods", "deploymentconfigs", "replicationcontrollers", "serviceaccounts"):
            for item, text in zip(cluster.store.objects[resource].values(), itertools.cycle(HOSTILE)):
                item["metadata"].setdefault("annotations", {}).update(
                    {**notes, "openshift.io/deployment.status-reason": text}
                )
                item["metadata"].setdefault("labels", {}).update(notes)
        cluster.store.changed = True
    name = printed(world, "--dc", "zync", "--force")
    script = (world.home / name).read_text(encoding="utf-8").replace("zync=1260", "zync=3")
    (world.home / name).write_text(script, encoding="utf-8")
    done = bash(world)
    assert done.code in (5, 6), done.all
    assert done.out == ""
    assert not list(world.home.rglob("pwned"))


# An answer of `oc` in place of the real one: the word that its arguments contain, what is answered, and the exit code.
FORGED = (
    ("generation}", "a[$(touch pwned)] a[$(touch pwned)]", 7),
    ("spec.replicas", "0 $(touch pwned)", 7),
    ("spec.replicas", "0\n0 9", 7),
    ("latestVersion}", "x[$(touch pwned)]", 7),
    ("metadata.uid", "00000000-0000-0000-0000-000000000000", 4),
    ("--show-server", "https://elsewhere.example.test", 4),
    ("--show-server", "$(touch pwned)", 7),
)


@pytest.mark.parametrize(("word", "answer", "code"), FORGED)
def test_an_answer_of_another_form_ends_it_and_is_not_evaluated(
    world: World, word: str, answer: str, code: int
) -> None:
    printed(world, "--dc", "zync")
    (world.home / "answer").write_text(answer, encoding="utf-8")
    wrapper = world.home / "forging-oc"
    wrapper.write_text(
        f'#!/bin/sh\ncase "$*" in *"{word}"*) cat "{world.home}/answer"; exit 0 ;; esac\nexec oc "$@"\n',
        encoding="utf-8",
    )
    wrapper.chmod(0o755)
    done = bash(world, OC=str(wrapper), POLL="0.01")
    assert done.code == code, done.all
    assert done.out == ""
    assert not list(world.home.rglob("pwned"))


# The fault, and the exit codes with which the script may end.
FAULTS = [
    pytest.param("image-pull=zync", (5, 6), id="image-pull"),
    pytest.param("paused=zync", (1,), id="paused"),
    *(
        pytest.param(fault, codes, id=fault.partition("=")[0], marks=pytest.mark.long)
        for fault, codes in (
            ("crash-loop=zync", (5, 6)),
            ("scc=zync", (5, 6)),
            ("quota", (5, 6)),
            ("no-node=zync", (5, 6)),
            ("not-ready=zync", (5, 6)),
            ("no-image=zync", (6,)),
            ("deployer-fails=zync", (5,)),
        )
    ),
]


@pytest.mark.parametrize(("fault", "codes"), FAULTS)
def test_with_a_fault_it_is_not_migrated_and_once_that_is_fixed_it_continues(
    tmp_path: Path, fault: str, codes: tuple[int, ...]
) -> None:
    world = make_world(tmp_path, fault, speed=200.0)
    name = printed(world, "--dc", "zync,zync-database", "--force")  # some are refused before anything is printed
    text = (world.home / name).read_text(encoding="utf-8")
    (world.home / "hasty.sh").write_text(text.replace("zync=1260", "zync=4").replace("=660", "=4"), encoding="utf-8")
    done = bash(world, "hasty.sh")
    assert done.code in codes, done.all
    assert done.out == ""
    assert world.run("verify", "--dc", "zync", "-q").code == 1
    if fault not in ("no-image=zync", "paused=zync"):  # these two are settings, which switching off leaves
        world.faults()
        fixed = bash(world)
        if fixed.code == 5:  # the revision from before the fix was still under way, and has failed by now
            fixed = bash(world)
        assert (fixed.code, fixed.out) == (0, DONE), fixed.all
        assert world.accounts()["zync"] == {"amp"}


@pytest.mark.parametrize(
    "fault",
    [
        "no-trigger=zync",
        "flaky-api=0.2",
        "old-client=4.6",
        *(pytest.param(f, marks=pytest.mark.long) for f in ("zero=zync", "slow=zync", "old-client=4.2")),
    ],
)
def test_what_passes_or_can_be_started_does_not_stop_the_script(tmp_path: Path, fault: str) -> None:
    world = make_world(tmp_path, fault)
    printed(world, "--dc", "zync,zync-database")
    done = bash(world)
    assert (done.code, done.out) == (0, DONE), done.all
    assert world.accounts()["zync-database"] == {"amp"}
    assert world.accounts().get("zync", {"amp"}) == {"amp"}
    world.faults()
    assert world.run("verify", "--dc", "zync,zync-database").code == 0


def test_a_paused_config_is_resumed_by_a_script_that_was_asked_to(tmp_path: Path) -> None:
    world = make_world(tmp_path, "paused=zync")
    printed(world, "--dc", "zync", "--resume-paused")
    assert lint(world.home / "migrate.sh") == ""
    assert bash(world).code == 0
    assert world.accounts()["zync"] == {"amp"}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_ends_and_the_next_run_continues(tmp_path: Path, number: int, code: int) -> None:
    world = make_world(tmp_path, "not-ready=zync", speed=1.0)
    printed(world, "--dc", "zync")
    process = subprocess.Popen(
        ["bash", "migrate.sh", "-y"],
        env={**world.environment, "POLL": "600"},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        cwd=world.home, start_new_session=True,
    )  # fmt: skip
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if line.endswith("zync patched\n"):
            break
    os.killpg(process.pid, number)  # as the terminal does
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, "".join(said) + err
    assert "what was done stays" in err
    assert out == ""
    launch.resume(world.directory, speed=200.0)
    world.faults()
    done = bash(world)
    assert done.code == 0, done.all


def test_a_deadline_that_passes_is_said_and_so_is_a_cluster_that_goes_away(tmp_path: Path) -> None:
    world = make_world(tmp_path, "not-ready=zync", speed=1.0)
    text = (world.home / printed(world, "--dc", "zync")).read_text(encoding="utf-8")
    assert "zync=1260" in text
    (world.home / "hasty.sh").write_text(
        text.replace("zync=1260", "zync=1").replace("limit=15", "limit=1"), encoding="utf-8"
    )
    late = bash(world, "hasty.sh")
    assert late.code == 6, late.all
    assert "dc/zync: not ready within 1 s" in late.err
    # The rollout goes on meanwhile; the next run finds it under way, and the cluster away.
    world.faults("api-down")
    away = bash(world, "hasty.sh", POLL="0.01")
    assert away.code == 7
    assert "no usable answer" in away.err


def test_another_project_of_that_name_is_refused_before_the_first_change_and_before_each_wave(world: World) -> None:
    name = printed(world, *SMALL)
    before = world.objects()
    with open_cluster(world.directory) as cluster:
        namespace = cluster.store.objects["namespaces"]["/threescale"]
        uid, namespace["metadata"]["uid"] = namespace["metadata"]["uid"], "11111111-2222-3333-4444-555555555555"
        cluster.store.changed = True
    done = bash(world)
    assert (done.code, done.out) == (4, ""), done.all
    with open_cluster(world.directory) as cluster:
        cluster.store.objects["namespaces"]["/threescale"]["metadata"]["uid"] = uid
        cluster.store.changed = True
    assert world.objects() == before
    text = (world.home / name).read_text(encoding="utf-8")
    waves = [line for line in text.splitlines() if line.startswith("say '4, 5 wave")]
    assert len(waves) == 2
    assert all(line.endswith("&& right_place") for line in waves)


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
    world.faults("forbidden=create:secrets")
    refused = bash(world)
    assert refused.code == 4
    assert "no permission to create secrets" in refused.err
    world.faults()
    world.faults("login-expired")
    assert bash(world, POLL="0.01").code == 7
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


def test_no_script_is_printed_that_could_not_work(world: World) -> None:
    assert world.run("script").code == 2
    assert world.run("script", "--secret-file", "-", stdin=Path(world.secret).read_text(encoding="utf-8")).code == 2
    assert world.run("script", "--secret-file", world.secret, "-n", "default").code == 4
    assert world.run("script", "--secret-file", world.secret, "--expect-project", "other").code == 4


def test_it_is_printed_only_where_the_data_that_it_loses_may_be_lost_and_says_so_before_it_asks(world: World) -> None:
    refused = world.run("script", "--secret-file", world.secret)
    assert (refused.code, refused.out) == (4, "")
    assert "a script saves no data, and redeploying zync-database loses all of its data" in " ".join(
        refused.err.split()
    )
    assert "threescale-migrate script --lose-data zync-database" in refused.err
    assert world.run("script", "--secret-file", world.secret, *SMALL).code == 0
    printed(world)
    asked = world.program(["script", "-qec", "bash migrate.sh", "/dev/null"], "no\n", 120)
    lost = "zync-database: the data in its emptyDir is lost: zync-database-data. This changes project threescale"
    assert (asked.code, lost in asked.out) == (4, True), asked.all
