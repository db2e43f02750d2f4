"""The options that several commands share: one function for each group of a command's help, which adds it to that command.

It owns how these options are spelled and what help says of them. It must not know which command has which group.
"""

from __future__ import annotations

import argparse
from functools import partial

from ..guide.prove_pull import IMAGE
from ..language import LANGUAGES
from ..values import DATABASES, STEPS
from .arguments import duration, go_duration, image, jobs, names, no_password, report_file

# What --wave-plan holds where no file is named.
PRINT_ORDER = True


def cluster(parser: argparse.ArgumentParser) -> None:
    """Which `oc`, and where it works."""
    add = parser.add_argument_group("the cluster").add_argument
    add("-n", "--namespace", metavar="PROJECT", help="the project; default: oc's current one")
    add("--context", help="a context of the kubeconfig")
    add("--kubeconfig", metavar="FILE", help="the kubeconfig to use")
    add("--request-timeout", metavar="TIME", type=go_duration, help="passed to oc unchanged")
    add("--call-timeout", metavar="TIME", type=duration, help="end an oc call that takes longer (default 60s)")
    add("--oc", metavar="PROGRAM", help="the oc to run; default: the first on PATH")


def output(parser: argparse.ArgumentParser, *more: str) -> None:
    """The output, as text or in one of `more` formats."""
    group = parser.add_argument_group("the output")
    add, formats = group.add_argument, ("text", *more)
    add("-o", "--output", choices=formats, default="text", metavar="FORMAT", help="one of %(choices)s")
    add("-q", "--quiet", action="store_true", help="print only what failed")
    add("-v", "--verbose", action="count", default=0, help="print a line for each config; -vv: also each oc call")
    language(group)


def documents(parser: argparse.ArgumentParser) -> None:
    """The output, also as one document."""
    output(parser, "json", "yaml")


def formats(parser: argparse.ArgumentParser) -> None:
    """The output, also for monitoring and pipelines."""
    output(parser, "json", "yaml", "nagios", "junit")


def language(parser: argparse._ActionsContainer) -> None:
    """How a person is spoken to."""
    add = parser.add_argument
    add("--color", choices=("auto", "always", "never"), default="auto", help="default: only on a terminal")
    add("--plain", action="store_true", help="for screen readers: words, not marks; nothing redrawn")
    add("--lang", choices=LANGUAGES, help="en or ja; default: from the locale")


def selection(parser: argparse.ArgumentParser) -> None:
    """What is migrated."""
    add = parser.add_argument_group("what is migrated").add_argument
    add("--dc", metavar="NAMES", type=names, help="these DeploymentConfigs only")
    add("--service-discovery", action="store_true", help="system uses service discovery: require role view")
    steps = [step.value for step in STEPS]
    sentence = "skip a step; can be repeated"
    add("--skip", metavar="STEP", action="append", choices=steps, default=[], help=sentence)


def secret(parser: argparse.ArgumentParser, replace: bool = False, test: str = "", by_default: bool = False) -> None:
    """Where the registry secret comes from. With `replace` also what becomes of another one; `test` is the help of the test of
    its token, which is done `by_default`, or on request."""
    group = parser.add_argument_group("the registry secret")
    sources = group.add_mutually_exclusive_group()
    sources.add_argument("--secret-file", metavar="FILE", help="the secret as downloaded from Red Hat; - for stdin")
    sources.add_argument("--username", metavar="NAME", help="a registry service account; token from stdin")
    sources.add_argument("--from-secret", metavar="NAME", help="copy another secret of the project")
    group.add_argument("--password", type=no_password, help=argparse.SUPPRESS)
    if replace:
        group.add_argument("--replace-secret", action="store_true", help="replace a different one in the project")
    tests = group.add_mutually_exclusive_group()
    if test:
        tests.add_argument("--prove-pull", metavar="IMAGE", nargs="?", const=IMAGE, type=image, help=test)
    if by_default:
        tests.add_argument("--no-prove-pull", action="store_true", help="do not test whether the token works")


