"""What each command does: options to values, values to renderers. The deciding is done elsewhere."""

from __future__ import annotations

import os
import re
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any

from ..cli.parser import PRINT_ORDER
from ..cluster.dialects import user_of
from ..cluster.oc import NotFound, Oc, UnknownResourceType, find_oc
from ..cluster.project import ProjectState, observe
from ..exit_codes import ExitCode
from ..guide import steps
from ..language import system_error
from ..output import Unwritable
from ..render.terminal import Terminal, stderr, stdout
from ..session.sources import read_secret
from ..values import Check, Refused, Request, Step, Text, Usage, Verdict

VERIFY_TIMEOUT = 300.0
ENDING = Text("asked to end: it ends after the call of oc that is under way; Ctrl-C once more ends it at once")


@dataclass(frozen=True)
class Place:
    """Where `oc` is logged in, and as whom."""

    server: str
    project: str
    user: str


def connect(options: Namespace, timeout: float | None = None) -> Oc:
    """An Oc by the user's options. `timeout` bounds all its calls together, in seconds. Raises OcMissing, Usage."""
    _check_words(options)
    oc = Oc(
        find_oc(options.oc),
        namespace=options.namespace,
        context=options.context,
        kubeconfig=options.kubeconfig,
        request_timeout=options.request_timeout,
    )
    if options.call_timeout is not None:
        oc.call_timeout = options.call_timeout
    if timeout is not None:
        oc.deadline = monotonic() + timeout
    return oc


PROJECT_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def _check_words(options: Namespace) -> None:
    """Refuses what cannot be meant. An empty one is a variable of a script that was never set: oc would take its default."""
    given = {"--oc": options.oc, "--context": options.context, "--kubeconfig": options.kubeconfig}
    for option, word in {**given, "--namespace": options.namespace}.items():
        if word == "":
            raise Usage(Text("{option} is empty: give a value, or leave it out", option=option))
        if word is not None and not word.isprintable():
            raise Usage(
                Text("{option}: {word} cannot be handed to oc: it is not plain text", option=option, word=ascii(word))
            )
    if options.namespace is not None and not PROJECT_NAME.fullmatch(options.namespace):
        raise Usage(Text("--namespace: {name} is no name that a project can have", name=options.namespace[:80]))


def place(oc: Oc) -> Place:
    """Asks where `oc` is logged in. Raises OcError, Refused where no project is chosen."""
    try:
        user = oc.read_line(("whoami",))
    except (NotFound, UnknownResourceType):
        user = user_of(oc.read_line(("whoami", "--show-context")))
    server = oc.read_line(("whoami", "--show-server"), r"https?://\S+")
    project = oc.namespace or oc.read_line(("project", "-q"), r"[a-z0-9-]*")
    if not project:
        raise Refused(Text("no project is chosen: name it with -n, or run oc project NAME"))
    return Place(server, project, user)


def request_of(options: Namespace, oc: Oc) -> Request:
    """What the user asked for. Raises Usage for unusable input, Refused, OcError."""
    secret = read_secret(options, oc)
    configs = options.dc or []
    if not configs and os.environ.get("THREESCALE_DC_NAMES", "").strip():
        configs = os.environ["THREESCALE_DC_NAMES"].replace(",", " ").split()
    waves: tuple[tuple[str, ...], ...] = ()
    given = getattr(options, "wave_plan", None)
    if given is PRINT_ORDER and options.command != "plan":
        raise Usage(Text("--wave-plan: name a file; plan --wave-plan prints one"))
    if isinstance(given, str):
        waves = read_waves(options.wave_plan)
    return Request(
        configs=tuple(configs),
        pull_secret=secret,
        replace_secret=getattr(options, "replace_secret", False),
        service_discovery=options.service_discovery,
        copy_privileged=getattr(options, "copy_privileged", False),
        link_default=not getattr(options, "no_link_default", False),
        resume_paused=getattr(options, "resume_paused", False),
        skip=frozenset(Step(name) for name in options.skip),
        waves=waves,
        all_at_once=getattr(options, "all_at_once", False),
        prove_pull=getattr(options, "prove_pull", None),
    )


def proof(oc: Oc, state: ProjectState, request: Request, refuse: bool = False) -> tuple[Check, ...]:
    """Where it was asked for, whether the registry takes the token. Raises OcError, with `refuse` Refused where it does not."""
    if request.prove_pull is None:
        return ()
    from ..engine import proving

    checks = proving.prove(oc, state, request)
    for check in checks:
        if refuse and check.verdict is Verdict.FAILED:
            raise Refused(Text("{subject}: {seen}; {fix}", subject=check.subject, seen=check.seen, fix=check.fix))
    return checks


