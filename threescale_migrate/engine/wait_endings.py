"""What ended a wait, and how it is reported: which config has failed or makes no progress, why, what serves now, how far the others are.

If nothing serves, it cancels the rollout so that the previous revision serves again; it changes nothing else, and starts nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from time import monotonic

from ..cluster.oc_errors import Denied, Forbidden, OcError, TimeOver
from ..cluster.state import ProjectState
from ..exit_codes import ExitCode
from ..guide.cause import Cause, CauseKind, then
from ..guide.change import Change
from ..guide.config_changes import RolloutCancelled
from ..guide.readiness import MIGRATED, Assessment, Goal, RolloutState, assess, assess_all, fix, serves, serving
from ..values import ACCOUNT, GO_ON, NOTHING, RESUME, Fix, Text
from . import evidence
from .apply import apply
from .run import POLL_FIRST, TIME_IS_OVER, Run, unseen
from .run_failure import BrokenConfig, Failed, Failure

LOG_LINES = 6
SENT = Text("commands sent since then (result unknown):")
HANGING = (RolloutState.WAITING_FOR_DEPLOYER, RolloutState.HOOKS, RolloutState.UNDER_WAY)


def how_far(
    run: Run, state: ProjectState, names: Iterable[str], goal: Goal, but: Sequence[Assessment] = ()
) -> tuple[Text, ...]:
    """The state that each config is in, of all that are migrated or else of `names`; those in `but` were shown already."""
    chosen = run.planned if goal == MIGRATED and run.planned else tuple(names)
    shown = {assessment.config for assessment in but}
    there = [name for name in chosen if name in state.configs]
    found = [a for a in assess_all(state, there, goal) if a.config not in shown]
    reached = [a.config for a in found if a.reached]
    begun = [a for a in found if not a.reached and state.configs[a.config].effective_account == goal.account]
    untouched = [a.config for a in found if not a.reached and a not in begun]
    gone = [name for name in chosen if name not in state.configs]
    groups = (
        (Text("runs as {account}: {names}", account=goal.account, names=", ".join(reached)), reached),
        (Text("not begun, as before: {names}", names=", ".join(untouched)), untouched),
        (Text("deleted by another user since the run began: {names}", names=", ".join(gone)), gone),
    )
    return (*(standing(a) for a in begun), *(text for text, group in groups if group))


def stopped(run: Run, what: tuple[Text, ...], fix: Fix, code: ExitCode, others: tuple[Text, ...]) -> Failed:
    """The end of a run that has not failed by a config: what ended it, the fix, and how all `others` stand."""
    return Failed(Failure(what, (), fix, run.undoing, others), code)


def observe_again(run: Run, state: ProjectState) -> tuple[ProjectState, tuple[Text, ...]]:
    """The state now, after an error; if that cannot be had, `state` with the lines that say when it was seen and what was
    sent since."""
    try:
        found = run.observe(cluster=False, secret=False, tries=2)
    except OcError:
        return state, seen_last(run)
    return (state, seen_last(run)) if unseen(found) else (found, ())


def last_seen(run: Run) -> Text:
    """When the state was seen last."""
    return Text("what follows was last seen at {time}", time=time.strftime("%H:%M:%S", time.localtime(run.seen_at)))


def seen_last(run: Run) -> tuple[Text, ...]:
    """When the state was seen last, and the commands that were sent since, whose effect is not known."""
    when = last_seen(run)
    if not run.sent:
        return (when,)
    return (SENT, *(Text("{line}", line=f"    {line}") for line in run.sent), when)


def unreadable(run: Run, state: ProjectState, names: Iterable[str], goal: Goal, kinds: Text, why: object) -> Failed:
    """The end of a run that lost the permission to read: how far each config is, and the fix."""
    what = (Text("{kinds} can no longer be read: {why}", kinds=kinds, why=why), *seen_last(run))
    fix = then(Text("ask an admin to grant the permissions in the project again"))
    return stopped(run, what, fix, ExitCode.UNKNOWN, how_far(run, state, names, goal))


def broken_off(run: Run, error: OcError, state: ProjectState, names: Iterable[str], goal: Goal) -> Failed:
    """The end of a run whose call failed for good: the state is read again before it is shown."""
    state, shown = observe_again(run, state)
    why = TIME_IS_OVER if isinstance(error, TimeOver) else error.text
    fix = Fix(error.fix.sentence, (*error.fix.commands, RESUME))
    if isinstance(error, Forbidden):
        fix = then(Text("ask an admin to grant the permission again"))
    if isinstance(error, Denied):
        fix = then(
            Text(
                "have a cluster admin make the policy that is named allow the service account {account}",
                account=ACCOUNT,
            )
        )
    code = ExitCode.UNKNOWN if isinstance(error, Forbidden) and shown else error.exit_code
    return stopped(run, (why, *shown), fix, code, how_far(run, state, names, goal))


def out_of_time(run: Run, error: TimeOver) -> Failed:
    """The end of a run whose time is over, wherever it was: nothing more was sent, and nothing more is asked."""
    if not run.journal.number:
        return not_begun(error)
    return stopped(run, (TIME_IS_OVER, *seen_last(run)), GO_ON, error.exit_code, all_standing(run))


def not_begun(error: TimeOver) -> Failed:
    """The end of a run whose time was over before its first change."""
    return Failed(Text.sentences(TIME_IS_OVER, Text("nothing was changed")), error.exit_code)


def all_standing(run: Run) -> tuple[Text, ...]:
    """The state that each config of the run was in when it was seen last, each by what it is to reach."""
    if run.seen is None:
        return ()
    groups: dict[Goal, tuple[str, ...]] = {}
    for name in tuple(run.goals) or run.planned:
        goal = run.goals.get(name, MIGRATED)
        groups[goal] = (*groups.get(goal, ()), name)
    return tuple(text for goal, own in groups.items() for text in how_far(run, run.seen, own, goal))


def interrupted(run: Run) -> tuple[Text, ...]:
    """How all stood when it was seen last, and which rollouts go on, also of what was patched since: ending this program stops none."""
    if run.seen is None:
        return ()
    state, patched = run.seen, {str(subject) for _, subject in run.made}
    reached, untouched, going, begun = [], [], [], []
    for name in tuple(run.goals) or run.planned:
        if name not in state.configs:
            continue
        goal = run.goals.get(name, MIGRATED)
        found = assess(state, name, goal)
        is_patched = state.configs[name].effective_account == goal.account
        if found.reached:
            reached.append(name)
        elif not is_patched and f"dc/{name}" not in patched:
            untouched.append(name)
        else:
            begun += [standing(found)] if is_patched else []
            going += [name] if found.moving or not is_patched else []
    groups = (
        (Text("done: {names}", names=", ".join(reached)), reached),
        (Text("not begun, as before: {names}", names=", ".join(untouched)), untouched),
        (Text("these rollouts go on in the cluster: {names}", names=", ".join(going)), going),
    )
    sent = (SENT, Text("{line}", line=f"    {run.unanswered}")) if run.unanswered else ()
    return (*sent, last_seen(run), *begun, *(text for text, group in groups if group))


def standing(assessment: Assessment) -> Text:
    """A config with the state that it is in, and why if that is known."""
    if assessment.cause is not None:
        return assessment.cause.sentence
    return Text("{name}: {reason}", name=assessment.config, reason=assessment.reason)


def ended(assessment: Assessment) -> bool:
    """Reached, or stopped without having failed: waiting does not help a paused config."""
    return assessment.reached or assessment.state is RolloutState.STALE_PAUSED


def ended_badly(
    run: Run,
    state: ProjectState,
    names: Iterable[str],
    goal: Goal,
    found: Sequence[Assessment],
    stuck: Sequence[Assessment],
) -> Failed:
    """The end of a wait that has failed: why, in the log's words too, what serves now, how all others stand, what to do."""
    blamed = [a for a in found if a in stuck or (not ended(a) and a.cause is not None and a.cause.lasting)]
    logs = {a.config: _last_lines(run, a.cause) for a in blamed if a.cause is not None}
    before, state = state, _restore_serving(run, state, blamed)
    gone = {pod.name for pod in before.pods} - {pod.name for pod in state.pods}
    broken = tuple(
        BrokenConfig(
            a.config,
            standing(a),
            logs.get(a.config, ()),
            serves(state, a.config),
            _without(gone, fix(a, goal != MIGRATED)),
        )
        for a in blamed
    )
    run.journal.write("failed", configs=[evidence.failed(config) for config in broken])
    others = how_far(run, state, names, goal, but=blamed)
    return Failed(Failure((), broken, then(NOTHING), run.undoing, others), ExitCode.ROLLOUT_FAILED)


