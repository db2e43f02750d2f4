"""Asks for an image of the registry, with the login alone from here, and as a dry run from the cluster; makes nothing there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial

from ..cluster.call_files import Stream, readable_once_or_more
from ..cluster.image_imports import FOUND, look
from ..cluster.oc import Oc
from ..cluster.oc_errors import OcError, RequestTimeout, Unreachable, error_sentence
from ..cluster.pull_secrets import broken
from ..cluster.state import ProjectState
from ..cluster.threads import side_by_side
from ..guide import pull_proof
from ..guide.image_pulls import registry_of
from ..guide.pull_proof import Requester
from ..guide.registry_answers import RegistryAnswer, answer_in, of_status
from ..guide.registry_secret import equal
from ..guide.todays_images import TodaysImage
from ..safe_text import cut
from ..values import Check, Request, Verdict

SAID = 300
# How long to wait for a registry that nobody asked about, in seconds.
UNASKED = 20.0
# An answer, and the sentence that it is read from.
Said = tuple[RegistryAnswer, str]


def prove(oc: Oc, state: ProjectState, request: Request) -> tuple[Check, ...]:
    """Asks whoever can be asked about the login that is given, else about the project's; none if there is no login. Raises OcError if
    the cluster cannot be asked anything."""
    return examined(oc, state, request, {})[0]


def examined(
    oc: Oc, state: ProjectState, request: Request, today: Mapping[str, tuple[str, ...]]
) -> tuple[tuple[Check, ...], tuple[TodaysImage, ...]]:
    """The checks of the login, and what the cluster says of `today`'s images, by the configs that need each: it is asked for all of
    them at once. Raises OcError as `prove` does."""
    given, there = request.pull_secret, state.secret
    login = given or there
    # One that no node can parse is a failure of its own.
    images = () if login is None or unparsable(login.manifest) else request.prove_pull
    unasked = replace(oc, call_timeout=min(oc.call_timeout, UNASKED)) if request.prove_by_default else oc
    manifest = "" if login is None else login.manifest
    own: dict[str, Check] = {}
    looked: dict[str, Said] = {}

    def ask_here(image: str) -> None:
        own[image] = from_here(unasked, image, manifest)

    def ask_there() -> None:
        looked.update(of_the_cluster(oc if today else unasked, (*images, *today)))

    asked: list[Callable[[], None]] = [partial(ask_here, image) for image in images]
    side_by_side([*asked, ask_there])
    found: list[Check] = []
    for image in images:
        answers = {Requester.WORKSTATION: own[image]}
        if there is not None and (given is None or equal(there, given)):
            answers[Requester.CLUSTER] = by_the_cluster(image, looked[image])
        else:
            # It has no login to ask with yet; what it refuses by a policy, or for a broken pull secret, it refuses with one as well.
            refused = by_the_cluster(image, looked[image], pull_proof.WHATEVER_THE_LOGIN)
            found += () if refused.verdict is not Verdict.FAILED else (refused,)
        found += pull_proof.shown(answers)
    checks = pull_proof.eased(found) if request.prove_by_default else tuple(found)
    return checks, tuple(TodaysImage(image, configs, *looked[image]) for image, configs in today.items())


def unparsable(manifest: str) -> bool:
    """Whether no node can parse a pull secret, so that nothing can be asked with it."""
    return broken(json.loads(manifest)) is not None


def from_here(oc: Oc, image: str, manifest: str) -> Check:
    """Has this workstation's `oc` ask, with nothing but that login. A failure of any kind is an answer."""
    with readable_once_or_more(pull_proof.registry_config(manifest, image)) as (path, stream):
        answer, said = _asked(oc, pull_proof.on_workstation(image, path), stream)
    return pull_proof.check(image, Requester.WORKSTATION, answer, said)


def by_the_cluster(image: str, said: Said, counted: Collection[RegistryAnswer] = tuple(RegistryAnswer)) -> Check:
    """The cluster's answer as a check; an answer that is not `counted` is no answer."""
    return pull_proof.check(
        image, Requester.CLUSTER, said[0] if said[0] in counted else RegistryAnswer.UNKNOWN, said[1]
    )


def of_the_cluster(oc: Oc, images: Sequence[str]) -> dict[str, Said]:
    """Has the cluster ask for images, with the logins that it has. Raises OcError if it cannot be asked anything."""
    if not images:
        return {}
    try:
        looked = look(oc, images)
    except RequestTimeout as error:
        return dict.fromkeys(images, (RegistryAnswer.UNREACHABLE, str(error)))
    except OcError as error:
        _check_api(oc)
        refused = of_refused_registries(str(error), images)
        rest = [image for image in images if image not in refused]
        if refused and rest:  # one registry that is not allowed has the whole call refused
            said = (RegistryAnswer.NOT_IMPORTED, cut(oc.redact(str(error)), SAID))
            return {**dict.fromkeys(refused, said), **of_the_cluster(oc, rest)}
        found = answer_in(str(error))
        own = found if found in pull_proof.WHATEVER_THE_LOGIN else RegistryAnswer.UNKNOWN
        return dict.fromkeys(images, (own, cut(oc.redact(str(error)), SAID)))
    return {
        image: (
            RegistryAnswer.PROVED if found.reason == FOUND else of_status(found.reason, found.message),
            cut(oc.redact(found.message), SAID),
        )
        for image, found in looked.items()
    }


def of_refused_registries(said: str, images: Sequence[str]) -> tuple[str, ...]:
    """The images of the registries that a refusal names, as the import policy does: `registry "quay.io:443" not allowed by …`."""
    named = {name.partition(":")[0] for name in re.findall(r'registry "([^"]+)" not allowed', said)}
    return tuple(image for image in images if registry_of(image).partition(":")[0] in named)


def _asked(oc: Oc, args: tuple[str, ...], stream: Stream) -> Said:
    """What asking from here came to, with the client's own sentence."""
    try:
        call = oc.answer(args, stream=stream)
    except RequestTimeout as error:
        return RegistryAnswer.UNREACHABLE, str(error)
    said = cut(oc.redact(error_sentence(call.stderr) or error_sentence(call.stdout)), SAID)
    return pull_proof.answer_of(call.exit_code, call.stdout, call.stderr), said


def _check_api(oc: Oc) -> None:
    """Raises OcError if it was the cluster that could not be reached, and not the registry by way of it."""
    try:
        oc.read(("whoami",))
    except Unreachable:
        raise
    except OcError:
        return
