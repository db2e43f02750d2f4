"""The options that contradict each other, or do nothing without another: one table, and the sentence for each line of it.

It owns nothing else. It must not know how an option is spelled on the command line beyond its name, nor what it does.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from ..values import STEPS, Step, Text

OTHERWISE = object()


@dataclass(frozen=True)
class Given:
    """An option by its destination, with any value or with that one."""

    dest: str
    value: object = OTHERWISE

    def is_in(self, given: Mapping[str, object]) -> bool:
        """Whether the command line says so; a list, where one of its members is the value."""
        if self.dest not in given:
            return False
        found = given[self.dest]
        if self.value is OTHERWISE:
            return found not in (None, False)
        return self.value in found if isinstance(found, (list, tuple)) else found == self.value

    def spelled(self, names: Mapping[str, str]) -> str:
        """As a person would type it."""
        name = names.get(self.dest, self.dest.upper())
        if self.value is OTHERWISE or self.value is True:
            return name
        word = str(self.value.value if isinstance(self.value, Enum) else self.value)
        return f"{name} {word}" if name.startswith("-") else word


@dataclass(frozen=True)
class Conflict:
    """Two options of which only one can be meant, in `commands` or, where that is empty, in each command that has both."""

    first: Given
    second: Given
    why: Text
    commands: tuple[str, ...] = ()


@dataclass(frozen=True)
class Need:
    """An option that says nothing unless one of the others is given."""

    option: Given
    others: tuple[Given, ...]
    commands: tuple[str, ...] = ()


# Options by destination, and by `destination=value`.
MANY = "projects all_contexts inventory"
OUTPUTS = "output=json output=yaml output=nagios output=junit"
WHICH = Text("each selects the projects")
ORDER = Text("each sets the order")
ONE = Text("one of them is for a single project only")
SKIPPED = Text("the step that it belongs to is skipped")
ONE_LOOK = Text("one of them is for a single check only")
ANOTHER_STEP = Text("the option belongs to another step")
LOOKS = Text("nothing would be changed")
TEXT_ALONE = Text("one of them is for text output only")
ONCE = Text("standard input can be read only once")

# The options that belong to one step. All others go with every step.
OF_STEPS: Mapping[Step, str] = {
    Step.REGISTRY_SECRET: "replace_secret prove_pull",
    Step.SERVICE_ACCOUNT: "no_link_default no_link_builder",
    Step.PERMISSIONS: "copy_privileged service_discovery",
    Step.DEPLOYMENT_CONFIGS: "resume_paused all_at_once wave_plan gate pause",
}


def _options(words: str | Given) -> tuple[Given, ...]:
    if isinstance(words, Given):
        return (words,)
    parts = (word.partition("=") for word in words.split())
    return tuple(Given(dest, value if equals else OTHERWISE) for dest, equals, value in parts)


def _pairs(firsts: str | Given, seconds: str | Given, why: Text, *commands: str) -> tuple[Conflict, ...]:
    """Each of the first options against each of the second ones."""
    return tuple(Conflict(first, second, why, commands) for first in _options(firsts) for second in _options(seconds))


def _skipped() -> Iterable[Conflict]:
    for step, dests in OF_STEPS.items():
        yield from _pairs(dests, Given("skip", step.value), SKIPPED)


def _single_steps() -> Iterable[Conflict]:
    for step in STEPS:
        others = " ".join(dests for other, dests in OF_STEPS.items() if other is not step)
        yield from _pairs(others, Given("name", step.value), ANOTHER_STEP, "step")


CONFLICTS: tuple[Conflict, ...] = (
    *_pairs("projects", "all_contexts inventory", WHICH),
    *_pairs("all_contexts", "inventory", WHICH),
    *_pairs("projects", "namespace", WHICH),
    *_pairs("all_contexts", "context", WHICH),
    *_pairs(MANY, "report backup dump restore", ONE),
    *_pairs("report backup", MANY, ONE),
    *_pairs(Given("wave_plan", True), MANY, ONE),
    *_pairs("projects", "expect_project", ONE),
    *_pairs(MANY, "username secret_file=-", ONCE),
    *_pairs("all_at_once", "wave_plan", ORDER),
    *_pairs("quiet", Given("verbose", 1), Text("one says less, the other more")),
    *_pairs(Given("verbose", 1), OUTPUTS, TEXT_ALONE),
    *_pairs("changed_since_last watch", OUTPUTS, TEXT_ALONE),
    *_pairs("watch", MANY, ONE),
    *_pairs("watch", "report metrics_file changed_since_last prove_pull", ONE_LOOK),
    *_pairs("plain", "color=always", Text("plain output has no colour")),
    *_pairs("prove_pull", "no_prove_pull", Text("one asks the registry, the other does not")),
    *_skipped(),
    *_pairs("restore", "skip=deployment-configs", SKIPPED),
    *_single_steps(),
    *_pairs("check", "yes grace replace_secret copy_privileged resume_paused", LOOKS),
    *_pairs("dry_run", "grace timeout report ticket", LOOKS),
    *_pairs(
        "to_default",
        "run redo secret_file username from_secret",
        Text("--to-default works from the project alone, without a journal"),
        "undo",
    ),
    *_pairs("redo", "run", Text("each selects the run"), "undo"),
    *_pairs("run", "namespace", Text("the run already determines the project"), "history"),
    *_pairs("kind=containerfile", "namespace schedule permissions", Text("an image is not tied to a project"), "manifest"),
    *_pairs("fault=list", "dir from_file speed shell", Text("list only shows the faults"), "rehearse"),
)  # fmt: skip
NEEDS: tuple[Need, ...] = (
    Need(Given("jobs"), _options(MANY)),
    Need(Given("with_secrets"), _options("backup"), ("migrate",)),
    Need(Given("gate_timeout"), _options("gate")),
    Need(Given("dump"), _options("backup"), ("migrate",)),
    Need(Given("restore"), _options("dump"), ("migrate",)),
    Need(Given("report"), _options("run"), ("history",)),
    Need(Given("interval"), _options("watch"), ("verify",)),
    Need(Given("ticket"), _options("report")),
)


def contradiction(command: str, given: Namespace, names: Mapping[str, str]) -> Text | None:
    """Which options of a command line contradict each other, None where none do.

    `given` has the options that the line itself names, by destination; `names` has the spelling of each destination.
    """
    said = vars(given)
    for conflict in CONFLICTS:
        if conflict.commands and command not in conflict.commands:
            continue
        if conflict.first.is_in(said) and conflict.second.is_in(said):
            return Text(
                "{first} and {second} contradict each other: {why}",
                first=conflict.first.spelled(names),
                second=conflict.second.spelled(names),
                why=conflict.why,
            )
    for need in NEEDS:
        if need.commands and command not in need.commands:
            continue
        possible = [other for other in need.others if other.dest in names]
        if need.option.is_in(said) and possible and not any(other.is_in(said) for other in possible):
            return Text(
                "{option} has no effect without {others}",
                option=need.option.spelled(names),
                others=", ".join(other.spelled(names) for other in possible),
            )
    return None
