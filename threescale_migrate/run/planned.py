"""A plan with its costs and notes, and how it is shown as a result. It decides nothing: the guide made the plan."""

from __future__ import annotations

from dataclasses import dataclass

from ..cluster.oc import Oc
from ..cluster.state import ProjectState
from ..exit_codes import ExitCode
from ..guide.change import Change
from ..guide.costs import Cost, costs
from ..guide.preflight import against, blocked_by, redeployed
from ..guide.selection import Wave, choose
from ..render import document, text
from ..render.plan import last_line, show_plan
from ..values import DATABASES, Check, Request, Text, Verdict
from .preflight import Seen
from .session import Session


@dataclass(frozen=True)
class Planned:
    """A plan, ready to be shown; `argvs` are the actions as `oc` is called."""

    project: str
    actions: tuple[Change, ...]
    argvs: tuple[tuple[str, ...], ...]
    waves: tuple[Wave, ...]
    costs: tuple[Cost, ...]
    notes: tuple[Text, ...]
    findings: tuple[Check, ...] = ()

    @staticmethod
    def of(oc: Oc, state: ProjectState, request: Request, seen: Seen, kept: str = "") -> Planned:
        """The plan of a migration, with what the preflight has seen; `kept` is the config whose content is restored."""
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
                Text("{name} runs as its own account {account}, and is left alone", name=name, account=account)
            )
        dear = costs(state, [name for wave in order for name in wave.configs])
        notes += [_of_content(cost.config, kept) for cost in dear if cost.lost and cost.config in DATABASES]
        return Planned(
            state.namespace,
            actions,
            tuple(oc.argv(action.args) for action in actions),
            order,
            dear,
            tuple(notes),
            seen.findings,
        )

    def render(self, session: Session, code: ExitCode) -> None:
        """Shows it on stdout, as the result of a command that changes nothing."""
        if session.options.is_document:
            listed = [document.action(action, argv) for action, argv in zip(self.actions, self.argvs)]
            planned = document.plan(
                session.command,
                self.project,
                listed,
                self.waves,
                self.costs,
                int(code),
                session.invocation,
                self.findings,
            )
            document.write(planned, session.options.output)
            return
        terminal = session.result
        text.show_findings(terminal, self.findings, notable=True)
        if not session.options.quiet:
            show_plan(terminal, self.actions, self.waves, self.costs, session.options.verbose > 0)
            for note in self.notes:
                terminal.line(terminal.say(note))
        blocked = against(self.findings)
        verdict = Verdict.FAILED if blocked else Verdict.WARNING if self.actions else Verdict.PASSED
        last = blocked_by(blocked) if blocked else last_line(self.project, self.actions, self.waves, self.costs)
        # The plan of a migration and its verdict fill a screen: what comes next is shown where more than a screen was asked for.
        if self.actions and not blocked and (session.command == "undo" or session.options.verbose > 0):
            session.next(terminal, "undo" if session.command == "undo" else "migrate")
        text.show_verdict(terminal, verdict, last)


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
