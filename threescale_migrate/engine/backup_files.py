"""Reads a project for its backup, and writes the files: all of them or none. It changes nothing in the cluster."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from ..cluster.oc import Oc
from ..cluster.oc_errors import Forbidden, UnknownResourceType
from ..cluster.saved_objects import Saved, saved, selects_pods
from ..guide import backup_content as guide
from ..guide.backup_content import Backup, Document
from ..language import system_error
from ..values import Text, Usage

Part = TypeVar("Part")


def new_directory(path: str) -> Path:
    """The directory that a backup can be written to: there is none yet, or an empty one. Raises Usage."""
    directory = Path(path)
    try:
        if directory.is_dir() and not any(directory.iterdir()):
            return directory
        if directory.exists() or directory.is_symlink():
            raise Usage(Text("{path} exists already: name a directory that is new or empty", path=path))
        if not directory.absolute().parent.is_dir():
            raise Usage(Text("{path}: its parent directory does not exist", path=path))
    except OSError as error:
        raise _unwritable(path, error) from None
    return directory


def read(oc: Oc, with_secrets: bool) -> Backup:
    """Reads what is saved, in one call where the user may read all of it. Raises OcError, UnreadableAnswer."""
    selecting: set[str] = set()

    def parse(item: Any) -> tuple[str, str, Saved | None]:
        kind, name = str(item["kind"]), str(item["metadata"]["name"])
        if selects_pods(item):
            selecting.add(name)
        return kind, name, saved(item, with_secrets)

    found, unread = read_each(oc, guide.types(with_secrets), parse)
    kept: list[Saved] = []
    left_out: list[tuple[str, str]] = []
    for kind, name, item in found:
        if item is None or (kind == "Endpoints" and name in selecting):
            left_out.append((kind, name))
        else:
            kept.append(item)
    return Backup(oc.namespace or "", tuple(kept), unread, with_secrets, left_out=tuple(left_out))


def read_each(
    oc: Oc, types: Sequence[str], parse: Callable[[Any], Part]
) -> tuple[list[Part], tuple[tuple[str, str], ...]]:
    """What `parse` makes of each object of the types, and the types that cannot be read, each with the reason. Raises OcError."""
    try:
        return oc.read_items(("get", ",".join(types), "-o", "json"), parse)[0], ()
    except (Forbidden, UnknownResourceType):  # it does not say which (fact 16)
        pass
    found: list[Part] = []
    unread = []
    for kind in types:
        try:
            found += oc.read_items(("get", kind, "-o", "json"), parse)[0]
        except Forbidden as error:
            unread.append((kind, str(error)))
        except UnknownResourceType:
            continue  # of a type that the server does not have there is nothing to save
    return found, tuple(unread)


@contextmanager
def staged(directory: Path) -> Iterator[Path]:
    """A directory that only its owner can read; once it is filled it takes the name of the one that is wanted, or where that is there,
    what is in it is moved there: a shell may stand in it, and it keeps its mode.

    Raises Usage if that cannot be done; nothing is left behind then, nor if filling it fails.
    """
    scratch = None
    try:
        target = Path(os.path.abspath(directory))
        there = target.is_dir()
        inside = target if there else target.parent
        scratch = Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}-", dir=inside))  # mkdtemp: 0700
        yield scratch
        if there:
            _move(scratch, target)
        else:
            os.rename(scratch, target)
            scratch = None
    except OSError as error:
        raise _unwritable(str(directory), error) from None
    finally:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)


def _move(scratch: Path, target: Path) -> None:
    """Moves all files, or none: what was moved is removed again where that fails. The README comes last. Raises OSError."""
    moved: list[Path] = []
    try:
        for path in sorted(scratch.iterdir(), key=lambda path: (path.name == guide.README, path.name)):
            os.rename(path, target / path.name)
            moved.append(target / path.name)
    except OSError:
        for path in moved:
            path.unlink()
        raise


def write(documents: Iterable[Document], directory: Path) -> None:
    """Writes files, which only their owner can read. Raises OSError."""
    for document in documents:
        descriptor = os.open(directory / document.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(document.text)
            file.flush()
            os.fsync(file.fileno())


def _unwritable(path: str, error: OSError) -> Usage:
    return Usage(Text("{path} cannot be written ({why})", path=path, why=system_error(error)))
