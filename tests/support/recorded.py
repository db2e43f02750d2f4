"""The recorded `oc` calls in fixtures/, for tests that want what a real `oc` said."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "recordings"


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


class NoScenario(Exception):
    """A file is not in the recordings' format; the text is a sentence that says where."""


def lines(scenario: str | Path, folder: Path = FIXTURES) -> Iterator[dict[str, Any]]:
    """The lines of a scenario, by its name or by the path of a file, plain or gzipped. Raises NoScenario, OSError."""
    path = scenario if isinstance(scenario, Path) else folder / f"{scenario}.jsonl.gz"
    packed = path.read_bytes()[:2] == b"\x1f\x8b"
    number = 1
    with gzip.open(path, "rt", encoding="utf-8") if packed else path.open(encoding="utf-8") as stream:
        try:
            for line in stream:
                yield _line(line)
                number += 1
        except (ValueError, EOFError, gzip.BadGzipFile):
            raise NoScenario(f"{path}: line {number} is no line of a recorded scenario") from None


def _line(text: str) -> dict[str, Any]:
    entry = json.loads(text)
    if not isinstance(entry, dict) or ("argv" in entry and not {"exit_code", "stdout", "stderr"} <= entry.keys()):
        raise ValueError
    return entry


def header(scenario: str | Path) -> dict[str, Any]:
    """What a scenario says of itself before its first call or note. Raises NoScenario where it does not say what the scenario is, OSError."""
    said: dict[str, Any] = {}
    for entry in lines(scenario):
        if "argv" in entry or "note" in entry:
            break
        said.update(entry)
    if "scenario" not in said:
        raise NoScenario(f"{scenario}: the first line has to say what the scenario is")
    return said


def entries(scenario: str | Path, folder: Path = FIXTURES) -> Iterator[Recorded | File]:
    """The calls and files of one scenario, in the order in which they came. Raises NoScenario, OSError."""
    note = ""
    for entry in lines(scenario, folder):
        sentence = entry.get("note")
        if isinstance(sentence, dict) and "file" in sentence:
            yield File(sentence["file"], sentence["content"])
        elif isinstance(sentence, str):
            note = sentence
        if "argv" in entry:
            yield Recorded(
                str(scenario),
                note,
                tuple(entry["argv"]),
                entry.get("stdin"),
                entry["exit_code"],
                entry["stdout"],
                entry["stderr"],
                entry.get("at", 0.0),
            )


def calls(scenario: str | Path) -> Iterator[Recorded]:
    """The calls of one scenario, in the order in which they were run."""
    return (entry for entry in entries(scenario) if isinstance(entry, Recorded))


def all_calls() -> list[Recorded]:
    """Every recorded call of every scenario."""
    return [call for name in scenario_names() for call in calls(name)]
