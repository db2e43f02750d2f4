"""The sequence of an undo: the stages newest first, each planned from what is there then. What is undone, and how, is decided in
`guide/undo_plan.py`; which runs are
undone, here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from ..cluster.oc_errors import OcError
from ..cluster.state import ProjectState
from ..guide import deployment_configs
from ..guide import undo_plan as guide
from ..guide.change import Change, Undo
from ..guide.config_changes import ConfigResumed, patches_in
from ..guide.readiness import assess_all
from ..guide.selection import Wave, Whole
from ..values import PROGRAM, Check, Command, Fix, Text, Usage, Verdict
from . import data_keeping
from .apply import apply
from .records import Record, one_of
from .rollout_wait import last_observation, settle, wait
from .run import Run
from .run_failure import Failed
from .wait_endings import broken_off


def undo(run: Run, wanted: Undo) -> tuple[ProjectState, tuple[Check, ...]]:
    """Undoes changes, newest first, each stage planned from what is there then. Gives the last state and its checks.

    Raises Failed, OcError, Stopped, JournalError, Usage.
    """
    run.former_secrets = guide.former_secrets(wanted.changes)
    state = run.observe()
    run.goals.clear()
    run.goals.update({change.config: guide.goal_of(change) for change in patches_in(wanted.changes)})
    there = frozenset(state.configs)
    data_keeping.give_up(run, run.request.lose_data)
    data_keeping.try_to_restore(run, state, tuple(dict.fromkeys(owed.data.config for owed in run.owed)))
    order = guide.stages(wanted, state)
    total = sum(isinstance(stage, Wave) for stage in order)
    number = 0
    for stage in order:
        run.check_location()
        if isinstance(stage, Wave):
            number += 1
            _undo_wave(run, wanted, stage, number, total)
            continue

        def replan(state: ProjectState, stage: tuple[Change, ...] = stage) -> tuple[Change, ...]:
            return guide.plan_things(state, guide.at(stage, wanted), stage)

        if stage is not order[0]:
            run.stop.check()
            state = run.observe()
        apply(run, replan(state), replan)
    names = tuple(change.config for change in patches_in(wanted.changes))
    state, checks = last_observation(
        run, lambda state: _accounted(state, wanted, names, there), lambda: names, lambda name: run.goals[name]
    )
    return state, (*data_keeping.checks(run, state), *checks)


def _accounted(state: ProjectState, wanted: Undo, names: tuple[str, ...], there: frozenset[str]) -> tuple[Check, ...]:
    """The checks of an undo; a config that was there when it began and is gone is a failure."""
    checks = guide.verify(state, wanted)
    if "dc" in state.unread:
        return checks
    gone = {f"dc/{name}" for name in names if name in there and name not in state.configs}
    seen = Text("it was there when the undo began, and another user has deleted it since")
    return tuple(
        replace(check, verdict=Verdict.FAILED, seen=seen) if check.subject in gone else check for check in checks
    )


def _undo_wave(run: Run, wanted: Undo, wave: Wave, number: int, total: int) -> None:
    def patches(state: ProjectState) -> tuple[Change, ...]:
        return guide.plan_wave(state, wanted, wave.configs)

    def afterwards(state: ProjectState) -> tuple[Change, ...]:
        return guide.plan_after(state, wanted, wave.configs)

    run.stop.check()
    state = run.observe(cluster=False, secret=False)
    goals = guide.goals(state, wanted, wave.configs)
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
    ordered = data_keeping.save_before(run, state, patches)
    try:
        apply(run, ordered(state), ordered)
    except OcError as error:
        for goal, names in goals.items():
            raise broken_off(run, error, state, names, goal) from None
        raise
    state = run.seen or state  # somebody may have changed a config just before its patch
    for goal, names in guide.goals(state, wanted, wave.configs).items():
        try:
            state = data_keeping.restore_after(run, wait(run, state, names, goal), names, goal)
        except Failed:
            data_keeping.rescue(run, names)
            raise
    if any(isinstance(change, ConfigResumed) and change.config in wave.configs for change in wanted.changes):
        apply(run, afterwards(state), afterwards)


def of_identity(known: Iterable[Record], uid: str | None) -> tuple[tuple[Record, ...], tuple[Record, ...]]:
    """The runs that count for the project with that uid, and those of another project of the same name. Where either uid is not
    known, the name has to do (fact 27)."""
    listed = tuple(known)
    mine = tuple(record for record in listed if not uid or record.uid in ("", uid))
    return mine, tuple(record for record in listed if record not in mine)


def undone(known: Iterable[Record]) -> set[str]:
    """The names of the runs that a later run has undone, or that did so themselves when they failed. An undo of some configs leaves the run in effect, as far as it is."""
    listed = tuple(known)
    by_others = {run for record in listed if record.finished == "done" and not record.only for run in record.undoes}
    return by_others | {record.run for record in listed if record.undone}


def in_effect(known: Iterable[Record]) -> tuple[Record, ...]:
    """The runs whose changes are in effect, newest first."""
    ordered = sorted(known, key=lambda record: record.order, reverse=True)
    gone = undone(ordered)
    return tuple(r for r in ordered if r.changes and not r.is_undo and r.run not in gone)


def to_undo(known: Iterable[Record], run: str | None = None) -> tuple[Record, ...]:
    """The runs of one project that `undo` is about, newest first; none if nothing is in effect.

    A run by its name, or the beginning of it; else all that are in effect, so that a migration in several runs is one: twice is
    once. An undo that did not come to its end is resumed, as is one that is named. Raises Usage for an unknown name, and for an
    undo that is complete.
    """
    ordered = sorted(known, key=lambda record: record.order, reverse=True)
    changed = [record for record in ordered if record.changes]
    chosen = one_of(ordered, run) if run is not None else next(iter(changed), None)
    if chosen is not None and chosen.is_undo:
        if chosen.finished != "done":
            return tuple(record for record in ordered if record.run in chosen.undoes and not record.is_undo)
        if run is not None:
            why = Text("run {run} is an undo, which is not undone itself", run=chosen.run)
            raise Usage(why, Fix(Text("migrate again"), (Command((PROGRAM, "migrate", "--secret-file", "FILE")),)))
    if run is not None and chosen is not None:
        return (chosen,)
    return in_effect(ordered)
