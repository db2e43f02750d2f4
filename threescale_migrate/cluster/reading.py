"""The calls that read a project: which types are asked for, and what it means when some of them are not in the answer.

Nothing else reads the cluster to plan or to verify. What the JSON means is in `parsing.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ..values import ACCOUNT, DEFAULT_ACCOUNT, SECRET_NAME
from .access import Review
from .oc import READ_TRIES, Oc
from .oc_errors import (
    Forbidden,
    NotFound,
    OcError,
    RequestTimeout,
    UnknownResourceType,
    Unreachable,
    UnreadableAnswer,
    error_lines,
)
from .parsing import SETTINGS, Part, assemble, parse_item
from .pull_secrets import DATA_KEYS, broken, parse_secret, secret_values
from .reviews import EACH_PROJECT, review
from .state import (
    ENVIRONMENT,
    NOT_ASKED,
    DeploymentConfig,
    Environment,
    Pod,
    ProjectState,
    RegistrySecret,
    ReplicationController,
    SecretName,
    ServiceAccount,
)
from .threads import side_by_side
from .workloads import secrets_in_clear

_JSON = Mapping[str, Any]
# What a call gave: parsed items, each with its namespace, and why each type is missing that is.
Answer = tuple[list[tuple[str, Part]], dict[str, str]]

# How often what contradicts itself is read again, and after how long: a list may come from a cache that is behind.
LOOKS_AGAIN, LOOKS_AGAIN_SECONDS = 4, 0.5
# What a wait judges, round for round.
ROLLOUT_TYPES = ("dc", "rc", "pods")
BUILD_TYPE = "bc"
# So many lists are asked for side by side: one of the whole cluster, which takes long and which few users can read, and those of the
# project dealt out over the others. Each process costs 0.12 s of processor time, and `oc` asks for one type after the other: eleven
# types in one call take 0.36 s near and 0.87 s over a line of 40 ms, in three calls 0.36 and 0.50 s, in eight 0.62 and 0.68 s (fact 36).
LISTS = 3
# What explains a problem.
CAUSE_TYPES = ("sa", "is")
# All that lives in the project.
PROJECT_TYPES = (*ROLLOUT_TYPES, *CAUSE_TYPES, BUILD_TYPE, "rolebindings", "roles")
# What can refuse pods that are still to be created: a plan has to know.
# Quotas over several projects are OpenShift's own; each of these projects sees them as applied ones.
CLUSTER_QUOTA = "appliedclusterresourcequotas"
ROOM_TYPES = ("quota", "limits", CLUSTER_QUOTA)
EVENTS = ("--field-selector", "type=Warning")
# What an account is bound to elsewhere; a server that is not OpenShift has no SCCs.
SCC_TYPE = "scc"
CLUSTER_TYPES = ("clusterrolebindings", "clusterroles", "rolebindings", "roles", SCC_TYPE)
# Where these cannot be read, the accounts' rights are reviewed in their names (fact 33).
REVIEWS = "reviews"
REVIEWED = ("clusterrolebindings", SCC_TYPE, "rolebindings")
# Where the server does not have these, there is nothing in them: no OpenShift, or one without builds.
OPTIONAL_TYPES = (SCC_TYPE, BUILD_TYPE, CLUSTER_QUOTA)
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
    CLUSTER_QUOTA: CLUSTER_QUOTA,
    "securitycontextconstraints": SCC_TYPE,
    "buildconfigs": BUILD_TYPE,
}


_FORBIDDEN = re.compile(r"\b([a-z]+)(?:\.[a-z0-9.]+)? (?:\"[^\"]+\" )?is forbidden")


_NOT_FOUND = re.compile(r"\(NotFound\)")


def observe(
    oc: Oc,
    cluster: bool = True,
    secret: bool = True,
    tries: int | None = None,
    ahead: bool = False,
    elsewhere: bool = True,
    former: tuple[str, ...] = (),
) -> ProjectState:
    """Reads the project in calls that run side by side, whatever the number of configs.

    `cluster` reads all that permissions depend on, `elsewhere` also the bindings in the whole cluster, `secret` the pull secret and
    system's settings; what was not requested, or cannot be read, is listed in `unread`. `ahead`, for a plan, reads quotas, limit
    ranges, warnings and the release as well; warnings are also read if there is a problem. `tries` limits how often a call is made that fails
    for a reason that passes; `former` are names of secrets that keep what the pull secret held before. Raises OcError if the cluster cannot be asked at all, or not about the project.
    """
    types: tuple[str, ...] = PROJECT_TYPES if cluster else (*ROLLOUT_TYPES, *CAUSE_TYPES)
    types += ROOM_TYPES if ahead else ()
    dealt = [types[first :: LISTS - 1] for first in range(LISTS - 1)]
    asked: list[Callable[[], Answer]] = [partial(_listed, oc, some, (), tries) for some in dealt]
    if cluster:
        asked.append(partial(_elsewhere, oc) if elsewhere else _nothing_elsewhere)
    if secret:
        asked.append(partial(_named, oc, former, ahead))
    if ahead:
        asked.append(partial(_listed, oc, ("events",), EVENTS, tries))
    parts, unread = _untorn(oc, *_combined(asked), tries)
    if not secret:
        unread["secrets"] = NOT_ASKED
    if not ahead:
        unread.update(dict.fromkeys(ROOM_TYPES, NOT_ASKED))
    pulling, mounted = _linked(part for _, part in parts) if secret else ((), ())
    later: list[Callable[[], Answer]] = [partial(_names_of, oc, mounted)] if mounted else []
    if pulling:
        later.append(partial(_pull_secrets, oc, pulling))
    if not ahead and assemble(parts, oc.namespace or "", None, unread).troubled:
        later.append(partial(_listed, oc, ("events",), EVENTS, tries))
    if cluster and elsewhere and any(kind in unread for kind in REVIEWED):
        later += [partial(_reviewed, oc, account) for account in (DEFAULT_ACCOUNT, ACCOUNT)]
    more, missing = _combined(later)
    return _assembled(oc, parts + more, {**unread, **missing})


def _untorn(oc: Oc, parts: list[tuple[str, Part]], unread: dict[str, str], tries: int | None) -> Answer:
    """The same with its configs, controllers and pods read again, in one call, while they contradict each other: they were read side
    by side, and a rollout may have begun between two of them. What stays so is judged as unknown."""
    for _ in range(LOOKS_AGAIN):
        if not assemble(parts, oc.namespace or "", None, unread).torn:
            break
        oc.pause(LOOKS_AGAIN_SECONDS)
        again, missing = _listed(oc, ROLLOUT_TYPES, (), tries)
        others = [part for part in parts if not isinstance(part[1], (DeploymentConfig, ReplicationController, Pod))]
        parts, unread = others + again, {**unread, **missing}
    return parts, unread


def observe_rollouts(oc: Oc, tries: int) -> ProjectState:
    """What a round of a wait judges: configs, controllers and pods, in one call. Raises OcError."""
    parts, unread = _listed(oc, ROLLOUT_TYPES, (), tries)
    return _assembled(oc, parts, {**unread, "secrets": NOT_ASKED})


def with_causes(oc: Oc, state: ProjectState) -> ProjectState:
    """The same with what explains failures: accounts, image streams, warnings. Raises OcError."""
    asked = [partial(_listed, oc, CAUSE_TYPES, (), 1), partial(_listed, oc, ("events",), EVENTS, 1)]
    parts, unread = _combined(asked)
    found = assemble(parts, state.namespace, None, unread)
    return replace(
        state,
        accounts=found.accounts,
        streams=found.streams,
        events=found.events,
        unread={**state.unread, **found.unread},
    )


def _assembled(oc: Oc, parts: list[tuple[str, Part]], unread: Mapping[str, str]) -> ProjectState:
    state = assemble(parts, oc.namespace or "", None, unread)
    oc.redact.spare((*state.configs, *state.accounts))
    return state


def _combined(calls: Sequence[Callable[[], Answer]]) -> Answer:
    """What the calls gave, which are made at the same time, each with its own retries and deadline. Raises what the first of
    them raised that failed, once all have ended."""
    answers = side_by_side(calls)
    parts = [part for found, _ in answers for part in found]
    return parts, {kind: why for _, unread in answers for kind, why in unread.items()}


def _linked(parts: Iterable[Part]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The pull secrets of `default` and `amp`, one of which can spoil all (fact 34); and what `default` mounts and `amp` lacks:
    whether it is there has to be known before it is linked."""
    accounts = {part.name: part for part in parts if isinstance(part, ServiceAccount)}
    default, amp = (accounts.get(name, ServiceAccount(name, "", (), ())) for name in (DEFAULT_ACCOUNT, ACCOUNT))
    pulling = {SECRET_NAME, *default.pull_secrets, *amp.pull_secrets}
    own = own_secrets(pulling) | own_secrets(pulling, ACCOUNT)
    mounted = set(default.secrets) - {*amp.pull_secrets, *amp.secrets} - own_secrets(default.secrets) - pulling
    return tuple(sorted(pulling - own - {SECRET_NAME})), tuple(sorted(mounted))


