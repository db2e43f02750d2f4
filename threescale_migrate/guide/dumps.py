"""The content of a database that a redeployment empties: how it is dumped, prepared to be restored, and compared.

3scale's templates keep zync-database's data in an emptyDir, so that a new pod begins with an empty database
(fact 19). Pure: it reads no file and runs nothing; `engine/dumping.py` does.

What `pg_dumpall -c --if-exists` prints (fact 30) cannot be restored while zync is running: its databases cannot
be dropped while somebody is connected, and rows that zync adds meanwhile would be counted as the dump's. So the dump is prepared
on its way into the file: the file itself keeps others out of the databases, stops at the first error that counts, prints at
its end how many rows each table has, and lets others in again. By hand it is restored with `psql` alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from ..cluster.allowed_calls import DUMP
from ..values import Text

# A workstation dumps a gigabyte in a minute or two; zync's content is a few megabytes.
SECONDS = 3600.0
# psql connects over the pod's own socket, as the user that the image runs as, which is the database's superuser. Terse, since a
# longer error message can quote a row.
PLAY = ("bash", "-c", "psql -X -q -A -t -v VERBOSITY=terse -d postgres")
_OURS = "threescale-migrate rows"
_DONE = "threescale-migrate done"
# The databases of each PostgreSQL cluster, which 3scale does not use.
_OWN = "('postgres', 'template0', 'template1')"
_HEAD = f"""\\set ON_ERROR_STOP on
DO $do$ DECLARE d name; BEGIN
  FOR d IN SELECT datname FROM pg_database WHERE datname NOT IN {_OWN} LOOP
    EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 0', d);
  END LOOP;
