"""zync-database's content over a redeployment that empties it: saved whole or not at all, restored, compared."""

from __future__ import annotations

import json
import signal
import stat
import time
from pathlib import Path

import pytest

from tests.conftest import World
from tests.support.postgres import Postgres
from tests.support.postgres import postgres as postgres

CANARY = "row-canary-0815"
KEEP = ("--backup", "saved", "--dump", "zync-database", "--restore", "zync-database", "--dc", "zync-database")
TABLES = (
    "CREATE TABLE entries (id bigserial PRIMARY KEY, data text NOT NULL)",
    'CREATE TABLE "Odd Name" (a int)',
    "CREATE TABLE nothing (a int)",
    f"INSERT INTO entries (data) SELECT '{CANARY}' || n || E'\\n\\\\.\\n\\\\connect x' FROM generate_series(1, 500) n",
    'INSERT INTO "Odd Name" VALUES (1), (2), (NULL)',
    f"INSERT INTO entries (data) VALUES (repeat('{CANARY}-long-', 20000))",
)
ROWS = "SELECT md5(string_agg(id || data, ',' ORDER BY id)), count(*) FROM entries"


def pod_of(world: World) -> str:
    """The pod of zync-database that runs now."""
    return next(
        name.partition("/")[2]
        for name, pod in world.objects()["pods"].items()
        if "/zync-database-" in name and "-deploy" not in name and pod["status"].get("phase") == "Running"
    )


def filled(world: World, postgres: Postgres) -> str:
    """A world whose zync-database has rows; gives its pod."""
    world.faults(f"exec=zync-database={postgres.program}")
    pod = pod_of(world)
    postgres.sql(pod, *TABLES)
    return pod


def journals(world: World) -> str:
    return "".join(path.read_text() for path in world.journals)


@pytest.mark.long
def test_each_row_is_back_after_the_redeployment_while_zync_was_connected(world: World, postgres: Postgres) -> None:
    old = filled(world, postgres)
    before = postgres.sql(old, ROWS)
    (postgres.root / "visitor").touch()
    done = world.migrate(*KEEP)
    assert done.code == 0, done.all
    new = pod_of(world)
    assert new != old
    assert postgres.sql(new, ROWS) == before
    assert postgres.sql(new, 'SELECT count(*), count(a) FROM "Odd Name"') == "3|2\n"
    assert postgres.sql(new, "INSERT INTO entries (data) VALUES ('x') RETURNING id") == "502\n"
    # Who was let out is let in again.
    assert postgres.sql(new, "SELECT datconnlimit FROM pg_database WHERE datname = 'zync_production'") == "-1\n"
    saved = world.home / "saved"
    dump = saved / "zync-database.sql"
    assert stat.S_IMODE(dump.stat().st_mode) == 0o600
    assert sorted(path.name for path in saved.iterdir() if not path.name.endswith(".yaml")) == ["README.txt", dump.name]
    readme = (saved / "README.txt").read_text()
    assert "501 zync_production public.entries\n" in readme
    assert '3 zync_production public."Odd Name"\n' in readme
    assert "zync-database: restoring 504 rows of 3 tables" in done.err
    assert "each table has as many rows as before" in done.err
    assert CANARY in dump.read_text()
    assert CANARY not in done.all + journals(world) + readme
    assert '"event": "restored", "at"' in journals(world)


@pytest.mark.long
def test_a_restore_that_fails_leaves_the_dump_and_a_command_that_restores_it(world: World, postgres: Postgres) -> None:
    before = postgres.sql(filled(world, postgres), ROWS)
    (postgres.root / "broken").write_text(f'psql:<stdin>:77: ERROR:  duplicate key: "{CANARY}"\nDETAIL: {CANARY}\n')
    done = world.migrate(*KEEP)
    assert done.code == 5, done.all
    assert "zync-database: its content was not restored: psql stopped at line 77 of the dump" in done.err
    assert CANARY not in done.all + journals(world)
    command = next(line.strip() for line in done.err.splitlines() if line.strip().startswith("oc rsh"))
    assert "--namespace=threescale" in command
    assert "--context=" in command
    assert command.endswith(f"< {world.home}/saved/zync-database.sql")
    (postgres.root / "broken").unlink()
    by_hand = world.program(["bash", "-c", command])
    assert by_hand.code == 0, by_hand.all
    assert by_hand.err.count("ERROR") == 2, "the superuser's role alone is there already"
    assert postgres.sql(pod_of(world), ROWS) == before


