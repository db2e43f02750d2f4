"""What runs changed, as the request of an undo. How it is undone is decided in `guide/undo_plan.py`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from ..check_codes import Code
from ..cluster.clock import Clock
from ..cluster.location import normal
from ..cluster.named_objects import read_secret as read_project_secret
from ..cluster.oc import Oc
from ..cluster.oc_errors import NotFound, OcError, TimeOver
from ..cluster.state import ProjectState
from ..engine import records
from ..engine import undo_sequence as sequence
from ..engine.records import Record
from ..engine.run import TIME_IS_OVER, Run
from ..engine.run_failure import Failed
from ..engine.wait_endings import all_standing, observe_again, seen_last
from ..guide import registry_secret
from ..guide.change import Change, Undo
from ..guide.config_changes import patches_in
from ..guide.object_changes import SecretChange, SecretReplaced
from ..guide.undo_plan import combined
from ..values import NO_FIX, NOTHING, PROGRAM, SECRET_NAME, Check, Command, Fix, PullSecret, Step, Text, Usage, Verdict
from .sources import of_file


def changes_of(runs: Iterable[Record]) -> tuple[Change, ...]:
    """What the runs changed, newest first."""
    entries = [entry for record in runs for entry in reversed(record.changes)]
    return combined(entry.change for entry in entries)


def manifests(oc: Oc, changes: Iterable[Change], given: PullSecret | None) -> dict[str, str]:
    """The secrets that can be brought back, by fingerprint: the user's file, the file that the run read, the one that was kept."""
    found = {} if given is None else {given.fingerprint: given.manifest}
    for change in changes:
        if not isinstance(change, SecretChange):
            continue
        if change.path and os.path.isfile(change.path):
            with suppress(Usage):  # the file was replaced since, and may not be needed
                secret = of_file(change.path)
                oc.redact.learn(*secret.secrets)
                found.setdefault(secret.fingerprint, secret.manifest)
        backup = change.backup if isinstance(change, SecretReplaced) else None
        for name in filter(None, (backup, change.copied_from)):
            with suppress(NotFound):
                kept = read_project_secret(oc, name)
                found[kept.fingerprint] = registry_secret.renamed(kept.manifest, SECRET_NAME)
    return found


def after_failure(run: Run, error: Failed) -> Failed:
    """Undoes the run that has failed at once. Gives the failure, with what has become of it."""
    first = next((broken.why for broken in error.failure.configs), next(iter(error.failure.what), NOTHING))
    run.watcher.note(first)
    run.watcher.note(Text("undoing what this run has changed (--on-failure undo)"))
    changes = changes_of([records.read(run.journal.path)])
    wanted = Undo(changes, manifests(run.oc, changes, run.request.pull_secret))
    undo = run.undoing
    run.journal.made_before_undo = len(run.journal.made)
    run.oc.clock = Clock(run.oc.clock.seconds)  # what ended the run may have been the end of its time
    try:
        _, checks = sequence.undo(run, wanted)
    except Failed as again:
        why = replace(again.failure, undo=None, fix=NO_FIX, others=()).text
        return _not_undone(run, error, why, undo)
    except OcError as again:
        if run.seen is not None:
            observe_again(run, run.seen)
        return _not_undone(run, error, TIME_IS_OVER if isinstance(again, TimeOver) else again.text, undo)
    else:
        left = ", ".join(check.subject for check in checks if check.verdict is not Verdict.PASSED)
        run.journal.write("undone", whole=not left)
        others = _others_of(run)
        become = Text("the run was undone: everything is as before")
        if left:
            become = Text("the run was undone, except for: {left}", left=left)
        elif others:
            become = Text.sentences(Text("the run was undone: as before this run"), others[0].seen)
    # The state of the others has changed since.
    return Failed(replace(error.failure, undo=None, others=(become,)), error.exit_code)


def still_migrated(state: ProjectState, others: Iterable[Record]) -> tuple[Check, ...]:
    """For each of other runs that are in effect, what it left: an undo of one run says nothing of those."""
    checks = []
    for record in others:
        given = patches_in(changes_of((record,)))
        names = [
            change.config
            for change in given
            if change.config in state.configs and state.configs[change.config].effective_account == change.account_given
        ]
        seen = Text("still in effect: run {run}", run=record.run)
        if names:
            seen = Text("still migrated by run {run}: {names}", run=record.run, names=", ".join(sorted(names)))
        fix = Fix(Text("undo that as well, if it is to go"), (Command((PROGRAM, "undo")),))
        checks.append(Check(Step.VERIFICATION, Code.RUNS_UNDONE, f"run/{record.run}", Verdict.WARNING, seen, fix))
    return tuple(checks)


def remembering(state: ProjectState, server: str) -> ProjectState:
    """The state with which run of this workstation has cancelled a rollout, where one was cancelled."""
    if not any(controller.cancelled for controller in state.controllers.values()):
        return state
    return replace(state, cancelled_by=records.cancelled_by(records.records(normal(server), state.namespace)))


def _others_of(run: Run) -> tuple[Check, ...]:
    """What other runs have left in the project of a run."""
    own = records.read(run.journal.path)
    mine, _ = sequence.of_identity(records.records(own.server, own.project), own.uid)
    others = [record for record in sequence.in_effect(mine) if record.run != own.run]
    return still_migrated(run.seen, others) if run.seen is not None else ()


def _not_undone(run: Run, error: Failed, why: Text, undo: Command | None) -> Failed:
    """The failure of a run that could not be undone: the state of each config as it was seen last, and the command that undoes it."""
    others = (Text("undoing it failed: {why}", why=why), *seen_last(run), *all_standing(run))
    return Failed(replace(error.failure, undo=undo, others=others), error.exit_code)