def read_waves(path: str) -> tuple[tuple[str, ...], ...]:
    """A line of names for each wave; what follows a `#` is left out. Raises Usage."""
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line.partition("#")[0].replace(",", " ").split() for line in file]
    except (OSError, UnicodeDecodeError) as error:
        why = system_error(error) if isinstance(error, OSError) else Text("not UTF-8 text")
        raise Usage(Text("--wave-plan: {path} cannot be read ({why})", path=path, why=why)) from None
    found = tuple(tuple(line) for line in lines if line)
    if not found:
        raise Usage(Text("--wave-plan: {path} names no config", path=path))
    return found


def plan(options: Namespace) -> int:
    """Shows what `migrate` would do, and what stands against it."""
    if options.projects or options.all_contexts or options.inventory:
        from .many import plan_all

        return plan_all(options)
    if options.wave_plan is PRINT_ORDER:
        oc = connect(options, VERIFY_TIMEOUT)
        return print_order(options, observe(oc, cluster=False, secret=False), request_of(options, oc))
    show, code = planned(options)
    show.render(options, code)
    return int(code)


def planned(options: Namespace) -> tuple[Planned, ExitCode]:
    """The plan of one project, and the exit code that it means. Raises what asking the cluster raises."""
    from .preflight import look, meaning

    oc = connect(options, VERIFY_TIMEOUT)
    request = request_of(options, oc)
    where = place(oc)
    oc.namespace = where.project
    state = observe(oc)
    seen = look(options, oc, where, state, request)
    show = Planned.of(oc, state, request, seen)
    code = meaning(seen.findings, bool(show.actions))
    if code is ExitCode.DONE and show.actions:
        code = ExitCode.SOMETHING_TO_DO
    return show, code


def preflight(options: Namespace) -> ExitCode:
    """Looks at all that `migrate` needs."""
    from .preflight import preflight as run

    return run(options)


def print_order(options: Namespace, state: ProjectState, request: Request) -> ExitCode:
    """The order of all chosen configs, as the file that `--wave-plan` reads, or as JSON."""
    from ..guide.selection import waves
    from ..render import document, text

    check_project(state, request)
    order = waves(state, request)
    if options.output == "json":
        document.write(sys.stdout, document.plan(options.command, state.namespace, (), order, (), int(ExitCode.DONE)))
    else:
        sys.stdout.write(text.wave_plan(order))
    return ExitCode.DONE


@dataclass(frozen=True)
class Planned:
    """A plan with its costs, ready to be shown."""

    project: str
    actions: tuple[Any, ...]
    argvs: tuple[tuple[str, ...], ...]
    waves: tuple[Any, ...]
    costs: tuple[Any, ...]
    notes: tuple[Text, ...]
    findings: tuple[Any, ...] = ()

    @staticmethod
    def of(oc: Oc, state: ProjectState, request: Request, seen: Any = None) -> Planned:
        """The plan of a migration, with what the preflight has seen where one was made. Raises Usage or Refused without."""
        from ..guide import permissions
        from ..guide.costs import costs
        from ..guide.preflight import redeployed
        from ..guide.selection import choose

        actions = steps.plan(state, request) if seen is None else seen.attempt.actions
        order = redeployed(state, request, actions)
        selection = choose(state, request)
        notes: list[Text] = []
        if seen is None:
            notes += request.pull_secret.warnings if request.pull_secret is not None else ()
            for check in permissions.unknown(state, request):
                notes += [check.seen, *(Text("{command}", command=command) for command in check.commands)]
        if selection.absent:
            notes.append(Text("not in this project: {names}", names=", ".join(selection.absent)))
        if selection.foreign:
            notes.append(Text("not 3scale's, left alone: {names}", names=", ".join(selection.foreign)))
        for name, account in selection.own_account:
            notes.append(
                Text("{name} runs as {account}, an account of its own, and is left alone", name=name, account=account)
            )
        return Planned(
            state.namespace,
            actions,
            tuple(oc.argv(action.args) for action in actions),
            order,
            costs(state, [name for wave in order for name in wave.configs]),
            tuple(notes),
            () if seen is None else seen.findings,
        )

    def render(self, options: Namespace, code: ExitCode) -> None:
        """Shows it on stdout, as the result of a command that changes nothing."""
        from ..render import document, text

        if options.output == "json":
            listed = [document.action(action, argv) for action, argv in zip(self.actions, self.argvs)]
            planned = document.plan(
                options.command, self.project, listed, self.waves, self.costs, int(code), self.findings
            )
            document.write(sys.stdout, planned)
            return
        terminal = stdout(options.lang)
        text.show_findings(terminal, self.findings, notable=True)
        if not options.quiet:
            text.show_actions(terminal, self.actions)
            if self.waves:
                text.show_costs(terminal, self.waves, self.costs)
            for note in self.notes:
                terminal.line(terminal.say(note))
        last = (
            Text("{count} actions are left to do in project {project}", count=len(self.actions), project=self.project)
            if self.actions
            else Text("nothing is left to do in project {project}", project=self.project)
        )
        terminal.line(terminal.say(last))


