"""What the answer to a pull means for a pod: whose it is, whether it passes by itself, and the fix.

It knows images and logins, not rollouts. In which words it is answered is in `registry_answers.py`.
"""

from __future__ import annotations

import json
import re

from ..cluster.pull_secrets import broken
from ..cluster.state import Pod, ProjectState
from ..values import PROGRAM, REGISTRY, RESUME, SECRET_NAME, Command, Fix, Text, Who
from .cause import Cause, CauseKind, short, then
from .pull_secret_logins import covers
from .registry_answers import RegistryAnswer, answer_in

REASONS = frozenset(
    {"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable"}
)
# These need no login.
OPEN_REGISTRIES = frozenset({"registry.access.redhat.com"})
# What each answer to a pull means, whether it lasts, and the fix.
MEANING: dict[RegistryAnswer, tuple[str, bool, str]] = {
    RegistryAnswer.TERMS: (
        "{registry} requires the terms of this image to be accepted first, or no longer has it",
        True,
        "point the image stream of dc/{name} at the image on {login_registry}, with its terms accepted there by the owner of"
        " the token",
    ),
    RegistryAnswer.BUSY: ("{registry} cannot serve it now", False, "wait: the node retries by itself"),
    RegistryAnswer.REFUSED: (
        "{registry} refuses the credentials",
        True,
        "give {account} credentials for {registry} that work",
    ),
    RegistryAnswer.ABSENT: (
        "{registry} does not have this image, or no longer has it",
        True,
        "check which image dc/{name} and its image stream name, and fix that",
    ),
    RegistryAnswer.UNFIT: (
        "{registry} has it in a form that the node cannot run",
        True,
        "check which image dc/{name} and its image stream name, and for which architecture it is, and fix that",
    ),
    RegistryAnswer.UNPARSABLE: (
        "the node can use none of the account's credentials: {broken}",
        True,
        "replace or delete that pull secret, or unlink it from {account}, and delete the pod",
    ),
    RegistryAnswer.BLOCKED: (
        "the nodes are configured to block {registry}",
        True,
        "allow {registry} in registrySources, or on 3.11 in the registries of each node",
    ),
    RegistryAnswer.NOT_IMPORTED: (
        "a policy of the cluster does not allow images of {registry}",
        True,
        "allow {registry} in allowedRegistriesForImport",
    ),
    RegistryAnswer.UNSIGNED: (
        "the signature policy of the nodes rejects it: its signature is missing, or not accepted",
        True,
        "ask a cluster admin to correct the policy for {registry} in /etc/containers/policy.json and registries.d of the nodes",
    ),
    RegistryAnswer.UNTRUSTED: (
        "the node does not trust {registry}",
        True,
        "make the nodes trust the certificate of {registry}",
    ),
    RegistryAnswer.UNREACHABLE: (
        "{registry} cannot be reached from the node, or the image takes longer than the node waits",
        False,
        "check whether the nodes can reach {registry} (proxy, firewall); the node retries by itself",
    ),
    RegistryAnswer.NODE: (
        "the node cannot store or unpack it: {detail}",
        False,
        "ask a cluster admin to free space on the node; it retries by itself",
    ),
    RegistryAnswer.ENGINE: (
        "the node's container engine cannot pull now: {detail}",
        False,
        "wait: the node retries by itself; if it lasts, ask a cluster admin to check the container engine of the node",
    ),
}
UNKNOWN = (
    "the node does not get it: {detail}",
    True,
    "find the cause in the events, and fix it",
)
LOOK = (Command(("oc", "get", "events")),)
_POLICY = Command(("oc", "edit", "image.config.openshift.io", "cluster"), Who.CLUSTER_ADMIN)
COMMANDS: dict[RegistryAnswer, tuple[Command, ...]] = {
    RegistryAnswer.BLOCKED: (_POLICY,),
    RegistryAnswer.NOT_IMPORTED: (_POLICY,),
}

NO_SECRET_IN_POD = "the pod was created without the pull secret {secret}"
NO_SECRET_IN_ACCOUNT = "the account {account} does not have the pull secret {secret}"
NO_SECRET = "the pull secret {secret} is not in the project"
LOGIN = "{secret} has credentials for it"
NO_LOGIN = "{secret} has no credentials for it"
LOGIN_UNKNOWN = "it is not known whether {secret} has credentials for it"
LOGINS = (NO_SECRET_IN_POD, NO_SECRET_IN_ACCOUNT, NO_SECRET, LOGIN, NO_LOGIN, LOGIN_UNKNOWN)
# How a project is given a registry secret; FILE is for the reader to fill in.
GIVE = (PROGRAM, "step", "registry-secret", "--secret-file", "FILE")
PULL_REFUSED = re.compile(r'Failed to pull image "([^"]+)"')