TESTED = "check whether the token works; IMAGE is optional, or all"
secret_to_verify = partial(secret, test=TESTED)
secret_to_place = partial(secret, replace=True)
secret_of_step = partial(secret, replace=True, test=TESTED)
secret_to_migrate = partial(
    secret, replace=True, test="require that the token works; IMAGE is optional, or all", by_default=True
)


def change(parser: argparse.ArgumentParser) -> None:
    """How changes are made."""
    add = parser.add_argument_group("how the changes are made").add_argument
    add("-y", "--yes", action="store_true", help="do not ask for the project's name")
    add("--timeout", metavar="TIME", type=duration, help="end the run so long after it was confirmed")
    sentence = "wait this long for a failure to pass (default 30s)"
    add("--grace", metavar="TIME", type=duration, default=30.0, help=sentence)


def expectations(parser: argparse.ArgumentParser) -> None:
    """Where the user expects to be."""
    add = parser.add_argument_group("before the first change").add_argument
    add("--expect-project", metavar="NAME", help="continue only in this project")
    add("--expect-server", metavar="URL", help="continue only on this server")


def preflight(parser: argparse.ArgumentParser) -> None:
    """How a preflight's findings are judged."""
    add = parser.add_argument_group("what the preflight found").add_argument
    add("--force", action="store_true", help="continue despite failing configs, full quotas or another release")
    add("--allow-unknown", action="store_true", help="continue when something cannot be read")


def extent(parser: argparse.ArgumentParser) -> None:
    """What is done beyond the guide's commands."""
    add = parser.add_argument_group("how much is done").add_argument
    add("--copy-privileged", action="store_true", help="also give amp the privileged roles of default")
    add("--no-link-default", action="store_true", help="leave hook pods without the pull secret")
    add("--no-link-builder", action="store_true", help="leave builds without the pull secret")
    add("--resume-paused", action="store_true", help="resume paused configs")


def order(parser: argparse.ArgumentParser) -> None:
    """The order of the rollouts."""
    add = parser.add_argument_group("the order").add_argument
    add("--all-at-once", action="store_true", help="redeploy all configs together, as the guide does")
    sentence = "the order from a file: a line of names for each wave; without FILE, plan prints one"
    add("--wave-plan", metavar="FILE", nargs="?", const=PRINT_ORDER, help=sentence)


def gates(parser: argparse.ArgumentParser) -> None:
    """What happens between two waves."""
    add = parser.add_argument_group("between two waves").add_argument
    add("--gate", metavar="COMMAND", help="continue after a wave only if this command succeeds")
    sentence = "end the gate after this time (default 60s)"
    add("--gate-timeout", metavar="TIME", type=duration, default=60.0, help=sentence)
    add("--pause", action="store_true", help="ask on the terminal after each wave")


def record(parser: argparse.ArgumentParser) -> None:
    """The report of a run."""
    add = parser.add_argument_group("the report").add_argument
    add("--report", metavar="FILE", type=report_file, help="write a report to FILE, as .html or .md")
    add("--ticket", metavar="TEXT", help="a ticket or change number to show in the report")


def many(parser: argparse.ArgumentParser, at_once: bool = False) -> None:
    """Which projects, one after the other or several `at_once`."""
    add = parser.add_argument_group("many projects").add_argument
    add("--projects", metavar="NAMES", type=names, help="these projects")
    add("--all-contexts", action="store_true", help="the project of each context of the kubeconfig")
    add("--inventory", metavar="FILE", help="the projects of a YAML file, each with its context")
    if at_once:
        add("--jobs", metavar="N", type=jobs, default=4, help="how many projects at a time (default 4)")


def strictness(parser: argparse.ArgumentParser) -> None:
    """How checks are judged."""
    parser.add_argument("--strict", action="store_true", help="treat warnings as failures")
    parser.add_argument("--allow-unknown", action="store_true", help="treat what cannot be read as a warning")


def content(parser: argparse._ActionsContainer) -> None:
    """What a backup contains beside the objects."""
    parser.add_argument("--with-secrets", action="store_true", help="include secrets and the keys of routes")
    sentence = "also save the content of a database: %(choices)s"
    parser.add_argument("--dump", metavar="NAME", choices=DATABASES, help=sentence)
