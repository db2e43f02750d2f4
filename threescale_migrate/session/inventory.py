"""Many projects: named on the command line, one for each context, or in an inventory file.

An inventory is YAML: a list of entries, alone or under `projects:`. Each has `project`, `context` or both, may have a `name`,
and `options` for it alone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from .. import shell
from ..cluster.oc import Oc
from ..values import STEPS, Step, Text, Usage
from .options import Many, OverMany
from .session import Session

LARGEST = 4 * 1024 * 1024


Options = TypeVar("Options", bound=OverMany)


@dataclass(frozen=True)
class Own:
    """The options of an entry for it alone; None where the command line's hold."""

    dc: tuple[str, ...] | None = None
    skip: tuple[Step, ...] | None = None
    service_discovery: bool | None = None
    strict: bool | None = None
    allow_unknown: bool | None = None
    copy_privileged: bool | None = None
    no_link_default: bool | None = None
    no_link_builder: bool | None = None
    resume_paused: bool | None = None
    all_at_once: bool | None = None
    force: bool | None = None
    kubeconfig: str | None = None
    secret_file: str | None = None
    from_secret: str | None = None
    expect_server: str | None = None


@dataclass(frozen=True)
class Target:
    """A project to check: what it is called, where it is, and the options that differ from the command line's."""

    name: str
    context: str | None
    project: str | None
    own: Own = Own()

    def applied(self, session: Session, options: Options) -> tuple[Session, Options]:
        """The session and the options for this project alone."""
        own, request = self.own, options.request
        connection = replace(
            session.connection,
            context=self.context or session.connection.context,
            namespace=self.project or session.connection.namespace,
            kubeconfig=_either(own.kubeconfig, session.connection.kubeconfig),
        )
        selection = replace(
            request.selection,
            configs=_either(own.dc, request.selection.configs),
            skip=_either(own.skip, request.selection.skip),
            service_discovery=_either(own.service_discovery, request.selection.service_discovery),
        )
        secret = replace(
            request.secret,
            file=_either(own.secret_file, request.secret.file),
            from_secret=_either(own.from_secret, request.secret.from_secret),
        )
        extent = replace(
            request.extent,
            copy_privileged=_either(own.copy_privileged, request.extent.copy_privileged),
            no_link_default=_either(own.no_link_default, request.extent.no_link_default),
            no_link_builder=_either(own.no_link_builder, request.extent.no_link_builder),
            resume_paused=_either(own.resume_paused, request.extent.resume_paused),
        )
        order = replace(request.order, all_at_once=_either(own.all_at_once, request.order.all_at_once))
        judgement = replace(
            options.judgement,
            force=_either(own.force, options.judgement.force),
            strict=_either(own.strict, options.judgement.strict),
            allow_unknown=_either(own.allow_unknown, options.judgement.allow_unknown),
        )
        given = shell.instead(session.given, {**vars(own), "kubeconfig": None})
        return replace(session, connection=connection, given=given), replace(
            options,
            request=replace(request, selection=selection, secret=secret, extent=extent, order=order),
            expect=replace(options.expect, server=_either(own.expect_server, options.expect.server)),
            judgement=judgement,
            many=Many(),
        )


Value = TypeVar("Value")


def _either(own: Value | None, given: Value) -> Value:
    return given if own is None else own


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


# What an entry's `options` may hold, by the names of the command line.
OPTIONS: Mapping[str, Callable[[Any], object]] = {
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


def targets(many: Many, oc: Oc) -> tuple[Target, ...]:
    """The projects that the options name. Raises Usage, OcError."""
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
        with open(path, "rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else "?"
        raise Usage(Text("--inventory: {path} cannot be read ({why})", path=path, why=why)) from None
    if len(raw) > LARGEST:
        raise _wrong(path, 1, Text("it is larger than any inventory"))
    import yaml  # late: most commands read no inventory

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


def _options(path: str, line: int, given: Any) -> Own:
    if given is None:
        return Own()
    if not isinstance(given, dict):
        raise _wrong(path, line, Text("options have to be names with values"))
    found: dict[str, Any] = {}
    for key, value in given.items():
        parse = OPTIONS.get(str(key))
        if parse is None:
            known = ", ".join(OPTIONS)
            raise _wrong(path, line, Text("there is no option {key}; known are {known}", key=str(key), known=known))
        try:
            found[str(key).replace("-", "_")] = parse(value)
        except ValueError as error:
            raise _wrong(path, line, Text("option {key} has to be {what}", key=str(key), what=str(error))) from None
    return Own(**found)


def _wrong(path: str, line: int, why: Text) -> Usage:
    return Usage(Text("--inventory: {path}, line {line}: {why}", path=path, line=line, why=why))
