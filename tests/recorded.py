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


@dataclass(frozen=True)
class File:
    """A file that the commands after it read."""

    name: str
    content: str


def entries(scenario: str, folder: Path = FIXTURES) -> Iterator[Recorded | File]:
    """The calls and files of one scenario, in the order in which they came."""
    note = ""
    with gzip.open(folder / f"{scenario}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            told = entry.get("note")
            if isinstance(told, dict):
                yield File(told["file"], told["content"])
            elif isinstance(told, str):
                note = told
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


def calls(scenario: str) -> Iterator[Recorded]:
    """The calls of one scenario, in the order in which they were run."""
    return (entry for entry in entries(scenario) if isinstance(entry, Recorded))


def all_calls() -> list[Recorded]:
    """Every recorded call of every scenario."""
    return [call for name in scenario_names() for call in calls(name)]
