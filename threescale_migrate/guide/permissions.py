"""Step 3: what the project's `default` account may do, `amp` may too; nothing more, and nothing twice."""

from __future__ import annotations

from dataclasses import dataclass

from ..project import Binding, ProjectState
from ..values import ACCOUNT, DEFAULT_ACCOUNT, Action, Check, Inverse, Refused, Step, Text, Verdict, Wish

STEP = Step.PERMISSIONS
VIEW = "view"
SCC_ROLE = "system:openshift:scc:"
# Roles that give away more than a gateway's pods should have: copied only when asked for.
PRIVILEGED = frozenset(
    {"cluster-admin", "admin", f"{SCC_ROLE}anyuid", f"{SCC_ROLE}privileged", f"{SCC_ROLE}hostaccess"}
)


@dataclass(frozen=True)
class Grant:
    """A role as one account has it: `namespace` is empty cluster-wide; `role_kind` is ClusterRole or Role."""

    namespace: str
    role_kind: str
    role: str

    @property
    def told(self) -> str:
        """As it is named to a person."""
        where = f"in {self.namespace}" if self.namespace else "in the whole cluster"
        return f"{self.role_kind} {self.role} {where}"

    @property
    def privileged(self) -> bool:
        """Whether it is pointed out, and copied only with --copy-privileged."""
        return self.role in PRIVILEGED


def grants(state: ProjectState, account: str) -> frozenset[Grant]:
    """The roles that are bound to an account of the project by its name; those through its groups both accounts have."""
    return frozenset(_grant(binding) for binding in state.bindings if _names(binding, state.namespace, account))


def holding(state: ProjectState, grant: Grant, account: str) -> tuple[Binding, ...]:
    """The bindings that give the role to the account by its name."""
    return tuple(b for b in state.bindings if _grant(b) == grant and _names(b, state.namespace, account))


def _grant(binding: Binding) -> Grant:
    return Grant(binding.namespace, binding.role_kind, binding.role)


def _names(binding: Binding, namespace: str, account: str) -> bool:
    user = f"system:serviceaccount:{namespace}:{account}"
    for subject in binding.subjects:
        if subject.kind == "ServiceAccount" and subject.name == account:
            # A subject without namespace means the binding's own project, as OpenShift 3.11 writes it.
            if (subject.namespace or binding.namespace) == namespace:
                return True
        elif subject.kind in ("User", "SystemUser") and subject.name == user:
            return True
    return False


def wanted(state: ProjectState, wish: Wish) -> frozenset[Grant]:
    """What `amp` has to have: all that `default` has, and `view` where service discovery needs it."""
    discovery = {Grant("", "ClusterRole", VIEW)} if wish.service_discovery else set()
    return grants(state, DEFAULT_ACCOUNT) | discovery


def plan(state: ProjectState, wish: Wish) -> tuple[Action, ...]:
    """A grant for each role that `amp` lacks. Raises Refused for privileged ones that were not asked for."""
    missing = sorted(wanted(state, wish) - grants(state, ACCOUNT), key=lambda grant: (grant.namespace, grant.role))
    privileged = [grant.told for grant in missing if grant.privileged]
    if privileged and not wish.copy_privileged:
        raise Refused(
            Text(
                "default has {grants}, which is more than a gateway should have: give it to amp as well with"
                " --copy-privileged, or take it from default first",
                grants=", ".join(privileged),
            )
        )
    taken = {(binding.namespace, binding.name) for binding in state.bindings}
    actions = [give(state.namespace, grant, ACCOUNT, taken) for grant in missing]
    if wish.service_discovery and Grant("", "ClusterRole", VIEW) not in grants(state, DEFAULT_ACCOUNT):
        actions.append(give(state.namespace, Grant("", "ClusterRole", VIEW), DEFAULT_ACCOUNT, taken))
    return tuple(actions)


def give(namespace: str, grant: Grant, account: str, taken: set[tuple[str, str]]) -> Action:
    """Binds a role to an account; `taken` are the names of bindings that are there, by namespace."""
    user = f"system:serviceaccount:{namespace}:{account}"
    elsewhere = (f"--namespace={grant.namespace}",) if grant.namespace not in ("", namespace) else ()
    why = Text("default has {grant}", grant=grant.told) if account == ACCOUNT else Text("service discovery needs it")
    detail = {"account": account, "namespace": grant.namespace, "role_kind": grant.role_kind, "role": grant.role}
    if not grant.namespace:
        args: tuple[str, ...] = ("adm", "policy", "add-cluster-role-to-user", grant.role, user)
        inverse: tuple[str, ...] = ("adm", "policy", "remove-cluster-role-from-user", grant.role, user)
    elif grant.role_kind == "ClusterRole":
        args = ("adm", "policy", "add-role-to-user", grant.role, user, *elsewhere)
        inverse = ("adm", "policy", "remove-role-from-user", grant.role, user, *elsewhere)
    else:
        name = _free_name(grant, account, taken)
        args = (
            "create", "rolebinding", name, f"--role={grant.role}", f"--serviceaccount={namespace}:{account}", *elsewhere,
        )  # fmt: skip
        inverse = ("delete", "rolebinding", name, *elsewhere)
        detail["binding"] = name
    return Action(
        STEP,
        f"{grant.role_kind.lower()}/{grant.role}",
        args,
        why,
        Inverse("grant", grant.role, inverse, detail),
        repeatable=args[0] == "adm",
    )


def _free_name(grant: Grant, account: str, taken: set[tuple[str, str]]) -> str:
    """A name for a binding that is not there yet, by the rule of recordings/README.md 8: NAME, NAME-0, NAME-1, …"""
    base = f"{grant.role}-{account}"
    name, number = base, 0
    while (grant.namespace, name) in taken:
        name, number = f"{base}-{number}", number + 1
    taken.add((grant.namespace, name))
    return name


def verify(state: ProjectState, wish: Wish) -> tuple[Check, ...]:
    """The differences between the two accounts, in both directions; what may not be read is unknown, never fine."""
    checks = []
    missing = wanted(state, wish) - grants(state, ACCOUNT)
    extra = grants(state, ACCOUNT) - wanted(state, wish)
    for grant in sorted(missing, key=lambda grant: (grant.namespace, grant.role)):
        action = give(state.namespace, grant, ACCOUNT, set())
        checks.append(
            Check(
                STEP,
                f"sa/{ACCOUNT}",
                Verdict.FAILED,
                Text("default has {grant} and amp has not", grant=grant.told),
                Text("{command}", command="oc " + " ".join(action.args)),
            )
        )
    for grant in sorted(extra, key=lambda grant: (grant.namespace, grant.role)):
        checks.append(
            Check(STEP, f"sa/{ACCOUNT}", Verdict.REMARK, Text("amp has {grant} and default has not", grant=grant.told))
        )
    for kind, what in (
        ("rolebindings", "role bindings in the project"),
        ("clusterrolebindings", "cluster role bindings"),
    ):
        if kind in state.unread:
            seen = Text("the {what} may not be read: whether amp has all that default has is not known", what=what)
            mend = Text(
                "have a cluster admin run threescale-migrate verify, or leave the step out with --skip permissions"
            )
            checks.append(Check(STEP, kind, Verdict.UNKNOWN, seen, mend))
    if not checks:
        names = ", ".join(sorted(grant.told for grant in wanted(state, wish)))
        seen = (
            Text("amp has all that default has: {names}", names=names)
            if names
            else Text("default has no role of its own that amp would need")
        )
        checks.append(Check(STEP, f"sa/{ACCOUNT}", Verdict.PASSED, seen))
    return tuple(checks)