def cause_of(state: ProjectState, name: str, image: str, said: str, account: str, pod: Pod | None = None) -> Cause:
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
        "detail": short(said),
        "broken": _broken_secret(state, account),
    }
    answer = answer_in(said)
    why, lasting, fix = MEANING.get(answer, UNKNOWN)
    commands = COMMANDS.get(answer, () if answer in MEANING else LOOK)
    repair = Fix(Text(fix, **named), (*commands, RESUME) if lasting else commands)
    seen = Text.sentences(Text("{name}: the image {image} cannot be pulled", **named), Text(why, **named))
    known = _login(state, account, pod, image) if _wants_login(registry, answer) else None
    if known is None:
        return Cause(CauseKind.IMAGE_PULL, seen, repair, lasting)
    seen = Text.sentences(seen, Text(known, **named))
    # Without a login in the pod, the registry's other answers do not count; with it, its refusal does.
    by_login = registry == REGISTRY and (answer is RegistryAnswer.REFUSED or known not in (LOGIN, LOGIN_UNKNOWN))
    return Cause(CauseKind.IMAGE_PULL, seen, login_fix(known, account, pod) if by_login else repair, lasting)


def login_fix(known: str, account: str, pod: Pod | None) -> Fix:
    """What fixes a pull that needs credentials for registry.redhat.io, by what is known about the login."""
    if known in (LOGIN, LOGIN_UNKNOWN):
        sentence = Text("get a new registry secret, and replace the one in the project")
        return Fix(sentence, (Command((*GIVE, "--replace-secret")), RESUME))
    if known == NO_LOGIN:
        sentence = Text(
            "replace the registry secret in the project with one that has credentials for {registry}", registry=REGISTRY
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


# With these the login was not asked for, or makes no difference.
WITHOUT_LOGIN = (
    RegistryAnswer.UNPARSABLE,
    RegistryAnswer.BLOCKED,
    RegistryAnswer.UNSIGNED,
    RegistryAnswer.NODE,
    RegistryAnswer.ENGINE,
)


def _wants_login(registry: str, answer: RegistryAnswer) -> bool:
    """Whether the login matters: that there is none says nothing about a registry that needs none."""
    if answer in WITHOUT_LOGIN:
        return False
    return registry == REGISTRY or (answer is RegistryAnswer.REFUSED and registry not in OPEN_REGISTRIES)


def _broken_secret(state: ProjectState, account: str) -> Text:
    """Which pull secret of an account it is that nodes cannot parse, as far as that is known."""
    found = state.accounts.get(account)
    for secret in found.pull_secrets if found is not None else ():
        why = state.broken_secrets.get(secret)
        if secret == SECRET_NAME and state.secret is not None:
            why = broken(json.loads(state.secret.manifest))
        if why is not None:
            return Text("its pull secret {secret} cannot be parsed ({why})", secret=secret, why=why)
    return Text("a pull secret of {account} cannot be parsed", account=account)


def _login(state: ProjectState, account: str, pod: Pod | None, image: str) -> str:
    """What is known about a login for an image, from what could be read."""
    registry = registry_of(image)
    if registry == REGISTRY and pod is not None and SECRET_NAME not in pod.pull_secrets:
        return NO_SECRET_IN_POD
    if registry == REGISTRY and account in state.accounts and SECRET_NAME not in state.accounts[account].pull_secrets:
        return NO_SECRET_IN_ACCOUNT
    if "secrets" in state.unread:
        return LOGIN_UNKNOWN
    if state.secret is None:
        return NO_SECRET
    return LOGIN if any(covers(entry, image) for entry in state.secret.registries) else NO_LOGIN


def registry_of(image: str) -> str:
    """The registry that an image's name begins with; a name without one is from Docker Hub."""
    first = image.partition("/")[0]
    return first if "." in first or ":" in first else "docker.io"


def shortened(image: str) -> str:
    """An image's name with a digest that fits a line."""
    return re.sub(r"(@sha256:[0-9a-f]{8})[0-9a-f]+", r"\1…", image)
