"""Every exit code of the tool, once. `-o nagios` alone speaks other ones."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a runbook or a cron job may rely on; the README and the topic about them show the same table."""

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
