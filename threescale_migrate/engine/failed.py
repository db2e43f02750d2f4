"""How a run failed, as a value: its parts, and their order as lines. Renderers show it; it asks and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ..exit_codes import ExitCode
from ..values import NOTHING, Text


@dataclass(frozen=True)
class BrokenConfig:
    """A config whose rollout failed: why, as the cluster says it, the last lines of its log, what serves now, the fix."""

    config: str
    why: Text
    log: tuple[str, ...]
    serves: Text
    fix: Text


@dataclass(frozen=True)
class Failure:
    """What failed (`what`, or the `configs`), the `fix`, the command that undoes the run (`undo`), and how all `others` stand."""

    what: tuple[Text, ...] = ()
    configs: tuple[BrokenConfig, ...] = ()
    fix: Text = NOTHING
    undo: str = ""
    others: tuple[Text, ...] = ()

    @property
    def text(self) -> Text:
        """All of it as lines; commands that can be pasted stand alone on one."""
        found: list[Text | str] = [*self.what]
        for broken in self.configs:
            found += [broken.why, *(f"    {line}" for line in broken.log), Text("  {serves}", serves=broken.serves)]
            if broken.fix.template:
                found.append(Text("  Fix: {fix}", fix=broken.fix))
        if self.fix.template:
            found.append(Text("Fix: {fix}", fix=self.fix))
        if self.undo:
            found += [Text("Or undo:"), f"    {self.undo}"]
        return Text("{lines}", lines=(*found, *self.others))


class Failed(Exception):
    """The run cannot continue; `failure` has the parts of why, `text` puts them into lines."""

    def __init__(self, failure: Failure | Text, exit_code: ExitCode) -> None:
        self.failure = Failure((failure,)) if isinstance(failure, Text) else failure
        self.text = self.failure.text
        self.exit_code = exit_code
        super().__init__(str(self.text))
