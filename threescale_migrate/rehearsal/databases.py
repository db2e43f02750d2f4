"""The PostgreSQL of a pod: what is in it, how `pg_dumpall` prints it, and what `psql` makes of what it reads.

Its content belongs to the pod where the database is on an emptyDir, and to the claim where it is on a volume, so that a redeployment
of 3scale's own `zync-database` empties it (fact 19). It answers the two programs with which a database is saved and restored, and
refuses everything else.
"""

from __future__ import annotations

from . import faults
from .store import Object, Store
from .typed import Any, Iterator

PLACE = "/var/lib/pgsql/data"
CONFIG = "openshift.io/deployment-config.name"
DUMP = ["bash", "-c", "pg_dumpall -c --if-exists"]
PLAY = ["bash", "-c", "psql -X -q -A -t -v VERBOSITY=terse -d postgres"]
DATABASE = "zync_production"
SYSTEM = ("postgres", "template1")
# What zync keeps, in a few rows: table, columns, rows.
SAMPLE = (
    ("ar_internal_metadata", "key, value", ("environment\tproduction",)),
    ("schema_migrations", "version", ("20170609130205", "20170622103154", "20180104150341")),
    ("tenants", "id, endpoint", ("1\thttps://master.example.test",)),
    ("services", "id, tenant_id, name", ("1\t1\tAPI", "2\t1\tEcho")),
    ("applications", "id, service_id, state", ("1\t1\tlive", "2\t1\tlive", "3\t2\tsuspended")),
    ("entries", "id, model, data", tuple(f'{number}\tApplication\t{{"id": {number}}}' for number in range(1, 13))),
)
# What becomes of a restore with a fault: the text of psql, and its exit code.
STOPS = {
    "restore-fails": ("server closed the connection unexpectedly", 2),
    "pod-disk-full": ('ERROR:  could not extend file "base/16385/16421": No space left on device', 3),
}


def place_of(pod: Object) -> str:
    """What the content of a pod's database belongs to: the pod or a claim; empty where the pod has no PostgreSQL."""
    mounts = [mount for container in pod["spec"]["containers"] for mount in container.get("volumeMounts") or ()]
    volume = next((mount["name"] for mount in mounts if mount.get("mountPath") == PLACE), None)
    for known in pod["spec"].get("volumes") or ():
        if known["name"] == volume:
            claim = known.get("persistentVolumeClaim")
            return f"claim/{claim['claimName']}" if claim else f"pod/{pod['metadata']['uid']}"
    return ""


def fill(store: Store, namespace: str) -> None:
    """Gives the databases that run now their rows; those of later pods begin empty."""
    for pod in store.all("pods", namespace):
        place = place_of(pod)
        if place and pod["status"].get("phase") == "Running":
            tables = {name: {"columns": columns, "rows": list(rows)} for name, columns, rows in SAMPLE}
            store.private.setdefault("databases", {})[place] = {"limit": -1, "tables": tables}
    store.changed = True


def content(store: Store, place: str) -> Any:
    """The database of a place: one that is new has no tables."""
    known = store.private.setdefault("databases", {})
    return known.setdefault(place, {"limit": -1, "tables": {}})


def rows(store: Store, config: str) -> dict[str, int]:
    """How many rows each table of a config's database has, of the pod that runs."""
    for pod in store.all("pods", store.settings["project"]):
        own = pod["metadata"].get("annotations", {}).get(CONFIG) == config
        if own and pod["status"].get("phase") == "Running" and place_of(pod):
            tables = content(store, place_of(pod))["tables"]
            return {name: len(table["rows"]) for name, table in tables.items()}
    return {}


