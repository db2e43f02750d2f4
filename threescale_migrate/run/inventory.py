"""Many projects: named on the command line, one for each context, or in an inventory file.

An inventory is YAML: a list of entries, alone or under `projects:`. Each has `project`, `context` or both, may have a `name`,
and `options` for it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from .. import files, shell, yaml_size
from ..language import system_error
from ..values import STEPS, Step, Text, Usage
from .options import Many, OverMany
from .session import Session

LARGEST = 4 * 1024 * 1024
# With what its aliases and merge keys stand for.
MOST_VALUES = 500_000


Options = TypeVar("Options", bound=OverMany)


@dataclass(frozen=True)
class Target:
    """A project to check: what it is called, where it is, and its own options, by the names in `OPTIONS`."""

    name: str
    context: str | None
    project: str | None
    own: Mapping[str, object] = field(default_factory=dict)

    def applied(self, session: Session, options: Options) -> tuple[Session, Options]:
        """The session and the options for this project alone."""
        connection = replace(
            session.connection,
            context=self.context or session.connection.context,
            namespace=self.project or session.connection.namespace,
        )
        # In the order of the table; where a project is, commands name by themselves.
        words = {name: self.own[name] for name in OPTIONS if name in self.own and name != "kubeconfig"}
        session = replace(session, connection=connection, given=shell.instead(session.given, words))
        options = replace(options, many=Many())
        for name, value in self.own.items():
            owner, *path = OPTIONS[name].place
            if owner == "session":
                session = _with(session, path, value)
            else:
                options = _with(options, path, value)
        return session, options


Value = TypeVar("Value")


def _with(options: Value, path: Sequence[str], value: object) -> Value:
    """The same options with another value in one place, which the names of fields lead to."""
    name, *rest = path
    inner = _with(getattr(options, name), rest, value) if rest else value
    changed: Value = replace(options, **{name: inner})  # type: ignore[type-var]
    return changed


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


class Option(NamedTuple):
    """An option of an entry: how its value is read, and the fields that it goes to, from the session's or the options' own."""

    parse: Callable[[Any], object]
    place: tuple[str, ...]


# What an entry's `options` may hold, by the names of the command line.
OPTIONS: Mapping[str, Option] = {
    "dc": Option(_words, ("options", "request", "configs")),
    "skip": Option(_steps, ("options", "request", "skip")),
    "service-discovery": Option(_flag, ("options", "request", "service_discovery")),
    "strict": Option(_flag, ("options", "judgement", "strict")),
    "allow-unknown": Option(_flag, ("options", "judgement", "allow_unknown")),
    "copy-privileged": Option(_flag, ("options", "request", "copy_privileged")),
    "no-link-default": Option(_flag, ("options", "request", "no_link_default")),
    "resume-paused": Option(_flag, ("options", "request", "resume_paused")),
    "all-at-once": Option(_flag, ("options", "request", "all_at_once")),
    "force": Option(_flag, ("options", "judgement", "force")),
    "kubeconfig": Option(_text, ("session", "connection", "kubeconfig")),
    "secret-file": Option(_text, ("options", "request", "secret", "file")),
    "from-secret": Option(_text, ("options", "request", "secret", "from_secret")),
    "expect-server": Option(_text, ("options", "expect", "server")),
}


def targets(session: Session, options: OverMany) -> tuple[Target, ...]:
    """The projects that the options name. Raises Usage, OcError if the list itself cannot be read."""
    if session.report is not None:
        raise Usage(Text("--report is about one project: name one with -n"))
    many, oc = options.many, session.connect()
    if bool(many.projects) + many.all_contexts + bool(many.inventory) > 1:
        raise Usage(Text("give one of --projects, --all-contexts and --inventory"))
    found: list[Target] = []
    if many.projects:
        found = [Target(name, None, name) for name in dict.fromkeys(many.projects)]
    elif many.all_contexts:
        names = oc.read(("config", "get-contexts", "-o", "name")).stdout.split()
        found = [Target(name, name, None) for name in names]
    elif many.inventory:
        found = list(read(many.inventory))
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
        option = OPTIONS.get(str(key))
        if option is None:
            known = ", ".join(OPTIONS)
            raise _wrong(path, line, Text("there is no option {key}; known are {known}", key=str(key), known=known))
        try:
            found[str(key)] = option.parse(value)
        except ValueError as error:
            raise _wrong(path, line, Text("option {key} has to be {what}", key=str(key), what=str(error))) from None
    return found


def _wrong(path: str, line: int, why: Text) -> Usage:
    return Usage(Text("--inventory: {path}, line {line}: {why}", path=path, line=line, why=why))
