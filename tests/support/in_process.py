"""A command, and the `oc` that it calls, in the test's process instead of as processes: the same code in a quarter of the time.

It replaces what starts `oc` (`cluster.oc._start`) by the rehearsal's own `run`, and gives the command what a process has of its own:
environment, directory, standard streams, clock, and the state of the modules that live as long as a process.
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

from tests.support import clock
from tests.support.clock import CLOCK
from threescale_migrate import redaction
from threescale_migrate.cluster import oc, running_calls
from threescale_migrate.cluster.call_files import Stream
from threescale_migrate.cluster.oc_errors import Ended, RequestTimeout
from threescale_migrate.engine import lock as engine_lock
from threescale_migrate.redaction import Redactor
from threescale_migrate.rehearsal import ages
from threescale_migrate.rehearsal.client import files, run
from threescale_migrate.rehearsal.store import STATE
from threescale_migrate.values import Text

Ending = tuple[int, str, str]
# Makes a call of `oc` with these words.
Really = Callable[[Sequence[str]], Ending]


class InFront(Protocol):
    """What stands in front of `oc` (`front`)."""

    def __call__(self, args: Sequence[str], really: Really) -> Ending:
        """Answers a call."""

    def check(self) -> None:
        """Fails where something did not happen that was to."""


# By the directory of the cluster.
FRONTS: dict[str, InFront] = {}


def all_fired() -> None:
    """At the end of a test: what was to happen in front of `oc` has happened."""
    fronts = list(FRONTS.values())
    FRONTS.clear()
    for front in fronts:
        front.check()


PACKAGE = Path(redaction.__file__).parent
start_process = oc._start
# With the fault `exec` they give this process's own streams to a program.
PROCESSES = ("exec", "rsh")


class _Local:
    """A module whose named attributes are a thread's own while it answers a call."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        given: dict[str, Any] = getattr(CLOCK.call, "given", {})
        return given[name] if name in given else getattr(self._module, name)


vars(files)["sys"], vars(ages)["os"] = _Local(sys), _Local(os)
# Whoever else holds the lock is another process, in the machine's time.
vars(engine_lock)["time"] = SimpleNamespace(monotonic=clock.real_monotonic, sleep=clock.real_sleep)


def rehearsal_of(program: str) -> tuple[str, dict[str, str]] | None:
    """The cluster's directory, and what names the client that is simulated, where a program is a rehearsal's own `oc`."""
    path = os.path.realpath(program)
    try:
        script = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    if "threescale_migrate.rehearsal.client" not in script:
        return None
    client = {}
    for line in script.splitlines():
        if line.startswith("export OC_REHEARSAL_CLIENT="):
            client["OC_REHEARSAL_CLIENT"] = line.partition("=")[2].strip("'")
    return os.path.dirname(os.path.dirname(path)), client


