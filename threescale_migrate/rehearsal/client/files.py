"""What commands read from files and patches, and how they report what happened to an object."""

from __future__ import annotations

import os
import sys

from ..quickjson import dumps, loads
from ..refusing import ApiError
from ..resources import BY_KIND, Resource, version_of
from ..store import Object
from ..typed import Any, Iterable
from . import output
from .documents import parse
from .errors import failure
from .session import Session


def read(session: Session) -> list[tuple[str, Object]]:
    """The documents in the given files, each with its file's name in errors. Raises CommandError."""
    found = []
    for path in _files(session.values.get("filename") or ()):
        name, text = ("STDIN" if path == "-" else path, text_of(path))
        for document in parse(text, name):
            listed = (
                document.get("items") if isinstance(document, dict) and document.get("kind") == "List" else [document]
            )
            for item in listed or ():
                if not isinstance(item, dict) or not item.get("kind"):
                    shown = dumps(item)
                    raise failure(f"unable to decode \"{name}\": Object 'Kind' is missing in '{shown}'")
                found.append((name, item))
    if not found:
        raise failure("no objects passed to create")
    return found


def _files(given: Iterable[str]) -> list[str]:
    """The given files; for a directory its JSON and YAML files, sorted by name."""
    found = []
    for path in given:
        if path != "-" and os.path.isdir(path):
            names = sorted(os.listdir(path))
            found += [os.path.join(path, name) for name in names if name.endswith((".json", ".yaml", ".yml"))]
        else:
            found.append(path)
    return found


def text_of(path: str) -> str:
    """The content of a file, or of stdin, which `-` is. Raises CommandError."""
    if path == "-":
        return sys.stdin.read()
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError:
        raise failure(f'the path "{path}" does not exist') from None


def type_of(item: Object, name: str) -> Resource:
    resource, version = BY_KIND.get(str(item["kind"])), item.get("apiVersion", "v1")
    if resource is None or (resource.plural == "cronjobs" and version != version_of(resource)):
        raise failure(
            f'resource mapping not found for name: "{item.get("metadata", {}).get("name", "")}" namespace: "" from "{name}":'
            f' no matches for kind "{item["kind"]}" in version "{version}"\nensure CRDs are installed first'
        )
    return resource


def done(session: Session, resource: Resource, item: Object, verb: str) -> None:
    form = str(session.values.get("output") or "")
    dry = {"client": " (dry run)", "server": " (server dry run)"}.get(session.dry_run, "")
    if form:
        output.print_object(session, item, form)
    else:
        session.print(f"{resource.singular}/{item['metadata']['name']} {verb}{dry}")


def space_of(session: Session, item: Object) -> str:
    wanted = item.get("metadata", {}).get("namespace")
    if wanted and session.values.get("namespace") and wanted != session.namespace:
        raise failure(
            f'the namespace from the provided object "{wanted}" does not match the namespace "{session.namespace}". You must pass'
            f" '--namespace={wanted}' to perform this operation."
        )
    return str(wanted or session.namespace)


def body(text: str) -> Any:
    try:
        return loads(text)
    except ValueError:
        found = parse(text, "patch") if not text.lstrip().startswith("{") else []
        if found and isinstance(found[0], (dict, list)):
            return found[0]
        from ..gojson import problem

        raise ApiError(400, "BadRequest", problem(text) or "the patch is not an object") from None
