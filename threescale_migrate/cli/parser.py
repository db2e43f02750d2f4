"""The parser of the command line: what may be said, and how a usage that is wrong is refused. It runs nothing."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from ..exit_codes import TABLE, ExitCode, numbers
from ..guide.prove_pull import IMAGE
from ..language import LANGUAGES
from ..values import DATABASES, STEPS, Text
from .arguments import any_image, duration, go_duration, image, jobs, names, no_password, report_file, said, schedule
from .examples import EXAMPLES
from .usage import NAME, Formatter, help_of

# What --wave-plan holds where no file is named.
PRINT_ORDER = True


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


def _connection() -> Parser:
    parser = Parser(add_help=False)
    group = parser.add_argument_group("the cluster")
    group.add_argument("-n", "--namespace", metavar="PROJECT", help="the project; by default oc's current one")
    group.add_argument("--context", help="a context of the kubeconfig")
    group.add_argument("--kubeconfig", metavar="FILE", help="the kubeconfig to use")
    group.add_argument("--request-timeout", metavar="TIME", type=go_duration, help="passed to oc unchanged")
    group.add_argument(
        "--call-timeout", metavar="TIME", type=duration, help="end a call of oc that takes longer (default 60s)"
    )
    group.add_argument("--oc", metavar="PROGRAM", help="the oc to run; by default the first on PATH")
    return parser


def _output(formats: Sequence[str]) -> Parser:
    parser = Parser(add_help=False)
    group = parser.add_argument_group("the output")
    group.add_argument("-o", "--output", choices=formats, default="text", metavar="FORMAT", help="one of %(choices)s")
    group.add_argument("-q", "--quiet", action="store_true", help="print only what failed")
    group.add_argument(
        "-v", "--verbose", action="count", default=0, help="print a line for each config; -vv: each call of oc too"
    )
    _language(group)
    return parser


def _language(group: argparse._ActionsContainer) -> None:
    group.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="by default on a terminal")
    group.add_argument("--plain", action="store_true", help="for a screen reader: words for marks, nothing redrawn")
    group.add_argument("--lang", choices=LANGUAGES, help="en or ja; by default the locale's")


def _selection() -> Parser:
    parser = Parser(add_help=False)
    group = parser.add_argument_group("what is migrated")
    group.add_argument("--dc", metavar="NAMES", type=names, help="these DeploymentConfigs only")
    group.add_argument("--service-discovery", action="store_true", help="system uses service discovery: require view")
    group.add_argument(
        "--skip",
        metavar="STEP",
        action="append",
        choices=[step.value for step in STEPS],
        default=[],
        help="leave a step out; can be given again",
    )
    return parser


def _sources() -> Parser:
    parser = Parser(add_help=False)
    group = parser.add_argument_group("the registry secret")
    one = group.add_mutually_exclusive_group()
    one.add_argument("--secret-file", metavar="FILE", help="as the Red Hat panel has it; - for stdin")
    one.add_argument("--username", metavar="NAME", help="a registry service account; its token from stdin")
    one.add_argument("--from-secret", metavar="NAME", help="another secret of the project, which is copied")
    group.add_argument("--password", type=no_password, help=argparse.SUPPRESS)
    return parser


def _secret() -> Parser:
    parser = Parser(add_help=False, parents=[_sources()])
    group = parser.add_argument_group("the registry secret")
    group.add_argument("--replace-secret", action="store_true", help="replace one in the project that differs")
    return parser


def _pull_test(by_default: bool = False) -> Parser:
    parser = Parser(add_help=False)
    group = parser.add_argument_group("the registry secret").add_mutually_exclusive_group()
    group.add_argument(
        "--prove-pull",
        metavar="IMAGE",
        nargs="?",
        const=IMAGE,
        type=image,
        help="require that the token works; IMAGE may be left out, or all"
        if by_default
        else "check whether the token works; IMAGE may be left out, or all",
    )
    if by_default:
        group.add_argument("--no-prove-pull", action="store_true", help="do not try whether the token works")
    return parser


def _change() -> Parser:
    parser = Parser(add_help=False)
    group = parser.add_argument_group("how the changes are made")
    group.add_argument("-y", "--yes", action="store_true", help="do not ask for the project's name")
    group.add_argument("--timeout", metavar="TIME", type=duration, help="end the whole run after this time")
    group.add_argument(
        "--grace",
        metavar="TIME",
        type=duration,
        default=30.0,
        help="wait this long for a failure to pass (default 30s)",
    )
    return parser


def _expectations() -> Parser:
    parser = Parser(add_help=False)
    group = parser.add_argument_group("before the first change")
    group.add_argument("--expect-project", metavar="NAME", help="continue only in this project")
    group.add_argument("--expect-server", metavar="URL", help="continue only on this server")
    return parser


def _preflight() -> Parser:
    parser = Parser(add_help=False)
    group = parser.add_argument_group("what the preflight found")
    group.add_argument(
        "--force", action="store_true", help="continue with failing configs, full quotas, another release"
    )
    group.add_argument("--allow-unknown", action="store_true", help="continue with what cannot be read")
    return parser


def _extent() -> Parser:
    parser = Parser(add_help=False)
    group = parser.add_argument_group("how much is done")
    group.add_argument("--copy-privileged", action="store_true", help="give amp privileged roles of default too")
    group.add_argument("--no-link-default", action="store_true", help="leave hook pods without the pull secret")
    group.add_argument("--no-link-builder", action="store_true", help="leave builds without the pull secret")
    group.add_argument("--resume-paused", action="store_true", help="resume paused configs")
    return parser


def _order() -> Parser:
    parser = Parser(add_help=False)
    group = parser.add_argument_group("the order")
    group.add_argument("--all-at-once", action="store_true", help="redeploy all configs together, as the guide does")
    sentence = "the order from a file: a line of names for each wave; without FILE, plan prints one"
    group.add_argument("--wave-plan", metavar="FILE", nargs="?", const=PRINT_ORDER, help=sentence)
    return parser


def _gates() -> Parser:
    parser = Parser(add_help=False)
    group = parser.add_argument_group("between two waves")
    group.add_argument("--gate", metavar="COMMAND", help="continue after a wave only if this command ends well")
    group.add_argument(
        "--gate-timeout", metavar="TIME", type=duration, default=60.0, help="end the gate after this time (default 60s)"
    )
    group.add_argument("--pause", action="store_true", help="ask on the terminal after each wave")
    return parser


def _report() -> Parser:
    parser = Parser(add_help=False)
    group = parser.add_argument_group("the record")
    group.add_argument("--report", metavar="FILE", type=report_file, help="write a report of it there, as .html or .md")
    group.add_argument("--ticket", metavar="TEXT", help="name the change in the report, such as a ticket")
    return parser


def build(program: str = NAME) -> Parser:
    """The parser of the whole command line of the program that is called `program`; the manual page and the completions are made from it too."""
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
    connection, selection, secret, change, order = _connection(), _selection(), _secret(), _change(), _order()
    gates = _gates()
    extent, expectations, preflight, record = _extent(), _expectations(), _preflight(), _report()
    pull_test, pull_test_by_default = _pull_test(), _pull_test(by_default=True)

    def add(name: str, help_: str, parents: Sequence[Parser]) -> Parser:
        return commands.add_parser(
            name,
            help=help_,
            description=help_[0].upper() + help_[1:] + ".",
            epilog=EXAMPLES.get(name),
            parents=list(parents),
            formatter_class=Formatter,
        )

    documents, many = _output(("text", "json", "yaml")), _many(at_once=True)
    add(
        "plan",
        "shows what migrate would do, changes nothing",
        (connection, selection, secret, pull_test_by_default, expectations, preflight, extent, order, many, documents),
    )
    add(
        "preflight",
        "checks all that migrate needs, changes nothing",
        (connection, selection, secret, pull_test_by_default, expectations, preflight, extent, order, documents),
    )
    migrate = add(
        "migrate",
        "carries out the six steps and verifies them",
        (
            connection,
            selection,
            secret,
            pull_test_by_default,
            expectations,
            change,
            preflight,
            extent,
            order,
            gates,
            _many(),
            record,
            documents,
        ),
    )
    migrate.add_argument(
        "--on-failure",
        choices=("stop", "undo"),
        default="stop",
        help="when a rollout or the gate fails: stop (default), or undo",
    )
    migrate.add_argument("--dry-run", action="store_true", help="the same as plan")
    saving = migrate.add_argument_group("a backup")
    saving.add_argument(
        "--backup", metavar="DIR", help="save the project there before the first change, as backup does"
    )
    _with_secrets(saving)
    saving.add_argument(
        "--restore", metavar="NAME", choices=DATABASES, help="play back what --dump saved, after its redeployment"
    )
    verify = add(
        "verify",
        "checks the six steps, changes nothing",
        (
            connection,
            selection,
            _sources(),
            pull_test,
            many,
            record,
            _output(("text", "json", "yaml", "nagios", "junit")),
        ),
    )
    verify.add_argument(
        "--watch", action="store_true", help="look again until it is migrated, at most --timeout (default 2h)"
    )
    verify.add_argument("--interval", metavar="TIME", type=duration, help="keep watching, one round in this time")
    _monitoring(verify)
    _strictness(verify)
    script = add(
        "script",
        "prints the plan as a bash script that needs oc alone",
        (connection, selection, secret, expectations, preflight, extent, order, gates),
    )
    script.set_defaults(output="text", quiet=True, lang=None)
    _undo(add("undo", "undoes what a run changed", (connection, _sources(), expectations, change, record, documents)))
    history = add("history", "lists the runs of this workstation, or shows one", (record, documents))
    history.add_argument("run", nargs="?", metavar="RUN", help="the run to show, or the beginning of its name")
    history.add_argument("-n", "--namespace", metavar="PROJECT", help="runs in this project only")
    step = add(
        "step",
        "carries out one step of the guide alone",
        (connection, selection, secret, pull_test, expectations, change, extent, record, documents),
    )
    step.add_argument("name", choices=[step_.value for step_ in STEPS], metavar="NAME", help="one of %(choices)s")
    step.add_argument("--check", action="store_true", help="check only, change nothing")
    _strictness(step)
    backup = add(
        "backup", "saves the project as files for oc create -f", (connection, expectations, _output(("text",)))
    )
    backup.add_argument("directory", metavar="DIR", help="a new directory, or an empty one")
    _with_secrets(backup)
    export = add(
        "export",
        "writes the project with all secrets masked, for support",
        (connection, expectations, _output(("text",))),
    )
    export.add_argument("file", metavar="FILE", help="a new file; rehearse --from takes it")
    manifest = add("manifest", "prints what lets the cluster itself run verify", (connection,))
    manifest.add_argument(
        "kind", choices=("cronjob", "tekton", "containerfile"), metavar="KIND", help="one of %(choices)s"
    )
    manifest.add_argument(
        "--image", type=any_image, help="the image that is run; for containerfile, one of yours that has oc and python3"
    )
    manifest.add_argument(
        "--schedule", metavar="CRON", type=schedule, default="*/15 * * * *", help="default: each quarter of an hour"
    )
    manifest.add_argument("--permissions", action="store_true", help="check step 3 too, which takes a ClusterRole")
    completion = add("completion", "prints the completion for a shell", ())
    completion.add_argument("shell", choices=("bash", "zsh"), metavar="SHELL", help="bash or zsh")
    help_ = add("help", "shows a topic, a command's help, or what a check's code means", ())
    help_.add_argument("topic", nargs="?", metavar="TOPIC", help="a topic, a command or a code; by default the list")
    _language(help_)
    add("man", "prints the manual page", ())
    rehearse = add("rehearse", "runs a program, or the whole migration, on a rehearsal cluster", ())
    rehearse.add_argument("--dir", metavar="DIR", help="keep the cluster there, or continue with the one that is there")
    rehearse.add_argument("--from", dest="from_file", metavar="FILE", help="start from an export of your project")
    rehearse.add_argument(
        "--fault", metavar="NAME[=VALUE]", action="append", default=[], help="switch on a fault; list: name them"
    )
    rehearse.add_argument(
        "--speed", metavar="N", type=float, help="cluster seconds per second (default 10 without a program, else 1)"
    )
    rehearse.add_argument("--shell", action="store_true", help="open a shell in it")
    _language(rehearse)
    rehearse.add_argument(
        "program", nargs=argparse.REMAINDER, metavar="-- PROGRAM ARG…", help="by default the migration itself"
    )
    return parser


def _with_secrets(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--with-secrets", action="store_true", help="save secrets too, and the keys of routes")
    parser.add_argument(
        "--dump", metavar="NAME", choices=DATABASES, help="save the content of a database too: %(choices)s"
    )


def _undo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "run", nargs="?", metavar="RUN", help="by default the newest, with all before it that is in effect"
    )
    parser.add_argument("--dry-run", action="store_true", help="show the plan, change nothing")
    parser.add_argument("--force", action="store_true", help="undo also what somebody has changed since")
    parser.add_argument("--to-default", action="store_true", help="without a journal: configs back to default")
    parser.add_argument(
        "--redo", action="store_true", help="undo the newest undo, so that the project is migrated again"
    )
    parser.add_argument("--dc", metavar="NAMES", type=names, help="these DeploymentConfigs only, nothing else")


def _many(at_once: bool = False) -> Parser:
    parser = Parser(add_help=False)
    group = parser.add_argument_group("many projects")
    group.add_argument("--projects", metavar="NAMES", type=names, help="these projects")
    group.add_argument("--all-contexts", action="store_true", help="the project of each context of the kubeconfig")
    group.add_argument("--inventory", metavar="FILE", help="the projects of a YAML file, each with its context")
    if at_once:
        group.add_argument("--jobs", metavar="N", type=jobs, default=4, help="projects at the same time (default 4)")
    return parser


def _monitoring(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("for cron and monitoring")
    group.add_argument("--metrics-file", metavar="FILE", help="write Prometheus text for node_exporter there too")
    group.add_argument("--changed-since-last", action="store_true", help="print only what differs from the last run")


def _strictness(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--strict", action="store_true", help="warnings are failures")
    parser.add_argument("--allow-unknown", action="store_true", help="what cannot be read is a warning")
    if not any("--timeout" in action.option_strings for action in parser._actions):
        parser.add_argument("--timeout", metavar="TIME", type=duration, help="end within this time (default 5m)")
