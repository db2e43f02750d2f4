"""The rehearsal's `oc` answers as the recorded one did, but for what fixtures/CONFORMANCE.md lists."""

from __future__ import annotations

import re

import pytest

from tests.conformance.table import replayed
from tests.conftest import ROOT
from tests.support.recorded import scenario_names

TEXT = (ROOT / "fixtures" / "CONFORMANCE.md").read_text(encoding="utf-8")
STATED = {
    name: (int(calls), int(match))
    for name, calls, match in re.findall(r"^\| `([\w.-]+)` \| (\d+) \| (\d+) \|$", TEXT, flags=re.MULTILINE)
}
LISTED = [
    (name, number)
    for name, numbers, why in re.findall(
        r"^\| `([\w.-]+)` \| (\d\d\d(?:, \d\d\d)*) \| (\w.{5,}) \|$", TEXT, flags=re.MULTILINE
    )
    for number in numbers.split(", ")
]


def test_the_table_names_every_scenario() -> None:
    assert sorted(STATED) == scenario_names()
    assert len(LISTED) == len(set(LISTED)) == sum(calls - match for calls, match in STATED.values())


@pytest.mark.parametrize("scenario", scenario_names())
def test_a_recorded_scenario_comes_back_equal_but_for_the_calls_that_are_listed(scenario: str) -> None:
    outcomes = replayed(scenario)
    differing = {
        outcome.call.number: f"{outcome.call.name}: {outcome.difference}" for outcome in outcomes if not outcome.matches
    }
    assert sorted(differing) == sorted(number for name, number in LISTED if name == scenario), list(differing.values())
    assert STATED[scenario] == (len(outcomes), len(outcomes) - len(differing))