def verify(options: Namespace) -> int:
    """Looks at the six steps."""
    from .verify import verify as run

    return run(options)


def report(
    options: Namespace, command: str, state: ProjectState, checks: Sequence[Check], oc: Oc | None = None
) -> ExitCode:
    """Shows checks on stdout, and gives the exit code that they mean."""
    from ..render import document, text

    code = exit_code(options, checks)
    if getattr(options, "allow_unknown", False):
        checks = [
            replace(check, verdict=Verdict.WARNING) if check.verdict is Verdict.UNKNOWN else check for check in checks
        ]
    if getattr(options, "report", None) and oc is not None:
        from ..render.report import of_checks

        of_checks(options, command, oc, state, checks, code)
    try:
        if options.output == "json":
            document.write(sys.stdout, document.verification(command, state.namespace, checks, int(code)))
        elif not options.quiet or code is not ExitCode.DONE:
            terminal = stdout(options.lang)
            text.show_checks(terminal, checks, options.verbose, options.quiet)
            if not options.quiet:
                terminal.line(terminal.say(text.summary(checks, command)))
        sys.stdout.flush()
    except (BrokenPipeError, Unwritable) as error:
        if isinstance(error, Unwritable):
            terminal = stderr(options.lang)
            terminal.line(terminal.say(Text("the output cannot be written ({why})", why=error.why)))
        leave_stdout()  # the exit code says it still
    return code


