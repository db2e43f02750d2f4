"""One hook in front of `oc`: what somebody else does before or after a certain call, or what is answered instead of it.

It sees the calls of commands that run in the test's process. What was to happen and did not, or did nothing to the cluster, fails
the test at its end: a test of what others do is none where nobody did anything.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.conftest import World
from tests.support.clock import CLOCK
from tests.support.in_process import FRONTS, Ending, Really
from threescale_migrate.cluster.allowed_calls import ASK
from threescale_migrate.rehearsal.server import open_cluster

Act = Callable[[], object]
# Gets the words of the call and what makes it, with other words where they are given.
Answer = Callable[[Sequence[str], Really], Ending]
BEFORE, INSTEAD, AFTER = "before", "instead of", "after"


def is_question(words: Sequence[str]) -> bool:
    """Whether a call that reads like a change only asks: it is a dry run, or is answered without being stored (facts 33 and 37)."""
    return "--dry-run=server" in words or tuple(words[: len(ASK)]) == ASK


def kind_of(words: Sequence[str]) -> str:
    """What a call is about: its words up to the first option, three at most."""
    found: list[str] = ["question:"] if is_question(words) else []
    for word in words[:3]:
        if word.startswith("-"):
            break
        found.append(word)
    return " ".join(found)


def late(seconds: float) -> Answer:
    """The call takes so much longer."""

    def answer(args: Sequence[str], really: Really) -> Ending:
        time.sleep(seconds)
        return really(args)

    return answer


NO_REVIEWS = 'error: unable to recognize "STDIN": no matches for kind "SelfSubjectRulesReview" in version "authorization.k8s.io/v1"'


def without_reviews(front: Front) -> Front:
    """The server knows no reviews of rights."""
    return front.instead("create -f - -o json", (1, "", NO_REVIEWS), nth=None)


@dataclass(frozen=True)
class Call:
    """A call of a command: its kind, and its number among those of its kind, from 1."""

    kind: str
    ordinal: int

    def __str__(self) -> str:
        return f"{self.kind} #{self.ordinal}"


def kill(args: Sequence[str], really: Really) -> Ending:
    """Ends this process, a copy of the test's, as kill -9 does."""
    CLOCK.settle()
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def killed_before(world: World, words: str, *args: str, nth: int = 1) -> None:
    """Runs `threescale-migrate ARGS` and kills it just before the Nth call with these words."""
    front = Front(world).instead(words, kill, nth)
    assert world.killed(*args), f"it was not killed: oc {words} was not called"
    front.leave()


@dataclass
class Planned:
    """One thing that is to happen: `nth` counts the calls that have the words, or are of that kind; None stands for each of them, and
    all calls have no words."""

    when: str
    words: str | Call
    nth: int | None
    act: Act | None = None
    answer: Answer | None = None
    seen: int = 0
    fired: int = 0
    effect: bool = False

    def fits(self, args: Sequence[str]) -> bool:
        """Whether it is the turn of this call, which is counted."""
        if isinstance(self.words, Call):
            self.seen += kind_of(args) == self.words.kind
            return kind_of(args) == self.words.kind and self.seen == self.words.ordinal
        if self.words and is_question(args) and not is_question(self.words.split()):
            return False
        if self.words and f" {self.words} " not in f" {' '.join(args)} ":
            return False
        self.seen += 1
        return self.nth in (None, self.seen)


@dataclass
class Front:
    """In front of the `oc` of a world. `calls` are the command lines that were made, without `oc`."""

    world: World
    calls: list[str] = field(default_factory=list)
    planned: list[Planned] = field(default_factory=list)
    # Seconds that pass in the cluster with each call, where its clock stands still otherwise.
    step: float = 0.0

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        FRONTS[os.path.abspath(self.world.directory)] = self

    def before(self, words: str | Call, act: Act, nth: int | None = 1) -> Front:
        """Something is done just before the call. It has to change the cluster."""
        self.planned.append(Planned(BEFORE, words, nth, act=act))
        return self

    def after(self, words: str | Call, act: Act, nth: int | None = 1) -> Front:
        """Something is done just after the call, before its answer arrives. It has to change the cluster."""
        self.planned.append(Planned(AFTER, words, nth, act=act))
        return self

    def instead(self, words: str | Call, answer: Answer | Ending, nth: int | None = 1) -> Front:
        """The call is answered so: exit code, stdout, stderr; or by a function of its words and of what makes it."""
        given = answer if callable(answer) else lambda args, really: answer
        self.planned.append(Planned(INSTEAD, words, nth, answer=given))
        return self

    @property
    def kinds(self) -> tuple[Call, ...]:
        """The calls that were made, each by its kind and number."""
        kinds = [kind_of(call.split()) for call in self.calls]
        return tuple(Call(kind, kinds[: at + 1].count(kind)) for at, kind in enumerate(kinds))

    def of(self, words: str) -> list[str]:
        """The calls that have these words in them."""
        return [call for call in self.calls if words in call]

    def leave(self) -> None:
        """Takes it away, whatever has happened."""
        FRONTS.pop(os.path.abspath(self.world.directory), None)

    def remove(self) -> None:
        """Takes it away; what was planned has to have happened."""
        self.leave()
        self.check()

    def check(self) -> None:
        """Fails where something that was planned did not happen, or changed nothing."""
        for one in self.planned:
            assert one.fired, f"nothing was done {one.when} oc {one.words} (#{one.nth}): {self.calls}"
            assert one.effect, f"what was done {one.when} oc {one.words} (#{one.nth}) changed nothing"

    def __call__(self, args: Sequence[str], really: Really) -> Ending:
        """Makes a call, with what was planned for it."""
        with self._lock:
            self.calls.append(" ".join(args))
            if self.step:
                self._let_pass()
            due = [one for one in self.planned if one.fits(args)]
            for one in due:
                one.fired += 1
                if one.when == BEFORE:
                    self._do(one)
        answer = next((one for one in due if one.answer is not None), None)
        if answer is not None:
            answer.effect = True
        ended = really(args) if answer is None or answer.answer is None else answer.answer(args, really)
        for one in due:
            if one.when == AFTER:
                self._do(one)
        return ended

    def _do(self, one: Planned) -> None:
        """Does it while the cluster's time stands still, so that what changes is its doing."""
        assert one.act is not None
        ends, CLOCK.call.ends = getattr(CLOCK.call, "ends", None), None
        try:
            with open_cluster(self.world.directory) as cluster:
                stands = cluster.store.clock.data.get("pinned") is not None
                cluster.store.clock.pin(cluster.store.now())
            before = self.world.objects()
            one.act()
            one.effect = one.effect or self.world.objects() != before
        finally:
            if not stands:
                with open_cluster(self.world.directory) as cluster:
                    cluster.store.clock.pin(None)
            CLOCK.call.ends = ends

    def _let_pass(self) -> None:
        with open_cluster(self.world.directory) as cluster:
            cluster.store.clock.pin(cluster.store.now() + self.step)
