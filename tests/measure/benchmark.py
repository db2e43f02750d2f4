"""`python -m tests.measure.benchmark`: what `verify` costs beside the guide's own check, as ratios within one run."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.conftest import World, make_world
from tests.support import many_projects as fleet
from threescale_migrate.values import GUIDE_CONFIGS

ROUNDS = 5
GUIDE = " && ".join(
    [
        *(f"oc get dc {name} -o yaml | grep -qi serviceAccountName" for name in GUIDE_CONFIGS),
        "oc get dc",
        "oc get pods",
        "oc get secret threescale-registry-auth",
        "oc get sa amp -o yaml",
    ]
)


def seconds(world: World, argv: Sequence[str]) -> float:
    """The median wall time of a command, in seconds."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        subprocess.run(list(argv), env=world.environment, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
    return median(times)


def measure(world: World) -> dict[str, float]:
    """The ratios that the tests' README names."""
    verify = seconds(world, world.command("verify"))
    guide = seconds(world, ["bash", "-c", GUIDE])
    single = seconds(world, ["oc", "get", "dc,pods,sa", "-o", "json"])
    return {"guide's check / verify": guide / verify, "verify / one oc get dc,pods,sa -o json": verify / single}


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
    with tempfile.TemporaryDirectory() as scratch:
        world = make_world(Path(scratch))
        if world.migrate().code:
            return 1
        found = measure(world) | many()
    print("| ratio | measured |\n| --- | ---: |")
    for name, ratio in found.items():
        print(f"| {name} | {ratio:.1f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
