"""A home as an operator has it: the programs in `~/bin`, a kubeconfig in `~/.kube`."""

from __future__ import annotations

import shlex
import shutil
import sys

from tests.conftest import ROOT, World


def with_operators_home(world: World) -> World:
    """The world with the programs and the kubeconfig where the recipes look for them."""
    (world.home / "bin").mkdir()
    (world.home / ".kube").mkdir()
    shutil.copy(world.directory / "kubeconfig", world.home / ".kube" / "threescale")
    (world.home / "bin" / "oc").symlink_to(world.directory / "bin" / "oc")
    program = world.home / "bin" / "threescale-migrate"
    command = shlex.join([sys.executable, "-m", "threescale_migrate"])
    program.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {command} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return world
