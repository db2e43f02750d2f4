"""Who follows a run: the watcher that the options ask for, behind a listener. A run does not depend on being watched."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from ..engine.run import Watcher
from ..guide.readiness import Assessment
from ..guide.selection import Wave, Whole
from ..render.document import LinesWatcher
from ..render.progress import LineWatcher, LiveWatcher
from ..values import Action, Text
from .session import Session


class Listener(Watcher):
    """Passes on what happens for as long as somebody listens.

    Where the terminal is closed, or the reader of a pipe goes away, the run continues; its journal has it all.
    """

    def __init__(self, session: Session) -> None:
        self._end: Callable[[], None] | None = None
        self._watcher: Watcher
        self._mute = False
        if session.output.is_document:
            self._watcher = LinesWatcher(sys.stderr)
            return
        terminal = session.talk
        in_lines = session.output.quiet or not terminal.live
        watcher = LineWatcher(terminal, session.output.quiet) if in_lines else LiveWatcher(terminal)
        self._watcher, self._end = watcher, watcher.done

    def _pass_on(self, call: Callable[[], None]) -> None:
        if self._mute:
            return
        try:
            call()
        except OSError:
            self._mute = True

    def began(self, action: Action, argv: tuple[str, ...]) -> None:
        """An action is about to be run."""
        self._pass_on(lambda: self._watcher.began(action, argv))

    def ended(self, action: Action, outcome: str, seconds: float, said: str) -> None:
        """An action has ended."""
        self._pass_on(lambda: self._watcher.ended(action, outcome, seconds, said))

    def wave(self, wave: Wave, whole: Whole) -> None:
        """A wave begins."""
        self._pass_on(lambda: self._watcher.wave(wave, whole))

    def rollouts(self, assessments: Sequence[Assessment], seconds: float, ours: bool = True) -> None:
        """A round of looking at the rollouts is over."""
        self._pass_on(lambda: self._watcher.rollouts(assessments, seconds, ours))

    def note(self, text: Text) -> None:
        """Something worth a line."""
        self._pass_on(lambda: self._watcher.note(text))

    def done(self) -> None:
        """The run is over."""
        if self._end is not None:
            self._pass_on(self._end)
