"""The only place that starts `oc`; what a user names beside it is started in `programs.py`, and no other module starts a process.

It owns how `oc` is found and called: deadlines, retries of what passes by itself, typed errors, redaction.
It knows nothing of 3scale, and it writes no output of its own.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, NoReturn, Protocol, TypeVar

from ..exit_codes import ExitCode
from ..language import shortage, system_error
from ..redaction import REDACTOR, Redactor
from ..safe_text import cut
from ..values import Text
from . import running_calls
from .allowed_calls import WrongDoor, changes_bindings, only_looks
from .call_files import NONE, Stream
from .clock import Clock
from .items import documents_of, items_of
from .oc_errors import (
    Call,
    Ended,
    Forbidden,
    Killed,
    NotFound,
    OcError,
    OcMissing,
    RequestTimeout,
    TimeOver,
    UnreadableAnswer,
    classify,
    error_lines,
    error_sentence,
    missing,
)

Result = TypeVar("Result")
Part = TypeVar("Part")

READ_TRIES = 6
DEFAULT_CALL_TIMEOUT = 60.0
LONGEST_ERROR = 2000
# oc speaks Japanese too where the locale does, and the kind of an error is only in its English text (fact 10).
SPOKEN = {"LC_ALL": "C.UTF-8"}


def find_oc(wanted: str | None) -> str:
    """The path of the `oc` to run: `wanted`, else the first on PATH. Raises OcMissing."""
    found = shutil.which(wanted or "oc")
    if found is None:
        raise missing(wanted)
    return os.path.abspath(found)


class OpenRecord(Protocol):
    """What a change is written into: the journal, as far as the door for changing has to know it."""

    @property
    def is_open(self) -> bool:
        """Whether it has a beginning and no end, so that what is done now stands in it."""


@dataclass
class Oc:
    """Runs `oc` with the user's connection options, which are passed on unchanged.

    It has two doors. Through the one for looking (`answer`, `read…`, `ask`) go the calls of `doors.LOOKING` only; through the one
    for changing (`change`) any call, once a journal is open. Both raise WrongDoor for what is not theirs.

    `call_timeout` limits each call, in seconds; `clock` limits all of them together: when it is over no call is made, and one that
    looks is ended; a change that was sent has its call's whole time. `pause` waits between two tries. `remembered` is what stays valid until a role is granted or removed. `lock` is the descriptor of a lock
    that changing calls hold as well: if this program is killed during one, no other run begins before it has ended.
    """

    program: str
    namespace: str | None = None
    context: str | None = None
    kubeconfig: str | None = None
    request_timeout: str | None = None
    call_timeout: float = DEFAULT_CALL_TIMEOUT
    clock: Clock = field(default_factory=Clock)
    redact: Redactor = field(default_factory=lambda: REDACTOR)
    observer: Callable[[Call], None] | None = None
    server: str = ""
    user: str = ""
    pause: Callable[[float], None] = field(default_factory=lambda: running_calls.patient)
    lock: int | None = None
    remembered: dict[str, object] = field(default_factory=dict, repr=False)

    def argv(self, args: Sequence[str]) -> tuple[str, ...]:
        """The whole command line for `args`, beginning with `oc`, as a person could type it."""
        options = (
            ("--namespace", self.namespace),
            ("--context", self.context),
            ("--kubeconfig", self.kubeconfig),
            ("--request-timeout", self.request_timeout),
        )
        given = tuple(
            f"{name}={value}"
            for name, value in options
            if value is not None and not (name == "--namespace" and any(arg.startswith("--namespace=") for arg in args))
        )
        end = list(args).index("--") if "--" in args else len(args)  # what follows is for a program in a pod
        return ("oc", *args[:end], *given, *args[end:])

    def answer(self, args: Sequence[str], stdin: str | None = None, stream: Stream = NONE) -> Call:
        """Makes a call that only reads, once, and gives it whatever its exit code. Raises RequestTimeout, TimeOver,
        OcMissing, WrongDoor."""
        if not only_looks(args, stdin):
            raise WrongDoor(f"oc {' '.join(args[:3])} is no call that only looks")
        return self._run(args, stdin, None, stream, looking=True)

    def change(self, args: Sequence[str], stdin: str | None, record: OpenRecord, stream: Stream = NONE) -> Call:
        """Makes a call that changes something, once, holding the lock until it has ended. Raises OcError, WrongDoor.

        `record` is the journal that the change is in. Secrets belong into `stdin`: arguments can be seen by every user of
        the workstation.
        """
        if not record.is_open:
            raise WrongDoor(f"oc {' '.join(args[:3])} changes something, and no journal is open")
        if changes_bindings(args):
            self.remembered.clear()
        return self._checked(self._run(args, stdin, self.lock, stream, looking=False), looking=False)

    def _run(self, args: Sequence[str], stdin: str | None, lock: int | None, stream: Stream, looking: bool) -> Call:
        argv = self.argv(args)
        with _slots:
            if self.clock.is_over:
                raise TimeOver(Text("{asked}: no time is left for it", asked=self.redact(" ".join(argv[:3]))))
            started = monotonic()
            allowed = self.call_timeout if stream.seconds is None else stream.seconds
            # A change that is cut off may still take effect, so it is sent with its whole time or not at all.
            timeout = self.clock.limit(allowed) if looking else allowed
            ended = (-signal.SIGKILL, "", "")  # what is seen of a call that gave no answer in time
            try:
                ended = _start(self.program, argv[1:], stdin, timeout, self.redact, lock, stream)
            except RequestTimeout as error:
                if timeout < allowed:
                    raise TimeOver(error.text) from None
                raise
            finally:
                code, out, err = ended
                # Masked and cut here, so that nothing that is made of it can hold a secret, or last for ever.
                call = Call(argv, code, out, self.redact.said(err), monotonic() - started)
                if self.observer is not None:
                    self.observer(call)
        return call

    def _checked(self, call: Call, looking: bool) -> Call:
        """The call if it succeeded; otherwise raises its typed error."""
        kind = classify(call.exit_code, call.stderr)
        if kind is not None:
            self._fail(kind, call, looking)
        return call

    def _fail(self, kind: type[OcError], call: Call, looking: bool = True) -> NoReturn:
        """Raises `kind` for a call, with a sentence that holds no secret.

        A failed read has found nothing wrong: its exit code is "unknown". A read that fails for a reason that is in no table is
        tried again; a change is not.
        """
        error = kind(self._sentence(kind, call), call)
        if looking and error.exit_code is ExitCode.FAILED:
            error.exit_code = ExitCode.UNKNOWN
        if looking and kind is OcError:
            error.passing = True
        raise error

    def _sentence(self, kind: type[OcError], call: Call) -> str | Text:
        asked = " ".join(call.argv[:3])
        said = error_sentence(call.stderr)
        if said:
            return cut(self.redact(f"{asked}: {said}"), LONGEST_ERROR)
        if kind is Killed:
            return Text("{asked}: it was killed", asked=self.redact(asked))
        return Text("{asked}: exit code {code} and nothing on stderr", asked=self.redact(asked), code=call.exit_code)

    def read(self, args: Sequence[str], stdin: str | None = None, tries: int = READ_TRIES) -> Call:
        """Makes a call that only reads, again if it fails for a reason that passes. Raises OcError."""
        return self.retry(lambda: self._checked(self.answer(args, stdin), looking=True), tries)

    def read_line(self, args: Sequence[str], pattern: str = r".*") -> str:
        """Gives an answer of one line, without its line end. Raises OcError, UnreadableAnswer if it is cut off or something else."""

        def once() -> str:
            call = self._checked(self.answer(args), looking=True)
            if not re.fullmatch(pattern + r"\r?\n", call.stdout):
                asked = " ".join(call.argv[:3])
                raise UnreadableAnswer(
                    Text(
                        "{asked}: that is not what oc answers; is {program} really oc?",
                        asked=self.redact(asked),
                        program=self.program,
                    ),
                    call,
                )
            return call.stdout.strip()

        return self.retry(once)

    def ask(self, args: Sequence[str]) -> bool:
        """Asks a question of `auth can-i`: a no has exit code 1 and no error (fact 10). Raises OcError."""

        def once() -> bool:
            call = self.answer(args)
            said = call.stdout.split(maxsplit=1)[:1]
            if said not in (["yes"], ["no"]):
                self._fail(classify(call.exit_code, call.stderr) or UnreadableAnswer, call)
            return said == ["yes"]

        return self.retry(once)

    def read_item(self, args: Sequence[str], parse: Callable[[Any], Part], tries: int = READ_TRIES) -> Part:
        """Gives what `parse` makes of the answer. Raises OcError, UnreadableAnswer also where `parse` cannot read it."""
        return self._read(args, lambda call: parse(json.loads(call.stdout)), False, tries)[0]

    def read_items(
        self,
        args: Sequence[str],
        parse: Callable[[Any], Part],
        partial: bool = False,
        tries: int = READ_TRIES,
        timeouts: int = READ_TRIES,
        stdin: str | None = None,
    ) -> tuple[list[Part], tuple[str, ...]]:
        """Gives what `parse` makes of each item of the answer, or of each object that is answered to `stdin`, and the error lines.

        With `partial` an answer that lacks the types which the user cannot read is an answer still
        (fact 16); the lines say what is missing. Each item is parsed and then let go: the lists of a
        large project are never in memory as a whole. Raises OcError as read_item does.
        """
        parts = items_of if stdin is None else documents_of
        return self._read(args, lambda call: [*map(parse, parts(call.stdout))], partial, tries, timeouts, stdin)

    def read_names(self, args: Sequence[str]) -> tuple[list[str], tuple[str, ...]]:
        """Gives the names that a call with `-o name` prints, and the error lines beside them. Raises OcError as read_item does."""
        return self._read(args, lambda call: [name.partition("/")[2] for name in call.stdout.split()], True, READ_TRIES)

    def _read(
        self,
        args: Sequence[str],
        understand: Callable[[Call], Result],
        partial: bool,
        tries: int,
        timeouts: int = READ_TRIES,
        stdin: str | None = None,
    ) -> tuple[Result, tuple[str, ...]]:
        def once() -> tuple[Result, tuple[str, ...]]:
            call = self.answer(args, stdin)
            kind = classify(call.exit_code, call.stderr)
            # Without a list nothing says which of the types could be read.
            if kind is not None and not (partial and kind in (Forbidden, NotFound) and call.stdout.strip()):
                self._fail(kind, call)
            try:
                return understand(call), error_lines(call.stderr) if kind else ()
            except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
                asked = " ".join(call.argv[:3])
                raise UnreadableAnswer(
                    Text(
                        "{asked}: the answer is not complete JSON of the cluster's objects; is {program} really oc?",
                        asked=self.redact(asked),
                        program=self.program,
                    ),
                    call,
                ) from None

        return self.retry(once, tries, timeouts)

    def retry(self, attempt: Callable[[], Result], tries: int = READ_TRIES, timeouts: int = READ_TRIES) -> Result:
        """Calls `attempt` up to `tries` times, or `timeouts` if no answer comes, while it raises an error that passes by itself.

        Waits longer each time, with jitter; not beyond the clock's end. Where that comes after a whole attempt has failed, it is
        that attempt's error that is raised: it says what the cluster does.
        """
        began = monotonic()
        try:
            return attempt()
        except OcError as error:
            first = error
        from .retries import again  # late: most calls succeed at once, and need none of it

        return again(attempt, first, began, tries, timeouts, self.clock, self.pause, self.server)


# So many calls at once, over all threads: each is a process with a client of some forty megabytes.
AT_ONCE = 8
_slots = threading.BoundedSemaphore(AT_ONCE)


def _start(
    program: str,
    args: Sequence[str],
    stdin: str | None,
    timeout: float,
    redact: Redactor,
    lock: int | None,
    stream: Stream,
) -> tuple[int, str, str]:
    """Starts one process in a session of its own: Ctrl-C on the terminal must not cut a change in half."""
    import logging

    import sh  # late: a command that calls no oc should not pay for it

    # At its lowest level sh logs what it feeds to a process, and what that says.
    logging.getLogger("sh").setLevel(logging.CRITICAL)
    out, err = io.BytesIO(), io.BytesIO()
    if running_calls.asked:
        raise Ended(Text("stopped before oc was called"))
    try:
        with running_calls.while_starting():
            process = sh.Command(program)(
                *args,
                _in=(stdin or "").encode() if stream.source is None else stream.source,
                _out=out if stream.into is None else stream.into,
                _err=err,
                _bg=True,
                _bg_exc=False,
                _new_session=True,
                _pass_fds={number for number in (lock, stream.given) if number is not None},
                _ok_code=list(range(-64, 256)),
                _tty_in=False,
                _tty_out=False,
                _no_pipe=True,
                _no_out=True,  # they are in `out` and `err`; sh would keep them once more
                _no_err=True,
                _env={**os.environ, **SPOKEN},
            )
            running_calls.running.append(process.process)
    except (sh.CommandNotFound, sh.ForkException, OSError) as error:
        if shortage(error) is not None:
            raise
        why = system_error(error) if isinstance(error, OSError) else Text("{kind}", kind=type(error).__name__)
        raise OcMissing(
            Text("{program} cannot be started ({why}): name an oc with --oc", program=program, why=why)
        ) from None
    if running_calls.asked:
        running_calls.end(process.process)
    late = threading.Event()

    def end() -> None:
        late.set()
        running_calls.end(process.process)

    timer = threading.Timer(timeout, end)
    timer.daemon = True
    timer.start()
    try:
        process.wait()
    except sh.ErrorReturnCode:
        pass
    finally:
        timer.cancel()
        running_calls.running.remove(process.process)
    if late.is_set():
        shown = redact(" ".join(("oc", *args[:2])))
        raise RequestTimeout(
            Text("{asked}: no answer within {seconds} s, and the call was ended", asked=shown, seconds=f"{timeout:.3g}")
        )
    return process.exit_code, out.getvalue().decode("utf-8", "replace"), err.getvalue().decode("utf-8", "replace")
