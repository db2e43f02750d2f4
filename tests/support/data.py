"""The rows of the rehearsal's zync-database, and moments at which a run that keeps them is killed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.conftest import Result, World
from tests.support.front import Front, kill
from tests.support.in_process import Ending, Really
from threescale_migrate.rehearsal import databases
from threescale_migrate.rehearsal.server import open_cluster

NAME = "zync-database"
ONLY = ("--dc", NAME)
ALL = {name: len(rows) for name, _, rows in databases.SAMPLE}
DUMP, PATCH, PLAY = f"-- {' '.join(databases.DUMP)}", f"patch dc {NAME}", f"-- {' '.join(databases.PLAY)}"


def rows(world: World) -> dict[str, int]:
    """How many rows each table has in the pod that runs now."""
    with open_cluster(world.directory) as cluster:
        return databases.rows(cluster.store, NAME)


def store_a_row(world: World) -> None:
    """zync stores something in its new database, as it does once it has made its tables."""
    with open_cluster(world.directory) as cluster:
        store = cluster.store
        for pod in store.all("pods", store.settings["project"]):
            place = databases.place_of(pod)
            if place and pod["status"].get("phase") == "Running":
                tables = databases.content(store, place)["tables"]
                tables["entries"] = {"columns": "id, model, data", "rows": ["99\tApplication\t{}"]}
                store.changed = True


def killed_at(world: World, words: str, done: bool, *args: str, nth: int = 1) -> None:
    """Runs `threescale-migrate ARGS` and kills it just before the Nth call with these words, or with `done` just after it."""

    def after(args: Sequence[str], really: Really) -> Ending:
        really(args)
        return kill(args, really)

    front = Front(world).instead(words, after if done else kill, nth)
    assert world.killed(*args), f"it was not killed: oc {words} was not called"
    front.leave()


def events(world: World) -> list[str]:
    """What all runs have journaled about the data, in their order."""
    lines = [json.loads(line) for path in world.journals for line in path.read_text().splitlines() if line.strip()]
    return [line["state"] for line in sorted(lines, key=_when) if line["event"] == "data"]


def _when(line: dict[str, Any]) -> str:
    return str(line["at"])


def owed_first(done: Result) -> bool:
    """Whether the first that a command says is what is not restored, with its rows, its file and the command that restores it."""
    lines = done.err.splitlines()
    first = " ".join(lines[:12])
    return "dc/zync-database: 22 rows of 6 tables are not restored" in first and "threescale-migrate restore" in first
