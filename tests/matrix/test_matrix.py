"""Nothing is lost, whatever happens to whichever call: half of the matrix, and a few of its cases for every day.

`python -m tests.matrix` runs all of it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .cases import Call, Prepared, cases, half, table, try_case
from .mischief import FAILURES

# A few failures for every day, each at the call where it does the most harm.
QUICK = {
    "prints half of its output": Call("whoami", 2),
    "tool killed after the call": Call("create", 2),
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return Prepared.make(tmp_path_factory.mktemp("recorded"))


def test_the_calls_are_those_of_a_migration(prepared: Prepared) -> None:
    assert set(QUICK) <= set(FAILURES)
    assert set(QUICK.values()) <= set(prepared.calls)
    assert len(prepared.calls) >= 20


@pytest.mark.processes
@pytest.mark.parametrize("failure", QUICK)
def test_a_call_that_fails_loses_nothing(prepared: Prepared, tmp_path: Path, failure: str) -> None:
    found = try_case(prepared, tmp_path, QUICK[failure], failure)
    assert (found.lost, found.wrong) == ((), ())


def test_half_of_the_matrix_has_each_call_and_each_failure(prepared: Prepared) -> None:
    chosen = half(prepared.calls)
    assert {call for call, _ in chosen} == set(prepared.calls)
    assert {failure for _, failure in chosen} == set(FAILURES)
    assert (
        len(cases(prepared.calls)) / 2 - len(FAILURES) < len(chosen) <= len(cases(prepared.calls)) / 2 + len(FAILURES)
    )


@pytest.mark.processes
@pytest.mark.long
@pytest.mark.parametrize("failure", FAILURES)
def test_no_failure_of_any_call_loses_anything(prepared: Prepared, tmp_path: Path, failure: str) -> None:
    found = []
    for number, call in enumerate(call for call, of in half(prepared.calls) if of == failure):
        home = tmp_path / str(number)
        home.mkdir()
        found.append(try_case(prepared, home, call, failure))
    assert found
    assert not any(case.lost or case.wrong for case in found), table(found, prepared.calls)
