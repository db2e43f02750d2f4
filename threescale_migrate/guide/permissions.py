"""Step 3: what the project's `default` account can do, `amp` can too; nothing more, and nothing twice.

It plans and checks bindings and the links of secrets; what an account has been granted is found out in `grants.py`.
"""

from __future__ import annotations

from .. import shell
from ..check_codes import Code
from ..cluster.state import ProjectState
from ..values import ACCOUNT, DEFAULT_ACCOUNT, NOTHING, Check, Refused, Request, Step, Text, Verdict
from . import links
from .change import Change
from .grants import (
    SCC,
    SCC_ROLE,
    VIEW_OF_THE_CLUSTER,
    Grant,
    exists,
    grants,
    has,
    ordered,
    privileged,
    user_of,
)
from .role_changes import RoleGranted, free_name

STEP = Step.PERMISSIONS
SCC_KIND = "scc"
UNREAD = {
    "rolebindings": "the role bindings in the project cannot be read, so it is not known whether amp has everything that default has",
    "clusterrolebindings": "the cluster role bindings cannot be read, so it is not known whether amp has everything that default has",
    "rolebindings elsewhere": "the role bindings in other projects cannot be read, so it is not known whether amp has everything that default has",
    SCC_KIND: "the users of security context constraints cannot be read, so it is not known whether amp has everything that default has",
}


def discovery_needs_view(state: ProjectState, request: Request) -> bool:
    """Whether service discovery needs `view`: by the user's option, or by system's explicit settings.

    As 3scale ships it, it is on in service account mode in every pod with a token, which says nothing about its use: an
    account without `view` finds no service today, and loses nothing.
    """
    found = state.discovery
    if request.service_discovery:
        return True
    return found is not None and found.method == "service_account" and found.enabled.lower() in ("true", "yes", "on")


def discovery_text(state: ProjectState, request: Request) -> Text:
    """What is known about service discovery, and from what."""
    found = state.discovery
    if request.service_discovery:
        return Text("service discovery is used: --service-discovery was given")
    if "configmaps" in state.unread:
        return Text("it is not known whether service discovery is used: the config map system cannot be read")
    if found is None:
        return Text("service discovery is not used: there is no service_discovery.yml in the config map system")
    if not found.known:
        return Text(
            "it is not known whether service discovery is used: service_discovery.yml in the config map system is masked, or not in"
            " a known form"
        )
    if found.method != "service_account":
        return Text(
            "service discovery does not need the role view: service_discovery.yml in the config map system has authentication_method"
            " {method}",
            method=found.method or "?",
        )
    if discovery_needs_view(state, request):
        return Text(
            "service discovery is used: service_discovery.yml in the config map system has enabled: {enabled} and"
            " authentication_method: service_account",
            enabled=found.enabled,
        )
    if found.enabled.startswith("<%"):
        return Text(
            "service discovery is as 3scale ships it (config map system, service_discovery.yml): it is used if default"
            " has the role view, which is then copied; --service-discovery requires it in any case"
        )
    return Text(
        "service discovery is off: service_discovery.yml in the config map system has enabled: {enabled}",
        enabled=found.enabled or "?",
    )


def wanted(state: ProjectState, request: Request) -> frozenset[Grant]:
    """What `amp` needs: everything that `default` has and that exists, and `view` where service discovery needs it."""
    discovery = {VIEW_OF_THE_CLUSTER} if discovery_needs_view(state, request) else set()
    return frozenset(grant for grant in grants(state, DEFAULT_ACCOUNT) | discovery if exists(state, grant))


def missing(state: ProjectState, request: Request) -> tuple[Grant, ...]:
    """What `amp` lacks, in order."""
    return ordered(grant for grant in wanted(state, request) if not has(state, ACCOUNT, grant))


