"""A plan with its costs and notes, and how it is shown as a result. It decides nothing: the guide made the plan."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from ..cluster.oc import Oc
from ..cluster.project import ProjectState
from ..exit_codes import ExitCode
from ..guide.costs import Cost, costs
from ..guide.preflight import Finding, redeployed
from ..guide.selection import Wave, choose
from ..render import document, text
from ..values import Action, Request, Text
from .preflight import Seen
from .session import Session


@dataclass(frozen=True)
class Planned:
    """A plan, ready to be shown; `argvs` are the actions as `oc` is called."""

    project: str
    actions: tuple[Action, ...]
    argvs: tuple[tuple[str, ...], ...]
    waves: tuple[Wave, ...]
    costs: tuple[Cost, ...]
    notes: tuple[Text, ...]
    findings: tuple[Finding, ...] = ()

    @staticmethod
    def of(oc: Oc, state: ProjectState, request: Request, seen: Seen) -> Planned:
        """The plan of a migration, with what the preflight has seen."""
        actions = seen.attempt.actions
        order = redeployed(state, request, actions)
        selection = choose(state, request)
        notes: list[Text] = []
        if selection.absent:
            notes.append(Text("not in this project: {names}", names=", ".join(selection.absent)))
        if selection.foreign:
            notes.append(Text("not 3scale's, left alone: {names}", names=", ".join(selection.foreign)))
        for name, account in selection.own_account:
            notes.append(
                Text("{name} runs as {account}, an account of its own, and is left alone", name=name, account=account)
            )
        return Planned(
            state.namespace,
            actions,
            tuple(oc.argv(action.args) for action in actions),
            order,
            costs(state, [name for wave in order for name in wave.configs]),
            tuple(notes),
            seen.findings,
        )

    def render(self, session: Session, code: ExitCode) -> None:
        """Shows it on stdout, as the result of a command that changes nothing."""
        if session.output.format == "json":
            listed = [document.action(action, argv) for action, argv in zip(self.actions, self.argvs)]
            planned = document.plan(
                session.command, self.project, listed, self.waves, self.costs, int(code), self.findings
            )
            document.write(sys.stdout, planned)
            return
        terminal = session.result
        text.show_findings(terminal, self.findings, notable=True)
        if not session.output.quiet:
            text.show_actions(terminal, self.actions)
            if self.waves:
                text.show_costs(terminal, self.waves, self.costs)
            for note in self.notes:
                terminal.line(terminal.say(note))
        last = (
            Text("{count} actions are left to do in project {project}", count=len(self.actions), project=self.project)
            if self.actions
            else Text("nothing is left to do in project {project}", project=self.project)
        )
        terminal.line(terminal.say(last))
