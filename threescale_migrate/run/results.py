"""Checks as a command's result, with the exit code that they mean. It makes no check."""

from __future__ import annotations

from collections.abc import Sequence

from ..cluster.oc import Oc
from ..cluster.state import ProjectState
from ..exit_codes import ExitCode
from ..guide import verdicts
from ..options import Options
from ..render.result import Checked, Result
from ..values import Check, Fix, Text
from .session import Session


def checked(
    session: Session, state: ProjectState, checks: Sequence[Check], oc: Oc | None = None, *notes: Text | Fix
) -> Result:
    """Checks as a result, with the exit code that they mean. With `oc`, for a run without a journal, a report is written."""
    code = exit_code(session.options, checks, session.command)
    if oc is not None and session.options.report is not None:
        from . import reports  # late: few look at one

        reports.of_checks(session, oc, state, checks, code)
    return session.result(code, Checked(state.namespace, tuple(checks)), *notes)


def exit_code(options: Options, checks: Sequence[Check], command: str) -> ExitCode:
    """What checks mean, by the options that were given."""
    return verdicts.exit_code(checks, command, options.strict, options.allow_unknown)
