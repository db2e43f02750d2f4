"""`history`: lists the runs of this workstation, or shows one. It asks no cluster."""

from __future__ import annotations

from collections.abc import Iterable

from ..engine import records, undo_sequence
from ..engine.records import Record
from ..exit_codes import ExitCode
from ..guide.kept_data import of_owed
from ..options import Options
from ..render.result import Nothing, Result, Run, Runs
from ..run import owed_data, reports
from ..run.session import Session
from ..values import Text, Usage


def run(session: Session, options: Options) -> Result:
    """The runs, one of them, or its report. Raises Usage."""
    if options.report and not options.run:
        raise Usage(Text("--report: name the run, as history lists it"))
    problems: list[Text] = []
    known = records.records(project=options.namespace, problems=problems)
    if not options.report:
        owed_data.say(session, [of_owed(each) for group in _by_project(known) for each in records.owed(group)])
    taken = {name for group in _by_project(known) for name in undo_sequence.undone(group)}
    if not options.run:
        return session.result(ExitCode.DONE, Runs(tuple(known), frozenset(taken), tuple(problems)))
    record = records.one_of(known, options.run)
    if options.report:
        return session.result(reports.of_run(session, record.path), Nothing())
    return session.result(ExitCode.DONE, Run(record, record.run in taken))


def _by_project(known: Iterable[Record]) -> list[tuple[Record, ...]]:
    """The runs of each project; one that was deleted and made again is another one, as its uid shows."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in known:
        groups.setdefault((record.server, record.project), []).append(record)
    return [
        undo_sequence.of_identity(group, uid)[0]
        for group in groups.values()
        for uid in {record.uid for record in group if record.uid} or {""}
    ]
