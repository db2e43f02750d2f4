"""The recorded `oc` calls in fixtures/, for tests that want what a real `oc` said; fixtures/README.md describes the files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"
# What stands in a scenario's folder beside its calls.
ABOUT = "scenario.json"
CALL, EXPECT = "call.json", "expect.json"
# How long a line of a call's file may be before it is broken.
LINE = 160


@dataclass(frozen=True)
class Recorded:
    """One recorded call: the note that it stands under, what was fed to it, and what came back.

    `files` are what it reads, as they were before it. `arranged` is what was done before it in ways that are not recorded, for
    the rehearsal to do likewise (`tests.conformance.arranging`); None where all is as for the call before. `at` is the moment,
    in seconds since the scenario began, `took` how long it ran, `folder` where it is recorded.
    """

    scenario: str
    note: str
    argv: tuple[str, ...]
    stdin: str | None
    exit_code: int
    stdout: str
    stderr: str
    at: float
    took: float = 0.0
    files: Mapping[str, str] = field(default_factory=dict)
    arranged: Mapping[str, Any] | None = None
    afterwards: Mapping[str, Any] | None = None
    folder: Path | None = None

    @property
    def command(self) -> str:
        return " ".join(self.argv)

    @property
    def name(self) -> str:
        """Scenario and folder, as a test's id has them."""
        return f"{self.scenario}/{self.folder.name}" if self.folder else self.scenario

    @property
    def number(self) -> str:
        """Its place in the scenario, as its folder begins."""
        return self.folder.name.partition("-")[0] if self.folder else ""

    def json(self) -> Any:
        return json.loads(self.stdout)


class NoScenario(Exception):
    """A folder is not in the recordings' format; the text is a sentence that says where."""


def scenario_names() -> list[str]:
    """The names of all recorded scenarios."""
    return sorted(path.parent.name for path in FIXTURES.glob(f"*/{ABOUT}"))


def folder_of(scenario: str | Path) -> Path:
    """The folder of a scenario, by its name or by the path itself."""
    return scenario if isinstance(scenario, Path) else FIXTURES / scenario


def header(scenario: str | Path) -> dict[str, Any]:
    """What a scenario says of itself. Raises NoScenario where it does not say what it is, OSError."""
    path = folder_of(scenario) / ABOUT
    said = _document(path)
    if not isinstance(said.get("scenario"), str):
        raise NoScenario(f"{path}: it has to say what the scenario is")
    return said


def calls(scenario: str | Path) -> Iterator[Recorded]:
    """The calls of one scenario, in the order in which they were run. Raises NoScenario, OSError."""
    name = header(scenario)["scenario"]
    for folder in sorted(path.parent for path in folder_of(scenario).glob(f"*/{CALL}")):
        yield read(folder, name)


def all_calls() -> list[Recorded]:
    """Every recorded call of every scenario."""
    return [call for name in scenario_names() for call in calls(name)]


def read(folder: Path, scenario: str) -> Recorded:
    """The call that is recorded in a folder. Raises NoScenario, OSError."""
    path = folder / CALL
    said = _document(path)
    try:
        out = [file for file in sorted(folder.iterdir()) if file.stem == "stdout"]
        return Recorded(
            scenario,
            str(said.get("note", "")),
            tuple(map(str, said["argv"])),
            _joined(said["stdin"]) if "stdin" in said else None,
            int(said["exit_code"]),
            out[0].read_bytes().decode("utf-8") if out else "",
            _joined(said.get("stderr", ())),
            float(said.get("at", 0)),
            float(said.get("took", 0)),
            {name: _joined(text) for name, text in said.get("files", {}).items()},
            said.get("arranged"),
            said.get("afterwards"),
            folder,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise NoScenario(f"{path}: it is no recorded call") from None


def _document(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise NoScenario(f"{path}: it is no JSON") from None
    if not isinstance(found, dict):
        raise NoScenario(f"{path}: it is no JSON object")
    return found


def _joined(lines: object) -> str:
    if isinstance(lines, (list, tuple)) and all(isinstance(line, str) for line in lines):
        return "".join(lines)
    raise ValueError


def write(folder: Path, about: Mapping[str, Any]) -> None:
    """Begins a scenario in a new folder. Raises FileExistsError, OSError."""
    folder.mkdir(parents=True)
    (folder / ABOUT).write_text(_shown(about) + "\n", encoding="utf-8")


def add(scenario: Path, number: int, call: Recorded) -> Recorded:
    """Writes a call into a new folder of a scenario; gives it with that folder. Raises OSError."""
    folder = scenario / f"{number:03}-{slug(call.argv)}"
    folder.mkdir()
    said: dict[str, Any] = {"note": call.note} if call.note else {}
    if call.arranged is not None:
        said["arranged"] = call.arranged
    if call.files:
        said["files"] = {name: text.splitlines(keepends=True) for name, text in call.files.items()}
    said["argv"] = list(call.argv)
    if call.stdin is not None:
        said["stdin"] = call.stdin.splitlines(keepends=True)
    said["exit_code"] = call.exit_code
    if call.stderr:
        said["stderr"] = call.stderr.splitlines(keepends=True)
    if call.afterwards:
        said["afterwards"] = call.afterwards
    said.update(at=call.at, took=call.took)
    (folder / CALL).write_text(_shown(said) + "\n", encoding="utf-8")
    if call.stdout:
        (folder / f"stdout.{'json' if _is_json(call.stdout) else 'txt'}").write_bytes(call.stdout.encode("utf-8"))
    return replace(call, folder=folder)


def _shown(value: Any, inside: str = "\n") -> str:
    """JSON for a reader: what fits into a line stands in one, and texts are lists of their lines."""
    short = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or (inside != "\n" and "\\n" not in short and len(short) < LINE):
        return short
    deeper = inside + " "
    if isinstance(value, dict):
        rows = [f"{json.dumps(key, ensure_ascii=False)}: {_shown(part, deeper)}" for key, part in value.items()]
        return "{" + deeper + f",{deeper}".join(rows) + inside + "}"
    return "[" + deeper + f",{deeper}".join(_shown(part, deeper) for part in value) + inside + "]"


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), (dict, list))
    except ValueError:
        return False


def slug(argv: tuple[str, ...]) -> str:
    """What a call does, as the name of its folder has it: `get-dc-zync-o-json`."""
    words = [word.partition("=")[0] if word.startswith("--") else word for word in argv[1:] if "{" not in word]
    for at in [at for at, word in enumerate(words) if word in ("-n", "--namespace")]:
        words[at : at + 2] = ["", ""]
    found = re.sub(r"[^a-z0-9]+", "-", " ".join(words).lower()).strip("-")
    return found[:48].rstrip("-") or "oc"
