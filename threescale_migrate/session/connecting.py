"""The way from the options to an `Oc`. It checks the words that `oc` gets, and asks no cluster."""

from __future__ import annotations

import re
from time import monotonic

from ..cluster.oc import Oc, find_oc
from ..values import Text, Usage
from .options import Connection

# How long a command that only looks may take altogether, in seconds.
LOOKING_TIMEOUT = 300.0
PROJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def connect(connection: Connection, timeout: float | None = None) -> Oc:
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
    if timeout is not None:
        oc.deadline = monotonic() + timeout
    return oc


def _check_words(connection: Connection) -> None:
    """Refuses what cannot be meant. An empty one is a variable of a script that was never set: oc would take its default."""
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
                Text("{option}: {word} cannot be handed to oc: it is not plain text", option=option, word=ascii(word))
            )
    if connection.namespace is not None and not PROJECT_NAME.fullmatch(connection.namespace):
        raise Usage(Text("--namespace: {name} is no name that a project can have", name=connection.namespace[:80]))
