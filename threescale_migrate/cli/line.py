"""The words of a command line to argparse's Namespace: where options may stand, which of them can be combined. It runs nothing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from ..values import Text
from . import again, environment
from .arguments import said
from .conflicts import contradiction
from .localising import asked_for, localise, spoken
from .parser import WrongUsage, build
from .usage import NAME, commands, spelled


def parsed(argv: Sequence[str], program: str = NAME) -> argparse.Namespace:
    """The options; what is not understood is named without its value, which may have been meant to be a token."""
    with spoken(asked_for(argv)) as translate:
        parser = build(program)
        localise(parser, translate)
        if not argv:
            sys.stderr.write(parser.format_help())
            raise WrongUsage(said(Text("no command is given")))
        words = command_first(argv)
        options, rest = parser.parse_known_args(words)
        command = commands(parser)[options.command]

        def refuse(text: Text) -> None:
            command.error(said(text))

        if rest:
            unknown = [word.partition("=")[0] for word in rest if word.startswith("-")]
            if options.command == "migrate" and "--dry-run" in unknown:
                refuse(Text("migrate has no --dry-run: plan shows what it would do"))
            many = Text.plural("one argument too many", "{count} arguments too many", count=len(rest))
            refuse(_unknown(unknown[0], command) if unknown else many)
        for option in _blank(command, options):
            refuse(Text("{option} is empty: give a value, or leave it out", option=option))
        defaults = {action.dest: action.default for action in command._actions}
        given = _given(parser, command, words)
        names = {action.dest: spelled(action) for action in command._actions}
        wrong = contradiction(options.command, given, names)
        if wrong is not None:
            refuse(wrong)
        environment.apply(command._actions, given, options, refuse)
        options.again = again.words(command._actions, defaults, options)
        return options


# What may stand before the command too, as with oc: with a value, and without one.
VALUED = (
    "-n", "--namespace", "--context", "--kubeconfig", "--request-timeout", "--call-timeout", "--oc", "--lang", "--color",
)  # fmt: skip
SWITCHES = ("-v", "-vv", "--verbose", "-q", "--quiet", "--plain")


def command_first(argv: Sequence[str]) -> list[str]:
    """The words with the options that stand before the command behind it."""
    rest, ahead = list(argv), []
    while rest and rest[0].startswith("-"):
        name, equals, _ = rest[0].partition("=")
        attached = bool(equals) or (name.startswith("-n") and not name.startswith("--") and len(name) > 2)
        if name in SWITCHES:
            count = 1
        elif name in VALUED or (attached and name.startswith("-n")):
            count = 1 if attached else 2
        else:
            return list(argv)
        ahead += rest[:count]
        rest = rest[count:]
    return [rest[0], *ahead, *rest[1:]] if rest else list(argv)


def _unknown(option: str, command: argparse.ArgumentParser) -> Text:
    near = get_close_matches(option, [word for action in command._actions for word in action.option_strings], 1)
    if near:
        return Text("unknown option {option}; did you mean {near}?", option=option, near=near[0])
    return Text("unknown option {option}", option=option)


def _blank(command: argparse.ArgumentParser, options: argparse.Namespace) -> Iterator[str]:
    """The options that were given nothing: a variable of a script that was never set."""
    for action in command._actions:
        value = getattr(options, action.dest, None)
        if isinstance(value, str) and not value.strip() and value != action.default:
            yield spelled(action)


def _given(
    parser: argparse.ArgumentParser, command: argparse.ArgumentParser, words: Sequence[str]
) -> argparse.Namespace:
    """What the command line itself says: the same words once more, with no default for anything."""
    for action in command._actions:
        action.default = argparse.SUPPRESS
    return parser.parse_known_args(list(words))[0]