def test_a_restore_with_a_row_less_is_no_success(world: World, postgres: Postgres) -> None:
    filled(world, postgres)
    lossy = postgres.root / "lossy"
    lossy.write_text(
        f'#!/bin/sh\ncase "$*" in *psql*) sed \'/^7\\t/d\' | exec {postgres.program} "$@";; esac\n'
        f'exec {postgres.program} "$@"\n'
    )
    lossy.chmod(0o755)
    world.faults()
    world.faults(f"exec=zync-database={lossy}")
    done = world.migrate(*KEEP)
    assert done.code == 5, done.all
    assert "public.entries of zync_production: 500 rows, 501 in the dump" in done.err
    assert "restore it by hand" in done.err


def stub(world: World, script: str) -> None:
    program = world.home / "pod.sh"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    world.faults(f"exec=zync-database={program}")


END = "-- PostgreSQL database cluster dump complete"


def test_nothing_is_restored_into_a_database_that_has_kept_its_content(world: World) -> None:
    """A claim outlives its pod: played back, the dump would take the place of what was written since."""
    claim = {"name": "zync-database-data", "emptyDir": None, "persistentVolumeClaim": {"claimName": "mysql-storage"}}
    patch = {"spec": {"template": {"spec": {"volumes": [claim]}}}}
    assert world.oc("patch", "dc", "zync-database", "--patch", json.dumps(patch)).code == 0
    world.settle()
    dump = f"COPY public.a (b) FROM stdin;\\n{CANARY}\\n\\\\.\\n\\n{END}\\n"
    stub(world, f"case \"$*\" in *psql*) touch {world.home}/played; exit 1;; esac\nprintf '{dump}'")
    done = world.migrate(*KEEP)
    assert done.code == 0, done.all
    assert "zync-database has kept its content: nothing is restored" in done.err
    assert not (world.home / "played").exists()


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (f"echo 'COPY public.a (b) FROM stdin;'; echo {CANARY}", "the output of oc is incomplete"),
        (
            f"echo '{END}'; echo 'pg_dump: error: the disk is on fire' >&2; exit 1",
            "pg_dump: error: the disk is on fire",
        ),
        (f"echo '{CANARY}' >&2; exit 7", "the program in the pod ended with exit code 7"),
    ],
)
def test_half_a_dump_is_none_and_nothing_is_changed(world: World, script: str, said: str) -> None:
    stub(world, script)
    for command in (
        ("backup", "saved", "--dump", "zync-database"),
        ("migrate", "--yes", *KEEP, "--secret-file", world.secret),
    ):
        done = world.run(*command)
        assert done.code == 1, done.all
        assert f"the content of zync-database could not be saved: {said}; nothing was changed" in done.err
        assert CANARY not in done.all
        assert not [path.name for path in world.home.iterdir() if "saved" in path.name]
    assert world.journals == []


def runs(pid: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_ctrl_c_ends_a_dump_with_what_runs_for_it_and_leaves_no_file(world: World) -> None:
    stub(world, f"echo $$ > {world.home}/pid; echo rows; exec sleep 60")
    running = world.popen("backup", "saved", "--dump", "zync-database", cwd=world.home)
    pid = world.home / "pid"
    ends = time.monotonic() + 30
    while not (pid.exists() and pid.read_text().strip()) and time.monotonic() < ends:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=20)
    assert running.returncode == 130
    assert not [path.name for path in world.home.iterdir() if "saved" in path.name]
    time.sleep(0.2)
    ends = time.monotonic() + 10
    while runs(int(pid.read_text())) and time.monotonic() < ends:
        time.sleep(0.05)
    assert not runs(int(pid.read_text()))


def test_who_may_not_look_into_pods_is_refused_before_anything_is_asked_of_them(world: World) -> None:
    stub(world, "echo never >&2; exit 1")
    world.faults("forbidden=create:pods/exec")
    done = world.run("backup", "saved", "--dump", "zync-database")
    assert done.code == 4, done.all
    assert "has no permission to create pods/exec, which --dump requires" in done.err
    refused = world.migrate(*KEEP)
    assert refused.code == 4, refused.all
    assert "has no permission to create pods/exec, which --dump requires" in refused.err
    assert world.journals == []
    assert not (world.home / "saved").exists()
    assert world.oc("delete", "dc/zync-database").code == 0
    gone = world.run("backup", "saved", "--dump", "zync-database")
    assert (gone.code, "it is not in this project" in gone.err) == (2, True), gone.all


def test_a_plan_that_empties_the_database_says_what_keeps_its_content(world: World) -> None:
    words = "migrate keeps it with --backup DIR --dump zync-database --restore zync-database"
    plan = world.run("plan", "--secret-file", world.secret)
    assert f"zync-database loses its content; {words}" in " ".join(plan.out.split())
    other = world.run("plan", "--secret-file", world.secret, "--dc", "zync")
    assert words not in " ".join(other.out.split())
