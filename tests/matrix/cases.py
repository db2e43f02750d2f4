"""The fault matrix: each call of `oc` in a migration, each with each failure, and what has become of the project then.

The project is small, and has what a migration comes across: hooks, a Recreate strategy, a missing trigger, a role that
`default` has. Its cluster runs so fast that the first look at a rollout finds it ended: the calls of a migration are
always the same, and a case is named by the kind of the call, its number among those, and the failure.
"""

from __future__ import annotations

import os
import pickle
import shutil
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import GRACE, World, copy_world, make_world
from tests.support.comparison import comparable, differences
from tests.support.front import Call, Front
from threescale_migrate.rehearsal import launch
from threescale_migrate.rehearsal.server import open_cluster
from threescale_migrate.rehearsal.store import Object

from . import truth
from .mischief import FAILURES, KILLS

CONFIGS = ("system-app", "system-redis", "zync")
SPEED = 1000.0
CALL_TIMEOUT = "4s"
CHANGES = ("create", "patch", "secrets", "adm", "rollout", "delete")
# What a wait asks, round after round.
ROUND = "get dc,rc,pods"
# What is nothing of its own with a call that changes nothing: it has no effect that could come late, and no server answers it so.
OF_CHANGES = ("gets a conflict", "tool killed after the call", "tool killed, the call goes on")


def changes(call: Call) -> bool:
    """Whether it changes the project."""
    return call.kind.split()[0] in CHANGES


@dataclass(frozen=True)
class Found:
    """What a case came to: `lost` where the migration cannot be brought to its end, or the project not back; `wrong` where a
    command did not tell the truth. Both empty where all is well."""

    call: Call
    failure: str
    lost: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prepared:
    """A home with a cluster to copy from, its project before and after a migration, and the calls that a migration makes."""

    home: Path
    before: dict[str, Any]
    after: dict[str, Any]
    calls: tuple[Call, ...]

    @staticmethod
    def make(home: Path, configs: Sequence[str] = CONFIGS, step: float = 0.0) -> Prepared:
        """Makes the project, and records a migration of it; with `step`, time passes with each call alone, by so many seconds."""
        origin = home / "origin"
        origin.mkdir()
        world = make_world(origin, "no-trigger=system-redis", speed=SPEED)
        _shrink(world, configs)
        world.oc("adm", "policy", "add-role-to-user", "view", "system:serviceaccount:threescale:default")
        world.settle()
        world = copy_world(origin, home / "recorded")
        before = comparable(world.objects())
        front = Front(world, step=step)
        done = world.migrate()
        assert done.code == 0, done.all
        front.remove()
        world.settle()
        return Prepared(origin, before, comparable(world.objects()), front.kinds)


def _shrink(world: World, configs: Sequence[str]) -> None:
    """Leaves of the fifteen configs some, with all that belongs to them."""
    with open_cluster(world.directory) as cluster:
        store = cluster.store
        for plural in ("deploymentconfigs", "replicationcontrollers", "pods"):
            for item in list(store.all(plural, launch.PROJECT)):
                name = item["metadata"]["name"]
                owner = item["metadata"].get("annotations", {}).get("openshift.io/deployment-config.name", name)
                if owner not in configs:
                    store.remove(plural, launch.PROJECT, name)


def cases(calls: Sequence[Call], failures: Sequence[str] = tuple(FAILURES)) -> tuple[tuple[Call, str], ...]:
    """Each change with each failure, and one call of each kind of reading with each that can happen to it: the last one, by which time
    there is something to lose. Of the rounds of a wait the second: two waves have two at least, and how many there are differs from run to run."""
    last = {call.kind: call for call in calls if not changes(call)}
    last[ROUND] = [call for call in calls if call.kind == ROUND][1]
    chosen = [call for call in calls if changes(call) or call == last.get(call.kind)]
    return tuple(
        (call, failure) for failure in failures for call in chosen if changes(call) or failure not in OF_CHANGES
    )