END $do$;
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname NOT IN {_OWN} AND pid <> pg_backend_pid();
\\set ON_ERROR_STOP off
"""
_STRICT = b"\\set ON_ERROR_STOP on\n"
_ALONE = (
    b'ALTER DATABASE :"DBNAME" CONNECTION LIMIT 0;\n'
    b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :'DBNAME' AND pid <> pg_backend_pid();\n"
)
_OPEN = b'ALTER DATABASE :"DBNAME" CONNECTION LIMIT -1;\n'
# What pg_dump writes before and after the rows of a table.
_COPY = re.compile(rb"COPY (.+?) (?:\(.*\) )?FROM stdin;\n")
_CONNECT = re.compile(rb"\\connect (.+)\n")
_CREATE = re.compile(rb"CREATE DATABASE (\"(?:[^\"]|\"\")+\"|\S+)")
# PostgreSQL 10 says it as the database is created, 11 and later by itself.
_LOCKED = re.compile(rb"(?:CREATE|ALTER) DATABASE .* CONNECTION LIMIT = 0;\n")
_END = b"-- PostgreSQL database cluster dump complete\n"


@dataclass(frozen=True)
class Table:
    """A table of a dump, as the dump spells it, and how many rows of it are in there."""

    database: str
    name: str
    rows: int


@dataclass
class Making:
    """Prepares a dump while it is read, line by line. `tables` are those seen so far, `whole` whether its end was seen, `locked`
    whether a database lets nobody in: a restore that has not come to its end leaves it so."""

    tables: dict[tuple[bytes, bytes], int] = field(default_factory=dict)
    whole: bool = False
    locked: bool = False

    def ready(self, pieces: Iterable[bytes], about: Iterable[str]) -> Iterator[bytes]:
        """The file's lines. `pieces` are the dump's, each one line, or a part of one that is very long; `about` are comments."""
        yield "".join(f"-- {line}\n" for line in about).encode()
        yield _HEAD.encode()
        database, created, roles, strict, restricted = b"", {b""}, False, False, False
        copying: tuple[bytes, bytes] | None = None
        begins = True
        for piece in pieces:
            line, begins = piece if begins else b"", piece.endswith(b"\n")
            if copying is not None:
                if line == b"\\.\n":
                    copying = None
                elif line:
                    self.tables[copying] += 1
                yield piece
                continue
            # After \\restrict, psql accepts no \\set and no \\connect until \\unrestrict.
            restricted = (restricted or line.startswith(b"\\restrict ")) and not line.startswith(b"\\unrestrict ")
            # Errors are ignored only among the roles: the superuser, whose session this is, cannot be dropped and already exists.
            ends_roles = line.startswith((b"\\unrestrict ", b"CREATE DATABASE ", b"\\connect "))
            late = line.startswith(b"\\unrestrict ")
            roles = roles or line.startswith(b"CREATE ROLE ")
            now_strict = roles and not strict and ends_roles and not restricted
            if now_strict and not late:
                yield _STRICT
            yield piece
            if now_strict and late:
                yield _STRICT
            strict = strict or now_strict
            self.locked = self.locked or _LOCKED.match(line) is not None
            made, connects, copies = _CREATE.match(line), _CONNECT.fullmatch(line), _COPY.fullmatch(line)
            if made:
                created.add(made[1])
            elif connects:
                database = connects[1]
                if database in created and database not in (b"postgres", b"template1"):
                    yield _ALONE
            elif copies:
                copying = (database, copies[1])
                self.tables.setdefault(copying, 0)
            self.whole = self.whole or line == _END
        yield from self._end()

    def _end(self) -> Iterator[bytes]:
        """Prints how many rows each table has now, and lets others in."""
        last = None
        listed = sorted(self.tables)
        for number, (database, name) in enumerate(listed):
            if database != last:
                yield (_OPEN if last is not None else b"") + b"\\connect " + database + b"\n"
                last = database
            yield b"SELECT '%s', %d, count(*) FROM %s;\n" % (_OURS.encode(), number, name)
        if last is not None:
            yield _OPEN
        yield f"SELECT '{_DONE}';\n".encode()

    def found(self) -> tuple[Table, ...]:
        """The tables, in the order in which the file prints their counts at its end."""
        return tuple(
            Table(database.decode("utf-8", "replace"), name.decode("utf-8", "replace"), rows)
            for (database, name), rows in sorted(self.tables.items())
        )


def played(said: str) -> Mapping[int, int] | None:
    """The rows of each table, by its number, in what psql printed; None where the dump was not restored to its end."""
    lines = said.splitlines()
    if _DONE not in lines:
        return None
    counts = (line.split("|") for line in lines if line.startswith(f"{_OURS}|"))
    return {int(number): int(rows) for _, number, rows in counts}


def rows_in(pieces: Iterable[bytes]) -> Counter[bytes]:
    """The rows of a dump, each as a hash with its table: two dumps can be compared, and no row is held. Pieces as `Making` has them."""
    found: Counter[bytes] = Counter()
    database, table = b"", None
    begins = True
    digest = blake2b(digest_size=16)
    for piece in pieces:
        first, begins = begins, piece.endswith(b"\n")
        connects, copies = (
            (_CONNECT.fullmatch(piece), _COPY.fullmatch(piece)) if first and table is None else (None, None)
        )
        if table is not None and first and piece == b"\\.\n":
            table = None
        elif table is not None:
            digest.update(piece)
            if begins:
                found[digest.digest()] += 1
                digest = blake2b(b"%s %s\n" % (database, table), digest_size=16)
        elif connects:
            database = connects[1]
        elif copies:
            table = copies[1]
            digest = blake2b(b"%s %s\n" % (database, table), digest_size=16)
    return found


# What Rails keeps in each of its databases, before anything is stored in it.
BOOKKEEPING = ("public.schema_migrations", "public.ar_internal_metadata")


def holds_rows(tables: Iterable[Table]) -> bool:
    """Whether somebody has stored something."""
    return any(table.rows for table in tables if table.name not in BOOKKEEPING)


def counted(tables: Iterable[Table]) -> int:
    """The rows of all tables."""
    return sum(table.rows for table in tables)


def differences(tables: Iterable[Table], counts: Mapping[int, int]) -> tuple[Text, ...]:
    """What is not as in the dump, whose tables these are."""
    found = []
    for number, table in enumerate(tables):
        if counts.get(number) != table.rows:
            named = {"table": table.name, "database": table.database, "rows": table.rows, "now": counts.get(number, 0)}
            found.append(Text("{table} of {database}: {now} rows, {rows} in the dump", **named))
    return tuple(found)


def dumping(pod: str) -> tuple[str, ...]:
    """The call that prints a database's content; it only reads (`cluster/allowed_calls.py`)."""
    return ("exec", pod, "--", *DUMP)


def playing(pod: str) -> tuple[str, ...]:
    """The call that restores the dump that it reads from stdin."""
    return ("exec", "-i", pod, "--", *PLAY)


def by_hand(config: str) -> tuple[str, ...]:
    """The same for a person, by the config's name, since the pod's changes; `oc exec` of 3.11 accepts no config, `oc rsh` does."""
    return ("rsh", "-T", f"dc/{config}", *PLAY)
