"""Replays a recorded scenario against the rehearsal's `oc` and says which calls come back equal.

Only uids, resource versions, generated suffixes and ids, ages, timestamps, and the moment are left out of the comparison:
before a call the cluster's clock is pinned to the recorded moment, and a call that looks at a cluster in motion may be
asked again at later moments, never at earlier ones, until its answer is the recorded one.

While fifteen rollouts are under way at once, how far each has come by the second, and how far each controller lags behind,
is a matter of the machine. A look at all of them that is not equal as a whole is compared piece by piece: each pod, each
replication controller, and of each config its counts, each condition and the rest. Each piece has to be what the rehearsal
had at some moment, what is not there has to have been away, and the moments of a piece have to come in the recorded order.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.support import recorded
from threescale_migrate.rehearsal import launch, switching
from threescale_migrate.rehearsal.beginning import begin_cluster_binding
from threescale_migrate.rehearsal.client import session
from threescale_migrate.rehearsal.client.run import run
from threescale_migrate.rehearsal.quickjson import pretty
from threescale_migrate.rehearsal.server import Cluster
from threescale_migrate.rehearsal.store import Store, copied

# How far, in seconds, and in which steps a moving cluster is looked ahead into.
AHEAD = 5.0
STEP = 0.5

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
        return None if normal(self.stderr) == normal(self.call.stderr) else "stderr"


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


class Rehearsal:
    """A rehearsal cluster in memory with its clock in the test's hand, and what each config looked like from moment to moment."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.begin = store.clock.now()
        store.clock.pin(self.begin)
        self.cluster = Cluster(store)
        self.folder, self.recorded_folder = "", "/home/admin/.kube"
        # Of each object the version that was asked for last, what was answered, and that from moment to moment.
        self.versions: dict[tuple[str, str], str] = {}
        self.texts: dict[tuple[Words, str], dict[str, frozenset[str]]] = {}
        self.history: dict[tuple[Words, str], list[tuple[float, frozenset[str]]]] = {}
        self.reached: dict[tuple[Words, str], float] = {}

    @contextmanager
    def opened(self, _directory: Path) -> Iterator[Cluster]:
        """Takes the place of the file that the rehearsal's `oc` opens for each call."""
        self.cluster.simulation.advance()
        yield self.cluster

    @contextmanager
    def _served(self) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(session, "open_cluster", self.opened)
            yield

    def ask(self, call: recorded.Recorded) -> Outcome:
        """Runs one recorded command."""
        out, err = io.StringIO(), io.StringIO()
        stdin, sys.stdin = sys.stdin, io.StringIO(call.stdin or "")
        try:
            with self._served():
                code = run(list(call.argv[1:]), Path("unused"), out, err)
        finally:
            sys.stdin = stdin
        self._remember()
        return Outcome(call, code, self.placed(out.getvalue()), self.placed(err.getvalue()))

    def placed(self, text: str) -> str:
        """A text with the folder of the recorded kubeconfig in place of that of the replayed one."""
        return text.replace(self.folder, self.recorded_folder) if self.folder else text

    @property
    def moving(self) -> bool:
        """Whether anything is going to happen by itself."""
        return self.cluster.simulation.quiet_at() is not None

    def go_to(self, moment: float) -> None:
        """Moves the clock on to a moment, never to an earlier one, by way of every event until then."""
        moment = max(moment, self.store.clock.now())
        while True:
            due = self.cluster.simulation.quiet_at()
            self.store.clock.pin(moment if due is None else max(self.store.clock.now(), min(moment, due)))
            self.cluster.simulation.advance()
            self._remember()
            if self.store.clock.now() >= moment:
                return

    def kept(self) -> Callable[[], None]:
        """The present moment, to be gone back to by the call of what is given."""
        data = copied(self.store.data)
        seen = dict(self.versions), dict(self.texts), {key: list(known) for key, known in self.history.items()}

        def go_back() -> None:
            self.store = Store(data)
            self.cluster = Cluster(self.store)
            self.versions, self.texts, self.history = seen

        return go_back

    def _remember(self) -> None:
        """Asks for each object that has changed since the last time."""
        changed: set[tuple[str, str]] = set()
        for kind in set(MOVING.values()):
            now = {key: item["metadata"]["resourceVersion"] for key, item in self.store.objects.get(kind, {}).items()}
            before = {key: version for (other, key), version in self.versions.items() if other == kind}
            for key in before.keys() | now.keys():
                if before.get(key) != now.get(key):
                    changed.add((kind, key))
                    self.versions.pop((kind, key), None)
                    if key in now:
                        self.versions[kind, key] = now[key]
        for kind, key in changed:
            self._ask_again(kind, key.partition("/")[2], (kind, key) in self.versions)

    def _ask_again(self, kind: str, name: str, there: bool) -> None:
        for words, wanted in MOVING.items():
            if wanted != kind:
                continue
            before = self.texts.pop((words, name), {})
            if there:
                out = io.StringIO()
                with self._served():
                    run([*words[:2], name, *words[2:]], Path("unused"), out, io.StringIO())
                self.texts[words, name] = pieces(out.getvalue())
            for piece in before.keys() | self.texts.get((words, name), {}).keys():
                self._note(words, piece)

    def _note(self, words: Words, piece: str) -> None:
        members = frozenset(
            text for (asked, _), found in self.texts.items() if asked == words for text in found.get(piece, frozenset())
        )
        known = self.history.setdefault((words, piece), [(float("-inf"), frozenset())])
        if known[-1][1] != members:
            known.append((self.store.clock.now(), members))

    def had(self, call: recorded.Recorded) -> bool:
        """Whether each piece of a recorded answer was there, not before the one of the same name that was found last."""
        words = call.argv[1:]
        wanted = pieces(call.stdout)
        moments = {}
        for name in wanted.keys() | {piece for asked, piece in self.history if asked == words}:
            moment = self._moment(words, name, wanted.get(name, frozenset()))
            if moment is None:
                return False
            moments[words, name] = moment
        self.reached.update(moments)
        return True

    def _moment(self, words: Words, name: str, members: frozenset[str]) -> float | None:
        """The first moment, from the last one found on, at which a piece was so."""
        after = self.reached.get((words, name), float("-inf"))
        known = self.history.get((words, name), [])
        ends = [moment for moment, _ in known[1:]] + [float("inf")]
        return next(
            (max(moment, after) for (moment, other), end in zip(known, ends) if other == members and end > after), None
        )


