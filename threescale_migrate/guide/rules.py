"""What a rule of RBAC covers, and what is missing between two sets of rules. Pure; it knows nothing of accounts and roles.

A right is a single verb on a single resource, object or path. By the rules that the server itself refuses an escalation by
(kubernetes component-helpers, auth/rbac/validation/policy_comparator.go).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ..cluster.access import Rule

ALL = "*"
# So many resources of a rule and so many rules are shown; the others are counted.
SHOWN_RESOURCES = 4
SHOWN_RULES = 2


class Right(NamedTuple):
    """One verb on one resource of one group, on one object where `name` is given; or on a path of the server."""

    verb: str
    group: str
    resource: str
    name: str
    url: str


def rights_of(rule: Rule) -> Iterator[Right]:
    """The rule taken apart."""
    for verb in rule.verbs:
        for group in rule.groups:
            for resource in rule.resources:
                for name in rule.names or ("",):
                    yield Right(verb, group, resource, name, "")
        for url in rule.urls:
            yield Right(verb, "", "", "", url)


def covers(rule: Rule, right: Right) -> bool:
    """Whether a rule gives a right."""
    if right.verb not in rule.verbs and ALL not in rule.verbs:
        return False
    if right.url:
        return any(_covers_path(path, right.url) for path in rule.urls)
    if right.group not in rule.groups and ALL not in rule.groups:
        return False
    subresource = right.resource.partition("/")[2]
    resources = {right.resource, ALL, f"*/{subresource}"} if subresource else {right.resource, ALL}
    if resources.isdisjoint(rule.resources):
        return False
    return not rule.names or (bool(right.name) and right.name in rule.names)


def _covers_path(path: str, wanted: str) -> bool:
    return path == wanted or (path.endswith(ALL) and wanted.startswith(path.rstrip(ALL)))


def missing(held: Iterable[Rule], wanted: Iterable[Rule]) -> tuple[Rule, ...]:
    """What of the wanted rules is not held, as few rules as possible."""
    owned = tuple(dict.fromkeys(held))
    same = frozenset(owned)
    rest = (rule for rule in wanted if rule not in same)
    return merged(
        right for rule in rest for right in rights_of(rule) if not any(covers(owner, right) for owner in owned)
    )


def cover(held: Iterable[Rule], wanted: Iterable[Rule]) -> bool:
    """Whether all of the wanted rules are held."""
    owned = tuple(dict.fromkeys(held))
    same = frozenset(owned)
    return all(
        any(covers(owner, right) for owner in owned) for rule in wanted if rule not in same for right in rights_of(rule)
    )


def merged(rights: Iterable[Right]) -> tuple[Rule, ...]:
    """Rights put together into rules that give exactly these."""
    paths: dict[str, set[str]] = {}
    verbs: dict[tuple[str, str, str], set[str]] = {}
    for right in rights:
        if right.url:
            paths.setdefault(right.url, set()).add(right.verb)
        else:
            verbs.setdefault((right.group, right.resource, right.name), set()).add(right.verb)
    groups: dict[tuple[frozenset[str], str, str], set[str]] = {}
    for (group, resource, name), found in verbs.items():
        groups.setdefault((frozenset(found), resource, name), set()).add(group)
    resources: dict[tuple[frozenset[str], frozenset[str], str], set[str]] = {}
    for (found_verbs, resource, name), found in groups.items():
        resources.setdefault((found_verbs, frozenset(found), name), set()).add(resource)
    urls: dict[frozenset[str], set[str]] = {}
    for url, found in paths.items():
        urls.setdefault(frozenset(found), set()).add(url)
    rules = [
        Rule(_sorted(found), _sorted(kinds), (name,) if name else (), _sorted(of))
        for (found, of, name), kinds in resources.items()
    ]
    rules += [Rule(_sorted(found), (), (), (), _sorted(where)) for found, where in urls.items()]
    return tuple(sorted(rules, key=lambda rule: (rule.urls, rule.groups, rule.resources, rule.names, rule.verbs)))


def _sorted(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(words))


def described(found: Sequence[Rule]) -> str:
    """The rules as a person reads them: their verbs, and what these are for."""
    shown = "; ".join(map(_described, found[:SHOWN_RULES]))
    return shown if len(found) <= SHOWN_RULES else f"{shown}; (+{len(found) - SHOWN_RULES})"


def _described(rule: Rule) -> str:
    what = rule.resources or rule.urls
    more = len(what) - SHOWN_RESOURCES
    shown = ", ".join(what[:SHOWN_RESOURCES]) + (f" (+{more})" if more > 0 else "")
    return f"{', '.join(rule.verbs)} {shown}" + (f"/{','.join(rule.names)}" if rule.names else "")
