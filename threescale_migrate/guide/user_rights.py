"""The rights that a plan needs, derived from its own changes, and the questions that find out whether the user has them.

Also what a preflight reports of them: what cannot be read, and what the plan needs and the user cannot do, with who has to run
what instead. Pure: it says what to ask and what the answers mean; `run/access_reviews.py` asks. No question is the command itself with
`--dry-run`: clients from 4.5 to 4.21 would really bind (fact 21).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from .. import shell
from ..check_codes import Code
from ..cluster.access import Rule
from ..cluster.oc_errors import lacks_type
from ..cluster.partial_answers import CLUSTER_QUOTA
from ..cluster.state import ProjectState
from ..values import RESUME, Check, Command, Fix, Group, Text, Verdict, Who
from . import rules
from .change import Change
from .grants import SCC, SCC_ROLE, Grant, exists
from .role_changes import RoleGranted

GROUP = "rbac.authorization.k8s.io"
# A binding of this name is asked about and never created.
QUESTION = "threescale-migrate-question"


@dataclass(frozen=True)
class Right:
    """A verb on a resource, on one object of it where `name` is given, in a project, or in the whole cluster where
    `namespace` is empty."""

    verb: str
    resource: str
    namespace: str
    subresource: str = ""
    name: str = ""

    @property
    def sentence(self) -> str:
        """As a person reads it."""
        return f"{self.verb} {self.resource}" + "".join(f"/{part}" for part in (self.subresource, self.name) if part)

    @property
    def question(self) -> tuple[str, ...]:
        """The call of `oc` that asks for it; it can be repeated by hand.

        A right in the whole cluster is asked of no project: with one named, `oc` would count what is bound there as well.
        """
        what = f"{self.resource}/{self.name}" if self.name else self.resource
        sub = (f"--subresource={self.subresource}",) if self.subresource else ()
        where = f"--namespace={self.namespace}" if self.namespace else "--all-namespaces"
        return ("auth", "can-i", self.verb, what, *sub, where)


@dataclass(frozen=True)
class ReviewAnswers:
    """What the server answered. `rights` are what the user can do, None where that is not known; `refused` are the grants that
    would be refused, by their argv, with its sentence; `undecided` those for which that is not known, with the reason;
    `binds_scc` whether the client gives an SCC by a binding, as those from 4.5 on do."""

    rights: Mapping[Right, bool | None] = field(default_factory=dict)
    refused: Mapping[tuple[str, ...], str] = field(default_factory=dict)
    undecided: Mapping[tuple[str, ...], Text] = field(default_factory=dict)
    binds_scc: bool = True


OF_THE_CLUSTER = frozenset({"clusterrolebindings", "clusterroles", "securitycontextconstraints"})


def rights_of(change: Change, state: ProjectState, binds_scc: bool = True) -> tuple[Right, ...]:
    """The rights that one change needs. `binds_scc` is False for a client that gives SCCs as those up to 4.4 do."""
    where = state.namespace
    if isinstance(change, RoleGranted):
        if change.role_kind == SCC:
            return _scc_rights(change.role, state, binds_scc)
        where = change.namespace or where
    found = []
    for verb, what in (need.split() for need in change.needs.split(", ")):
        resource, _, subresource = what.partition("/")
        found.append(Right(verb, resource, "" if resource in OF_THE_CLUSTER else where, subresource))
    return tuple(found)


def _scc_rights(name: str, state: ProjectState, binds: bool) -> tuple[Right, ...]:
    """What `add-scc-to-user` needs. From 4.5 on it makes or updates the binding that is named after the SCC's role, in the
    project that each of our calls names, and makes that role where the cluster has none; before, it changes the SCC."""
    if not binds:
        return tuple(Right(verb, "securitycontextconstraints", "", name=name) for verb in ("get", "update"))
    role, project = f"{SCC_ROLE}{name}", state.namespace
    bound = any((binding.namespace, binding.name) == (project, role) for binding in state.bindings)
    found = [Right("get", "rolebindings", project)]
    found.append(Right("update", "rolebindings", project) if bound else Right("create", "rolebindings", project))
    if exists(state, Grant("", "ClusterRole", role)) is False:
        found.append(Right("create", "clusterroles", ""))
    return tuple(found)


def ask_for_role(user: str, state: ProjectState, requester: str = "") -> Fix:
    """What an admin of the project runs for a user who lacks rights in it: the role that suffices, and who they are where that is known:
    by the bindings, or by who has asked for the project, who becomes its first admin."""
    admins = {
        subject.name
        for binding in state.bindings
        if (binding.namespace, binding.role) == (state.namespace, "admin")
        for subject in binding.subjects
        if subject.kind == "User"
    }
    known = sorted((admins or {requester}) - {user, ""})
    ask = Text(
        "ask an admin of the project or of the cluster to run this, or log in as a user who has the role admin in the project"
    )
    if known:
        ask = Text(
            "ask an admin of the project ({names}) to run this, or log in as a user who has the role admin in it",
            names=", ".join(known),
        )
    role = ("oc", "adm", "policy", "add-role-to-user", "admin", user, f"--namespace={state.namespace}")
    return Fix(ask, (Command(role, Who.CLUSTER_ADMIN), RESUME))


def needed(changes: Iterable[Change], state: ProjectState, binds_scc: bool = True) -> dict[Right, Change]:
    """The rights that the changes need, each once, with the first change that needs it."""
    found: dict[Right, Change] = {}
    for change in changes:
        for right in rights_of(change, state, binds_scc):
            found.setdefault(right, change)
    return found


# The API groups of the resources that plans change; the others are in the core group.
GROUPS = {
    "deploymentconfigs": "apps.openshift.io",
    "rolebindings": GROUP,
    "clusterrolebindings": GROUP,
    "clusterroles": GROUP,
    "roles": GROUP,
    "securitycontextconstraints": "security.openshift.io",
}


def gives(listed: Iterable[Rule], right: Right) -> bool:
    """Whether rules that the server has listed for the user give a right (fact 33). If not, that is no answer: an authorizer that is no
    RBAC lists nothing, and older servers have some types in two groups."""
    resource = "/".join(filter(None, (right.resource, right.subresource)))
    asked = rules.Right(right.verb, GROUPS.get(right.resource, ""), resource, right.name, "")
    return any(rules.covers(rule, asked) for rule in listed)


def answered(state: ProjectState, right: Right) -> bool:
    """Whether what was read already shows a right: the registry secret was read by its name."""
    return (right.verb, right.resource) == ("get", "secrets") and "secrets" not in state.unread


def _bound(grant: Grant, project: str) -> tuple[str, str, str]:
    """The kind and name of the role that a grant binds, and where; the cluster where that is empty."""
    if grant.role_kind == SCC:
        return "ClusterRole", f"{SCC_ROLE}{grant.role}", project
    return grant.role_kind, grant.role, grant.namespace


def binding_right(grant: Grant, project: str) -> Right:
    """The right to bind the role without having all that it grants."""
    kind, role, where = _bound(grant, project)
    return Right("bind", "roles" if kind == "Role" else "clusterroles", where, name=role)


def binding_in_question(grant: Grant, account: str, project: str) -> tuple[str, str]:
    """The binding that the server is asked about, as JSON, and the project to name, empty for one of the cluster."""
    kind, role, where = _bound(grant, project)
    meta = {"name": QUESTION, **({"namespace": where} if where else {})}
    item = {
        "apiVersion": f"{GROUP}/v1",
        "kind": "RoleBinding" if where else "ClusterRoleBinding",
        "metadata": meta,
        "roleRef": {"apiGroup": GROUP, "kind": kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": project}],
    }
    return json.dumps(item), where


def knows_dry_run(version: object) -> bool | None:
    """Whether a server, by what `oc version -o json` says, changes nothing in a dry run; None where that is not known.

    Kubernetes 1.11, which is OpenShift 3.11, does not know the parameter and would make the object; 1.12 refuses it.
    """
    found = version.get("serverVersion") if isinstance(version, dict) else None
    if not isinstance(found, dict):
        return None
    parts = [re.match(r"\d+", str(found.get(key) or "")) for key in ("major", "minor")]
    if parts[0] is None or parts[1] is None:
        return None
    return (int(parts[0][0]), int(parts[1][0])) >= (1, 13)


# What has to be read for any migration; without the rest, something is unknown.
READING = {
    "dc": "list deploymentconfigs",
    "rc": "list replicationcontrollers",
    "pods": "list pods",
    "sa": "list serviceaccounts",
    "secrets": "get secrets",
}
READING_MORE = {
    "is": ("list imagestreams", Text("it is not known whether an image stream failed to import")),
    "events": ("list events", Text("it would not be known why pods are refused")),
    "quota": ("list resourcequotas", Text("it is not known whether a quota refuses the new pods")),
    CLUSTER_QUOTA: (
        "list appliedclusterresourcequotas",
        Text("it is not known whether a quota over several projects refuses the new pods"),
    ),
    "limits": ("list limitranges", Text("it is not known whether a limit range refuses the new pods")),
    "bc": ("list buildconfigs", Text("it is not known whether builds of the project need the pull secret")),
}


def rights_checks(
    user: str, state: ProjectState, actions: Sequence[Change], answers: ReviewAnswers, requester: str = ""
) -> list[Check]:
    """What the user cannot read or do of what the plan needs; `requester` is who asked for the project."""
    role = ask_for_role(user, state, requester)
    unread, project = state.unread, state.namespace
    found = []
    for kind, sentence in READING.items():
        if kind in unread and not lacks_type(unread[kind]):
            seen = Text("{why}", why=unread[kind])
            found.append(_finding(Code.OBJECTS_READABLE, sentence, Verdict.FAILED, seen, role))
    for kind, (sentence, seen) in READING_MORE.items():
        if kind in unread and not lacks_type(unread[kind]):
            found.append(_finding(Code.OBJECTS_READABLE, sentence, Verdict.UNKNOWN, seen, role))
    granted = []
    for right, action in needed(actions, state, answers.binds_scc).items():
        answer = answers.rights.get(right)
        if answer:
            granted.append(right.sentence)
        elif right.verb == "get" and right.resource == "secrets" and "secrets" in unread:
            continue  # it has been reported
        else:
            found.append(_refused(user, role, right, action, answer))
    for action in actions:
        said = answers.refused.get(action.args)
        if said is not None:
            found.append(_grant_refused(str(action.subject), action, Text("the server refuses it: {why}", why=said)))
        why = answers.undecided.get(action.args)
        if why is not None:
            found.append(_grant_undecided(user, action, why))
    if granted:
        seen = Text("{user} has the permissions that the plan needs: {rights}", user=user, rights=", ".join(granted))
        found.insert(0, _finding(Code.RIGHTS_SUFFICIENT, f"project/{project}", Verdict.PASSED, seen))
    return found


_finding = partial(Check, Group.RIGHTS)


def _refused(user: str, role: Fix, right: Right, action: Change, answer: bool | None) -> Check:
    named = {
        "user": user,
        "right": right.sentence,
        "project": right.namespace,
        "command": shell.oc(action.args),
    }
    needs = Text("{command} needs it", **named)
    if answer is None:
        here = "could not check whether {user} can {right} in project {project}"
        everywhere = "could not check whether {user} can {right} in the cluster"
        seen = Text.sentences(Text(here, **named) if right.namespace else Text(everywhere, **named), needs)
        fix = Fix(Text("ask the server"), (Command(("oc", *right.question)), RESUME))
        return _finding(Code.RIGHTS_SUFFICIENT, right.sentence, Verdict.UNKNOWN, seen, fix)
    here, everywhere = "{user} cannot {right} in project {project}", "{user} cannot {right} in the cluster"
    seen = Text.sentences(Text(here, **named) if right.namespace else Text(everywhere, **named), needs)
    if isinstance(action, RoleGranted):
        return _grant_refused(right.sentence, action, seen)
    return _finding(Code.RIGHTS_SUFFICIENT, right.sentence, Verdict.FAILED, seen, role)


def _grant_refused(subject: str, action: Change, seen: Text) -> Check:
    """A grant that the user cannot make: somebody else has to run the command."""
    return _finding(Code.RIGHTS_SUFFICIENT, subject, Verdict.FAILED, seen, _ask_for_grant(action))


def _ask_for_grant(action: Change) -> Fix:
    ask = Text("ask a cluster admin to run this; or leave the step out with --skip permissions")
    return Fix(ask, (Command(("oc", *action.args), Who.CLUSTER_ADMIN), RESUME))


def _grant_undecided(user: str, action: Change, why: Text) -> Check:
    """A grant for which it is not known whether the user can make it: trying it would change the cluster."""
    seen = Text("it is not known whether {user} can grant this role: {why}", user=user, why=why)
    return _finding(Code.OBJECTS_READABLE, str(action.subject), Verdict.UNKNOWN, seen, _ask_for_grant(action))
