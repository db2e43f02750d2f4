"""The figures that are stated are the same in each document, and distance costs no more than is promised. They are measured by hand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import make_world
from tests.measure.benchmark import GUIDE, ONE, quickest
from tests.support.far import far

ROOT = Path(__file__).resolve().parents[2]
STATED = (ROOT / "tests" / "README.md", ROOT / "threescale_migrate" / "topics" / "readiness.md")
# So far away that sleeping outweighs what the machine has to do.
VERY_FAR = 1500


def stated(path: Path) -> dict[str, tuple[float, float]]:
    """The rows of the table of ratios in a document."""
    table = path.read_text(encoding="utf-8").partition("| ratio | near | far |\n")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (.+?) \| ([0-9.]+) \| ([0-9.]+) \|$", table, re.MULTILINE)
    return {name: (float(near), float(far)) for name, near, far in rows}


def test_the_documents_state_the_same() -> None:
    first, second = map(stated, STATED)
    assert first
    assert first == second


@pytest.mark.measures
def test_distance_costs_a_look_about_one_call_and_the_guides_check_many_times_that(tmp_path: Path) -> None:
    """What distance alone adds, which a busy machine changes little. The longest list of `verify` is of one type more."""
    world = make_world(tmp_path)
    assert world.migrate().code == 0
    commands = {"verify": world.command("verify"), "guide": ("bash", "-c", GUIDE), "one": ONE}
    near = quickest(world, commands, rounds=1)
    far(world, VERY_FAR)
    distant = quickest(world, commands, rounds=1)
    added = {name: distant[name] - near[name] for name in commands}
    assert added["verify"] <= 1.4 * added["one"]
    assert added["guide"] >= 4 * added["verify"]
