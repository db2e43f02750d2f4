"""A report for the change record, as a value: what a run found, did and proved. `render/report_page.py` shows it.

It reads no journal and writes no file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum

from ..engine.records import Entry
from ..values import Check, Text, Verdict


class Phase(Enum):
    """What a config does at a moment of its rollout, in words; the picture has a pattern for each."""

    WAITING = Text("waiting")
    HOOKS = Text("hooks")
    PODS = Text("pods")
    READY = Text("ready")
    FAILED = Text("failed")
    STANDING = Text("not rolling out")

    @property
    def pattern(self) -> str:
        """What the picture calls it."""
        return self.name.lower()


class Standing(Enum):
    """The state of a config at the end of a run: its sign, the class that colours it, and its words."""

    FAILED = ("✗", "failed", Text("failed"))
    STILL = ("!", "warning", Text("patched, not redeployed"))
    UNDER_WAY = ("…", "soft", Text("not finished"))
    DONE = ("✓", "passed", Text("done, proved by the pods"))
    UNTOUCHED = ("–", "soft", Text("not begun"))

    def __init__(self, sign: str, colour: str, words: Text) -> None:
        self.sign = sign
        self.colour = colour
        self.words = words


@dataclass(frozen=True)
class Span:
    """A part of a bar; `start` and `end` in seconds since the run began."""

    phase: Phase
    start: float
    end: float


@dataclass(frozen=True)
class Bar:
    """The rollout of one config in one wave; or a gate after it, by its option."""

    config: str
    spans: tuple[Span, ...]
    gate: bool = False

    def time_in(self, phase: Phase) -> Text:
        """How long it was in a phase."""
        return time_of(sum(span.end - span.start for span in self.spans if span.phase is phase))

    @property
    def sentence(self) -> Text:
        """How it ended, and after how long."""
        first, last = self.spans[0], self.spans[-1]
        ended = last.phase in (Phase.READY, Phase.FAILED)
        seconds = figure((last.start if ended else last.end) - first.start)
        if last.phase is Phase.READY and self.gate:
            return Text("passed after {seconds} s", seconds=seconds)
        return Text("{phase} after {seconds} s", phase=last.phase.value, seconds=seconds)


@dataclass(frozen=True)
class Band:
    """A wave; `start` and `end` in seconds since the run began."""

    title: Text
    start: float
    end: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Pod:
    """A live pod at the end: its account, whether it carries the pull secret, and whether it is ready."""

    name: str
    account: str
    carries: bool
    ready: bool


@dataclass(frozen=True)
class Config:
    """A config at the end of the run."""

    name: str
    standing: Standing
    sentence: Text
    pods: tuple[Pod, ...]

    @property
    def waits(self) -> bool:
        """Whether it is neither as before nor done, so that the reason is worth showing."""
        return self.standing in (Standing.STILL, Standing.UNDER_WAY)


@dataclass(frozen=True)
class Failure:
    """A thing that failed: why, who serves meanwhile, and the fix, with the commands in it as they are
    pasted; `subject` is empty where `why` names it."""

    subject: str
    why: Text
    serves: Text
    fix: Text
    log: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class NextStep:
    """What to do after a run: a sentence, and the command for it, as it is pasted."""

    sentence: Text
    command: str = ""


@dataclass(frozen=True)
class Report:
    """All that a report shows. `verdict` colours it; `seconds` is how long the run took, `undo` whether it is about one."""

    title: Text
    verdict: Verdict
    outcome: Text
    said: Text
    when: Text
    failures: tuple[Failure, ...]
    next_steps: tuple[NextStep, ...]
    facts: tuple[tuple[Text, Text], ...]
    found: tuple[Text, ...]
    bands: tuple[Band, ...]
    seconds: float
    entries: tuple[Entry, ...]
    checks: tuple[tuple[Text, tuple[Check, ...]], ...]
    configs: tuple[Config, ...]
    undo: bool = False
    rehearsal: bool = False
    ticket: str = ""
    warnings: tuple[Text, ...] = ()
    costs: tuple[Text, ...] = ()
    created: tuple[str, ...] = ()


def figure(seconds: float) -> str:
    """Seconds as a person reads them: tenths only where they say something."""
    return f"{seconds:.1f}" if seconds < 10 else f"{seconds:.0f}"


def time_of(seconds: float) -> Text:
    """A cell of a table with a time."""
    return Text("{seconds} s", seconds=figure(seconds))


def moment(at: str) -> datetime:
    return datetime.strptime(at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)


def shown_time(at: str) -> str:
    """A moment of the journal for people: in UTC, and also in this workstation's time zone where that differs."""
    there = moment(at)
    here = there.astimezone()
    local = f" ({here:%Y-%m-%d %H:%M:%S} {here.tzname()})" if here.utcoffset() else ""
    return f"{there:%Y-%m-%d %H:%M:%S} UTC{local}"
