"""The source of the package, built in a place of its own: a build leaves its remains where it is done."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT


@contextmanager
def copy_of_source() -> Iterator[Path]:
    """A copy of what a build needs, and room beside it, until the end.

    It is outside of pytest's directories: there everything is searched for secrets, and the rehearsal's own are in the source.
    """
    with tempfile.TemporaryDirectory(prefix="packing-") as home:
        target = Path(home) / "source"
        target.mkdir()
        for name in ("setup.cfg", "setup.py", "README.md"):
            shutil.copy(ROOT / name, target / name)
        (target / ".ci").mkdir()
        shutil.copy(ROOT / ".ci" / "one-file", target / ".ci" / "one-file")
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "threescale_migrate", target / "threescale_migrate", ignore=leave)
        yield target


def build(source: Path, command: str) -> None:
    """Runs a line of shell there, with this Python and its programs first on PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        ["bash", "-ec", command],
        cwd=source,
        env={**environment, "PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
