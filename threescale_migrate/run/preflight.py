"""What a preflight asks the cluster before the first change, and what its findings mean for a command.

What the facts mean is decided in `guide/preflight.py`; here the cluster is asked, and nothing of it is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..cluster.location import Location
from ..cluster.oc import Oc
from ..cluster.oc_errors import BadInput, OcError
from ..cluster.state import ProjectState
from ..cluster.threads import side_by_side
from ..cluster.versions import client_version
from ..engine.registry_questions import examined
from ..exit_codes import ExitCode
from ..guide import preflight as guide
from ..guide.kept_data import needed_rights, to_keep
from ..guide.preflight import Attempt, Facts
from ..guide.todays_images import TodaysImage, wanted
from ..guide.user_rights import ReviewAnswers
from ..guide.verdicts import against
from ..options import Options
from ..render import text
from ..render.result import Preflight, Result
from ..render.screens import verdict_of_findings
from ..values import Check, Request, Verdict
from . import access_reviews, patch_dry_run
from .connection import unexpected
from .session import Session


def insist(session: Session, project: str, findings: Sequence[Check]) -> Result | None:
    """What ends a run that something blocks. None where nothing does; what was found is said then to who follows along."""
    code = exit_code(findings)
    if code is not ExitCode.DONE:
        return session.result(code, Preflight(project, tuple(findings), refused=True))
    if session.person and not session.options.quiet:
        text.show_findings(session.talk, findings, notable=True)
        verdict_of_findings(session.talk, findings, session.options.step.value if session.command == "step" else "")
    return None


@dataclass(frozen=True)
class Seen:
    """What a preflight has seen: the plan as far as it can be made, and the findings."""

    attempt: Attempt
    findings: tuple[Check, ...]


def examine(
    oc: Oc,
    where: Location,
    state: ProjectState,
    request: Request,
    options: Options,
    with_version: bool = False,
) -> Seen:
    """Asks the server what the plan needs and judges it; `with_version` names that of `oc` too. Raises OcError if the cluster cannot
    be asked, Usage."""
    attempt = guide.attempt(state, request)
    moved = [name for wave in guide.redeployed(state, request, attempt.actions) for name in wave.configs]
    kept = needed_rights(state, to_keep(state, attempt.actions, request))
    answers: list[ReviewAnswers] = []
    registries: list[tuple[tuple[Check, ...], tuple[TodaysImage, ...]]] = []
    refused: list[Check] = []
    side_by_side(
        (
            lambda: answers.append(access_reviews.ask(oc, state, (*attempt.actions, *kept))),
            lambda: registries.append(examined(oc, state, request, wanted(state, moved))),
            lambda: refused.extend(patch_dry_run.tried(oc, attempt.actions)),
        )
    )
    facts = Facts(
        program=oc.program,
        version=version_of(oc) if with_version else "",
        server=where.server,
        user=where.user,
        state=state,
        attempt=attempt,
        answers=answers[0],
        unexpected=unexpected(options, where),
        token_checks=registries[0][0],
        images=registries[0][1],
        requester=where.requester,
        admission=tuple(refused),
        kept=kept,
    )
    return Seen(attempt, guide.checks(facts, request, options.force, options.allow_unknown))


def version_of(oc: Oc) -> str:
    """The version of `oc`, empty if it does not say."""
    try:
        return client_version(oc)
    except BadInput:  # that of 3.11 says it in lines
        pass
    except OcError:
        return ""
    try:
        said = oc.read(("version", "--client")).stdout
    except OcError:
        return ""
    first = next(iter(said.splitlines()), "")
    return first.partition(":")[2].strip() if first.startswith("Client Version:") else first.strip()


def exit_code(findings: Iterable[Check], changes: bool = True) -> ExitCode:
    """The exit code that findings mean: wrong usage if nothing but an option is wrong.

    If there is nothing to change, what is unknown blocks nothing, but is still reported.
    """
    blocking = against(findings)
    if not blocking:
        return ExitCode.DONE
    if not changes and all(finding.verdict is Verdict.UNKNOWN for finding in blocking):
        return ExitCode.UNKNOWN
    return ExitCode.USAGE if all(finding.usage for finding in blocking) else ExitCode.REFUSED
