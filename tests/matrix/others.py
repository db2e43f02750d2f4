"""`python -m tests.matrix.others [--spread] [ACT…]`: what others do, in front of each call of a migration, and what comes of it.

Without `--spread`, which takes the few calls that the tests take, it is each call, which takes hours on two cores.

The project is two configs. Time stands still in its cluster but for a second with each call, so that a rollout takes some calls
and a case is always the same. What is judged is the first run's last word, `verify` after it, whether `migrate` then ends well,
and whether `undo` leaves what was before but for what the others did; all of it against the store (`truth`).
"""

from __future__ import annotations

import copy
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from tests.conftest import GRACE, Result, World, copy_world
from tests.support.comparison import comparable, differences
from tests.support.front import Call, Front
from tests.support.in_process import Ending, Really
from threescale_migrate.rehearsal import launch

from . import truth
from .cases import Found, Prepared, in_copies
from .interference import ACCOUNT, CONFIG, HAPPENINGS, REMEDIES, SECOND_RUN, SECRET, happen, other_home, put_right

CONFIGS = ("system-app", "zync")
SECOND = 1.0
KEY = f"{launch.PROJECT}/{CONFIG}"
ENDS = {0, 1, 4, 5, 6, 7}
# What the next run has to be told, as the one before says.
AGAIN = {"the secret is changed": ("--replace-secret",)}
# Where another's work is on an object of ours, an undo may leave it as it is.
KEPT = {
    "the secret is changed": ("secrets", f"{launch.PROJECT}/{SECRET}"),
    "the account is changed": ("serviceaccounts", f"{launch.PROJECT}/{ACCOUNT}"),
}
Comparable = dict[str, Any]


def prepared(home: Path) -> Prepared:
    """The project, and the calls of its migration."""
    return Prepared.make(home, CONFIGS, SECOND)


def moments(calls: Sequence[Call]) -> dict[str, Call]:
    """The calls in front of which the tests have each act done, by what they are in a migration: before and after each change, in the
    waits, between the waves, and before the last look."""

    def at(kind: str) -> int:
        return next(index for index, call in enumerate(calls) if call.kind == kind)

    def after(index: int, kind: str) -> Call:
        return next(call for call in calls[index:] if call.kind.startswith(kind))

    def before(index: int, kind: str) -> Call:
        return next(call for call in reversed(calls[:index]) if call.kind.startswith(kind))

    role, first, second = at("adm policy add-role-to-user"), at("patch dc zync"), at("patch dc system-app")
    return {
        "before it is confirmed": after(0, "image info"),
        "before the first change": before(at("create"), "config view"),
        "secret": calls[at("create")],
        "account": after(at("create") + 1, "create"),
        "link": calls[at("secrets link default")],
        "role": calls[role],
        "seen": after(role, "get dc,pods,is"),
        "before the first wave": before(first, "config view"),
        "first wave": calls[first],
        "first rollout": after(first, "get dc,rc,pods"),
        "first rollout still": after(calls.index(after(first, "get dc,rc,pods")) + 1, "get dc,rc,pods"),
        "between the waves": before(second, "config view"),
        "second wave": calls[second],
        "second rollout": after(second, "get dc,rc,pods"),
        "last look": before(len(calls), "get dc,pods,is"),
    }


def try_act(given: Prepared, home: Path, call: Call, act: str) -> Found | None:
    """Migrates while another does the act in front of a call, then verifies, migrates again and undoes all, each by the command.

    None where the call was not made, or there was nothing to do it to.
    """
    world = copy_world(given.home, home)
    front, struck = Front(world, step=SECOND), []

    def others(args: Sequence[str], really: Really) -> Ending:
        struck.append(happen(world, act))
        return really(args)

    front.instead(call, others)
    first = world.migrate()
    front.leave()
    if struck != [True]:
        return None
    wrong = _untrue(world, given, call, act, first)
    world.settle()  # from now on time passes by itself
    if act in REMEDIES:
        put_right(world.directory, act)
    lost = []
    second = world.migrate(*AGAIN.get(act, ()))
    world.settle()
    if second.code:
        lost.append(f"migrate again: {second.code}: {_end(second)}")
    if not truth.look(world.objects()).migrated:
        lost.append(f"migrated again it stands as {truth.look(world.objects())}")
    if act == SECOND_RUN:  # what pods still use is not taken away: the configs first, which are the other's
        world.run("undo", "--yes", "--grace", GRACE, XDG_STATE_HOME=str(other_home(world.directory)))
    back = world.run("undo", "--yes", "--grace", GRACE)
    world.settle()
    left = [
        line
        for line in differences(_pods_made(act, _with(act, given.before)), _pods_made(act, comparable(world.objects())))
        if not line.startswith(" ".join(KEPT.get(act, ("nothing",))) + ":")
    ]
    if back.code and not (back.code == 1 and act in KEPT):
        lost.append(f"undo: {back.code}: {_end(back)}")
    return Found(call, act, tuple(lost + left), tuple(wrong))


def _pods_made(act: str, found: Comparable) -> Comparable:
    """Where another has undone its own first, pods were made while `default` still had this run's login, which they keep."""
    if act == SECOND_RUN:
        found = {**found, "pods": [pod[:3] for pod in found["pods"]]}
    return found


