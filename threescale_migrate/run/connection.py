"""The way from the options to a project: an `Oc`, whether it is at the place that the user expects, and the project's lock.

`cluster/location.py` knows what a place is; `engine/lock.py` where the lock is, and who holds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..cluster.clock import Clock
from ..cluster.location import NAME, Location, locate, normal
from ..cluster.oc import Oc, find_oc
from ..engine import journal_directory, lock
from ..options import Options
from ..values import Refused, Text, Usage

# How long a command that only reads may take in total, in seconds.
LOOKING_TIMEOUT = 300.0


def connect(connection: Options, timeout: float | None = None) -> Oc:
    """An Oc by the user's options. `timeout` bounds all its calls together, in seconds. Raises OcMissing, Usage."""
    _check_words(connection)
    oc = Oc(
        find_oc(connection.oc),
        namespace=connection.namespace,
        context=connection.context,
        kubeconfig=connection.kubeconfig,
        request_timeout=connection.request_timeout,
    )
    if connection.call_timeout is not None:
        oc.call_timeout = connection.call_timeout
    oc.clock = Clock(timeout)
    return oc


def _check_words(connection: Options) -> None:
    """Refuses what cannot be intended. An empty value is a script's variable that was never set: oc would use its default."""
    given = {
        "--oc": connection.oc,
        "--context": connection.context,
        "--kubeconfig": connection.kubeconfig,
        "--namespace": connection.namespace,
    }
    for option, word in given.items():
        if word == "":
            raise Usage(Text("{option} is empty: give a value, or leave it out", option=option))
        if word is not None and not word.isprintable():
            raise Usage(
                Text("{option}: {word} cannot be passed to oc: it is not plain text", option=option, word=ascii(word))
            )
    if connection.namespace is not None and not NAME.fullmatch(connection.namespace):
        raise Usage(Text("--namespace: {name} is not a valid project name", name=connection.namespace[:80]))


def unexpected(options: Options, where: Location) -> tuple[tuple[str, Text], ...]:
    """What of the location is not as the user expects it: `project` or `server`, with a sentence."""
    wrong = []
    if options.expect_project and options.expect_project != where.project:
        seen = Text(
            "this is project {found}, not {wanted}: name it with -n", found=where.project, wanted=options.expect_project
        )
        wrong.append(("project", seen))
    if options.expect_server and normal(options.expect_server) != where.server:
        seen = Text(
            "oc is logged in to {found}, not to {wanted}: log in there, or name a --context",
            found=where.server,
            wanted=options.expect_server,
        )
        wrong.append(("server", seen))
    return tuple(wrong)


def located(oc: Oc, options: Options) -> Location:
    """Finds out where `oc` is, and that it is the right place. Raises OcError, Refused."""
    where = locate(oc)
    wrong = unexpected(options, where)
    if wrong:
        raise Refused(wrong[0][1])
    return where


@contextmanager
def locked(oc: Oc, where: Location) -> Iterator[Path]:
    """Holds the project's lock. Gives the directory of its journals. Raises Refused, Locked."""
    directory = journal_directory.directory_of(where.server, where.project)
    with lock.lock(directory, oc.call_timeout) as descriptor:
        oc.lock = descriptor
        yield directory
