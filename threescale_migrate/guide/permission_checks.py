"""The check of step 3: the differences between the two accounts, by bindings where they can be read, else by what the server says that
each account may do; and what remains unknown."""

from __future__ import annotations

import re
from dataclasses import replace

from ..check_codes import Code
from ..cluster.reading import REVIEWED, REVIEWS
from ..cluster.state import ProjectState
from ..values import ACCOUNT, DEFAULT_ACCOUNT, NOTHING, Check, Command, Fix, Request, Step, Text, Verdict, Who, resume
from . import linked_secrets
from .account_reviews import constraints_in_use, lacks, reviewed
from .grants import (
    SCC,
    SCC_ROLE,
    VIEW_OF_THE_CLUSTER,
    VIEWED,
    Grant,
    exists,
    grants,
    has,
    ordered,
    privileged,
    user_of,
)
from .permissions import discovery_needs_view, discovery_text, give, missing, wanted
from .rules import cover, described
from .user_rights import ask_for_role

STEP = Step.PERMISSIONS
SCC_KIND = "scc"
ELSEWHERE = "rolebindings --all-namespaces"
UNREAD = {
    "rolebindings": "the role bindings in the project cannot be read, so it is not known whether amp has everything that default has",
    "clusterrolebindings": "the cluster role bindings cannot be read, so it is not known whether amp has everything that default has",
    ELSEWHERE: "the role bindings in other projects cannot be read, so it is not known whether amp has everything that default has",
    SCC_KIND: "the users of security context constraints cannot be read, so it is not known whether amp has everything that default has",
}
# What a cluster admin searches for `default` where the user cannot: the type, its columns, and what gives `amp` the same. The words
# in capitals are to be filled in: a role can have any name, so that nothing of what the list shows is printed to paste.
_SUBJECTS = "KINDS:.subjects[*].kind,NAMES:.subjects[*].name,NAMESPACES:.subjects[*].namespace"
_LISTED = {
    SCC_KIND: ("scc", "SCC:.metadata.name,USERS:.users", "add-scc-to-user SCC {amp}"),
    "clusterrolebindings": (
        "clusterrolebindings",
        f"ROLE:.roleRef.name,{_SUBJECTS}",
        "add-cluster-role-to-user ROLE {amp}",
    ),
    "rolebindings": (
        "rolebindings --namespace={project}",
        f"KIND:.roleRef.kind,ROLE:.roleRef.name,{_SUBJECTS}",
        "add-role-to-user ROLE {amp} --namespace={project}",
    ),
    ELSEWHERE: (
        "rolebindings --all-namespaces",
        f"PROJECT:.metadata.namespace,KIND:.roleRef.kind,ROLE:.roleRef.name,{_SUBJECTS}",
        "add-role-to-user ROLE {amp} --namespace=PROJECT",
    ),
}
_ASK = Text(
    "ask a cluster admin to list what is bound to default of this project, and to grant amp the same, for each ROLE, SCC or PROJECT that"
    " is listed; or leave the step out with --skip permissions"
)


# As fixtures/in-the-name-of-an-account has it.
_CANNOT_ASK = re.compile(r'User "([^"]+)" cannot impersonate')


def _search(state: ProjectState, kind: str) -> Fix:
    """What a cluster admin runs where the user cannot read."""
    what, listed, gift = _LISTED[kind]
    words = what.format(project=state.namespace).split()
    ours = (("grep", state.namespace), ("grep", "-E", f"[ ,:]{DEFAULT_ACCOUNT}([] ,]|$)"))
    listing = Command(("oc", "get", *words, "-o", f"custom-columns={listed}"), Who.CLUSTER_ADMIN, ours)
    given = gift.format(amp=user_of(state.namespace, ACCOUNT), project=state.namespace).split()
    return Fix(_ASK, (listing, Command(("oc", "adm", "policy", *given), Who.CLUSTER_ADMIN)))


def _gift(state: ProjectState, grant: Grant, by: Who = Who.CLUSTER_ADMIN, account: str = ACCOUNT) -> Fix:
    """The command that gives a role, for the user or, with a sentence, for a cluster admin."""
    ask = Text("ask a cluster admin to run this; or leave the step out with --skip permissions")
    sentence = NOTHING if by is Who.USER else ask
    return Fix(sentence, (Command(("oc", *give(state.namespace, grant, account, set()).args), by),))


