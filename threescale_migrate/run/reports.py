"""The file of a report: whether it can be written, and writing it, from a journal or from what was observed.

What a report says is drawn in `render/`. Nothing in it is a secret: the journal holds none.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import files
from ..check_json import of_check
from ..cluster.location import Location, locate
from ..cluster.oc import Oc
from ..cluster.oc_errors import OcError
from ..cluster.state import ProjectState
from ..cluster.versions import versions
from ..engine import journal as journals
from ..engine import records
from ..engine.evidence import proof
from ..engine.records import Record
from ..exit_codes import ExitCode
from ..guide.readiness import Goal
from ..language import system_error
from ..render.formats import REPORTS
from ..values import PROGRAM, Check, Command, Fix, Step, Text, Usage
from .session import Session


def writable_report(path: str) -> str:
    """The path, whole, where a report can be written to it. Raises Usage."""
    target = Path(os.path.abspath(path))
    if target.suffix.lower() not in REPORTS:
        raise Usage(Text("{path}: the name of a report has to end in .html or .md", path=path))
    if target.is_dir():
        raise Usage(Text("{path} is a directory: give the name of a file", path=path))
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}."):
            pass
    except OSError as error:
        raise Usage(Text("{path} cannot be written ({why})", path=path, why=system_error(error))) from None
    return str(target)


def of_run(session: Session, journal: Path) -> ExitCode:
    """Writes the report of a run that has ended, however it ended; a run that never began has none."""
    if session.options.report is None:
        return ExitCode.DONE
    try:
        record = records.read(journal)
    except journals.JournalError as error:
        if journal.exists():
            session.say(error.text)
        return ExitCode.FAILED
    return _write(session, session.options.report, record)


def of_checks(session: Session, oc: Oc, state: ProjectState, checks: Sequence[Check], code: ExitCode) -> None:
    """Writes the report of what was checked and needed no change: a run without actions."""
    if session.options.report is None:
        return
    where = locate(oc)
    names = [
        check.subject[3:] for check in checks if check.step is Step.VERIFICATION and check.subject[3:] in state.configs
    ]
    undone = session.command == "undo"
    goals = {name: Goal(state.configs[name].effective_account, None) for name in names} if undone else {}
    who = journals.beginning(session.command, where.server, where.project, where.user, state)
    record = records.record_of(
        [
            {
                "event": "start",
                "at": journals.now(),
                "run": "",
                "versions": versions_of(oc),
                **who,
                **place(session, where),
            },
            {"event": "verified", "at": journals.now(), "checks": [of_check(check) for check in checks]},
            {"event": "proof", "at": journals.now(), "configs": proof(state, names, goals)},
            {"event": "finish", "at": journals.now(), "outcome": code.name.lower(), "exit_code": int(code)},
        ],
        Path(),
    )
    _write(session, session.options.report, record)


def place(session: Session, where: Location) -> dict[str, object]:
    """Where a command works and with which options, as the journal keeps it: what it takes to give the command again."""
    return {
        "context": where.context,
        "kubeconfig": session.invocation.kubeconfig,
        "uid": where.uid,
        "rehearsal": where.rehearsal,
        "arguments": session.arguments,
        "given": session.given,
    }


def versions_of(oc: Oc) -> dict[str, str]:
    """The versions by name; none if `oc` is that of 3.11, which knows no JSON here. Changes nothing, and raises nothing: a record
    without them is a record."""
    try:
        return _parsed(versions(oc))
    except OcError:
        return {}


def _parsed(document: Mapping[str, Any]) -> dict[str, str]:
    found = {
        "oc": document.get("releaseClientVersion") or (document.get("clientVersion") or {}).get("gitVersion"),
        "openshift": document.get("openshiftVersion"),
        "kubernetes": (document.get("serverVersion") or {}).get("gitVersion"),
    }
    return {name: str(version) for name, version in found.items() if version}


def _write(session: Session, path: str, record: Record) -> ExitCode:
    """Puts the report into its place in one move, for its owner alone, as the journal is."""
    target = Path(path)
    words = REPORTS[target.suffix.lower()](record, session.options)  # which masks each of its parts
    try:
        files.write(target, words)
    except OSError as error:
        failed = Text("the report {path} cannot be written ({why})", path=str(target), why=system_error(error))
        session.say(Text.sentences(failed, Text("nothing else is affected")))
        if record.run:
            session.offer(Fix(commands=(Command((PROGRAM, "history", record.run, "--report", "FILE.html")),)))
        return ExitCode.FAILED
    session.reported(str(target))
    return ExitCode.DONE
