"""`migrate`: steps 1 to 6 of the guide, for one project, or for many one after the other."""

from __future__ import annotations

from dataclasses import replace

from ..check_codes import Code
from ..cluster.location import Location, locate
from ..cluster.oc import Oc
from ..cluster.oc_errors import TimeOver
from ..cluster.reading import observe
from ..cluster.state import ProjectState
from ..engine import migration
from ..engine.backup_files import new_directory
from ..engine.dumping import owed
from ..engine.registry_questions import prove
from ..engine.run_failure import Failed
from ..engine.wait_endings import out_of_time
from ..exit_codes import ExitCode
from ..guide import steps, verdicts
from ..guide.dumps import Dump
from ..guide.preflight import attempt
from ..options import Options
from ..render.result import Result
from ..run.backups import findings, save
from ..run.confirmation import confirm, gates_of
from ..run.connection import LOOKING_TIMEOUT, locked, unexpected
from ..run.many import in_turn
from ..run.migration_plan import planned
from ..run.preflight import examine, insist
from ..run.reports import versions_of
from ..run.requests import request_of
from ..run.results import checked, exit_code
from ..run.run_journal import Start, journaled
from ..run.session import Session
from ..run.undo_request import after_failure
from ..values import Check, Refused, Request, Text, Usage, Verdict


def run(session: Session, options: Options) -> Result:
    """Migrates. Raises what asking and changing the cluster raise; over many projects, one after the other, each result is shown where
    it happens, and the first failure is the last."""
    if options.many:
        if not session.person:
            sentence = "for several projects migrate prints text only: give -o json or yaml for one project at a time"
            raise Usage(Text(sentence))
        return in_turn(session, run)
    oc = session.connect(LOOKING_TIMEOUT)
    gates = gates_of(session)
    where = locate(oc)
    if options.backup is not None:
        new_directory(options.backup)  # said before anything is asked
    request = request_of(session, oc)
    with locked(oc, where) as directory:
        state = observe(oc, ahead=True, elsewhere=request.permissions)
        already = _migrated(oc, options, where, state, request)
        if already is not None:
            note = Text("nothing is left to do in project {project}", project=where.project)
            return checked(session, state, already, oc, note)
        seen = examine(oc, where, state, request, options)
        more = findings(oc, state, where.user, options)
        seen = replace(seen, findings=(*seen.findings, *more))
        blocked = insist(session, where.project, seen.findings)
        if blocked is not None:
            return blocked
        plan = planned(oc, state, request, seen, kept=options.restore or "")
        confirm(session, oc, where, plan)
        dump = _save(session, oc, options, state)
        fresh = options.yes and options.backup is None
        start = Start(oc, where, directory, state, plan.actions, request, fresh)
        warnings = [
            Text("{subject}: {seen}", subject=found.subject, seen=found.seen).kept()
            for found in plan.findings
            if found.verdict is Verdict.WARNING
        ]
        release = [found.seen.kept() for found in plan.findings if found.code == Code.RELEASE_SUPPORTED]
        versions = {**versions_of(oc), **({"3scale": release[0]} if release else {})}
        with journaled(session, start, step=None, warnings=warnings, versions=versions) as under_way:
            under_way.restore = dump if options.restore else None
            try:
                state, checks = migration.migrate(under_way, gates)
            except (Failed, TimeOver) as ended:
                error = ended if isinstance(ended, Failed) else out_of_time(under_way, ended)
                # A cluster that does not answer cannot be asked to undo anything; a person who stops the run has decided.
                if options.on_failure != "undo" or error.exit_code in (ExitCode.UNKNOWN, ExitCode.INTERRUPTED):
                    raise error from None
                raise after_failure(under_way, error) from None
            finally:
                session.offer(owed(under_way))
            under_way.finish(exit_code(options, checks, session.command), checks)
    brief = (verdicts.BRIEF,) if verdicts.summary(checks, session.command).done else ()
    return checked(session, state, checks, None, *brief)


def _save(session: Session, oc: Oc, options: Options, state: ProjectState) -> Dump | None:
    """Saves the project if requested, and returns the content of its database if that was requested. Raises Refused where a
    part of it cannot be read, Usage, OcError."""
    if options.backup is None:
        return None
    made = save(session, oc, options.backup, state)
    session.tell(made.told)
    if not made.whole and not options.allow_unknown:
        raise Refused(Text("the backup is incomplete; nothing was changed; to migrate anyway, give --allow-unknown"))
    return made.dump


def _migrated(
    oc: Oc, options: Options, where: Location, state: ProjectState, request: Request
) -> tuple[Check, ...] | None:
    """The checks of a project where nothing is left to do, and nothing blocks; else None."""
    left = attempt(state, request)
    if left.actions or left.refusals or unexpected(options, where):
        return None
    checks = (*steps.verify(state, request), *prove(oc, state, request))
    return checks if verdicts.exit_code(checks) in (ExitCode.DONE, ExitCode.UNKNOWN) else None