def not_readable(state: ProjectState, request: Request) -> tuple[Check, ...]:
    """What cannot be read, each with what a cluster admin runs instead: unknown is never passed. Where the accounts were reviewed,
    what `amp` lacks by that."""
    checks = _by_review(state, request)
    for kind in UNREAD:
        if kind in state.unread and not (reviewed(state) and kind in REVIEWED):
            if kind == ELSEWHERE and reviewed(state):
                checks.append(_other_projects(state))
                continue
            seen = Text(UNREAD[kind])
            # Whoever cannot ask in the accounts' names lacks the role that can, and needs nobody to search for them.
            who = _CANNOT_ASK.search(state.unread.get(REVIEWS, ""))
            fix = _search(state, kind) if who is None else ask_for_role(who[1], state)
            checks.append(Check(STEP, Code.PERMISSIONS_READABLE, kind, Verdict.UNKNOWN, seen, fix))
    for grant in ordered(grants(state, DEFAULT_ACCOUNT)):
        if exists(state, grant) is None and not has(state, ACCOUNT, grant):
            seen = Text("default has {grant}, and it is not known whether that role exists", grant=grant.sentence)
            fix = _gift(state, grant)
            checks.append(Check(STEP, Code.PERMISSIONS_EQUAL, f"sa/{ACCOUNT}", Verdict.UNKNOWN, seen, fix))
    masked = state.discovery is not None and not state.discovery.known
    if ("configmaps" in state.unread or masked) and not request.service_discovery:
        both = all(has(state, account, VIEW_OF_THE_CLUSTER) for account in (ACCOUNT, DEFAULT_ACCOUNT))
        if not both:
            seen = discovery_text(state, request)
            fix = Fix(Text("if service discovery is used:"), (resume("--service-discovery"),))
            checks.append(Check(STEP, Code.SERVICE_DISCOVERY_VIEW, "configmap/system", Verdict.UNKNOWN, seen, fix))
    return (*checks, *(check for check in linked_secrets.checks(state) if check.verdict is Verdict.UNKNOWN))


def _by_review(state: ProjectState, request: Request) -> list[Check]:
    checks = []
    found = lacks(state, missing(state, request))
    for lack in found:
        named = {"rules": described(lack.rules)}
        if lack.grant is not None:
            seen = Text("default has {grant}, and amp does not: {rules}", grant=lack.grant.sentence, **named)
            if privileged(state, lack.grant):
                seen = Text(
                    "default has {grant}, which is privileged, and amp does not: {rules}",
                    grant=lack.grant.sentence,
                    **named,
                )
            fix = _gift(state, lack.grant)
        else:
            seen = Text("default can do this in the project, and amp cannot: {rules}", **named)
            if lack.everywhere:
                seen = Text("default can do this in the whole cluster, and amp cannot: {rules}", **named)
            fix = _search(state, "clusterrolebindings" if lack.everywhere else "rolebindings")
        checks.append(Check(STEP, Code.PERMISSIONS_EQUAL, f"sa/{ACCOUNT}", Verdict.FAILED, seen, fix))
    named_already = {lack.grant for lack in found}
    for name in constraints_in_use(state) if reviewed(state) and SCC_KIND in state.unread else ():
        grant = Grant("", SCC, name)
        if grant not in named_already:
            seen = Text(
                "pods of default run under {grant}, and it is not known whether amp can use it", grant=grant.sentence
            )
            fix = replace(
                _gift(state, grant),
                sentence=Text(
                    "ask a cluster admin to run this, unless the constraint is for all accounts of the project"
                ),
            )
            checks.append(Check(STEP, Code.PERMISSIONS_READABLE, f"scc/{name}", Verdict.WARNING, seen, fix))
    return checks


def _other_projects(state: ProjectState) -> Check:
    """What remains unknown: bindings in other projects, of which 3scale knows one use, which the whole cluster's tell about."""
    discovers = cover(state.reviews[DEFAULT_ACCOUNT].everywhere, VIEWED)
    seen = Text(
        "the roles that default may have in other projects cannot be read; 3scale needs them for service"
        " discovery alone, and default cannot list services in the whole cluster"
    )
    if discovers:
        seen = Text(
            "the roles that default may have in other projects cannot be read; 3scale needs them for service"
            " discovery alone, for which default has its permission in the whole cluster"
        )
    return Check(STEP, Code.PERMISSIONS_READABLE, ELSEWHERE, Verdict.WARNING, seen)


