"""`undo`: undoes what a run changed. What is undone, and how, is decided in `guide/undo_plan.py`."""

from __future__ import annotations

from collections.abc import Sequence

from .. import shell
from ..check_codes import Code
from ..cluster.location import Location
from ..cluster.oc import Oc
from ..cluster.reading import observe
from ..cluster.state import ProjectState
from ..engine import records
from ..engine import undo_sequence as sequence
from ..engine.records import Record
from ..exit_codes import ExitCode
from ..guide import kept_data
from ..guide import undo_plan as guide
from ..guide.change import Undo
from ..guide.config_changes import configs_of
from ..guide.costs import costs
from ..guide.readiness import assess_all
from ..guide.selection import Wave
from ..options import Options
from ..render.report import moment
from ..render.result import Checked, Plan, Result
from ..run import owed_data
from ..run.confirmation import confirm
from ..run.connection import LOOKING_TIMEOUT, located, locked
from ..run.results import checked, exit_code
from ..run.run_journal import Start, journaled
from ..run.session import Session
from ..run.sources import read_secret
from ..run.undo_request import changes_of, manifests, still_migrated
from ..values import Check, PullSecret, Refused, Request, Step, Text, Verdict


def run(session: Session, options: Options) -> Result:
    """Undoes a run, by the inverses in its journal and by what is there now. Raises what asking and changing the cluster raise."""
    oc = session.connect(LOOKING_TIMEOUT)
    where = located(oc, options)
    if not options.dry_run:
        session.announce()
    given = read_secret(session, oc)
    if options.dry_run:
        state, wanted, runs = _wanted(session, options, oc, where, given)
        if not wanted.changes:
            return _nothing_to_undo(session, options, where)
        return _show_plan(session, oc, state, wanted, runs)
    with locked(oc, where) as directory:
        state, wanted, runs = _wanted(session, options, oc, where, given)
        owed = owed_data.left(owed_data.of_place(where), state)
        owed_data.say(session, map(kept_data.of_owed, owed))
        if not wanted.changes:
            return _nothing_to_undo(session, options, where)
        request = Request(lose_data=options.lose_data)
        kept_data.check_names(state, request)
        planned = _planned(oc, state, wanted, runs, request)
        # What an earlier undo began goes on by itself; it is waited for, as a migration is.
        goals = guide.goals(state, wanted, state.configs)
        moving = any(found.moving for goal, names in goals.items() for found in assess_all(state, names, goal))
        if not (planned.actions or owed or moving):
            return checked(session, state, (*guide.verify(state, wanted), *_still(session, where, state, runs)), oc)
        for blocked in kept_data.findings(state, planned.actions, request):
            raise Refused(Text("{subject}: {seen}", subject=blocked.subject, seen=blocked.seen), blocked.fix)
        confirm(session, oc, where, planned)
        start = Start(oc, where, directory, state, planned.actions, request)
        only = [] if options.to_default else list(options.dc)
        with journaled(session, start, undoes=[record.run for record in runs], only=only) as run:
            state, checks = sequence.undo(run, wanted)
            checks = (*checks, *_still(session, where, state, runs))
            run.finish(exit_code(options, checks, session.command), checks)
    return checked(session, state, checks)


def _wanted(
    session: Session, options: Options, oc: Oc, where: Location, given: PullSecret | None
) -> tuple[ProjectState, Undo, tuple[Record, ...]]:
    """What there is, what is to be undone, and the runs that it is about. Raises Refused, Usage."""
    runs: tuple[Record, ...] = ()
    if not options.to_default:
        problems: list[Text] = []
        mine, _ = sequence.of_identity(records.records(where.server, where.project, problems), where.uid)
        for problem in problems:
            session.say(problem)
        runs = sequence.to_undo(mine, options.run)
    changes = changes_of(runs)
    state = observe(oc, former=guide.former_secrets(changes))
    for kind in ("dc", "rc", "pods"):
        if kind in state.unread:
            raise Refused(
                Text(
                    "{kind} cannot be read, and nothing is undone blindly: {why}",
                    kind=kind,
                    why=state.unread[kind],
                )
            )
    if options.to_default:
        whole = Request(configs=options.dc)
        return state, Undo(guide.to_default(state, whole), force=options.force, whole=whole), runs
    if options.dc:
        changes = guide.limited(changes, options.dc)
    return state, Undo(changes, manifests(oc, changes, given), options.force), runs


