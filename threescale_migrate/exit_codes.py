"""Every exit code of the tool, once, with its meaning. `-o nagios` alone speaks other ones."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from .values import Text


class ExitCode(IntEnum):
    """What a runbook or a cron job may rely on."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    SOMETHING_TO_DO = 3
    REFUSED = 4
    ROLLOUT_FAILED = 5
    DEADLINE = 6
    UNKNOWN = 7
    LOCKED = 75
    HUNG_UP = 129
    INTERRUPTED = 130
    TERMINATED = 143


class Row(NamedTuple):
    """One line of the table: a few words for the help, a sentence for the manual and the topic."""

    codes: tuple[ExitCode, ...]
    brief: Text
    meaning: Text


# The one table: help and manual are made from it, and the topic `exit-codes` is held to it by a test.
TABLE = (
    Row((ExitCode.DONE,), Text("done"), Text("done")),
    Row(
        (ExitCode.FAILED,),
        Text("a check or an oc command failed"),
        Text("a check failed, or an oc command did"),
    ),
    Row((ExitCode.USAGE,), Text("wrong usage"), Text("wrong usage or unusable input; nothing was changed")),
    Row(
        (ExitCode.SOMETHING_TO_DO,),
        Text("plan: there is something to do"),
        Text("plan, undo --dry-run: there is something to do"),
    ),
    Row(
        (ExitCode.REFUSED,),
        Text("refused before the first change"),
        Text(
            "refused before the first change: what preflight reports, such as missing permissions, the wrong project, an unusable secret"
        ),
    ),
    Row(
        (ExitCode.ROLLOUT_FAILED,),
        Text("a rollout or the gate failed"),
        Text("a rollout failed, or the gate after a wave"),
    ),
    Row((ExitCode.DEADLINE,), Text("a deadline passed"), Text("a deadline passed")),
    Row(
        (ExitCode.UNKNOWN,),
        Text("the cluster cannot be reached, or part of it cannot be read"),
        Text(
            "the cluster cannot be reached, or part of it cannot be read; verify or migrate with something unknown or skipped"
            " with --skip, and nothing failed; plan with nothing to do as far as is known"
        ),
    ),
    Row((ExitCode.LOCKED,), Text("another run holds the lock"), Text("another run holds this project's lock")),
    Row(
        (ExitCode.HUNG_UP, ExitCode.INTERRUPTED, ExitCode.TERMINATED),
        Text("hung up, interrupted, terminated"),
        Text("hung up, interrupted, terminated"),
    ),
)


def numbers(codes: tuple[ExitCode, ...]) -> str:
    """The codes of a line, as they are shown."""
    return ", ".join(str(int(code)) for code in codes)