def plan(state: ProjectState, request: Request) -> tuple[Change, ...]:
    """A grant for each right that `amp` lacks, and a link for each secret. Raises Refused for privileged ones that were not
    asked for."""
    needed = missing(state, request)
    lax = [str(grant.sentence) for grant in needed if privileged(state, grant)]
    if lax and not request.copy_privileged:
        privileges = (
            "default has {grants}, which is more than a gateway should have: give it to amp as well with"
            " --copy-privileged, or remove it from default first"
        )
        raise Refused(Text(privileges, grants=", ".join(lax)))
    taken = {(binding.namespace, binding.name) for binding in state.bindings}
    changes = [give(state.namespace, grant, ACCOUNT, taken, _why(state, grant)) for grant in needed]
    if discovery_needs_view(state, request) and not has(state, DEFAULT_ACCOUNT, VIEW_OF_THE_CLUSTER):
        why = Text("service discovery needs it for the hooks' account too")
        changes.append(give(state.namespace, VIEW_OF_THE_CLUSTER, DEFAULT_ACCOUNT, taken, why))
    return (*changes, *links.plan(state))


def _why(state: ProjectState, grant: Grant) -> Text:
    if not has(state, DEFAULT_ACCOUNT, grant):
        return Text("service discovery needs it")
    if privileged(state, grant):
        return Text("default has {grant}; it is privileged, and --copy-privileged was given", grant=grant.sentence)
    return Text("default has {grant}", grant=grant.sentence)


def give(project: str, grant: Grant, account: str, taken: set[tuple[str, str]], why: Text = NOTHING) -> RoleGranted:
    """Gives an account a right; `taken` are the names of bindings that are there, by namespace, to which its own is added."""
    name = free_name(grant, account, taken)
    if name is not None:
        taken.add((grant.namespace, name))
    return RoleGranted(why, project, account, grant.namespace, grant.role_kind, grant.role, name)


# What a cluster admin searches for `default` where the user cannot: the type, its columns, and what gives `amp` the same.
_SUBJECTS = "KINDS:.subjects[*].kind,NAMES:.subjects[*].name,NAMESPACES:.subjects[*].namespace"
_LISTED = {
    SCC_KIND: ("scc", "SCC:.metadata.name,USERS:.users", "oc adm policy add-scc-to-user SCC {amp}"),
    "clusterrolebindings": (
        "clusterrolebindings",
        f"ROLE:.roleRef.name,{_SUBJECTS}",
        "oc adm policy add-cluster-role-to-user ROLE {amp}",
    ),
    "rolebindings": (
        "rolebindings --namespace={project}",
        f"KIND:.roleRef.kind,ROLE:.roleRef.name,{_SUBJECTS}",
        "oc adm policy add-role-to-user ROLE {amp} --namespace={project}",
    ),
    "rolebindings elsewhere": (
        "rolebindings --all-namespaces",
        f"PROJECT:.metadata.namespace,KIND:.roleRef.kind,ROLE:.roleRef.name,{_SUBJECTS}",
        "oc adm policy add-role-to-user ROLE {amp} --namespace=PROJECT",
    ),
}


def _for_an_admin(state: ProjectState, kind: str) -> tuple[str, str]:
    """What a cluster admin runs where the user cannot read: it lists what is bound to `default`. And the form of the command
    that gives `amp` what the list shows; the words in capitals are to be filled in.

    The first only lists, and prints nothing to paste: a role can have any name.
    """
    what, listed, form = _LISTED.get(kind, _LISTED["rolebindings elsewhere"])
    words = what.format(project=state.namespace).split()
    ours = f" | grep {state.namespace} | grep -E '[ ,:]{DEFAULT_ACCOUNT}([] ,]|$)'"
    given = form.format(amp=user_of(state.namespace, ACCOUNT), project=state.namespace)
    return shell.oc(("get", *words, "-o", f"custom-columns={listed}")) + ours, given


