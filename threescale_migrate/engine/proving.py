"""Asks for an image of the registry, with the login alone from here, and as a dry run from the cluster; makes nothing there."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from ..cluster.failures import OcError, RequestTimeout, Unreachable, error_sentence
from ..cluster.oc import Oc
from ..cluster.state import ProjectState
from ..guide import prove_pull
from ..guide.prove_pull import Answer, Asker
from ..guide.registry_secret import equal
from ..values import Check, Request

SAID = 300


def prove(oc: Oc, state: ProjectState, request: Request) -> tuple[Check, ...]:
    """Asks whoever can be asked about the login that is given, else about the project's; none where there is no login.

    The cluster is asked once the project has that login. Raises OcError where the cluster cannot be asked anything.
    """
    image, given, there = request.prove_pull, request.pull_secret, state.secret
    login = given or there
    if image is None or login is None:
        return ()
    answers = {Asker.WORKSTATION: from_here(oc, image, login.manifest)}
    if there is not None and (given is None or equal(there, given)):
        answers[Asker.CLUSTER] = from_the_cluster(oc, image)
    return prove_pull.together(answers)


def from_here(oc: Oc, image: str, manifest: str) -> Check:
    """Has this workstation's `oc` ask, with nothing but that login. A failure of any kind is an answer."""
    with private_file(prove_pull.registry_config(manifest)) as path:
        return _asked(oc, image, Asker.WORKSTATION, prove_pull.on_workstation(image, path))


def from_the_cluster(oc: Oc, image: str) -> Check:
    """Has the cluster ask, with the logins that it has. Raises OcError where it cannot be asked anything."""
    return _asked(oc, image, Asker.CLUSTER, prove_pull.on_cluster(image))


def _asked(oc: Oc, image: str, asker: Asker, args: tuple[str, ...]) -> Check:
    try:
        call = oc.answer(args)
    except RequestTimeout as error:
        return prove_pull.check(image, asker, Answer.UNREACHABLE, str(error))
    answer = prove_pull.judged(call.exit_code, call.stdout, call.stderr)
    said = oc.redact(error_sentence(call.stderr) or error_sentence(call.stdout))[-SAID:]
    if asker is Asker.CLUSTER and answer is not Answer.PROVED:
        _check_api(oc)
    return prove_pull.check(image, asker, answer, said)


def _check_api(oc: Oc) -> None:
    """Raises OcError where it was the cluster that could not be reached, and not the registry by way of it."""
    try:
        oc.read(("whoami",))
    except Unreachable:
        raise
    except OcError:
        return


@contextmanager
def private_file(text: str) -> Iterator[str]:
    """A file that only its owner may read, in a directory that only its owner may enter; in memory where there is such a place.

    It is gone afterwards, whatever happens.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR") or None
    home = runtime if runtime and os.path.isdir(runtime) and os.access(runtime, os.W_OK) else None
    directory = tempfile.mkdtemp(prefix="threescale-migrate-", dir=home)
    try:
        path = os.path.join(directory, "config.json")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        yield path
    finally:
        shutil.rmtree(directory, ignore_errors=True)
