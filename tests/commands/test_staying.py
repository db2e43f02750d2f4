"""A run stays where it began: whoever changes the context in another terminal moves no command to another cluster."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.commands.test_looking import everything
from tests.conftest import World, copy_world, make_world

# Two clusters behind one `oc`: a call goes to the one that its --context names, else to the current context, which is another
# after the n-th call. What leads nowhere but into the kubeconfig reaches nobody.
TWO_CLUSTERS = """#!/usr/bin/env python3
import os, sys
args = sys.argv[1:]
with open({calls!r}, "a+") as file:
    file.write(" ".join(args) + "\\n")
    file.flush()
    file.seek(0)
    number = len(file.readlines())
moved = number > int(os.environ["MOVES_AFTER"])
named = next((arg.partition("=")[2] for arg in args if arg.startswith("--context=")), None)
if moved and named is None:
    if args[:1] != ["config"] and args[1:2] not in (["--show-server"], ["--show-context"]):
        open({reached!r}, "a").write(" ".join(args) + "\\n")
    os.environ.update(OC_REHEARSAL_DIR={other!r}, KUBECONFIG={kubeconfig!r})
    os.execv({oc_of_other!r}, [{oc_of_other!r}, *args])
os.execv({oc!r}, [{oc!r}, *args])
"""


def two_clusters(home: Path) -> tuple[World, World]:
    """A project of one config to be migrated, and another cluster with a project of the same name."""
    (home / "here").mkdir()
    here = make_world(home / "here", speed=1000.0)
    (home / "there").mkdir()
    there = make_world(home / "there", speed=1000.0)
    config = json.loads((there.directory / "kubeconfig").read_text(encoding="utf-8"))
    config["contexts"][0]["name"] = config["current-context"] = "other"
    (there.directory / "kubeconfig").write_text(json.dumps(config), encoding="utf-8")
    put_in_front(home, here, there)
    return here, there


def put_in_front(home: Path, here: World, there: World) -> None:
    """Puts the `oc` before both that leads to the one or the other; what it is called with is in `calls` below `home`."""
    front = home / "front"
    front.mkdir()
    (front / "oc").write_text(
        TWO_CLUSTERS.format(
            calls=str(home / "calls"),
            reached=str(home / "reached"),
            other=str(there.directory),
            kubeconfig=str(there.directory / "kubeconfig"),
            oc_of_other=str(there.directory / "bin" / "oc"),
            oc=str(here.directory / "bin" / "oc"),
        ),
        encoding="utf-8",
    )
    (front / "oc").chmod(0o755)
    here.environment["PATH"] = f"{front}:{here.environment['PATH']}"


COMMANDS = ("migrate", "undo", "verify", "plan", "preflight", "script", "step")


def arguments(world: World, command: str) -> list[str]:
    secret = ["--secret-file", world.secret]
    return {
        "migrate": ["migrate", "--yes", "--grace", "0.5", *secret, "--dc", "zync"],
        "undo": ["undo", "--yes", "--grace", "0.5"],
        "verify": ["verify", "--dc", "zync"],
        "plan": ["plan", *secret, "--dc", "zync"],
        "preflight": ["preflight", *secret, "--dc", "zync"],
        "script": ["script", *secret, "--dc", "zync"],
        "step": ["step", "service-account", "--check"],
    }[command]


@pytest.mark.parametrize("command", COMMANDS)
def test_whenever_the_context_is_changed_nothing_reaches_the_other_cluster(tmp_path: Path, command: str) -> None:
    """At the first call the change is seen before anything is asked: that run belongs to the other cluster altogether."""
    world, other = two_clusters(tmp_path)
    if command == "undo":
        assert world.run(*arguments(world, "migrate"), MOVES_AFTER="1000").code == 0
    (tmp_path / "calls").unlink(missing_ok=True)
    before = everything(other)
    done = world.run(*arguments(world, command), MOVES_AFTER="1")
    assert done.code in (0, 1, 3), done.all  # 1: it is not migrated
    assert not (tmp_path / "reached").exists(), (tmp_path / "reached").read_text(encoding="utf-8")
    assert everything(other) == before
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    # That every call but the first names both is the same as to try each N: none depends on what is current.
    for call in calls[1:]:
        assert "--context=" in call, call
        assert "--namespace=" in call, call
    if command == "migrate":
        assert len(calls) > 15


@pytest.mark.long
def test_after_whichever_call_of_a_migration_the_context_is_changed_nothing_reaches_the_other_cluster(
    tmp_path: Path,
) -> None:
    (tmp_path / "first").mkdir()
    _, other = two_clusters(tmp_path / "first")
    origin = tmp_path / "first" / "here"
    before = everything(other)

    def migrated(moves_after: int) -> int:
        """Migrates a copy; gives the number of calls."""
        home = tmp_path / str(moves_after)
        world = copy_world(origin, home / "here")
        put_in_front(home, world, other)
        done = world.run(*arguments(world, "migrate"), MOVES_AFTER=str(moves_after))
        assert done.code == 0, (moves_after, done.all)
        assert not (home / "reached").exists(), (moves_after, (home / "reached").read_text(encoding="utf-8"))
        assert world.accounts()["zync"] == {"amp"}
        shutil.rmtree(home / "here" / "cluster")
        return len((home / "calls").read_text(encoding="utf-8").splitlines())

    calls = migrated(10_000)
    assert calls > 30
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(migrated, range(1, calls)))
    assert everything(other) == before


def logs_in_elsewhere(world: World, reads: int) -> None:
    """From then on `oc login` writes another server under the name of the context, once the kubeconfig was read so often."""
    front = world.home / "front"
    front.mkdir()
    real = world.directory / "bin" / "oc"
    (front / "oc").write_text(
        f"""#!/usr/bin/env python3
