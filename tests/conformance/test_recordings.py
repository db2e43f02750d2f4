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


def test_the_differences_that_are_explained_are_those_of_the_table() -> None:
    text = " ".join((ROOT / "fixtures" / "README.md").read_text(encoding="utf-8").split())
    left = {name: calls - match for name, (calls, match) in STATED.items() if calls != match}
    words = {
        "documented-procedure-oc-4.6": ("three answers to the 4.6 client", 3),
        "images-on-the-authenticated-registry": ("a list of warnings", 1),
        "places": ("four answers of `places`", 4),
    }
    assert left == {name: count for name, (_, count) in words.items()}
    assert all(sentence in text for sentence, _ in words.values())


@pytest.mark.parametrize("scenario", scenario_names())
def test_a_recorded_scenario_comes_back_equal_as_often_as_the_table_states(scenario: str) -> None:
    outcomes = replayed(scenario)
    wrong = [f"{outcome.call.command[:100]}: {outcome.difference}" for outcome in outcomes if not outcome.matches]
    assert STATED[scenario] == (len(outcomes), len(outcomes) - len(wrong)), "\n".join(wrong)
