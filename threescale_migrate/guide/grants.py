"""What the accounts of a project have been granted: by role bindings in the project, in others and in the cluster, and by
security context constraints as OpenShift 4 binds them and as 3.11 keeps them in the object.

What both accounts have through the groups of service accounts is left out: it needs no copy. Nothing is planned here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .. import shell
from ..cluster.access import Binding, Rule
from ..cluster.dialects import subject_namespace
from ..cluster.partial_answers import SCC_TYPE
from ..cluster.state import ProjectState
from ..values import Text
from .rules import cover

VIEW = "view"
CLUSTER_ROLE = "ClusterRole"
SCC = "SecurityContextConstraints"
SCC_ROLE = "system:openshift:scc:"
# Roles that give away more than a gateway's pods should have, where their rules cannot be read.
PRIVILEGED = frozenset({"cluster-admin", "admin"})
LAX_CONSTRAINTS = frozenset(
    {"anyuid", "privileged", "hostaccess", "hostmount-anyuid", "hostnetwork", "hostnetwork-v2", "node-exporter"}
)
# Roles that every OpenShift starts with: they exist even where the cluster's roles cannot be listed.
BUILT_IN = frozenset(
    {
        "admin", "basic-user", "cluster-admin", "cluster-reader", "edit", "self-provisioner", "system:deployer",
        "system:image-builder", "system:image-puller", "system:image-pusher", "view",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Grant:
    """A right as one account has it: `namespace` is empty cluster-wide; `role_kind` is ClusterRole, Role, or
    SecurityContextConstraints for an account among the users of that object."""

    namespace: str
    role_kind: str
    role: str

    @property
    def sentence(self) -> Text:
        """As it is named to a person."""
        named = {"kind": self.role_kind, "role": shell.quoted(self.role)}
        if not self.namespace:
            return Text("{kind} {role} in the whole cluster", **named)
        return Text("{kind} {role} in project {project}", project=self.namespace, **named)


VIEW_OF_THE_CLUSTER = Grant("", CLUSTER_ROLE, VIEW)
# What of `view` service discovery needs, where the role itself cannot be read.
VIEWED = (Rule(("list",), ("services",), groups=("",)),)


def grants(state: ProjectState, account: str) -> frozenset[Grant]:
    """What an account of the project has by its name; what it has through its groups, both accounts have."""
    bound = {_grant(binding) for binding in state.bindings if _names(binding, state.namespace, account)}
    user = user_of(state.namespace, account)
    used = {Grant("", SCC, name) for name, found in state.constraints.items() if user in found.users}
    return frozenset(bound | used)


def user_of(namespace: str, account: str) -> str:
    """The account as a user."""
    return f"system:serviceaccount:{namespace}:{account}"


def holding(state: ProjectState, grant: Grant, account: str) -> tuple[Binding, ...]:
    """The bindings that give the role to the account by its name."""
    return tuple(b for b in state.bindings if _grant(b) == grant and _names(b, state.namespace, account))


def _grant(binding: Binding) -> Grant:
    return Grant(binding.namespace, binding.role_kind, binding.role)


def _names(binding: Binding, namespace: str, account: str) -> bool:
    user = user_of(namespace, account)
    for subject in binding.subjects:
        if subject.kind == "ServiceAccount" and subject.name == account:
            if subject_namespace(subject.namespace, binding.namespace) == namespace:
                return True
        elif subject.kind in ("User", "SystemUser") and subject.name == user:
            return True
    return False


def has(state: ProjectState, account: str, grant: Grant) -> bool:
    """Whether an account has a right; an SCC also by the binding that an `oc` from 4.5 on makes of `add-scc-to-user`: in the
    project where a call names one, which each of ours does (fixtures/old-clients), else in the cluster (fixtures/rbac). Where the
    bindings cannot be read, by what a review in its name shows."""
    found = grants(state, account)
    if grant in found:
        return True
    role = f"{SCC_ROLE}{grant.role}"
    if grant.role_kind == SCC and any(Grant(where, CLUSTER_ROLE, role) in found for where in ("", state.namespace)):
        return True
    return _is_reviewed(state, account, grant)


def _is_reviewed(state: ProjectState, account: str, grant: Grant) -> bool:
    """Whether a review shows that the account may do all that the grant gives, which may come from another one."""
    bindings = SCC_TYPE if grant.role_kind == SCC else "rolebindings" if grant.namespace else "clusterrolebindings"
    review = state.reviews.get(account)
    if review is None or bindings not in state.unread or grant.namespace not in ("", state.namespace):
        return False
    given = rules_of(state, grant)
    held = review.everywhere if bindings == "clusterrolebindings" else review.here
    return bool(given) and cover(held, given)


def rules_of(state: ProjectState, grant: Grant) -> tuple[Rule, ...]:
    """What a grant gives; nothing where its role cannot be read."""
    if grant.role_kind == SCC:
        return (Rule(("use",), ("securitycontextconstraints",), (grant.role,), ("security.openshift.io",)),)
    role = state.roles.get(("" if grant.role_kind == CLUSTER_ROLE else grant.namespace, grant.role))
    return role.rules if role is not None else VIEWED if grant == VIEW_OF_THE_CLUSTER else ()


def exists(state: ProjectState, grant: Grant) -> bool | None:
    """Whether the role exists, None where that is not known: `oc` also binds what does not (fact 8)."""
    if grant.role_kind == SCC:
        return grant.role in state.constraints
    where = "" if grant.role_kind == CLUSTER_ROLE else grant.namespace
    if (where, grant.role) in state.roles or (not where and grant.role in BUILT_IN):
        return True
    kind = "clusterroles" if not where else "roles" if where == state.namespace else "roles --all-namespaces"
    return None if kind in state.unread else False


def privileged(state: ProjectState, grant: Grant) -> bool:
    """Whether a right is pointed out, and copied only with --copy-privileged: all rights, or those over pods' limits."""
    if grant.role_kind == SCC:
        return _lax(state, grant.role)
    if grant.role in PRIVILEGED:
        return True
    if grant.role.startswith(SCC_ROLE) and _lax(state, grant.role[len(SCC_ROLE) :]):
        return True
    role = state.roles.get(("" if grant.role_kind == CLUSTER_ROLE else grant.namespace, grant.role))
    if role is None:
        return False
    for rule in role.rules:
        verbs, resources = set(rule.verbs), set(rule.resources)
        if "*" in verbs and "*" in resources:
            return True
        # `edit` may impersonate the service accounts of its project, which is nothing out of the ordinary.
        if {"bind", "escalate"} & verbs or ("impersonate" in verbs and {"users", "groups", "*"} & resources):
            return True
        uses_constraints = {"use", "*"} & verbs and {"securitycontextconstraints", "*"} & resources
        if uses_constraints and (not rule.names or any(_lax(state, name) for name in rule.names)):
            return True
    return False


def _lax(state: ProjectState, name: str) -> bool:
    found = state.constraints.get(name)
    return bool(found.lax) if found is not None else name in LAX_CONSTRAINTS


def ordered(found: Iterable[Grant]) -> tuple[Grant, ...]:
    """Grants in the order in which they are shown."""
    return tuple(sorted(found, key=lambda grant: (grant.namespace, grant.role_kind, grant.role)))
