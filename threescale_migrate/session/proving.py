"""Whether the registry takes the token, where the request asks for it. How it is asked is the engine's."""

from __future__ import annotations

from ..cluster.oc import Oc
from ..cluster.state import ProjectState
from ..engine import proving
from ..values import Check, Refused, Request, Text, Verdict


def pull_checks(oc: Oc, state: ProjectState, request: Request) -> tuple[Check, ...]:
    """The checks of the token, none where they were not asked for. Raises OcError."""
    return proving.prove(oc, state, request) if request.prove_pull else ()


def insist_on_pull(oc: Oc, state: ProjectState, request: Request) -> None:
    """Raises Refused where the registry refuses the token, OcError."""
    for check in pull_checks(oc, state, request):
        if check.verdict is Verdict.FAILED:
            raise Refused(Text("{subject}: {seen}; {fix}", subject=check.subject, seen=check.seen, fix=check.fix))
