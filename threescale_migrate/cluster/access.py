"""Who may do what, as it was observed: bindings, roles and their rules, security context constraints, reviews. It parses nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Subject:
    """Who a binding is for; `namespace` is that of a service account."""

    kind: str
    name: str
    namespace: str


@dataclass(frozen=True)
class Binding:
    """A role binding; `namespace` is empty for a cluster role binding."""

    namespace: str
    name: str
    role_kind: str
    role: str
    subjects: tuple[Subject, ...]
    uid: str = ""
    resource_version: str = ""


@dataclass(frozen=True)
class Rule:
    """A rule of RBAC: these verbs on these resources of these API groups, on all objects where `names` is empty; or on paths of
    the server that are no objects (`urls`)."""

    verbs: tuple[str, ...]
    resources: tuple[str, ...]
    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Role:
    """A role, or a cluster role: then `namespace` is empty."""

    namespace: str
    name: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Review:
    """What an account may do, wherever that is bound: `here`, in the project, and `everywhere`, in each project of the cluster."""

    account: str
    here: tuple[Rule, ...]
    everywhere: tuple[Rule, ...]


@dataclass(frozen=True)
class Constraints:
    """Security context constraints: the `users` and `groups` that OpenShift 3.11 keeps in the object itself, and what of it
    goes beyond an ordinary pod (`lax`)."""

    name: str
    users: tuple[str, ...]
    groups: tuple[str, ...]
    lax: tuple[str, ...]
