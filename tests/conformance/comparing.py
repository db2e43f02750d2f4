"""When two answers of `oc` are the same: but for uids, resource versions, generated suffixes and ids, ages and timestamps.

While fifteen rollouts are under way at once, how far each has come by the second, and how far each controller lags behind,
is a matter of the machine. A look at all of them is compared piece by piece: each pod, each replication controller, and of each
config its counts, each condition and the rest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.support import recorded
from threescale_migrate.rehearsal.quickjson import pretty

# What stands in a text where a rule has anything to do (searching for it is cheap), the rule, and what it leaves.
RULES: tuple[tuple[str, str, str], ...] = (
    ("-", r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UID"),
    ("resourceVersion", r'(resourceVersion"?: ?\\?"?)\d+', r"\1RV"),
    ("T", r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", "TIME"),
    (":53", r"\b\d+\.\d+\.\d+\.\d+:53\b", "RESOLVER"),
    (" +0000", r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)? \+0000(?: UTC)?", "TIME"),
    ("MERGED-", r"\b(LIVE|MERGED)-\d+/", r"\1-SUFFIX/"),
    (" ago", r"(?m)\b\d+ (?:second|minute)s? ago", "AGO"),
    ("cri-o", r"cri-o://[0-9a-f]{32}", "CONTAINER"),
    ("10.12", r"10\.12[89]\.\d+\.\d+", "ADDRESS"),
    ("kube-api-access", r"kube-api-access-[a-z0-9]{5}", "kube-api-access-SUFFIX"),
    ("-", r"([a-z]-\d+)-(?!hook|deploy)[a-z0-9]{5}\b", r"\1-SUFFIX"),
    (".", r"\.[0-9a-f]{16}\b", ".EVENT"),
    (".go:", r"(?m)^([EW])\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ ", r"\1 TIME PID "),
)
# Ages stand at the end of a table's line.
AGES = re.compile(r"(?m)(?<! ) {2,}(?:\d+[smhd])+$")
_COMPILED = tuple((needle, re.compile(pattern), replacement) for needle, pattern, replacement in RULES)


def normal(text: str) -> str:
    """A text without what no two clusters have in common; lists of pods stand in an order that no suffix decides."""
    text = _ordered(text)
    # What a revision was made from is kept in an annotation, with the managed fields of its moment; whether the deployer's
    # start is written down depends on which of two controllers is the first to look.
    text = re.sub(r'(?m)^ *"openshift.io/(?:encoded-deployment-config|deployer-pod.started-at)": ".*",?\n', "", text)
    text = re.sub(r'("activeDeadlineSeconds": )21[56]\d\d\b', r"\1LEFT", text)
    text = text if text.startswith("{") else AGES.sub("  AGE", text)
    for needle, pattern, replacement in _COMPILED:
        if needle in text:
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
        if document.get("kind") == "SelfSubjectRulesReview":  # rules come out of a map of bindings
            for rules in document["status"].values():
                if isinstance(rules, list):
                    rules.sort(key=json.dumps)
            return pretty(document, sort=False)
        items = document.get("items")
        if not isinstance(items, list) or not any(item.get("kind") == "Pod" for item in items):
            return text
        for item in items:
            for container in (item.get("spec") or {}).get("containers") or ():
                # The environment of a hook comes out of a map of the server, in no order.
                container.get("env", []).sort(key=lambda variable: variable["name"])
        items.sort(key=lambda item: (item["kind"] == "Pod", _stem(item["metadata"]["name"])))
        return pretty(document, sort=False)
    if text.startswith("Resources ") and "Non-Resource URLs" in text:
        return _verbs(text)
    if "READY   STATUS" in text or "\npod/" in text:
        return "\n".join(sorted(text.split("\n"), key=lambda line: _stem(line.split(" ")[0])))
    return text


def _verbs(text: str) -> str:
    """The answer of `auth can-i --list`, each line's verbs in the order of the alphabet, and the lines by their verbs.

    The server goes through bindings in the order of a map, and a verb stands where it was met first: in the three recorded
    lists `basic-users` comes after `view` once and before `view-0` once.
    """
    head, *lines = text.rstrip("\n").split("\n")
    lines = [re.sub(r"\[([a-z ]+)\]$", lambda found: f"[{' '.join(sorted(found[1].split()))}]", line) for line in lines]
    return "\n".join([head, *sorted(lines)]) + "\n"


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
    by_piece: bool = False

    @property
    def matches(self) -> bool:
        return self.by_piece or self.difference is None

    @property
    def difference(self) -> str | None:
        """What differs: `exit code`, `stdout` or `stderr`; None where nothing does."""
        if self.code != self.call.exit_code:
            return "exit code"
        if normal(self.stdout) != normal(self.call.stdout):
            return "stdout"
        return None if self.same_errors else "stderr"

    @property
    def same_errors(self) -> bool:
        """Whether stderr is the recorded one."""
        return normal(self.stderr) == normal(self.call.stderr)


# The looks at everything of a kind that are compared piece by piece.
MOVING = {
    ("get", "dc"): "deploymentconfigs",
    ("get", "dc", "-o", "json"): "deploymentconfigs",
    ("get", "rc", "-o", "json"): "replicationcontrollers",
    ("get", "pods"): "pods",
    ("get", "pods", "-o", "json"): "pods",
}
Words = tuple[str, ...]


def pieces(text: str) -> dict[str, frozenset[str]]:
    """An answer about many objects, normalised, in pieces; pods whose names differ in the generated end only are together."""
    found: dict[str, set[str]] = {}
    if text.startswith("{"):
        document = json.loads(text)
        for item in document.get("items", [document]):
            for aspect, part in _aspects(item):
                written = normal(pretty({"items": [part]}, sort=False))
                found.setdefault(_stem(item["metadata"]["name"]) + aspect, set()).add(written)
    else:
        for line in text.splitlines()[1:]:
            found.setdefault(_stem(line.split(" ")[0]), set()).add(re.sub(r" {2,}", "  ", normal(line)))
    return {name: frozenset(members) for name, members in found.items()}


def _aspects(item: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """A config's counts and conditions are written by controllers that lag independently of each other."""
    if item["kind"] != "DeploymentConfig":
        yield "", item
        return
    status = dict(item["status"])
    for condition in status.pop("conditions", ()):
        yield f" {condition['type']}", condition
    details = {name: status.pop(name) for name in ("latestVersion", "details") if name in status}
    yield " counts", status
    yield "", {**item, "status": details}
