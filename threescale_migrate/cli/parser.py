"""The parser of the command line, made from the table of commands and the fields of their options. It runs nothing."""

from __future__ import annotations

import argparse
import sys
from difflib import get_close_matches
from typing import Any, NoReturn

from ..exit_codes import ExitCode
from ..options import Option, of_command
from ..values import Text
from .arguments import reader, said
from .commands import COMMANDS
from .usage import NAME, Formatter, brief


class WrongUsage(SystemExit):
    """The end of a command line that was not understood; `said` is its sentence."""

    def __init__(self, said: str) -> None:
        super().__init__(int(ExitCode.USAGE))
        self.said = said


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, with exit code 2. An option is written in full: a script that abbreviates one breaks later."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "allow_abbrev": False, "argument_default": argparse.SUPPRESS})

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if isinstance(action, argparse._SubParsersAction) and value not in action.choices:
            near = get_close_matches(str(value), list(action.choices), 1)
            text = (
                Text("there is no command {given}; did you mean {near}?", given=repr(value), near=near[0])
                if near
                else Text("there is no command {given}", given=repr(value))
            )
            self.error(said(text))
        super()._check_value(action, value)

    def error(self, message: str) -> NoReturn:
        sentence = said(Text("{program}: {message}; see {program} --help", program=self.prog, message=message))
        sys.stderr.write(sentence + "\n")
        raise WrongUsage(sentence)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Prints help, which ends the program: what cannot be written is known by then."""
        print(message, end="", file=file or sys.stderr, flush=True)

    def format_help(self) -> str:
        """What `--help` prints."""
        return brief(self)


def build(program: str = NAME, only: str = "") -> Parser:
    """The parser of the whole command line of the program that is called `program`; the completions are made from it too. With `only`
    it knows that command and no other, for a line that names it."""
    from .. import __version__

    parser = Parser(
        prog=program,
        description="Prepares 3scale 2.5 for images of registry.redhat.io, verifies and undoes it.",
        formatter_class=Formatter,
    )
    parser.add_argument("-V", "--version", action="version", version=f"threescale-migrate {__version__}")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=Parser, prog=parser.prog
    )
    for name, about in COMMANDS.items() if only not in COMMANDS else ((only, COMMANDS[only]),):
        description = about.summary[0].upper() + about.summary[1:] + "."
        examples = "\n  ".join(("examples:", *about.examples))
        command = commands.add_parser(
            name, help=about.summary, description=description, epilog=examples, formatter_class=Formatter
        )
        for option in of_command(name):
            _add(command, name, option)
    return parser


def _add(parser: Parser, command: str, option: Option) -> None:
    """An option of a command; what is not given is not in the result."""
    about, more = option.about, dict[str, Any]()
    if option.flag:
        more["action"] = "count" if option.type == "int" else "store_true"
    else:
        more.update(type=reader(option), choices=option.choices(command) or None, metavar=about.value or None)
        if option.several and not about.place:
            more["action"] = "append"
        if about.bare is not None:
            more.update(nargs="?", const=about.bare)
    names = [about.short] * bool(about.short) + [option.spelled]
    if about.place:
        names = [option.name]
        more["nargs"] = {"1": None, "?": "?", "…": argparse.REMAINDER}[about.place]
    elif option.spelled != f"--{option.name.replace('_', '-')}":
        more["dest"] = option.name
    parser.add_argument(*names, help=option.help(command).replace("%", "%%"), **more)
