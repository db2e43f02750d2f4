"""A command line once more, for someone who is asked to run it again: its arguments and its options, as the environment and the
defaults have completed them. It runs nothing."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Mapping
from itertools import count

from .. import shell

# What a repeated command leaves out: options that name a place, which are added later, or many of them; how a result is shown
# or kept; a directory that has to be new; and the consent to changes, which is asked for again.
LEFT_OUT = frozenset(
    (
        "namespace", "context", "kubeconfig", "projects", "all_contexts", "inventory", "jobs", "output", "quiet", "verbose", "color",
        "plain", "lang", "report", "ticket", "metrics_file", "changed_since_last", "dry_run", "check", "yes", "backup",
        "with_secrets", "password", "help", "version",
    )
)  # fmt: skip
# Paths are named from the root: it may be run in another directory.
PATHS = ("secret_file", "wave_plan")


def _next_to(directory: str) -> str:
    """A new directory beside that one, which exists by then."""
    path = os.path.abspath(directory)
    return next(f"{path}-{number}" for number in count(2) if not os.path.lexists(f"{path}-{number}"))


def words(
    actions: Iterable[argparse.Action], defaults: Mapping[str, object], options: argparse.Namespace
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The arguments, and the options that differ from their defaults, each as one word."""
    arguments: list[str] = []
    given: list[str] = []
    for action in actions:
        value = getattr(options, action.dest, None)
        if action.dest == "backup" and value is not None and getattr(options, "dump", None):
            # The content of a database that is not emptied yet would be lost without it.
            given += shell.option(action.option_strings[-1], _next_to(str(value)), False)
        if action.dest in LEFT_OUT or value is None or value == defaults.get(action.dest):
            continue
        if not action.option_strings:
            arguments.append(str(value))
        elif (
            not isinstance(value, bool) or action.nargs == 0
        ):  # else it is an option with no value, such as plan's --wave-plan
            path = action.dest in PATHS and value != "-"
            repeated = isinstance(action, argparse._AppendAction)
            given += shell.option(action.option_strings[-1], os.path.abspath(str(value)) if path else value, repeated)
    return tuple(arguments), tuple(given)
