"""The sequence of an undo: the stages newest first, each planned from what is there then. What is undone, and how, is decided in
`guide/undoing.py`.
"""

from __future__ import annotations

from ..cluster.project import ProjectState
from ..guide import undoing
from ..guide.readiness import assess_all
from ..guide.selection import Wave
from ..guide.undoing import Undo
from ..values import Action, Check, Inverse
from .apply import apply
from .run import Run
from .waiting import wait


def undo(run: Run, wanted: Undo) -> tuple[ProjectState, tuple[Check, ...]]:
    """Takes changes back, newest first, each stage planned from what is there then. Gives the last state and its checks.

    Raises Failed, OcError, Stopped, JournalError, Usage.
    """
    state = run.look()
    run.goals.clear()
    run.goals.update({change.name: undoing.goal(change) for change in wanted.changes if change.kind == undoing.CONFIG})
    order = undoing.stages(wanted, state)
    total = sum(isinstance(stage, Wave) for stage in order)
    number = 0
    for stage in order:
        if isinstance(stage, Wave):
            number += 1
            _undo_wave(run, wanted, stage, number, total)
            continue

        def replan(state: ProjectState, stage: tuple[Inverse, ...] = stage) -> tuple[Action, ...]:
            return undoing.plan_things(state, wanted, stage)

        if stage is not order[0]:
            run.stop.check()
            state = run.look()
        apply(run, replan(state), replan)
    run.stop.check()
    state = run.look()
    return state, undoing.verify(state, wanted)


def _undo_wave(run: Run, wanted: Undo, wave: Wave, number: int, total: int) -> None:
    def patches(state: ProjectState) -> tuple[Action, ...]:
        return undoing.plan_wave(state, wanted, wave.configs)

    def afterwards(state: ProjectState) -> tuple[Action, ...]:
        return undoing.plan_after(state, wanted, wave.configs)

    run.stop.check()
    state = run.look(cluster=False, secret=False)
    goals = undoing.goals(state, wanted, wave.configs)
    if any(not found.reached for goal, names in goals.items() for found in assess_all(state, names, goal)):
        run.watcher.wave(wave, number, total)
        run.journal.write("wave", name=wave.name, number=number, total=total, configs=list(wave.configs))
    apply(run, patches(state), patches)
    for goal, names in goals.items():
        state = wait(run, state, names, goal)
    if any(change.kind == "pause" and change.name in wave.configs for change in wanted.changes):
        apply(run, afterwards(state), afterwards)
