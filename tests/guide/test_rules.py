"""What rules of RBAC cover, and what is missing between two sets of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import recorded
from threescale_migrate.cluster.access import Rule
from threescale_migrate.cluster.parsing import parse_review
from threescale_migrate.guide.rules import Right, cover, covers, described, merged, missing, rights_of

WORDS = st.lists(st.sampled_from(["a", "b", "*"]), min_size=1, max_size=2, unique=True).map(tuple)
RESOURCES = st.lists(st.sampled_from(["pods", "pods/log", "*/log", "nodes", "*"]), min_size=1, unique=True).map(tuple)
NAMES = st.lists(st.sampled_from(["one", "two"]), max_size=2, unique=True).map(tuple)
URLS = st.lists(st.sampled_from(["/api", "/api/*", "/apis", "*"]), min_size=1, max_size=2, unique=True).map(tuple)
RULES = st.one_of(
    st.builds(Rule, WORDS, RESOURCES, NAMES, WORDS),
    st.builds(lambda verbs, urls: Rule(verbs, (), (), (), urls), WORDS, URLS),
)


@pytest.mark.parametrize(
    ("rule", "right", "given"),
    [
        (Rule(("get",), ("pods",), (), ("",)), Right("get", "", "pods", "", ""), True),
        (Rule(("get",), ("pods",), (), ("",)), Right("get", "apps", "pods", "", ""), False),
        (Rule(("get",), ("pods",), (), ("",)), Right("get", "", "pods/log", "", ""), False),
        (Rule(("*",), ("*",), (), ("*",)), Right("get", "apps", "pods/log", "mine", ""), True),
        (Rule(("get",), ("*/log",), (), ("",)), Right("get", "", "pods/log", "", ""), True),
        (Rule(("get",), ("*/log",), (), ("",)), Right("get", "", "pods", "", ""), False),
        (Rule(("get",), ("pods",), ("mine",), ("",)), Right("get", "", "pods", "mine", ""), True),
        (Rule(("get",), ("pods",), ("mine",), ("",)), Right("get", "", "pods", "yours", ""), False),
        (Rule(("get",), ("pods",), ("mine",), ("",)), Right("get", "", "pods", "", ""), False),
        (Rule(("get",), ("pods",), (), ("",)), Right("get", "", "pods", "mine", ""), True),
        (Rule(("get",), ("pods",), (), ("",)), Right("get", "", "*", "", ""), False),
        (Rule(("get",), (), (), (), ("/api/*",)), Right("get", "", "", "", "/api/v1"), True),
        (Rule(("get",), (), (), (), ("/api/*",)), Right("get", "", "", "", "/apis"), False),
        (Rule(("get",), (), (), (), ("*",)), Right("get", "", "", "", "/metrics"), True),
        (Rule(("*",), ("*",), (), ("*",)), Right("get", "", "", "", "/metrics"), False),
    ],
)
def test_a_rule_covers_what_the_server_says_it_covers(rule: Rule, right: Right, given: bool) -> None:
    assert covers(rule, right) is given


@given(st.lists(RULES, max_size=4), st.lists(RULES, max_size=4))
def test_what_is_missing_is_each_right_that_no_rule_held_gives(held: list[Rule], wanted: list[Rule]) -> None:
    lacking = {right for rule in wanted for right in rights_of(rule) if not any(covers(one, right) for one in held)}
    found = missing(held, wanted)
    assert {right for rule in found for right in rights_of(rule)} == lacking
    assert cover(held, wanted) is (not lacking)
    assert missing([*held, *found], wanted) == ()


@given(st.lists(RULES, max_size=5))
def test_rights_that_are_put_together_give_what_they_gave(found: list[Rule]) -> None:
    rights = {right for rule in found for right in rights_of(rule)}
    assert {right for rule in merged(rights) for right in rights_of(rule)} == rights


def test_the_recorded_reviews_differ_by_what_default_was_given_meanwhile() -> None:
    """Fact 33: at first neither account has anything of its own; then `default` has view, anyuid and edit; then `amp` too."""
    calls = [
        call for call in recorded.calls("in-the-name-of-an-account") if call.argv[1] == "create" and not call.exit_code
    ]
    (first, bare, full, still_bare, given), whole = (
        [parse_review(call.json())[0] for call in calls[:5]],
        [parse_review(call.json())[1] for call in calls],
    )
    assert all(whole)
    assert missing(bare, first) == missing(first, bare) == missing(given, full) == missing(full, given) == ()
    lacking = missing(still_bare, full)
    assert Rule(("use",), ("securitycontextconstraints",), ("anyuid",), ("security.openshift.io",)) in lacking
    assert any(covers(rule, Right("impersonate", "", "serviceaccounts", "", "")) for rule in lacking)
    assert not any(covers(rule, Right("get", "", "pods", "", "")) for rule in lacking), "both can already view"


def test_rules_are_described_shortly() -> None:
    named = Rule(("use",), ("securitycontextconstraints",), ("anyuid",), ("security.openshift.io",))
    many = Rule(("get", "list"), tuple("abcdefg"), (), ("",))
    assert described([named, many]) == "use securitycontextconstraints/anyuid; get, list a, b, c, d (+3)"
    assert described([named, named, named, many]).endswith("; (+2)")
