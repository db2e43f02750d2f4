"""What `amp` lacks, by what the server says that each account may do: for users who cannot read the bindings of the cluster.

A review names rules, not roles (fact 33): the roles that would give them are guessed. Pure; nothing is planned here, since who cannot
read these bindings cannot make them either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ..cluster.access import Role, Rule
from ..cluster.reading import REVIEWED
from ..cluster.state import ProjectState
from ..values import ACCOUNT, DEFAULT_ACCOUNT
from . import rules
from .grants import BUILT_IN, CLUSTER_ROLE, SCC, Grant, rules_of

SCC_RESOURCE = "securitycontextconstraints"
# What OpenShift lets each account use.
FOR_ALL = frozenset({"restricted", "restricted-v2", "restricted-v3"})


@dataclass(frozen=True)
class Lack:
    """Rules that `default` has and `amp` lacks, and the grant that would give them; None if no role that can be read does.

    Without a grant, `everywhere` is whether they hold in each project.
    """

    rules: tuple[Rule, ...]
    grant: Grant | None
    everywhere: bool = False


def reviewed(state: ProjectState) -> bool:
    """Whether both accounts were reviewed, because bindings cannot be read."""
    asked = {ACCOUNT, DEFAULT_ACCOUNT} <= set(state.reviews)
    return asked and any(kind in state.unread for kind in REVIEWED)


def lacks(state: ProjectState, planned: Iterable[Grant]) -> tuple[Lack, ...]:
    """What `amp` lacks beyond what `planned` gives it; nothing if the accounts were not reviewed."""
    if not reviewed(state):
        return ()
    default, amp = state.reviews[DEFAULT_ACCOUNT], state.reviews[ACCOUNT]
    given = tuple(planned)
    held = [*amp.everywhere, *(rule for grant in given if not grant.namespace for rule in rules_of(state, grant))]
    # Whether constraints may be used is asked about the pod's project, whatever else holds elsewhere.
    wanted = [rule for rule in default.everywhere if SCC_RESOURCE not in rule.resources]
    found = _explained(rules.missing(held, wanted), default.everywhere, state, "")
    held = [
        *amp.here,
        *(rule for grant in given if grant.namespace in ("", state.namespace) for rule in rules_of(state, grant)),
        *(rule for lack in found for rule in _gives(state, lack)),
    ]
    missing = rules.missing(held, default.here)
    constraints = [
        rule for rule in missing if rule.names and (rule.verbs, rule.resources) == (("use",), (SCC_RESOURCE,))
    ]
    for rule in constraints:
        found += [Lack((replace(rule, names=(name,)),), Grant("", SCC, name)) for name in rule.names]
    rest = tuple(rule for rule in missing if rule not in constraints)
    found += _explained(rest, default.here, state, state.namespace)
    return tuple(found)


def constraints_in_use(state: ProjectState) -> tuple[str, ...]:
    """The constraints that admitted pods of `default`, and that a review of `amp` does not show: the users and groups in the object
    of a constraint are no matter of RBAC, and cannot be read."""
    used = {pod.constraints for pod in state.pods if pod.live and pod.role == "app" and pod.account == DEFAULT_ACCOUNT}
    held = state.reviews[ACCOUNT].here
    return tuple(
        name for name in sorted(used - FOR_ALL) if name and not rules.cover(held, rules_of(state, Grant("", SCC, name)))
    )


def _gives(state: ProjectState, lack: Lack) -> tuple[Rule, ...]:
    return lack.rules if lack.grant is None else rules_of(state, lack.grant)


def _explained(missing: tuple[Rule, ...], held: Sequence[Rule], state: ProjectState, namespace: str) -> list[Lack]:
    """The fewest roles that give what is missing and no more than `default` has, OpenShift's own first; and what no role gives."""
    found: list[Lack] = []
    candidates = _candidates(missing, held, state, namespace)
    while missing and candidates:
        best, left = min(
            ((role, rules.missing(role.rules, missing)) for role in candidates),
            key=lambda pair: (_size(pair[1]), pair[0].name not in BUILT_IN, _size(pair[0].rules), pair[0].name),
        )
        if left == missing:
            break
        kind = "Role" if best.namespace else CLUSTER_ROLE
        found.append(Lack(rules.missing(left, missing), Grant(namespace, kind, best.name)))
        missing = left
    return [*found, Lack(missing, None, not namespace)] if missing else found


def _candidates(missing: Sequence[Rule], held: Sequence[Rule], state: ProjectState, namespace: str) -> list[Role]:
    """The roles that give some of what is missing, and nothing that is not held."""
    wanted = {right for rule in missing for right in rules.rights_of(rule)}
    places = {"", namespace}
    return [
        role
        for role in state.roles.values()
        if role.namespace in places
        and any(rules.covers(rule, right) for rule in role.rules for right in wanted)
        and rules.cover(held, role.rules)
    ]


def _size(found: Iterable[Rule]) -> int:
    return sum(1 for rule in found for _ in rules.rights_of(rule))