def unknown(state: ProjectState, request: Request) -> tuple[Check, ...]:
    """What cannot be read, each with what a cluster admin runs instead: unknown is never passed."""
    checks = []
    for kind in UNREAD:
        if kind in state.unread:
            seen = Text(UNREAD[kind])
            listing, gift = _for_an_admin(state, kind)
            fix = Text(
                "not known: which roles your project's account default has, which amp needs too; ask a cluster admin to run this, and"
                " to give amp what it lists for default of project {project}, with {command}; or continue with --allow-unknown,"
                " or leave out the whole step with --skip permissions",
                project=state.namespace,
                command=gift,
            )
            checks.append(Check(STEP, Code.PERMISSIONS_READABLE, kind, Verdict.UNKNOWN, seen, fix, (listing,)))
    for grant in ordered(grants(state, DEFAULT_ACCOUNT)):
        if exists(state, grant) is None and not has(state, ACCOUNT, grant):
            seen = Text("default has {grant}, and it is not known whether that role exists", grant=grant.sentence)
            fix = Text(
                "not known: whether a role that default is bound to exists; ask a cluster admin to run this if it does, or continue"
                " with --allow-unknown"
            )
            commands = (shell.oc(give(state.namespace, grant, ACCOUNT, set()).args),)
            checks.append(Check(STEP, Code.PERMISSIONS_EQUAL, f"sa/{ACCOUNT}", Verdict.UNKNOWN, seen, fix, commands))
    masked = state.discovery is not None and not state.discovery.known
    if ("configmaps" in state.unread or masked) and not request.service_discovery:
        both = all(has(state, account, VIEW_OF_THE_CLUSTER) for account in (ACCOUNT, DEFAULT_ACCOUNT))
        if not both:
            seen = discovery_text(state, request)
            fix = Text("add --service-discovery if it is used, or continue with --allow-unknown")
            checks.append(Check(STEP, Code.SERVICE_DISCOVERY_VIEW, "configmap/system", Verdict.UNKNOWN, seen, fix))
    return (*checks, *(check for check in links.checks(state) if check.verdict is Verdict.UNKNOWN))


def verify(state: ProjectState, request: Request) -> tuple[Check, ...]:
    """The differences between the two accounts, in both directions; what cannot be read is unknown, never passed."""
    checks = [_lacking(state, grant, ACCOUNT) for grant in missing(state, request)]
    if discovery_needs_view(state, request) and not has(state, DEFAULT_ACCOUNT, VIEW_OF_THE_CLUSTER):
        checks.append(_lacking(state, VIEW_OF_THE_CLUSTER, DEFAULT_ACCOUNT))
    checks += (check for check in links.checks(state) if check.verdict is not Verdict.UNKNOWN)
    checks += _differences(state, request)
    checks += unknown(state, request)
    if all(check.verdict is Verdict.WARNING for check in checks):
        checks.insert(0, _equal(state, request))
    if (state.discovery is not None and state.discovery.known) or request.service_discovery:
        seen = discovery_text(state, request)
        checks.append(Check(STEP, Code.SERVICE_DISCOVERY_VIEW, "configmap/system", Verdict.PASSED, seen))
    return tuple(checks)


def _equal(state: ProjectState, request: Request) -> Check:
    found = wanted(state, request)
    sentence = ", ".join(filter(None, (*(str(grant.sentence) for grant in ordered(found)), links.translated(state))))
    seen = Text("default has no role that amp would need")
    if sentence:
        seen = Text("amp has everything that default has: {names}", names=sentence)
    return Check(STEP, Code.PERMISSIONS_EQUAL, f"sa/{ACCOUNT}", Verdict.PASSED, seen)


def _lacking(state: ProjectState, grant: Grant, account: str) -> Check:
    named = {"grant": grant.sentence, "account": account}
    seen = Text("default has {grant}, and amp does not", **named)
    if account == DEFAULT_ACCOUNT or not has(state, DEFAULT_ACCOUNT, grant):
        seen = Text("service discovery needs {grant}, and {account} does not have it", **named)
    elif privileged(state, grant):
        seen = Text("default has {grant}, which is privileged, and amp does not", **named)
    fix = Text("{command}", command=shell.oc(give(state.namespace, grant, account, set()).args))
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
