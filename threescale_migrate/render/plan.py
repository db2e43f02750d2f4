"""A plan as text for a person: what is created and granted, then the configs by wave, each with what its redeployment costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..guide.change import Change
from ..guide.config_changes import patches_in
from ..guide.costs import Cost, longest_seconds
from ..guide.selection import Wave
from ..values import Command, Step, Text, Verdict
from .terminal import Terminal, columns
from .text import TITLES

WIDEST_NAMES = 44
# So many columns are left to a cost on the lines after its first.
COST_COLUMNS = 36


def show_plan(
    terminal: Terminal, actions: Sequence[Change], waves: Sequence[Wave], costs: Sequence[Cost], verbose: bool = False
) -> None:
    """The actions by step; patches are the table of their waves, unless every command is wanted (`verbose`)."""
    folded = () if verbose else tuple(patches_in(actions))
    _show_actions(terminal, [action for action in actions if verbose or action not in folded], verbose)
    if waves:
        _show_waves(terminal, waves, costs, len(folded))


def last_line(project: str, actions: Sequence[Change], waves: Sequence[Wave], costs: Sequence[Cost]) -> Text:
    """The verdict of a plan that nothing blocks."""
    if not actions:
        return Text("nothing is left to do in project {project}", project=project)
    left = Text.plural(
        "{count} change is left to do in project {project}",
        "{count} changes are left to do in project {project}",
        count=len(actions),
        project=project,
    )
    if not waves:
        return left
    return Text("{left}, in at most {minutes} min", left=left, minutes=_minutes(longest_seconds(waves, costs)))


def show_stakes(terminal: Terminal, costs: Sequence[Cost]) -> None:
    """What the redeployments cost those whom the project serves: who is down and for how long, whose data is lost, which hooks run."""
    down = [f"{cost.config} {terminal.say(_limit(cost))}" for cost in costs if cost.down]
    lost = [f"{cost.config} ({', '.join(cost.lost)})" for cost in costs if cost.lost]
    hooks = [f"{cost.config} ({'; '.join(cost.hooks)})" for cost in costs if cost.hooks]
    said = (
        (Text("data is lost: {names}", names=", ".join(lost)), lost),
        (Text("down while redeploying, at most: {names}", names=", ".join(down)), down),
        (Text("hooks run: {names}", names=", ".join(hooks)), hooks),
    )
    for sentence, found in said:
        if found:
            terminal.line(f"{terminal.mark(Verdict.WARNING)} {terminal.say(sentence)}", 0, 2)


def _limit(cost: Cost) -> Text:
    return Text("{minutes} min", minutes=_minutes(cost.deadline_seconds))


def _show_actions(terminal: Terminal, actions: Iterable[Change], verbose: bool) -> None:
    """The commands, one per line, and with `verbose` the reasons; an object that is created is shown with its command."""
    last: Step | None = None
    for action in actions:
        if action.step is not last:
            terminal.line(terminal.paint(terminal.say(Text(TITLES[action.step])), "strong"))
            last = action.step
        command = terminal.invocation.pasted(Command(("oc", *action.args)))
        terminal.verbatim(command + (" < SECRET" if action.secret else ""), 2)
        if action.stdin is not None and not action.secret:
            terminal.line(terminal.paint(action.stdin, "quiet"), 6, 6)
        if verbose:
            terminal.line(terminal.paint(terminal.say(action.why), "quiet"), 6, 6)


def _show_waves(terminal: Terminal, waves: Sequence[Wave], costs: Sequence[Cost], patched: int) -> None:
    by_name = {cost.config: cost for cost in costs}
    title = Text("by wave, with time limit and cost")
    rolled_out = sum(len(wave.configs) for wave in waves) - patched
    if patched and rolled_out:
        title = Text(
            "4 deployment configs: {patched} patched, {rolled_out} only rolled out; by wave, with time limit and cost",
            patched=patched,
            rolled_out=rolled_out,
        )
    elif patched:
        title = Text("4 deployment configs: {patched} patched; by wave, with time limit and cost", patched=patched)
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
        words = "; ".join(terminal.say(warning) for warning in cost.brief)
        head = f"{lead}{joined}{' ' * (widest - columns(joined))}  {minutes:>6}"
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
