"""The PostgreSQL of the rehearsal's pods: its content, and the two programs that save and restore it."""

from __future__ import annotations

import pytest

from tests.conftest import World
from threescale_migrate.guide.dumps import Making
from threescale_migrate.guide.dumps import played as counts_in
from threescale_migrate.rehearsal import databases
from threescale_migrate.rehearsal.server import open_cluster

DUMP = ("exec", "dc/zync-database", "--", *databases.DUMP)
PLAY = ("exec", "-i", "dc/zync-database", "--", *databases.PLAY)
ALL = {name: len(rows) for name, _, rows in databases.SAMPLE}


def rows(world: World) -> dict[str, int]:
    with open_cluster(world.directory) as cluster:
        return databases.rows(cluster.store, "zync-database")


def prepared(dump: str) -> str:
    return b"".join(Making().ready([f"{line}\n".encode() for line in dump.split("\n")], ())).decode()


def test_a_redeployment_empties_it_and_what_was_dumped_is_played_back(world: World) -> None:
    assert rows(world) == ALL
    dumped = world.oc(*DUMP)
    assert dumped.code == 0, dumped.err
    world.oc("rollout", "latest", "dc/zync-database")
    world.settle()
    assert rows(world) == {}
    played = world.oc(*PLAY, stdin=prepared(dumped.out))
    assert played.code == 0, played.err
    assert counts_in(played.out) == dict(enumerate(count for _, count in sorted(ALL.items())))
    assert rows(world) == ALL
    assert world.oc(*DUMP).out == dumped.out


def test_what_is_read_without_i_is_nothing_and_other_programs_are_refused(world: World) -> None:
    dumped = world.oc(*DUMP).out
    assert world.oc("exec", "dc/zync-database", "--", *databases.PLAY, stdin=prepared(dumped)).out == ""
    other = world.oc("exec", "dc/zync-database", "--", "bash", "-c", "psql")
    assert (other.code, "nothing runs in the pods" in other.err) == (1, True)
    assert world.oc("exec", "dc/zync", "--", *databases.DUMP).code == 1
    unknown = world.oc(*PLAY, stdin="\\set ON_ERROR_STOP on\nVACUUM;\nSELECT 'never';\n")
    assert (unknown.code, unknown.out) == (3, "")
    assert unknown.err == (
        'psql:<stdin>:2: ERROR:  syntax error at or near "VACUUM"\ncommand terminated with exit code 3\n'
    )


@pytest.mark.parametrize(
    ("fault", "call", "code", "said"),
    [
        ("no-exec", DUMP, 1, "error: unable to upgrade connection"),
        ("no-pg-dumpall", DUMP, 127, "bash: pg_dumpall: command not found"),
        ("restore-fails", PLAY, 2, "server closed the connection unexpectedly"),
        ("pod-disk-full", PLAY, 3, "No space left on device"),
    ],
)
def test_a_fault_ends_a_program_as_on_a_real_cluster(
    world: World, fault: str, call: tuple[str, ...], code: int, said: str
) -> None:
    dumped = world.oc(*DUMP).out
    world.faults(f"{fault}=zync-database")
    done = world.oc(*call, stdin=prepared(dumped))
    assert (done.code, said in done.err) == (code, True), done.all
    if call == PLAY:
        assert rows(world) != ALL
        assert "CONNECTION LIMIT = 0" in world.oc(*DUMP).out, "nobody else is let in before all rows are back"


def test_a_dump_can_be_cut_off_and_a_restore_can_lose_a_row(world: World) -> None:
    dumped = world.oc(*DUMP).out
    world.faults("dump-cut=zync-database", "rows-lost=zync-database")
    cut = world.oc(*DUMP)
    assert (cut.code, "cluster dump complete" in cut.out) == (0, False)
    played = world.oc(*PLAY, stdin=prepared(dumped))
    assert (played.code, rows(world)) == (0, {**ALL, "entries": ALL["entries"] - 1})
