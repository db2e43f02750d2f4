"""One call of a command: its name, its cluster, how its results are shown, where its report goes.

It owns the way to a cluster and to the terminals. It must not know what a command does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TextIO

from .. import shell
from ..cluster.location import normal
from ..cluster.oc import Oc
from ..cluster.oc_errors import Call, set_aside
from ..command_secrets import masked
from ..options import Options, repeated
from ..redaction import REDACTOR
from ..render import formats, text
from ..render.result import Recorded, Result, Seen, Told
from ..render.terminal import Screen, Terminal, open_terminal
from ..safe_text import cut, visible
from ..values import Fix, Text, Verdict
from .connection import connect


@dataclass(frozen=True)
class Session:
    """What each command is given: its name and its options."""

    command: str
    options: Options = field(default_factory=Options)
    # The calls of `oc` that this command has made ready: a pinned one knows the place that holds.
    _asked: list[Oc] = field(default_factory=list, init=False, repr=False, compare=False)

    # What the run is, once there is one.
    _recorded: list[Callable[[], Recorded]] = field(default_factory=list, init=False, repr=False, compare=False)
    _reports: list[str] = field(default_factory=list, init=False, repr=False, compare=False)
    # The place, once it was said.
    _announced: list[Text] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def arguments(self) -> tuple[str, ...]:
        """The arguments, as words of a command line."""
        return repeated(self.command, self.options)[0]

    @property
    def given(self) -> tuple[str, ...]:
        """The options but for the place, as words of a command line that can be shown: a gate's command may hold a login."""
        words, gate = repeated(self.command, self.options)[1], self.options.gate
        return words if gate is None else tuple(word.replace(gate, masked(gate)) for word in words)

    def connect(self, timeout: float | None = None) -> Oc:
        """An Oc by the user's options. `timeout` bounds all its calls together, in seconds. Raises OcMissing, Usage."""
        oc = connect(self.options, timeout)
        if self.options.verbose > 1:
            oc.observer = _shown
        self._asked.append(oc)
        return oc

    @property
    def invocation(self) -> shell.Invocation:
        """What a command has to name to work on the project that this one works on, as far as it is known by now."""
        known: Oc | Options = self._asked[-1] if self._asked else self.options
        return shell.Invocation(
            known.namespace or "",
            known.context or "",
            os.path.abspath(self.options.kubeconfig) if self.options.kubeconfig else "",
            self.command,
            self.given,
            self.arguments,
            normal(known.server) if isinstance(known, Oc) and known.server else "",
            known.user if isinstance(known, Oc) else "",
        )

    @property
    def screen(self) -> Screen:
        """Where the result is shown, and where everything else is said."""
        return Screen(self._terminal(sys.stdout), self.talk)

    @property
    def talk(self) -> Terminal:
        """Where everything else is said."""
        return self._terminal(sys.stderr)

    @property
    def person(self) -> bool:
        """Whether a person reads the result."""
        return formats.of(self.options) is None

    def result(self, code: int, seen: Seen, *notes: Text | Fix) -> Result:
        """What this command did and saw."""
        return Result(self.command, code, seen, self.invocation, notes, bool(self._announced))

    @property
    def recorded(self) -> Recorded | None:
        """The run of this command by now, with the report that was written; None where there is none."""
        return (
            replace(self._recorded[-1](), report=self._reports[-1] if self._reports else "") if self._recorded else None
        )

    def reported(self, path: str) -> None:
        """A report was written. Whoever follows a run is told at its end."""
        self._reports.append(path)
        if not self._recorded:
            self.mention(Text("report: {path}", path=path))

    def recording(self, recorded: Callable[[], Recorded]) -> None:
        """From now on there is a journal; `recorded` gives what the run is by then."""
        self._recorded.append(recorded)

    def announce(self) -> None:
        """Says to a person who follows along where this works and as whom, before it does."""
        place = text.place(self.invocation)
        if place is not None:
            self._announced.append(place)
            self.mention(place)

    def _terminal(self, stream: TextIO) -> Terminal:
        terminal = open_terminal(stream, self.options.lang, self.options.color, self.options.plain)
        terminal.invocation = self.invocation
        return terminal

    def tell(self, told: Told) -> None:
        """Says what was done before the result is there, and what could not be."""
        if not self.options.quiet:
            for sentence in told.done:
                self.say(sentence)
        for sentence in told.left:
            self.talk.line(f"{self.talk.mark(Verdict.UNKNOWN)} {self.talk.say(sentence)}", 0, 4)

    def say(self, sentence: Text) -> None:
        """Says a sentence that is not the result."""
        self.talk.line(self.talk.say(sentence))

    def offer(self, fix: Fix) -> None:
        """Says what has to be done, on lines that can be pasted."""
        text.show_fix(self.talk, fix)

    def mention(self, sentence: Text) -> None:
        """Says a sentence that only a person who follows along needs."""
        if self.person and not self.options.quiet:
            self.say(sentence)


def _shown(call: Call) -> None:
    """Says on stderr what was called, how long it took and how it ended, and what was on its stderr that is no answer; never what
    it read or answered."""
    ended = f"exit {call.exit_code}" if call.exit_code >= 0 else f"ended by signal {-call.exit_code}"
    lines = [f"oc: {call.seconds:7.3f} s, {ended}: {REDACTOR(shell.line(call.argv))}"]
    lines += [f"oc: set aside: {cut(visible(REDACTOR(line)), 500)}" for line in set_aside(call.stderr)]
    # One piece, since calls are made side by side; masked here and once more on its way out.
    sys.stderr.write("\n".join(lines) + "\n")
    sys.stderr.flush()
