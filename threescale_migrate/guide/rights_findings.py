"""What a preflight finds about the user's rights: what cannot be read, and what the plan needs and the user cannot do.

Each finding names who has to run what instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from .. import shell
from ..check_codes import Code
from ..cluster.failures import lacks_type
from ..cluster.reading import CLUSTER_QUOTA
from ..cluster.state import ProjectState
from ..values import Check, Group, Text, Verdict
from .change import Change
from .rights import Answers, Right, needed
from .role_changes import RoleGranted

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


def of(user: str, state: ProjectState, actions: Sequence[Change], answers: Answers) -> list[Check]:
    """What the user cannot read or do of what the plan needs."""
    unread, project = state.unread, state.namespace
    ask_for_edit = Text(
        "missing: permission to read what is in this project; ask a project admin to run this, or log in as a user who has it"
    )
    found = []
    for kind, sentence in READING.items():
        if kind in unread and not lacks_type(unread[kind]):
            seen = Text("{why}", why=unread[kind])
            commands = _edit(user, project)
            found.append(_finding(Code.OBJECTS_READABLE, sentence, Verdict.FAILED, seen, ask_for_edit, commands))
    for kind, (sentence, seen) in READING_MORE.items():
        if kind in unread and not lacks_type(unread[kind]):
            fix = Text(
                "ask somebody with read access to run threescale-migrate preflight, or continue with --allow-unknown"
            )
            found.append(_finding(Code.OBJECTS_READABLE, sentence, Verdict.UNKNOWN, seen, fix))
    granted = []
    for right, action in needed(actions, state, answers.binds_scc).items():
        answer = answers.rights.get(right)
        if answer:
            granted.append(right.sentence)
        elif right.verb == "get" and right.resource == "secrets" and "secrets" in unread:
            continue  # it has been reported
        else:
            found.append(_refused(user, right, action, answer))
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


def _edit(user: str, project: str) -> tuple[str, ...]:
    """What a project admin runs for a user who lacks rights in the project."""
    return (shell.oc(("adm", "policy", "add-role-to-user", "edit", user, f"--namespace={project}")),)


def _refused(user: str, right: Right, action: Change, answer: bool | None) -> Check:
    named = {
        "user": user,
        "right": right.sentence,
        "where": Text("in project {project}", project=right.namespace) if right.namespace else Text("in the cluster"),
        "command": shell.oc(action.args),
    }
    if answer is None:
        seen = Text("could not check whether {user} can {right} {where}; {command} needs it", **named)
        fix = Text("not known: what you can do in this project; check with this, or continue with --allow-unknown")
        commands = (shell.oc(right.question),)
        return _finding(Code.RIGHTS_SUFFICIENT, right.sentence, Verdict.UNKNOWN, seen, fix, commands)
    seen = Text("{user} cannot {right} {where}, and {command} needs it", **named)
    if isinstance(action, RoleGranted):
        return _grant_refused(right.sentence, action, seen)
    fix = Text(
        "missing: permission to change what the plan changes; ask a project admin to run this, or log in as a user who has it"
    )
    return _finding(Code.RIGHTS_SUFFICIENT, right.sentence, Verdict.FAILED, seen, fix, _edit(user, right.namespace))


def _grant_refused(subject: str, action: Change, seen: Text) -> Check:
    """A grant that the user cannot make: somebody else has to run the command."""
    fix = Text(
        "missing: permission to give amp the roles that default has; ask a cluster admin to run this, then run threescale-migrate"
        " again; or leave it out with --skip permissions"
    )
    commands = (shell.oc(action.args),)
    return _finding(Code.RIGHTS_SUFFICIENT, subject, Verdict.FAILED, seen, fix, commands)


def _grant_undecided(user: str, action: Change, why: Text) -> Check:
    """A grant for which it is not known whether the user can make it: trying it would change the cluster."""
    seen = Text("it is not known whether {user} can give this role: {why}", user=user, why=why)
    fix = Text(
        "not known: whether you can give amp the roles that default has; ask a cluster admin to run this, then run"
        " threescale-migrate again; or continue with --allow-unknown"
    )
    commands = (shell.oc(action.args),)
    return _finding(Code.OBJECTS_READABLE, str(action.subject), Verdict.UNKNOWN, seen, fix, commands)
