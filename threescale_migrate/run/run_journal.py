"""A run with its journal: opened before the first change, ended whatever happens. The engine decides what is written there."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic

from ..cluster.location import Location, still_at
from ..cluster.oc import Oc
from ..cluster.oc_errors import TimeOver
from ..cluster.state import ProjectState
from ..engine import data_keeping, journal_directory, signals
from ..engine import journal as journals
from ..engine import run as runner
from ..engine.run_failure import Failed
from ..engine.wait_endings import interrupted, not_begun, out_of_time
from ..exit_codes import ExitCode
from ..guide.change import Change
from ..guide.config_changes import patches_in
from ..guide.costs import costs
from ..guide.kept_data import RESTORE, of_owed
from ..render import formats
from ..render.document import LinesWatcher
from ..render.progress import LineWatcher, LiveWatcher
from ..render.result import Recorded
from ..values import Refused, Request, Text, Usage
from . import owed_data, reports
from .session import Session

ENDING = Text("stopping after the oc call in progress; press Ctrl-C again to stop at once")


@dataclass(frozen=True)
class Start:
    """What a run starts from: the place, what was seen there, and what is to be done. `fresh`: nobody was waited for since."""

    oc: Oc
    where: Location
    directory: Path
    state: ProjectState
    actions: Sequence[Change]
    request: Request = field(default_factory=Request)
    fresh: bool = False


@contextmanager
def journaled(session: Session, start: Start, **values: object) -> Iterator[runner.Run]:
    """A run with its journal open, its signals handled and a watcher; `values` are added to the journal's first line.

    Raises what the run raises; Moved if `oc` is no longer at the place; Failed for a refusal after the first change, Refused if the
    journal cannot be written.
    """
    oc = start.oc
    try:
        still_at(oc, start.where)  # time has passed since, and somebody may have confirmed what another place is now
    except TimeOver as error:
        raise not_begun(error) from None
    record = journals.Journal(start.directory, oc.redact)
    with ExitStack() as stack:
        stack.callback(reports.of_run, session, record.path)  # once the journal is closed: the report is drawn from it
        stack.callback(record.close)
        earlier = owed_data.of_place(start.where)
        stop = signals.Stop()
        limits = runner.Limits(session.options.grace)
        run = runner.Run(oc, start.request, record, _watcher(session), limits, stop)
        run.seen, run.still_there = start.state, partial(still_at, oc, start.where)
        run.fresh, run.located = start.fresh, True
        run.owed, run.data_directory = earlier, owed_data.directory(session, start.directory)
        stack.enter_context(signals.in_order(stop, lambda: run.watcher.note(ENDING)))
        try:
            where = start.where
            place = reports.place(session, where)
            began = monotonic()
            session.recording(lambda: _recorded(record, monotonic() - began))
            record.start(session.command, where.server, where.project, where.user, start.state, **place, **values)
            record.write(
                "plan",
                actions=[journals.described(action, oc.argv(action.args), action.stdin) for action in start.actions],
                costs=_costs(start),
            )
            try:
                yield run
                if run.ended is ExitCode.DONE:
                    run.given_up = owed_data.given_up(start.where)
                    data_keeping.remove_old(run)
            except BaseException as error:
                stack.callback(_say_owed, session, run, error)
                raise
        except journals.JournalError as error:
            if record.number or error.cause is None:
                raise
            raise journal_directory.unwritable(start.directory, error.cause) from None
        except (Refused, Usage) as error:
            if not record.number:
                run.broken(error)
                raise
            failed = Failed(error.text, ExitCode.FAILED)  # the first change was made
            run.broken(failed)
            raise failed from None
        except TimeOver as error:
            late = out_of_time(run, error)
            run.broken(late)
            raise late from None
        except BaseException as error:
            if isinstance(error, signals.Stopped):
                error.changes = record.changes
                error.again = session.command
                error.others = interrupted(run) if error.changes else ()
            run.broken(error)
            raise


def _recorded(record: journals.Journal, seconds: float) -> Recorded:
    made, before = tuple(record.made), record.made_before_undo
    return Recorded(record.run, made[:before], seconds, undone=() if before is None else made[before:])


def _say_owed(session: Session, run: runner.Run, error: BaseException) -> None:
    """At the end of a run that failed: what it has saved and not restored, unless that is how it failed."""
    known = error.failure.commands if isinstance(error, Failed) else ()
    if RESTORE not in known:
        owed_data.say(session, map(of_owed, data_keeping.owed_at_the_end(run)))


def _watcher(session: Session) -> runner.Watcher:
    """Who shows the run as it goes. Where nobody reads that any more the run continues: what cannot be written is dropped."""
    form = formats.of(session.options)
    if form is not None and form.lines:
        return LinesWatcher(sys.stderr)
    terminal, quiet = session.talk, session.options.quiet
    return LineWatcher(terminal, quiet) if quiet or not terminal.live else LiveWatcher(terminal)


def _costs(start: Start) -> list[dict[str, object]]:
    """What the redeployments will cost, as the journal keeps it for the report."""
    names = [change.config for change in patches_in(start.actions) if change.config in start.state.configs]
    return [
        {"config": cost.config, "down": cost.down, "costs": [warning.kept() for warning in cost.warnings]}
        for cost in costs(start.state, names, start.request)
        if cost.warnings
    ]
