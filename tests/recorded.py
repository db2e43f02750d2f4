"""The recorded `oc` calls in fixtures/, for tests that want what a real `oc` said."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "recordings"


@dataclass(frozen=True)
class Recorded:
    """One recorded call, and the note that stood above it."""

    scenario: str
    note: str
    argv: tuple[str, ...]
    stdin: str | None
    exit_code: int
    stdout: str
    stderr: str
    at: float

    @property
    def command(self) -> str:
        return " ".join(self.argv)

    def json(self) -> Any:
        return json.loads(self.stdout)


def scenario_names() -> list[str]:
    """The names of all recorded scenarios."""
    return sorted(path.name[: -len(".jsonl.gz")] for path in FIXTURES.glob("*.jsonl.gz"))


def calls(scenario: str) -> Iterator[Recorded]:
    """The calls of one scenario, in the order in which they were run."""
    note = ""
    with gzip.open(FIXTURES / f"{scenario}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            if isinstance(entry.get("note"), str):
                note = entry["note"]
            if "argv" in entry:
                yield Recorded(
                    scenario,
                    note,
                    tuple(entry["argv"]),
                    entry.get("stdin"),
                    entry["exit_code"],
                    entry["stdout"],
                    entry["stderr"],
                    entry.get("at", 0.0),
                )


def all_calls() -> list[Recorded]:
    """Every recorded call of every scenario."""
    return [call for name in scenario_names() for call in calls(name)]
