"""`python -m tests.measure.benchmark`: what looking costs beside one plain call of `oc` and beside the guide's own check: calls, processor
time, and ratios within one run, by a client that costs what a real one does."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import World, make_world
from tests.measure.client import client
from tests.support import many_projects as fleet
from threescale_migrate.values import GUIDE_CONFIGS

ROUNDS = 5
# What each call takes more for itself and for each type over a line of 40 ms, in seconds.
FAR = 0.04
GUIDE = " && ".join(
    [
        *(f"oc get dc {name} -o yaml | grep -qi serviceAccountName" for name in GUIDE_CONFIGS),
        "oc get dc",
        "oc get pods",
        "oc get secret threescale-registry-auth",
        "oc get sa amp -o yaml",
    ]
)
ONE = ("oc", "get", "dc,rc,pods,sa", "-o", "json")
LOOK, ROUND_NAME, GUIDE_NAME = "one `oc get dc,rc,pods,sa -o json`", "a round of a wait", "the guide's check"
OWN = """
import atexit, os, resource, sys
def used():
    found = resource.getrusage(resource.RUSAGE_SELF)
    return found.ru_utime + found.ru_stime
began = used()
atexit.register(lambda: os.write(2, b"processor: %.3f\\n" % (used() - began)))
from threescale_migrate.cli.main import main
sys.argv[0] = "threescale-migrate"
main()
"""
# A round of a wait, within a run that is under way: how long it takes is printed, in seconds.
ROUND = """
import time
from threescale_migrate.cluster.oc import Oc, find_oc
from threescale_migrate.cluster.reading import observe_rollouts
oc = Oc(find_oc(None), namespace="threescale")
observe_rollouts(oc, tries=1)
began = time.perf_counter()
observe_rollouts(oc, tries=1)
print(time.perf_counter() - began)
"""


@dataclass(frozen=True)
class Cost:
    """What a command costs at least: wall time, and the processor time of its own process, in seconds; and its calls of `oc`."""

    seconds: float
    processor: float
    calls: int


def quickest(world: World, commands: Mapping[str, Sequence[str]], rounds: int = ROUNDS) -> dict[str, float]:
    """The shortest wall time of each command in seconds, taken in turns: what else the machine does only makes them longer."""
    return {name: cost.seconds for name, cost in costs(world, commands, rounds).items()}


def costs(
    world: World, commands: Mapping[str, Sequence[str]], rounds: int = ROUNDS, calls: Callable[[], Sized] = list
) -> dict[str, Cost]:
    """What each command costs; `calls` gives those since the last time."""
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, argv in commands.items():
            calls()
            began = time.perf_counter()
            done = subprocess.run(list(argv), env=world.environment, check=False, capture_output=True, text=True)
            took = time.perf_counter() - began
            assert done.returncode in (0, 3), (name, done.stderr)
            if name == ROUND_NAME:
                took = float(done.stdout)
            said = re.search(r"^processor: ([0-9.]+)$", done.stderr, re.MULTILINE)
            made = len(calls()) - (name == ROUND_NAME)  # the first round starts it
            found[name].append(Cost(took, float(said[1]) if said else 0.0, made))
    return {
        name: Cost(
            min(one.seconds for one in listed), min(one.processor for one in listed), min(one.calls for one in listed)
        )
        for name, listed in found.items()
    }


def measured(*args: str) -> tuple[str, ...]:
    """A command of this program that says at its end what processor time it took by itself, beyond that of a bare Python."""
    return (sys.executable, "-c", OWN, *args)


def commands_of(world: World) -> dict[str, Sequence[str]]:
    """The commands that are compared, by the names of the table."""
    secret = ("--secret-file", world.secret)
    return {
        LOOK: ONE,
        "`verify`": measured("verify"),
        "`verify --skip permissions`": measured("verify", "--skip", "permissions"),
        "`plan`": measured("plan", *secret),
        "`preflight`": measured("preflight", *secret),
        ROUND_NAME: (sys.executable, "-c", ROUND),
        GUIDE_NAME: ("bash", "-c", GUIDE),
    }


def near_and_far(rounds: int = ROUNDS) -> dict[str, tuple[Cost, Cost]]:
    """The costs of each command of a migrated project, near and over a line of 40 ms."""
    with tempfile.TemporaryDirectory() as scratch:
        world = make_world(Path(scratch))
        if world.migrate().code:
            raise SystemExit("the rehearsal project cannot be migrated")
        world.settle()
        commands = commands_of(world)
        both = []
        for distance in (0.0, FAR):
            standing = client(world, distance)
            costs(world, commands, 1)  # the answers are kept
            both.append(costs(world, commands, rounds, standing.calls))
        return {name: (both[0][name], both[1][name]) for name in commands}


def table(found: Mapping[str, tuple[Cost, Cost]]) -> list[str]:
    """The rows of the table of costs."""
    one = found[LOOK]
    rows = ["| what | calls | own processor time | near | far |", "| --- | ---: | ---: | ---: | ---: |"]
    for name, pair in found.items():
        own = f"{pair[0].processor:.2f} s" if pair[0].processor else ""
        ratios = " | ".join(f"{cost.seconds / look.seconds:.1f}" for cost, look in zip(pair, one))
        rows.append(f"| {name} | {pair[0].calls} | {own} | {ratios} |")
    return rows


def many() -> dict[str, float]:
    """How much faster forty projects are checked eight at a time than one by one; each call of `oc` is as far as over a network."""
    with tempfile.TemporaryDirectory() as scratch:
        sites = fleet.make(Path(scratch), total=40, away=3, behind=2, latency=0.3)
        times = []
        for jobs in ("1", "8"):
            command = sites.world.command("verify", "--inventory", str(sites.inventory), "--jobs", jobs)
            began = time.perf_counter()
            subprocess.run(command, env=sites.world.environment, check=False, capture_output=True)
            times.append(time.perf_counter() - began)
    return {"`--jobs 1` / `--jobs 8`": times[0] / times[1]}


def main() -> int:
    """Prints the tables as the tests' README has them."""
    found = near_and_far()
    print("\n".join(table(found)), flush=True)
    near, far = (found[GUIDE_NAME][place].seconds / found["`verify`"][place].seconds for place in (0, 1))
    print(f"\nthe guide's check / `verify`: {near:.1f} near, {far:.1f} far")
    print("\n| ratio | measured |\n| --- | ---: |")
    for name, ratio in many().items():
        print(f"| {name} | {ratio:.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