def answers(args: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether the `oc` of a command is the rehearsal's own: to start another for each call costs a large process like this one more
    than a small one."""
    program = shutil.which("oc", path=environment.get("PATH", ""))
    return "--oc" not in args and (program is None or rehearsal_of(program) is not None)


def answer(cluster: tuple[str, dict[str, str]], args: Sequence[str], stdin: str) -> Ending:
    """Runs the rehearsal's `oc`. Raises TooLate."""
    directory, client = cluster
    out, err = io.StringIO(), io.StringIO()
    outer = getattr(CLOCK.call, "given", {})
    CLOCK.call.given = {"stdin": io.StringIO(stdin), "environ": {**os.environ, **client}}
    try:
        code = run.run(list(args), directory, out, err)
    finally:
        CLOCK.call.given = outer
    return code, out.getvalue(), err.getvalue()


def start(
    program: str,
    args: Sequence[str],
    stdin: str | None,
    timeout: float,
    redact: Redactor,
    lock: int | None,
    stream: Stream,
) -> Ending:
    """In the place of `oc._start`."""
    if running_calls.asked:
        raise Ended(Text("stopped before oc was called"))
    cluster = rehearsal_of(program)
    if cluster is None or _runs_a_program(cluster, args):
        CLOCK.settle()
        return start_process(program, args, stdin, timeout, redact, lock, stream)
    front = FRONTS.get(cluster[0])
    CLOCK.call.ends = clock.monotonic() + timeout
    try:
        if front is not None:
            return front(args, lambda words: _streamed(cluster, words, stdin or "", stream))
        return _streamed(cluster, args, stdin or "", stream)
    except clock.TooLate:
        shown = redact(" ".join(("oc", *args[:2])))
        raise RequestTimeout(
            Text("{asked}: no answer within {seconds} s, and the call was ended", asked=shown, seconds=f"{timeout:.3g}")
        ) from None
    finally:
        CLOCK.call.ends = None


@contextmanager
def surroundings(environment: Mapping[str, str], directory: Path, stdin: str) -> Iterator[None]:
    """This process has that environment, directory and standard input."""
    before, here, temporary, mask = dict(os.environ), os.getcwd(), tempfile.tempdir, os.umask(0o022)
    os.umask(mask)
    kept = os.dup(0)
    with tempfile.TemporaryFile() as source:
        source.write(stdin.encode())
        source.seek(0)
        os.dup2(source.fileno(), 0)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(directory)
    tempfile.tempdir = None
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        os.chdir(here)
        os.umask(mask)
        tempfile.tempdir = temporary
        os.dup2(kept, 0)
        os.close(kept)


def _runs_a_program(cluster: tuple[str, dict[str, str]], args: Sequence[str]) -> bool:
    """Whether a call starts a program of this machine, as the fault `exec` has it."""
    return args[0] in PROCESSES and '["exec",' in (Path(cluster[0]) / STATE).read_text(encoding="utf-8")


def _streamed(cluster: tuple[str, dict[str, str]], args: Sequence[str], stdin: str, stream: Stream) -> Ending:
    """Answers a call that reads and writes files."""
    code, out, err = answer(cluster, args, stdin if stream.source is None else stream.source.read().decode())
    if stream.into is None:
        return code, out, err
    stream.into.write(out.encode())
    stream.into.flush()
    return code, "", err


def oc_alone(args: Sequence[str], environment: Mapping[str, str], directory: Path, stdin: str) -> Ending | None:
    """One call of the rehearsal's `oc`; None where the first on PATH is another, or the call needs a process."""
    program = shutil.which("oc", path=environment["PATH"])
    cluster = None if program is None else rehearsal_of(program)
    if cluster is None or args[0] not in run.VERBS or _runs_a_program(cluster, args):
        return None
    # Within a command, as from a hook in front of a call, the surroundings are there already.
    with nullcontext() if CLOCK.running else surroundings(environment, directory, ""):
        return answer(cluster, args, stdin)


def in_a_copy(deed: Callable[[], object]) -> int:
    """Does it in a copy of this process, and gives how that ended, as `os.waitpid` has it; the copy can be killed as a process is."""
    CLOCK.settle()
    copy = os.fork()
    if not copy:
        CLOCK.restart()
        try:
            deed()
        finally:
            os._exit(0 if sys.exc_info()[0] is None else 99)
    return os.waitpid(copy, 0)[1]


def killed(args: Sequence[str], environment: Mapping[str, str], directory: Path) -> bool:
    """Runs a command in a copy of this process; whether that was ended by kill -9, as what stands in front of `oc` may do."""
    return in_a_copy(lambda: command(args, environment, directory)) == signal.SIGKILL


@contextmanager
def as_new() -> Iterator[None]:
    """What lives as long as a process is as in a new one, and `oc` is answered here."""
    forget()
    known = set(os.listdir("/proc/self/fd"))
    oc._start = start
    CLOCK.begin()
    try:
        yield
    finally:
        CLOCK.end()
        oc._start = start_process
        forget()
        for name in set(os.listdir("/proc/self/fd")) - known:
            with suppress(OSError):  # the pipe that wakes a run, which ends with its process
                if os.readlink(f"/proc/self/fd/{name}").startswith("pipe:"):
                    os.close(int(name))


def forget() -> None:
    """Secrets that were learned would be masked in the next command too, and a leak of it not be seen."""
    redaction.REDACTOR.__dict__.clear()
    redaction.REDACTOR.__dict__.update(Redactor().__dict__)
    for kept in (running_calls.asked, running_calls.running, running_calls._starting, running_calls._once_started):
        kept.clear()


def command(args: Sequence[str], environment: Mapping[str, str], directory: Path, stdin: str = "") -> Ending:
    """Runs `threescale-migrate ARGS`; gives its exit code and what it wrote on both streams."""
    from threescale_migrate.__main__ import main

    assert threading.current_thread() is threading.main_thread(), "signals have handlers in the main thread only"
    assert not CLOCK.running, "a command runs already"
    out, err = io.BytesIO(), io.BytesIO()
    streams = sys.stdin, sys.stdout, sys.stderr, sys.argv
    code: object = None
    with surroundings(environment, directory, stdin), as_new():
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), encoding="utf-8")
        sys.stdout = io.TextIOWrapper(out, encoding="utf-8")
        sys.stderr = io.TextIOWrapper(err, encoding="utf-8")
        sys.argv = [str(PACKAGE / "__main__.py"), *args]
        written = sys.stdout, sys.stderr
        try:
            main()
        except SystemExit as error:
            code = error.code
        finally:
            for stream in written:
                stream.flush()
            sys.stdin, sys.stdout, sys.stderr, sys.argv = streams
            said = out.getvalue(), err.getvalue()
            for stream in written:
                stream.detach()
    assert code is None or isinstance(code, int), code
    return code or 0, *(text.decode("utf-8").replace("\r\n", "\n") for text in said)  # type: ignore[return-value]