def _untrue(world: World, given: Prepared, call: Call, act: str, first: Result) -> list[str]:
    """What the run's last word and `verify` said that is not so. Time stands still, so nothing changes under them."""
    now = truth.look(world.objects())
    said = []
    if first.code not in ENDS | {2}:
        said.append(f"migrate ended with {first.code}: {_end(first)}")
    if first.code in (2, 4) and any(standing != "default" for standing in now.configs.values()):
        said.append(f"migrate ended with {first.code}, which is for runs that changed nothing")
    at = given.calls.index(call)
    if first.code == 0 and not now.migrated and not _unseeable(given.calls, at):
        said.append(f"migrate ended with 0, and the project stands as {now}")
    if (
        first.code == 0
        and CONFIG not in now.configs
        and _planned(given.calls) <= at
        and not _unseeable(given.calls, at)
    ):
        said.append(f"migrate ended with 0, and {CONFIG}, which it had planned, is gone")
    if not _unseeable(given.calls, at):
        said += _accounted(first, now)
    verified = world.run("verify", "-o", "json")
    looks = act != "the right to look is revoked"
    if verified.code not in ((0, 1) if looks else (1, 7)):
        said.append(f"verify ended with {verified.code}: {verified.all[-400:]}")
    elif looks and (verified.code == 0) != now.migrated:
        said.append(f"verify ended with {verified.code}, and the project stands as {now}")
    return said


def _planned(calls: Sequence[Call]) -> int:
    """The first call after the look that the plan was made of."""
    began = next(index for index, call in enumerate(calls) if call.kind.startswith("get dc,"))
    return next(index for index in range(began, len(calls)) if not calls[index].kind.startswith("get "))


def _unseeable(calls: Sequence[Call], at: int) -> bool:
    """Whether an act came while the last look was under way, or after it: what others do then no run can see."""
    last = max(index for index, call in enumerate(calls) if not call.kind.startswith("get "))
    last = max([last, *(index for index, call in enumerate(calls) if call.kind.startswith("get dc,rc,pods"))])
    return at > last


GROUPS: tuple[tuple[str, Callable[[str | None], bool]], ...] = (
    ("runs as amp: ", lambda standing: standing == "amp"),
    ("not begun, as before: ", lambda standing: standing == "default"),
    ("deleted by another user since the run began: ", lambda standing: standing is None),
)


def _accounted(first: Result, now: truth.Truth) -> Iterable[str]:
    """Whether each config that was planned is in the last word of a run that failed, and stands as that says."""
    if first.code not in (1, 5, 6, 7):
        return
    for title, holds in GROUPS:
        for line in first.err.splitlines():
            if title in line:
                for name in line.partition(title)[2].split(", "):
                    dated = "was last seen at" in first.err and f"    oc patch dc {name}" in first.err
                    if not holds(now.configs.get(name)) and not dated:
                        yield f"it says {line.strip()!r}, and the project stands as {now}"
    for name in CONFIGS:
        if name not in _end(first) and "wave" in first.err:
            yield f"its last word does not name {name}: {_end(first)}"


def _end(done: Result) -> str:
    """The last of the result, and of what was said while it ran: each ends with what it comes to."""
    return f"{done.out[-1500:]}\n{done.err[-1500:]}"


def _with(act: str, before: Comparable) -> Comparable:
    """A project as it was before, and what another did to it in the meantime."""
    found = copy.deepcopy(before)
    config = found["deploymentconfigs"][KEY]
    own = [pod for pod in found["pods"] if pod[0] == CONFIG]
    if act == "a config is deleted":
        del found["deploymentconfigs"][KEY]
        found["pods"] = [pod for pod in found["pods"] if pod not in own]
    elif act == "a config is changed":
        config["spec"]["template"]["metadata"].setdefault("annotations", {})["touched"] = "by another"
    elif act == "a config is scaled up":
        config["spec"]["replicas"] = 2
        found["pods"] = sorted([*found["pods"], *own])
    elif act == "a config is scaled to zero":
        config["spec"]["replicas"] = 0
        found["pods"] = [pod for pod in found["pods"] if pod not in own]
    return found


def table(found: Sequence[Found], calls: Sequence[Call], asked: int) -> str:
    """The matrix as it is printed: for each act the cases run, lost and wrong."""
    rows = [f"{len(calls)} calls of oc in a migration of two configs; an act in front of {asked} of them", ""]
    rows += ["| in front of a call … | cases | lost | wrong |", "| --- | ---: | ---: | ---: |"]
    for act in (*HAPPENINGS, "all"):
        here = [one for one in found if act in (one.failure, "all")]
        lost, wrong = sum(bool(one.lost) for one in here), sum(bool(one.wrong) for one in here)
        rows.append(f"| {act} | {len(here)} | {lost} | {wrong} |")
    for one in found:
        rows += [f"{one.call}, {one.failure}: {what}" for what in (*one.lost, *one.wrong)]
    return "\n".join(rows)


def run_all(given: Prepared, scratch: Path, cases: Iterable[tuple[Call, str]]) -> list[Found]:
    """The cases, as many at a time as there are cores; those in which there was nothing to do are left out."""
    return [one for one in in_copies(scratch, list(cases), lambda home, *case: try_act(given, home, *case)) if one]


def main(wanted: list[str]) -> int:
    """Runs each act, or those that are named, in front of each call, and prints the table."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        recorded = Path(scratch) / "recorded"
        recorded.mkdir()
        given = prepared(recorded)
        calls = list(moments(given.calls).values()) if "--spread" in wanted else list(given.calls)
        names = [act for act in HAPPENINGS if act in wanted or not set(wanted) - {"--spread"}]
        found = run_all(given, Path(scratch), [(call, act) for act in names for call in calls])
    print(table(found, given.calls, len(calls)))
    print(f"\nin {(time.monotonic() - began) / 60:.1f} minutes on {os.cpu_count()} cores", file=sys.stderr)
    return int(any(case.lost or case.wrong for case in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
