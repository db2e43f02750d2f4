"""What a run needs: how to ask the cluster, where to record what is done, whom to inform, when to end.

It carries out nothing: the sequences are in `migration.py` and `undo_request.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from .. import check_json
from ..cluster.oc import Oc
from ..cluster.oc_errors import TimeOver
from ..cluster.reading import observe, observe_rollouts
from ..cluster.state import ProjectState
from ..exit_codes import ExitCode
from ..guide.change import Change, ObjectName
from ..guide.kept_data import DataKept, Owed
from ..guide.readiness import Assessment, Goal
from ..guide.selection import Wave, Whole, choose
from ..language import shortage
from ..values import PROGRAM, Check, Command, Refused, Request, Step, Text, Usage
from . import evidence
from .journal import Journal, JournalError
from .run_failure import Failed, Failure
from .signals import Stop

# The pauses between two rounds of a wait grow from this by so much. By a count over rollouts of 2.5 to 9 s, of 15 to 40 s and of
# minutes, that is 5, 10 and 30 rounds, and the end is seen 1.2, 2.6 and 2.4 s late; from 0.3 s by 1.4 it was 8, 13 and 32 rounds, and
# 1.4, 2.6 and 2.6 s. One `oc get --watch-only` watches one type only: three of them would run beside each round.
POLL_FIRST = 1.0
POLL_GROWTH = 1.3
TIME_IS_OVER = Text("the time given with --timeout is over")


class Watcher(Protocol):
    """Receives what happens, as it happens, and decides how that is shown."""

    def began(self, change: Change, argv: tuple[str, ...]) -> None:
        """A change is about to be made."""

    def ended(self, change: Change, outcome: str, seconds: float, said: str) -> None:
        """A change has ended: `done`, `failed`, `present` if nothing was left to do, or `unknown`."""

    def wave(self, wave: Wave, whole: Whole) -> None:
        """A wave begins."""

    def rollouts(self, assessments: Sequence[Assessment], seconds: float, ours: bool = True) -> None:
        """A round of looking at the rollouts of the wave is over; not `ours` are those that somebody else began."""

    def note(self, text: Text) -> None:
        """Something worth a line."""


_CODES = ((Usage, ExitCode.USAGE), (Refused, ExitCode.REFUSED), (BaseException, ExitCode.FAILED))


def unseen(state: ProjectState) -> tuple[str, ...]:
    """What has to be seen of a rollout and could not be read."""
    return tuple(kind for kind in ("dc", "rc", "pods") if kind in state.unread)


@dataclass(frozen=True)
class Limits:
    """In seconds: `grace` is how long a cause that does not pass by itself is waited out."""

    grace: float = 30.0


@dataclass
class Run:
    """One run: how to ask the cluster, where to record what is done, whom to inform.

    `planned` are the configs that it set out to migrate. `still_there` asks whether `oc` is still where the run began, and
    raises Refused if it is not. `seen` is what was seen last, at `seen_at`, and `sent` the commands since; `made` is what this run
    has made, by step and subject. `owed` are the dumps that are not restored, of this run and of those before it, `restored` those that it
    has restored; new ones go into `data_directory`. `redeployed` are the configs whose redeployment it began.
    `given_up` are the files of what need not be restored, as the user has said; `ended` is how the run came to its end.
    `former_secrets` are read as well; `binds_deletions` is whether this `oc` can, None while that is not known; `cancelled_by`
    are the replication controllers whose rollout it has cancelled, with its name.
    `without_login`: a new account got no login for the cluster's own registry in time, so none is waited for again. `fresh`: what was
    seen last has just been seen, and is not looked at again before the first change; `located`: so is the place.
    """

    oc: Oc
    request: Request
    journal: Journal
    watcher: Watcher
    limits: Limits = field(default_factory=Limits)
    stop: Stop = field(default_factory=Stop)
    seen: ProjectState | None = None
    goals: dict[str, Goal] = field(default_factory=dict)
    planned: tuple[str, ...] = ()
    still_there: Callable[[], None] = lambda: None
    seen_at: float = field(default_factory=time.time)
    sent: list[str] = field(default_factory=list)
    unanswered: str = ""
    made: set[tuple[Step, ObjectName]] = field(default_factory=set)
    owed: tuple[Owed, ...] = ()
    restored: list[DataKept] = field(default_factory=list)
    redeployed: list[str] = field(default_factory=list)
    data_directory: Path = Path()
    given_up: tuple[Path, ...] = ()
    ended: ExitCode | None = None
    former_secrets: tuple[str, ...] = ()
    binds_deletions: bool | None = None
    cancelled_by: dict[str, str] = field(default_factory=dict)
    without_login: bool = False
    fresh: bool = False
    located: bool = False

    def __post_init__(self) -> None:
        self.oc.pause = self.stop.pause

    def check_time(self) -> None:
        """Raises TimeOver if the run's time is over; it is the clock of its calls."""
        if self.oc.clock.is_over:
            raise TimeOver(TIME_IS_OVER)

    def observe(self, cluster: bool = True, secret: bool = True, tries: int | None = None) -> ProjectState:
        """Observes the project, and remembers it where its rollouts could be read: what was seen last is what is reported. Raises
        OcError."""
        return self._remembered(
            observe(self.oc, cluster, secret, tries, elsewhere=self.request.permissions, former=self.former_secrets)
        )

    def watch(self) -> ProjectState:
        """Observes what a round of a wait judges, and remembers it as `observe` does. Raises OcError."""
        return self._remembered(observe_rollouts(self.oc, tries=1))

    def _remembered(self, state: ProjectState) -> ProjectState:
        self.located = self.fresh = False
        state = replace(state, cancelled_by=self.cancelled_by) if self.cancelled_by else state
        if not unseen(state):
            self.seen, self.seen_at = state, time.time()
            self.sent.clear()
        return state

    def check_location(self) -> None:
        """Raises Failed if `oc` leads somewhere else by now than where the run began, Refused before the first change; nothing
        has been sent there. Nothing is asked where that was just done. Raises OcError."""
        if self.located:
            return
        try:
            self.still_there()
        except Refused as error:
            if not self.journal.number:
                raise
            raise Failed(Failure((error.text,), undo=self.undoing), ExitCode.FAILED) from None
        self.located = True

    @property
    def undoing(self) -> Command | None:
        """The command that undoes what the run has changed; None if there is nothing, or it is an undo."""
        return None if not self.journal.number or self.goals else Command((PROGRAM, "undo"))

    def finish(self, code: ExitCode, checks: Iterable[Check]) -> None:
        """Writes the journal's end: the checks, what the pods of each config show, and the outcome."""
        self.journal.write("verified", checks=[check_json.of_check(check) for check in checks])
        self._prove()
        self.ended = code
        self.journal.write("finish", outcome=code.name.lower(), exit_code=int(code))

    def _prove(self) -> None:
        if self.seen is not None and "dc" not in self.seen.unread:
            names = tuple(self.goals) or choose(self.seen, self.request).configs
            self.journal.write("proof", configs=evidence.proof(self.seen, names, self.goals))

    def broken(self, error: BaseException) -> None:
        """Writes the journal's end for a run that did not come to its own."""
        if isinstance(error, JournalError):
            return
        lacking = shortage(error) is not None
        own = ExitCode.UNKNOWN if lacking else next(code for kind, code in _CODES if isinstance(error, kind))
        code = getattr(error, "exit_code", own)
        text = getattr(error, "text", None)
        sentence = text if isinstance(text, Text) else Text("{said}", said=str(error))
        with suppress(JournalError):
            with suppress(Usage, Refused):
                self._prove()
            self.journal.write(
                "finish", outcome=code.name.lower(), exit_code=int(code), said=str(error), sentence=sentence.kept()
            )
