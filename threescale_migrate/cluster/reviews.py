"""Asks the server what the user, or an account in whose name the user may ask, can do: one call for several projects (fact 33)."""

from __future__ import annotations

from collections.abc import Sequence

from .access import Rule
from .allowed_calls import ASK, reviews
from .oc import Oc
from .parsing import parse_review

# What cannot be the name of a project: a review in it shows what holds in each project, from cluster role bindings alone
# (kubernetes pkg/registry/rbac/validation/rule.go).
EACH_PROJECT = "threescale-migrate:any"


def review(oc: Oc, namespaces: Sequence[str], account: str = "") -> tuple[tuple[tuple[Rule, ...], bool], ...]:
    """The rules that hold in each namespace, and whether they are all, for the user or for a service account.

    Raises OcError, Forbidden where the user cannot ask in that name.
    """
    args = (*ASK, f"--as={account}") if account else ASK
    return tuple(oc.read_items(args, parse_review, stdin=reviews(namespaces))[0])
