"""What surrounds the guide's steps in one project, all six or one alone: the same checks before the first change, the same
confirmation, journal and end. The steps themselves are the engine's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from ..check_codes import Code
from ..cluster.clock import Clock
from ..cluster.location import Location, locate
from ..cluster.oc import Oc
from ..cluster.oc_errors import TimeOver
from ..cluster.reading import observe
from ..cluster.state import ProjectState
from ..engine.backup_files import new_directory
from ..engine.registry_questions import prove
from ..engine.run import Run
from ..engine.run_failure import Failed
from ..engine.wait_endings import out_of_time
from ..exit_codes import ExitCode
from ..guide import steps, verdicts
from ..guide.kept_data import of_owed
from ..guide.preflight import attempt
from ..guide.selection import choose
from ..options import Options
from ..render.result import Plan, Result
from ..values import STEPS, Check, Refused, Request, Step, Text, Verdict
from . import owed_data
from .backups import save
from .confirmation import confirm
from .connection import LOOKING_TIMEOUT, locked, unexpected
from .migration_plan import planned
from .preflight import examine, insist
from .reports import versions_of
from .requests import request_of
from .results import checked, exit_code
from .run_journal import Start, journaled
from .session import Session
from .undo_request import after_failure


@contextmanager
def begun(session: Session, options: Options, wanted: tuple[Step, ...] = STEPS) -> Iterator[Run | Result]:
    """A run that may carry out those steps, or the result where nothing of them is left to do or something blocks them. Raises what
    asking and changing the cluster raise."""
    oc = session.connect(LOOKING_TIMEOUT)
    where = locate(oc)
    session.announce()
    if options.backup is not None:
        new_directory(options.backup)  # said before anything is asked
    request = replace(request_of(session, oc), steps=wanted)
    if wanted == (Step.DEPLOYMENT_CONFIGS,):
        request = replace(request, all_at_once=True)
    with locked(oc, where) as directory:
        state = observe(oc, ahead=True, elsewhere=request.permissions)
        owed = owed_data.left(owed_data.of_place(where), state)
        owed_data.say(session, map(of_owed, owed))
        already = None if owed else _already(oc, options, where, state, request)
        if already is not None:
            note = Text("nothing is left to do in project {project}", project=where.project)
            yield checked(session, state, already, oc, note)
            return
        seen = examine(oc, where, state, request, options)
        blocked = insist(session, where.project, seen.findings)
        if blocked is not None:
            yield blocked
            return
        if wanted != STEPS and seen.attempt.actions:
            steps.check_order(state, request)
        plan = planned(oc, state, request, seen)
        if wanted == STEPS or plan.actions:
            confirm(session, oc, where, plan)
        else:  # there is something to wait for and nothing to change
            oc.clock = Clock(options.timeout)
        _save(session, oc, options)
        fresh = options.yes and options.backup is None
        start = Start(oc, where, directory, state, plan.actions, request, fresh)
        step = None if wanted == STEPS else wanted[0].value
        with journaled(session, start, step=step, **_known_before(oc, plan)) as under_way:
            try:
                yield under_way
            except (Failed, TimeOver) as ended:
                error = ended if isinstance(ended, Failed) else out_of_time(under_way, ended)
                # A cluster that does not answer cannot be asked to undo anything; a person who stops the run has decided.
                if options.on_failure != "undo" or error.exit_code in (ExitCode.UNKNOWN, ExitCode.INTERRUPTED):
                    raise error from None
                raise after_failure(under_way, error) from None


def ended(session: Session, run: Run, seen: tuple[ProjectState, tuple[Check, ...]]) -> Result:
    """The result of a run that came to its end, by what was seen last and its checks. Raises OcError, JournalError."""
    state, checks = seen
    checks = (*checks, *_proof(run.oc, state, run.request))
    run.finish(exit_code(session.options, checks, session.command), checks)
    whole = run.request.steps == STEPS and verdicts.summary(checks, session.command).done
    return checked(session, state, checks, None, *((verdicts.BRIEF,) if whole else ()))


def _known_before(oc: Oc, plan: Plan) -> dict[str, object]:
    """What was known before the first change, for the journal: warnings and versions."""
    warnings = [
        Text("{subject}: {seen}", subject=found.subject, seen=found.seen).kept()
        for found in plan.findings
        if found.verdict is Verdict.WARNING
    ]
    release = [found.seen.kept() for found in plan.findings if found.code == Code.RELEASE_SUPPORTED]
    return {"warnings": warnings, "versions": {**versions_of(oc), **({"3scale": release[0]} if release else {})}}


def _save(session: Session, oc: Oc, options: Options) -> None:
    """Saves the project if requested. Raises Refused where a part of it cannot be read, Usage, OcError."""
    if options.backup is None:
        return
    told = save(session, oc, options.backup)
    session.tell(told)
    if told.left and not options.allow_unknown:
        raise Refused(Text("the backup is incomplete; nothing was changed; to migrate anyway, give --allow-unknown"))


def _proof(oc: Oc, state: ProjectState, request: Request) -> tuple[Check, ...]:
    """Of step 1 alone: whether the registry accepts the login that is in the project now. A whole run asks before its waves."""
    return prove(oc, state, request) if request.steps == (Step.REGISTRY_SECRET,) else ()


def _already(
    oc: Oc, options: Options, where: Location, state: ProjectState, request: Request
) -> tuple[Check, ...] | None:
    """The checks of a project where nothing is left to do, and nothing blocks; else None."""
    left = attempt(state, request)
    if left.actions or left.refusals or not choose(state, request).configs or unexpected(options, where):
        return None
    checks = (*steps.verify(state, request), *prove(oc, state, request))
    return checks if verdicts.exit_code(checks) in (ExitCode.DONE, ExitCode.UNKNOWN) else None
