"""The parser of the command line: commands, options, and how wrong usage is refused. It runs nothing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import partial
from typing import Any, NoReturn

from ..exit_codes import TABLE, ExitCode, numbers
from ..values import DATABASES, STEPS, Text
from . import groups
from .arguments import any_image, duration, names, said, schedule
from .examples import EXAMPLES
from .usage import NAME, Formatter, help_of


class WrongUsage(SystemExit):
    """The end of a command line that was not understood; `said` is its sentence."""

    def __init__(self, said: str) -> None:
        super().__init__(int(ExitCode.USAGE))
        self.said = said


class HelpAll(argparse._HelpAction):
    """`--help-all`: the help with every option, and the end."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        sys.stdout.write(help_of(parser, everything=True))
        parser.exit()


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, with exit code 2. An option is written in full: a script that abbreviates one breaks later."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "allow_abbrev": False})
        if self.add_help:
            self.add_argument("--help-all", action=HelpAll, help="show this help with every option and exit")

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

    def format_help(self) -> str:
        """What `--help` prints."""
        return help_of(self)


def _exit_codes() -> str:
    """The table of exit codes as one paragraph, in the language that argparse speaks now."""
    rows = "; ".join(f"{numbers(row.codes)} {said(row.brief)}" for row in TABLE)
    return f"{said(Text('exit codes:'))} {rows}"


def build(program: str = NAME) -> Parser:
    """The parser of the whole command line of the program that is called `program`; the completions are made from it too."""
    from .. import __version__

    parser = Parser(
        prog=program,
        description="Prepares a 3scale 2.5 project for images from registry.redhat.io, verifies it, and undoes it.",
        epilog=_exit_codes(),
        formatter_class=Formatter,
    )
    parser.add_argument("-V", "--version", action="version", version=f"threescale-migrate {__version__}")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, parser_class=Parser, prog=parser.prog
    )
    for name, (help_, parts) in COMMANDS.items():
        description = help_[0].upper() + help_[1:] + "."
        command = commands.add_parser(
            name, help=help_, description=description, epilog=EXAMPLES[name], formatter_class=Formatter
        )
        for part in parts:
            part(command)
    return parser


def _migrate(parser: Parser) -> None:
    sentence = "when a rollout or the gate fails: stop (default), or undo"
    parser.add_argument("--on-failure", choices=("stop", "undo"), default="stop", help=sentence)
    saving = parser.add_argument_group("a backup")
    sentence = "back up the project to DIR before the first change"
    saving.add_argument("--backup", metavar="DIR", help=sentence)
    groups.content(saving)
    sentence = "restore what --dump saved, after the redeployment"
    saving.add_argument("--restore", metavar="NAME", choices=DATABASES, help=sentence)


def _verify(parser: Parser) -> None:
    sentence = "check again until it is migrated, at most --timeout (default 2h)"
    parser.add_argument("--watch", action="store_true", help=sentence)
    parser.add_argument("--interval", metavar="TIME", type=duration, help="keep watching, with one check every TIME")
    add = parser.add_argument_group("for cron and monitoring").add_argument
    add("--metrics-file", metavar="FILE", help="also write Prometheus text for node_exporter")
    add("--changed-since-last", action="store_true", help="print only what differs from the last run")
    groups.strictness(parser)
    parser.add_argument("--timeout", metavar="TIME", type=duration, help="end within this time (default 5m)")


def _undo(parser: Parser) -> None:
    add = parser.add_argument
    add("run", nargs="?", metavar="RUN", help="default: the newest, with all earlier ones still in effect")
    add("--dry-run", action="store_true", help="show the plan, change nothing")
    add("--force", action="store_true", help="also undo what somebody has changed since")
    add("--to-default", action="store_true", help="without a journal: set configs back to default")
    add("--redo", action="store_true", help="undo the newest undo, so that the project is migrated again")
    add("--dc", metavar="NAMES", type=names, help="these DeploymentConfigs only, nothing else")


def _history(parser: Parser) -> None:
    parser.add_argument("run", nargs="?", metavar="RUN", help="the run to show, or the beginning of its name")
    parser.add_argument("-n", "--namespace", metavar="PROJECT", help="runs in this project only")


def _step(parser: Parser) -> None:
    steps = [step.value for step in STEPS]
    parser.add_argument("name", choices=steps, metavar="NAME", help="one of %(choices)s")
    parser.add_argument("--check", action="store_true", help="check only, change nothing")
    groups.strictness(parser)


