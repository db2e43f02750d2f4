"""What a preflight asks the cluster before the first change, and what its findings mean for a command.

What the facts mean is decided in `guide/preflight.py`; here the cluster is asked, and nothing of it is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..cluster.environment import Environment, read_environment
from ..cluster.failures import OcError
from ..cluster.location import Location
from ..cluster.oc import Oc
from ..cluster.state import ProjectState
from ..cluster.threads import side_by_side
from ..engine.proving import prove, still_there
from ..exit_codes import ExitCode
from ..guide import preflight as guide
from ..guide.preflight import Attempt, Facts
from ..guide.rights import Answers
from ..guide.todays_images import Asked, wanted
from ..options import Options
from ..render import document, text
from ..values import Check, Request, Text, Verdict
from . import rights
from .connecting import unexpected
from .session import Session


def insist(session: Session, project: str, findings: Sequence[Check]) -> ExitCode:
    """Shows what blocks a run, or that nothing does. Gives the exit code that it ends with, DONE to continue."""
    code = meaning(findings)
    terminal = session.talk
    if session.options.is_document:
        if code is not ExitCode.DONE:
            document.write(
                document.preflight(session.command, project, findings, int(code), session.invocation),
                session.options.output,
            )
            text.show_verdict(terminal, verdict(findings), summary(findings))
        return code
    if code is not ExitCode.DONE or not session.options.quiet:
        text.show_findings(terminal, findings, notable=True)
        text.show_verdict(terminal, verdict(findings), summary(findings))
    return code


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
    version: str = "",
) -> Seen:
    """Asks the server what the plan needs and judges it. Raises OcError if the cluster cannot be asked, Usage."""
    attempt = guide.attempt(state, request)
    moved = [name for wave in guide.redeployed(state, request, attempt.actions) for name in wave.configs]
    answers: list[Answers] = []
    token_checks: list[Check] = []
    images: list[Asked] = []
    environment: list[Environment] = []
    side_by_side(
        (
            lambda: answers.append(rights.ask(oc, state, attempt.actions)),
            lambda: token_checks.extend(prove(oc, state, request)),
            lambda: images.extend(still_there(oc, wanted(state, moved))),
            lambda: environment.append(read_environment(oc)),
        )
    )
    facts = Facts(
        program=oc.program,
        version=version,
        server=where.server,
        user=where.user,
        state=state,
        attempt=attempt,
        answers=answers[0],
        unexpected=unexpected(options, where),
        token_checks=tuple(token_checks),
        environment=environment[0],
        images=tuple(images),
    )
    return Seen(attempt, guide.judge(facts, request, options.force, options.allow_unknown))


def version_of(oc: Oc) -> str:
    """The version of `oc`, empty if it does not say."""
    try:
        said = oc.read(("version", "--client")).stdout
    except OcError:
        return ""
    first = next(iter(said.splitlines()), "")
    return first.partition(":")[2].strip() if first.startswith("Client Version:") else first.strip()


def meaning(findings: Iterable[Check], changes: bool = True) -> ExitCode:
    """The exit code that findings mean: wrong usage if nothing but an option is wrong.

    If there is nothing to change, what is unknown blocks nothing, but is still reported.
    """
    blocking = guide.against(findings)
    if not blocking:
        return ExitCode.DONE
    if not changes and all(finding.verdict is Verdict.UNKNOWN for finding in blocking):
        return ExitCode.UNKNOWN
    return ExitCode.USAGE if all(finding.usage for finding in blocking) else ExitCode.REFUSED


def verdict(findings: Sequence[Check]) -> Verdict:
    """What the findings mean, as the mark of the last line."""
    blocked = guide.against(findings)
    if blocked:
        unknown = all(finding.verdict is Verdict.UNKNOWN for finding in blocked)
        return Verdict.UNKNOWN if unknown else Verdict.FAILED
    warned = any(finding.verdict in (Verdict.WARNING, Verdict.SKIPPED) for finding in findings)
    return Verdict.WARNING if warned else Verdict.PASSED


def summary(findings: Sequence[Check]) -> Text:
    """The last line of a preflight."""
    blocked = guide.against(findings)
    if blocked:
        return guide.blocked_by(blocked)
    ready = Text("ready to migrate")
    left = [finding.subject for finding in findings if finding.verdict is Verdict.SKIPPED]
    if left:
        ready = Text("ready to migrate; not checked: {names}", names=", ".join(left))
    warnings = sum(finding.verdict is Verdict.WARNING for finding in findings)
    if not warnings:
        return ready
    return Text.plural("{ready}; {count} warning", "{ready}; {count} warnings", count=warnings, ready=ready)
