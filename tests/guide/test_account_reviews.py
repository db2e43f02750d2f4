"""The two ways to compare the accounts, by bindings and by what the server says that each may do, come to the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.guide.test_permissions import PROJECT, state
from threescale_migrate.cluster.access import Binding, Review, Role, Rule, Subject
from threescale_migrate.cluster.reading import REVIEWED
from threescale_migrate.cluster.state import ProjectState
from threescale_migrate.guide import permission_checks, permissions
from threescale_migrate.guide.account_reviews import Lack, lacks
from threescale_migrate.guide.grants import CLUSTER_ROLE, SCC, SCC_ROLE, Grant
from threescale_migrate.guide.rules import cover
from threescale_migrate.values import ACCOUNT, DEFAULT_ACCOUNT, Request, Verdict, Who

HERE, EVERYWHERE = PROJECT, ""
GROUP = "system:serviceaccounts"


def rule(*resources: str, verbs: Sequence[str] = ("get",), names: Sequence[str] = ()) -> Rule:
    group = "security.openshift.io" if "securitycontextconstraints" in resources else ""
    return Rule(tuple(verbs), resources, tuple(names), (group,))


def scc_role(name: str) -> Role:
    return Role("", f"{SCC_ROLE}{name}", (rule("securitycontextconstraints", verbs=("use",), names=(name,)),))


# Each role gives what no other gives.
APART = (
    Role("", "view", (rule("pods", "services", verbs=("get", "list")), rule("pods/log"))),
    Role("", "edit", (rule("secrets", verbs=("*",)),)),
    Role("", "own", (rule("nodes"), Rule(("get",), (), (), (), ("/metrics",)))),
    Role(HERE, "discover", (rule("routes", names=("gateway",)),)),
    scc_role("anyuid"),
)
# Some give what others give too.
OVERLAPPING = (
    *APART,
    Role("", "admin", (rule("pods", "services", "secrets", verbs=("*",)),)),
    Role("", "some", (rule("pods"), rule("nodes"))),
    Role("", "cluster-admin", (Rule(("*",), ("*",), (), ("*",)), Rule(("*",), (), (), (), ("*",)))),
)


class Bound(NamedTuple):
    """A role, bound in the project or everywhere, to one account or to the group of both."""

    role: Role
    where: str
    whom: str


def bindings(roles: Sequence[Role]) -> st.SearchStrategy[list[Bound]]:
    def places(role: Role) -> st.SearchStrategy[str]:
        # A constraint that is used elsewhere is no matter of this project: that is told apart below.
        return (
            st.just(HERE) if role.namespace or role.name.startswith(SCC_ROLE) else st.sampled_from([HERE, EVERYWHERE])
        )

    one = st.sampled_from(list(roles)).flatmap(
        lambda role: st.builds(
            Bound, st.just(role), places(role), st.sampled_from([DEFAULT_ACCOUNT, DEFAULT_ACCOUNT, ACCOUNT, GROUP])
        )
    )
    return st.lists(one, max_size=6, unique=True)


def rules_of(found: Iterable[Bound], account: str, where: str) -> tuple[Rule, ...]:
    """What the server would list, by its own rules (kubernetes pkg/registry/rbac/validation/rule.go)."""
    held = (bound for bound in found if bound.whom in (account, GROUP) and bound.where in (EVERYWHERE, where))
    return tuple(rule for bound in held for rule in bound.role.rules)


def by_bindings(roles: Sequence[Role], found: Sequence[Bound]) -> ProjectState:
    """What a cluster admin sees."""
    subjects = {account: Subject("ServiceAccount", account, PROJECT) for account in (ACCOUNT, DEFAULT_ACCOUNT)}
    subjects[GROUP] = Subject("Group", GROUP, "")
    listed = tuple(
        Binding(
            bound.where,
            str(number),
            "Role" if bound.role.namespace else CLUSTER_ROLE,
            bound.role.name,
            (subjects[bound.whom],),
        )
        for number, bound in enumerate(found)
    )
    return replace(state(), bindings=listed, roles={(role.namespace, role.name): role for role in roles})


def by_reviews(roles: Sequence[Role], found: Sequence[Bound], own_bindings: bool = False) -> ProjectState:
    """What a user sees who can read no bindings, or those of the project."""
    seen = by_bindings(roles, found)
    hidden = [
        kind for kind in (*REVIEWED, permission_checks.ELSEWHERE) if not (own_bindings and kind == "rolebindings")
    ]
    reviews = {
        account: Review(account, rules_of(found, account, HERE), rules_of(found, account, EVERYWHERE))
        for account in (ACCOUNT, DEFAULT_ACCOUNT)
    }
    visible = tuple(binding for binding in seen.bindings if own_bindings and binding.namespace)
    return replace(seen, bindings=visible, unread=dict.fromkeys(hidden, "no permission"), reviews=reviews)


def grants_of(found: Iterable[Lack]) -> set[Grant]:
    return {lack.grant for lack in found if lack.grant is not None}


def given_to_amp(roles: Sequence[Role], found: Sequence[Bound], grants: Iterable[Grant]) -> list[Bound]:
    by_name = {role.name: role for role in roles}
    more = []
    for grant in grants:
        name = f"{SCC_ROLE}{grant.role}" if grant.role_kind == SCC else grant.role
        more.append(Bound(by_name[name], HERE if grant.role_kind == SCC else grant.namespace, ACCOUNT))
    return [*found, *more]


def normal(grants: Iterable[Grant]) -> set[Grant]:
    """A role in the project gives nothing to whom has it everywhere; a constraint is named as such or by its role."""
    named = {
        Grant("", SCC, grant.role[len(SCC_ROLE) :]) if grant.role.startswith(SCC_ROLE) else grant for grant in grants
    }
    return {grant for grant in named if not grant.namespace or Grant("", grant.role_kind, grant.role) not in named}


@settings(max_examples=300, deadline=None)
@given(bindings(APART))
def test_both_ways_name_the_same_roles(found: list[Bound]) -> None:
    admin, user = by_bindings(APART, found), by_reviews(APART, found)
    # What amp can do through a group or in the whole cluster, the server has said; by bindings it is one that amp has not.
    missing = {
        grant
        for grant in normal(permissions.missing(admin, Request()))
        if not cover(rules_of(found, ACCOUNT, HERE if grant.role_kind == SCC else grant.namespace), _rules(grant))
    }
    assert normal(grants_of(lacks(user, ()))) == missing
    assert all(lack.grant is not None for lack in lacks(user, ()))


def _rules(grant: Grant) -> tuple[Rule, ...]:
    name = f"{SCC_ROLE}{grant.role}" if grant.role_kind == SCC else grant.role
    return next(role.rules for role in APART if role.name == name)


@settings(max_examples=300, deadline=None)
@given(bindings(OVERLAPPING), st.booleans())
def test_what_is_named_closes_the_gap_and_gives_amp_no_more_than_default_has(
    found: list[Bound], own_bindings: bool
) -> None:
    user = by_reviews(OVERLAPPING, found, own_bindings)
    planned = permissions.missing(user, Request())
    named = lacks(user, planned)
    assert all(lack.grant is not None for lack in named), "each role can be read"
    after = given_to_amp(OVERLAPPING, found, [*planned, *grants_of(named)])
    for where in (HERE, EVERYWHERE):
        default, amp = (rules_of(after, account, where) for account in (DEFAULT_ACCOUNT, ACCOUNT))
        assert cover(amp, [rule for rule in default if where or "use" not in rule.verbs])
        assert cover([*default, *rules_of(found, ACCOUNT, where)], amp), "amp got more than default has"
    again = by_reviews(OVERLAPPING, after, own_bindings)
    assert lacks(again, permissions.missing(again, Request())) == ()
    checks = permission_checks.verify(again, Request())
    assert {check.verdict for check in checks} == {Verdict.PASSED, Verdict.WARNING}


@settings(max_examples=200, deadline=None)
@given(bindings(OVERLAPPING))
def test_where_bindings_show_nothing_missing_reviews_show_nothing_either(found: list[Bound]) -> None:
    after = given_to_amp(OVERLAPPING, found, permissions.missing(by_bindings(OVERLAPPING, found), Request()))
    assert lacks(by_reviews(OVERLAPPING, after), ()) == ()


def test_what_no_role_gives_that_can_be_read_is_named_by_its_rules() -> None:
    hidden = by_reviews(APART, [Bound(APART[2], EVERYWHERE, DEFAULT_ACCOUNT)])
    [check, _] = permission_checks.verify(replace(hidden, roles={}), Request())
    assert check.verdict is Verdict.FAILED
    assert "get nodes; get /metrics" in str(check.seen) or "get /metrics; get nodes" in str(check.seen)
    listing, gift = check.fix.commands
    assert listing.argv[:3] == ("oc", "get", "clusterrolebindings")
    assert gift.argv[:5] == ("oc", "adm", "policy", "add-cluster-role-to-user", "ROLE")
    assert {listing.by, gift.by} == {Who.CLUSTER_ADMIN}


def test_service_discovery_is_known_by_what_the_account_may_do_everywhere() -> None:
    request = Request(service_discovery=True)
    without = permission_checks.verify(by_reviews(APART, []), request)
    assert len([check for check in without if check.verdict is Verdict.FAILED]) == 2, (
        "for amp, and for the hooks' account"
    )
    both = [Bound(APART[0], EVERYWHERE, account) for account in (DEFAULT_ACCOUNT, ACCOUNT)]
    for roles in (APART, ()):
        seen = replace(by_reviews(APART, both), roles={(role.namespace, role.name): role for role in roles})
        assert {check.verdict for check in permission_checks.verify(seen, request)} == {Verdict.PASSED, Verdict.WARNING}
    elsewhere = permission_checks.verify(by_reviews(APART, both), Request())[-1]
    assert "in the whole cluster" in str(elsewhere.seen)


def test_a_constraint_whose_users_cannot_be_read_is_seen_by_the_pods_that_it_admitted() -> None:
    def pod(constraints: str, owner: str = "default") -> dict[str, Any]:
        notes = {"openshift.io/scc": constraints}
        return {
            "kind": "Pod",
            "metadata": {"name": "zync-1-abcde", "annotations": notes},
            "spec": {"serviceAccountName": owner},
            "status": {"phase": "Running"},
        }

    def warned(found: list[Bound], *pods: dict[str, Any]) -> set[str]:
        seen = replace(by_reviews(APART, found), pods=state(*pods).pods)
        checks = permission_checks.verify(seen, Request())
        assert {check.verdict for check in checks} <= {Verdict.PASSED, Verdict.WARNING}
        return {check.subject for check in checks if check.subject.startswith("scc/")}

    assert warned([], pod("anyuid"), pod("restricted-v2")) == {"scc/anyuid"}
    assert warned([], pod("anyuid", "amp")) == set(), "amp was admitted by it"
    assert warned([Bound(APART[-1], HERE, ACCOUNT)], pod("anyuid")) == set()


def test_without_reviews_what_cannot_be_read_is_unknown() -> None:
    seen = by_reviews(APART, [])
    for reviews in ({}, {ACCOUNT: seen.reviews[ACCOUNT]}):
        checks = permission_checks.verify(replace(seen, reviews=reviews), Request())
        assert {check.subject for check in checks if check.verdict is Verdict.UNKNOWN} == {*permission_checks.UNREAD}
