"""`.ci/run` ends with 0 only if all that it runs does: tried with stand-ins for what it calls, each of which fails in its turn."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

# What the stand-ins are called with, in this order.
STEPS = (
    "python3 -m venv",
    "pip install -q --disable",
    "ruff check",
    "ruff format",
    "mypy",
    "pip install -q -e",
    "pytest -n auto -m not long",
    "pytest -n auto -m long",
)
STAND_IN = """#!/bin/sh
called="$(basename "$0") $*"
echo "$called" >> "{log}"
if [ "$1 $2" = "-m venv" ]; then
  mkdir -p .venv/bin
  for name in pip ruff mypy python; do cp "$0" .venv/bin/$name; done
fi
case $called in $FAILS) exit 1 ;; esac
"""
NOTHING = "nothing fails"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with what the script itself reads, and the stand-ins first on PATH."""
    home = tmp_path / "checkout"
    (home / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "run", home / ".ci" / "run")
    shutil.copy(ROOT / "README.md", home / "README.md")
    (tmp_path / "bin").mkdir()
    for name in ("python3", "apt-get"):
        program = tmp_path / "bin" / name
        program.write_text(STAND_IN.format(log=home / "log"), encoding="utf-8")
        program.chmod(0o755)
    return home


def ci(checkout: Path, fails: str) -> tuple[int, list[str]]:
    """Runs the script, where what a pattern names fails; gives its exit code and the calls of the stand-ins."""
    environment = {"PATH": f"{checkout.parent / 'bin'}{os.pathsep}/usr/bin:/bin", "FAILS": fails}
    done = subprocess.run([checkout / ".ci" / "run"], env=environment, stdin=subprocess.DEVNULL, check=False)
    return done.returncode, (checkout / "log").read_text(encoding="utf-8").splitlines()


def test_it_ends_with_0_where_all_of_it_does(checkout: Path) -> None:
    code, calls = ci(checkout, NOTHING)
    assert code == 0
    found = [next(at for at, call in enumerate(calls) if step in call) for step in STEPS]
    assert found == sorted(found)
    assert [call for call in calls if "-m measures" in call] == ["python -m pytest -m measures"]


@pytest.mark.parametrize("step", STEPS)
def test_whatever_fails_ends_it_with_an_error_and_is_not_repeated(checkout: Path, step: str) -> None:
    code, calls = ci(checkout, f"*{step}*")
    assert code != 0
    assert step in calls[-1]
    assert sum(step in call for call in calls) == 1


def test_what_measures_is_repeated_once_and_alone(checkout: Path) -> None:
    code, calls = ci(checkout, "*-m measures*")
    assert code != 0
    assert [call.startswith("python -m pytest -m measures") for call in calls[-2:]] == [True, True]
    assert "-m measures" not in calls[-3]


def test_what_measures_may_fail_where_it_passes_alone(checkout: Path) -> None:
    code, calls = ci(checkout, "*-m measures")
    assert code == 0
    assert "-m measures --last-failed" in calls[-1]


@pytest.mark.parametrize("left", [0, 1])
def test_a_readme_without_its_two_commands_is_an_error(checkout: Path, left: int) -> None:
    readme = checkout / "README.md"
    lines = readme.read_text(encoding="utf-8").splitlines()
    begin = lines.index("## Development")
    commands = [line for line in lines[begin:] if "pytest" in line and line.startswith("python3")]
    assert len(commands) == 2
    kept = [line for line in lines[begin:] if line not in commands[left:]]
    readme.write_text("\n".join([*lines[:begin], *kept]), encoding="utf-8")
    code, calls = ci(checkout, NOTHING)
    assert code != 0
    assert not any("pytest" in call for call in calls)