def own_secrets(names: Iterable[str], account: str = DEFAULT_ACCOUNT) -> set[str]:
    """Those of the names that OpenShift has made for the account by itself (fact 20)."""
    return {name for name in names if name.startswith((f"{account}-dockercfg-", f"{account}-token-"))}


def _named(oc: Oc, former: tuple[str, ...], release: bool) -> Answer:
    """The pull secret, those that keep what it held before, and system's settings; what is not there is left out. `release` asks for
    the environment that names it as well."""

    def parse(item: _JSON) -> tuple[str, Part]:
        if item.get("kind") != "Secret":
            return parse_item(item)
        oc.redact.learn(*secret_values(item))
        return str(item["metadata"].get("namespace") or ""), parse_secret(item)

    maps = (SETTINGS, ENVIRONMENT) if release else (SETTINGS,)
    secrets = (f"secret/{name}" for name in (SECRET_NAME, *former))
    parts, complaints = _of_names(oc, (*secrets, *(f"configmap/{name}" for name in maps)), parse)
    if release and not any(isinstance(part, Environment) for _, part in parts):
        own = [line for line in complaints if f'"{ENVIRONMENT}"' in line]
        complaints = [line for line in complaints if line not in own]
        why = next(iter((*own, *complaints)), "")
        parts.append((oc.namespace or "", Environment() if _NOT_FOUND.search(why) else Environment(unread=why)))
    return parts, _not_there_aside(complaints)


