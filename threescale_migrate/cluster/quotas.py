"""What limits the pods and objects of a project: resource quotas and limit ranges, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Quota:
    """A resource quota: its scopes, and what of each resource may be used and is used, as the object spells it; `cluster` is one that
    a cluster admin has set over several projects together."""

    name: str
    scopes: tuple[str, ...]
    hard: Mapping[str, str]
    used: Mapping[str, str]
    cluster: bool = False


@dataclass(frozen=True)
class Limit:
    """One item of a limit range; `type` is Container, Pod or another that has nothing to do with pods."""

    range: str
    type: str
    max: Mapping[str, str]
    min: Mapping[str, str]
    default: Mapping[str, str]
    default_request: Mapping[str, str]
    ratio: Mapping[str, str]


@dataclass(frozen=True)
class Limits:
    """A limit range."""

    name: str
    items: tuple[Limit, ...]
