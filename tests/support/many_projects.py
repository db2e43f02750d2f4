"""Many rehearsal clusters behind one `oc`, which finds its cluster by `--context`, as a kubeconfig with many contexts does."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.conftest import World, make_world
from threescale_migrate.rehearsal import launch

# Two configs are enough to tell a project that is migrated from one that is not.
FEW = "zync,system-memcache"


@dataclass(frozen=True)
class Fleet:
    """The clusters by the names of their contexts, and the inventory that names them all."""

    world: World
    inventory: Path
    well: tuple[str, ...]
    away: tuple[str, ...]
    behind: tuple[str, ...]


def make(home: Path, total: int, away: int, behind: int, latency: float = 0.0) -> Fleet:
    """`total` projects, of which some cannot be asked and some are not migrated; each call takes `latency` seconds more."""
    migrated, fresh = make_world(home / "migrated"), make_world(home / "fresh")
    assert migrated.migrate("--dc", FEW).code == 0
    migrated.settle()
    clusters = home / "clusters"
    names = [f"site-{number:02}" for number in range(total)]
    # Spread over the list, so that one that is away stands before many others.
    lost, late = tuple(names[1 :: total // away][:away]), tuple(names[2 :: total // behind][:behind])
    for name in names:
        shutil.copytree((fresh if name in late else migrated).directory, clusters / name)
        launch.prepare(clusters / name)
        if name in lost:
            launch.resume(clusters / name, faults=["api-down"])
    program = home / "bin" / "oc"
    program.parent.mkdir()
    program.write_text(_dispatcher(clusters, latency), encoding="utf-8")
    program.chmod(0o755)
    kubeconfig = home / "kubeconfig"
    contexts = [{"name": name, "context": {"cluster": name, "user": "system:admin"}} for name in names]
    kubeconfig.write_text(yaml.safe_dump({"contexts": contexts, "current-context": names[0]}), encoding="utf-8")
    inventory = home / "inventory.yml"
    entries = [{"context": name, "project": "threescale", "name": name, "options": {"dc": FEW}} for name in names]
    inventory.write_text(yaml.safe_dump({"projects": entries}), encoding="utf-8")
    environment = {**migrated.environment, "PATH": f"{program.parent}:/usr/bin:/bin", "KUBECONFIG": str(kubeconfig)}
    world = World(migrated.home, migrated.directory, environment)
    return Fleet(world, inventory, tuple(n for n in names if n not in (*lost, *late)), lost, late)


def _dispatcher(clusters: Path, latency: float) -> str:
    return f"""#!/bin/bash
rest=()
for word in "$@"; do
  case $word in --context=*) context=${{word#--context=}} ;; *) rest+=("$word") ;; esac
done
sleep {latency}
cluster={shlex.quote(str(clusters))}/${{context:-site-00}}
if [ -n "${{context:-}}" ]; then export KUBECONFIG=$cluster/kubeconfig; fi
exec "$cluster/bin/oc" "${{rest[@]}}"
"""