def _backup(parser: Parser) -> None:
    parser.add_argument("directory", metavar="DIR", help="a new directory, or an empty one")
    groups.content(parser)


def _export(parser: Parser) -> None:
    parser.add_argument("file", metavar="FILE", help="a new file; rehearse --from reads it")


def _manifest(parser: Parser) -> None:
    add, kinds = parser.add_argument, ("cronjob", "containerfile")
    add("kind", choices=kinds, metavar="KIND", help="one of %(choices)s")
    sentence = "the image to run; for containerfile, a base image with oc and python3"
    add("--image", type=any_image, help=sentence)
    sentence = "default: every 15 minutes"
    add("--schedule", metavar="CRON", type=schedule, default="*/15 * * * *", help=sentence)
    add("--permissions", action="store_true", help="also check step 3, which requires a ClusterRole")


def _completion(parser: Parser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh"), metavar="SHELL", help="bash or zsh")


def _help(parser: Parser) -> None:
    sentence = "a topic, a command or a check's code; default: the list"
    parser.add_argument("topic", nargs="?", metavar="TOPIC", help=sentence)
    groups.language(parser)


def _rehearse(parser: Parser) -> None:
    add = parser.add_argument
    add("--dir", metavar="DIR", help="keep the cluster in DIR, or continue with the one there")
    add("--from", dest="from_file", metavar="FILE", help="start from an export of your project")
    sentence = "switch on a fault; list shows them all"
    add("--fault", metavar="NAME[=VALUE]", action="append", default=[], help=sentence)
    sentence = "cluster seconds per second (default 10 without a program, else 1)"
    add("--speed", metavar="N", type=float, help=sentence)
    add("--shell", action="store_true", help="open a shell with the cluster")
    groups.language(parser)
    add("program", nargs=argparse.REMAINDER, metavar="-- PROGRAM ARG…", help="default: the whole migration")


# Where a whole migration is planned, and how much of it.
WHERE = (groups.cluster, groups.selection, groups.secret_to_migrate, groups.expectations)
HOW = (groups.preflight, groups.extent, groups.order)
many_at_once = partial(groups.many, at_once=True)
Part = Callable[[Parser], None]
# Each command: what it does, and what adds its options, in the order in which help shows them.
COMMANDS: Mapping[str, tuple[str, tuple[Part, ...]]] = {
    "plan": ("shows what migrate would do, changes nothing", (*WHERE, *HOW, many_at_once, groups.documents)),
    "preflight": ("checks everything that migrate needs, changes nothing", (*WHERE, *HOW, groups.documents)),
    "migrate": (
        "carries out the six steps and verifies them",
        (*WHERE, groups.change, *HOW, groups.gates, groups.many, groups.record, groups.documents, _migrate),
    ),
    "verify": (
        "checks the six steps, changes nothing",
        (
            groups.cluster,
            groups.selection,
            groups.secret_to_verify,
            many_at_once,
            groups.record,
            groups.formats,
            _verify,
        ),
    ),
    "script": (
        "prints the plan as a bash script that needs only oc",
        (groups.cluster, groups.selection, groups.secret_to_place, groups.expectations, *HOW, groups.gates),
    ),
    "undo": (
        "undoes what a run changed",
        (groups.cluster, groups.secret, groups.expectations, groups.change, groups.record, groups.documents, _undo),
    ),
    "history": ("lists the runs on this workstation, or shows one", (groups.record, groups.documents, _history)),
    "step": (
        "carries out a single step of the guide",
        (
            groups.cluster,
            groups.selection,
            groups.secret_of_step,
            groups.expectations,
            groups.change,
            groups.extent,
            groups.record,
            groups.documents,
            _step,
        ),
    ),
    "backup": (
        "saves the project as files for oc create -f",
        (groups.cluster, groups.expectations, groups.output, _backup),
    ),
    "export": (
        "writes the project with all secrets masked, for support",
        (groups.cluster, groups.expectations, groups.output, _export),
    ),
    "manifest": ("prints manifests that run verify in the cluster", (groups.cluster, _manifest)),
    "completion": ("prints the completion for a shell", (_completion,)),
    "help": ("shows a topic, a command's help, or what a check's code means", (_help,)),
    "rehearse": ("runs a program, or the whole migration, on a rehearsal cluster", (_rehearse,)),
}
