"""Data that a redeployment empties: saved whole before it or not at all, restored, compared, and named until it is."""

from __future__ import annotations

import json
import signal
import stat
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import World
from tests.support.data import ALL, DUMP, NAME, ONLY, PATCH, PLAY, events, killed_at, owed_first, rows, store_a_row
from tests.support.front import Front
from tests.support.in_process import Ending, Really
from tests.support.postgres import Postgres
from tests.support.postgres import postgres as postgres
from threescale_migrate.rehearsal.server import open_cluster

CANARY = "row-canary-0815"
KEEP = ("--keep-data-in", "saved", *ONLY)
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
    (dump,) = saved.iterdir()
    assert stat.S_IMODE(dump.stat().st_mode) == 0o600
    assert stat.S_IMODE(saved.stat().st_mode) == 0o700
    assert "zync-database: restoring 504 rows of 3 tables" in done.err
    assert "each table has as many rows as before" in done.err
    assert CANARY in dump.read_text()
    assert CANARY not in done.all + journals(world)
    assert events(world) == ["taken", "begun", "restored"]


@pytest.mark.long
def test_a_restore_that_fails_leaves_the_dump_and_a_command_that_restores_it(world: World, postgres: Postgres) -> None:
    before = postgres.sql(filled(world, postgres), ROWS)
    (postgres.root / "broken").write_text(f'psql:<stdin>:77: ERROR:  duplicate key: "{CANARY}"\nDETAIL: {CANARY}\n')
    done = world.migrate(*KEEP)
    assert done.code == 5, done.all
    assert "zync-database: its data was not restored, or not all of it: psql stopped at line 77 of the dump" in done.err
    assert CANARY not in done.all + journals(world)
    command = next(line.strip() for line in done.err.splitlines() if line.strip().startswith("oc rsh"))
    assert "--namespace=threescale" in command
    assert "--context=" in command
    (dump,) = (world.home / "saved").iterdir()
    assert command.endswith(f"< {dump}")
    (postgres.root / "broken").unlink()
    by_hand = world.program(["bash", "-c", command])
    assert by_hand.code == 0, by_hand.all
    assert by_hand.err.count("ERROR") == 2, "the superuser's role alone is there already"
    assert postgres.sql(pod_of(world), ROWS) == before
    assert "not restored" in world.run("verify", *ONLY).all, "a command that looks does not read the database"
    known = world.run("restore", "--yes")
    assert (known.code, "each row of the file is in its database already" in known.err) == (0, True), known.all
    assert "not restored" not in world.run("verify", *ONLY).all
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
    assert "threescale-migrate restore" in done.err


def dumps(world: World) -> list[Path]:
    """The files that runs have left beside their journals."""
    return sorted((world.home / "state").rglob("*.sql"))


def accounts(world: World) -> set[str]:
    return world.accounts()[NAME]


def test_the_rows_are_the_same_after_a_migration_and_after_its_undo(world: World) -> None:
    done = world.migrate()
    assert (done.code, rows(world)) == (0, ALL), done.all
    assert "zync-database: each table has as many rows as before" in done.err
    (file,) = dumps(world)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    undone = world.run("undo", "--yes")
    assert (undone.code, rows(world), accounts(world)) == (0, ALL, {"default"}), undone.all
    assert "its data was kept: 22 rows of 6 tables, as many as before" in undone.out
    (other,) = dumps(world)
    assert other != file, "what was restored by an earlier run is removed once the next one has succeeded"
    assert world.run("verify").code == 1
    assert events(world) == 2 * ["taken", "begun", "restored"]


def test_a_step_alone_keeps_the_rows_too(world: World) -> None:
    for name in ("registry-secret", "service-account", "deployment-configs"):
        given = ("--secret-file", world.secret) if name == "registry-secret" else ()
        done = world.run("step", name, "--yes", *given)
        assert done.code == 0, done.all
    assert (rows(world), accounts(world)) == (ALL, {"amp"})


