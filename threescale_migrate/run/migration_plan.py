"""The plan of a migration with its costs and notes. It decides nothing: the guide made the plan."""

from __future__ import annotations

from ..cluster.oc import Oc
from ..cluster.state import ProjectState
from ..guide.costs import costs
from ..guide.preflight import redeployed
from ..guide.selection import choose
from ..render.result import Plan
from ..values import DATABASES, Request, Text
from .preflight import Seen


def planned(oc: Oc, state: ProjectState, request: Request, seen: Seen, kept: str = "") -> Plan:
    """The plan, with what the preflight has seen; `kept` is the config whose content is restored."""
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
    dear = costs(state, [name for wave in order for name in wave.configs])
    data = tuple(
        _of_content(cost.config, kept) if cost.config in DATABASES else cost.data for cost in dear if cost.lost
    )
    return Plan(
        state.namespace,
        actions,
        tuple(oc.argv(action.args) for action in actions),
        order,
        dear,
        tuple(notes),
        seen.findings,
        data,
    )


def _of_content(config: str, kept: str) -> Text:
    """What becomes of the content of a database that the plan empties."""
    if config == kept:
        return Text(
            "{config}: its content is saved before the first change, and restored after its wave", config=config
        )
    return Text(
        "{config} loses its content; migrate keeps it with --backup DIR --dump {config} --restore {config}",
        config=config,
    )
