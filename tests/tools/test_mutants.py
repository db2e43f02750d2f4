"""The list of mutants is of this code: a text that is no longer there would be no mutant."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT
from tests.tools.mutants import MUTANTS, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_changes_one_place_and_names_tests_that_are_there(mutant: Mutant) -> None:
    text = (ROOT / "threescale_migrate" / mutant.file).read_text(encoding="utf-8")
    assert mutant.text
    assert text.count(mutant.text) == 1
    assert mutant.instead != mutant.text
    for test in mutant.tests:
        path, _, name = test.partition("::")
        assert not name or f"def {name.partition('[')[0]}(" in (ROOT / "tests" / path).read_text(encoding="utf-8")


def test_there_are_thirty_of_them() -> None:
    assert len(MUTANTS) >= 30
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
