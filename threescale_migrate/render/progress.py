"""A run as a person sees it: a line for each event, and on a terminal a table that is redrawn in place."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ..guide.readiness import Assessment, RolloutState
from ..guide.selection import Wave
from ..values import Action, Text, Verdict
from .terminal import Terminal, columns, fit, wrap
from .text import command_line

OUTCOMES = {"done": Verdict.PASSED, "present": Verdict.PASSED, "failed": Verdict.FAILED, "unknown": Verdict.UNKNOWN}


class LineWatcher:
    """One line for each change, with the time; with `quiet` what failed only."""

    def __init__(self, terminal: Terminal, quiet: bool = False) -> None:
        self.terminal = terminal
        self.quiet = quiet
        self.last: dict[str, tuple[RolloutState, int, str]] = {}

    def _line(self, words: str) -> None:
        at = time.strftime("%H:%M:%S")
        self.terminal.line(f"{self.terminal.paint(at, 'quiet')} {words}", 0, 9)

    def began(self, action: Action, argv: tuple[str, ...]) -> None:
        """Nothing yet: the line comes with the outcome."""

    def ended(self, action: Action, outcome: str, seconds: float, said: str) -> None:
        """An action has ended."""
        if self.quiet and outcome == "done":
            return
        mark = self.terminal.mark(OUTCOMES[outcome])
        self._line(f"{mark} {command_line(('oc', *action.args), action.secret)}")
        if outcome != "done" or "all the same" in said:
            self.terminal.line(said, 11, 11)

    def wave(self, wave: Wave, number: int, total: int) -> None:
        """A wave begins."""
        if not self.quiet:
            title = Text(
                "wave {number} of {total}, {name}: {configs}",
                number=number,
                total=total,
                name=Text(wave.name),
                configs=", ".join(wave.configs),
            )
            self._line(self.terminal.paint(self.terminal.say(title), "strong"))

    def rollouts(self, assessments: Sequence[Assessment], seconds: float) -> None:
        """The configs whose state has changed since the last round."""
        for found in assessments:
            key = (found.state, found.ready, "" if found.cause is None else found.cause.kind.value)
            if self.last.get(found.config) == key:
                continue
            self.last[found.config] = key
            if self.quiet and found.state is not RolloutState.FAILED:
                continue
            mark = f"{self.terminal.mark(verdict(found))} " if found.reached or found.cause else ""
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

    def done(self) -> None:
        """Nothing is left on the screen that has to be cleaned up."""


class LiveWatcher(LineWatcher):
    """The same, with the rollouts of the wave as a table that is redrawn in place."""

    def __init__(self, terminal: Terminal, quiet: bool = False) -> None:
        super().__init__(terminal, quiet)
        self.drawn: list[str] = []

    def rollouts(self, assessments: Sequence[Assessment], seconds: float) -> None:
        """Draws the table again; a wave that has ended leaves it standing."""
        rows = table(self.terminal, assessments, seconds)
        self._erase()
        self.terminal.stream.write("".join(f"{row}\n" for row in rows))
        self.terminal.stream.flush()
        self.drawn = rows
        if all(found.reached for found in assessments):
            self.drawn = []

    def _erase(self) -> None:
        """Goes back over what was drawn; a window that became narrower has broken its lines into more of them."""
        if not self.drawn:
            return
        width = self.terminal.width
        height = sum(max(1, -(-_visible(row) // width)) for row in self.drawn)
        self.terminal.stream.write(f"\x1b[{height}A\x1b[0J")

    def _line(self, words: str) -> None:
        self.drawn = []
        super()._line(words)

    def done(self) -> None:
        """The table stays as it stands."""
        self.drawn = []


def _visible(row: str) -> int:
    import re

    return columns(re.sub(r"\x1b\[[0-9;]*m", "", row))


def table(terminal: Terminal, assessments: Sequence[Assessment], seconds: float) -> list[str]:
    """A line for each config: state, pods, time, the reason; no wider than the terminal."""
    width = terminal.width - 1
    name_width = min(max((columns(found.config) for found in assessments), default=0), max(10, width // 3))
    rows = []
    for found in assessments:
        pods = f"{found.ready}/{found.wanted}"
        head = f"  {fit(found.config, name_width)} {pods:>5} "
        words = terminal.say(found.reason if found.cause is None else found.cause.sentence)
        prefix = f"{found.config}: "
        words = words[len(prefix) :] if words.startswith(prefix) else words
        room = width - columns(head) - 2
        shown = wrap(words, max(10, room)) if found.cause is not None else [fit(words, max(10, room)).rstrip()]
        first = terminal.paint(shown[0], "bad" if found.cause else "good" if found.reached else "quiet")
        rows.append(f"{terminal.mark(verdict(found))}{head[1:]}{first}")
        rows += [" " * columns(head) + terminal.paint(part, "bad") for part in shown[1:]]
    rows.append(terminal.paint(fit(terminal.say(Text("  {seconds} s", seconds=int(seconds))), width).rstrip(), "quiet"))
    return rows


def verdict(found: Assessment) -> Verdict:
    """The mark of a config while it is waited for."""
    if found.reached:
        return Verdict.PASSED
    if found.state is RolloutState.FAILED or (found.cause is not None and found.cause.lasting):
        return Verdict.FAILED
    return Verdict.UNKNOWN if not found.moving else Verdict.REMARK
