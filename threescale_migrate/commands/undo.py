"""The commands that look back: `undo` and `history`. What is taken back, and how, is decided in `guide/undoing.py`."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from ..cluster.oc import NotFound, Oc, OcError
from ..cluster.project import ProjectState, observe
from ..cluster.project import read_secret as read_project_secret
from ..engine import records
from ..engine import undoing as sequence
from ..engine.journal import JournalError
from ..engine.records import Record
from ..engine.run import Failed, Run
from ..exit_codes import ExitCode
from ..guide import registry_secret, undoing
from ..guide.costs import costs
from ..guide.selection import Wave
from ..guide.undoing import Undo
from ..render import document, text
from ..render.terminal import stdout
from ..session.sources import of_file, read_secret
from ..values import SECRET_NAME, Inverse, PullSecret, Refused, Request, Text, Usage, Verdict
from .common import Place, Planned, confirm, connect, finish, journaled, locked, placed, report


def undo(options: Namespace) -> ExitCode:
    """Takes a run back, by the inverses in its journal and by what is there now."""
    if options.to_default and options.run:
        raise Usage(Text("undo takes a run or --to-default, not both"))
    oc = connect(options, options.timeout)
    given = read_secret(options, oc)
    if options.dry_run:
        return _show(options, *_wanted(options, oc, placed(options, oc), given))
    with locked(options, oc) as (where, directory):
        state, wanted, show, undoes = _wanted(options, oc, where, given)
        if not show.actions:
            return report(options, "undo", state, undoing.verify(state, wanted), oc)
        confirm(options, where, show)
        with journaled(options, "undo", oc, Request(), where, directory, state, show.actions, undoes=undoes) as run:
            state, checks = sequence.undo(run, wanted)
            finish(options, run, checks)
    return report(options, "undo", state, checks)


def _wanted(
    options: Namespace, oc: Oc, where: Place, given: PullSecret | None
) -> tuple[ProjectState, Undo, Planned, list[str]]:
    """What there is, what is to be taken back, the plan of it, and the runs that it is about. Raises Refused, Usage."""
    state = observe(oc)
    for kind in ("dc", "rc", "pods"):
        if kind in state.unread:
            raise Refused(
                Text(
                    "{kind} may not be read, and nothing is taken back blindly: {why}",
                    kind=kind,
                    why=state.unread[kind],
                )
            )
    runs: tuple[Record, ...] = ()
    if options.to_default:
        changes = undoing.to_default(state, Request(configs=tuple(options.dc or ())))
    else:
        runs = records.to_take_back(records.records(where.server, where.project), options.run)
        changes = changes_of(runs)
    if not changes:
        raise Refused(nothing_to_take_back(state, where.project, bool(options.to_default)))
    wanted = Undo(changes, manifests(oc, changes, given), options.force)
    return state, wanted, planned(oc, state, wanted, runs), [record.run for record in runs]


def _show(options: Namespace, state: ProjectState, wanted: Undo, show: Planned, undoes: list[str]) -> ExitCode:
    code = ExitCode.SOMETHING_TO_DO if show.actions else ExitCode.DONE
    show.render(options, code)
    return code


def changes_of(runs: Iterable[Record]) -> tuple[Inverse, ...]:
    """What the runs changed, newest first."""
    entries = [entry for record in runs for entry in reversed(record.changes)]
    return undoing.merged(entry.inverse for entry in entries)


def nothing_to_take_back(state: ProjectState, project: str, by_state: bool) -> Text:
    """Why there is nothing to undo, and what else may help."""
    if by_state:
        return Text(
            "no chosen DeploymentConfig of project {project} runs as amp: nothing is to be taken back", project=project
        )
    return Text(
        "no journal on this workstation tells of a change in project {project} that is in effect; without one,"
        " --to-default puts the configs back to the default account",
        project=project,
    )


def manifests(oc: Oc, changes: Iterable[Inverse], given: PullSecret | None) -> dict[str, str]:
    """The secrets that can be brought back, by fingerprint: the user's file, the file that the run read, the one that was kept."""
    found = {} if given is None else {given.fingerprint: given.manifest}
    for change in changes:
        path = change.detail.get("path")
        if path and os.path.isfile(path):
            with suppress(Usage):  # it is another file by now, and may not be needed
                secret = of_file(path)
                oc.redact.learn(*secret.secrets)
                found.setdefault(secret.fingerprint, secret.manifest)
        for name in filter(None, (change.detail.get("backup"), change.detail.get("copy"))):
            with suppress(NotFound):
                kept = read_project_secret(oc, name)
                found[kept.fingerprint] = registry_secret.renamed(kept.manifest, SECRET_NAME)
    return found


def planned(oc: Oc, state: ProjectState, wanted: Undo, runs: Sequence[Record]) -> Planned:
    """The plan of an undo, ready to be shown."""
    actions = undoing.plan(state, wanted)
    touched = {action.subject.partition("/")[2] for action in actions if action.subject.startswith("dc/")}
    order = tuple(
        Wave(stage.name, tuple(name for name in stage.configs if name in touched))
        for stage in undoing.stages(wanted, state)
        if isinstance(stage, Wave) and touched & set(stage.configs)
    )
    notes = [
        Text("taken back: {command} of {began}, run {run}", command=record.command, began=record.began, run=record.run)
        for record in runs
    ]
    for change in wanted.changes:
        why = undoing.refusal(state, wanted, change)
        if why.template:
            notes.append(Text("left as it is: {name}: {why}", name=change.name, why=why))
    argvs = tuple(oc.argv(action.args) for action in actions)
    names = [name for wave in order for name in wave.configs]
    return Planned(state.namespace, actions, argvs, order, costs(state, names), tuple(notes))


