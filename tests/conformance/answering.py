"""An `oc` that answers from a recording: what the cluster had at one recorded look, and nothing else.

A look is a call that lists DeploymentConfigs as JSON, with what was listed next to it while nothing was changed. Configs, revisions
and pods are those of the look alone: who asks for a type of these that was not listed then is refused, as somebody who may not
read it, since what was not recorded is not known. Of any other type there is what was listed, or else what is in the test's world
around it: the rehearsal's project at rest, in which nothing has been prepared.
"""

from __future__ import annotations

import io
import json
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
# What a look is about.
HEART = ("deploymentconfigs", "replicationcontrollers", "pods")
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
        one_by_one = [word.split("/") for word in words if "/" in word] or [[words[0], name] for name in words[1:]]
        asked = [(_type(kind), name) for kind, name in one_by_one] or [(_type(kind), "") for kind in types]
        if not any(kind.plural in (*HEART, *self.look.objects) for kind, _ in asked):
            return really(args)
        options = [word for word in args[1:] if word not in words]
        everywhere = bool(values.get("all-namespaces"))
        items: list[Object] = []
        errors: list[str] = []
        for kind, name in asked:
            self.asked.append(kind.plural)
            if kind.plural in HEART or (kind.plural in self.look.objects and not everywhere):
                self._from_look(kind, name, items, errors)
            else:
                _from_around(really, kind, name, options, items, errors)
        out, err = io.StringIO(), io.StringIO()
        session, form = Session(Path(), values, words, out, err), str(values.get("output"))
        assert form in ("json", "name") or form.startswith("jsonpath"), args
        if len(one_by_one) != 1:
            output.print_list(session, items, form)
        elif items:
            output.print_object(session, items[0], form)
        return int(bool(errors)), out.getvalue(), "".join(f"{line}\n" for line in errors)

    def _from_look(self, kind: Resource, name: str, items: list[Object], errors: list[str]) -> None:
        known = self.look.objects.get(kind.plural)
        found = [item for item in known or () if name in ("", item["metadata"]["name"])]
        items += found
        if known is None:
            verb, subject = ("get", f'{kind.full} "{name}"') if name else ("list", kind.full)
            errors.append(
                f'Error from server (Forbidden): {subject} is forbidden: User "system:admin" cannot {verb} resource'
                f' "{kind.plural}" in API group "{kind.group}" in the namespace "threescale"'
            )
        elif name and not found:
            errors.append(f'Error from server (NotFound): {kind.full} "{name}" not found')

    def check(self) -> None:
        """It was asked for configs, by each command that it stood in front of."""
        assert "deploymentconfigs" in self.asked, self.asked


def _from_around(
    really: Really, kind: Resource, name: str, options: Sequence[str], items: list[Object], errors: list[str]
) -> None:
    words = ["json" if word == "name" else word for word in options]
    _, out, err = really(["get", kind.plural, *([name] if name else []), *words])
    found = json.loads(out) if out else {"items": []}
    items += found.get("items", [found])
    errors += [line for line in err.splitlines() if line.startswith("Error")]


def _type(name: str) -> Resource:
    found = named(name) or RESOURCES.get(name)
    assert found is not None, f"no type {name}"
    return found


def put(look: Look, directory: Path) -> RecordedOc:
    """Puts such an `oc` in front of that of a world's cluster, for the commands of one test."""
    made = RecordedOc(look)
    FRONTS[str(directory)] = made
    return made