def verify(state: ProjectState, request: Request) -> tuple[Check, ...]:
    """The differences between the two accounts, in both directions; what cannot be read is unknown, never passed."""
    checks = [_lacking(state, grant, ACCOUNT) for grant in missing(state, request)]
    if discovery_needs_view(state, request) and not has(state, DEFAULT_ACCOUNT, VIEW_OF_THE_CLUSTER):
        checks.append(_lacking(state, VIEW_OF_THE_CLUSTER, DEFAULT_ACCOUNT))
    checks += (check for check in linked_secrets.checks(state) if check.verdict is not Verdict.UNKNOWN)
    checks += _differences(state, request)
    checks += not_readable(state, request)
    if all(check.verdict is Verdict.WARNING for check in checks):
        checks.insert(0, _equal(state, request))
    if (state.discovery is not None and state.discovery.known) or request.service_discovery:
        seen = discovery_text(state, request)
        checks.append(Check(STEP, Code.SERVICE_DISCOVERY_VIEW, "configmap/system", Verdict.PASSED, seen))
    return tuple(checks)


def _equal(state: ProjectState, request: Request) -> Check:
    found = wanted(state, request)
    names = (*(grant.sentence for grant in ordered(found)), *linked_secrets.of_both(state))
    seen = Text("nothing to copy: default has no roles")
    if reviewed(state):
        seen = Text("amp can do all that default can: the server was asked in the name of both accounts")
    elif names:
        seen = Text("amp has everything that default has: {names}", names=Text.listed(*names))
    return Check(STEP, Code.PERMISSIONS_EQUAL, f"sa/{ACCOUNT}", Verdict.PASSED, seen)


def _lacking(state: ProjectState, grant: Grant, account: str) -> Check:
    named = {"grant": grant.sentence, "account": account}
    seen = Text("default has {grant}, and amp does not", **named)
    if account == DEFAULT_ACCOUNT or not has(state, DEFAULT_ACCOUNT, grant):
        seen = Text("service discovery needs {grant}, and {account} does not have it", **named)
    elif privileged(state, grant):
        seen = Text("default has {grant}, which is privileged, and amp does not", **named)
    fix = _gift(state, grant, Who.USER, account)
    return Check(STEP, Code.PERMISSIONS_EQUAL, f"sa/{account}", Verdict.FAILED, seen, fix)


def _differences(state: ProjectState, request: Request) -> list[Check]:
    """What `amp` has and `default` does not; and what `default` is bound to that does not exist."""
    checks = []
    for grant in ordered(grants(state, ACCOUNT)):
        covered = grant in wanted(state, request) or _is_scc_of(state, grant) or has(state, DEFAULT_ACCOUNT, grant)
        if not covered:
            seen = Text("amp has {grant}, and default does not", grant=grant.sentence)
            checks.append(Check(STEP, Code.PERMISSIONS_NOT_WIDER, f"sa/{ACCOUNT}", Verdict.WARNING, seen))
    for grant in ordered(grants(state, DEFAULT_ACCOUNT)):
        if exists(state, grant) is False and not has(state, ACCOUNT, grant):
            bound = "it is bound to {grant}, which does not exist: it grants nothing and is not copied"
            seen = Text(bound, grant=grant.sentence)
            checks.append(Check(STEP, Code.GRANTED_ROLE_EXISTS, f"sa/{DEFAULT_ACCOUNT}", Verdict.WARNING, seen))
    return checks


def _is_scc_of(state: ProjectState, grant: Grant) -> bool:
    """Whether a grant of `amp` is the binding that gives an SCC which lists `default` among its users."""
    name = grant.role[len(SCC_ROLE) :] if grant.role.startswith(SCC_ROLE) else ""
    here = grant.namespace in ("", state.namespace)
    return bool(name) and here and Grant("", SCC, name) in grants(state, DEFAULT_ACCOUNT)
