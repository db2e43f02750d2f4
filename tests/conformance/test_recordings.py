"""The rehearsal's `oc` answers as the recorded one did; where it does not yet, it does not get worse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conformance.table import replayed
from tests.recorded import scenario_names

FLOORS: dict[str, int] = json.loads((Path(__file__).parent / "floors.json").read_text(encoding="utf-8"))


def test_every_scenario_has_a_floor() -> None:
    assert sorted(FLOORS) == scenario_names()


@pytest.mark.parametrize("scenario", scenario_names())
def test_a_recorded_scenario_comes_back_equal(scenario: str) -> None:
    outcomes = replayed(scenario)
    wrong = [f"{outcome.call.command[:100]}: {outcome.difference}" for outcome in outcomes if not outcome.matches]
    assert len(outcomes) - len(wrong) >= FLOORS[scenario], "\n".join(wrong)
