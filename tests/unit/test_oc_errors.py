"""Every failing call of the recordings gets its class, by its text alone."""

from __future__ import annotations

import pytest

from tests.recorded import Recorded, all_calls
from threescale_migrate import oc

# What the text of a recorded failure means, by a part of it; read off the recordings, not off the code.
MEANING: tuple[tuple[str, type[oc.OcError]], ...] = (
    ("(Unauthorized)", oc.Unauthorized),
    ("Missing or incomplete configuration", oc.NoConfiguration),
    ("context \"nosuch\" does not exist", oc.NoConfiguration),
)

FAILING = [call for call in all_calls() if call.exit_code != 0]


@pytest.mark.parametrize("call", FAILING, ids=lambda call: f"{call.scenario}: {call.command[:60]}")
def test_a_recorded_failure_is_never_an_unnamed_one(call: Recorded) -> None:
    kind = oc.classify(call.exit_code, call.stderr)
    print(call.stderr)
    assert kind is not None
