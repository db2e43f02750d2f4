"""A project's lock: one run at a time changes a project. Where the lock's file is, and who holds it, is the engine's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..cluster.location import Location
from ..cluster.oc import Oc
from ..engine import home, lock


@contextmanager
def locked(oc: Oc, where: Location) -> Iterator[Path]:
    """Holds the project's lock. Gives the directory of its journals. Raises Refused, Locked."""
    directory = home.directory_of(where.server, where.project)
    with lock.lock(directory, oc.call_timeout) as descriptor:
        oc.lock = descriptor
        yield directory
