"""Prometheus text for node_exporter's textfile collector: what was seen, when, and whether it could be seen at all."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .. import files
from ..guide.verdicts import Meaning
from ..values import Text, Usage, Verdict
from ..visible import visible
from .outcome import Outcome

PREFIX = "threescale_migrate"
# Each metric: its name, what it says, and the samples that an outcome gives.
HELP = {
    "asked": "Whether the cluster answered (1) or not (0).",
    "exit_code": "The exit code of the run.",
    "migrated": "Whether the project is migrated, proved by its pods; absent where that is not known, or not all was checked.",
    "checks": "How many checks have a verdict.",
    "check": "What a check found: 1 for its verdict; several of a kind are counted.",
    "config_migrated": "Whether a DeploymentConfig is migrated, proved by its pods.",
    "duration_seconds": "How long looking took.",
    "last_run_timestamp_seconds": "When the run ended.",
}


def text(outcomes: Sequence[Outcome], now: float) -> str:
    """The whole file. A project that could not be asked has no old values that look fresh."""
    lines: list[str] = []
    for name, help_ in HELP.items():
        lines += [f"# HELP {PREFIX}_{name} {help_}", f"# TYPE {PREFIX}_{name} gauge"]
        for outcome in outcomes:
            lines += [
                f"{PREFIX}_{name}{_labels({'project': outcome.name, **labels})} {value:g}"
                if name != "last_run_timestamp_seconds"
                else f"{PREFIX}_{name}{_labels({'project': outcome.name})} {value:.3f}"
                for labels, value in _samples(name, outcome, now)
            ]
    return "\n".join(lines) + "\n"


def _samples(name: str, outcome: Outcome, now: float) -> Iterator[tuple[dict[str, str], float]]:
    if name == "asked":
        yield {}, float(outcome.asked)
    elif name == "exit_code":
        yield {}, float(outcome.code)
    elif name == "duration_seconds":
        yield {}, round(outcome.seconds, 3)
    elif name == "last_run_timestamp_seconds":
        yield {}, now
    elif not outcome.asked:
        return
    elif name == "migrated":
        if outcome.judgement.meaning in (Meaning.DONE, Meaning.NOT_DONE):
            yield {}, float(outcome.judgement.done)
    elif name == "checks":
        for verdict in Verdict:
            yield {"verdict": verdict.value}, float(outcome.count(verdict))
    elif name == "check":
        found = Counter((check.code.value, check.subject, check.verdict.value) for check in outcome.checks)
        for (code, subject, verdict_), count in found.items():
            yield {"code": code, "subject": subject, "verdict": verdict_}, float(count)
    else:
        for check in outcome.configs:
            if check.verdict in (Verdict.PASSED, Verdict.FAILED):
                yield {"config": check.subject.partition("/")[2]}, float(check.verdict is Verdict.PASSED)


def _labels(labels: dict[str, str]) -> str:
    pairs = (f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return "{" + ",".join(pairs) + "}"


def _escaped(value: str) -> str:
    return visible(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def check_path(path: str) -> None:
    """Looks, before anything is asked, whether the file can be written where it is to be. Raises Usage."""
    folder = Path(os.path.abspath(path)).parent
    if not folder.is_dir() or not os.access(folder, os.W_OK) or Path(path).is_dir():
        raise Usage(Text("--metrics-file: {path} cannot be written: name a file in a directory that can be", path=path))


def write(path: str, outcomes: Iterable[Outcome]) -> None:
    """Replaces the file in one step, so that the collector never reads half of it. Raises OSError."""
    # The collector reads as a user of its own, and *.prom only.
    files.write(Path(path), text(tuple(outcomes), time.time()), mode=0o644)