import os, subprocess, sys
args = sys.argv[1:]
if args[:2] == ["config", "view"]:
    said = subprocess.run([{str(real)!r}, *args], capture_output=True, text=True).stdout
    times = {str(world.home / "times")!r}
    open(times, "a").write(".")
    if os.path.getsize(times) > {reads}:
        said = said.replace("api.cluster.example.test", "api.other.example.test")
    sys.stdout.write(said)
    sys.exit(0)
os.execv({str(real)!r}, [{str(real)!r}, *args])
""",
        encoding="utf-8",
    )
    (front / "oc").chmod(0o755)
    world.environment["PATH"] = f"{front}:{world.environment['PATH']}"


ELSEWHERE = "oc now talks to https://api.other.example.test:6443"


def test_a_login_under_the_same_name_is_noticed_before_the_first_change(tmp_path: Path) -> None:
    """Between the question and its answer, say."""
    world = make_world(tmp_path, speed=1000.0)
    logs_in_elsewhere(world, reads=1)
    before = everything(world)
    done = world.migrate("--dc", "zync")
    assert done.code == 4, done.all
    assert ELSEWHERE in " ".join(done.err.split())
    assert everything(world) == before
    assert world.journals == []


@pytest.mark.parametrize(("done_before", "reads", "code"), [((), 2, 1), (("registry-secret", "service-account"), 2, 4)])
def test_a_login_under_the_same_name_before_the_first_wave_ends_the_run_as_its_journal_says(
    tmp_path: Path, done_before: Sequence[str], reads: int, code: int
) -> None:
    """After the first change it is a failure, before it a refusal."""
    world = make_world(tmp_path, speed=1000.0)
    for step in done_before:
        secret = ("--secret-file", world.secret) if step == "registry-secret" else ()
        assert world.run("step", step, "--yes", *secret).code == 0
    before = everything(world)
    logs_in_elsewhere(world, reads)
    # A backup takes its time: then the project and the place are looked at once more.
    more = ("--backup", str(tmp_path / "saved")) if done_before else ()
    done = world.migrate("--dc", "zync", *more)
    assert done.code == code, done.all
    assert ELSEWHERE in " ".join(done.err.split())
    assert (everything(world) == before) == (code == 4)
    last = json.loads(world.journals[-1].read_bytes().splitlines()[-1])
    assert (last["event"], last["exit_code"]) == ("finish", code)


def test_a_login_under_the_same_name_after_the_first_changes_of_an_undo_is_noticed_before_its_first_wave(
    tmp_path: Path,
) -> None:
    """What was looked at before a change says nothing about the place after it."""
    world = make_world(tmp_path, speed=1000.0)
    # With a hook, the account default has the pull secret too, which an undo unlinks before its waves.
    assert world.migrate("--dc", "system-app").code == 0
    logs_in_elsewhere(world, reads=1_000_000)
    front = world.home / "front" / "oc"
    lines = front.read_text(encoding="utf-8").splitlines()
    moved = str(world.home / "moved")
    at = lines.index("args = sys.argv[1:]") + 1
    lines.insert(at, f"if 'unlink' in args: open({moved!r}, 'w').close()")
    text = "\n".join(lines).replace("os.path.getsize(times) > 1000000", f"os.path.exists({moved!r})")
    front.write_text(text + "\n", encoding="utf-8")
    done = world.run("undo", "--yes")
    assert (world.home / "moved").exists()
    assert done.code == 1, done.all
    assert ELSEWHERE in " ".join(done.err.split())
    assert world.accounts()["system-app"] == {"amp"}


def test_the_printed_script_names_the_context_that_held(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    context = json.loads((world.directory / "kubeconfig").read_text(encoding="utf-8"))["current-context"]
    printed = world.run("script", "--secret-file", world.secret, "--dc", "zync")
    assert printed.code == 0
    assert f"--context={context}" in printed.out


def test_a_plan_shows_the_commands_as_they_are_run(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    context = json.loads((world.directory / "kubeconfig").read_text(encoding="utf-8"))["current-context"]
    found = world.run("plan", "--secret-file", world.secret, "--dc", "zync", "-o", "json").json()
    for action in found["actions"]:
        assert f"--context={context}" in action["argv"]
        assert "--namespace=threescale" in action["argv"]


# Someone refuses once the first change is made: what plans before a wave may, and nothing on the way turns it into a failure.
REFUSES = """
import sys
from threescale_migrate.cli.main import main
from threescale_migrate.engine import migration
from threescale_migrate.values import Refused, Text

def refuses(run, gates):
    run.journal.number = {changes}
    raise Refused(Text("not here"))

migration.migrate = refuses
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize(("changes", "code"), [(0, 4), (1, 1)])
def test_a_refusal_ends_the_run_as_its_journal_says_before_and_after_the_first_change(
    tmp_path: Path, changes: int, code: int
) -> None:
    world = make_world(tmp_path)
    line = ["migrate", "--yes", "--dc", "zync", "--secret-file", world.secret]
    done = world.program([sys.executable, "-c", REFUSES.format(changes=changes), *line])
    last = json.loads(world.journals[-1].read_bytes().splitlines()[-1])
    assert (done.code, last["event"], last["exit_code"]) == (code, "finish", code)
