"""Checks as a command's result: shown, written as a report, turned into an exit code. It makes no check."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ..cluster.oc import Oc
from ..cluster.state import ProjectState
from ..exit_codes import ExitCode
from ..guide import verdicts
from ..options import Options
from ..output import Unwritable
from ..render import document, text
from ..values import Check, Text
from . import reports
from .session import Session


def show(session: Session, state: ProjectState, checks: Sequence[Check], oc: Oc | None = None) -> ExitCode:
    """Shows checks on stdout, and gives the exit code that they mean. With `oc`, for a run without a journal, a report is written."""
    code = exit_code(session.options, checks, session.command)
    if oc is not None:
        reports.of_checks(session, oc, state, checks, code)
    options = session.options
    try:
        if options.is_document:
            document.write(
                document.verification(session.command, state.namespace, checks, int(code), session.invocation),
                session.options.output,
            )
        elif not options.quiet or code is not ExitCode.DONE:
            terminal = session.result
            text.show_checks(terminal, checks, options.verbose > 0, options.quiet)
            if not options.quiet:
                sentence = verdicts.judge(checks, session.command).sentence
                text.show_verdict(terminal, text.meant(checks, session.command), sentence)
        sys.stdout.flush()
    except (BrokenPipeError, Unwritable) as error:
        if isinstance(error, Unwritable):
            session.say(Text("the output cannot be written ({why})", why=error.why))
        leave_stdout()  # the exit code still tells the result
    return code


def leave_stdout() -> None:
    """The reader has gone (`… | head`): nothing more can be said, also not by Python at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def exit_code(options: Options, checks: Sequence[Check], command: str) -> ExitCode:
    """What checks mean, by the options that were given."""
    return verdicts.exit_code(checks, command, options.strict, options.allow_unknown)