def answer(store: Store, pod: Object, command: list[str], read: str) -> tuple[str, str, int] | None:
    """What a program in a pod writes on stdout and stderr, and its exit code; None where the pod does not have it."""
    config = pod["metadata"].get("annotations", {}).get(CONFIG, "")
    place = place_of(pod)
    if not place:
        return None
    if command == DUMP:
        if faults.hits_pod(store, "no-pg-dumpall", config):
            return "", "bash: pg_dumpall: command not found\n", 127
        lines = list(dumped(content(store, place)))
        return "".join(lines[: len(lines) // 2] if faults.hits_pod(store, "dump-cut", config) else lines), "", 0
    if command == PLAY:
        store.changed = True
        stop = next((name for name in STOPS if faults.hits_pod(store, name, config)), "")
        return Psql(content(store, place), stop, faults.hits_pod(store, "rows-lost", config)).run(read)
    return None


def dumped(database: Any) -> Iterator[str]:
    """What `pg_dumpall -c --if-exists` of PostgreSQL 10 prints, a line or more at a time."""
    limit = "" if database["limit"] < 0 else f" CONNECTION LIMIT = {database['limit']}"
    yield "--\n-- PostgreSQL database cluster dump\n--\n\n"
    yield "SET default_transaction_read_only = off;\n\nSET client_encoding = 'UTF8';\n\n"
    yield f"DROP DATABASE IF EXISTS {DATABASE};\n\nDROP ROLE IF EXISTS postgres;\nDROP ROLE IF EXISTS zync;\n\n"
    yield "CREATE ROLE postgres;\nALTER ROLE postgres WITH SUPERUSER LOGIN;\nCREATE ROLE zync;\nALTER ROLE zync WITH LOGIN;\n\n"
    yield f"CREATE DATABASE {DATABASE} WITH TEMPLATE = template0 OWNER = zync{limit};\n\n"
    yield "\\connect postgres\n\n--\n-- PostgreSQL database dump complete\n--\n\n"
    yield f"\\connect {DATABASE}\n\nSET client_encoding = 'UTF8';\n\n"
    for name, table in database["tables"].items():
        columns = table["columns"].split(", ")
        body = ",\n".join(f"    {column} text" for column in columns)
        yield f"CREATE TABLE public.{name} (\n{body}\n);\n\nALTER TABLE public.{name} OWNER TO zync;\n\n"
    for name, table in database["tables"].items():
        yield f"COPY public.{name} ({table['columns']}) FROM stdin;\n"
        yield from (f"{row}\n" for row in table["rows"])
        yield "\\.\n\n"
    yield "--\n-- PostgreSQL database dump complete\n--\n\n"
    yield "--\n-- PostgreSQL database cluster dump complete\n--\n\n"


class Psql:
    """psql, as far as it plays back a dump: a statement that it does not know is an error."""

    def __init__(self, database: Any, stop: str, loses: bool) -> None:
        self.database = database
        self.stop = stop
        self.loses = loses
        self.out: list[str] = []
        self.err: list[str] = []
        self.strict = False
        self.connected = "postgres"

    def run(self, text: str) -> tuple[str, str, int]:
        """Plays it. Gives what it writes, and its exit code."""
        lines = text.split("\n")
        half = next((at for at, line in enumerate(lines) if line.startswith("COPY ")), 0)
        number = 0
        while number < len(lines):
            first = number + 1
            line = lines[number]
            if self.stop and number >= half:
                said, code = STOPS[self.stop]
                return "".join(self.out), f"{''.join(self.err)}psql:<stdin>:{first}: {said}\n", code
            if line.startswith("COPY "):
                end = lines.index("\\.", number) if "\\." in lines[number:] else len(lines)
                problem = self._copy(line, lines[number + 1 : end])
                number = end + 1
            elif line.startswith("\\"):
                problem, number = self._meta(line), number + 1
            elif not line or line.startswith("--"):
                problem, number = "", number + 1
            else:
                ends = "END $do$;" if line.startswith("DO $do$") else ";"
                end = next((at for at in range(number, len(lines)) if lines[at].endswith(ends)), len(lines) - 1)
                problem, number = self._statement(" ".join(lines[number : end + 1])), end + 1
            if problem:
                self.err.append(f"psql:<stdin>:{first}: ERROR:  {problem}\n")
                if self.strict:
                    return "".join(self.out), "".join(self.err), 3
        return "".join(self.out), "".join(self.err), 0

    def _meta(self, line: str) -> str:
        word, _, rest = line.partition(" ")
        if word == "\\set":
            self.strict = rest == "ON_ERROR_STOP on" or (self.strict and not rest.startswith("ON_ERROR_STOP"))
        elif word == "\\connect":
            if rest not in (DATABASE, *SYSTEM) or (rest == DATABASE and "tables" not in self.database):
                return f'database "{rest}" does not exist'
            self.connected = rest
        else:
            return f"invalid command {word}"
        return ""

    def _copy(self, line: str, found: list[str]) -> str:
        name, _, rest = line.removeprefix("COPY public.").partition(" (")
        table = self.database["tables"].get(name)
        if table is None or self.connected != DATABASE:
            return f'relation "public.{name}" does not exist'
        table["columns"] = rest.partition(")")[0]
        table["rows"] += found[1:] if self.loses and name == "entries" else found
        return ""

    def _statement(self, line: str) -> str:
        """Carries out a statement; gives the error, empty if there is none."""
        words = line.rstrip(";").split()
        if words[0] in ("SET", "REVOKE", "GRANT") or line.startswith(
            ("ALTER ROLE ", "ALTER TABLE ", "CREATE ROLE zync")
        ):
            return ""
        if words[0] == "DO":
            self.database["limit"] = 0
        elif line.startswith("SELECT pg_"):
            return ""
        elif line.startswith("SELECT '") and "count(*) FROM public." in line:
            label, number, _ = line.removeprefix("SELECT '").replace("',", "|").replace(", count(*)", "|").split("|")
            rows = len(self.database["tables"][words[-1].removeprefix("public.")]["rows"])
            self.out.append(f"{label}|{number.strip()}|{rows}\n")
        elif line.startswith("SELECT '"):
            self.out.append(line.split("'")[1] + "\n")
        elif line.startswith("ALTER DATABASE :") and words[-2] == "LIMIT":
            self.database["limit"] = int(words[-1]) if self.connected == DATABASE else self.database["limit"]
        elif line.startswith("DROP DATABASE IF EXISTS "):
            self.database.pop("tables", None)
        elif line.startswith("CREATE DATABASE "):
            self.database.update(tables={}, limit=-1)
        elif line.startswith("CREATE TABLE public.") and self.connected == DATABASE:
            self.database["tables"][words[2].removeprefix("public.")] = {"columns": "", "rows": []}
        elif line.startswith("DROP ROLE IF EXISTS "):
            return "current user cannot be dropped" if words[-1] == "postgres" else ""
        elif line.startswith("CREATE ROLE "):
            return f'role "{words[2]}" already exists'
        else:
            return f'syntax error at or near "{words[0]}"'
        return ""
