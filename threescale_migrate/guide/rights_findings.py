"""What a preflight finds of the user's rights: what cannot be read, and what the plan needs and the user may not do.

The server's answers are in the facts; who has to run what instead is said in the words of somebody who administers a project.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .. import shell
from ..check_codes import Code
from ..cluster.state import ProjectState
from ..values import Action, Text, Verdict
from . import permissions
from .findings import Finding, Group
from .rights import Answers, Right, needed

# What has to be read for the migration at all; of the rest it is unknown what is in it.
READING = {
    "dc": "list deploymentconfigs",
    "rc": "list replicationcontrollers",
    "pods": "list pods",
    "sa": "list serviceaccounts",
    "secrets": "get secrets",
}
READING_MORE = {
    "is": ("list imagestreams", Text("whether an image stream could not be imported is not known")),
    "events": ("list events", Text("why pods are refused would not be known")),
    "quota": ("list resourcequotas", Text("whether a quota refuses the new pods is not known")),
    "limits": ("list limitranges", Text("whether a limit range refuses the new pods is not known")),
    "bc": ("list buildconfigs", Text("whether builds of the project need the pull secret is not known")),
}


def of(user: str, state: ProjectState, actions: Sequence[Action], answers: Answers) -> list[Finding]:
    """What the user cannot read, and may not do, of what the plan needs."""
    unread, project = state.unread, state.namespace
    lent = Text(
        "missing: the right to read what this project has; have an admin of the project run this, or log in as one who may"
    )
    edit = (shell.oc(("adm", "policy", "add-role-to-user", "edit", user, f"--namespace={project}")),)
    found = []
    for kind, sentence in READING.items():
        if kind in unread:
            found.append(
                Finding(
                    Group.RIGHTS,
                    Code.OBJECTS_READABLE,
                    sentence,
                    Verdict.FAILED,
                    Text("{why}", why=unread[kind]),
                    lent,
                    edit,
                )
            )
    for kind, (sentence, seen) in READING_MORE.items():
        if kind in unread:
            fix = Text("have somebody who may look run threescale-migrate preflight, or continue with --allow-unknown")
            found.append(Finding(Group.RIGHTS, Code.OBJECTS_READABLE, sentence, Verdict.UNKNOWN, seen, fix))
    granted = []
    for right, action in needed(actions, state, answers.binds_scc).items():
        answer = answers.rights.get(right)
        if answer:
            granted.append(right.sentence)
        elif right.verb == "get" and right.resource == "secrets" and "secrets" in unread:
            continue  # it has been said
        else:
            found.append(_refused(user, right, action, answer))
    for action in actions:
        said = answers.refused.get(action.args)
        if said is not None:
            found.append(_grant_refused(action, Text("the server refuses it: {why}", why=said)))
        why = answers.undecided.get(action.args)
        if why is not None:
            found.append(_grant_undecided(user, action, why))
    if granted:
        seen = Text("{user} may do what the plan needs: {rights}", user=user, rights=", ".join(granted))
        found.insert(0, Finding(Group.RIGHTS, Code.RIGHTS_SUFFICIENT, f"project/{project}", Verdict.PASSED, seen))
    return found


def _refused(user: str, right: Right, action: Action, answer: bool | None) -> Finding:
    where = Text("in project {project}", project=right.namespace) if right.namespace else Text("in the cluster")
    command = permissions.command(action)
    if answer is None:
        seen = Text("whether {user} may {right} {where} could not be asked; {command} needs it",
                    user=user, right=right.sentence, where=where, command=command)  # fmt: skip
        fix = Text("not known: what you may do in this project; ask with this, or continue with --allow-unknown")
        asked = (shell.oc(right.question),)
        return Finding(Group.RIGHTS, Code.RIGHTS_SUFFICIENT, right.sentence, Verdict.UNKNOWN, seen, fix, asked)
    seen = Text("{user} may not {right} {where}, and {command} needs it",
                user=user, right=right.sentence, where=where, command=command)  # fmt: skip
    if action.inverse.kind == "grant":
        return replace(_grant_refused(action, seen), subject=right.sentence)
    fix = Text(
        "missing: the right to change what the plan changes; have an admin of the project run this, or log in as one who may"
    )
    role = shell.oc(("adm", "policy", "add-role-to-user", "edit", user, f"--namespace={right.namespace}"))
    return Finding(Group.RIGHTS, Code.RIGHTS_SUFFICIENT, right.sentence, Verdict.FAILED, seen, fix, (role,))


def _grant_refused(action: Action, seen: Text) -> Finding:
    """A grant that the user may not make: somebody else runs the very command."""
    who = Text(
        "missing: the right to give amp the roles that default has; have a cluster admin run this, then run threescale-migrate"
        " again; or leave it out with --skip permissions"
    )
    return Finding(
        Group.RIGHTS, Code.RIGHTS_SUFFICIENT, action.subject, Verdict.FAILED, seen, who, (permissions.command(action),)
    )


def _grant_undecided(user: str, action: Action, why: Text) -> Finding:
    """A grant of which nobody could say whether the user may make it: it is not tried to find out."""
    seen = Text("whether {user} may give this role is not known: {why}", user=user, why=why)
    fix = Text(
        "not known: whether you may give amp the roles that default has; have a cluster admin run this, then run"
        " threescale-migrate again; or continue with --allow-unknown"
    )
    return Finding(
        Group.RIGHTS, Code.OBJECTS_READABLE, action.subject, Verdict.UNKNOWN, seen, fix, (permissions.command(action),)
    )
