"""Many projects: named on the command line, one for each context, or in an inventory file.

An inventory is YAML: a list of entries, alone or under `projects:`. Each has `project`, `context` or both, may have a `name`,
and `options` for it alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .. import files, yaml_size
from ..language import system_error
from ..options import MANY, OPTIONS, Option, excluded
from ..values import STEPS, Step, Text, Usage
from .session import Session

LARGEST = 4 * 1024 * 1024
# With what its aliases and merge keys stand for.
MOST_VALUES = 500_000
# What an entry's `options` may hold, by the names of the command line.
OWN: Mapping[str, Option] = {option.spelled.lstrip("-"): option for option in OPTIONS.values() if option.about.own}


@dataclass(frozen=True)
class Target:
    """A project to check: what it is called, where it is, and its own options."""

    name: str
    context: str | None
    project: str | None
    own: Mapping[str, Any] = field(default_factory=dict)

    def applied(self, session: Session) -> Session:
        """The session for this project alone. An option of its own takes the place of those that cannot be combined with it."""
        options = session.options
        instead = {name: OPTIONS[name].default for own in self.own for name in excluded(own) if name in INSTEAD}
        one: dict[str, Any] = {
            **{name: OPTIONS[name].default for name in MANY.split()},
            **instead,
            "context": self.context or options.context,
            "namespace": self.project or options.namespace,
            **self.own,
        }
        return replace(session, options=replace(options, **one))


# The options of a command line of which an entry can have another.
INSTEAD = frozenset(option.name for option in OPTIONS.values() if option.about.value or option.about.own)


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _words(value: Any) -> tuple[str, ...]:
    found = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(found, list) or not found or not all(isinstance(word, str) and word for word in found):
        raise ValueError("a list of names")
    return tuple(found)


def _steps(value: Any) -> tuple[Step, ...]:
    found = _words(value)
    if not set(found) <= {step.value for step in STEPS}:
        raise ValueError("names of steps")
    return tuple(Step(name) for name in found)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a text")
    return value


def _value(option: Option, value: Any) -> object:
    """The value of an option as YAML has it. Raises ValueError, which says what it has to be."""
    if option.flag:
        return _flag(value)
    if option.name == "skip":
        return _steps(value)
    return _words(value) if option.type.startswith("tuple") else _text(value)


def targets(session: Session) -> tuple[Target, ...]:
    """The projects that the options name. Raises Usage, OcError if the list itself cannot be read."""
    options = session.options
    if options.report is not None:
        raise Usage(Text("--report is about one project: name one with -n"))
    oc = session.connect()
    if bool(options.projects) + options.all_contexts + bool(options.inventory) > 1:
        raise Usage(Text("give one of --projects, --all-contexts and --inventory"))
    found: list[Target] = []
    if options.projects:
        found = [Target(name, None, name) for name in dict.fromkeys(options.projects)]
    elif options.all_contexts:
        names = oc.read(("config", "get-contexts", "-o", "name")).stdout.split()
        found = [Target(name, name, None) for name in names]
    elif options.inventory:
        found = list(read(options.inventory))
    if not found:
        raise Usage(Text("there is no project to check: name them with --projects, or in an --inventory"))
    return tuple(found)


def read(path: str) -> Iterator[Target]:
    """The entries of an inventory file. Raises Usage, which names the file and the line."""
    try:
        raw = files.read(Path(path), LARGEST)
    except (OSError, ValueError) as error:  # a ValueError: the name holds a NUL
        why = system_error(error) if isinstance(error, OSError) else Text("?")
        raise Usage(Text("--inventory: {path} cannot be read ({why})", path=path, why=why)) from None
    import yaml  # late: most commands read no inventory

    try:
        yaml_size.measure(raw, MOST_VALUES)
        loader = yaml.SafeLoader(raw)
        root = loader.get_single_node()
    except RecursionError:
        raise _wrong(path, 1, Text("it is nested more deeply, or has more values, than any inventory")) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
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


def _options(path: str, line: int, given: Any) -> dict[str, object]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise _wrong(path, line, Text("options have to be names with values"))
    found: dict[str, object] = {}
    for key, value in given.items():
        option = OWN.get(str(key))
        if option is None:
            known = ", ".join(OWN)
            raise _wrong(path, line, Text("there is no option {key}; known are {known}", key=str(key), known=known))
        try:
            found[option.name] = _value(option, value)
        except ValueError as error:
            raise _wrong(path, line, Text("option {key} has to be {what}", key=str(key), what=str(error))) from None
    return found


def _wrong(path: str, line: int, why: Text) -> Usage:
    return Usage(Text("--inventory: {path}, line {line}: {why}", path=path, line=line, why=why))
