"""Step 3: what the project's `default` account can do, `amp` can too; nothing more, and nothing twice.

It plans and checks bindings and the links of secrets; what an account has been granted is found out in `grants.py`.
"""

from __future__ import annotations

from ..cluster.state import ProjectState
from ..values import ACCOUNT, DEFAULT_ACCOUNT, NOTHING, Refused, Request, Step, Text
from . import linked_secrets
from .change import Change
from .grants import (
    VIEW_OF_THE_CLUSTER,
    Grant,
    exists,
    grants,
    has,
    ordered,
    privileged,
)
from .role_changes import RoleGranted, free_name

STEP = Step.PERMISSIONS


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
    lax = [grant.sentence for grant in needed if privileged(state, grant)]
    if lax and not request.copy_privileged:
        privileges = (
            "default has {grants}, which is more than a gateway should have: grant it to amp as well with"
            " --copy-privileged, or remove it from default first"
        )
        raise Refused(Text(privileges, grants=Text.listed(*lax)))
    taken = {(binding.namespace, binding.name) for binding in state.bindings}
    changes = [give(state.namespace, grant, ACCOUNT, taken, _why(state, grant)) for grant in needed]
    if discovery_needs_view(state, request) and not has(state, DEFAULT_ACCOUNT, VIEW_OF_THE_CLUSTER):
        why = Text("service discovery needs it for the hooks' account too")
        changes.append(give(state.namespace, VIEW_OF_THE_CLUSTER, DEFAULT_ACCOUNT, taken, why))
    return (*changes, *linked_secrets.plan(state))


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
