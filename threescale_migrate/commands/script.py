"""`script`: the plan as a bash script on stdout."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from .. import __version__, shell
from ..cluster.location import Location, locate
from ..cluster.reading import observe
from ..exit_codes import ExitCode
from ..guide import kept_data, undo_plan
from ..guide.costs import costs
from ..guide.preflight import attempt
from ..guide.readiness import assess
from ..guide.selection import Wave, choose, waves
from ..guide.user_rights import needed
from ..options import STDOUT, Options
from ..render import bash
from ..render.result import Printed, Result
from ..run.connection import LOOKING_TIMEOUT
from ..run.migration_plan import planned
from ..run.preflight import examine, insist
from ..run.requests import check_project, request_of
from ..run.session import Session
from ..values import DEFAULT_ACCOUNT, PROGRAM, Command, Fix, Refused, Step, Text, Usage


def run(session: Session, options: Options) -> Result:
    """The script. Raises Usage where what it would read cannot be named in it, Refused as `migrate` does."""
    if options.secret_file == STDOUT or options.username:
        raise Usage(Text("a script contains no secret and has to name its file: give the path with --secret-file"))
    oc = session.connect(LOOKING_TIMEOUT)
    where = locate(oc)
    request = request_of(session, oc)
    state = observe(oc, ahead=True, elsewhere=request.permissions)
    check_project(state, request)
    wanted = attempt(state, request)
    for name in () if wanted.refusals else kept_data.to_keep(state, wanted.actions, request):
        lost = Text("a script saves no data, and redeploying {name} loses all of its data", name=name)
        allowed = Command((PROGRAM, "script", "--lose-data", ",".join((*request.lose_data, name))))
        raise Refused(lost, Fix(Text("use migrate, which keeps it, or allow the loss"), (allowed,)))
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
    paused = frozenset(n for n in chosen if state.configs[n].paused and not request.resume_paused)
    passing = frozenset(n for n in chosen if state.configs[n].test)
    default = state.accounts.get(DEFAULT_ACCOUNT)
    login = default is not None and any(name.startswith("default-dockercfg-") for name in default.pull_secrets)
    made = bash.Script(
        project=where.project,
        server=where.server,
        uid=where.uid or "",
        options=_options(session.options, oc.context),
        place=shell.Invocation(where.project, oc.context or "", session.options.kubeconfig or ""),
        version=__version__,
        date=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        secret_file=request.pull_secret.path if request.pull_secret is not None else None,
        from_secret=request.pull_secret.kept if request.pull_secret is not None else None,
        changes=plan.actions,
        undo=undo_plan.of_plan(state, plan.actions),
        rights=tuple(right.question[2:] for right in needed(plan.actions, state)),
        waves=() if Step.DEPLOYMENT_CONFIGS in request.skip else tuple(wave for wave in order if wave.configs),
        costs=costs(state, chosen, request),
        chosen=tuple(name for name in chosen if name not in passing),
        standing=paused | passing,
        login=login,
        losses=tuple(map(str, plan.data)),
        notes=tuple(str(note) for note in (*plan.data, *plan.notes, *_limits(where, paused, passing))),
    )
    try:
        return session.result(ExitCode.DONE, Printed(bash.render(made)))
    except ValueError as error:
        raise Usage(Text("{why}: give --secret-file", why=str(error))) from None


def _limits(where: Location, paused: Iterable[str], passing: Iterable[str]) -> Iterator[Text]:
    """What the script does not do that the tool does."""
    if where.uid is None:
        yield Text("The project's uid cannot be read: the journals may be from a deleted project with the same name.")
    for name in sorted(paused):
        yield Text("{name} is paused: it is patched, and its pods stay as they are until it is resumed.", name=name)
    for name in sorted(passing):
        yield Text(
            "{name} has pods only while a rollout runs (spec.test): it is patched, and not waited for.", name=name
        )


def _options(given: Options, context: str | None) -> tuple[str, ...]:
    """The options of each call of `oc` in the script but for the project: the context that held here, and what was given; a call
    without an end would hang."""
    words = (
        ("--request-timeout", given.request_timeout or "60s"),
        ("--context", context),
        ("--kubeconfig", given.kubeconfig),
    )
    return tuple(f"{name}={value}" for name, value in words if value is not None)
