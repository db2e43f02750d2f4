"""What came out of looking at one project: the value that monitoring formats and reports over many projects are made from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..check_codes import Code
from ..exit_codes import ExitCode
from ..guide.verdicts import Summary, counted, summary
from ..shell import Invocation
from ..values import NO_FIX, NOTHING, Check, Fix, Text, Verdict

# From best to worst. One project that failed counts more than many that could not be asked.
SEVERITY = (
    ExitCode.DONE,
    ExitCode.SOMETHING_TO_DO,
    ExitCode.UNKNOWN,
    ExitCode.DEADLINE,
    ExitCode.LOCKED,
    ExitCode.REFUSED,
    ExitCode.USAGE,
    ExitCode.FAILED,
    ExitCode.ROLLOUT_FAILED,
    ExitCode.HUNG_UP,
    ExitCode.TERMINATED,
    ExitCode.INTERRUPTED,
)


# What says of one config whether it is migrated.
PROOFS = (Code.PODS_RUN_AS_AMP, Code.NEXT_PODS_RUN_AS_AMP)


@dataclass(frozen=True)
class Outcome:
    """The checks of one project and the exit code that they mean; or `error`, where there was nothing to check, with its `fix`.

    `name` is what the user calls the project, `todo` how many actions a plan holds, `seconds` the time that it took, `invocation` what a
    command about it has to name.
    """

    name: str
    project: str
    code: ExitCode
    checks: tuple[Check, ...] = ()
    error: Text = NOTHING
    fix: Fix = NO_FIX
    todo: int = 0
    seconds: float = 0.0
    invocation: Invocation = field(default_factory=Invocation)

    @property
    def asked(self) -> bool:
        """Whether there is an answer at all."""
        return not self.error.template

    def count(self, verdict: Verdict) -> int:
        """How many checks have a verdict."""
        return counted(self.checks, verdict)

    @property
    def overall(self) -> Summary:
        """What the checks mean."""
        return summary(self.checks)

    @property
    def configs(self) -> tuple[Check, ...]:
        """The proofs of single configs."""
        return tuple(check for check in self.checks if check.code in PROOFS and check.config)


@dataclass(frozen=True)
class Changed:
    """A check whose verdict or words differ from the last run's; `before` is its verdict then, empty if it is new."""

    check: Check
    before: str


def wrong(checks: Iterable[Check]) -> tuple[Check, ...]:
    """The checks that need attention: failed or unknown."""
    return tuple(check for check in checks if check.verdict in (Verdict.FAILED, Verdict.UNKNOWN))


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """The exit code over many projects."""
    return max(codes, key=SEVERITY.index, default=ExitCode.DONE)