def test_nothing_is_saved_of_a_database_whose_volume_outlives_its_pod(world: World) -> None:
    claim = {"name": "zync-database-data", "emptyDir": None, "persistentVolumeClaim": {"claimName": "mysql-storage"}}
    patch = {"spec": {"template": {"spec": {"volumes": [claim]}}}}
    assert world.oc("patch", "dc", NAME, "--patch", json.dumps(patch)).code == 0
    world.settle()
    front = Front(world)
    done = world.migrate(*ONLY)
    assert done.code == 0, done.all
    assert not front.of("exec")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("no-exec", "error: unable to upgrade connection"),
        ("no-pg-dumpall", "bash: pg_dumpall: command not found"),
        ("dump-cut", "the output of oc is incomplete"),
    ],
)
def test_what_cannot_be_saved_whole_is_not_redeployed(world: World, fault: str, said: str) -> None:
    world.faults(f"{fault}={NAME}")
    done = world.migrate(*ONLY)
    assert done.code == 4, done.all
    assert f"zync-database is not redeployed, since its data cannot be saved: {said}" in " ".join(done.err.split())
    assert "--lose-data zync-database" in done.err
    assert (rows(world), accounts(world), dumps(world), events(world)) == (ALL, {"default"}, [], [])
    world.faults()
    assert world.migrate(*ONLY).code == 0
    assert rows(world) == ALL


def test_who_may_not_look_into_pods_is_refused_before_the_first_change(world: World) -> None:
    world.faults("forbidden=create:pods/exec")
    done = world.migrate(*ONLY)
    assert done.code == 4, done.all
    assert "cannot create pods/exec" in " ".join(done.err.split())
    assert world.journals == []
    lost = world.migrate(*ONLY, "--lose-data", NAME)
    assert (lost.code, rows(world)) == (0, {}), lost.all


def test_a_right_that_is_lost_later_leaves_the_config_as_it_is(world: World) -> None:
    refused = (
        1,
        "",
        'Error from server (Forbidden): pods "x" is forbidden: User "a" cannot create resource "pods/exec"\n',
    )
    front = Front(world).instead(DUMP, refused)
    done = world.migrate(*ONLY)
    assert done.code == 4, done.all
    assert "pods/exec" in done.err
    assert (rows(world), changed(front)) == (ALL, [])


def changed(front: Front) -> list[str]:
    """The patches that were made."""
    return [call for call in front.of(PATCH) if "--dry-run" not in call]


def test_a_disk_that_is_full_while_oc_writes_leaves_the_config_as_it_is(world: World) -> None:
    front = Front(world).instead(DUMP, (1, "", "error: write /dev/stdout: no space left on device\n"))
    done = world.migrate(*ONLY)
    assert done.code == 4, done.all
    assert "its data cannot be saved: error: write /dev/stdout: no space left on device" in " ".join(done.err.split())
    assert (rows(world), changed(front), dumps(world)) == (ALL, [], [])


def test_a_directory_that_cannot_be_written_by_then_leaves_the_config_as_it_is(world: World) -> None:
    saved = world.home / "saved"

    def taken_away(args: Sequence[str], really: Really) -> Ending:
        saved.write_text("a file by now")
        return really(args)

    front = Front(world).instead("create -f -", taken_away)
    done = world.migrate(*ONLY, "--keep-data-in", "saved")
    assert done.code == 4, done.all
    assert "zync-database is not redeployed, since its data cannot be saved" in " ".join(done.err.split())
    assert (rows(world), changed(front)) == (ALL, [])
    before = len(world.journals)
    assert world.migrate(*ONLY, "--keep-data-in", "saved").code == 2
    assert len(world.journals) == before


def test_a_pod_that_dies_while_it_is_saved_is_not_taken_for_whole(world: World) -> None:
    def dies(args: Sequence[str], really: Really) -> Ending:
        _, out, _ = really(args)
        return 137, out, "command terminated with exit code 137\n"

    front = Front(world).instead(DUMP, dies)
    done = world.migrate(*ONLY)
    assert done.code == 4, done.all
    assert (changed(front), dumps(world), events(world)) == ([], [], [])


def test_a_pod_that_dies_while_it_is_filled_is_filled_in_the_pod_that_follows(world: World) -> None:
    def dies(args: Sequence[str], really: Really) -> Ending:
        pod = args[2]
        assert world.oc("delete", "pod", pod).code == 0
        return 1, "", "error: unable to upgrade connection: container not found\n"

    front = Front(world).instead(PLAY, dies)
    done = world.migrate(*ONLY)
    assert done.code == 5, done.all
    assert rows(world) == ALL or "threescale-migrate restore" in done.err
    front.leave()
    world.settle()
    again = world.migrate(*ONLY)
    assert (again.code, rows(world)) == (0, ALL), again.all


