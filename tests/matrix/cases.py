"""The fault matrix: each call of `oc` in a migration, each with each failure, and what has become of the project then.

The project is small, and has what a migration comes across: hooks, a Recreate strategy, a missing trigger, a role that
`default` has. Its cluster runs so fast that the first look at a rollout finds it ended: the calls of a migration are
always the same, and a case is named by the kind of the call, its number among those, and the failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import GRACE, World, copy_world, make_world
from tests.support.comparison import comparable, differences
from threescale_migrate.rehearsal import launch
from threescale_migrate.rehearsal.server import open_cluster
from threescale_migrate.rehearsal.store import Object

from . import truth
from .mischief import CALLS, FAILURES, FIRED, STEP

CONFIGS = ("system-app", "system-redis", "zync")
SPEED = 1000.0
# Longer than any call takes on a busy machine; one that is ended all the same is tried again.
CALL_TIMEOUT = "4s"
CHANGES = ("create", "patch", "secrets", "adm", "rollout", "delete")
# What is nothing of its own with a call that changes nothing: it has no effect that could come late, and no server answers it so.
OF_CHANGES = ("gets a conflict", "tool killed after the call", "tool killed, the call goes on")


@dataclass(frozen=True)
class Call:
    """A call of a migration: its kind, and its number among those of its kind, from 1."""

    kind: str
    ordinal: int

    @property
    def changes(self) -> bool:
        """Whether it changes the project."""
        return self.kind.split()[0] in CHANGES

    def __str__(self) -> str:
        return f"{self.kind} #{self.ordinal}"


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
    def make(home: Path, configs: Sequence[str] = CONFIGS, step: str = "") -> Prepared:
        """Makes the project, and records a migration of it; with `step`, time passes with each call alone, by so many seconds."""
        origin = home / "origin"
        origin.mkdir()
        world = make_world(origin, "no-trigger=system-redis", speed=SPEED)
        _shrink(world, configs)
        world.oc("adm", "policy", "add-role-to-user", "view", "system:serviceaccount:threescale:default")
        world.settle()
        world = copy_world(origin, home / "recorded")
        before = comparable(world.objects())
        misbehave(world)
        done = world.migrate(**{STEP: step})
        assert done.code == 0, done.all
        world.settle()
        kinds = (world.directory / CALLS).read_text(encoding="utf-8").splitlines()
        calls = tuple(Call(kind, kinds[: at + 1].count(kind)) for at, kind in enumerate(kinds))
        return Prepared(origin, before, comparable(world.objects()), calls)


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


def misbehave(world: World) -> None:
    """Puts the `oc` that does mischief in the place of the rehearsal's, for the commands that look at MISCHIEF."""
    plain = (world.directory / "bin" / "oc").read_text(encoding="utf-8")
    changed = plain.replace("threescale_migrate.rehearsal.client.__main__", "tests.matrix.mischief")
    assert changed != plain
    directory = world.directory / "mischief"
    directory.mkdir()
    (directory / "oc").write_text(changed, encoding="utf-8")
    (directory / "oc").chmod(0o755)
    world.environment["PATH"] = f"{directory}:{world.environment['PATH']}"


def behave(world: World) -> None:
    """Takes it out again."""
    world.environment["PATH"] = world.environment["PATH"].partition(":")[2]


def cases(calls: Sequence[Call], failures: Sequence[str] = tuple(FAILURES)) -> tuple[tuple[Call, str], ...]:
    """Each call with each failure that can happen to it."""
    return tuple((call, failure) for failure in failures for call in calls if call.changes or failure not in OF_CHANGES)


def half(calls: Sequence[Call]) -> tuple[tuple[Call, str], ...]:
    """Every second of the cases, as the white fields of a chess board: each call and each failure is among them."""
    fields = {
        (call, failure)
        for row, failure in enumerate(FAILURES)
        for column, call in enumerate(calls)
        if (row + column) % 2 == 0
    }
    return tuple(case for case in cases(calls) if case in fields)


def is_migrated(objects: dict[str, dict[str, Object]]) -> bool:
    """The truth, from what the cluster stores: account, secret and role are there, and all pods run with them."""
    found = truth.look(objects)
    return found.migrated and set(found.configs) == set(CONFIGS)


def try_case(prepared: Prepared, home: Path, call: Call, failure: str) -> Found:
    """Migrates with one call failing, then verifies, migrates again and takes all back, each by the command."""
    world = copy_world(prepared.home, home)
    misbehave(world)
    first = world.migrate("--call-timeout", CALL_TIMEOUT, MISCHIEF=f"{failure}|{call.kind}|{call.ordinal}")
    behave(world)
    fired = (world.directory / FIRED).exists()
    lost, wrong = [], []
    if not fired:
        wrong.append("the call was not made")
    wrong += _untrue(world, first.code)
    second = world.migrate()
    world.settle()
    lost += [f"migrate again: {second.code}: {second.err[-400:]}"] if second.code else []
    lost += differences(prepared.after, comparable(world.objects()))
    back = world.run("undo", "--yes", "--grace", GRACE)
    world.settle()
    lost += [f"undo: {back.code}: {back.all[-400:]}"] if back.code else []
    lost += differences(prepared.before, comparable(world.objects()))
    return Found(call, failure, tuple(lost), tuple(wrong))


def _untrue(world: World, code: int) -> list[str]:
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
        f"{len(calls)} calls of oc in a migration, {sum(call.changes for call in calls)} of them change something",
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
