"""`script`: the plan as a bash script on stdout."""

from __future__ import annotations

import time
from collections.abc import Callable

from .. import __version__
from ..cluster.failures import ERROR_TEXTS, OcError, Unreachable
from ..cluster.location import locate
from ..cluster.reading import observe
from ..exit_codes import ExitCode
from ..guide.costs import costs
from ..guide.readiness import assess
from ..guide.rights import needed
from ..guide.selection import Wave, choose, waves
from ..options import STDOUT, Options
from ..render import bash
from ..render.result import Printed, Result
from ..run.connecting import LOOKING_TIMEOUT
from ..run.planned import planned
from ..run.preflight import examine, insist
from ..run.requests import check_project, request_of
from ..run.session import Session
from ..values import Step, Text, Usage


def run(session: Session, options: Options) -> Result:
    """The script. Raises Usage where what it would read cannot be named in it, Refused as `migrate` does."""
    if options.secret_file == STDOUT or options.username:
        raise Usage(Text("a script contains no secret and has to name its file: give the path with --secret-file"))
    oc = session.connect(LOOKING_TIMEOUT)
    where = locate(oc)
    request = request_of(session, oc)
    state = observe(oc, ahead=True, elsewhere=request.permissions)
    check_project(state, request)
    seen = examine(oc, where, state, request, options)
    if seen.attempt.actions or seen.attempt.refusals:
        blocked = insist(session, where.project, seen.findings)
        if blocked is not None:
            return blocked
    plan = planned(oc, state, request, seen)
    order = tuple(
        Wave(wave.name, tuple(name for name in wave.configs if not assess(state, name).reached))
        for wave in waves(state, request)
    )
    chosen = choose(state, request).configs
    made = bash.Script(
        project=where.project,
        server=where.server,
        login=_login(session.options, oc.context),
        version=__version__,
        date=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        secret_file=request.pull_secret.path if request.pull_secret is not None else None,
        from_secret=request.pull_secret.kept if request.pull_secret is not None else None,
        passing=_pattern(lambda kind: kind.passing),
        away=_pattern(lambda kind: issubclass(kind, Unreachable)),
        actions=plan.actions,
        rights=tuple(right.question[2:] for right in needed(plan.actions, state)),
        waves=() if Step.DEPLOYMENT_CONFIGS in request.skip else tuple(wave for wave in order if wave.configs),
        costs=costs(state, chosen),
        chosen=chosen,
        gate=options.gate or "",
        gate_seconds=options.gate_timeout,
        pause=options.pause,
        notes=tuple(str(note) for note in plan.notes),
    )
    try:
        return session.result(ExitCode.DONE, Printed(bash.render(made)))
    except ValueError as error:
        raise Usage(Text("{why}: give --secret-file", why=str(error))) from None


def _login(given: Options, context: str | None) -> tuple[str, ...]:
    """The options of each call of `oc` in the script: the context that held here, and what was given; a call without an end
    would hang."""
    words = (
        ("--request-timeout", given.request_timeout or "60s"),
        ("--context", context),
        ("--kubeconfig", given.kubeconfig),
    )
    return tuple(f"{name}={value}" for name, value in words if value is not None)


def _pattern(wanted: Callable[[type[OcError]], bool]) -> str:
    """What `oc` says of the errors that are wanted, as one extended regular expression."""
    return "|".join(pattern for pattern, kind in ERROR_TEXTS if wanted(kind))