def _still(session: Session, where: Location, state: ProjectState, runs: Sequence[Record]) -> tuple[Check, ...]:
    """What stays migrated by other runs, and by these where some of their configs alone were undone."""
    if session.options.to_default:
        return ()
    mine, _ = sequence.of_identity(records.records(where.server, where.project), where.uid)
    done = () if session.options.dc else tuple(record.run for record in runs)
    return still_migrated(state, (record for record in sequence.in_effect(mine) if record.run not in done))


def _show_plan(session: Session, oc: Oc, state: ProjectState, wanted: Undo, runs: Sequence[Record]) -> Result:
    planned = _planned(oc, state, wanted, runs, Request(lose_data=session.options.lose_data))
    code = ExitCode.SOMETHING_TO_DO if planned.actions else ExitCode.DONE
    return session.result(code, planned)


def _nothing_to_undo(session: Session, options: Options, where: Location) -> Result:
    """That there is nothing to undo, and what else may help: undone twice is undone once."""
    sentence = Text(
        "nothing to undo: no chosen DeploymentConfig of project {project} runs as amp"
        if options.to_default
        else "nothing to undo: no journal on this workstation has a change in project {project} that is still in effect; without"
        " one, --to-default returns the configs to the account default",
        project=where.project,
    )
    check = Check(Step.VERIFICATION, Code.CONFIG_AS_BEFORE, "project", Verdict.PASSED, sentence)
    return session.result(ExitCode.DONE, Checked(where.project, (check,), said=sentence), *_identity(where))


def _identity(where: Location) -> tuple[Text, ...]:
    """Which journals were left out, since they are of another project of this name, or that only the name is known."""
    if where.uid is None:
        return (
            Text("the project's uid cannot be read: the journals may be from a deleted project with the same name"),
        )
    _, foreign = sequence.of_identity(records.records(where.server, where.project), where.uid)
    if not foreign:
        return ()
    sentence = Text.plural(
        "{count} run is ignored: it was in another project with this name on the same server, as its uid shows",
        "{count} runs are ignored: they were in another project with this name on the same server, as its uid shows",
        count=len(foreign),
    )
    return (sentence,)


def _planned(oc: Oc, state: ProjectState, wanted: Undo, runs: Sequence[Record], request: Request) -> Plan:
    """The plan of an undo, ready to be shown."""
    actions = guide.plan(state, wanted)
    touched = set(configs_of(actions))
    order = tuple(
        Wave(stage.name, tuple(name for name in stage.configs if name in touched))
        for stage in guide.stages(wanted, state)
        if isinstance(stage, Wave) and touched & set(stage.configs)
    )
    notes = [
        Text(
            "to undo: run {run}, {command} of {began}",
            command=record.command,
            began=f"{moment(record.began).astimezone():%Y-%m-%d %H:%M:%S}",
            run=record.run,
        )
        for record in runs
    ]
    for change in wanted.changes:
        kept = change.undo_blocked(state, wanted)
        if kept is not None and change.to_undo(state, wanted):
            notes.append(Text("left unchanged: {name}: {why}", name=shell.quoted(change.subject.name), why=kept.why))
    argvs = tuple(oc.argv(action.args) for action in actions)
    names = [name for wave in order for name in wave.configs]
    notes += kept_data.promises(state, actions, request)
    data = kept_data.losses(state, actions, request)
    return Plan(state.namespace, actions, argvs, order, costs(state, names, request), tuple(notes), data=data)
