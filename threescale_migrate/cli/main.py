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
    if isinstance(error, WrongUsage) and any(word.startswith(("-o", "--output")) for word in argv):
        from ..engine.failed import Failure
        from ..options import Options
        from ..render.formats import FORMATS
        from ..render.result import Result
        from ..render.terminal import Screen, open_terminal

        words = [word.partition("=")[2] or word[2:] if word[:2] == "-o" or "=" in word else word for word in argv]
        result = Result("verify", ExitCode.USAGE, Failure((Text("{said}", said=error.said),)))
        for form in (FORMATS[word] for word in words if word in FORMATS):
            if form.code(result) != ExitCode.USAGE:
                stdout = open_terminal(sys.stdout)
                form.write(result, Screen(stdout, stdout), Options())
                close()
                return form.code(result)
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
    from ..run.errors import carried_out
    from ..run.session import Session

    session = Session(line.command, line.options)

    if line.command == "help":
        from . import help as pages

        return carried_out(session, lambda: pages.shown(session, program))
    command = importlib.import_module(f"..commands.{line.command}", __package__)
    return carried_out(session, lambda: command.run(session, line.options))