def is_migrated(objects: dict[str, dict[str, Object]]) -> bool:
    """The truth, from what the cluster stores: account, secret and role are there, and all pods run with them."""
    found = truth.look(objects)
    return found.migrated and set(found.configs) == set(CONFIGS)


def try_case(prepared: Prepared, home: Path, call: Call, failure: str) -> Found:
    """Migrates with one call failing, then verifies, migrates again and takes all back, each by the command."""
    world = copy_world(prepared.home, home)
    front = Front(world).instead(call, FAILURES[failure])
    words = world.migration("--call-timeout", CALL_TIMEOUT)
    lost, wrong, code = [], [], None
    if failure in KILLS:
        wrong += [] if world.killed(*words) else ["the call was not made"]
    else:
        code = world.run(*words).code
        wrong += [] if front.planned[0].fired else ["the call was not made"]
    front.leave()
    wrong += _untrue(world, code)
    second = world.migrate()
    world.settle()
    lost += [f"migrate again: {second.code}: {second.err[-400:]}"] if second.code else []
    lost += differences(prepared.after, comparable(world.objects()))
    back = world.run("undo", "--yes", "--grace", GRACE)
    world.settle()
    lost += [f"undo: {back.code}: {back.all[-400:]}"] if back.code else []
    lost += differences(prepared.before, comparable(world.objects()))
    return Found(call, failure, tuple(lost), tuple(wrong))


def _untrue(world: World, code: int | None) -> list[str]:
    """What the failed migration, `verify` and the journal said that is not so."""
    before = is_migrated(world.objects())
    verified = world.run("verify")
    after = is_migrated(world.objects())
    said = []
    if code == 0 and not before:
        said.append("migrate ended with 0, and the project is not migrated")
    if verified.code not in (0, 1):
        said.append(f"verify ended with {verified.code}: {verified.err[-400:]}")
    elif (verified.code == 0) not in (before, after):
        said.append(f"verify ended with {verified.code}, and the project is {'' if after else 'not '}migrated")
    return said


def table(found: Sequence[Found], calls: Sequence[Call]) -> str:
    """The matrix as it is printed: for each failure the cases run, lost and wrong."""
    rows = [
        f"{len(calls)} calls of oc in a migration, {sum(map(changes, calls))} of them change something",
        "",
    ]
    rows += ["| a call of oc … | cases | lost | wrong |", "| --- | ---: | ---: | ---: |"]
    for failure in (*FAILURES, "all"):
        here = [one for one in found if failure in (one.failure, "all")]
        lost, wrong = sum(bool(one.lost) for one in here), sum(bool(one.wrong) for one in here)
        rows.append(f"| {failure} | {len(here)} | {lost} | {wrong} |")
    for one in found:
        rows += [f"{one.call}, {one.failure}: {what}" for what in (*one.lost, *one.wrong)]
    return "\n".join(rows)


def in_copies(
    scratch: Path, chosen: Sequence[tuple[Call, str]], one: Callable[[Path, Call, str], Found | None]
) -> list[Found | None]:
    """What each of the cases came to, each in a directory of its own; they share the cores in copies of this process."""
    workers = os.cpu_count() or 1
    ways = [_copy(scratch, list(enumerate(chosen))[worker::workers], one) for worker in range(workers)]
    found: dict[int, Found | None] = {}
    for copy, path in ways:
        assert os.waitpid(copy, 0)[1] == 0, "a copy of this process has failed"
        found.update(pickle.loads(path.read_bytes()))
    return [found[number] for number in range(len(chosen))]


def _copy(
    scratch: Path, mine: Sequence[tuple[int, tuple[Call, str]]], one: Callable[[Path, Call, str], Found | None]
) -> tuple[int, Path]:
    path = scratch / f"found-{mine[0][0] if mine else 'none'}"
    copy = os.fork()
    if copy:
        return copy, path
    try:
        found = {}
        for number, case in mine:
            home = scratch / str(number)
            home.mkdir()
            found[number] = one(home, *case)
            shutil.rmtree(home)
        path.write_bytes(pickle.dumps(found))
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)
