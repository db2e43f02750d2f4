"""The rehearsal's `oc` answers as the recorded one did, as often as the fixtures' README says."""

from __future__ import annotations

import re

import pytest

from tests.conformance.table import replayed
from tests.conftest import ROOT
from tests.support.recorded import scenario_names

STATED = {
    name: (int(calls), int(match))
    for name, calls, match in re.findall(
        r"^\| `([\w.-]+)` \| (\d+) \| (\d+) \|$",
        (ROOT / "fixtures" / "README.md").read_text(encoding="utf-8"),
        flags=re.MULTILINE,
    )
}


def test_the_table_names_every_scenario() -> None:
    assert sorted(STATED) == scenario_names()


@pytest.mark.parametrize("scenario", scenario_names())
def test_a_recorded_scenario_comes_back_equal_as_often_as_the_table_states(scenario: str) -> None:
    outcomes = replayed(scenario)
    wrong = [f"{outcome.call.command[:100]}: {outcome.difference}" for outcome in outcomes if not outcome.matches]
    assert STATED[scenario] == (len(outcomes), len(outcomes) - len(wrong)), "\n".join(wrong)