@pytest.mark.processes
def test_a_second_ctrl_c_ends_a_dump_which_counts_for_nothing_and_leaves_the_config_as_it_is(world: World) -> None:
    program = world.home / "pod.sh"
    program.write_text(f"#!/bin/sh\necho $$ > {world.home}/pid; echo rows; exec sleep 60\n")
    program.chmod(0o755)
    world.faults(f"exec={NAME}={program}")
    running = world.popen(*world.migration(*ONLY), cwd=world.home)
    pid = world.home / "pid"
    ends = time.monotonic() + 60
    while not (pid.exists() and pid.read_text().strip()) and time.monotonic() < ends:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    assert running.stderr is not None
    heard = any("press Ctrl-C again" in line for line in running.stderr)  # up to that line
    assert heard
    running.send_signal(signal.SIGINT)
    running.communicate(timeout=20)
    assert running.returncode == 130
    assert (dumps(world), accounts(world)) == ([], {"default"})
    world.faults()
    assert world.migrate("--dc", "zync").code == 0
    assert list((world.home / "state").rglob("*.part")) == [], "the next success removes what was left behind"


@pytest.mark.parametrize("fault", ["restore-fails", "pod-disk-full", "rows-lost"])
@pytest.mark.parametrize("next", ["migrate", "undo", "restore"])
def test_a_restore_that_fails_is_said_until_its_rows_are_back(world: World, fault: str, next: str) -> None:
    world.faults(f"{fault}={NAME}")
    done = world.migrate(*ONLY)
    assert done.code == 5, done.all
    words = " ".join(done.err.split())
    assert "zync-database: its data was not restored, or not all of it" in words
    (file,) = dumps(world)
    assert str(file) in done.err.replace("\n", "")
    assert "threescale-migrate restore" in done.err
    assert rows(world) != ALL
    verified = world.run("verify", *ONLY)
    assert (verified.code, owed_first(verified)) == (1, True), verified.all
    assert owed_first(world.run("history"))
    world.faults()
    commands = {"migrate": world.migration(*ONLY), "undo": ("undo", "--yes"), "restore": ("restore", "--yes")}
    again = world.run(*commands[next])
    assert owed_first(again), again.all
    if (
        fault == "rows-lost" and next != "restore"
    ):  # its database is open, and holds rows: they are not replaced unasked
        assert again.code == 1, again.all
        assert owed_first(world.run("verify", *ONLY))
        restored = world.run("restore", "--yes")
        assert restored.code == 0, restored.all
    else:
        assert again.code == 0, again.all
    assert rows(world) == ALL
    assert "not restored" not in world.run("verify", *ONLY).all


MOMENTS = {
    "before the dump": (DUMP, False),
    "after the dump": (DUMP, True),
    "before the patch": (PATCH, False),
    "after the patch": (PATCH, True),
    "before the restore": (PLAY, False),
    "after the restore": (PLAY, True),
}


# The two in which the data is in the file alone, each day.
WORST = ("after the patch", "before the restore")
WORST_EACH_DAY = [moment if moment in WORST else pytest.param(moment, marks=pytest.mark.long) for moment in MOMENTS]


@pytest.mark.parametrize("at_rest", [False, pytest.param(True, marks=pytest.mark.long)])
@pytest.mark.parametrize("next", ["migrate", "undo", pytest.param("restore", marks=pytest.mark.long)])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_that_is_killed_loses_no_row(world: World, moment: str, next: str, at_rest: bool) -> None:
    words, done = MOMENTS[moment]
    killed_at(world, words, done, *world.migration(*ONLY))
    if at_rest:
        world.settle()
    looked = world.run("verify", *ONLY)
    assert rows(world) == ALL or owed_first(looked), looked.all
    if rows(world) != ALL:
        assert owed_first(world.run("history"))
    commands = {"migrate": world.migration(*ONLY), "undo": ("undo", "--yes"), "restore": ("restore", "--yes")}
    again = world.run(*commands[next])
    if rows(world) != ALL:  # its rollout is under way
        assert owed_first(again), again.all
        world.settle()
        again = world.run(*commands[next])
    assert (again.code, rows(world)) == (0, ALL), again.all
    assert world.migrate().code == 0
    assert rows(world) == ALL
    assert "not restored" not in world.run("verify").all + world.run("history").all


@pytest.mark.parametrize("moment", WORST_EACH_DAY)
def test_an_undo_that_is_killed_loses_no_row(migrated_world: World, moment: str) -> None:
    world = migrated_world
    words, done = MOMENTS[moment]
    killed_at(world, words, done, "undo", "--yes")
    looked = world.run("verify")
    assert rows(world) == ALL or owed_first(looked), looked.all
    again = world.run("undo", "--yes")
    assert (again.code, rows(world), accounts(world)) == (0, ALL, {"default"}), again.all


