"""Data that a redeployment would empty: saved just before it, restored once a pod can take it, and journaled at each step.

What is kept is decided in `guide/kept_data.py`; the files are `dumping.py`'s. What a run has saved is owed until it is
restored, by that run or by a later one.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic

from ..cluster.oc_errors import OcError
from ..cluster.state import Pod, ProjectState
from ..exit_codes import ExitCode
from ..guide import dumps, kept_data
from ..guide.kept_data import BEGUN, FAILED, GIVEN_UP, RESTORE, RESTORED, TAKEN, UNNEEDED, DataKept, Owed
from ..guide.readiness import MIGRATED, Goal
from ..language import system_error
from ..values import Check, Command, Fix, Refused, Text
from .apply import Replan
from .dumping import dump, holds, play
from .journal import now
from .rollout_wait import wait
from .run import Run
from .run_failure import Failed, Failure

# Where data is saved, below a project's journals.
DATA = "data"


def save_before(run: Run, state: ProjectState, replan: Replan) -> Replan:
    """Saves the data of the configs that the planned changes redeploy, just before they are made. Gives the same plan, in which these
    come first, so that little is missed.

    What an earlier run has saved and not restored is restored first; while it cannot be, nothing that holds less takes its place. Raises
    Refused before the first change, Failed after it, where a config's data cannot be saved: it is not redeployed then. Raises what
    the end of the run's time and a cluster that does not answer raise.
    """
    changes = tuple(replan(state))
    names = kept_data.to_keep(state, changes, run.request)
    for name in names:
        live = [pod for pod in state.pods_of(name) if pod.live]
        ready = kept_data.ready_pods(state, name)
        if len(ready) != 1:
            if live and not any(owed.data.config == name for owed in run.owed):
                raise _unsaved(run, name, Text("it has no ready pod"))
            continue
        (try_to_restore if run.goals else restore)(run, state, (name,))
        _save(run, name, ready[0])
    run.redeployed += kept_data.redeployed(state, changes)
    return lambda state: kept_data.first(replan(state), names)


def _save(run: Run, name: str, pod: Pod) -> None:
    earlier = [owed for owed in run.owed if owed.data.config == name and owed.data.pod_uid != pod.uid]
    try:
        run.data_directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = _free(run.data_directory, f"{name}-{run.journal.run}")
        made = dump(run.oc, name, pod.name, path)
    except OSError as error:
        raise _unsaved(run, name, system_error(error)) from None
    except OcError as error:
        if error.exit_code in (ExitCode.UNKNOWN, ExitCode.DEADLINE, ExitCode.INTERRUPTED):
            raise
        raise _unsaved(run, name, error.text) from None
    tables = made.found()
    if earlier and (made.locked or not dumps.holds_rows(tables)):
        path.unlink()  # what was saved before holds more
        return
    why = Text("its redeployment would lose its data")
    data = DataKept(why, name, str(path), pod.name, pod.uid, tables)
    record(run, TAKEN, data)
    where = Text(
        "{config}: {rows} rows of {tables} tables are saved in {path}",
        config=name,
        rows=data.rows,
        tables=len(tables),
        path=data.path,
    )
    run.watcher.note(where)


def _free(directory: Path, name: str) -> Path:
    """A file of that name that is not there yet."""
    found, number = directory / f"{name}.sql", 1
    while found.exists():
        number += 1
        found = directory / f"{name}-{number}.sql"
    return found


def _unsaved(run: Run, config: str, why: Text) -> Exception:
    """The end of a run that cannot save what its next change would lose."""
    fix = Fix(Text("remove the cause, or give --lose-data {config} if that data may be lost", config=config))
    said = Text("{config} is not redeployed, since its data cannot be saved: {why}", config=config, why=why)
    if not run.journal.number:
        return Refused(Text.sentences(said, Text("nothing was changed")), fix)
    return Failed(Failure((said,), fix=fix, undo=run.undoing), ExitCode.REFUSED)


def record(run: Run, event: str, data: DataKept, pod_uid: str = "", said: str = "") -> None:
    """Journals what has become of a dump. Raises JournalError."""
    run.journal.write("data", state=event, change=data.kept(), pod_uid=pod_uid, said=said)
    run.owed = kept_data.after(run.owed, event, data, run.journal.run, now(), pod_uid)


def give_up(run: Run, names: Iterable[str]) -> None:
    """What is owed of these configs need not be restored: the user has said that it may be lost."""
    for owed in [owed for owed in run.owed if owed.data.config in names]:
        record(run, GIVEN_UP, owed.data)
        sentence = "{config}: not restored, as --lose-data says; its data is kept in {path}"
        run.watcher.note(Text(sentence, config=owed.data.config, path=owed.data.path))


def restore(run: Run, state: ProjectState, names: Iterable[str], over: bool = False, force: bool = False) -> bool:
    """Restores what is owed of these configs where a pod can take it. Gives whether something was restored.

    With `over` their rollouts are over: what has no pod then is a failure. Content that somebody has stored since is replaced with `force`
    alone. Raises Failed with exit code 5 where not each row is back, JournalError.
    """
    done = False
    chosen = frozenset(names)
    for owed in reversed([owed for owed in run.owed if owed.data.config in chosen]):  # the newest first
        name = owed.data.config
        if owed.data.is_done(state):
            if over:
                record(run, UNNEEDED, owed.data)
                run.watcher.note(Text("{config} has kept its pod and its data: nothing is restored", config=name))
            continue
        if name in state.configs and not state.configs[name].resting_replicas:
            continue
        pod = kept_data.target(state, name)
        if pod is not None:
            done = _restore(run, owed, pod, force) or done
        elif over:
            raise unrestored(run, owed.data, Text("it has no ready pod"))
    return done


def _restore(run: Run, owed: Owed, pod: Pod, force: bool) -> bool:
    """Restores a dump into a pod, unless the pod holds it, or something else. Raises Failed."""
    data = owed.data
    if (owed.run != run.journal.run or pod.uid in owed.tried) and not _takes(run, owed, pod, force):
        return False
    change = replace(data.inverse, pod=pod.name, pod_uid=pod.uid)
    said = "{config}: restoring {rows} rows of {tables} tables"
    run.watcher.note(Text(said, config=data.config, rows=data.rows, tables=len(data.tables)))
    began = monotonic()
    record(run, BEGUN, data, pod.uid)
    why = play(run, change)
    if why is not None:
        record(run, FAILED, data, pod.uid, str(why))
        raise unrestored(run, data, why)
    record(run, RESTORED, data, pod.uid)
    run.restored.append(data)
    seconds = f"{monotonic() - began:.0f}"
    run.watcher.note(
        Text("{config}: each table has as many rows as before ({seconds} s)", config=data.config, seconds=seconds)
    )
    return True


def _takes(run: Run, owed: Owed, pod: Pod, force: bool) -> bool:
    """Whether a dump of an earlier run, or of an attempt that has not come to its end, is restored into a pod: what is there is less than it.

    While a restore is under way its file lets nobody else in, so that a database that lets others in and has rows either holds all of
    it, which shows where each row is there, or what somebody has stored since. Raises Failed where that cannot be seen.
    """
    data = owed.data
    path = Path(f"{data.path}.now")
    try:
        with suppress(FileNotFoundError):
            path.unlink()
        made = dump(run.oc, data.config, pod.name, path)
        less = made.locked or not dumps.holds_rows(made.found())
        same = not less and pod.uid in owed.tried and holds(path, Path(data.path))
    except (OcError, OSError) as error:
        why = system_error(error) if isinstance(error, OSError) else error.text
        raise unrestored(run, data, Text("what is there now cannot be read: {why}", why=why)) from None
    if less:
        path.unlink()
        return True
    if same:
        path.unlink()
        record(run, RESTORED, data, pod.uid)
        run.restored.append(data)
        run.watcher.note(Text("{config}: each row of the file is in its database already", config=data.config))
        return False
    if force:
        kept = _free(path.parent, f"{data.config}-{run.journal.run}-replaced")
        path.rename(kept)
        sentence = "{config}: what was stored since is replaced; it is saved in {path}"
        run.watcher.note(Text(sentence, config=data.config, path=str(kept)))
        return True
    path.unlink()
    sentence = "{config} holds rows that were stored since: what run {run} saved in {path} is not restored over them"
    run.watcher.note(Text(sentence, config=data.config, run=owed.run, path=data.path))
    return False


def restore_earlier(run: Run, state: ProjectState) -> ProjectState:
    """Restores what earlier runs have saved and not restored, where that can be done before anything is redeployed. Gives the state
    after it. Raises Failed, OcError."""
    names = tuple(dict.fromkeys(owed.data.config for owed in run.owed))
    if not names or not restore(run, state, names):
        return state
    return run.observe(cluster=False, secret=False)


def restore_after(run: Run, state: ProjectState, names: tuple[str, ...], goal: Goal = MIGRATED) -> ProjectState:
    """Restores what is owed of configs whose rollouts have reached a goal, and waits until they have reached it again. Gives the state after it. Raises
    what `restore` and waiting raise."""
    if not any(owed.data.config in names for owed in run.owed):
        return state
    try:
        if not restore(run, state, names, over=True):
            return state
    except Failed as error:
        if not run.goals:
            raise
        run.watcher.note(error.text)  # an undo continues, and its checks name what is owed
        return state
    # While it was restored nobody else was let in, its own probe neither.
    own = tuple(dict.fromkeys(data.config for data in run.restored if data.config in names))
    return wait(run, run.observe(cluster=False, secret=False), own, goal)


def rescue(run: Run, names: Iterable[str]) -> None:
    """After a failure: restores what is owed where a pod of the previous revision serves again. A failure of that is noted, the dump
    stays owed, and the end of the run names it."""
    chosen = [owed.data.config for owed in run.owed if owed.data.config in names]
    if not chosen:
        return
    with suppress(OcError):
        state = run.observe(cluster=False, secret=False)
        try_to_restore(run, state, chosen)


def try_to_restore(run: Run, state: ProjectState, names: Iterable[str]) -> None:
    """The same of a state, into pods into which it has not failed already."""
    for name in names:
        pod = kept_data.target(state, name)
        if pod is None or any(owed.tried.get(pod.uid) == FAILED for owed in run.owed if owed.data.config == name):
            continue
        try:
            restore(run, state, (name,))
        except Failed as error:
            run.watcher.note(error.text)


def checks(run: Run, state: ProjectState) -> tuple[Check, ...]:
    """What has become of the data: what is owed still, what was restored, what was lost as the user allowed."""
    lost = [
        kept_data.of_loss(name, volumes)
        for name in run.redeployed
        if name in run.request.lose_data and name in state.configs
        for volumes in [kept_data.lost_volumes(state.configs[name], run.request)]
        if volumes
    ]
    restored = {data.config: kept_data.of_restored(data) for data in run.restored}
    return (*kept_data.checks(run.owed, state), *restored.values(), *lost)


def unrestored(run: Run, data: DataKept, why: Text) -> Failed:
    """The end of a run that could not put each row back."""
    first = Text("{config}: its data was not restored, or not all of it: {why}", config=data.config, why=why)
    return Failed(Failure((first,), fix=by_hand(data), undo=run.undoing), ExitCode.ROLLOUT_FAILED)


def by_hand(data: DataKept) -> Fix:
    """How the data of a config is put back."""
    said = "its data from before is complete in {path}: restore it, by the tool or by hand"
    return Fix(Text(said, path=data.path), (RESTORE, Command(("oc", *data.inverse.args), reads=data.path)))


def remove_old(run: Run) -> None:
    """After a success: removes the files beside the journals that earlier runs have restored. What is owed, or was given up, stays."""
    kept = {Path(owed.data.path) for owed in run.owed}
    for path in (run.journal.path.parent / DATA).glob("*.sql*"):
        if path not in kept and path not in run.given_up and run.journal.run not in path.name:
            with suppress(OSError):
                path.unlink()


def owed_at_the_end(run: Run) -> tuple[Owed, ...]:
    """What has to be said at the end of a run that failed: what is not restored, of pods that are gone."""
    return tuple(run.owed) if run.seen is None else kept_data.still_owed(run.owed, run.seen)
