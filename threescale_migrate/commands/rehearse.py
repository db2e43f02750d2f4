"""`rehearse`: a program, or the whole migration, on a rehearsal cluster.

As `env` and `xvfb-run` do: the environment is prepared, the program runs in it, and its exit code is ours.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

from ..cluster.oc_errors import OcMissing
from ..cluster.programs import run_program
from ..exit_codes import ExitCode
from ..language import system_error, translation
from ..options import Options
from ..rehearsal import faults, launch, shells
from ..rehearsal.faults import Mistake
from ..render.result import Nothing, Printed, Result
from ..run.session import Session
from ..values import PROGRAM, Text, Usage

DEFAULT_SPEED = 10.0


def run(session: Session, options: Options) -> Result:
    """Makes the cluster, or continues with the one in `--dir`, and runs the program. Raises Usage."""
    program = list(options.program)
    if program[:1] == ["--"]:
        program = program[1:]
    if options.fault == ("list",):
        translate = translation(session.options.lang)
        lines = [
            f"{first:<28} {translate(words)}\n"
            for name, help_ in faults.FAULTS.items()
            for first, words in ((name, help_), ("", faults.ENDINGS[name]))
        ]
        return session.result(ExitCode.DONE, Printed("".join(lines)))
    speed = options.speed if options.speed is not None else (1.0 if program else DEFAULT_SPEED)
    if not 0 < speed <= 100_000:
        raise Usage(Text("--speed: {speed} is not a speed: give a number above 0", speed=speed))
    try:
        for fault in options.fault:
            faults.parse_fault(fault)
    except Mistake as error:
        why = Text(error.template, **error.params)
        raise Usage(Text("--fault: {why}; see rehearse --fault list", why=why)) from None
    if options.shell and program:
        raise Usage(Text("--shell opens a shell, and a program after -- runs instead of one: give only one of them"))
    if options.shell and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Usage(Text("--shell needs a terminal: give a program after --"))
    if options.dir is not None:
        code = _in_directory(Path(options.dir), session, options, program, speed, keep=True)
        return session.result(code, Nothing())
    scratch = Path(tempfile.mkdtemp(prefix="rehearsal-"))
    try:
        code = _in_directory(scratch, session, options, program, speed, keep=False)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return session.result(code, Nothing())


def _in_directory(
    directory: Path, session: Session, options: Options, program: list[str], speed: float, keep: bool
) -> int:
    environment = dict(os.environ)
    try:
        environment.update(_cluster(directory, options, speed))
    except UnicodeError:
        raise Usage(
            Text("--dir: {path} cannot be used: its name is not valid text", path=ascii(str(directory)))
        ) from None
    except Mistake as error:
        raise Usage(Text(error.template, **error.params)) from None
    except OSError as error:
        why = system_error(error)
        if options.from_file and error.filename == options.from_file:
            raise Usage(Text("--from: {path} cannot be read ({why})", path=options.from_file, why=why)) from None
        raise Usage(Text("--dir: {path} cannot be used ({why})", path=str(directory), why=why)) from None
    # A real project's history shows none of these runs. A path that is not absolute counts for nothing there.
    environment["XDG_STATE_HOME"] = os.path.abspath(directory / "state")
    if program:
        if (
            program[0] == PROGRAM and shutil.which(PROGRAM) is None
        ):  # called by its path, as in `.venv/bin/threescale-migrate`
            program = [*ME, *program[1:]]
            environment["PYTHONPATH"] = _with_package(environment)
        session.mention(SAYS_SO)
        try:
            return run_program(program, environment)
        except OcMissing as error:
            raise Usage(Text("{why}: give a program after --", why=error.text)) from None
    if options.shell:
        return _shell(directory, environment, session, keep)
    return _whole(directory, environment, speed, session, keep)


def _cluster(directory: Path, options: Options, speed: float) -> dict[str, str]:
    """The environment of the cluster in a directory, made where there is none. Raises Mistake, OSError."""
    if launch.exists(directory):
        if options.from_file:
            raise Mistake("--from: there is already a cluster in {directory}; name another --dir", directory=directory)
        return launch.resume(directory, speed=options.speed, faults=list(options.fault))
    if directory.exists() and any(directory.iterdir()):
        raise Mistake(
            "--dir: {directory} contains something other than a rehearsal cluster; name an empty directory",
            directory=directory,
        )
    source = Path(options.from_file) if options.from_file else None
    return launch.create(directory, speed=speed, faults=list(options.fault), from_file=source)


# What runs this tool once more, where the directory or the file that it is in is on PYTHONPATH.
ME = (sys.executable, "-m", "threescale_migrate")
PACKAGE = str(Path(__file__).resolve().parents[2])
SAYS_SO = Text(
    "this is a rehearsal: the cluster is a stand-in on this workstation, and no real one is asked or changed"
)
SAID_SO = Text("this was a rehearsal: nothing happened to a real cluster")


def _with_package(environment: dict[str, str]) -> str:
    return os.pathsep.join(filter(None, (PACKAGE, environment.get("PYTHONPATH"))))


def _shell(directory: Path, environment: dict[str, str], session: Session, keep: bool) -> int:
    """A shell in which the rehearsal's `oc` comes first; gives its exit code. Raises Usage where it cannot be started."""
    argv, more = shells.prepared(directory, environment, ME, PACKAGE)
    session.mention(SAYS_SO)
    after = (
        Text("the cluster stays in {directory}", directory=str(directory))
        if keep
        else Text("the cluster is then removed")
    )
    session.mention(Text.sentences(Text("exit ends the shell"), after, Text("to start, try:")))
    session.talk.verbatim(shlex.join(["threescale-migrate", "plan", "--secret-file", _secret(directory)]), 2)
    try:
        code = run_program(argv, {**environment, **more})
    except OcMissing as error:
        raise Usage(Text("--shell: {why}", why=error.text)) from None
    session.mention(SAID_SO)
    return code


def _secret(directory: Path) -> str:
    return str(directory / launch.EXAMPLE_SECRET)


def _whole(directory: Path, environment: dict[str, str], speed: float, session: Session, keep: bool) -> int:
    """The migration as an operator would run it, as a process of its own: it ends with the checks that `verify` makes."""
    terminal, language = session.talk, session.options.lang
    environment["PYTHONPATH"] = _with_package(environment)
    given = ["--lang", language] if language else []
    grace = ["--grace", str(max(3.0, 30.0 / speed))]
    command = ["migrate", "--yes", "--secret-file", _secret(directory), *grace, *given]
    session.mention(SAYS_SO)
    terminal.line(terminal.paint(f"$ {shlex.join(['threescale-migrate', *command])}", "strong"))
    code = run_program([*ME, *command], environment)
    session.mention(SAID_SO)
    if keep:
        session.mention(
            Text("the cluster stays in {directory}; a command for it, such as undo:", directory=str(directory))
        )
        inside = ["rehearse", "--dir", os.path.abspath(directory), "--", "threescale-migrate", "undo"]
        terminal.verbatim(shlex.join(["threescale-migrate", *inside]), 2)
    else:
        session.mention(Text("its cluster is removed, so the commands above find none; with --dir DIRECTORY it stays"))
    if not code:
        session.mention(Text("next, on your own project, which changes nothing either:"))
        terminal.verbatim("threescale-migrate plan -n PROJECT --secret-file FILE", 2)
    return code
