"""What a run has in its hands: how to ask the cluster, where to write down what is done, whom to tell, when to end.

It carries out nothing: the sequences are in `migration.py` and `undoing.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

from ..cluster.oc import Oc
from ..cluster.project import ProjectState, observe
from ..exit_codes import ExitCode
from ..guide.readiness import Assessment, Goal
from ..guide.selection import Wave, choose
from ..values import Action, Check, Refused, Request, Text, Usage
from . import evidence
from .journal import Journal, JournalError
from .signals import Stop

POLL_FIRST = 0.3
TIME_IS_OVER = Text("the time given with --timeout is over")


class Watcher(Protocol):
    """Is told what happens, as it happens; how that is shown is its own business."""

    def began(self, action: Action, argv: tuple[str, ...]) -> None:
        """An action is about to be run."""

    def ended(self, action: Action, outcome: str, seconds: float, said: str) -> None:
        """An action has ended: `done`, `failed`, `present` where nothing was left to do, or `unknown`."""

    def wave(self, wave: Wave, number: int, total: int) -> None:
        """A wave begins."""

    def rollouts(self, assessments: Sequence[Assessment], seconds: float) -> None:
        """A round of looking at the rollouts of the wave is over."""

    def note(self, text: Text) -> None:
        """Something worth a line."""


class Failed(Exception):
    """The run cannot go on; `text` says why, in words for the operator."""

    def __init__(self, text: Text, exit_code: ExitCode) -> None:
        super().__init__(str(text))
        self.text = text
        self.exit_code = exit_code


_CODES: dict[type[BaseException], ExitCode] = {Usage: ExitCode.USAGE, Refused: ExitCode.REFUSED}


@dataclass(frozen=True)
class Limits:
    """In seconds: `timeout` bounds the whole run, `grace` is how long a cause that does not pass by itself is waited out."""

    timeout: float | None = None
    grace: float = 30.0


@dataclass
class Run:
    """One run: how to ask the cluster, where to write down what is done, whom to tell."""

    oc: Oc
    request: Request
    journal: Journal
    watcher: Watcher
    limits: Limits = field(default_factory=Limits)
    stop: Stop = field(default_factory=Stop)
    began: float = field(default_factory=monotonic)
    seen: ProjectState | None = None
    goals: dict[str, Goal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.oc.pause = self.stop.pause

    @property
    def ends(self) -> float | None:
        """The moment of time.monotonic() at which the whole run is over."""
        return None if self.limits.timeout is None else self.began + self.limits.timeout

    def check_time(self) -> None:
        """Raises Failed where the run's own time is over."""
        if self.ends is not None and monotonic() >= self.ends:
            raise Failed(TIME_IS_OVER, ExitCode.DEADLINE)

    def look(self, cluster: bool = True, secret: bool = True, tries: int | None = None) -> ProjectState:
        """Observes the project, and remembers it: what was seen last is what the journal's end tells of. Raises OcError."""
        self.seen = observe(self.oc, cluster, secret, tries)
        return self.seen

    def finish(self, code: ExitCode, checks: Iterable[Check]) -> None:
        """Writes the journal's end: the checks, what the pods of each config show, and the outcome."""
        self.journal.write("verified", checks=[evidence.checked(check) for check in checks])
        self._prove()
        self.journal.write("finish", outcome=code.name.lower(), exit_code=int(code))

    def _prove(self) -> None:
        if self.seen is not None and "dc" not in self.seen.unread:
            names = tuple(self.goals) or choose(self.seen, self.request).configs
            self.journal.write("proof", configs=evidence.proof(self.seen, names, self.goals))

    def broken(self, error: BaseException) -> None:
        """Writes the journal's end for a run that did not come to its own."""
        if isinstance(error, JournalError):
            return
        code = getattr(error, "exit_code", _CODES.get(type(error), ExitCode.FAILED))
        text = getattr(error, "text", None)
        sentence = text if isinstance(text, Text) else Text("{said}", said=str(error))
        with suppress(JournalError):
            with suppress(Usage, Refused):
                self._prove()
            self.journal.write(
                "finish", outcome=code.name.lower(), exit_code=int(code), said=str(error), sentence=sentence.kept()
            )
