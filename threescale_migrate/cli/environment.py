"""The options that a crontab or a pipeline sets once, as variables of the environment; what the command line says counts first.

It owns their names, the guide's own among them. It must not read any other variable.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Mapping

from ..values import Text

PREFIX = "THREESCALE_MIGRATE_"
# The guide's own variable says what is migrated; an undo is about what was.
NAMES = "THREESCALE_DC_NAMES"
# By destination; a switch is on with any value but these.
VARIABLES: Mapping[str, str] = {
    dest: PREFIX + dest.upper()
    for dest in (
        "namespace", "context", "kubeconfig", "request_timeout", "call_timeout", "oc", "secret_file", "expect_project", "expect_server",
        "timeout", "grace", "color", "plain", "lang", "report", "metrics_file", "inventory", "jobs",
    )
}  # fmt: skip
OFF = ("", "0", "false", "no")
# A variable is ignored where the command line has one of these options, which replace it.
INSTEAD: Mapping[str, tuple[str, ...]] = {
    "secret_file": ("username", "from_secret"),
    "inventory": ("projects", "all_contexts", "namespace", "watch"),
    "namespace": ("projects", "all_contexts", "inventory"),
    "context": ("all_contexts",),
    "report": ("projects", "all_contexts", "inventory", "dry_run", "watch"),
    "metrics_file": ("watch",),
}


def apply(
    actions: Iterable[argparse.Action],
    given: argparse.Namespace,
    options: argparse.Namespace,
    refuse: Callable[[Text], object],
) -> None:
    """Sets in `options` what the environment says and the command line (`given`) does not. An empty variable says nothing."""
    listed = list(actions)
    migrates = any(action.dest == "skip" for action in listed)
    for action in listed:
        name = NAMES if action.dest == "dc" and migrates else VARIABLES.get(action.dest, "")
        word = os.environ.get(name, "").strip()
        if not name or not word or hasattr(given, action.dest):
            continue
        if any(hasattr(given, other) for other in INSTEAD.get(action.dest, ())):
            continue
        try:
            value = _value(action, word)
        except (argparse.ArgumentTypeError, ValueError) as error:
            refuse(Text("{name}: {why}", name=name, why=str(error)))
            return
        setattr(options, action.dest, value)


def _value(action: argparse.Action, word: str) -> object:
    if action.nargs == 0:
        return word.lower() not in OFF
    convert = action.type if callable(action.type) else str
    value: object = convert(word)
    if action.choices is not None and value not in action.choices:
        raise ValueError(f"{word!r}: choose from {', '.join(map(str, action.choices))}")
    return value