def test_what_was_stored_since_is_not_replaced_unasked(world: World) -> None:
    killed_at(world, PLAY, False, *world.migration(*ONLY))
    world.settle()
    store_a_row(world)
    done = world.migrate(*ONLY)
    assert (done.code, rows(world)) == (1, {"entries": 1}), done.all
    assert owed_first(done)
    assert "holds rows that were stored since" in " ".join(done.err.split())
    undone = world.run("undo", "--yes")
    assert (undone.code, rows(world)) == (1, {"entries": 1}), undone.all
    assert owed_first(undone)
    restored = world.run("restore", "--yes")
    assert (restored.code, rows(world)) == (0, ALL), restored.all
    (replaced,) = [path for path in dumps(world) if "-replaced" in path.name]
    assert "99\tApplication" in replaced.read_text()


def test_an_empty_database_never_takes_the_place_of_what_was_saved(world: World) -> None:
    """Between the restore of what an earlier run has saved and the redeployment the database is emptied once more."""
    killed_at(world, PLAY, False, *world.migration(*ONLY))
    world.settle()
    world.faults(f"restore-fails={NAME}")
    undone = world.run("undo", "--yes")
    assert undone.code == 1, undone.all
    assert (len(dumps(world)), events(world).count("taken")) == (1, 1), "what is there now holds less"
    world.faults()
    assert (world.migrate(*ONLY).code, rows(world)) == (0, ALL)


@pytest.mark.parametrize("wave", [1, 2, 5, *(pytest.param(wave, marks=pytest.mark.long) for wave in (3, 4, 6, 7))])
def test_on_failure_undo_keeps_the_rows_at_each_wave(world: World, wave: int) -> None:
    count = world.home / "waves"
    gate = f"echo x >> {count}; test $(wc -l < {count}) -lt {wave}"
    done = world.migrate("--on-failure", "undo", "--gate", gate)
    assert done.code == 5, done.all
    assert "everything is as before" in " ".join(done.all.split())
    assert (rows(world), accounts(world)) == (ALL, {"default"})
    assert "not restored" not in done.all


@pytest.mark.parametrize("then", ["stop", "undo"])
def test_a_rollout_of_the_database_that_fails_loses_no_row(world: World, then: str) -> None:
    world.faults(f"image-pull={NAME}")
    done = world.migrate(*ONLY, "--on-failure", then)
    assert done.code == 5, done.all
    assert rows(world) == ALL or "not restored" in done.err, done.all
    world.faults()
    again = world.migrate(*ONLY)
    assert (again.code, rows(world)) == (0, ALL), again.all


def test_data_that_may_be_lost_is_said_to_be_before_and_after_and_nothing_is_asked(world: World) -> None:
    plan = world.run("plan", "--secret-file", world.secret, *ONLY, "--lose-data", NAME)
    assert "the data in its emptyDir is lost: zync-database-data" in " ".join(plan.out.split())
    front = Front(world)
    done = world.migrate(*ONLY, "--lose-data", NAME)
    assert (done.code, rows(world)) == (0, {}), done.all
    assert not front.of("exec")
    before, _, _ = done.err.partition("oc create")
    assert "zync-database: the data in its emptyDir is lost: zync-database-data" in " ".join(before.split())
    assert "the data in its emptyDir is lost, as --lose-data allows" in " ".join(done.out.split())


def test_what_was_saved_is_given_up_where_the_user_says_so(world: World) -> None:
    killed_at(world, PLAY, False, *world.migration(*ONLY))
    world.settle()
    done = world.migrate(*ONLY, "--lose-data", NAME)
    assert (done.code, rows(world)) == (0, {}), done.all
    assert "not restored, as --lose-data says; its data is kept in" in " ".join(done.err.split())
    assert "not restored" not in world.run("verify", *ONLY).all
    assert len(dumps(world)) == 1, "the last copy of it is never removed"


def on_an_empty_dir(world: World, name: str, path: str) -> None:
    volume = {"name": "its-data", "emptyDir": {}}
    container = json.loads(world.oc("get", "dc", name, "-o", "json").out)["spec"]["template"]["spec"]["containers"][0]
    more = {"name": container["name"], "volumeMounts": [{"name": "its-data", "mountPath": path}]}
    patch = {"spec": {"template": {"spec": {"volumes": [volume], "containers": [more]}}}}
    assert world.oc("patch", "dc", name, "--patch", json.dumps(patch)).code == 0
    world.settle()


