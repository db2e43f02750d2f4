"""What a run has seen, as its journal keeps it for those who read it later: the reports are drawn from it.

Pure functions from values to JSON; texts are kept so that they can be translated later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from .. import check_json
from ..cluster.state import ProjectState
from ..guide.readiness import MIGRATED, Assessment, Goal, assess, fix, proves
from .run_failure import BrokenConfig


def proof(state: ProjectState, names: Iterable[str], goals: Mapping[str, Goal]) -> dict[str, object]:
    """What each config and its pods show, as the journal keeps it: the proof (fact 14)."""
    found: dict[str, object] = {}
    for name in names:
        if name not in state.configs:
            continue
        goal = goals.get(name, MIGRATED)
        assessment = assess(state, name, goal)
        why = assessment.cause.sentence if assessment.cause is not None else assessment.reason
        found[name] = {
            "account": state.configs[name].effective_account,
            "goal": goal.account,
            "state": assessment.state.value,
            "reached": assessment.reached,
            "lasting": assessment.cause is not None and assessment.cause.lasting,
            "why": why.kept(),
            "fix": check_json.of_fix(fix(assessment)),
            "revision": assessment.revision,
            "ready": assessment.ready,
            "wanted": assessment.wanted,
            "pods": [
                {
                    "name": pod.name,
                    "account": pod.account,
                    "pull_secrets": list(pod.pull_secrets),
                    "ready": pod.ready,
                    "controller": pod.controller,
                    "proves": proves(pod, goal),
                }
                for pod in state.pods_of(name)
                if pod.live
            ],
        }
    return found


def failed(broken: BrokenConfig) -> dict[str, object]:
    """A config that failed."""
    return {
        "config": broken.config,
        "why": broken.why.kept(),
        "log": list(broken.log),
        "serves": broken.serves.kept(),
        "fix": check_json.of_fix(broken.fix),
    }


def rollout(assessment: Assessment) -> dict[str, object]:
    """A moment of a rollout."""
    return {
        "state": assessment.state.value,
        "reached": assessment.reached,
        "ready": assessment.ready,
        "wanted": assessment.wanted,
        "cause": None if assessment.cause is None else assessment.cause.kind.value,
    }
