"""Plans, checks and progress as JSON or YAML: English always, one document with a `version`, or one line of JSON for each event."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from .. import check_json
from ..engine.run_failure import Failure
from ..guide.change import Change
from ..guide.costs import Cost
from ..guide.readiness import Assessment
from ..guide.selection import Wave, Whole
from ..guide.verdicts import summary
from ..safe_text import unit_escaped
from ..shell import Invocation
from ..values import NO_FIX, Check, Fix, Text
from . import run_list
from .project_outcome import Outcome
from .result import Checked, Order, Plan, Preflight, Projects, Recorded, Result, Run, Runs

VERSION = 1
# What a summary is called where it is not about the whole project.
WORDS = {"undo": "undone", "step": "done", "restore": "restored"}


def check(value: Check, place: Invocation) -> dict[str, Any]:
    """A check as JSON, with its commands as lines to paste at a place."""
    return check_json.of_check(value, str, place)


def _run(recorded: Recorded) -> dict[str, Any]:
    """The run that a result comes from."""
    return {
        "name": recorded.run,
        "changes": len(recorded.made) + len(recorded.undone),
        "seconds": round(recorded.seconds, 3),
        "report": recorded.report or None,
    }


def _place(place: Invocation) -> dict[str, Any]:
    """The server, and who asks there; empty as far as they are not known."""
    return {"server": place.server, "user": place.user}


def preflight(
    command: str, project: str, findings: Iterable[Check], exit_code: int, place: Invocation
) -> dict[str, Any]:
    """The result of `preflight`, and of a `migrate` that was refused."""
    return {
        "version": VERSION,
        "command": command,
        "project": project,
        **_place(place),
        "exit_code": exit_code,
        "ready": exit_code == 0,
        "findings": [check(value, place) for value in findings],
    }


def action(value: Change, argv: Sequence[str]) -> dict[str, Any]:
    """An action as JSON, without what is fed to it."""
    return {
        "step": value.step.value,
        "subject": str(value.subject),
        "argv": list(argv),
        "stdin": "a secret, not shown" if value.secret else value.stdin,
        "why": str(value.why),
        "undo": None if value.inverse is None else ["oc", *value.inverse.args],
    }


def cost(value: Cost) -> dict[str, Any]:
    """The cost of a config as JSON; `deadline` in seconds."""
    return {
        "config": value.config,
        "down": value.down,
        "lost": list(value.lost),
        "kept": list(value.kept),
        "hooks": list(value.hooks),
        "readiness_probe": not value.unproved,
        "deadline": value.deadline_seconds,
    }


def assessment(value: Assessment) -> dict[str, Any]:
    """The verdict on a config as JSON."""
    return {
        "config": value.config,
        "state": value.state.value,
        "reached": value.reached,
        "reason": str(value.reason),
        "revision": value.revision,
        "ready": value.ready,
        "wanted": value.wanted,
        "cause": None
        if value.cause is None
        else {"kind": value.cause.kind.value, "sentence": str(value.cause.sentence)},
    }


def verification(
    command: str, project: str, checks: Iterable[Check], exit_code: int, place: Invocation, **more: Any
) -> dict[str, Any]:
    """The result of `verify`, `step`, `migrate` and `undo`: `migrated` says it of the whole project, so that a single step
    says `done` in its place, and undo `undone`. `meaning` distinguishes what is not known from what is known not to be so."""
    listed = list(checks)
    overall = summary(listed, command)
    return {
        "version": VERSION,
        "command": command,
        "project": project,
        **_place(place),
        WORDS.get(command, "migrated"): overall.done,
        "meaning": overall.conclusion.value,
        "skipped": [step.value for step in overall.skipped],
        "exit_code": exit_code,
        "checks": [check(value, place) for value in listed],
        **more,
    }


def plan(
    command: str,
    project: str,
    actions: Iterable[dict[str, Any]],
    waves: Iterable[Wave],
    costs: Iterable[Cost],
    exit_code: int,
    place: Invocation,
    findings: Iterable[Check] = (),
) -> dict[str, Any]:
    """The result of `plan`, and of `undo --dry-run`; `findings` are those of the preflight."""
    return {
        "version": VERSION,
        "command": command,
        "project": project,
        **_place(place),
        "exit_code": exit_code,
        "actions": list(actions),
        "waves": [{"name": wave.name, "configs": list(wave.configs)} for wave in waves],
        "costs": [cost(value) for value in costs],
        "findings": [check(value, place) for value in findings],
    }


def many(command: str, projects: Sequence[dict[str, Any]], exit_code: int) -> dict[str, Any]:
    """The result over many projects: that of each, with its name."""
    return {"version": VERSION, "command": command, "exit_code": exit_code, "projects": list(projects)}


def failure(
    command: str, text: Text, exit_code: int, fix: Fix = NO_FIX, place: Invocation | None = None
) -> dict[str, Any]:
    """A command that came to no result, and what can be done at a place."""
    return {
        "version": VERSION,
        "command": command,
        **_place(place or Invocation()),
        "exit_code": exit_code,
        "error": str(text),
        "fix": check_json.of_fix(fix, str, place or Invocation()),
    }


def of(result: Result) -> dict[str, Any] | None:
    """A result as one document; None where there is nothing to say, or what is said is no document."""
    seen, command, code, place = result.seen, result.command, int(result.code), result.place
    recorded = {} if result.recorded is None else {"run": _run(result.recorded)}
    if isinstance(seen, Failure):
        return {**failure(command, seen.text, code, Fix(seen.fix.sentence, seen.commands), place), **recorded}
    if isinstance(seen, Checked):
        return verification(command, seen.project, seen.checks, code, place, **recorded)
    if isinstance(seen, Preflight):
        return preflight(command, seen.project, seen.findings, code, place)
    if isinstance(seen, Plan):
        listed = [action(value, argv) for value, argv in zip(seen.actions, seen.argvs)]
        return plan(command, seen.project, listed, seen.waves, seen.costs, code, place, seen.findings)
    if isinstance(seen, Order):
        return plan(command, seen.project, (), seen.waves, (), code, place)
    if isinstance(seen, Projects):
        return many(command, [_one_of_many(command, outcome) for outcome in seen.outcomes], code)
    if isinstance(seen, Runs):
        runs = [run_list.described(record, record.run in seen.undone) for record in seen.known]
        return {"version": VERSION, "command": command, "runs": runs, "problems": [str(each) for each in seen.problems]}
    if isinstance(seen, Run):
        lines = [dict(line) for line in seen.record.lines]
        return {"version": VERSION, "command": command, **run_list.described(seen.record, seen.undone), "lines": lines}
    return None


def _one_of_many(command: str, outcome: Outcome) -> dict[str, Any]:
    if not outcome.asked:
        return {"name": outcome.name, **failure(command, outcome.error, int(outcome.code), place=outcome.invocation)}
    if command == "plan":
        own = {"project": outcome.project, **_place(outcome.invocation)}
        return {"name": outcome.name, **own, "exit_code": int(outcome.code), "actions": outcome.todo}
    return {
        "name": outcome.name,
        **verification(command, outcome.project, outcome.checks, int(outcome.code), outcome.invocation),
    }


def as_json(result: Result) -> str:
    """A result as one indented document; nothing where nothing is said."""
    found = of(result)
    return "" if found is None else json_of(found, indent=2)


def as_yaml(result: Result) -> str:
    """The same as YAML."""
    found = of(result)
    return "" if found is None else yaml_of(found)


# What a shell would run, were a line of the document pasted into one.
_RUNS = re.compile(r"`|\$(?=[({])")


def json_of(value: object, indent: int | None = None) -> str:
    """The value as JSON that a terminal can be shown: what cannot be seen is escaped, as JSON has it."""
    text = _RUNS.sub(lambda found: unit_escaped(found[0]), json.dumps(value, indent=indent, ensure_ascii=False))
    lines = text.split("\n")
    if not all(map(str.isprintable, lines)):
        lines = ["".join(letter if letter.isprintable() else unit_escaped(letter) for letter in line) for line in lines]
    return "\n".join(lines) + "\n"


def yaml_of(value: dict[str, Any]) -> str:
    """The same as YAML, with the same escapes: they exist between double quotes alone, so a text that needs one is put there."""
    import yaml  # late: few ask for it

    class Dumper(yaml.SafeDumper):
        """Takes what it is given as it is: nothing is named once and referred to again."""

        def ignore_aliases(self, data: object) -> bool:
            return True

    def text(dumper: Any, words: str) -> Any:
        seen = all(map(str.isprintable, words.split("\n"))) and not _RUNS.search(words)
        return dumper.represent_scalar("tag:yaml.org,2002:str", words, style=None if seen else '"')

    Dumper.add_representer(str, text)
    dumped = yaml.dump(value, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=sys.maxsize)
    lines = _RUNS.sub(lambda found: unit_escaped(found[0]), dumped).split("\n")
    return "\n".join("".join(c if c.isprintable() else unit_escaped(c) for c in line) for line in lines)


class LinesWatcher:
    """Shows a run as JSON lines, one for each event, for programs that wrap it."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.last: dict[str, dict[str, Any]] = {}

    def _line(self, event: str, **values: Any) -> None:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.stream.write(json_of({"event": event, "at": at, **values}))
        self.stream.flush()

    def began(self, value: Change, argv: tuple[str, ...]) -> None:
        """An action is about to be run."""
        self._line("begin", **action(value, argv))

    def ended(self, value: Change, outcome: str, seconds: float, said: str) -> None:
        self._line("end", subject=str(value.subject), outcome=outcome, seconds=round(seconds, 3), said=said)

    def wave(self, value: Wave, whole: Whole) -> None:
        names = list(value.configs)
        self._line(
            "wave",
            name=value.name,
            number=whole.number,
            total=whole.total,
            configs=names,
            done=len(whole.reached),
            all_configs=whole.configs,
        )

    def rollouts(self, assessments: Sequence[Assessment], seconds: float, ours: bool = True) -> None:
        """What has changed since the last round."""
        for value in assessments:
            shown = assessment(value)
            if self.last.get(value.config) != shown:
                self.last[value.config] = shown
                self._line("rollout", seconds=round(seconds, 3), **shown)

    def note(self, text: Text) -> None:
        """Something worth a line."""
        self._line("note", text=str(text))