def begin(header: dict[str, Any]) -> Store:
    """The cluster before the first call of a scenario, as its header says. Raises recorded.NoScenario.

    `begins` is `3scale` (where it is lacking: the project of the rehearsal, at rest), `empty` (a project with nothing in it but
    what OpenShift puts there) or `nothing` (no project yet). `user` is who is logged in, by default the cluster's admin;
    another user is given `roles` in the project, by default `admin`.
    """
    begins, project = header.get("begins", "3scale"), str(header.get("project", launch.PROJECT))
    if begins == "3scale":
        store = launch.fresh()
    elif begins in ("empty", "nothing"):
        store = launch.bare(project if begins == "empty" else None)
    else:
        raise recorded.NoScenario(f"a scenario begins with 3scale, empty or nothing, not with {begins!r}")
    store.settings["project"] = project
    user = str(header.get("user", "system:admin"))
    if user != "system:admin":
        roles = header.get("roles", ["admin"]) if begins != "nothing" else []
        switching.switch_on(store, [f"user={user}/{','.join(roles)}"])
    return store


def replay(scenario: str | Path, directory: Path) -> list[Outcome]:
    """Replays a scenario in an empty directory, which is the current one, for the files that its commands read.

    Raises recorded.NoScenario, OSError for a file that is none.
    """
    header = recorded.header(scenario)
    store = begin(header)
    name = str(scenario)
    # What earlier scenarios had left behind on the recorded cluster.
    for known in json.loads((Path(__file__).parent / "leftovers.json").read_text(encoding="utf-8")).get(name, ()):
        begin_cluster_binding(store, known)
    (directory / "cluster").mkdir()
    project = store.settings["project"] if header.get("begins") != "nothing" else "default"
    launch.prepare(directory / "cluster", project, launch.login(store))
    rehearsal = Rehearsal(store)
    arrange = Arrangement(name, rehearsal, directory / "cluster" / "kubeconfig")
    outcomes = []
    shift = 0.0
    first: float | None = None
    for entry in recorded.entries(scenario):
        if isinstance(entry, recorded.File):
            (directory / entry.name).write_text(entry.content, encoding="utf-8")
            continue
        first = entry.at if first is None else first
        shift += arrange(entry.note)
        outcome, shift = _replay_call(entry, rehearsal, rehearsal.begin - first, shift)
        outcomes.append(outcome)
    return [
        replace(
            outcome, by_piece=not outcome.matches and outcome.call.argv[1:] in MOVING and rehearsal.had(outcome.call)
        )
        for outcome in outcomes
    ]


