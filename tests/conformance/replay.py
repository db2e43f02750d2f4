"""Replays a recorded scenario against the rehearsal's `oc` and says which calls come back equal (`comparing`).

Before a call the cluster's clock is pinned to the recorded moment, and a call that looks at a cluster in motion may be asked
again at later moments, never at earlier ones, until its answer is the recorded one. A look at everything that moves is compared
piece by piece, where it ended as the recorded one did: each piece has to be what the rehearsal had at some moment, what is not
there has to have been away, and the moments of a piece have to come in the recorded order.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.conformance.arranging import Arrangement, begin
from tests.conformance.comparing import MOVING, Outcome
from tests.conformance.rehearsed import Rehearsal
from tests.support import recorded
from threescale_migrate.rehearsal import launch

# How far, in seconds, and in which steps a moving cluster is looked ahead into.
AHEAD = 5.0
STEP = 0.5


def replay(scenario: str | Path, directory: Path) -> list[Outcome]:
    """Replays a scenario in an empty directory, which is the current one, for the files that its commands read.

    Raises recorded.NoScenario, OSError for a file that is none.
    """
    header = recorded.header(scenario)
    store = begin(header)
    (directory / "cluster").mkdir()
    project = store.settings["project"] if header.get("begins") != "nothing" else "default"
    launch.prepare(directory / "cluster", project, launch.login(store))
    rehearsal = Rehearsal(store)
    arrange = Arrangement(rehearsal, directory / "cluster" / "kubeconfig")
    outcomes = []
    shift = 0.0
    first: float | None = None
    for call in recorded.calls(scenario):
        first = call.at if first is None else first
        shift += arrange(call)
        outcome, shift = _replay_call(call, rehearsal, rehearsal.begin - first, shift)
        outcomes.append(outcome)
    return [replace(outcome, by_piece=_by_piece(outcome, rehearsal)) for outcome in outcomes]


def _by_piece(outcome: Outcome, rehearsal: Rehearsal) -> bool:
    """Whether an answer that differs in stdout alone, to a look at everything that moves, is equal piece by piece."""
    return (
        outcome.difference == "stdout"
        and outcome.code == 0
        and outcome.call.argv[1:] in MOVING
        and outcome.same_errors
        and rehearsal.had(outcome.call)
    )


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
    return call.argv[1] in ("get", "describe", "logs")
