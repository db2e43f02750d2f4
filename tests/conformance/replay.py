"""Replays a recorded scenario against the rehearsal's `oc` and says which calls come back equal.

Only uids, resource versions, generated suffixes and ids, ages, timestamps, and the moment are left out of the comparison:
before a call the cluster's clock is pinned to the recorded moment, and a call that looks at a cluster in motion may be
asked again at later moments, never at earlier ones, until its answer is the recorded one.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests import recorded
from threescale_migrate.rehearsal import launch
from threescale_migrate.rehearsal.client.run import run
from threescale_migrate.rehearsal.server import begin_cluster_binding, create_cluster, open_cluster

# How far, in seconds, and in which steps a moving cluster is looked ahead into.
AHEAD = 5.0
STEP = 0.5

RULES: tuple[tuple[str, str], ...] = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
    (r'(resourceVersion"?: ?\\?"?)\d+', r"\1RV"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "TIME"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000 UTC", "TIME"),
    (r"(?m)\b\d+ (?:second|minute)s? ago", "AGO"),
    (r"cri-o://[0-9a-f]{32}", "CONTAINER"),
    (r"10\.12[89]\.\d+\.\d+", "ADDRESS"),
    (r"kube-api-access-[a-z0-9]{5}", "kube-api-access-SUFFIX"),
    (r"((?:[a-z]+-)+\d+)-(?!hook|deploy)[a-z0-9]{5}\b", r"\1-SUFFIX"),
    (r"\b(\w+(?:-\w+)*)\.[0-9a-f]{16}\b", r"\1.EVENT"),
)
# Ages stand at the end of a table's line.
AGES = re.compile(r"(?m) {2,}(?:\d+[smhd])+(?:\d+[smhd])?$")
_COMPILED = tuple((re.compile(pattern), replacement) for pattern, replacement in RULES)


def normal(text: str) -> str:
    """A text without what no two clusters have in common; lists of pods stand in an order that no suffix decides."""
    text = _ordered(text)
    # What a revision was made from is kept in an annotation, with the managed fields of its moment; whether the deployer's
    # start is written down depends on which of two controllers is the first to look.
    text = re.sub(r'(?m)^ *"openshift.io/(?:encoded-deployment-config|deployer-pod.started-at)": ".*",?\n', "", text)
    text = re.sub(r'("activeDeadlineSeconds": )21[56]\d\d\b', r"\1LEFT", text)
    text = AGES.sub("  AGE", text)
    for pattern, replacement in _COMPILED:
        text = pattern.sub(replacement, text)
    return "\n".join(
        re.sub(r" {2,}", "  ", line) if line.endswith("AGE") or "SUFFIX" in line else line for line in text.split("\n")
    )


def _ordered(text: str) -> str:
    if text.startswith("{"):
        try:
            document = json.loads(text)
        except ValueError:
            return text
        items = document.get("items")
        if not isinstance(items, list) or not any(item.get("kind") == "Pod" for item in items):
            return text
        for item in items:
            for container in (item.get("spec") or {}).get("containers") or ():
                # The environment of a hook comes out of a map of the server, in no order.
                container.get("env", []).sort(key=lambda variable: variable["name"])
        items.sort(key=lambda item: (item["kind"] == "Pod", _stem(item["metadata"]["name"])))
        return json.dumps(document, indent=4, ensure_ascii=False)
    if "READY   STATUS" in text:
        return "\n".join(sorted(text.split("\n"), key=lambda line: _stem(line.split(" ")[0])))
    return text


def _stem(name: str) -> str:
    """A pod's name without its generated end."""
    return re.sub(r"(-\d+)-(?!hook|deploy)[a-z0-9]{5}$", r"\1-~", name)


@dataclass(frozen=True)
class Outcome:
    """One replayed call beside the recorded one."""

    call: recorded.Recorded
    code: int
    stdout: str
    stderr: str

    @property
    def matches(self) -> bool:
        return self.difference is None

    @property
    def difference(self) -> str | None:
        """What differs: `exit code`, `stdout` or `stderr`; None where nothing does."""
        if self.code != self.call.exit_code:
            return "exit code"
        if normal(self.stdout) != normal(self.call.stdout):
            return "stdout"
        return None if normal(self.stderr) == normal(self.call.stderr) else "stderr"


Ask = Callable[[], Outcome]


def ask(call: recorded.Recorded, cluster: Path) -> Outcome:
    """Runs one recorded command on the rehearsal cluster."""
    out, err = io.StringIO(), io.StringIO()
    stdin, sys.stdin = sys.stdin, io.StringIO(call.stdin or "")
    try:
        code = run(list(call.argv[1:]), cluster, out, err)
    finally:
        sys.stdin = stdin
    return Outcome(call, code, out.getvalue(), err.getvalue())


def replay(scenario: str, directory: Path) -> list[Outcome]:
    """Replays a scenario in an empty directory, which is made the current one for the files that its commands read."""
    store = launch.fresh()
    # What earlier scenarios had left behind on the recorded cluster.
    for known in json.loads((Path(__file__).parent / "leftovers.json").read_text(encoding="utf-8")).get(scenario, ()):
        begin_cluster_binding(store, known)
    begin = store.clock.now()
    store.clock.pin(begin)
    cluster = directory / "cluster"
    create_cluster(cluster, store)
    launch.prepare(cluster)
    outcomes = []
    shift = 0.0
    first: float | None = None
    for entry in recorded.entries(scenario):
        if isinstance(entry, recorded.File):
            (directory / entry.name).write_text(entry.content, encoding="utf-8")
            continue
        first = entry.at if first is None else first
        outcome, shift = _replay_call(entry, cluster, begin - first, shift)
        outcomes.append(outcome)
    return outcomes


def _replay_call(call: recorded.Recorded, cluster: Path, base: float, shift: float) -> tuple[Outcome, float]:
    """The outcome at the first moment from the recorded one on at which it matches, and how late that was."""
    pin(cluster, base + call.at + shift)
    outcome = ask(call, cluster)
    if outcome.matches or not looks(call):
        return outcome, shift
    late = shift
    while late < shift + AHEAD:
        late += STEP
        if not moving(cluster):
            break
        pin(cluster, base + call.at + late)
        again = ask(call, cluster)
        if again.matches:
            return again, late
    return outcome, shift


def looks(call: recorded.Recorded) -> bool:
    """Whether a call changes nothing, so that it may be asked again."""
    return call.argv[1] in ("get", "describe", "logs") or call.argv[1:3] == ("rollout", "history")


def pin(cluster: Path, moment: float) -> None:
    """Stops the cluster's clock at a moment, never an earlier one."""
    with open_cluster(cluster) as opened:
        clock = opened.store.clock
        clock.pin(max(moment, clock.now()))
        opened.simulation.advance()


def moving(cluster: Path) -> bool:
    """Whether anything is going to happen in the cluster by itself."""
    with open_cluster(cluster) as opened:
        return opened.simulation.quiet_at() is not None
