"""What a run owes: which events end it, and which do not."""

from __future__ import annotations

import json

import pytest

from threescale_migrate.cluster.state import EmptyDir
from threescale_migrate.guide.dumps import Table
from threescale_migrate.guide.kept_data import (
    BEGUN,
    FAILED,
    GIVEN_UP,
    RESTORED,
    TAKEN,
    UNNEEDED,
    DataKept,
    Owed,
    after,
    database,
    of_owed,
)
from threescale_migrate.values import Text


def kept(path: str, uid: str, config: str = "zync-database") -> DataKept:
    return DataKept(Text("why"), config, path, f"pod-of-{uid}", uid, (Table("d", "public.a", 3), Table("d", "b", 4)))


OLD, NEW = kept("/old.sql", "u1"), kept("/new.sql", "u2")


def taken(*dumps: DataKept) -> tuple[Owed, ...]:
    owed: tuple[Owed, ...] = ()
    for number, data in enumerate(dumps):
        owed = after(owed, TAKEN, data, f"run-{number}", f"2026-12-01T00:00:0{number}.000Z")
    return owed


def test_a_newer_dump_takes_the_place_of_one_of_the_same_pod_alone() -> None:
    again = kept("/again.sql", "u1")
    assert [owed.data.path for owed in taken(OLD, again)] == ["/again.sql"]
    assert [owed.data.path for owed in taken(OLD, NEW)] == ["/old.sql", "/new.sql"]
    assert len(taken(OLD, kept("/other.sql", "u1", "other"))) == 2


@pytest.mark.parametrize("end", [RESTORED, UNNEEDED, GIVEN_UP])
def test_what_ends_one_dump_leaves_the_others(end: str) -> None:
    left = after(taken(OLD, NEW), end, NEW, "run-9", "later", "u3")
    assert [owed.data for owed in left] == [OLD]


def test_an_attempt_is_remembered_by_its_pod_and_ends_nothing() -> None:
    owed = after(taken(OLD, NEW), BEGUN, OLD, "run-9", "later", "u3")
    owed = after(owed, FAILED, OLD, "run-9", "later", "u4")
    assert [(each.data.path, dict(each.tried)) for each in owed] == [
        ("/old.sql", {"u3": BEGUN, "u4": FAILED}),
        ("/new.sql", {}),
    ]


def test_what_is_owed_names_its_rows_file_run_and_time() -> None:
    (owed,) = taken(OLD)
    said = str(of_owed(owed).seen)
    for word in ("7 rows of 2 tables", "/old.sql", "run-0", "2026-12-01T00:00:00.000Z"):
        assert word in said


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ("/var/lib/pgsql/data", "PostgreSQL"),
        ("/var/lib/pgsql/", "PostgreSQL"),
        ("/var/lib/mysql/data", "MySQL"),
        ("/var/lib/redis/data", "Redis"),
        ("/var/lib/pgsql-backup", ""),
        ("/tmp/cache", ""),
    ],
)
def test_a_database_is_known_by_the_place_of_its_volume(path: str, known: str) -> None:
    assert database(EmptyDir("v", (path,))) == known
    assert database(EmptyDir("v")) == ""


@pytest.mark.parametrize("odd", [None, "x", [["d", "t"]], [["d", "t", "3"]], [["d", "t", 3, 4]], [3]])
def test_odd_tables_in_a_journal_are_no_tables(odd: object) -> None:
    line = json.loads(json.dumps({**OLD.kept(), "tables": odd}))
    with pytest.raises(ValueError, match="is no"):
        DataKept.revived(line)
