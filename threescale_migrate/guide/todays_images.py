"""Whether today's images can still be pulled: a redeployment pulls them again, on other nodes (fact 25).

Pure: which images to ask for, and what the answers mean. The cluster is asked, by imports as dry runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from ..check_codes import Code
from ..cluster.state import ProjectState
from ..values import REGISTRY, Text, Verdict
from .findings import Finding, Group
from .prove_pull import Answer

# The cluster's own registry holds its images itself: they are not imported.
INTERNAL = re.compile(
    r"(?:docker-registry\.default\.svc|image-registry\.openshift-image-registry\.svc)(?:\.|:|/)|172\.30\."
)


@dataclass(frozen=True)
class Asked:
    """The answer for an image; `said` is the client's own sentence."""

    image: str
    configs: tuple[str, ...]
    answer: Answer
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


_finding = partial(Finding, Group.CONFIGS, Code.IMAGE_PULLABLE)


def findings(asked: Iterable[Asked], has_login: bool) -> list[Finding]:
    """A failure for each image that is gone; one warning for those without an answer."""
    found, unknown, had = [], [], 0
    for one in asked:
        awaits = one.answer is Answer.REFUSED and one.image.startswith(f"{REGISTRY}/") and not has_login
        if one.answer is Answer.PROVED:
            had += 1
        elif awaits:
            continue  # the login is what the migration brings
        elif one.answer in (Answer.ABSENT, Answer.TERMS, Answer.REFUSED):
            found.append(_gone(one))
        else:
            unknown.append(one)
    if unknown:
        seen = Text(
            "could not check whether it can be pulled again: {said} (and {more} more)"
            if len(unknown) > 1
            else "could not check whether it can be pulled again: {said}",
            said=unknown[0].said,
            more=len(unknown) - 1,
        )
        found.append(_finding(f"image/{unknown[0].image}", Verdict.WARNING, seen, forceable=True))
    if had and not found:
        seen = Text("the cluster can still pull today's {count} images", count=had)
        found.append(_finding("images", Verdict.PASSED, seen))
    return found


def _gone(one: Asked) -> Finding:
    seen = Text(
        "it cannot be pulled again, and the new pods of {configs} need it on any node that no longer has it: {said}",
        configs=", ".join(one.configs),
        said=one.said,
    )
    fix = Text(
        "make it available in a registry that the cluster can pull from, or import its image stream; or continue with --force"
    )
    return _finding(f"image/{one.image}", Verdict.FAILED, seen, fix, forceable=True)
