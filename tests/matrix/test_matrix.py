"""Nothing is lost, whatever happens to whichever call: the whole matrix, and a few of its cases for every day.

`python -m tests.matrix` prints it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.front import Call

from .cases import Prepared, cases, changes, table, try_case
from .mischief import FAILURES

# A few failures for every day, each at the call where it does the most harm.
QUICK = {
    "prints half of its output": Call("whoami", 2),
    "fails after it took effect": Call("patch dc zync", 1),
    "tool killed after the call": Call("create", 2),
    "tool killed, the call goes on": Call("patch dc zync", 1),
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return Prepared.make(tmp_path_factory.mktemp("recorded"))


def test_the_matrix_has_each_change_with_each_failure_and_each_kind_of_reading(prepared: Prepared) -> None:
    chosen = cases(prepared.calls)
    changing = [call for call in prepared.calls if changes(call)]
    assert len(changing) >= 8
    assert set(chosen) >= {(call, failure) for call in changing for failure in FAILURES}
    assert {call.kind for call, _ in chosen} == {call.kind for call in prepared.calls}
    assert set(QUICK) <= set(FAILURES)
    assert set(QUICK.values()) <= set(prepared.calls)


@pytest.mark.parametrize("failure", QUICK)
def test_a_call_that_fails_loses_nothing(prepared: Prepared, tmp_path: Path, failure: str) -> None:
    found = try_case(prepared, tmp_path, QUICK[failure], failure)
    assert (found.lost, found.wrong) == ((), ())


@pytest.mark.long
@pytest.mark.parametrize("failure", FAILURES)
def test_no_failure_of_any_call_loses_anything(prepared: Prepared, tmp_path: Path, failure: str) -> None:
    found = []
    for number, (call, _) in enumerate(cases(prepared.calls, [failure])):
        home = tmp_path / str(number)
        home.mkdir()
        found.append(try_case(prepared, home, call, failure))
    assert found
    assert not any(case.lost or case.wrong for case in found), table(found, prepared.calls)
