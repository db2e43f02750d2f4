"""`--changed-since-last`: what the last run with the same options saw, kept below the state directory."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .. import files
from ..engine.journal_directory import make, state_home
from ..options import Options, of_command
from ..redaction import REDACTOR
from ..render.project_outcome import Changed, Outcome
from ..values import Check, Verdict


@dataclass(frozen=True)
class Last:
    """What a run saw: its exit code, and for each check its verdict and words."""

    code: int
    checks: Mapping[str, tuple[str, str]]

    @staticmethod
    def of(outcome: Outcome) -> Last:
        """What is kept of an outcome."""
        seen = {key: (check.verdict.value, REDACTOR(str(check.seen))) for key, check in _keyed(outcome.checks)}
        return Last(int(outcome.code), seen)


def _keyed(checks: Iterable[Check]) -> Iterator[tuple[str, Check]]:
    """Checks by code and subject, with a number where several have the same."""
    counted: Counter[str] = Counter()
    for check in checks:
        key = f"{check.code.value} {check.subject}"
        counted[key] += 1
        yield f"{key} {counted[key]}", check


def path_of(options: Options, name: str) -> Path:
    """The file of one project for the options that make a run another one: what it checks, and how it judges."""
    places = (
        options.namespace,
        options.context,
        options.kubeconfig,
        options.projects,
        options.all_contexts,
        options.inventory,
    )
    judged = [getattr(options, option.name) for option in of_command("verify") if option.about.own]
    identity = [*places, *judged, os.environ.get("KUBECONFIG")]
    text = json.dumps([identity, name], default=str)
    return state_home() / "verified" / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"


# Of a thousand projects.
LARGEST = 1 << 28


def read(path: Path) -> Last | None:
    """What the last run saw; None if there was none, or its file cannot be understood."""
    try:
        found = json.loads(files.read(path, LARGEST))
        checks = {str(key): (str(verdict), str(seen)) for key, (verdict, seen) in found["checks"].items()}
        return Last(int(found["code"]), checks)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def write(path: Path, last: Last) -> None:
    """Keeps what this run saw, in one step. Raises OSError, Refused."""
    make(path.parent)
    files.write(path, json.dumps({"code": last.code, "checks": last.checks}))


def changes(outcome: Outcome, last: Last | None) -> tuple[Changed, ...]:
    """The checks that differ from the last run's, all of them if there was none; one that passes on in other words does not."""
    known = {} if last is None else last.checks
    found = []
    for key, check in _keyed(outcome.checks):
        before = known.get(key, ("", ""))
        if check.verdict is Verdict.PASSED and before[0] == check.verdict.value:
            continue
        if before != (check.verdict.value, REDACTOR(str(check.seen))):
            found.append(Changed(check, before[0]))
    return tuple(found)
