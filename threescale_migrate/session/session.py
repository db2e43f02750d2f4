"""One call of a command: its name, its cluster, how its results are shown, where its report goes.

It owns the way to a cluster and to the terminals. It must not know what a command does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..cluster.oc import Oc
from ..render.terminal import Terminal, stderr, stdout
from ..values import Text
from . import trace
from .connecting import connect
from .options import Connection, Output


@dataclass(frozen=True)
class Session:
    """What each command is given beside its own options. `report` is the path of the report, None where none is wanted."""

    command: str
    connection: Connection = field(default_factory=Connection)
    output: Output = field(default_factory=Output)
    report: str | None = None

    def connect(self, timeout: float | None = None) -> Oc:
        """An Oc by the user's options. `timeout` bounds all its calls together, in seconds. Raises OcMissing, Usage."""
        oc = connect(self.connection, timeout)
        if self.output.debug:
            oc.observer = trace.shown
        return oc

    @property
    def result(self) -> Terminal:
        """Where the result is shown."""
        return stdout(self.output.lang)

    @property
    def talk(self) -> Terminal:
        """Where everything else is said."""
        return stderr(self.output.lang)

    def say(self, text: Text) -> None:
        """Says a sentence that is not the result."""
        self.talk.line(self.talk.say(text))

    def mention(self, text: Text) -> None:
        """Says a sentence that only a person who follows along needs."""
        if self.output.format == "text" and not self.output.quiet:
            self.say(text)
