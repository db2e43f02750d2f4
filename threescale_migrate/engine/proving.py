"""Asks for an image of the registry, with the login alone from here, and as a dry run from the cluster; makes nothing there."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial

from ..cluster.failures import OcError, RequestTimeout, Unreachable, error_sentence
from ..cluster.oc import Oc
from ..cluster.pull_secrets import broken
from ..cluster.state import ProjectState
from ..cluster.streams import NONE, Stream, readable_once_or_more
from ..cluster.threads import side_by_side
from ..guide import prove_pull
from ..guide.prove_pull import Asker
from ..guide.registry_answers import Answer
from ..guide.registry_secret import equal
from ..guide.todays_images import Asked
from ..values import Check, Request, Verdict
from ..visible import cut

SAID = 300
# How long to wait for a registry that nobody asked about, in seconds.
UNASKED = 20.0
# How many imports are tried at once.
AT_ONCE = 4


def prove(oc: Oc, state: ProjectState, request: Request) -> tuple[Check, ...]:
    """Asks whoever can be asked about the login that is given, else about the project's; none if there is no login.

    The cluster is asked once the project has that login. Raises OcError if the cluster cannot be asked anything.
    """
    given, there = request.pull_secret, state.secret
    login = given or there
    if login is None or unparsable(login.manifest):  # which is a failure of its own
        return ()
    if request.prove_by_default:
        oc = replace(oc, call_timeout=min(oc.call_timeout, UNASKED))
    found: list[Check] = []
    for image in request.prove_pull:
        answers = {Asker.WORKSTATION: from_here(oc, image, login.manifest)}
        if there is not None and (given is None or equal(there, given)):
            answers[Asker.CLUSTER] = from_the_cluster(oc, image)
        else:
            # It has no login to ask with yet; what it refuses by a policy, or for a broken pull secret, it refuses with one as well.
            refused = from_the_cluster(oc, image, prove_pull.WHATEVER_THE_LOGIN)
            found += () if refused.verdict is not Verdict.FAILED else (refused,)
        found += prove_pull.shown(answers)
    return prove_pull.eased(found) if request.prove_by_default else tuple(found)


def unparsable(manifest: str) -> bool:
    """Whether no node can parse a pull secret, so that nothing can be asked with it."""
    return broken(json.loads(manifest)) is not None


def from_here(oc: Oc, image: str, manifest: str) -> Check:
    """Has this workstation's `oc` ask, with nothing but that login. A failure of any kind is an answer."""
    with readable_once_or_more(prove_pull.registry_config(manifest, image)) as (path, stream):
        answer, said = _asked(oc, Asker.WORKSTATION, prove_pull.on_workstation(image, path), stream)
    return prove_pull.check(image, Asker.WORKSTATION, answer, said)


def from_the_cluster(oc: Oc, image: str, counted: Collection[Answer] = tuple(Answer)) -> Check:
    """Has the cluster ask, with the logins that it has; an answer that is not `counted` is no answer. Raises OcError if it cannot be
    asked anything."""
    answer, said = _asked(oc, Asker.CLUSTER, prove_pull.on_cluster(image))
    answer = answer if answer in counted else Answer.UNKNOWN
    return prove_pull.check(image, Asker.CLUSTER, answer, said)


def still_there(oc: Oc, wanted: Mapping[str, tuple[str, ...]]) -> tuple[Asked, ...]:
    """Has the cluster ask for each image, some at a time. Raises OcError if the cluster cannot be asked anything."""
    asked = [partial(_asked, oc, Asker.CLUSTER, prove_pull.on_cluster(image)) for image in wanted]
    answers = side_by_side(asked, AT_ONCE)
    return tuple(
        Asked(image, configs, answer, said) for (image, configs), (answer, said) in zip(wanted.items(), answers)
    )


def _asked(oc: Oc, asker: Asker, args: tuple[str, ...], stream: Stream = NONE) -> tuple[Answer, str]:
    """What asking came to, with the client's own sentence."""
    try:
        call = oc.answer(args, stream=stream)
    except RequestTimeout as error:
        return Answer.UNREACHABLE, str(error)
    answer = prove_pull.judged(call.exit_code, call.stdout, call.stderr)
    said = cut(oc.redact(error_sentence(call.stderr) or error_sentence(call.stdout)), SAID)
    if asker is Asker.CLUSTER and answer is not Answer.PROVED:
        _check_api(oc)
    return answer, said


def _check_api(oc: Oc) -> None:
    """Raises OcError if it was the cluster that could not be reached, and not the registry by way of it."""
    try:
        oc.read(("whoami",))
    except Unreachable:
        raise
    except OcError:
        return