def _names_of(oc: Oc, linked: Iterable[str]) -> Answer:
    """Those of some secrets that are there. Only their names are requested, never their data."""
    try:
        found, complaints = oc.read_names(("get", *(f"secret/{name}" for name in linked), "-o", "name"))
    except (Forbidden, NotFound) as error:
        found, complaints = [], _lines(error)
    return [(oc.namespace or "", SecretName(name)) for name in found], _not_there_aside(complaints)


def _pull_secrets(oc: Oc, names: Iterable[str]) -> Answer:
    """Those of some pull secrets that are there, and which of them no node can parse. Nothing else is kept of them."""

    def parse(item: _JSON) -> tuple[str, Part]:
        oc.redact.learn(*secret_values(item))
        why = broken(item) if item.get("type") in DATA_KEYS else None  # a node skips any other
        return str(item["metadata"].get("namespace") or ""), SecretName(str(item["metadata"]["name"]), why)

    parts, complaints = _of_names(oc, (f"secret/{name}" for name in names), parse)
    return parts, _not_there_aside(complaints)


def _of_names(
    oc: Oc, names: Iterable[str], parse: Callable[[_JSON], tuple[str, Part]]
) -> tuple[list[tuple[str, Part]], Sequence[str]]:
    """Those of some objects that are there and can be read, and the error lines about the others."""
    try:
        return oc.read_items(("get", *names, "-o", "json"), parse, partial=True)
    except (Forbidden, NotFound) as error:
        return [], _lines(error)


def _lines(error: OcError) -> tuple[str, ...]:
    return tuple(error_lines(error.call.stderr if error.call is not None else str(error)))


def _not_there_aside(complaints: Iterable[str]) -> dict[str, str]:
    """The complaints as unread types, without those about objects that do not exist."""
    return _unread((line for line in complaints if not _NOT_FOUND.search(line)), ("secrets", "configmaps"))


