"""The options that a crontab or a pipeline sets once, as variables of the environment; what the command line says counts first.

Which variables there are follows from the options' fields. It must not read any other variable.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Mapping

from ..options import OPTIONS, Option, excluded, of_command
from ..values import Text
from .arguments import converted

# A switch is on with any value but these.
OFF = ("", "0", "false", "no")


def values(command: str, given: Mapping[str, object], refuse: Callable[[Text], object]) -> Iterator[tuple[str, object]]:
    """What the environment says and the command line does not, nor says an option that takes its place. An empty variable says nothing."""
    for option in of_command(command):
        word = os.environ.get(option.variable, "").strip() if command in option.about.variable.split() else ""
        instead = {option.name, *excluded(option.name), *option.about.yields.split()}
        if not word or any(given.get(name) for name in instead):
            continue
        try:
            yield option.name, _counted(option, word) if option.flag else converted(option, command, word)
        except (argparse.ArgumentTypeError, ValueError) as error:
            refuse(Text("{name}: {why}", name=option.variable, why=str(error)))


def _counted(option: Option, word: str) -> bool | int:
    """Whether a switch is on, and of one that counts, how often it is. Raises ValueError."""
    return int(word) if option.type == "int" and word.isdecimal() else word.lower() not in OFF


def table() -> str:
    """The variables of the options as a table in Markdown, for their topic."""
    rows = [f"| `{each.variable}` | `{each.spelled}` |" for each in OPTIONS.values() if each.variable]
    return "\n".join(("| variable | as the option |", "| --- | --- |", *rows))
