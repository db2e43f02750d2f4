"""How `--help` looks: a line of usage, a line for each option, examples; within 80 columns, and as few lines as possible."""

from __future__ import annotations

import argparse
import gettext
import re
import shutil
from collections.abc import Iterable, Mapping
from typing import Any

from ..render.terminal import wrap

WIDTH = 80
NAME = "threescale-migrate"
# What does not fit on the screen beside the commands is in a topic.
MORE = (
    "more: threescale-migrate help TOPIC, such as exit-codes, undo, troubleshooting; COMMAND --help, COMMAND --help-all"
)
# The options that most people need, the most important first: as many as fit on a screen have a line in `--help`.
BRIEF_OPTIONS = 8
RANKED = (
    "--image", "--secret-file", "--namespace", "--schedule", "--permissions", "--dc", "--yes", "--check", "--dry-run", "--to-default", "--redo", "--skip", "--report",
    "--on-failure", "--timeout", "--strict", "--watch", "--force", "--allow-unknown", "--wave-plan", "--inventory", "--jobs",
    "--metrics-file", "--changed-since-last", "--output", "--quiet", "--verbose", "--context",
)  # fmt: skip


class Formatter(argparse.RawDescriptionHelpFormatter):
    """One line of usage for any number of options, and both spellings of an option before its value."""

    def __init__(self, prog: str, **options: Any) -> None:
        super().__init__(prog, **{"max_help_position": 28, **options, "width": _width()})

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrap(" ".join(text.split()), width)

    def _format_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None) -> str:
        return f"{gettext.gettext('usage: ')}{synopsis(self._prog, actions)}\n\n"

    def _format_action_invocation(self, action: argparse.Action) -> str:
        return invocation(action) if action.option_strings else super()._format_action_invocation(action)


def synopsis(prog: str, actions: Iterable[argparse.Action]) -> str:
    """A command as it is called: its options as one word, then what it is given."""
    words = []
    for action in actions:
        if action.option_strings:
            continue
        name = str(action.metavar or action.dest)
        optional = action.nargs in ("?", argparse.REMAINDER)
        words.append(f"[{name}]" if optional else f"{name} ..." if action.nargs == argparse.PARSER else name)
    return " ".join([prog, "[OPTION...]", *words]).replace("…", "...")


def invocation(action: argparse.Action) -> str:
    """An option with all its spellings and its value: `-n, --namespace PROJECT`."""
    spelled = ", ".join(action.option_strings)
    return spelled if action.nargs == 0 else f"{spelled} {value(action)}"


def spelled(action: argparse.Action) -> str:
    """An option by its long name; an argument by what it is called."""
    return action.option_strings[-1] if action.option_strings else str(action.metavar or action.dest)


def value(action: argparse.Action) -> str:
    """What an option's value is called."""
    return str(action.metavar or "|".join(map(str, action.choices or ())) or action.dest.upper())


def sentence(action: argparse.Action) -> str:
    """What an option does, with its choices filled in."""
    choices = ", ".join(map(str, action.choices or ()))
    return str(action.help or "").replace("%(choices)s", choices).replace("%(default)s", str(action.default))


def sections(parser: argparse.ArgumentParser) -> list[tuple[str, list[argparse.Action]]]:
    """The words and options of a command in groups, as its help shows them, without `--help` itself; the cluster's last."""
    found = []
    for group in parser._action_groups:
        shown = [
            action
            for action in group._group_actions
            if action.help != argparse.SUPPRESS and not isinstance(action, argparse._HelpAction)
        ]
        if shown:
            found.append((str(group.title), shown))
    return sorted(found, key=lambda section: (of_cluster(section[1]), in_brief(section[1])))


def of_cluster(actions: Iterable[argparse.Action]) -> bool:
    """Whether options are those about the cluster, the same for each command that asks it."""
    return any(action.dest == "kubeconfig" for action in actions)


def in_brief(actions: Iterable[argparse.Action]) -> bool:
    """Whether a command's help names the options in a line or two: those that are the same for many commands."""
    return any(action.dest in ("kubeconfig", "inventory") for action in actions)


def commands(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    """The commands of the whole command line."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found: Mapping[str, argparse.ArgumentParser] = action.choices
            return found
    return {}


def options(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """The options of a command that its help shows."""
    return [action for action in parser._actions if action.option_strings and action.help != argparse.SUPPRESS]


def help_of(parser: argparse.ArgumentParser, everything: bool = False) -> str:
    """The help of a parser: what fits a screen of 24 lines, or `everything`."""
    return _everything(parser) if everything else _brief(parser)


def _brief(parser: argparse.ArgumentParser) -> str:
    """The usage, the words and the options that most people need with a line for each, the names of the others, two examples."""
    shown = [action for _, actions in sections(parser) for action in actions]
    ranked = sorted((action for action in shown if _rank(action) < len(RANKED)), key=_rank)
    words = [action for action in shown if not action.option_strings]
    chosen = shown if len(shown) <= BRIEF_OPTIONS else [*words, *ranked][:BRIEF_OPTIONS]
    formatter = parser._get_formatter()
    formatter.add_usage(parser.usage, parser._actions, parser._mutually_exclusive_groups)
    formatter.add_text(_folded(parser.description or ""))
    formatter.add_arguments(chosen)
    others = [action.option_strings[-1] for action in shown if action.option_strings and action not in chosen]
    if others:
        formatter.add_text(_folded(f"--help-all: {' '.join(others)}", 2))
    formatter.add_text(_examples(parser, 2))
    # One empty line after the description, none before what follows the options.
    return re.sub(r"\n\n+(?=--help-all: |examples:)", "\n", formatter.format_help())


def _rank(action: argparse.Action) -> int:
    return min((RANKED.index(word) for word in action.option_strings if word in RANKED), default=len(RANKED))


def _examples(parser: argparse.ArgumentParser, most: int = 100) -> str:
    """The examples, in the words that were typed: a plugin of oc is called otherwise."""
    epilog = parser.epilog or ""
    if most < 100 and "\n" not in epilog:
        epilog = gettext.gettext(MORE) if epilog else ""
    epilog = epilog.replace(NAME, parser.prog.partition(NAME)[0] + NAME)
    return "\n".join(epilog.splitlines()[: most + 1]) if "\n" in epilog else _folded(epilog)


def _everything(parser: argparse.ArgumentParser) -> str:
    formatter = parser._get_formatter()
    formatter.add_usage(parser.usage, parser._actions, parser._mutually_exclusive_groups)
    formatter.add_text(_folded(parser.description or ""))
    for title, actions in sections(parser):
        if in_brief(actions):
            names = ", ".join(invocation(action) for action in actions)
            formatter.add_text(_folded(f"{title}: {names}", 2))
        else:
            formatter.start_section(title)
            formatter.add_arguments(actions)
            formatter.end_section()
    formatter.add_text(_examples(parser))
    # Titles stand out without an empty line before them.
    return re.sub(r"\n\n(?=[^\n]+:(\n  -| -n))", "\n", formatter.format_help())


def _folded(text: str, hanging: int = 0) -> str:
    return ("\n" + " " * hanging).join(wrap(text, _width(), hanging=hanging))


def _width() -> int:
    """The columns for help, one less than the window has where it is narrow: some terminals break a line that fills the window."""
    return max(49, min(WIDTH, shutil.get_terminal_size().columns - 1))
