"""A run as a person sees it: a line for each event, and on a terminal a table that is redrawn in place."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..guide.change import Change
from ..guide.readiness import Assessment, RolloutState
from ..guide.selection import Wave, Whole
from ..values import Text, Verdict
from .terminal import ESCAPE, WAITING, Terminal, columns, fit, wrap
from .text import ENDINGS, change_line


class LineWatcher:
    """One line for each change, with the time; with `quiet` what failed only."""

    def __init__(self, terminal: Terminal, quiet: bool = False) -> None:
        self.terminal = terminal
        self.quiet = quiet
        self.last: dict[str, tuple[RolloutState, int, str]] = {}
        self.whole: Whole | None = None
        self.start = time.monotonic()

    def _line(self, words: str) -> None:
        at = time.strftime("%H:%M:%S")
        self.terminal.line(f"{self.terminal.paint(at, 'quiet')} {words}", 0, 9)

    def _whole(self, command: str, mark: str) -> None:
        """A command, never broken: somebody may copy it."""
        at = self.terminal.paint(time.strftime("%H:%M:%S"), "quiet")
        self.terminal.verbatim(command, 0, f"{at} {mark} ")

    def began(self, change: Change, argv: tuple[str, ...]) -> None:
        """Nothing yet: the line comes with the outcome."""

    def ended(self, change: Change, outcome: str, seconds: float, said: str) -> None:
        if self.quiet and outcome == "done":
            return
        mark = self.terminal.mark(ENDINGS[outcome][0])
        self._whole(change_line(self.terminal.invocation, change), mark)
        if outcome != "done":
            self.terminal.line(said, 11, 11)

    def wave(self, wave: Wave, whole: Whole) -> None:
        self.whole = whole
        if not self.quiet:
            title = Text(
                "{whole} · {name}: {configs}",
                whole=how_far(whole, time.monotonic() - self.start),
                name=Text(wave.name),
                configs=", ".join(wave.configs),
            )
            self._line(self.terminal.paint(self.terminal.say(title), "strong"))

    def rollouts(self, assessments: Sequence[Assessment], seconds: float, ours: bool = True) -> None:
        """The configs whose state has changed since the last round."""
        for found in assessments:
            key = (found.state, found.ready, "" if found.cause is None else found.cause.kind.value)
            if self.last.get(found.config) == key:
                continue
            self.last[found.config] = key
            if self.quiet and found.state is not RolloutState.FAILED:
                continue
            mark = f"{mark_of(self.terminal, found)} " if found.reached or found.cause else ""
            words = (
                found.cause.sentence
                if found.cause is not None
                else Text("{name}: {reason}", name=found.config, reason=found.reason)
            )
            self._line(f"{mark}{self.terminal.say(words)}")

    def note(self, text: Text) -> None:
        """Something worth a line."""
        if not self.quiet:
            self._line(self.terminal.say(text))


class LiveWatcher(LineWatcher):
    """The same, with the rollouts of the wave as a table that is redrawn in place; a `lasting` one also when all of it is done."""

    def __init__(self, terminal: Terminal, quiet: bool = False, lasting: bool = False) -> None:
        super().__init__(terminal, quiet)
        self.lasting = lasting
        self.drawn: list[str] = []
        self.since: dict[str, tuple[RolloutState, float]] = {}

    def rollouts(self, assessments: Sequence[Assessment], seconds: float, ours: bool = True) -> None:
        """Draws the table again; a wave that has ended leaves it standing."""
        size = self.terminal.size
        ages = {found.config: self._age(found) for found in assessments}
        rows = table(self.terminal, assessments, ages, self._sentence(assessments, seconds, ours), size)
        # One write: nothing is seen between the old table and the new one.
        self.terminal.stream.write(_redrawn(self._height(size), rows))
        self.terminal.stream.flush()
        self.drawn = rows if self.lasting or not all(found.reached for found in assessments) else []

    def _sentence(self, assessments: Sequence[Assessment], seconds: float, ours: bool) -> Text:
        """How far all of it is: the run, within a wave of it; else what is waited for."""
        if self.whole is None or not ours:
            done = sum(found.reached for found in assessments)
            return Text("{done} of {total} done, {seconds} s", done=done, total=len(assessments), seconds=int(seconds))
        now = {found.config for found in assessments if found.reached}
        before = self.whole.reached - {found.config for found in assessments}
        return how_far(replace(self.whole, reached=before | now), time.monotonic() - self.start)

    def _age(self, found: Assessment) -> float:
        """Since when the config is in its state, in seconds, as far as it was observed."""
        state, since = self.since.get(found.config, (None, 0.0))
        if state is not found.state:
            since = time.monotonic()
            self.since[found.config] = (found.state, since)
        return time.monotonic() - since

    def _height(self, size: tuple[int, int]) -> int:
        """The lines that were drawn: a window that became narrower has broken its rows into more of them."""
        width, lines = size
        return min(sum(max(1, -(-columns(row) // width)) for row in self.drawn), lines - 1)

    def _line(self, words: str) -> None:
        self.drawn = []
        super()._line(words)

    def _whole(self, command: str, mark: str) -> None:
        self.drawn = []
        super()._whole(command, mark)


def how_far(whole: Whole, seconds: float) -> Text:
    """How far a run is, after so many seconds of it."""
    spent = (
        Text("{minutes} min", minutes=int(seconds // 60))
        if seconds >= 60
        else Text("{seconds} s", seconds=int(seconds))
    )
    return Text.plural(
        "wave {number} of {total} · {done} of {count} config · {spent}",
        "wave {number} of {total} · {done} of {count} configs · {spent}",
        count=whole.configs,
        number=whole.number,
        total=whole.total,
        done=len(whole.reached),
        spent=spent,
    )


def _redrawn(before: int, rows: Sequence[str]) -> str:
    """The rows over the `before` lines above the cursor, each cleared on its own.

    To clear the rest of the window at once would push the old table into the history of some terminals.
    """
    left = max(0, before - len(rows))
    up = f"\x1b[{before}A\r" if before else ""
    back = f"\x1b[{left}A" if left else ""
    return up + "".join(f"{row}\x1b[K\n" for row in rows) + "\x1b[K\n" * left + back


# A state in a column of the table.
STATE_WORDS = {
    RolloutState.NOT_STARTED: Text("not begun"),
    RolloutState.WAITING_FOR_IMAGE: Text("no image"),
    RolloutState.WAITING_FOR_DEPLOYER: Text("deployer"),
    RolloutState.HOOKS: Text("hook"),
    RolloutState.UNDER_WAY: Text("under way"),
    RolloutState.COMPLETE: Text("complete"),
    RolloutState.SETTLING: Text("not ready"),
    RolloutState.FAILED: Text("failed"),
    RolloutState.STALE_PAUSED: Text("paused"),
    RolloutState.STALE_NO_TRIGGER: Text("no trigger"),
    RolloutState.STALE_PODS: Text("old pods"),
    RolloutState.SCALED_TO_ZERO: Text("zero"),
    RolloutState.TORN: Text("unclear"),
}
STATE_WIDTH = 10
REASON_LINES = 3
# In a window that is narrower than this the reason alone has to show the state.
STATES_FIT = 64


def table(
    terminal: Terminal,
    assessments: Sequence[Assessment],
    ages: Mapping[str, float],
    last: Text,
    size: tuple[int, int],
) -> list[str]:
    """A line for each config: state, pods, age, the reason, and `last` beneath them; no wider and no longer than the window of `size`.

    Where not all fit, the ones that are done are left out first, then what a reason has beyond its first line.
    """
    width, room = size[0] - 1, max(1, size[1] - 2)
    names = min(max((columns(found.config) for found in assessments), default=0), max(8, width // 3))
    groups = [(found, _rows(terminal, found, ages[found.config], names, width)) for found in assessments]
    shown = list(groups)
    for found, rows in groups:
        if sum(len(rows) for _, rows in shown) > room and found.reached:
            shown.remove((found, rows))
    if sum(len(rows) for _, rows in shown) > room:
        shown = [(found, rows[:1]) for found, rows in shown]
    shown = shown[:room]
    if len(shown) < len(groups):
        left = len(groups) - len(shown)
        last = Text.sentences(last, Text.plural("{count} is not shown", "{count} are not shown", count=left))
    footer = terminal.paint(fit(f"  {terminal.say(last)}", width).rstrip(), "quiet")
    return [*(row for _, rows in shown for row in rows), footer]


def _rows(terminal: Terminal, found: Assessment, age: float, names: int, width: int) -> list[str]:
    state = f" {fit(terminal.say(STATE_WORDS[found.state]), STATE_WIDTH)}" if width >= STATES_FIT else ""
    head = f" {fit(found.config, names)}{state} {found.ready}/{found.wanted} {_short_time(age):>4} "
    words = terminal.say(found.reason if found.cause is None else found.cause.sentence)
    words = words[len(found.config) + 2 :] if words.startswith(f"{found.config}: ") else words
    mark = mark_of(terminal, found)
    left = columns(mark) + columns(head)
    bad = found.cause is not None and found.cause.lasting
    parts = wrap(words, max(10, width - left), whole=True) if bad else [words]
    if len(parts) > REASON_LINES:  # all of it is shown when the run stops
        parts = [*parts[: REASON_LINES - 1], f"{parts[REASON_LINES - 1]} …"]
    meaning = "bad" if bad else "good" if found.reached else "quiet"
    rows = [f"{mark}{head}{terminal.paint(fit(parts[0], max(0, width - left)).rstrip(), meaning)}"]
    rows += [" " * left + terminal.paint(fit(part, max(0, width - left)).rstrip(), meaning) for part in parts[1:]]
    # In a window of a few columns even the head does not fit.
    return [row if columns(row) <= width else fit(ESCAPE.sub("", row), width) for row in rows]


def _short_time(seconds: float) -> str:
    """A time in at most four columns: 59s, 59m, 23h."""
    for unit, length in (("s", 1), ("m", 60), ("h", 3600)):
        if seconds < 60 * length or unit == "h":
            return f"{int(seconds // length)}{unit}"
    return ""


def mark_of(terminal: Terminal, found: Assessment) -> str:
    """The mark of a config while it is waited for: `!` only where something hinders it, or nothing works on it."""
    if found.reached:
        return terminal.mark(Verdict.PASSED)
    if found.state is RolloutState.FAILED or (found.cause is not None and found.cause.lasting):
        return terminal.mark(Verdict.FAILED)
    if found.moving and found.cause is None:
        return terminal.pending(WAITING)
    return terminal.mark(Verdict.WARNING)
