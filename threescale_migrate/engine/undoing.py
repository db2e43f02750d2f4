"""The sequence of an undo: the stages newest first, each planned from what is there then. What is undone, and how, is decided in
`guide/undoing.py`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from ..cluster.failures import OcError
from ..cluster.state import ProjectState
from ..guide import deployment_configs, undoing
from ..guide.changes import Undo, goal_of
from ..guide.deployment_configs import CONFIG
from ..guide.readiness import assess_all
from ..guide.selection import Wave, Whole
from ..values import Action, Check, Inverse, Text, Verdict
from .apply import apply
from .failure import broken_off
from .run import Run
from .waiting import last_observation, settle, wait


def undo(run: Run, wanted: Undo) -> tuple[ProjectState, tuple[Check, ...]]:
    """Undoes changes, newest first, each stage planned from what is there then. Gives the last state and its checks.

    Raises Failed, OcError, Stopped, JournalError, Usage.
    """
    state = run.observe()
    run.goals.clear()
    run.goals.update({change.name: goal_of(change) for change in wanted.changes if change.kind == CONFIG})
    there = frozenset(state.configs)
    order = undoing.stages(wanted, state)
    total = sum(isinstance(stage, Wave) for stage in order)
    number = 0
    for stage in order:
        run.check_location()
        if isinstance(stage, Wave):
            number += 1
            _undo_wave(run, wanted, stage, number, total)
            continue

        def replan(state: ProjectState, stage: tuple[Inverse, ...] = stage) -> tuple[Action, ...]:
            return undoing.plan_things(state, wanted, stage)

        if stage is not order[0]:
            run.stop.check()
            state = run.observe()
        apply(run, replan(state), replan)
    names = wanted.configs
    return last_observation(
        run, lambda state: _accounted(state, wanted, there), lambda: names, lambda name: run.goals[name]
    )


def _accounted(state: ProjectState, wanted: Undo, there: frozenset[str]) -> tuple[Check, ...]:
    """The checks of an undo; a config that was there when it began and is gone is a failure."""
    checks = undoing.verify(state, wanted)
    if "dc" in state.unread:
        return checks
    gone = {f"dc/{name}" for name in wanted.configs if name in there and name not in state.configs}
    seen = Text("it was there when the undo began, and somebody has deleted it since")
    return tuple(
        replace(check, verdict=Verdict.FAILED, seen=seen) if check.subject in gone else check for check in checks
    )


def _undo_wave(run: Run, wanted: Undo, wave: Wave, number: int, total: int) -> None:
    def patches(state: ProjectState) -> tuple[Action, ...]:
        return undoing.plan_wave(state, wanted, wave.configs)

    def afterwards(state: ProjectState) -> tuple[Action, ...]:
        return undoing.plan_after(state, wanted, wave.configs)

    run.stop.check()
    state = run.observe(cluster=False, secret=False)
    goals = undoing.goals(state, wanted, wave.configs)
    if any(not found.reached for goal, names in goals.items() for found in assess_all(state, names, goal)):
        there = [name for name in run.goals if name in state.configs]
        reached = frozenset(n for n in there for found in assess_all(state, (n,), run.goals[n]) if found.reached)
        run.watcher.wave(wave, Whole(number, total, reached, len(run.goals)))
        run.journal.write("wave", name=wave.name, number=number, total=total, configs=list(wave.configs))
    for goal, names in goals.items():
        dead = deployment_configs.cancels(state, names, goal.account)
        if dead:
            ends = partial(deployment_configs.cancels, names=names, account=goal.account)
            apply(run, dead, ends)
            state = settle(run, run.observe(cluster=False, secret=False), names)
    try:
        apply(run, patches(state), patches)
    except OcError as error:
        for goal, names in goals.items():
            raise broken_off(run, error, state, names, goal) from None
        raise
    for goal, names in goals.items():
        state = wait(run, state, names, goal)
    if any(change.kind == "pause" and change.name in wave.configs for change in wanted.changes):
        apply(run, afterwards(state), afterwards)
