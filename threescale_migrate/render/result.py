"""What a command did and saw, as a value: each command gives one, and `formats.py` has all that it can be shown as.

These values know nothing of how they are shown. A failure is a result too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Union

from ..engine.run_failure import Failure
from ..exit_codes import ExitCode
from ..shell import Invocation
from ..values import NOTHING, Check, Fix, Text
from .project_outcome import Changed, Outcome

if TYPE_CHECKING:
    from ..engine.records import Record
    from ..guide.change import Change
    from ..guide.costs import Cost
    from ..guide.selection import Wave


@dataclass(frozen=True)
class Nothing:
    """What needs no words: a program's own output, or no news."""


@dataclass(frozen=True)
class Printed:
    """What is printed as it is, such as a script."""

    words: str


@dataclass(frozen=True)
class Told:
    """Sentences about what was done, and about what could not be."""

    done: tuple[Text, ...]
    left: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Checked:
    """The checks of one project. `said` is the sentence that says all of them; `changes` are those that are not as the last time,
    which alone are shown then."""

    project: str
    checks: tuple[Check, ...]
    name: str = ""
    seconds: float = 0.0
    said: Text = NOTHING
    changes: tuple[Changed, ...] | None = None


@dataclass(frozen=True)
class Preflight:
    """What a preflight found; `ready` where `migrate` has something to do and nothing blocks it. With `refused` it is what has ended
    another command."""

    project: str
    findings: tuple[Check, ...]
    ready: bool = False
    refused: bool = False


@dataclass(frozen=True)
class Plan:
    """A plan with its costs and notes; `argvs` are the actions as `oc` is called, `data` what becomes of data that a redeployment
    would empty, `findings` those of the preflight."""

    project: str
    actions: tuple[Change, ...]
    argvs: tuple[tuple[str, ...], ...]
    waves: tuple[Wave, ...]
    costs: tuple[Cost, ...]
    notes: tuple[Text, ...]
    findings: tuple[Check, ...] = ()
    data: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Order:
    """The order of all chosen configs."""

    project: str
    waves: tuple[Wave, ...]


@dataclass(frozen=True)
class Projects:
    """Many projects; with `changes`, by name, what is not as the last time."""

    outcomes: tuple[Outcome, ...]
    changes: Mapping[str, tuple[Changed, ...]] | None = None


@dataclass(frozen=True)
class Runs:
    """The recorded runs; the names of those that were undone since; what cannot be read."""

    known: tuple[Record, ...]
    undone: frozenset[str]
    problems: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Run:
    """One recorded run, and whether it was undone since."""

    record: Record
    undone: bool


Seen = Union[Failure, Nothing, Printed, Told, Checked, Preflight, Plan, Order, Projects, Runs, Run]


@dataclass(frozen=True)
class Recorded:
    """A run that has a journal: its name, the changes that it made, how long it took in seconds, the file of its report, and the
    changes by which it undid its own (`--on-failure undo`)."""

    run: str
    made: tuple[Change, ...]
    seconds: float
    report: str = ""
    undone: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Result:
    """What a command did and saw, and its exit code, which is that of a program where one ran; `place` is what a command about the same project has to name, `notes` are for a person who
    follows along; `announced` is whether the place was said already, `recorded` the run that
    it comes from."""

    command: str
    code: int
    seen: Seen
    place: Invocation = field(default_factory=Invocation)
    notes: tuple[Text | Fix, ...] = ()
    announced: bool = False
    recorded: Recorded | None = None

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """The projects that were checked; none where nothing came of it."""
        if isinstance(self.seen, Projects):
            return self.seen.outcomes
        if isinstance(self.seen, Checked):
            name = self.seen.name or self.seen.project
            return (
                Outcome(
                    name,
                    self.seen.project,
                    ExitCode(self.code),
                    self.seen.checks,
                    seconds=self.seen.seconds,
                    invocation=self.place,
                ),
            )
        return ()
