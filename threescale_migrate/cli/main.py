"""The command line of a process: words in, exit code out. What a command does is in its own module, which is loaded late."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from .. import shipped
from ..exit_codes import ExitCode
from ..language import shortage, translation
from ..output import Unwritable, close, guard
from ..values import Text
from .line import Line, parsed
from .parser import WrongUsage
from .usage import NAME

# The completion as it is shipped; `python -m tests.tools.completions --write` makes it from the parser.
COMPLETIONS = {"bash": "completion/threescale-migrate.bash", "zsh": "completion/_threescale-migrate"}


def main(argv: Sequence[str], program: str = NAME) -> int:
    """Runs one command of the program that is called `program`; returns the exit code. No user sees a traceback, and no output contains a secret."""
    guard()
    try:
        try:
            line = parsed(argv, program)
        except SystemExit as error:
            return _unparsed(argv, error)
        code = run(line, program)
        sys.stdout.flush()
    except Unwritable as error:
        code = _unwritable(error)
    except BrokenPipeError:  # the reader has gone (`… | head`)
        code = ExitCode.FAILED
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except (MemoryError, ImportError) as error:
        if shortage(error) is None:
            raise
        sys.stderr.write("threescale-migrate: the system refuses this program the memory that it needs\n")
        code = ExitCode.UNKNOWN
    close()
    return int(code)


def _unparsed(argv: Sequence[str], error: SystemExit) -> int:
    """The exit code after `--help`, or after a usage that was refused: monitoring systems have codes of their own."""
    nagios = any(f"{option} {value}" == "-o nagios" for option, value in zip(argv, argv[1:])) or bool(
        {"-onagios", "--output=nagios"} & set(argv)
    )
    if nagios and isinstance(error, WrongUsage):
        from ..render import nagios as monitoring

        sys.stdout.write(monitoring.failure(Text("{said}", said=error.said)) + "\n")
        close()
        return monitoring.UNKNOWN
    sys.stdout.flush()
    raise error


def _unwritable(error: Unwritable) -> ExitCode:
    words = Text("the output cannot be written ({why})", why=error.why).translated(translation(None))
    sys.stderr.write(f"threescale-migrate: {words}\n")
    return ExitCode.FAILED


def run(line: Line, program: str) -> int:
    """Runs the command that was named; each way to fail has its sentence and its exit code. Raises Unwritable, BrokenPipeError."""
    if line.command == "completion":  # each new shell may wait for it: no command is loaded
        sys.stdout.write(shipped.text(COMPLETIONS[line.options.shell_name]))
        return ExitCode.DONE
    from ..run.errors import handled
    from ..run.session import Session

    session = Session(line.command, line.options)

    def command() -> int:
        if line.command == "help":
            from . import help as pages

            return pages.show(line.options, program)
        module = importlib.import_module(f"..commands.{line.command}", __package__)
        return int(module.run(session, line.options))

    return handled(session, command)
