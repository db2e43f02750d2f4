"""The calls that read a project: which types are asked for, and what it means when some of them are not in the answer.

Nothing else reads the cluster to plan or to verify. What the JSON means is in `parsing.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..values import ACCOUNT, DEFAULT_ACCOUNT, SECRET_NAME
from .failures import Forbidden, NotFound, UnknownResourceType, error_lines
from .oc import READ_TRIES, Oc
from .parsing import SETTINGS, Part, assemble, parse_item, secrets_in_clear
from .pull_secrets import parse_secret, secret_values
from .state import ProjectState, RegistrySecret, SecretName, ServiceAccount

_JSON = Mapping[str, Any]

# One call for all that lives in the project (recordings/README.md 13, 16); what a wait looks at again and again comes first.
ROLLOUT_TYPES = ("dc", "rc", "pods", "sa", "rolebindings", "is", "events")


PROJECT_TYPES = (*ROLLOUT_TYPES, "roles", "quota", "limits")


# One call for all that is said of an account elsewhere; a server that is no OpenShift has no SCCs.
SCC_TYPE = "scc"


CLUSTER_TYPES = ("clusterrolebindings", "clusterroles", "rolebindings", "roles", SCC_TYPE)


ELSEWHERE = {"rolebindings": "rolebindings elsewhere", "roles": "roles elsewhere"}


# How an error line names the types: `pods is forbidden`, `deploymentconfigs.apps.openshift.io is forbidden`.
_FORBIDDEN_NAMES = {
    "deploymentconfigs": "dc",
    "replicationcontrollers": "rc",
    "pods": "pods",
    "serviceaccounts": "sa",
    "rolebindings": "rolebindings",
    "imagestreams": "is",
    "events": "events",
    "clusterrolebindings": "clusterrolebindings",
    "clusterroles": "clusterroles",
    "roles": "roles",
    "secrets": "secrets",
    "configmaps": "configmaps",
    "resourcequotas": "quota",
    "limitranges": "limits",
    "securitycontextconstraints": SCC_TYPE,
}


_FORBIDDEN = re.compile(r"\b([a-z]+)(?:\.[a-z0-9.]+)? (?:\"[^\"]+\" )?is forbidden")


_NOT_FOUND = re.compile(r"\(NotFound\)")


def observe(oc: Oc, cluster: bool = True, secret: bool = True, tries: int | None = None) -> ProjectState:
    """Reads the project in at most three calls of `oc`, whatever the number of configs; four where the server has no SCCs.

    `cluster` asks for all that permissions and quotas rest on, `secret` for the pull secret and system's settings; what was
    not asked for, and what the user may not read, ends in `unread`. `tries` bounds how often the first call is made where
    it fails for a reason that passes. Raises OcError where the cluster cannot be asked at all.
    """
    types = PROJECT_TYPES if cluster else ROLLOUT_TYPES
    parts, unread = _listed(oc, types, (), tries or READ_TRIES)
    if secret:
        more, missing = _named(oc, _linked(part for _, part in parts))
        parts += more
        unread.update(missing)
    else:
        unread["secrets"] = "it was not asked for"
    if cluster:
        more, missing = _elsewhere(oc)
        parts += more
        unread.update(missing)
    state = assemble(parts, oc.namespace or "", None, unread)
    oc.redact.spare((*state.configs, *state.accounts))
    return state


def _linked(parts: Iterable[Part]) -> list[str]:
    """The secrets of `default` that `amp` lacks: whether they are there has to be known before they are linked."""
    accounts = {part.name: part for part in parts if isinstance(part, ServiceAccount)}
    default, amp = accounts.get(DEFAULT_ACCOUNT), accounts.get(ACCOUNT)
    had = set() if amp is None else {*amp.pull_secrets, *amp.secrets}
    linked = () if default is None else (*default.pull_secrets, *default.secrets)
    return sorted({name for name in linked if name not in had and name != SECRET_NAME} - own_secrets(linked))


def own_secrets(names: Iterable[str], account: str = DEFAULT_ACCOUNT) -> set[str]:
    """Those of the names that OpenShift has made for the account by itself (recordings/README.md 20)."""
    return {name for name in names if name.startswith((f"{account}-dockercfg-", f"{account}-token-"))}


def _named(oc: Oc, linked: Iterable[str]) -> tuple[list[tuple[str, Part]], dict[str, str]]:
    """The pull secret, system's settings, and the names of some secrets; what is not there is left out.

    Of a secret that is not ours the name is asked for alone: its data is nobody's business here.
    """

    def parse(item: _JSON) -> tuple[str, Part]:
        if item.get("kind") != "Secret":
            return parse_item(item)
        oc.redact.learn(*secret_values(item))
        return str(item["metadata"].get("namespace") or ""), parse_secret(item)

    parts: list[tuple[str, Part]] = []
    complaints: tuple[str, ...] = ()
    try:
        asked = ("get", f"secret/{SECRET_NAME}", f"configmap/{SETTINGS}", "-o", "json")
        parts, complaints = oc.read_items(asked, parse, partial=True)
    except (Forbidden, NotFound) as error:
        complaints = tuple(error_lines(error.call.stderr if error.call is not None else str(error)))
    others = [f"secret/{name}" for name in linked]
    if others:
        try:
            found, more = oc.read_names(("get", *others, "-o", "name"))
            parts += [(oc.namespace or "", SecretName(name)) for name in found]
        except (Forbidden, NotFound) as error:
            more = tuple(error_lines(error.call.stderr if error.call is not None else str(error)))
        complaints += more
    # What is not there is not unread.
    return parts, _unread((line for line in complaints if not _NOT_FOUND.search(line)), ("secrets", "configmaps"))


def _elsewhere(oc: Oc) -> tuple[list[tuple[str, Part]], dict[str, str]]:
    """What is bound to accounts in the cluster and in all projects, the roles, and the SCCs, which only OpenShift has."""
    parts, unread = _listed(oc, CLUSTER_TYPES, ("--all-namespaces",))
    return parts, {ELSEWHERE.get(kind, kind): why for kind, why in unread.items()}


def _listed(
    oc: Oc, types: tuple[str, ...], options: tuple[str, ...], tries: int | None = None
) -> tuple[list[tuple[str, Part]], dict[str, str]]:
    """The items of some types, and why those are missing that the user may not read or the server does not have. Raises OcError.

    A type that the server lacks makes the whole answer empty (recordings/README.md 16): the others are asked for again.
    """

    def parse(item: _JSON) -> tuple[str, Part]:
        oc.redact.learn(*secrets_in_clear(item))
        return parse_item(item)

    unread: dict[str, str] = {}
    while types:
        try:
            asked = ("get", ",".join(types), *options, "-o", "json")
            parts, complaints = oc.read_items(asked, parse, partial=True, tries=tries or READ_TRIES)
        except UnknownResourceType as error:
            lacking = _lacking(str(error), types)
            unread.update({kind: str(error) for kind in lacking if kind != SCC_TYPE})
            types = tuple(kind for kind in types if kind not in lacking)
        except Forbidden as error:
            return [], {**unread, **dict.fromkeys(types, str(error))}
        else:
            return parts, {**unread, **_unread(complaints, types)}
    return [], unread


def _lacking(said: str, types: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the types it is that the server does not have; all where it is not said in words that we know."""
    match = re.search(r"resource type \"([^\"]+)\"", said)
    kind = match[1].partition(".")[0] if match else ""
    return (
        tuple(
            one for one in types if kind in (one, *(name for name, short in _FORBIDDEN_NAMES.items() if short == one))
        )
        or types
    )


def look_at_secret(oc: Oc) -> RegistrySecret | None:
    """The pull secret, None where it is not in the project. Raises OcError, Forbidden."""
    try:
        return read_secret(oc, SECRET_NAME)
    except NotFound:
        return None


def read_secret(oc: Oc, name: str) -> RegistrySecret:
    """Reads a pull secret of the project, whose values are masked from then on. Raises OcError, NotFound where it is not there."""
    found, values = oc.read_item(
        ("get", "secret", name, "-o", "json"), lambda item: (parse_secret(item), secret_values(item))
    )
    oc.redact.learn(*values)
    return found


def _unread(complaints: Iterable[str], types: Iterable[str]) -> dict[str, str]:
    """Why each type is missing in an answer, by the error lines beside it.

    A line that is not understood can be about any type of the call: then all of them are unknown.
    """
    unread: dict[str, str] = {}
    asked = tuple(types)
    for line in complaints:
        match = _FORBIDDEN.search(line)
        kind = _FORBIDDEN_NAMES.get(match[1]) if match else None
        if kind in asked:
            unread[str(kind)] = line
        else:
            unread.update({one: unread.get(one, line) for one in asked})
    return unread
