"""`python -m tests.measure.benchmark`: what looking costs beside one plain call of `oc` and beside the guide's own check, as ratios within one run."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.conftest import World, make_world
from tests.support import many_projects as fleet
from tests.support.far import far
from threescale_migrate.values import GUIDE_CONFIGS

ROUNDS = 5
# What each call takes more for itself and for each type, where the cluster is far away, in milliseconds.
FAR = 150
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


def quickest(world: World, commands: Mapping[str, Sequence[str]], rounds: int = ROUNDS) -> dict[str, float]:
    """The shortest wall time of each command in seconds, taken in turns: what else the machine does only makes them longer."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, argv in commands.items():
            began = time.perf_counter()
            done = subprocess.run(list(argv), env=world.environment, check=True, capture_output=True, text=True)
            took = time.perf_counter() - began
            times[name].append(float(done.stdout) if name == "round" else took)
    return {name: min(found) for name, found in times.items()}


def measure(world: World, rounds: int = ROUNDS) -> dict[str, float]:
    """The ratios, of a project that is migrated."""
    found = quickest(
        world,
        {
            "verify": world.command("verify"),
            "plan": world.command("plan", "--secret-file", world.secret),
            "round": (sys.executable, "-c", ROUND),
            "guide": ("bash", "-c", GUIDE),
            "one": ONE,
        },
        rounds,
    )
    return {
        "`verify` / one `oc get dc,rc,pods,sa -o json`": found["verify"] / found["one"],
        "`plan` / that one call": found["plan"] / found["one"],
        "a round of a wait / that one call": found["round"] / found["one"],
        "the guide's check / `verify`": found["guide"] / found["verify"],
    }


def near_and_far(rounds: int = ROUNDS) -> dict[str, tuple[float, float]]:
    """Each ratio with the rehearsal near, and with a delay for each call and each type."""
    with tempfile.TemporaryDirectory() as scratch:
        world = make_world(Path(scratch))
        if world.migrate().code:
            raise SystemExit("the rehearsal project cannot be migrated")
        world.settle()
        near = measure(world, rounds)
        far(world, FAR)
        return {name: (near[name], ratio) for name, ratio in measure(world, rounds).items()}


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
    """Prints the ratios as the tests' README has them."""
    print("| ratio | near | far |\n| --- | ---: | ---: |")
    for name, (near, distant) in near_and_far().items():
        print(f"| {name} | {near:.1f} | {distant:.1f} |", flush=True)
    print("\n| ratio | measured |\n| --- | ---: |")
    for name, ratio in many().items():
        print(f"| {name} | {ratio:.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
