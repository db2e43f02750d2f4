"""The command line of a process: words in, exit code out. What a command does is in its own module, which is loaded late."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from .. import package_files
from ..exit_codes import ExitCode
from ..language import translation
from ..output import Unwritable, close, guard
from ..values import Text, Usage
from .command_line import parsed
from .parser import WrongUsage
from .usage import NAME

if TYPE_CHECKING:
    from ..options import Options
    from ..run.errors import Command

# The completion as it is shipped; `python -m tests.tools.completions --write` makes it from the parser.
# The commands that begin with a look at the kubeconfig.
LOOK_FIRST = frozenset({"verify", "plan", "preflight"})
COMPLETIONS = {"bash": "completion/threescale-migrate.bash", "zsh": "completion/_threescale-migrate"}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code. No user sees a traceback, and no output contains a secret.

    Without words it is the command line of this process, which it ends with the exit code: what starts a zip,
    `python -m zipapp -m threescale_migrate.__main__:main`, drops what is returned.
    """
    own = argv is None
    words, program = (sys.argv[1:], called_as(sys.argv[0])) if argv is None else (argv, NAME)
    guard()
    try:
        line = parsed(words, program)
        if line.command == "completion":  # each new shell may wait for it: nothing more is loaded
            sys.stdout.write(package_files.text(COMPLETIONS[line.options.shell_name]))
            code: int = ExitCode.DONE
        else:
            if line.command in LOOK_FIRST and not (line.options.many or line.options.verbose > 1):
                _look_ahead(line.options)
            from ..run.errors import carried_out
            from ..run.session import Session

            code = carried_out(Session(line.command, line.options), _command(line.command, program))
        sys.stdout.flush()
    except WrongUsage as error:
        code = _misused(words, error)
    except Unwritable as error:
        code = _unwritable(error)
    except BrokenPipeError:  # the reader has gone (`… | head`)
        code = ExitCode.FAILED
    except (MemoryError, SystemError):  # memory ran out while a module was loaded, before anything could translate this
        sys.stderr.write(
            "threescale-migrate: the system refuses this program what it needs (memory): see ulimit -a, and how much memory is free\n"
        )
        code = ExitCode.UNKNOWN
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    close()
    if own:
        raise SystemExit(int(code))
    return int(code)


def _look_ahead(options: Options) -> None:
    """Begins the first call of `oc`, which takes as long as what is still to be loaded. What is wrong is said by whoever needs it."""
    from ..cluster.location import look_ahead
    from ..cluster.oc_errors import OcError
    from ..run.connection import LOOKING_TIMEOUT, connect

    with suppress(Usage, OcError):
        look_ahead(connect(options, options.timeout or LOOKING_TIMEOUT))


def called_as(path: str) -> str:
    """The words by which a person calls the program, by the name of its file: oc runs a plugin of its own name."""
    client, dash, _ = os.path.basename(path).partition("-threescale_migrate")
    return f"{client} {NAME}" if dash and client == "oc" else NAME


def _command(name: str, program: str) -> Command:
    """What carries a command out."""
    if name == "help":
        from .help import shown

        return partial(shown, program)
    command: Command = importlib.import_module(f"..commands.{name}", __package__).run
    return command


def _misused(argv: Sequence[str], error: WrongUsage) -> int:
    """The exit code after a usage that was refused: monitoring systems have codes of their own, and read stdout."""
    if any(word.startswith(("-o", "--output")) for word in argv):
        from ..engine.run_failure import Failure
        from ..options import Options
        from ..render.formats import FORMATS
        from ..render.result import Result

        words = [word.partition("=")[2] or word[2:] if word[:2] == "-o" or "=" in word else word for word in argv]
        result = Result("verify", ExitCode.USAGE, Failure((Text("{said}", said=error.said),)))
        for form in (FORMATS[word] for word in words if word in FORMATS):
            if form.code(result) != ExitCode.USAGE:
                sys.stdout.write(form.words(result, Options()))
                return form.code(result)
    return ExitCode.USAGE


def _unwritable(error: Unwritable) -> ExitCode:
    words = Text("the output cannot be written ({why})", why=error.why).translated(translation(None))
    sys.stderr.write(f"threescale-migrate: {words}\n")
    return ExitCode.FAILED
