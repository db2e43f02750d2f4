"""What a dump becomes on its way into its file, and what is made of what psql says of it; no database is needed."""

from __future__ import annotations

from threescale_migrate.guide.dumps import Making, Table, differences, holds_rows, played, rows_in

# As pg_dumpall of PostgreSQL 10 prints it, which knows no \restrict and creates all databases before it fills any.
OLD = rb"""SET client_encoding = 'UTF8';
DROP DATABASE IF EXISTS zync_production;
DROP ROLE IF EXISTS postgres;
CREATE ROLE postgres;
CREATE ROLE zync;
CREATE DATABASE zync_production WITH TEMPLATE = template0 OWNER = zync;
\connect postgres
\connect zync_production
COPY entries (id, data) FROM stdin;
1	a\nb
2	\\connect x
\.
COPY public."It's" (a) FROM stdin;
\.
CREATE INDEX i ON entries (id);
-- PostgreSQL database cluster dump complete
"""
NEW = OLD.replace(b"DROP DATABASE", b"\\restrict k\nDROP DATABASE", 1).replace(
    b"CREATE DATABASE", b"\\unrestrict k\nCREATE DATABASE", 1
)


def made(text: bytes, size: int = 1 << 16) -> tuple[Making, list[str]]:
    making = Making()
    pieces = [line[at : at + size] for line in text.splitlines(keepends=True) for at in range(0, len(line), size)]
    return making, b"".join(making.ready(pieces, ["about"])).decode().splitlines()


def test_errors_are_let_pass_among_the_roles_alone() -> None:
    for text, first in ((OLD, "CREATE DATABASE"), (NEW, "CREATE DATABASE")):
        _, lines = made(text)
        switches = [
            (line.split()[-1], lines[at + 1].split()[0]) for at, line in enumerate(lines) if "ON_ERROR_STOP" in line
        ]
        assert [switch for switch, _ in switches] == ["on", "off", "on"]
        on = len(lines) - 1 - lines[::-1].index("\\set ON_ERROR_STOP on")
        assert lines[on + 1].startswith(first)
        assert lines.index("CREATE ROLE zync;") < on
        restricted = [at for at, line in enumerate(lines) if line.startswith(("\\restrict", "\\unrestrict"))]
        assert not restricted or not any(line.startswith("\\set") for line in lines[restricted[0] : restricted[1]])


def test_whoever_is_connected_is_kept_out_until_the_rows_are_counted() -> None:
    _, lines = made(NEW)
    at = lines.index("\\connect zync_production")
    assert lines[at + 1] == 'ALTER DATABASE :"DBNAME" CONNECTION LIMIT 0;'
    assert lines[lines.index("\\connect postgres") + 1] == "\\connect zync_production", "nobody works with that one"
    assert lines[-2:] == ['ALTER DATABASE :"DBNAME" CONNECTION LIMIT -1;', "SELECT 'threescale-migrate done';"]
    assert lines[-4:-2] == [
        "SELECT 'threescale-migrate rows', 0, count(*) FROM entries;",
        "SELECT 'threescale-migrate rows', 1, count(*) FROM public.\"It's\";",
    ] or lines[-4:-2] == [
        "SELECT 'threescale-migrate rows', 0, count(*) FROM public.\"It's\";",
        "SELECT 'threescale-migrate rows', 1, count(*) FROM entries;",
    ]


def test_rows_are_counted_however_long_they_are_and_half_a_dump_is_known() -> None:
    long = OLD.replace(b"a\\nb", b"x" * 300 + b"\\n\\.")
    for size in (1 << 16, 64):
        making, _ = made(long, size)
        assert making.whole
        assert {(table.name, table.rows) for table in making.found()} == {("entries", 2), ('public."It\'s"', 0)}
    assert not made(OLD[:-20])[0].whole
    assert not made(OLD.replace(b"\\.\nCREATE INDEX", b"CREATE INDEX"))[0].whole, "the end of a table is missing"


def test_what_is_not_as_before_is_named() -> None:
    kept = (Table("d", "public.a", 3), Table("d", "public.b", 1))
    said = "\nt\n1\nthreescale-migrate rows|0|3\nthreescale-migrate rows|1|0\n"
    assert played(said) is None, "it did not come to its end"
    counts = played(f"{said}threescale-migrate done\n")
    assert counts is not None
    assert [str(found) for found in differences(kept, counts)] == ["public.b of d: 0 rows, 1 in the dump"]
    assert len(differences(kept, {})) == 2


def test_who_lets_nobody_in_is_known_in_each_release() -> None:
    assert not made(OLD)[0].locked
    ten = OLD.replace(b"OWNER = zync;", b"OWNER = zync CONNECTION LIMIT = 0;")
    later = OLD.replace(
        b"\\connect postgres", b"ALTER DATABASE zync_production CONNECTION LIMIT = 0;\n\\connect postgres"
    )
    others = OLD.replace(b"OWNER = zync;", b"OWNER = zync CONNECTION LIMIT = 10;")
    assert [made(text)[0].locked for text in (ten, later, others)] == [True, True, False]
    copied = OLD.replace(b"1\ta", b"ALTER DATABASE x CONNECTION LIMIT = 0;\n1\ta")
    assert not made(copied)[0].locked, "it is a row"


def test_what_rails_keeps_for_itself_is_no_row_of_anybody() -> None:
    own = (Table("d", "public.schema_migrations", 3), Table("d", "public.ar_internal_metadata", 1))
    assert not holds_rows((*own, Table("d", "public.entries", 0)))
    assert holds_rows((*own, Table("d", "public.entries", 1)))


def test_two_dumps_are_compared_row_by_row_however_they_are_read() -> None:
    def rows(text: bytes, size: int = 1 << 16) -> object:
        pieces = [line[at : at + size] for line in text.splitlines(keepends=True) for at in range(0, len(line), size)]
        return rows_in(pieces)

    again = b"".join(Making().ready(OLD.splitlines(keepends=True), ()))
    long = OLD.replace(b"a\\nb", b"x" * 300)
    assert rows(long) == rows(long, 64)
    assert rows(OLD) == rows(again)
    assert rows(OLD) != rows(OLD.replace(b"a\\nb", b"a\\nc"))
    assert rows(OLD) != rows(OLD.replace(b"COPY entries", b"COPY others"))
