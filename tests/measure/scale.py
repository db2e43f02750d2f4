"""`python -m tests.measure.scale`: how the cost of `plan` and `verify` grows with the number of configs, as ratios within one run.

Each cluster is generated, not rolled out: the fifteen configs again and again, five pods each. What is measured is the
tool's own work, without that of `oc`: its processor time as a multiple of parsing the same JSON once, and its peak memory
beyond that of a tool that does nothing, as a multiple of the JSON's size.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.conftest import World, make_world
from threescale_migrate.rehearsal.server import open_cluster
from threescale_migrate.rehearsal.store import Object, Store
from threescale_migrate.values import GUIDE_CONFIGS

SIZES = (15, 150, 1500)
PODS = 5
LISTS = (
    "dc,rc,pods,sa,rolebindings,roles,is,bc",
    "clusterrolebindings,clusterroles,scc",
    "rolebindings,roles --all-namespaces",
)
BINDINGS = 50_000
# Runs the tool in a process whose own time and memory are measured, its children's left out.
MEASURED = """
import json, resource, sys
from threescale_migrate.cli.main import main
try:
    code = main(sys.argv[2:])
except SystemExit as error:
    code = error.code
used = resource.getrusage(resource.RUSAGE_SELF)
peak = next(int(line.split()[1]) * 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
json.dump({"code": code, "seconds": used.ru_utime + used.ru_stime, "bytes": peak}, open(sys.argv[1], "w"))
"""


@dataclass(frozen=True)
class Cost:
    """What a command cost: its exit code, its own processor time in seconds, its peak memory in bytes."""

    code: int
    seconds: float
    bytes: int


def measure(world: World, *args: str) -> Cost:
    """Runs a command of the tool."""
    report = world.home / "cost.json"
    argv = [sys.executable, "-c", MEASURED, str(report), *args]
    subprocess.run(argv, env=world.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return Cost(**json.loads(report.read_text(encoding="utf-8")))


def enlarge(world: World, before: int, size: int) -> None:
    """Adds copies of the fifteen configs, each with its revisions and five pods, to the `before` that are there."""
    with open_cluster(world.directory) as cluster:
        store = cluster.store
        store.clock.pin(store.now())
        store.private["queue"] = []  # it stands still from here on
        for number in range(before, size):
            name = GUIDE_CONFIGS[number % len(GUIDE_CONFIGS)]
            _copy(store, name, f"{name}-{number}" if number >= len(GUIDE_CONFIGS) else name)


def _copy(store: Store, name: str, new: str) -> None:
    config = _renamed(store, "deploymentconfigs", name, name, new)
    config["spec"]["replicas"] = PODS
    for field in ("replicas", "updatedReplicas", "availableReplicas", "readyReplicas"):
        config["status"][field] = PODS
    newest = f"{name}-{config['status']['latestVersion']}"
    for version in range(1, config["status"]["latestVersion"] + 1):
        if store.get("replicationcontrollers", "threescale", f"{name}-{version}") is not None:
            revision = _renamed(store, "replicationcontrollers", f"{name}-{version}", name, new)
            if version == config["status"]["latestVersion"]:
                revision["spec"]["replicas"] = PODS
                revision["status"].update(dict.fromkeys(("replicas", "readyReplicas", "availableReplicas"), PODS))
    first = next(
        item["metadata"]["name"]
        for item in store.all("pods")
        if [owner["name"] for owner in item["metadata"].get("ownerReferences") or ()] == [newest]
        and "openshift.io/deployer-pod-for.name" not in item["metadata"]["labels"]
    )
    for pod in range(PODS if new != name else PODS - 1):
        _renamed(store, "pods", first, name, new, f"-{pod}")


def _renamed(store: Store, resource: str, name: str, before: str, after: str, suffix: str = "") -> Object:
    """A copy of an object under the name that it would have for another config; the object itself where nothing differs."""
    text = json.dumps(store.get(resource, "threescale", name))
    item: Object = json.loads(re.sub(rf'"{before}(?=["-])', f'"{after}', text))
    item["metadata"]["name"] += suffix
    item["metadata"].pop("uid", None)
    return store.put(resource, item)


def answers(world: World) -> list[str]:
    """The lists that the commands read, as `oc` prints them."""
    return [
        subprocess.run(
            ["oc", "get", *kinds.split(), "-o", "json"], env=world.environment, check=True, capture_output=True
        ).stdout.decode()
        for kinds in LISTS
    ]


def rows() -> Iterator[dict[str, Any]]:
    """The figures of each size and command."""
    with tempfile.TemporaryDirectory() as scratch:
        fresh = make_world(Path(scratch) / "fresh")
        migrated = make_world(Path(scratch) / "migrated")
        if migrated.migrate().code:
            raise SystemExit("the rehearsal project cannot be migrated")
        migrated.settle()
        idle = measure(fresh, "--version")
        yield _row(migrated, idle, f"`verify`, {BINDINGS:,} role bindings", len(GUIDE_CONFIGS), ("verify",), 0, bind)
        unbind(migrated)
        for before, size in zip((0, *SIZES), SIZES):
            for world, command, code in (
                (fresh, ("plan", "--secret-file", fresh.secret), 3),
                (migrated, ("verify",), 0),
            ):
                yield _row(
                    world, idle, f"`{command[0]}`", size, command, code, partial(enlarge, before=before, size=size)
                )


def _row(
    world: World, idle: Cost, name: str, size: int, command: tuple[str, ...], code: int, grow: Callable[[World], None]
) -> dict[str, Any]:
    grow(world)
    lists = answers(world)
    began = time.process_time()
    for text in lists:
        json.loads(text)
    parsing = time.process_time() - began
    cost = measure(world, *command)
    if cost.code != code:
        raise SystemExit(f"{command[0]} of {size} configs ended with {cost.code}")
    read = sum(map(len, lists))
    return {
        "configs": size,
        "command": name,
        "read": read,
        "seconds": cost.seconds,
        "time": (cost.seconds - idle.seconds) / parsing,
        "memory": (cost.bytes - idle.bytes) / read,
    }


def bind(world: World) -> None:
    """Adds role bindings of other projects, as a large cluster has them; only for the row that is about them."""
    with open_cluster(world.directory) as cluster:
        cluster.store.changed = True
        for number in range(BINDINGS):
            project = f"project-{number // 10}"
            cluster.store.objects["rolebindings"][f"{project}/binding-{number % 10}"] = {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "RoleBinding",
                "metadata": {
                    "name": f"binding-{number % 10}",
                    "namespace": project,
                    "uid": f"{number:032x}",
                    "resourceVersion": "1",
                },
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
                "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": project}],
            }


def unbind(world: World) -> None:
    """Takes them away again."""
    with open_cluster(world.directory) as cluster:
        known = cluster.store.objects["rolebindings"]
        for key in [key for key in known if key.startswith("project-")]:
            del known[key]
        cluster.store.changed = True


def main() -> int:
    """Prints the figures as the tests' README has them."""
    print("| command | configs | JSON read | time / parsing it once | memory / its size | time / that of a tenth |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    before: dict[str, float] = {}
    for row in rows():
        grown = f"{row['seconds'] / before[row['command']]:.1f}" if row["command"] in before else ""
        before[row["command"]] = row["seconds"]
        print(
            f"| {row['command']} | {row['configs']} | {row['read'] / 1e6:.1f} MB | {row['time']:.1f} | {row['memory']:.1f} | {grown} |",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