def after_failure(run: Run, error: Failed) -> Failed:
    """Takes the run that has failed back at once. Gives the failure, with what has become of it."""
    run.watcher.note(Text("{said}", said=error.text))
    run.watcher.note(Text("taking back what this run has changed (--on-failure undo)"))
    changes = changes_of([records.read(run.journal.path)])
    wanted = Undo(changes, manifests(run.oc, changes, run.request.pull_secret))
    try:
        _, checks = sequence.undo(run, wanted)
    except (Failed, OcError) as again:
        said = Text("{first}\nand taking it back failed: {second}", first=error.text, second=again.text)
        return Failed(said, error.exit_code)
    left = [check for check in checks if check.verdict is not Verdict.PASSED]
    sentence = (
        "{first}\nthe run was taken back: all is as before"
        if not left
        else "{first}\nthe run was taken back, but for: {left}"
    )
    names = ", ".join(check.subject for check in left)
    return Failed(Text(sentence, first=error.text, left=names), error.exit_code)


def history(options: Namespace) -> ExitCode:
    """Lists the runs of this workstation, or shows one; asks no cluster."""
    if options.report and not options.run:
        raise Usage(Text("--report: name the run that it is about, as history lists them"))
    problems: list[JournalError] = []
    known = records.records(project=options.namespace, problems=problems)
    taken = {name for group in _by_project(known) for name in records.taken_back(group)}
    if options.run:
        record = records.one_of(known, options.run)
        if options.report:
            from ..render.report import of_run

            return of_run(options, record.path)
        return _show_run(options, record, record.run in taken)
    if options.output == "json":
        runs = [_described(record, record.run in taken) for record in known]
        sentence = [str(problem) for problem in problems]
        document.write(
            sys.stdout, {"version": document.VERSION, "command": "history", "runs": runs, "problems": sentence}
        )
        return ExitCode.DONE
    terminal = stdout(options.lang)
    if not known and not problems:
        terminal.line(terminal.say(Text("no run is recorded on this workstation")))
    for record in known:
        terminal.line(
            f"{terminal.mark(_verdict(record))} {record.run}  {terminal.say(_headline(record, record.run in taken))}",
            0,
            4,
        )
    for problem in problems:
        terminal.line(f"{terminal.mark(Verdict.UNKNOWN)} {terminal.say(problem.text)}", 0, 4)
    return ExitCode.DONE


def _by_project(known: Iterable[Record]) -> list[list[Record]]:
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in known:
        groups.setdefault((record.server, record.project), []).append(record)
    return list(groups.values())


def _verdict(record: Record) -> Verdict:
    if record.finished == "done":
        return Verdict.PASSED
    return Verdict.FAILED if record.finished else Verdict.UNKNOWN


def _headline(record: Record, taken: bool) -> Text:
    outcome = _unfinished(record) if record.finished is None else text.outcome(record.finished)
    sentence = (
        "{command} in {project} by {user}: {outcome}, {count} changes, taken back since"
        if taken
        else "{command} in {project} by {user}: {outcome}, {count} changes"
    )
    return Text(
        sentence,
        command=record.command,
        project=record.project,
        user=record.user,
        outcome=outcome,
        count=len(record.changes),
    )


def _unfinished(record: Record) -> Text:
    return Text("under way") if records.is_under_way(record) else Text("died before its end")


def _described(record: Record, taken: bool) -> dict[str, Any]:
    return {
        "run": record.run,
        "command": record.command,
        "server": record.server,
        "project": record.project,
        "user": record.user,
        "began": record.began,
        "ended": record.ended,
        "outcome": record.finished,
        "under_way": records.is_under_way(record),
        "exit_code": record.exit_code,
        "changes": len(record.changes),
        "taken_back": taken,
        "undoes": list(record.undoes),
        "torn": record.torn,
        "journal": str(record.path),
    }


def _show_run(options: Namespace, record: Record, taken: bool) -> ExitCode:
    if options.output == "json":
        lines = [dict(line) for line in record.lines]
        document.write(
            sys.stdout, {"version": document.VERSION, "command": "history", **_described(record, taken), "lines": lines}
        )
        return ExitCode.DONE
    terminal = stdout(options.lang)
    terminal.line(terminal.paint(record.run, "strong"))
    terminal.line(terminal.say(_headline(record, taken)))
    where = Text("on {server}, from {began} to {ended}", server=record.server, began=record.began, ended=record.ended)
    terminal.line(terminal.say(where))
    if record.torn:
        terminal.line(terminal.say(Text("its last line was cut off: the run was killed while it wrote")))
    for entry in record.entries:
        mark = {"done": Verdict.PASSED, "present": Verdict.PASSED, "failed": Verdict.FAILED}.get(
            entry.outcome, Verdict.UNKNOWN
        )
        shown = text.command_line(entry.argv, secret=entry.kind.startswith("secret"))
        terminal.line(f"{entry.began[11:19]} {terminal.mark(mark)} {shown}", 2, 13)
        if entry.outcome != "done" and entry.said:
            terminal.line(terminal.paint(entry.said, "quiet"), 13, 13)
    return ExitCode.DONE
