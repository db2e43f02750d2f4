"""An `oc` that answers from a recording: what the cluster had at one recorded look, and nothing else.

A look is a call that lists DeploymentConfigs as JSON, with what was listed next to it while nothing was changed. Who asks for a
type that was not listed then is refused, as somebody who may not read it: what was not recorded is not known. What is no look at
objects (who is logged in where, what they may do, whether an image can be had) the rehearsal in the test's world answers.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import recorded
from tests.support.in_process import FRONTS, Ending, Really
from threescale_migrate.rehearsal.client import output
from threescale_migrate.rehearsal.client.flags import Parser, table
from threescale_migrate.rehearsal.client.run import VERBS
from threescale_migrate.rehearsal.client.session import Session
from threescale_migrate.rehearsal.resources import RESOURCES, Resource, named

# How far, in seconds, two calls of one look may be apart.
NEXT_TO = 0.7
# About the place, not about what is in it.
OF_THE_PLACE = ("namespaces", "projects")
Object = dict[str, Any]


@dataclass(frozen=True)
class Look:
    """The recorded call that lists configs, and the objects that were listed next to it, by type."""

    call: recorded.Recorded
    objects: Mapping[str, tuple[Object, ...]]

    @property
    def name(self) -> str:
        return self.call.name

    @property
    def configs(self) -> list[str]:
        return [item["metadata"]["name"] for item in self.objects["deploymentconfigs"]]


def listed(call: recorded.Recorded) -> dict[str, list[Object]]:
    """The objects in the answer to a `get … -o json`, by type; a type without any is there where it was asked for."""
    if call.argv[1] != "get" or call.exit_code or "json" not in call.argv or not call.stdout.startswith("{"):
        return {}
    kinds = [named(name) for name in call.argv[2].split(",")]
    found: dict[str, list[Object]] = {kind.plural: [] for kind in kinds if kind is not None}
    document = call.json()
    for item in document["items"] if document["kind"] == "List" else [document]:
        kind = named(item["kind"])
        assert kind is not None, item["kind"]
        found.setdefault(kind.plural, []).append(item)
    return found


def changes(call: recorded.Recorded) -> bool:
    """Whether a call changes something, so that what was listed before is of another moment."""
    return call.argv[1] not in ("get", "describe", "logs", "whoami", "auth", "version", "config", "project", "projects")


def looks(scenario: str | Path) -> Iterator[Look]:
    """Each look of a scenario at its configs."""
    calls = list(recorded.calls(scenario))
    for place, call in enumerate(calls):
        if not listed(call).get("deploymentconfigs"):
            continue
        near = [call]
        for step in (1, -1):
            other = place + step
            while 0 <= other < len(calls) and abs(calls[other].at - call.at) <= NEXT_TO and not changes(calls[other]):
                if not listed(calls[other]).get("deploymentconfigs"):
                    near.append(calls[other])
                other += step
        objects: dict[str, tuple[Object, ...]] = {}
        for one in near:  # of two lists of a type the one that came next counts
            for kind, items in listed(one).items():
                objects.setdefault(kind, tuple(items))
        yield Look(call, objects)


class RecordedOc:
    """Stands in front of the rehearsal's `oc` and answers for objects from one look; counts what it was asked."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.asked: list[str] = []

    def __call__(self, args: Sequence[str], really: Really) -> Ending:
        if args[0] != "get" or "--raw" in args:
            return really(args)
        values, words = Parser(table(VERBS["get"][2]), "oc get").parse(list(args[1:]))
        types = [] if "/" in words[0] else words[0].split(",")
        named_ones = [word.split("/") for word in words if "/" in word] or [[words[0], name] for name in words[1:]]
        if {_type(kind).plural for kind in [*types, *(one[0] for one in named_ones)]} <= set(OF_THE_PLACE):
            return really(args)
        items: list[Object] = []
        errors: list[str] = []
        everywhere = bool(values.get("all-namespaces"))
        for kind, name in named_ones:
            self._one(_type(kind), name, items, errors)
        for kind in types if not named_ones else ():
            self._all(_type(kind), everywhere, items, errors)
        out, err = io.StringIO(), io.StringIO()
        session = Session(Path(), values, words, out, err)
        form = str(values.get("output"))
        assert form in ("json", "name") or form.startswith("jsonpath"), args
        if len(named_ones) == 1 and items:
            output.print_object(session, items[0], form)
        elif len(named_ones) != 1:
            output.print_list(session, items, form)
        return int(bool(errors)), out.getvalue(), "".join(f"{line}\n" for line in errors)

    def check(self) -> None:
        """It was asked for configs, by each command that it stood in front of."""
        assert "deploymentconfigs" in self.asked, self.asked

    def _all(self, kind: Resource, everywhere: bool, items: list[Object], errors: list[str]) -> None:
        self.asked.append(kind.plural)
        known = self.look.objects.get(kind.plural)
        if known is None or (everywhere and kind.namespaced):
            where = "at the cluster scope" if everywhere or not kind.namespaced else 'in the namespace "threescale"'
            errors.append(
                f'Error from server (Forbidden): {kind.full} is forbidden: User "system:admin" cannot list resource'
                f' "{kind.plural}" in API group "{kind.group}" {where}'
            )
        else:
            items += known

    def _one(self, kind: Resource, name: str, items: list[Object], errors: list[str]) -> None:
        self.asked.append(kind.plural)
        known = self.look.objects.get(kind.plural)
        if known is None:
            errors.append(
                f'Error from server (Forbidden): {kind.full} "{name}" is forbidden: User "system:admin" cannot get resource'
                f' "{kind.plural}" in API group "{kind.group}" in the namespace "threescale"'
            )
            return
        found = [item for item in known if item["metadata"]["name"] == name]
        items += found
        if not found:
            errors.append(f'Error from server (NotFound): {kind.full} "{name}" not found')


def _type(name: str) -> Resource:
    found = named(name) or RESOURCES.get(name)
    assert found is not None, f"no type {name}"
    return found


def put(look: Look, directory: Path) -> RecordedOc:
    """Puts such an `oc` in front of that of a world's cluster, for the commands of one test."""
    made = RecordedOc(look)
    FRONTS[str(directory)] = made
    return made
