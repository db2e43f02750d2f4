"""What a registry, or something on the way to it, answered to a pull: what that means, whether it passes by itself, and the fix.

One table of the registries' own messages (fact 25). It knows images and logins, not rollouts.
"""

from __future__ import annotations

import re

from ..cluster.state import Pod, ProjectState
from ..values import PROGRAM, REGISTRY, RESUME, SECRET_NAME, Command, Fix, Text
from .cause import Cause, CauseKind, then

REASONS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}
)
# These need no login.
OPEN_REGISTRIES = frozenset({"registry.access.redhat.com"})
REFUSED = "{registry} refuses the login"
TERMS = "{registry} requires the terms of this image to be accepted first, or no longer has it"
# The answer to a pull, what it means, whether that lasts, and the fix. The first that matches counts.
SAID: tuple[tuple[str, str, bool, str], ...] = (
    (
        r"(?i)requires terms acceptance|only available on registry\.redhat\.io",
        TERMS,
        True,
        "point the image stream of dc/{name} at the image on {login_registry}, with its terms accepted there by the owner of"
        " the login",
    ),
    (
        r"(?i)too ?many ?requests|\b429\b|\b50[0234]\b|service unavailable|bad gateway|internal server error",
        "{registry} cannot serve it now",
        False,
        "wait: the node retries by itself",
    ),
    (
        r"(?i)unauthorized|not authorized|authentication required|invalid username|denied|no basic auth|\b40[13]\b|login",
        REFUSED,
        True,
        "give {account} a login for {registry} that works",
    ),
    (
        r"(?i)manifest unknown|name unknown|no such manifest|not found|\b404\b|does not exist",
        "{registry} does not have this image, or no longer has it",
        True,
        "check which image dc/{name} and its image stream name, and fix that",
    ),
    (
        r"(?i)x509|certificate|server gave HTTP response",
        "the node does not trust {registry}",
        True,
        "make the nodes trust the certificate of {registry}",
    ),
    (
        r"(?i)no such host|timeout|timed out|deadline ?exceeded|refused|no route|unreachable|EOF|reset by peer",
        "{registry} cannot be reached from the node, or the image takes longer than the node waits",
        False,
        "check whether the nodes can reach {registry} (proxy, firewall); the node retries by itself",
    ),
)
UNKNOWN = ("{registry} does not serve it", True, "find the cause in the events, and fix it")

NO_SECRET_IN_POD = "the pod was created without the pull secret {secret}"
NO_SECRET_IN_ACCOUNT = "the account {account} does not have the pull secret {secret}"
NO_SECRET = "the pull secret {secret} is not in the project"
LOGIN = "{secret} has a login for it"
NO_LOGIN = "{secret} has no login for it"
LOGIN_UNKNOWN = "it is not known whether {secret} has a login for it"
LOGINS = (NO_SECRET_IN_POD, NO_SECRET_IN_ACCOUNT, NO_SECRET, LOGIN, NO_LOGIN, LOGIN_UNKNOWN)
# How a project is given a registry secret; FILE is for the reader to fill in.
GIVE = (PROGRAM, "step", "registry-secret", "--secret-file", "FILE")
PULL_REFUSED = re.compile(r'Failed to pull image "([^"]+)"')


def judged(state: ProjectState, name: str, image: str, said: str, account: str, pod: Pod | None = None) -> Cause:
    """Why a pull failed: whose registry it is, what it answered, and what is known about a login where one is needed; `pod` is
    the pod that pulls, where it still exists."""
    registry = registry_of(image)
    named: dict[str, object] = {
        "name": name,
        "image": shortened(image),
        "registry": registry,
        "login_registry": REGISTRY,
        "secret": SECRET_NAME,
        "account": account,
        "pod": "" if pod is None else pod.name,
    }
    why, lasting, fix = next(
        ((why, lasting, fix) for words, why, lasting, fix in SAID if re.search(words, said)), UNKNOWN
    )
    named["why"] = Text(why, **named)
    looking = (Command(("oc", "get", "events")),) if fix == UNKNOWN[2] else ()
    repair = Fix(Text(fix, **named), (*looking, RESUME) if lasting else ())
    known = _login(state, account, pod, registry) if _wants_login(registry, why) else None
    if known is None:
        seen = Text("{name}: the image {image} cannot be pulled; {why}", **named)
        return Cause(CauseKind.IMAGE_PULL, seen, repair, lasting)
    seen = Text("{name}: the image {image} cannot be pulled; {why}; {login}", login=Text(known, **named), **named)
    # Without a login in the pod, the registry's other answers do not count; with it, its refusal does.
    by_login = registry == REGISTRY and (why == REFUSED or known not in (LOGIN, LOGIN_UNKNOWN))
    return Cause(CauseKind.IMAGE_PULL, seen, login_fix(known, account, pod) if by_login else repair, lasting)


def login_fix(known: str, account: str, pod: Pod | None) -> Fix:
    """What fixes a pull that needs a login for registry.redhat.io, by what is known about the login."""
    if known in (LOGIN, LOGIN_UNKNOWN):
        sentence = Text("get a new registry secret, and replace the one in the project")
        return Fix(sentence, (Command((*GIVE, "--replace-secret")), RESUME))
    if known == NO_LOGIN:
        sentence = Text(
            "replace the registry secret in the project with one that has a login for {registry}", registry=REGISTRY
        )
        return Fix(sentence, (Command((*GIVE, "--replace-secret")), RESUME))
    if known == NO_SECRET:
        return Fix(Text("create the registry secret"), (Command(GIVE), RESUME))
    link = ("secrets", "link", account, SECRET_NAME, "--for=pull")
    if known == NO_SECRET_IN_POD and pod is not None:
        return then(
            Text("link the pull secret to the account, and delete the pod, so that a new one has it"),
            link,
            ("delete", "pod", pod.name),
        )
    return then(Text("link the pull secret to the account"), link)


def _wants_login(registry: str, why: str) -> bool:
    """Whether the login matters: that there is none says nothing about a registry that needs none."""
    return registry == REGISTRY or (why == REFUSED and registry not in OPEN_REGISTRIES)


def _login(state: ProjectState, account: str, pod: Pod | None, registry: str) -> str:
    """What is known about a login for the registry, from what could be read."""
    if registry == REGISTRY and pod is not None and SECRET_NAME not in pod.pull_secrets:
        return NO_SECRET_IN_POD
    if registry == REGISTRY and account in state.accounts and SECRET_NAME not in state.accounts[account].pull_secrets:
        return NO_SECRET_IN_ACCOUNT
    if "secrets" in state.unread:
        return LOGIN_UNKNOWN
    if state.secret is None:
        return NO_SECRET
    return LOGIN if registry in state.secret.registries else NO_LOGIN


def registry_of(image: str) -> str:
    """The registry that an image's name begins with; a name without one is from Docker Hub."""
    first = image.partition("/")[0]
    return first if "." in first or ":" in first else "docker.io"


def shortened(image: str) -> str:
    """An image's name with a digest that fits a line."""
    return re.sub(r"(@sha256:[0-9a-f]{8})[0-9a-f]+", r"\1…", image)
