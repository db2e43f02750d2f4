"""Prometheus text for node_exporter's textfile collector: what was seen, when, and whether it could be seen at all."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .. import files
from ..guide.verdicts import Conclusion
from ..safe_text import visible
from ..values import Text, Usage, Verdict
from .project_outcome import Outcome

PREFIX = "threescale_migrate"
# Each metric: its name, and what it says.
HELP = {
    "info": "The server that was asked, and as whom, as labels; always 1.",
    "asked": "Whether the cluster answered (1) or not (0).",
    "exit_code": "The exit code of the run.",
    "migrated": "Whether the project is migrated, proved by its pods; absent if that is not known, or not everything was checked.",
    "checks": "Number of checks with a verdict.",
    "check": "What a check found: 1 for its verdict; several of a kind are counted.",
    "config_migrated": "Whether a DeploymentConfig is migrated, proved by its pods.",
    "duration_seconds": "How long the check took, in seconds.",
    "last_run_timestamp_seconds": "When the run ended.",
}


def text(outcomes: Sequence[Outcome], now: float) -> str:
    """The whole file. A project that could not be asked has no old values that look fresh."""
    samples = [(outcome, *sample) for outcome in outcomes for sample in _samples(outcome, now)]
    lines: list[str] = []
    for name, help_ in HELP.items():
        lines += [f"# HELP {PREFIX}_{name} {help_}", f"# TYPE {PREFIX}_{name} gauge"]
        lines += [
            f"{PREFIX}_{name}{_labels({'project': outcome.name, **labels})} {value}"
            for outcome, metric, labels, value in samples
            if metric == name
        ]
    return "\n".join(lines) + "\n"


def _samples(outcome: Outcome, now: float) -> Iterator[tuple[str, dict[str, str], str]]:
    """What an outcome says: the metric, its labels, and the value."""
    yield "info", {"server": outcome.invocation.server, "user": outcome.invocation.user}, "1"
    yield "asked", {}, f"{outcome.asked:d}"
    yield "exit_code", {}, f"{outcome.code:d}"
    yield "duration_seconds", {}, f"{round(outcome.seconds, 3):g}"
    yield "last_run_timestamp_seconds", {}, f"{now:.3f}"
    if not outcome.asked:
        return
    if outcome.overall.conclusion in (Conclusion.DONE, Conclusion.NOT_DONE):
        yield "migrated", {}, f"{outcome.overall.done:d}"
    for verdict in Verdict:
        yield "checks", {"verdict": verdict.value}, str(outcome.count(verdict))
    found = Counter((check.code.value, check.subject, check.verdict.value) for check in outcome.checks)
    for (code, subject, verdict_), count in found.items():
        yield "check", {"code": code, "subject": subject, "verdict": verdict_}, str(count)
    for check in outcome.configs:
        if check.verdict in (Verdict.PASSED, Verdict.FAILED):
            yield "config_migrated", {"config": check.config}, f"{check.verdict is Verdict.PASSED:d}"


def _labels(labels: dict[str, str]) -> str:
    pairs = (f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return "{" + ",".join(pairs) + "}"


def _escaped(value: str) -> str:
    return visible(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def check_path(path: str) -> None:
    """Looks, before anything is asked, whether the file can be written where it is to be. Raises Usage."""
    folder = Path(os.path.abspath(path)).parent
    if not folder.is_dir() or not os.access(folder, os.W_OK) or Path(path).is_dir():
        raise Usage(Text("--metrics-file: {path} cannot be written: name a file in a writable directory", path=path))


def write(path: str, outcomes: Iterable[Outcome]) -> None:
    """Replaces the file in one step, so that the collector never reads half of it. Raises OSError."""
    # The collector runs as another user, and reads *.prom only.
    files.write(Path(path), text(tuple(outcomes), time.time()), mode=0o644)
