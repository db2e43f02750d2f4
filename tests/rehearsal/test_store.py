"""What the rehearsal does by itself, for speed, is what the standard library does."""

from __future__ import annotations

import calendar
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threescale_migrate.rehearsal import quickjson
from threescale_migrate.rehearsal.store import Draw, copied, moment_of

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_json_is_written_and_read_as_the_standard_library_does(value: Any) -> None:
    assert quickjson.dumps(value) == json.dumps(value, separators=(",", ":"))
    assert quickjson.pretty(value) == json.dumps(value, indent=4, ensure_ascii=False, sort_keys=True)
    assert quickjson.loads(f" {json.dumps(value)}\n") == value


@given(st.text())
def test_what_is_no_json_is_refused_as_a_value_error(text: str) -> None:
    try:
        wanted = json.loads(text)
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            quickjson.loads(text)
    else:
        assert repr(quickjson.loads(text)) == repr(wanted)  # NaN is not equal to itself


@given(VALUES)
def test_a_copy_is_equal_and_shares_nothing(value: Any) -> None:
    copy = copied({"value": value, "list": [value]})
    assert copy == {"value": value, "list": [value]}
    if isinstance(value, (list, dict)):
        assert copy["value"] is not value


@given(st.integers(min_value=0, max_value=4_102_444_799))
def test_moments_are_those_of_the_calendar(seconds: int) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
    assert moment_of(stamp) == calendar.timegm(time.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ"))


def test_draws_are_repeatable_and_spread() -> None:
    drawn = [Draw(1, turn).random() for turn in range(2000)]
    assert drawn == [Draw(1, turn).random() for turn in range(2000)]
    assert drawn != [Draw(2, turn).random() for turn in range(2000)]
    assert 0.45 < sum(drawn) / len(drawn) < 0.55
    assert all(0 <= share < 1 for share in drawn)
    assert all(sum(low <= share < low + 0.1 for share in drawn) > 120 for low in (0.0, 0.3, 0.6, 0.9))
