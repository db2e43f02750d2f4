"""The calls that are stated are those that are made, and distance costs no more than is promised. The other figures are measured by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import make_world
from tests.measure.benchmark import GUIDE, ONE, ROUND_NAME, commands_of, quickest
from tests.support.far import far

ROOT = Path(__file__).resolve().parents[2]
STATED = ROOT / "tests" / "README.md"
# So far away that sleeping outweighs what the machine has to do.
VERY_FAR = 1500


def stated() -> dict[str, list[str]]:
    """The rows of the table of costs, by what each is about."""
    table = STATED.read_text(encoding="utf-8").partition("| what | calls |")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]
    return {row[0]: row[1:] for row in rows}


@pytest.mark.long
def test_the_calls_that_are_stated_are_those_that_are_made(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    assert world.migrate().code == 0
    listed = far(world)
    made = {}
    for name, argv in commands_of(world).items():
        listed.forget()
        done = world.program(argv)
        assert done.code in (0, 3), (name, done.err)
        made[name] = str(len(listed.calls) - (name == ROUND_NAME))
    assert made == {name: row[0] for name, row in stated().items()}


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