class Arrangement:
    """What was arranged before the calls under a note and is told there in words only: who is logged in, where, what is broken.

    It stands in situations.json; what a note does not name is as at the beginning, but for what `before` has done.
    """

    def __init__(self, scenario: str, rehearsal: Rehearsal, kubeconfig: Path) -> None:
        text = (Path(__file__).parent / "situations.json").read_text(encoding="utf-8")
        self.known: dict[str, dict[str, Any]] = json.loads(text).get(scenario, {})
        self.rehearsal = rehearsal
        self.kubeconfig = kubeconfig
        self.login = kubeconfig.read_text(encoding="utf-8")
        self.note: str | None = None
        rehearsal.folder = str(kubeconfig.parent)
        self.faults = list(rehearsal.store.settings.get("faults", ()))
        if any(situation.get("files") for situation in self.known.values()):
            for entry in recorded.entries("documented-procedure"):
                if isinstance(entry, recorded.File):
                    (kubeconfig.parent.parent / entry.name).write_text(entry.content, encoding="utf-8")

    def __call__(self, note: str) -> float:
        """Arranges what a note tells of; gives how many seconds that took."""
        if note == self.note:
            return 0.0
        self.note = note
        wanted = self.known.get(note, {})
        store = self.rehearsal.store
        os.environ["OC_REHEARSAL_CLIENT"] = str(wanted.get("client", ""))
        store.settings["users api"] = wanted.get("users api", True)
        store.settings["registry"] = self.known.get("", {}).get("registry")
        begin = store.clock.now()
        self.kubeconfig.write_text(self.login, encoding="utf-8")
        self.rehearsal.recorded_folder = wanted.get("folder", "/home/admin/.kube")
        store.settings["faults"] = list(self.faults)
        for name, content in wanted.get("write", {}).items():
            (self.kubeconfig.parent.parent / name).write_text(content, encoding="utf-8")
        for command in wanted.get("before", ()):
            outcome = self.rehearsal.ask(recorded.Recorded("", note, ("oc", *command), None, 0, "", "", 0.0))
            assert outcome.code == 0, outcome.stderr
        while wanted.get("settle") and self.rehearsal.moving:
            self.rehearsal.go_to(store.clock.now() + 1)
        switching.switch_on(store, wanted.get("faults", ()))
        login = json.loads(self.login)
        if "server" in wanted:
            login["clusters"][0]["cluster"]["server"] = wanted["server"]
        if "user" in wanted:
            login["contexts"][0]["context"]["user"] = f"{wanted['user']}/cluster"
        if "kubeconfig" in wanted:
            folder = self.rehearsal.recorded_folder
            login = json.loads(json.dumps(wanted["kubeconfig"]).replace(folder, self.rehearsal.folder))
        for name in wanted.get("certificates", ()):
            (self.kubeconfig.parent / name).parent.mkdir(parents=True, exist_ok=True)
            (self.kubeconfig.parent / name).write_text("", encoding="utf-8")
        for name in wanted.get("gone", ()):
            (self.kubeconfig.parent / name).unlink()
        if login is False:
            self.kubeconfig.unlink()
        else:
            self.kubeconfig.write_text(json.dumps(login), encoding="utf-8")
        return store.clock.now() - begin


def _replay_call(call: recorded.Recorded, rehearsal: Rehearsal, base: float, shift: float) -> tuple[Outcome, float]:
    """The outcome at the first moment from the recorded one on at which it matches, and how late that was."""
    rehearsal.go_to(base + call.at + shift)
    outcome = rehearsal.ask(call)
    if outcome.matches or not looks(call) or call.argv[1:] in MOVING:
        return outcome, shift
    late, go_back = shift, rehearsal.kept()
    while late < shift + AHEAD and rehearsal.moving:
        late += STEP
        rehearsal.go_to(base + call.at + late)
        again = rehearsal.ask(call)
        if again.matches:
            return again, late
    go_back()
    return outcome, shift


def looks(call: recorded.Recorded) -> bool:
    """Whether a call changes nothing, so that it may be asked again."""
    return call.argv[1] in ("get", "describe", "logs") or call.argv[1:3] == ("rollout", "history")
