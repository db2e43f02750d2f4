"""The door for looking: the closed list of calls that cannot change a cluster with any `oc` from 3.11 to today.

It owns that list and nothing else. A form that is not in it is refused, even if it would change nothing: a list of forbidden
forms would never be complete (`oc adm policy … --dry-run=server` binds for real with clients from 4.5 to 4.21,
fact 21).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

# How a binding is asked about. A client up to 4.4 knows `--dry-run` as a switch and refuses a value for it; later ones pass it on
# (fact 21). A server before Kubernetes 1.12 would ignore it: who asks has to know the server first.
TRY_ON_SERVER = ("create", "-f", "-", "--dry-run=server", "-o", "name")

# How a review is asked for, and images: both are answered, and nothing is stored (facts 33 and 37; kubernetes
# pkg/registry/authorization/selfsubjectrulesreview/rest.go). The same call with anything else on stdin makes an object.
ASK = ("create", "-f", "-", "-o", "json")
QUESTION = "threescale-migrate-question"
REVIEW_KIND = ("authorization.k8s.io/v1", "SelfSubjectRulesReview")
_ACCOUNT = re.compile(r"--as=system:serviceaccount:[a-z0-9-]+:[a-z0-9.-]+")


# The guide's patch, which is all that is tried in this way.
GUIDE_PATCH = '{"spec":{"template":{"spec":{"serviceAccountName":"amp"}}}}'


def try_patch(config: str) -> tuple[str, ...]:
    """How the server is asked whether admission would take the guide's patch of a config; the same holds for old clients and servers as
    for a binding: `patch` takes a value for `--dry-run` from 4.5 on and passes it on (openshift/oc release-4.2 to main, vendored
    kubectl/pkg/cmd/patch/patch.go); before that it is a switch, which refuses one."""
    return ("patch", "dc", config, "--patch", GUIDE_PATCH, "--dry-run=server", "-o", "name")


def _tries_the_guides_patch(rest: Sequence[str]) -> bool:
    return (
        len(rest) > 0
        and re.fullmatch(r"[a-z0-9][a-z0-9.-]*", rest[0]) is not None
        and (("patch", "dc", *rest) == try_patch(rest[0]))
    )


class WrongDoor(Exception):
    """A defect of this program: a call that may change a cluster was sent as one that looks, or without an open journal."""


def _anything(rest: Sequence[str]) -> bool:
    return True


def _one_of(*forms: tuple[str, ...]) -> Callable[[Sequence[str]], bool]:
    return lambda rest: tuple(rest) in forms


def _without(*refused: str) -> Callable[[Sequence[str]], bool]:
    return lambda rest: not any(arg.partition("=")[0] in refused for arg in rest)


# What prints a database's content: it takes locks that only a change of tables waits for, and writes nothing. bash is what puts
# the programs of 3scale's images on PATH.
DUMP = ("bash", "-c", "pg_dumpall -c --if-exists")


def _dumps_a_database(rest: Sequence[str]) -> bool:
    """`exec POD -- bash -c 'pg_dumpall -c --if-exists'`, exactly, and nothing else.

    `oc exec` can do anything in a pod, so it does not count as a call that only reads. This one does: what it runs is fixed, reads the
    database, and changes nothing with any `oc`. Playing a dump back is a change, and goes through the other door.
    """
    return (
        len(rest) == 5
        and re.fullmatch(r"[a-z0-9][a-z0-9.-]*", rest[0]) is not None
        and tuple(rest[1:]) == ("--", *DUMP)
    )


# By its first words, what else a call may have. `oc project NAME` and `oc config use-context` switch, `oc config view --raw` and
# `--flatten`, `oc whoami -t` and `--show-token` print secrets.
LOOKING: tuple[tuple[tuple[str, ...], Callable[[Sequence[str]], bool]], ...] = (
    (("get",), _anything),
    (("logs",), _anything),
    (("auth", "can-i"), _anything),
    (("image", "info"), _anything),
    (("whoami",), _one_of((), ("--show-server",), ("--show-context",))),
    (("project",), _one_of(("-q",))),
    (("delete", "--help"), _one_of(())),
    (("version",), _one_of(("--client",), ("-o", "json"))),
    (("config", "current-context"), _one_of(())),
    (("config", "get-contexts"), _without("--raw")),
    (("config", "view"), _without("--raw", "--flatten")),
    (("exec",), _dumps_a_database),
    (("patch", "dc"), _tries_the_guides_patch),
    (TRY_ON_SERVER, lambda rest: all(arg.startswith("--namespace=") for arg in rest)),
)


def only_looks(args: Sequence[str], stdin: str | None = None) -> bool:
    """Whether a call, given without `oc` and without the options of the connection, is one of those that look."""
    listed = any(tuple(args[: len(words)]) == words and rest(args[len(words) :]) for words, rest in LOOKING)
    return listed or _stores_nothing(args, stdin)


def reviews(namespaces: Sequence[str]) -> str:
    """What `ASK` reads: a list of one review for each namespace, each answered by itself, in this order (kubectl
    pkg/cmd/create/create.go)."""
    version, kind = REVIEW_KIND
    items = [{"apiVersion": version, "kind": kind, "spec": {"namespace": namespace}} for namespace in namespaces]
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": items})


def images(names: Sequence[str]) -> str:
    """What `ASK` reads to have the cluster look for images with the logins of the project: `import: false` imports none of them."""
    asked = [{"from": {"kind": "DockerImage", "name": name}} for name in names]
    spec = {"import": False, "images": asked}
    metadata = {"name": QUESTION}
    item = {"apiVersion": "image.openshift.io/v1", "kind": "ImageStreamImport", "metadata": metadata, "spec": spec}
    return json.dumps(item)


def _stores_nothing(args: Sequence[str], stdin: str | None) -> bool:
    """Whether a call asks for reviews, for the user or in the name of one service account, or for images, and nothing else: its stdin
    is, to the letter, what `reviews` or `images` gives."""
    if tuple(args[: len(ASK)]) != ASK or stdin is None:
        return False
    rest = args[len(ASK) :]
    try:
        document = json.loads(stdin)
        if document["kind"] == "ImageStreamImport":
            names = [str(image["from"]["name"]) for image in document["spec"]["images"]]
            return not rest and bool(names) and stdin == images(names)
        spaces = [str(item["spec"]["namespace"]) for item in document["items"]]
    except (KeyError, TypeError, ValueError, RecursionError):
        return False
    in_a_name = len(rest) <= 1 and all(_ACCOUNT.fullmatch(arg) for arg in rest)
    return in_a_name and bool(spaces) and stdin == reviews(spaces)


def changes_bindings(args: Sequence[str]) -> bool:
    """Whether a call through the door for changing grants or removes a role, so that bindings have to be read again."""
    return tuple(args[:2]) in (("adm", "policy"), ("create", "rolebinding"), ("delete", "rolebinding"))
