"""Nothing that a cluster holds can hurt: what it says is data, whatever it is."""

from __future__ import annotations

import time
from pathlib import Path

from tests.conftest import World, make_world


def in_front_of_oc(world: World, body: str) -> None:
    """Puts a script before the rehearsal's `oc`, which it can call as "$oc"."""
    program = world.home / "front" / "oc"
    program.parent.mkdir()
    program.write_text(f'#!/bin/bash\noc={world.directory}/bin/oc\n{body}\nexec "$oc" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    world.environment["PATH"] = f"{program.parent}:{world.environment['PATH']}"


def test_a_log_of_one_endless_line_does_not_hold_up_a_failed_migration(tmp_path: Path) -> None:
    world = make_world(tmp_path, "crash-loop=zync")
    in_front_of_oc(world, "if [[ $1 == logs ]]; then head -c 1000000 /dev/zero | tr '\\0' x; exit; fi")
    began = time.monotonic()
    done = world.migrate("--dc", "zync")
    assert done.code == 5, done.all
    assert "x" * 100 in done.err
    assert "x" * 300 not in done.err
    # The same without such a log takes some seconds; with it, it took minutes.
    assert time.monotonic() - began < 60
