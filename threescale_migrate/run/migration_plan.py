"""The plan of a migration with its costs and notes. It decides nothing: the guide made the plan."""

from __future__ import annotations

from ..cluster.oc import Oc
from ..cluster.state import ProjectState
from ..guide import kept_data
from ..guide.costs import costs
from ..guide.preflight import redeployed
from ..guide.selection import choose
from ..render.result import Plan
from ..values import Request, Text
from .preflight import Seen


def planned(oc: Oc, state: ProjectState, request: Request, seen: Seen) -> Plan:
    """The plan, with what the preflight has seen."""
    actions = seen.attempt.actions
    order = redeployed(state, request, actions)
    selection = choose(state, request)
    notes: list[Text] = []
    if selection.absent:
        notes.append(Text("not in this project: {names}", names=", ".join(selection.absent)))
    if selection.foreign:
        notes.append(Text("not 3scale's, unchanged: {names}", names=", ".join(selection.foreign)))
    for name, account in selection.own_account:
        notes.append(Text("{name} runs as its own account {account}, and is unchanged", name=name, account=account))
    dear = costs(state, [name for wave in order for name in wave.configs], request)
    notes += kept_data.promises(state, actions, request)
    return Plan(
        state.namespace,
        actions,
        tuple(oc.argv(action.args) for action in actions),
        order,
        dear,
        tuple(notes),
        seen.findings,
        kept_data.losses(state, actions, request),
    )
