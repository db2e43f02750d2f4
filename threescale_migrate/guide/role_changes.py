"""The changes of the roles that an account has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import ClassVar
from urllib.parse import quote

from .. import shell
from ..cluster.state import ProjectState
from ..values import Step, Text
from . import objects_in_use
from .change import Change, Deletion, Kept, ObjectName, Undo
from .grants import CLUSTER_ROLE, SCC, Grant, has, holding, user_of


@dataclass(frozen=True)
class _RoleChange(Change):
    """A role of an account: a binding of the name `binding` where the call names it, else one that `oc adm policy` finds or makes.

    `project` is the account's; `namespace` where the role is bound, empty for the whole cluster.
    """

    step = Step.PERMISSIONS

    project: str
    account: str
    namespace: str
    role_kind: str
    role: str
    binding: str | None = None

    @property
    def grant(self) -> Grant:
        """What the account is given."""
        return Grant(self.namespace, self.role_kind, self.role)

    @property
    def subject(self) -> ObjectName:
        return ObjectName(self.role_kind.lower(), self.role)

    @property
    def thing(self) -> tuple[str, ...]:
        """The role as this account has it in this place."""
        return "role", self.account, self.namespace, self.role_kind, self.role

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """The option that names another project than the account's."""
        return (f"--namespace={self.namespace}",) if self.namespace not in ("", self.project) else ()

    def _policy(self, verb: str) -> tuple[str, ...]:
        what = "scc" if self.role_kind == SCC else "role" if self.namespace else "cluster-role"
        command = verb.format(what=what)
        return "adm", "policy", command, self.role, user_of(self.project, self.account), *self.elsewhere

    @property
    def read_as(self) -> str:
        """Bindings, in projects or of the cluster."""
        return "rolebindings" if self.namespace else "clusterrolebindings"


@dataclass(frozen=True)
class RoleGranted(_RoleChange):
    """A role, granted to an account."""

    kind: ClassVar[str] = "role-granted"

    @property
    def creates(self) -> str:
        """A binding, unless it is one of the cluster."""
        return self.read_as if self.namespace else ""

    @property
    def needs(self) -> str:
        """What a binding in that place needs; what constraints need depends on the client as well (`rights.py`)."""
        created = f"create {self.read_as}"
        return created if self.binding is not None else f"list {self.read_as}, {created}"

    @property
    def args(self) -> tuple[str, ...]:
        """`oc adm policy` finds or makes a binding; of a role of the project it would make one of that name, so its name is given."""
        if self.binding is None:
            return self._policy("add-{what}-to-user")
        subject = f"--serviceaccount={self.project}:{self.account}"
        return "create", "rolebinding", self.binding, f"--role={self.role}", subject, *self.elsewhere

    @property
    def inverse(self) -> Change:
        why = Text("the run granted it to {account}", account=self.account)
        return RoleRemoved(why, self.project, self.account, self.namespace, self.role_kind, self.role, self.binding)

    def is_done(self, state: ProjectState) -> bool:
        return has(state, self.account, self.grant)

    def undo_blocked(self, state: ProjectState, undo: Undo) -> Kept | None:
        """Whether something that runs as the account may need it, somebody has bound the role to the account again, or added others
        to the binding that the run created."""
        used = objects_in_use.kept(objects_in_use.of_role(state, undo, self.account))
        if undo.force or used is not None:
            return used
        held = holding(state, self.grant, self.account)
        if len(held) > 1:
            return Kept(
                Text(
                    "it is kept: more than one binding grants it ({names}); --force removes the account from all of them",
                    names=", ".join(shell.quoted(binding.name) for binding in held),
                )
            )
        if any(len(binding.subjects) > 1 for binding in held if binding.name == self.binding):
            return Kept(
                Text("it is kept: another user has added subjects to the binding since the run; --force deletes it")
            )
        return None


@dataclass(frozen=True)
class RoleRemoved(_RoleChange, Deletion):
    """A role, removed from an account."""

    kind: ClassVar[str] = "role-removed"

    bound_to: tuple[str, ...] = field(default=(), compare=False)

    @property
    def args(self) -> tuple[str, ...]:
        """The binding that was made is deleted, in any other the account is no longer named."""
        if self.binding is None:
            return self._policy("remove-{what}-from-user")
        return "delete", "rolebinding", self.binding, *self.elsewhere

    @property
    def needs(self) -> str:
        """A binding with other subjects is changed, any other deleted."""
        deleted = f"delete {self.read_as}"
        return deleted if self.binding is not None else f"list {self.read_as}, update {self.read_as}, {deleted}"

    def bound(self, state: ProjectState) -> Change:
        """Of the binding that was looked at, where it is deleted."""
        found = [b for b in holding(state, self.grant, self.account) if b.name == self.binding]
        if not found:
            return self
        path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{self.namespace}/rolebindings/{quote(found[0].name)}"
        return replace(self, bound_to=(path, found[0].uid, found[0].resource_version))

    def is_done(self, state: ProjectState) -> bool:
        """Whether the account does not have it."""
        return not has(state, self.account, self.grant)


def free_name(grant: Grant, account: str, taken: Iterable[tuple[str, str]]) -> str | None:
    """The name of the binding that a grant makes, by the rule of fact 8: NAME, NAME-0, NAME-1, … `taken` are the names that are
    there, by namespace. None for a grant whose binding `oc adm policy` names."""
    if grant.role_kind in (SCC, CLUSTER_ROLE) or not grant.namespace:
        return None
    there = set(taken)
    base = f"{grant.role}-{account}"
    name, number = base, 0
    while (grant.namespace, name) in there:
        name, number = f"{base}-{number}", number + 1
    return name