def _without(gone: Iterable[str], fix: Fix) -> Fix:
    """A fix without the commands about pods that are gone: a rollout that was cancelled takes its pods with it."""
    names = frozenset(gone)
    return replace(fix, commands=tuple(command for command in fix.commands if not names & set(command.argv)))


def _last_lines(run: Run, cause: Cause) -> tuple[str, ...]:
    """What a container wrote last, masked; nothing if its log cannot be read."""
    if cause.log_of is None:
        return ()
    pod, container = cause.log_of
    args = ("logs", pod, *(("-c", container) if container else ()), f"--tail={LOG_LINES}")
    # A container that was started again has written little yet; what it ended with is in the log before.
    for more in (("--previous",), ()) if cause.kind is CauseKind.CRASH_LOOP else ((),):
        try:
            said = run.oc.redact.strictly(run.oc.read((*args, *more), tries=2).stdout)
        except OcError:
            continue
        if said.strip():
            return tuple("".join(filter(str.isprintable, line))[:200] for line in said.splitlines()[-LOG_LINES:])
    return ()


def _restore_serving(run: Run, state: ProjectState, blamed: Sequence[Assessment]) -> ProjectState:
    """Has the previous revision serve again if nothing does, and waits for it, at most a grace period.

    A rollout that makes no progress keeps a Recreate config down until its deadline; cancelled, it is over at once. What has failed
    already is scaled up again by OpenShift (fact 3).
    """
    down = [a for a in blamed if a.wanted and not serving(state, a.config)]
    hanging = [a.config for a in down if a.state in HANGING and _has_former(state, a.config)]
    if hanging:
        run.watcher.note(
            Text(
                "{names}: nothing serves; cancelling the rollout, so that the previous revision serves again",
                names=", ".join(hanging),
            )
        )
    for name in hanging:
        _cancel(run, state, name)
    ends = monotonic() + run.limits.grace
    while any(a.state is RolloutState.FAILED or a.config in hanging for a in down) and monotonic() < ends:
        run.stop.check()
        with suppress(OcError):
            state = run.observe(cluster=False, secret=False, tries=1)
        if all(serving(state, a.config) for a in down):
            break
        run.stop.sleep(POLL_FIRST)
    return state


def _cancel(run: Run, state: ProjectState, name: str) -> None:
    change = RolloutCancelled(NOTHING_SERVES, name, state.configs[name].latest_version)

    def replan(state: ProjectState) -> tuple[Change, ...]:
        return () if change.is_done(state) else (change,)

    with suppress(OcError):  # the failure that led here is what has to be shown
        apply(run, (change,), replan)


NOTHING_SERVES = Text("its rollout makes no progress, and nothing serves meanwhile")


def _has_former(state: ProjectState, name: str) -> bool:
    return any(item.config == name and item.phase == "Complete" for item in state.controllers.values())
