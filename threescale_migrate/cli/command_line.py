"""The words of a command line to the options of a command: where options may stand, which of them can be combined. It runs nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from ..options import OPTIONS, Options, of_command
from ..values import Text
from . import environment
from .arguments import said
from .conflicts import contradiction
from .parser import WrongUsage, build
from .parser_language import asked_for, localise, spoken
from .usage import NAME, commands

# What somebody may expect, by command: no value of it is read, which may be a token.
REFUSED: Mapping[tuple[str, str], Text] = {
    ("", "--password"): Text("arguments are visible to every user: give --username NAME, and the token on stdin"),
    ("migrate", "--dry-run"): Text("migrate has no --dry-run: plan shows what it would do"),
}


@dataclass(frozen=True)
class Line:
    """A command with its options, completed by the environment."""

    command: str
    options: Options


def parsed(argv: Sequence[str], program: str = NAME) -> Line:
    """The command and its options; what is not understood is named without its value, which may have been meant to be a token."""
    with spoken(asked_for(argv)) as translate:
        words = command_first(argv)
        parser = build(program, *words[:1])
        localise(parser, translate)
        if not argv:
            sys.stderr.write(parser.format_help())
            raise WrongUsage(said(Text("no command is given")))
        own = commands(parser).get(words[0], parser)
        for word in _ours(words):
            refused = REFUSED.get(("", word)) or REFUSED.get((words[0], word))
            if refused is not None:
                own.error(said(refused))
        namespace, rest = parser.parse_known_args(words)
        given = {name: tuple(value) if isinstance(value, list) else value for name, value in vars(namespace).items()}
        name = str(given.pop("command"))
        command = commands(parser)[name]

        def refuse(text: Text) -> None:
            command.error(said(text))

        if rest:
            unknown = [word.partition("=")[0] for word in rest if word.startswith("-")]
            many = Text.plural("one argument too many", "{count} arguments too many", count=len(rest))
            refuse(_unknown(unknown[0], name) if unknown else many)
        for option in _blank(given):
            refuse(Text("{option} is empty: give a value, or leave it out", option=option))
        wrong = contradiction(name, given)
        if wrong is not None:
            refuse(wrong)
        values: dict[str, Any] = {**dict(environment.values(name, given, refuse)), **given}
        return Line(name, Options(**values))


def _ours(words: Sequence[str]) -> Iterator[str]:
    """The options that are typed, without their values, up to the words of another program."""
    for word in words:
        if word == "--":
            return
        yield word.partition("=")[0]


# What may stand before the command too, as with oc: with a value, and without one.
_AHEAD = tuple(each for each in OPTIONS.values() if each.about.ahead)
VALUED = frozenset(word for each in _AHEAD if not each.flag for word in (each.spelled, each.about.short))
SWITCHES = frozenset(word for each in _AHEAD if each.flag for word in (each.spelled, each.about.short)) | {"-vv"}


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


def _unknown(option: str, command: str) -> Text:
    near = get_close_matches(option, [each.spelled for each in of_command(command) if not each.about.place], 1)
    if near:
        return Text("unknown option {option}; did you mean {near}?", option=option, near=near[0])
    return Text("unknown option {option}", option=option)


def _blank(given: Mapping[str, object]) -> Iterator[str]:
    """The options that were given nothing: a variable of a script that was never set."""
    return (OPTIONS[name].spelled for name, value in given.items() if isinstance(value, str) and not value.strip())
