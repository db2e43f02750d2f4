"""How a run failed, as a value: its parts, and their order as lines. Renderers show it; it asks and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ..exit_codes import ExitCode
from ..values import NO_FIX, Command, Fix, Text


@dataclass(frozen=True)
class BrokenConfig:
    """A config whose rollout failed: why, as the cluster says it, the last lines of its log, what serves now, the fix."""

    config: str
    why: Text
    log: tuple[str, ...]
    serves: Text
    fix: Fix


@dataclass(frozen=True)
class Failure:
    """What failed (`what`, or the `configs`), the `fix`, the command that undoes the run (`undo`), and how all `others` stand."""

    what: tuple[Text, ...] = ()
    configs: tuple[BrokenConfig, ...] = ()
    fix: Fix = NO_FIX
    undo: Command | None = None
    others: tuple[Text, ...] = ()

    @property
    def text(self) -> Text:
        """What failed and how all stands, as lines; what can be done is not among them."""
        found: list[Text | str] = [*self.what]
        for broken in self.configs:
            found += [broken.why, *(f"    {line}" for line in broken.log), Text("  {serves}", serves=broken.serves)]
        return Text("{lines}", lines=(*found, *self.others))

    @property
    def commands(self) -> tuple[Command, ...]:
        """All commands that a fix names, and the one that undoes the run, each once."""
        fixes = (*(broken.fix for broken in self.configs), self.fix)
        found = [command for fix in fixes for command in fix.commands]
        return tuple(dict.fromkeys((*found, *(() if self.undo is None else (self.undo,)))))


class Failed(Exception):
    """The run cannot continue; `failure` has the parts of why, `text` puts them into lines."""

    def __init__(self, failure: Failure | Text, exit_code: ExitCode) -> None:
        self.failure = Failure((failure,)) if isinstance(failure, Text) else failure
        self.text = self.failure.text
        self.exit_code = exit_code
        super().__init__(str(self.text))