def leave_stdout() -> None:
    """The reader has gone (`… | head`): nothing more can be said, also not by Python at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def exit_code(options: Namespace, checks: Sequence[Check]) -> ExitCode:
    """What checks mean, by the options that were given."""
    from ..engine.run import outcome

    return outcome(checks, getattr(options, "strict", False), getattr(options, "allow_unknown", False))


def migrate(options: Namespace) -> int:
    """Steps 1 to 6; for many projects one after the other."""
    if options.projects or options.all_contexts or options.inventory:
        from ..cli.parser import run
        from .many import migrate_all

        return migrate_all(options, run)
    return _migrate(options)


def _migrate(options: Namespace) -> ExitCode:
    from ..engine import migration
    from ..engine.run import Failed

    with prepared(options, "migrate") as run:
        if isinstance(run, ExitCode):
            return run
        try:
            state, checks = migration.migrate(run)
        except Failed as error:
            # A cluster that does not answer cannot be asked to take anything back.
            if options.on_failure != "undo" or error.exit_code is ExitCode.UNKNOWN:
                raise
            from .undo import after_failure

            raise after_failure(run, error) from None
        finish(options, run, checks)
    return report(options, "migrate", state, checks)


def step(options: Namespace) -> ExitCode:
    """One step alone, with a check after it."""
    from ..engine import migration, waiting

    wanted = Step(options.name)
    if options.check or wanted is Step.VERIFICATION:
        oc = connect(options, options.timeout or VERIFY_TIMEOUT)
        request = request_of(options, oc)
        state = observe(oc)
        found = proof(oc, state, request) if wanted is Step.REGISTRY_SECRET else ()
        return report(options, "step", state, (*steps.verify(state, request, (wanted,)), *found))
    with prepared(options, "step", wanted) as run:
        if wanted in migration.BEFORE_WAVES:
            migration.prepare(run, (wanted,))
        elif wanted is Step.DEPLOYMENT_CONFIGS:
            migration.patch(run)
        elif wanted is Step.READINESS:
            waiting.wait_all(run)
        state = observe(run.oc)
        found = proof(run.oc, state, run.request) if wanted is Step.REGISTRY_SECRET else ()
        checks = (*steps.verify(state, run.request, (wanted,)), *found)
        finish(options, run, checks)
    return report(options, "step", state, checks)


def finish(options: Namespace, run: Any, checks: Sequence[Check]) -> None:
    """Writes the checks and the end into the journal, before they are shown: nobody may be there to read them."""
    run.finish(exit_code(options, checks), checks)


@contextmanager
def prepared(options: Namespace, command: str, only: Step | None = None) -> Iterator[Any]:
    """A run that may change the project: looked at, confirmed, locked, journaled, with the signals in hand.

    Gives the exit code instead where nothing is to be done, or something stands against it.
    """
    oc = connect(options, options.timeout)
    request = request_of(options, oc)
    with locked(options, oc, expected=only is not None) as (where, directory):
        state = observe(oc)
        show = None
        if only is None:
            code, show = ready(options, oc, where, state, request)
            if code is not None:
                yield code
                return
        actions = show.actions if show is not None else steps.plan(state, request, (only,) if only else ())
        if only is not None and actions:
            steps.check_order(state, request, only)
        if only is Step.REGISTRY_SECRET:
            proof(oc, state, request, refuse=True)
        if only is None or actions:
            confirm(options, where, show)
        step_ = None if only is None else only.value
        with journaled(options, command, oc, request, where, directory, state, actions, step=step_) as run:
            yield run


def placed(options: Namespace, oc: Oc, expected: bool = True) -> Place:
    """Finds out where `oc` is, and with `expected` that it is the right place. Raises OcError, Refused."""
    where = place(oc)
    oc.namespace = where.project
    wrong = unexpected(options, where)
    if expected and wrong:
        raise Refused(wrong[0][1])
    return where


def ready(
    options: Namespace, oc: Oc, where: Place, state: ProjectState, request: Request
) -> tuple[ExitCode | None, Planned | None]:
    """The plan of a whole migration that nothing stands against; else the exit code to end with, when that has been told."""
    from ..engine.run import outcome
    from ..guide.preflight import attempt
    from .preflight import insist, look

    left = attempt(state, request)
    if not left.actions and not left.refusals and not unexpected(options, where):
        checks = (*steps.verify(state, request), *proof(oc, state, request))
        if outcome(checks) in (ExitCode.DONE, ExitCode.UNKNOWN):
            _talk(options, Text("nothing is left to do in project {project}", project=where.project))
            return report(options, "migrate", state, checks, oc), None
    seen = look(options, oc, where, state, request)
    code = insist(options, where.project, seen.findings)
    if code is not ExitCode.DONE:
        return code, None
    return None, Planned.of(oc, state, request, seen)


@contextmanager
def locked(options: Namespace, oc: Oc, expected: bool = True) -> Iterator[tuple[Place, Path]]:
    """Holds the project's lock. Gives the place and its journals' home. Raises Refused, Locked."""
    from ..engine import home, lock

    where = placed(options, oc, expected)
    directory = home.directory_of(where.server, where.project)
    with lock.lock(directory, oc.call_timeout) as descriptor:
        oc.lock = descriptor
        yield where, directory


@contextmanager
def journaled(
    options: Namespace,
    command: str,
    oc: Oc,
    request: Request,
    where: Place,
    directory: Path,
    state: ProjectState,
    actions: Sequence[Any],
    **values: Any,
) -> Iterator[Any]:
    """A run with its journal open, its signals in hand and somebody to tell; its end is written whatever happens."""
    from ..engine import home, signals
    from ..engine import journal as journals
    from ..engine import run as runner

    record = journals.Journal(directory, oc.redact)
    with ExitStack() as stack:
        if options.report:
            from ..render.report import of_run

            stack.callback(of_run, options, record.path)  # once the journal is closed: the report is drawn from it
        stack.callback(record.close)
        stop = signals.Stop()
        watcher = Listener(_watcher(options))
        run = runner.Run(oc, request, record, watcher, runner.Limits(options.timeout, options.grace), stop)
        run.seen = state
        stack.enter_context(signals.in_order(stop, lambda: watcher.note(ENDING)))
        stack.callback(watcher.done)
        try:
            record.start(command, where.server, where.project, where.user, state, **values)
            record.write("plan", actions=[journals.described(action, oc.argv(action.args)) for action in actions])
            yield run
        except journals.JournalError as error:
            if record.number or error.cause is None:
                raise
            raise home.unwritable(directory, error.cause) from None
        except (Refused, Usage) as error:
            run.broken(error)
            if not record.number:
                raise
            raise runner.Failed(error.text, ExitCode.FAILED) from None  # it is not before the first change any more
        except BaseException as error:
            run.broken(error)
            if isinstance(error, signals.Stopped):
                error.changed = record.number > 0
            raise


@dataclass
class Listener:
    """Tells a watcher of a run for as long as somebody listens: a run does not depend on being watched.

    Where the terminal is closed, or the reader of a pipe goes away, the run goes on; its journal has it all.
    """

    watcher: Any
    mute: bool = False

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.watcher, name, None)

        def tell(*args: Any) -> None:
            if self.mute or method is None:
                return
            try:
                method(*args)
            except OSError:
                self.mute = True

        return tell


def unexpected(options: Namespace, where: Place) -> tuple[tuple[str, Text], ...]:
    """What of the place is not as the user expects it: `project` or `server`, with a sentence."""
    wrong = []
    if options.expect_project and options.expect_project != where.project:
        seen = Text(
            "this is project {found}, not {wanted}: name it with -n",
            found=where.project,
            wanted=options.expect_project,
        )
        wrong.append(("project", seen))
    if options.expect_server and options.expect_server.rstrip("/") != where.server.rstrip("/"):
        seen = Text(
            "oc is logged in to {found}, not to {wanted}: run oc login, or name a --context",
            found=where.server,
            wanted=options.expect_server,
        )
        wrong.append(("server", seen))
    return tuple(wrong)


def check_project(state: ProjectState, request: Request) -> None:
    """Raises Refused where the project has nothing to migrate, or does not show it."""
    from ..guide.selection import choose

    if "dc" in state.unread:
        raise Refused(Text("the DeploymentConfigs may not be read: {why}", why=state.unread["dc"]))
    if not choose(state, request).configs:
        raise Refused(
            Text(
                "there is no DeploymentConfig of 3scale in project {project}: name the right one with -n",
                project=state.namespace,
            )
        )


def confirm(options: Namespace, where: Place, show: Planned | None) -> None:
    """Has the project's name typed on a terminal; elsewhere an option has to say it."""
    if options.yes or options.expect_project:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise Usage(
            Text(
                "nobody can confirm here: add --yes, or --expect-project {project} to be sure of the project",
                project=where.project,
            )
        )
    terminal = stderr(options.lang)
    if show is not None and options.output == "text":
        from ..render import text

        text.show_actions(terminal, show.actions)
        text.show_costs(terminal, show.waves, show.costs)
        for note in show.notes:
            terminal.line(terminal.say(note))
    question = Text(
        "This changes project {project} on {server}, as {user}. Type the project's name to go on: ",
        project=where.project,
        server=where.server,
        user=where.user,
    )
    sys.stderr.write(terminal.say(question))
    sys.stderr.flush()
    if sys.stdin.readline().strip() != where.project:
        raise Refused(Text("that is not the project's name; nothing was changed"))


