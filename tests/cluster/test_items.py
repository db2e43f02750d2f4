"""Reading a list item by item gives what reading it as a whole would give."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support import recorded
from threescale_migrate.cluster.items import items_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def refused(text: str) -> bool:
    """Whether reading the text ends in a ValueError."""
    try:
        list(items_of(text))
    except ValueError:
        return True
    return False


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a loaded machine says nothing of the parser
@given(
    st.dictionaries(st.text().filter(lambda key: key != "items"), VALUES, max_size=3),
    st.lists(VALUES, max_size=4),
    st.sampled_from([None, 1, "\t"]),
    st.booleans(),
)
def test_the_items_of_any_list_come_one_after_the_other(
    around: dict[str, Any], items: list[Any], indent: Any, first: bool
) -> None:
    document = {"items": items, **around} if first else {**around, "items": items}
    assert list(items_of(f" {json.dumps(document, indent=indent)}\n")) == items


@given(st.dictionaries(st.text().filter(lambda key: key != "items"), VALUES))
def test_what_is_no_list_is_its_own_only_item(document: dict[str, Any]) -> None:
    assert list(items_of(json.dumps(document))) == [document]


@given(st.text() | VALUES.map(json.dumps))
def test_what_is_no_whole_object_is_refused(text: str) -> None:
    try:
        whole = isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        whole = False
    if not whole:
        assert refused(text)


def test_a_recorded_list_is_read_whole_and_a_torn_one_is_refused() -> None:
    answers = [
        call.stdout
        for call in recorded.calls("documented-procedure")
        if call.argv[-2:] == ("-o", "json") and call.exit_code == 0
    ]
    assert answers
    for answer in answers[:20]:
        document = json.loads(answer)
        assert list(items_of(answer)) == document.get("items", [document])
        for end in range(0, len(answer) - 2, max(1, len(answer) // 40)):
            assert refused(answer[:end])