def test_a_database_that_cannot_be_saved_is_refused_and_any_other_volume_is_named(world: World) -> None:
    on_an_empty_dir(world, "backend-redis", "/var/lib/redis/data")
    on_an_empty_dir(world, "zync", "/tmp/cache")
    lost = "loses its data, which cannot be saved: Redis in an emptyDir"
    done = world.migrate()
    assert done.code == 4, done.all
    assert lost in " ".join(done.err.split())
    assert "--lose-data backend-redis" in done.err
    assert world.journals == []
    step = world.run("step", "deployment-configs", "--yes")
    assert step.code != 0
    given = world.migrate("--lose-data", "backend-redis", "--dc", "zync,backend-redis")
    assert given.code == 0, given.all
    before = " ".join(given.err.partition("oc create")[0].split())
    assert "zync: the data in its emptyDir is lost: its-data" in before
    assert "backend-redis: the data in its emptyDir is lost: its-data" in before
    undone = world.run("undo", "--yes")
    assert undone.code == 4, undone.all
    assert lost in " ".join(undone.err.split())


def test_the_plan_and_the_undo_say_that_the_data_is_kept(world: World) -> None:
    kept = "zync-database: its data is saved just before it is redeployed, and restored after"
    assert kept in " ".join(world.run("plan", "--secret-file", world.secret).out.split())
    assert world.migrate(*ONLY).code == 0
    assert kept in " ".join(world.run("undo", "--dry-run").out.split())


def test_nothing_is_restored_where_nothing_is_owed(world: World) -> None:
    done = world.run("restore", "--yes")
    assert (done.code, "nothing to restore" in done.out) == (0, True), done.all
    assert world.journals == []


def test_no_row_is_shown_or_journaled(world: World) -> None:
    world.faults(f"pod-disk-full={NAME}")
    done = world.migrate(*ONLY)
    assert "https://master.example.test" not in done.all + journals(world) + world.run("verify").all


def test_a_report_names_first_what_is_not_restored(world: World) -> None:
    report = world.home / "report.md"
    world.faults(f"pod-disk-full={NAME}")
    done = world.migrate(*ONLY, "--report", str(report))
    assert done.code == 5, done.all
    (file,) = dumps(world)
    text = report.read_text()
    assert "its data was not restored by the end of this run: 22 rows of 6 tables" in " ".join(text.split())
    assert file.name in text
    assert "threescale-migrate restore" in text
    world.faults()
    restored = world.run("restore", "--yes", "--report", str(report))
    assert restored.code == 0, restored.all
    assert "Restoring data in project threescale" in report.read_text()
    verified = world.run("verify", *ONLY, "--report", str(report))
    assert verified.code == 0, verified.all


def test_a_plan_says_first_what_is_not_restored(world: World) -> None:
    killed_at(world, PLAY, False, *world.migration(*ONLY))
    world.settle()
    planned = world.run("plan", *ONLY)
    assert (planned.code, owed_first(planned)) == (3, True), planned.all


def test_what_another_project_of_that_name_has_saved_is_not_restored(world: World) -> None:
    """A journal counts for the project with its uid alone."""
    killed_at(world, PLAY, False, *world.migration(*ONLY))
    world.settle()
    with open_cluster(world.directory) as cluster:
        namespace = cluster.store.get("namespaces", None, "threescale")
        assert namespace is not None
        namespace["metadata"]["uid"] = "another"
        cluster.store.put("namespaces", namespace)
    assert "not restored" not in world.run("verify", *ONLY).all
    restored = world.run("restore", "--yes")
    assert "nothing to restore" in restored.out
    assert rows(world) == {}


@pytest.mark.parametrize("command", ["plan", "migrate", "undo"])
def test_a_name_that_the_project_does_not_have_may_not_be_lost(
    migrated_world: World, world: World, command: str
) -> None:
    """Whoever mistypes it believes that of another config to be meant."""
    place = migrated_world if command == "undo" else world
    secret = () if command == "undo" else ("--secret-file", world.secret)
    yes = () if command == "plan" else ("--yes",)
    before = place.objects()["deploymentconfigs"]
    done = place.run(command, *secret, *yes, "--lose-data", "zync-databse")
    assert done.code == 2, done.all
    assert "no DeploymentConfig zync-databse in project threescale: check the spelling" in " ".join(done.err.split())
    assert place.objects()["deploymentconfigs"] == before