def _talk(options: Namespace, text: Text) -> None:
    if options.output == "text" and not options.quiet:
        terminal = stderr(options.lang)
        terminal.line(terminal.say(text))


def _watcher(options: Namespace) -> Any:
    from ..render.document import LinesWatcher
    from ..render.progress import LineWatcher, LiveWatcher

    if options.output == "json":
        return LinesWatcher(sys.stderr)
    terminal: Terminal = stderr(options.lang)
    plain = options.quiet or not terminal.live or os.environ.get("TERM") == "dumb"
    return LineWatcher(terminal, options.quiet) if plain else LiveWatcher(terminal)


def script(options: Namespace) -> ExitCode:
    """Prints the plan, or the guide's own commands, as a bash script."""
    from .script import script as run

    return run(options)


def completion(options: Namespace) -> ExitCode:
    """Prints the completion for a shell."""
    from ..cli import completion as shipped

    sys.stdout.write(shipped.script(options.shell))
    return ExitCode.DONE


def man(options: Namespace) -> ExitCode:
    """Prints the manual page."""
    from .. import __version__
    from ..cli import manual
    from ..cli import parser as cli

    sys.stdout.write(manual.page(cli.build(), __version__))
    return ExitCode.DONE


def undo(options: Namespace) -> ExitCode:
    """Takes back what a run changed."""
    from .undo import undo as run

    return run(options)


def history(options: Namespace) -> ExitCode:
    """Lists the runs, or shows one."""
    from .undo import history as run

    return run(options)


def manifest(options: Namespace) -> ExitCode:
    """Prints what lets the cluster itself run `verify`."""
    from .manifest import manifest as run

    return run(options)


def rehearse(options: Namespace) -> ExitCode | int:
    """Runs a program, or the migration, with the rehearsal's `oc` first on PATH."""
    from .rehearse import rehearse as run

    return run(options)
