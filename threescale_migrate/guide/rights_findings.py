"""What a preflight finds about the user's rights: what cannot be read, and what the plan needs and the user cannot do.

Each finding names who has to run what instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .. import shell
from ..check_codes import Code
from ..cluster.oc_errors import lacks_type
from ..cluster.partial_answers import CLUSTER_QUOTA
from ..cluster.state import ProjectState
from ..values import RESUME, Check, Command, Fix, Group, Text, Verdict, Who
from .change import Change
from .role_changes import RoleGranted
from .user_rights import Answers, Right, ask_for_role, needed

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


def of(user: str, state: ProjectState, actions: Sequence[Change], answers: Answers, requester: str = "") -> list[Check]:
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
        "where": Text("in project {project}", project=right.namespace) if right.namespace else Text("in the cluster"),
        "command": shell.oc(action.args),
    }
    if answer is None:
        seen = Text("could not check whether {user} can {right} {where}; {command} needs it", **named)
        fix = Fix(Text("ask the server"), (Command(("oc", *right.question)), RESUME))
        return _finding(Code.RIGHTS_SUFFICIENT, right.sentence, Verdict.UNKNOWN, seen, fix)
    seen = Text("{user} cannot {right} {where}, and {command} needs it", **named)
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
    seen = Text("it is not known whether {user} can give this role: {why}", user=user, why=why)
    return _finding(Code.OBJECTS_READABLE, str(action.subject), Verdict.UNKNOWN, seen, _ask_for_grant(action))
