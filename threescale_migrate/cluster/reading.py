"""The calls that read a project: which types are asked for, and what it means when some of them are not in the answer.

Nothing else reads the cluster to plan or to verify. What the JSON means is in `parsing.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from ..values import ACCOUNT, DEFAULT_ACCOUNT
from .access import Review
from .named_objects import linked_names, named, names_of, other_pull_secrets
from .oc import READ_TRIES, Oc
from .oc_errors import (
    Forbidden,
    OcError,
    RequestTimeout,
    UnknownResourceType,
    Unreachable,
    UnreadableAnswer,
)
from .parsing import Part, assemble, parse_item
from .partial_answers import BUILD_TYPE, CLUSTER_QUOTA, SCC_TYPE, Answer, lacking_types, unread_types
from .reviews import EACH_PROJECT, review
from .state import (
    NOT_ASKED,
    DeploymentConfig,
    Pod,
    ProjectState,
    ReplicationController,
)
from .threads import side_by_side
from .workloads import secrets_in_clear

_JSON = Mapping[str, Any]

# How often what contradicts itself is read again, and after how long: a list may come from a cache that is behind.
LOOKS_AGAIN, LOOKS_AGAIN_SECONDS = 4, 0.5
# What a wait judges, round for round.
ROLLOUT_TYPES = ("dc", "rc", "pods")
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
ROOM_TYPES = ("quota", "limits", CLUSTER_QUOTA)
EVENTS = ("--field-selector", "type=Warning")
# What an account is bound to elsewhere; a server that is not OpenShift has no SCCs.
CLUSTER_TYPES = ("clusterrolebindings", "clusterroles", "rolebindings", "roles", SCC_TYPE)
# Where these cannot be read, the accounts' rights are reviewed in their names (fact 33).
REVIEWS = "reviews"
REVIEWED = ("clusterrolebindings", SCC_TYPE, "rolebindings")
# Where the server does not have these, there is nothing in them: no OpenShift, or one without builds.
OPTIONAL_TYPES = (SCC_TYPE, BUILD_TYPE, CLUSTER_QUOTA)
ELSEWHERE = {"rolebindings": "rolebindings --all-namespaces", "roles": "roles --all-namespaces"}


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
        asked.append(partial(named, oc, former, ahead))
    if ahead:
        asked.append(partial(_listed, oc, ("events",), EVENTS, tries))
    parts, unread = _untorn(oc, *_combined(asked), tries)
    if not secret:
        unread["secrets"] = NOT_ASKED
    if not ahead:
        unread.update(dict.fromkeys(ROOM_TYPES, NOT_ASKED))
    pulling, mounted = linked_names(part for _, part in parts) if secret else ((), ())
    later: list[Callable[[], Answer]] = [partial(names_of, oc, mounted)] if mounted else []
    if pulling:
        later.append(partial(other_pull_secrets, oc, pulling))
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
            lacking = lacking_types(str(error), types)
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
            return parts, {**unread, **unread_types(complaints, types)}
    return [], unread
