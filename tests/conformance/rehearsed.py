"""A rehearsal cluster in memory, asked as its `oc` is, with its clock in the test's hand."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conformance.comparing import MOVING, Outcome, Words, pieces
from tests.support import recorded
from threescale_migrate.rehearsal.client import imaging, session
from threescale_migrate.rehearsal.client.run import run
from threescale_migrate.rehearsal.server import Cluster
from threescale_migrate.rehearsal.store import Store, copied


class Rehearsal:
    """A rehearsal cluster in memory with its clock in the test's hand, and what each config looked like from moment to moment."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.begin = store.clock.now()
        store.clock.pin(self.begin)
        self.cluster = Cluster(store)
        self.folder, self.recorded_folder = "", "/home/admin/.kube"
        # What recorded commands name and only the recorded cluster had, and what it is here.
        self.seen: dict[str, str] = {}
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
            for module in (session, imaging):
                patch.setattr(module, "open_cluster", self.opened)
            yield

    def ask(self, call: recorded.Recorded) -> Outcome:
        """Runs one recorded command."""
        out, err = io.StringIO(), io.StringIO()
        stdin, sys.stdin = sys.stdin, io.StringIO(self._here(call.stdin or ""))
        try:
            with self._served():
                code = run([self._here(word) for word in call.argv[1:]], Path("unused"), out, err)
        finally:
            sys.stdin = stdin
        self._remember()
        return Outcome(call, code, self.placed(out.getvalue()), self.placed(err.getvalue()))

    def _here(self, text: str) -> str:
        for theirs, ours in self.seen.items():
            text = text.replace(theirs, ours)
        return text

    def placed(self, text: str) -> str:
        """A text with what the recorded cluster had in place of what is here: the kubeconfig's folder, a version, a uid."""
        for theirs, ours in self.seen.items():
            text = re.sub(rf"\b{re.escape(ours)}\b", theirs, text)
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