def _elsewhere(oc: Oc) -> Answer:
    """What is bound to accounts in the cluster and in all projects, the roles, and the SCCs, which only OpenShift has.

    It is read once, until a role is granted or removed: with thousands of bindings it takes seconds (fact 29). The
    project itself is left out, since it is read each time. A list that does not arrive in time is unknown, not a failure.
    """
    known = oc.remembered.get("elsewhere")
    if isinstance(known, Elsewhere):
        return list(known.parts), dict(known.unread)
    listed, unread = _cluster_wide(oc)
    parts = [(where, part) for where, part in listed if where != oc.namespace]
    found = {ELSEWHERE.get(kind, kind): why for kind, why in unread.items()}
    oc.remembered["elsewhere"] = Elsewhere(tuple(parts), found)
    return parts, found


def _reviewed(oc: Oc, account: str) -> Answer:
    """What an account of the project may do, there and in each project, asked in its name. Where that cannot be asked, or not all
    of it is answered, it is unread. Raises Unreachable."""
    user = f"system:serviceaccount:{oc.namespace}:{account}"
    try:
        (here, all_here), (everywhere, all_everywhere) = review(oc, (oc.namespace or "", EACH_PROJECT), user)
    except OcError as error:
        if isinstance(error, Unreachable) and not isinstance(error, (RequestTimeout, UnreadableAnswer)):
            raise
        return [], {REVIEWS: str(error)}
    if not (all_here and all_everywhere):
        return [], {REVIEWS: f"the server does not list all that {user} may do"}
    return [(oc.namespace or "", Review(account, here, everywhere))], {}


def _nothing_elsewhere() -> Answer:
    return [], {ELSEWHERE.get(kind, kind): NOT_ASKED for kind in CLUSTER_TYPES}


@dataclass(frozen=True)
class Elsewhere:
    """What was read of the whole cluster."""

    parts: tuple[tuple[str, Part], ...]
    unread: Mapping[str, str]


def _cluster_wide(oc: Oc) -> Answer:
    try:
        return _listed(oc, CLUSTER_TYPES, ("--all-namespaces",), timeouts=2)
    except RequestTimeout as error:
        return [], dict.fromkeys(CLUSTER_TYPES, str(error))


def _listed(
    oc: Oc,
    types: tuple[str, ...],
    options: tuple[str, ...],
    tries: int | None = None,
    timeouts: int = READ_TRIES,
) -> Answer:
    """The items of some types, and why those are missing that the user cannot read or the server does not have. Raises OcError.

    `timeouts` limits the calls that get no answer in time: a list that takes long takes long again.

    A type that the server lacks makes the whole answer empty (fact 16): the others are asked for again, each by itself if it is
    not said which one is lacking.
    """

    def parse(item: _JSON) -> tuple[str, Part]:
        oc.redact.learn(*secrets_in_clear(item))
        return parse_item(item)

    unread: dict[str, str] = {}
    while types:
        try:
            asked = ("get", ",".join(types), *options, "-o", "json")
            parts, complaints = oc.read_items(asked, parse, partial=True, tries=tries or READ_TRIES, timeouts=timeouts)
        except UnknownResourceType as error:
            lacking = _lacking(str(error), types)
            if not lacking and len(types) > 1:
                alone = [partial(_listed, oc, (kind,), options, tries, timeouts) for kind in types]
                found, missing = _combined(alone)
                return found, {**unread, **missing}
            lacking = lacking or types
            unread.update({kind: str(error) for kind in lacking if kind not in OPTIONAL_TYPES})
            types = tuple(kind for kind in types if kind not in lacking)
        except Forbidden as error:
            return [], {**unread, **dict.fromkeys(types, str(error))}
        else:
            return parts, {**unread, **_unread(complaints, types)}
    return [], unread


def _lacking(said: str, types: tuple[str, ...]) -> tuple[str, ...]:
    """Which of the types it is that the server does not have; none if it is not said in words that we know."""
    match = re.search(r"resource type \"([^\"]+)\"", said)
    kind = match[1].partition(".")[0] if match else ""
    return tuple(
        one for one in types if kind in (one, *(name for name, short in _FORBIDDEN_NAMES.items() if short == one))
    )


def observe_secret(oc: Oc) -> RegistrySecret | None:
    """The pull secret, None if it is not in the project. Raises OcError, Forbidden."""
    try:
        return read_secret(oc, SECRET_NAME)
    except NotFound:
        return None


def read_secret(oc: Oc, name: str) -> RegistrySecret:
    """Reads a pull secret of the project, whose values are masked from then on. Raises OcError, NotFound if it is not there."""
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
