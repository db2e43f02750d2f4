"""Whether the token works: what is asked of the registry, and what the answers mean. `registry_questions.py` asks.

There are two ways. The workstation's `oc image info` gets that one login and nothing else, so that its answer is about the
token. The cluster's image import, as a dry run, tries each pull secret of the project and then the cluster's own: its answer
is what pods will get. A registry answers "not found" only to those who are logged in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from enum import Enum

from ..check_codes import Code
from ..values import NEXT_IMAGES, NO_FIX, PANEL, REGISTRY, Check, Command, Fix, Step, Text, Verdict, Who, resume
from .registry_answers import RegistryAnswer, answer_in

# It represents all images of the next step where one is enough.
IMAGE = NEXT_IMAGES[0]
ALL = "all"
_IMAGE = re.compile(
    rf"{re.escape(REGISTRY)}(/[a-z0-9]+([._-]+[a-z0-9]+)*)+(:[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?(@sha256:[0-9a-f]{{64}})?"
)


class Requester(str, Enum):
    """Who asked the registry."""

    WORKSTATION = "workstation"
    CLUSTER = "cluster"


def is_image(text: str) -> bool:
    """Whether the text names an image that the login is for."""
    return _IMAGE.fullmatch(text) is not None


def on_workstation(image: str, path: str) -> tuple[str, ...]:
    """The call that asks from here, with the logins in the file. An `oc` of 2019 wants a tag (fact 40)."""
    tagged = image if "@" in image or ":" in image.rpartition("/")[2] else f"{image}:latest"
    return ("image", "info", tagged, f"--registry-config={path}", "--filter-by-os=linux/amd64", "-o", "json")


def registry_config(manifest: str, image: str = IMAGE) -> str:
    """The one login for an image as the file that `--registry-config` reads, from a pull secret's JSON. Every client reads it,
    whatever the secret has it written like. Raises Unparsable."""
    from ..cluster.pull_secrets import encoded_auth, logins  # late: the command line is read with this module's names
    from .pull_secret_logins import for_image

    found = for_image(logins(json.loads(manifest)), image)
    return json.dumps({"auths": {} if found is None else {REGISTRY: {"auth": encoded_auth(found)}}})


def answer_of(exit_code: int, stdout: str, stderr: str) -> RegistryAnswer:
    """What the result of `oc image info` means, which asks the registry itself (fact 35)."""
    from ..cluster.oc_errors import answers  # late: the command line is read with this module's names

    if exit_code == 0:
        return RegistryAnswer.PROVED
    told = "\n".join(answers(stderr))
    return answer_in("\n".join(line for line in (told or stderr, stdout) if line))


_TERMS = "{registry} requires the terms of this image to be accepted first: {said}"
_ABSENT = "{registry} does not have this image, or no longer has it: {said}"
# The message for each answer, by who asked; its verdict and fix are the same for both.
SEEN: dict[Requester, dict[RegistryAnswer, str]] = {
    Requester.WORKSTATION: {
        RegistryAnswer.PROVED: "{registry} accepts the token, checked from this workstation",
        RegistryAnswer.REFUSED: "{registry} refuses the token, checked from this workstation: {said}",
        RegistryAnswer.TERMS: _TERMS,
        RegistryAnswer.UNREACHABLE: "this workstation cannot reach {registry}, which says nothing about the token: {said}",
        RegistryAnswer.UNTRUSTED: "this workstation does not trust {registry}, which says nothing about the token: {said}",
        RegistryAnswer.BUSY: "{registry} cannot answer now, which says nothing about the token: {said}",
        RegistryAnswer.ABSENT: _ABSENT,
    },
    Requester.CLUSTER: {
        RegistryAnswer.PROVED: "the cluster can pull it, with credentials of the project or of the cluster",
        RegistryAnswer.REFUSED: "{registry} refuses the credentials of the project: {said}",
        RegistryAnswer.TERMS: _TERMS,
        RegistryAnswer.UNREACHABLE: "the cluster cannot reach {registry}, which says nothing about the token: {said}",
        RegistryAnswer.UNTRUSTED: "the cluster does not trust {registry}, which says nothing about the token: {said}",
        RegistryAnswer.BUSY: "{registry} cannot answer now, which says nothing about the token: {said}",
        RegistryAnswer.ABSENT: _ABSENT,
        RegistryAnswer.UNPARSABLE: "a pull secret of the project cannot be parsed, so that the cluster can use none of its credentials: {said}",
        RegistryAnswer.NOT_IMPORTED: "the cluster does not allow images to be imported from {registry}: {said}",
        RegistryAnswer.BLOCKED: "the cluster is configured to block {registry}: {said}",
        RegistryAnswer.SERVER: "an error of the cluster itself, which says nothing about the token: {said}",
    },
}
# For what is in none of them.
OTHERWISE = {
    Requester.WORKSTATION: "this oc could not ask {registry}: {said}",
    Requester.CLUSTER: "the cluster could not ask for it: {said}",
}
# The next step imports from just there, with just these logins.
FAILURES = (
    RegistryAnswer.REFUSED,
    RegistryAnswer.TERMS,
    RegistryAnswer.UNPARSABLE,
    RegistryAnswer.NOT_IMPORTED,
    RegistryAnswer.BLOCKED,
)
WHATEVER_THE_LOGIN = (RegistryAnswer.UNPARSABLE, RegistryAnswer.NOT_IMPORTED, RegistryAnswer.BLOCKED)
VERDICTS = {RegistryAnswer.PROVED: Verdict.PASSED, **dict.fromkeys(FAILURES, Verdict.FAILED)}
_IMAGES_CONFIG = Command(("oc", "edit", "image.config.openshift.io", "cluster"), Who.CLUSTER_ADMIN)
_FIXES = {
    RegistryAnswer.REFUSED: Fix(PANEL, (resume("--secret-file", "FILE", "--replace-secret"),)),
    RegistryAnswer.TERMS: Fix(
        Text(
            "ask the owner of the token to accept them once at {registry}, or name another image with --prove-pull=IMAGE",
            registry=REGISTRY,
        )
    ),
    RegistryAnswer.ABSENT: Fix(Text("name another image with --prove-pull=IMAGE")),
    RegistryAnswer.UNPARSABLE: Fix(
        Text("replace or delete that pull secret: it need not be linked to an account to spoil all imports")
    ),
    RegistryAnswer.NOT_IMPORTED: Fix(
        Text(
            "ask a cluster admin to allow {registry} in allowedRegistriesForImport; on 3.11 in imagePolicyConfig of the master's"
            " configuration",
            registry=REGISTRY,
        ),
        (_IMAGES_CONFIG,),
    ),
    RegistryAnswer.BLOCKED: Fix(
        Text("ask a cluster admin to allow {registry} in registrySources", registry=REGISTRY), (_IMAGES_CONFIG,)
    ),
}
_LET_OUT = Fix(Text("let the cluster reach {registry} on port 443", registry=REGISTRY))


def check(image: str, asker: Requester, answer: RegistryAnswer, said: str) -> Check:
    """An answer as a check of the first step."""
    verdict = VERDICTS.get(answer, Verdict.UNKNOWN)
    seen = Text(SEEN[asker][answer] if answer in SEEN[asker] else OTHERWISE[asker], registry=REGISTRY, said=said)
    shut_in = asker is Requester.CLUSTER and answer in (RegistryAnswer.UNREACHABLE, RegistryAnswer.UNTRUSTED)
    fix = _LET_OUT if shut_in else _FIXES.get(answer, NO_FIX)
    # The migration itself succeeds without an import; the next step does not.
    forceable = asker is Requester.CLUSTER and answer in WHATEVER_THE_LOGIN
    code = Code.REGISTRY_ACCEPTS_TOKEN
    return Check(Step.REGISTRY_SECRET, code, f"image/{image}", verdict, seen, fix, forceable=forceable)


def eased(checks: Iterable[Check]) -> tuple[Check, ...]:
    """The checks of a test that the user did not ask for: what it could not find out is a warning, and blocks nothing."""
    return tuple(
        _warning(found, Text("the token was not tested: {seen}", seen=found.seen))
        if found.verdict in (Verdict.UNKNOWN, Verdict.WARNING)
        else found
        for found in checks
    )


def _warning(found: Check, seen: Text) -> Check:
    return replace(found, verdict=Verdict.WARNING, seen=seen)


def shown(answers: Mapping[Requester, Check]) -> tuple[Check, ...]:
    """The answers to show: where one of the two knows, it does not matter that the other does not.

    Where the cluster has not been asked yet, what the workstation does not know is a warning: it often has no way out.
    """
    known = tuple(found for found in answers.values() if found.verdict is not Verdict.UNKNOWN)
    if known or Requester.CLUSTER in answers:
        return known or tuple(answers.values())
    later = Text("the cluster is asked before the first redeployment, once it has the credentials")
    return tuple(_warning(found, Text.sentences(found.seen, later)) for found in answers.values())
