"""A plan as text for a person: what is created and granted, then the configs by wave, each with what its redeployment costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from ..engine.run_failure import Failure
from ..guide.change import Change
from ..guide.config_changes import (
    ConfigChange,
    ConfigPatched,
    ConfigPaused,
    ConfigResumed,
    RolloutCancelled,
    RolloutStarted,
    patches_in,
)
from ..guide.costs import Cost, longest_seconds
from ..guide.kept_data import DataKept, DataRestored
from ..guide.object_changes import (
    AccountCreated,
    AccountDeleted,
    SecretCopied,
    SecretCreated,
    SecretDeleted,
    SecretLinked,
    SecretReplaced,
    SecretUnlinked,
)
from ..guide.role_changes import RoleGranted, RoleRemoved
from ..guide.selection import Wave
from ..values import PROGRAM, Step, Text, Verdict
from .result import Plan, Recorded, Result
from .terminal import Terminal, columns
from .text import TITLES, change_line

WIDEST_NAMES = 44
# So many columns are left to a cost on the lines after its first.
COST_COLUMNS = 36


# What a change is called where several are counted; to undo one is to make one of the same name.
COUNTED: Mapping[tuple[type[Change], ...], Callable[[int], Text]] = {
    (SecretCreated, SecretCopied, SecretReplaced, SecretDeleted): lambda count: Text.plural(
        "{count} secret", "{count} secrets", count=count
    ),
    (AccountCreated, AccountDeleted): lambda count: Text.plural("{count} account", "{count} accounts", count=count),
    (SecretLinked, SecretUnlinked): lambda count: Text.plural("{count} link", "{count} links", count=count),
    (RoleGranted, RoleRemoved): lambda count: Text.plural("{count} role", "{count} roles", count=count),
    (ConfigPatched,): lambda count: Text.plural("{count} patch", "{count} patches", count=count),
    (ConfigResumed, ConfigPaused): lambda count: Text.plural(
        "{count} config resumed or paused", "{count} configs resumed or paused", count=count
    ),
    (DataKept,): lambda count: Text.plural("{count} database saved", "{count} databases saved", count=count),
    (DataRestored,): lambda count: Text.plural("{count} database restored", "{count} databases restored", count=count),
    (RolloutCancelled,): lambda count: Text.plural(
        "{count} rollout cancelled", "{count} rollouts cancelled", count=count
    ),
    (RolloutStarted,): lambda count: Text.plural("{count} rollout started", "{count} rollouts started", count=count),
}


def counted(changes: Sequence[Change]) -> Text:
    """How many changes of each kind there are, as a list."""
    found = []
    for kinds, sentence in COUNTED.items():
        count = sum(isinstance(change, kinds) for change in changes)
        if count:
            found.append(sentence(count))
    return Text.listed(*found)


def show_plan(terminal: Terminal, plan: Plan, verbose: bool = False) -> None:
    """The changes in their order, by step; patches are the table of their waves, unless every command is wanted (`verbose`)."""
    places = [number for number, action in enumerate(plan.actions) if isinstance(action, ConfigChange)]
    first, end = (places[0], places[-1] + 1) if places else (len(plan.actions), len(plan.actions))
    folded = () if verbose else tuple(patches_in(plan.actions))
    _show_actions(terminal, plan.actions[:first], verbose)
    _show_actions(terminal, [action for action in plan.actions[first:end] if action not in folded], verbose)
    show_costs(terminal, plan, len(folded))
    _show_actions(terminal, plan.actions[end:], verbose)


def show_costs(terminal: Terminal, plan: Plan, patched: int = 0) -> None:
    """What the redeployments cost those whom the project serves: first whose data is lost, then by wave who is down and which hooks
    run. Said here, and nowhere else before a run."""
    for sentence in plan.data:
        terminal.line(f"{terminal.mark(Verdict.WARNING)} {terminal.say(sentence)}", 0, 2)
    if plan.waves:
        _show_waves(terminal, plan.waves, plan.costs, patched)


def last_line(plan: Plan, undo: bool) -> Text:
    """The verdict of a plan that nothing blocks: the sum of its changes, and how long they take at most."""
    if not plan.actions:
        return Text("nothing is left to do in project {project}", project=plan.project)
    sentence = Text("to undo: {changes}" if undo else "to make: {changes}", changes=counted(plan.actions))
    if not plan.waves:
        return sentence
    minutes = _minutes(longest_seconds(plan.waves, plan.costs))
    return Text.sentences(sentence, Text("at most {minutes} min", minutes=minutes))


def show_end(terminal: Terminal, result: Result, recorded: Recorded) -> None:
    """The last lines of a run: its name, what it did and how long it took, where its report is, and how to undo it. A failure has shown
    the way back already."""
    undo, failed = result.command == "undo", isinstance(result.seen, Failure)
    sentence = "run {run} changed nothing; it took {time}"
    if recorded.made:
        sentence = "run {run} undid {changes}, in {time}" if undo else "run {run} made {changes}, in {time}"
    words = Text(sentence, run=recorded.run, changes=counted(recorded.made), time=spent(recorded.seconds))
    if recorded.undone:
        both = "run {run} made {changes}, then undid {undone}, in {time}"
        words = Text(both, **{**words.params, "undone": counted(recorded.undone)})
    terminal.line(terminal.say(words))
    if recorded.report:
        terminal.line(terminal.say(Text("report: {path}", path=recorded.report)))
    if recorded.made and not undo and not failed:
        terminal.line(terminal.say(Text("To undo it:")))
        terminal.verbatim(result.place.line((PROGRAM, "undo")), 4)


def spent(seconds: float) -> Text:
    """A time in whole minutes and seconds."""
    minutes, rest = divmod(int(seconds), 60)
    if minutes:
        return Text("{minutes} min {seconds} s", minutes=minutes, seconds=rest)
    return Text("{seconds} s", seconds=rest)


def _limit(cost: Cost) -> Text:
    return Text("{minutes} min", minutes=_minutes(cost.deadline_seconds))


def _show_actions(terminal: Terminal, actions: Iterable[Change], verbose: bool) -> None:
    """The commands, one per line, and with `verbose` the reasons; an object that is created is shown with its command."""
    last: Step | None = None
    for action in actions:
        if action.step is not last:
            terminal.line(terminal.paint(terminal.say(Text(TITLES[action.step])), "strong"))
            last = action.step
        terminal.verbatim(change_line(terminal.invocation, action), 2)
        if verbose:
            terminal.line(terminal.paint(terminal.say(action.why), "quiet"), 6, 6)


def _show_waves(terminal: Terminal, waves: Sequence[Wave], costs: Sequence[Cost], patched: int) -> None:
    by_name = {cost.config: cost for cost in costs}
    title = Text("by wave, with deadline and cost")
    rolled_out = sum(len(wave.configs) for wave in waves) - patched
    if patched and rolled_out:
        title = Text(
            "4 deployment configs: {patched} to patch, {rolled_out} to roll out only; by wave, with deadline and cost",
            patched=patched,
            rolled_out=rolled_out,
        )
    elif patched:
        title = Text("4 deployment configs: {patched} to patch; by wave, with deadline and cost", patched=patched)
    terminal.line(terminal.paint(terminal.say(title), "strong"))
    rows = [(number, wave, names) for number, wave in enumerate(waves, 1) for names in _alike(wave, by_name)]
    widest = min(WIDEST_NAMES, max((columns(", ".join(names)) for _, _, names in rows), default=0))
    shown = 0
    for number, wave, names in rows:
        if not patched and number != shown:
            terminal.line(terminal.say(Text("wave {number}: {name}", number=number, name=Text(wave.name))), 2, 4)
        lead = f"{number:>2}  " if number != shown else "    "
        shown = number
        cost = by_name[names[0]]
        joined = ", ".join(names)
        minutes = terminal.say(_limit(cost))
        words = terminal.say(Text.sentences(*cost.brief))
        head = f"{lead}{joined}{' ' * (widest - columns(joined))}  {minutes:>6}"
        if columns(head) + 2 > terminal.width - COST_COLUMNS // 2:  # too narrow for a table
            head = f"{lead}{joined}  {minutes}"
        hanging = max(6, min(columns(head) + 2, terminal.width - COST_COLUMNS))
        terminal.line(f"{head}  {words}".rstrip(), 0, hanging)


def _alike(wave: Wave, costs: Mapping[str, Cost]) -> list[tuple[str, ...]]:
    """The configs of a wave, grouped by what they cost, as far as they fit on a line."""
    groups: list[list[str]] = []
    for name in wave.configs:
        if name not in costs:
            continue
        for group in groups:
            if costs[group[0]].same(costs[name]) and columns(", ".join([*group, name])) <= WIDEST_NAMES:
                group.append(name)
                break
        else:
            groups.append([name])
    return [tuple(group) for group in groups]


def _minutes(seconds: int) -> int:
    return -(-seconds // 60)
