"""How `--help` looks: a line of usage, a line for each option, examples; within 80 columns, and as few lines as possible."""

from __future__ import annotations

import argparse
import gettext
import shutil
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..render.terminal import wrap
from ..values import Text
from .commands import COMMANDS, MAIN

WIDTH = 80
# The columns before what a command does.
NAMES = 14
NAME = "threescale-migrate"
# What does not fit on the screen beside the commands.
MORE = "more: threescale-migrate help lists topics too; help TOPIC, such as exit-codes, undo, troubleshooting; help COMMAND"


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


def brief(parser: argparse.ArgumentParser) -> str:
    """What `--help` prints, on a screen of 24 lines: a command's main options, the names of the others, two examples."""
    if commands(parser):
        return "\n".join((*_head(parser), "", *_listed(parser), "", _folded(gettext.gettext(MORE)), ""))
    main, others = _by_rank(parser)
    lines = [*_head(parser), "", *_arguments(parser, main)]
    if others:
        more = Text("more options, explained by help {command}:", command=_command(parser)).translated(_current)
        lines.append(_folded(f"{more} {' '.join(spelled(action) for action in others)}", 2))
    return "\n".join((*lines, *_examples(parser)[:3], ""))


def whole(parser: argparse.ArgumentParser) -> str:
    """What `help` shows of a command, or of all: the main options first, each with what it does."""
    if commands(parser):
        return "\n".join((*_head(parser), "", *_listed(parser), ""))
    main, others = _by_rank(parser)
    lines = [*_head(parser), "", *_arguments(parser, main)]
    if others:
        lines += ["", gettext.gettext("more options:"), *_arguments(parser, others)]
    return "\n".join((*lines, "", *_examples(parser), ""))


def _head(parser: argparse.ArgumentParser) -> list[str]:
    usage = f"{gettext.gettext('usage: ')}{synopsis(parser.prog, parser._actions)}"
    return [usage, "", *_folded(parser.description or "").splitlines()]


def _listed(parser: argparse.ArgumentParser) -> Iterator[str]:
    """The commands with what they do, the main ones first."""
    known = {name: str(command.description) for name, command in commands(parser).items()}
    others = [name for name in known if name not in MAIN]
    for title, names in ((gettext.gettext("main commands:"), MAIN), (gettext.gettext("other commands:"), others)):
        yield title
        for name in names:
            first, *rest = wrap(f"  {name:<11} {known[name]}", _width(), hanging=NAMES)
            yield from (first, *(" " * NAMES + line for line in rest))


def _by_rank(parser: argparse.ArgumentParser) -> tuple[list[argparse.Action], list[argparse.Action]]:
    """The main options of a command, and the others."""
    main = COMMANDS[_command(parser)].main
    shown = [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]
    first = sorted((action for action in shown if action.dest in main), key=lambda action: main.index(action.dest))
    return first, [action for action in shown if action.dest not in main]


def _command(parser: argparse.ArgumentParser) -> str:
    return parser.prog.rpartition(" ")[2]


def _arguments(parser: argparse.ArgumentParser, actions: Iterable[argparse.Action]) -> list[str]:
    """A line or two for each."""
    formatter = parser._get_formatter()
    formatter.add_arguments(actions)
    return formatter.format_help().splitlines()


def _examples(parser: argparse.ArgumentParser) -> list[str]:
    """The examples, in the words that were typed: a plugin of oc is called otherwise."""
    return (parser.epilog or "").replace(NAME, parser.prog.partition(NAME)[0] + NAME).splitlines()


def _current(template: str, many: str = "", count: int = 1) -> str:
    return gettext.ngettext(template, many, count) if many else gettext.gettext(template)


def _folded(text: str, hanging: int = 0) -> str:
    return ("\n" + " " * hanging).join(wrap(text, _width(), hanging=hanging))


def _width() -> int:
    """The columns for help, one less than the window has where it is narrow: some terminals break a line that fills the window."""
    return max(49, min(WIDTH, shutil.get_terminal_size().columns - 1))
