"""Many projects: named on the command line, one for each context, or in an inventory file.

An inventory is YAML: a list of entries, alone or under `projects:`. Each has `project`, `context` or both, may have a `name`,
and `options` for it alone.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..cluster.oc import Oc
from ..values import STEPS, Text, Usage

LARGEST = 4 * 1024 * 1024


@dataclass(frozen=True)
class Target:
    """A project to look at: what it is called, where it is, and the options that differ from the command line's."""

    name: str
    context: str | None
    project: str | None
    options: dict[str, Any] = field(default_factory=dict)

    def applied(self, options: Namespace) -> Namespace:
        """The options for this project alone."""
        own = Namespace(**{**vars(options), **self.options})
        own.context = self.context or options.context
        own.namespace = self.project or options.namespace
        own.projects = own.inventory = None
        own.all_contexts = False
        return own


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _words(value: Any) -> list[str]:
    found = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(found, list) or not found or not all(isinstance(word, str) and word for word in found):
        raise ValueError("a list of names")
    return found


def _steps(value: Any) -> list[str]:
    found = _words(value)
    if not set(found) <= {step.value for step in STEPS}:
        raise ValueError("names of steps")
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a text")
    return value


# What an entry's `options` may hold, by the names of the command line.
OPTIONS: dict[str, Callable[[Any], Any]] = {
    "dc": _words,
    "skip": _steps,
    "service-discovery": _flag,
    "strict": _flag,
    "allow-unknown": _flag,
    "copy-privileged": _flag,
    "no-link-default": _flag,
    "resume-paused": _flag,
    "all-at-once": _flag,
    "force": _flag,
    "kubeconfig": _text,
    "secret-file": _text,
    "from-secret": _text,
    "expect-server": _text,
}


def targets(options: Namespace, oc: Oc) -> tuple[Target, ...]:
    """The projects that the options name. Raises Usage, OcError."""
    given = [name for name in ("projects", "all_contexts", "inventory") if getattr(options, name)]
    if len(given) > 1:
        raise Usage(Text("give one of --projects, --all-contexts and --inventory"))
    if options.projects:
        found = [Target(name, None, name) for name in dict.fromkeys(options.projects)]
    elif options.all_contexts:
        names = oc.read(("config", "get-contexts", "-o", "name")).stdout.split()
        found = [Target(name, name, None) for name in names]
    else:
        found = list(read(options.inventory))
    if not found:
        raise Usage(Text("there is no project to look at: name them with --projects, or in an --inventory"))
    return tuple(found)


def read(path: str) -> Iterator[Target]:
    """The entries of an inventory file. Raises Usage, which names the file and the line."""
    import yaml

    try:
        with open(path, "rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else "?"
        raise Usage(Text("--inventory: {path} cannot be read ({why})", path=path, why=why)) from None
    if len(raw) > LARGEST:
        raise _wrong(path, 1, Text("it is larger than any inventory"))
    try:
        loader = yaml.SafeLoader(raw)
        root = loader.get_single_node()
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise _wrong(path, 1 if mark is None else mark.line + 1, Text("it is not YAML")) from None
    node = root
    if isinstance(root, yaml.MappingNode):
        node = next((value for key, value in root.value if key.value == "projects"), None)
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise _wrong(path, 1, Text("it has to be a list of projects, alone or under projects:"))
    names: dict[str, int] = {}
    for entry in node.value:
        line = entry.start_mark.line + 1
        target = _target(path, line, _constructed(loader, entry, path, line))
        if target.name in names:
            sentence = Text("{name} is named on line {first} already", name=target.name, first=names[target.name])
            raise _wrong(path, line, sentence)
        names[target.name] = line
        yield target


def _constructed(loader: Any, node: Any, path: str, line: int) -> Any:
    import yaml

    try:
        return loader.construct_document(node)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        raise _wrong(path, line, Text("it is not YAML")) from None


def _target(path: str, line: int, entry: Any) -> Target:
    if isinstance(entry, str):
        entry = {"project": entry}
    if not isinstance(entry, dict):
        raise _wrong(path, line, Text("an entry has to be a project's name, or have project: or context:"))
    unknown = [str(key) for key in entry if key not in ("name", "context", "project", "options")]
    if unknown:
        raise _wrong(
            path, line, Text("there is no {key}: an entry has name, context, project, options", key=unknown[0])
        )
    words: dict[str, str] = {}
    for key in ("name", "context", "project"):
        value = entry.get(key)
        if value is not None and (not isinstance(value, str) or not value):
            raise _wrong(path, line, Text("{key} has to be a name", key=key))
        if value is not None:
            words[key] = value
    if "context" not in words and "project" not in words:
        raise _wrong(path, line, Text("an entry has to be a project's name, or have project: or context:"))
    parts = [words[key] for key in ("context", "project") if key in words]
    name = words.get("name") or "/".join(parts)
    return Target(name, words.get("context"), words.get("project"), _options(path, line, entry.get("options")))


def _options(path: str, line: int, given: Any) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise _wrong(path, line, Text("options have to be names with values"))
    found = {}
    for key, value in given.items():
        parse = OPTIONS.get(str(key))
        if parse is None:
            known = ", ".join(OPTIONS)
            raise _wrong(path, line, Text("there is no option {key}; known are {known}", key=str(key), known=known))
        try:
            found[str(key).replace("-", "_")] = parse(value)
        except ValueError as error:
            raise _wrong(path, line, Text("option {key} has to be {what}", key=str(key), what=str(error))) from None
    return found


def _wrong(path: str, line: int, why: Text) -> Usage:
    return Usage(Text("--inventory: {path}, line {line}: {why}", path=path, line=line, why=why))
