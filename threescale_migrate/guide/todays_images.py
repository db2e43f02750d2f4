"""Whether today's images can still be pulled: a redeployment pulls them again, on other nodes (fact 25).

Pure: which images to ask for, and what the answers mean. The cluster is asked, by imports as dry runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from ..check_codes import Code
from ..cluster.state import ProjectState
from ..values import REGISTRY, Check, Step, Text, Verdict
from .cause import then
from .registry_answers import RegistryAnswer

# The cluster's own registry holds its images itself: they are not imported.
INTERNAL = re.compile(
    r"(?:docker-registry\.default\.svc|image-registry\.openshift-image-registry\.svc)(?:\.|:|/)|172\.30\."
)


@dataclass(frozen=True)
class TodaysImage:
    """The answer for an image; `said` is the client's own sentence."""

    image: str
    configs: tuple[str, ...]
    answer: RegistryAnswer
    said: str


def wanted(state: ProjectState, configs: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Each distinct image that the configs' next pods will pull, with the configs that need it."""
    found: dict[str, list[str]] = {}
    for name in configs:
        config = state.configs[name]
        for image in dict.fromkeys(config.images):
            if image.strip() and config.replicas and not INTERNAL.match(image):
                found.setdefault(image, []).append(name)
    return {image: tuple(names) for image, names in found.items()}


_finding = partial(Check, Step.DEPLOYMENT_CONFIGS, Code.IMAGE_PULLABLE)


# What makes it certain that a node that does not have the image cannot get it.
GONE = (
    RegistryAnswer.ABSENT,
    RegistryAnswer.TERMS,
    RegistryAnswer.REFUSED,
    RegistryAnswer.UNFIT,
    RegistryAnswer.BLOCKED,
)
# Why an image could not be checked; of the others the client's own sentence says more.
UNKNOWN = {
    RegistryAnswer.SERVER: "an error of the cluster itself, which says nothing about the images: {said}",
    RegistryAnswer.UNPARSABLE: "a pull secret of the project cannot be parsed, which spoils every import: {said}",
    RegistryAnswer.NOT_IMPORTED: "the cluster does not allow images to be imported from there: {said}",
    RegistryAnswer.UNREACHABLE: "the cluster could not reach the registry: {said}",
    RegistryAnswer.UNTRUSTED: "the cluster does not trust the registry: {said}",
    RegistryAnswer.BUSY: "the registry could not answer: {said}",
}


def checks(asked: Iterable[TodaysImage], has_login: bool) -> list[Check]:
    """A failure for each image that is gone; a warning for each cause for which images could not be checked."""
    found, had = [], 0
    unknown: dict[tuple[RegistryAnswer, str], list[TodaysImage]] = {}
    for one in asked:
        awaits = one.answer is RegistryAnswer.REFUSED and one.image.startswith(f"{REGISTRY}/") and not has_login
        if one.answer is RegistryAnswer.PROVED:
            had += 1
        elif awaits:
            continue  # the login is what the migration brings
        elif one.answer in GONE:
            found.append(_gone(one))
        else:
            said = re.sub(r"\S*" + re.escape(one.image.partition("@")[0]) + r"\S*", "", one.said)
            unknown.setdefault((one.answer, said if one.answer is RegistryAnswer.UNKNOWN else ""), []).append(one)
    if had and not found:
        seen = Text("the cluster can still pull today's {count} images", count=had)
        found.append(_finding("images", Verdict.PASSED, seen))
    return [*found, *(_unchecked(answer, images) for (answer, _), images in unknown.items())]


def _unchecked(answer: RegistryAnswer, images: Sequence[TodaysImage]) -> Check:
    why = Text(UNKNOWN.get(answer, "{said}"), said=images[0].said)
    seen = Text.plural(
        "could not check whether it can be pulled again: {why}",
        "could not check whether {count} images can be pulled again: {why}",
        count=len(images),
        why=why,
    )
    subject = f"image/{images[0].image}" if len(images) == 1 else "images"
    return _finding(subject, Verdict.WARNING, seen, forceable=True)


def _gone(one: TodaysImage) -> Check:
    seen = Text(
        "it cannot be pulled again, and the new pods of {configs} need it on any node that no longer has it: {said}",
        configs=", ".join(one.configs),
        said=one.said,
    )
    fix = then(Text("make it available in a registry that the cluster can pull from, or import its image stream"))
    return _finding(f"image/{one.image}", Verdict.FAILED, seen, fix, forceable=True)
