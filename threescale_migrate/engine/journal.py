"""What a run did, durable line by line: one JSON line before and one after each action, flushed to disk, in a file per run that
only its owner can read.

It holds the state before (accounts, bindings, templates) and never a secret's data. `records.py` reads it.
"""

from __future__ import annotations

import errno
import getpass
import json
import os
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..exit_codes import ExitCode
from ..files import flush_directory, opened
from ..language import system_error
from ..redaction import Redactor
from ..values import ACCOUNT, DEFAULT_ACCOUNT, NO_FIX, PROGRAM, RESUME, Command, Fix, Problem, Text
from .journal_directory import make, unwritable

if TYPE_CHECKING:
    from ..cluster.state import ProjectState
    from ..guide.change import Change

FORMAT = 2
# How a change ended that was made, or may have been.
CHANGED = ("done", "unknown")
# How one ended whose call was not made: there is no oc, no time is left, or the program was asked to stop.
UNSENT = "unsent"
# Enough for the lines of a large run: a disk that is full in the middle of it would leave changes without a record.
NEEDED_BYTES = 1024 * 1024


class JournalError(Problem):
    """A line could not be written, and no further action may be taken; or a journal cannot be read."""

    exit_code = ExitCode.FAILED

    def __init__(self, text: Text, cause: OSError | None = None, fix: Fix = NO_FIX) -> None:
        super().__init__(text, fix)
        self.cause = cause


class NoJournal(JournalError):
    """A file that records no start: nothing was changed by the run that made it."""


def now() -> str:
    """The present moment, UTC, to the millisecond."""
    moment = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment * 1000) % 1000:03d}Z"


def workstation() -> str:
    """Who runs this where: the login name and the host, for those who read the record later."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError, ImportError):
        name = str(os.getuid())
    return f"{name}@{socket.gethostname()}"


def beginning(command: str, server: str, project: str, user: str, state: ProjectState) -> dict[str, Any]:
    """Who did what where, and the state before."""
    return {
        "command": command,
        "server": server,
        "project": project,
        "user": user,
        "tool": __version__,
        "workstation": workstation(),
        "command_line": ["threescale-migrate", *sys.argv[1:]],
        "pid": os.getpid(),
        "state": snapshot(state),
    }


class Journal:
    """The file of one run, open for writing. Every line is on the disk when a method returns."""

    def __init__(self, directory: Path, redact: Redactor) -> None:
        """Creates the file of a new run. Raises Refused if it cannot be written."""
        self.redact = redact
        self.run = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + f"-{os.getpid()}"
        self.number = 0
        self.changes = 0
        self.made: list[Change] = []
        # How many of them were made before the same run began to undo them; None where it did not.
        self.made_before_undo: int | None = None
        self._begun: list[Change] = []
        self.is_open = False
        self.seen: dict[str, dict[str, object]] = {}
        try:
            make(directory)
            free = os.statvfs(directory)
            if free.f_blocks and free.f_bavail * free.f_frsize < NEEDED_BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            # Runs follow each other by this number, not by their clocks, which may go backwards.
            self.sequence = 1 + max((_sequence_of(path) for path in directory.glob("*.jsonl")), default=0)
            self.path, self.descriptor = self._create(directory)
            flush_directory(directory)
        except OSError as error:
            raise unwritable(directory, error) from None

    def _create(self, directory: Path) -> tuple[Path, int]:
        base, number = self.run, 1
        while True:
            path = directory / f"{self.run}.jsonl"
            try:
                return path, os.open(
                    path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_APPEND | os.O_CLOEXEC, 0o600
                )
            except FileExistsError:
                number += 1
                self.run = f"{base}-{number}"

    def write(self, event: str, **values: Any) -> None:
        """Adds one line. Raises JournalError if it does not reach the disk."""
        line = _redacted({"event": event, "at": now(), **values}, self.redact)
        raw = (json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
        try:
            while raw:
                raw = raw[os.write(self.descriptor, raw) :]
            os.fsync(self.descriptor)
        except OSError as error:
            why = system_error(error)
            raise JournalError(
                Text(
                    "the journal {path} cannot be written ({why}): the run stops before its next change",
                    path=str(self.path),
                    why=why,
                ),
                error,
                Fix(Text("free some disk space, then continue or undo the run"), (RESUME, Command((PROGRAM, "undo")))),
            ) from None

    def start(self, command: str, server: str, project: str, user: str, state: ProjectState, **values: Any) -> None:
        """The first line: who, where, what, and the state before."""
        who = beginning(command, server, project, user, state)
        self.write("start", version=FORMAT, run=self.run, sequence=self.sequence, **who, **values)
        self.is_open = True

    def begin(self, change: Change, argv: tuple[str, ...]) -> int:
        """The line before a change; gives the change's number."""
        self.write("begin", action=self.number + 1, **described(change, argv, change.call.stdin))
        self.number += 1  # only now: where its line cannot be written, a change is not made
        self._begun.append(change)
        return self.number

    def end(self, number: int, outcome: str, **values: Any) -> None:
        """The line after an action: `done`, `failed`, or `unknown` where it may have taken effect."""
        self.write("end", action=number, outcome=outcome, **values)
        self.changes += outcome in CHANGED
        if outcome == "done":
            self.made.append(self._begun[number - 1])

    def close(self) -> None:
        """Closes the file; one that records nothing, not even a start, is removed."""
        self.is_open = False
        os.close(self.descriptor)
        if not _sequence_of(self.path):
            with suppress(OSError):
                self.path.unlink()


def _redacted(value: Any, redact: Redactor) -> Any:
    """The same with every text in it masked; before it becomes JSON, which a mask could break."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {str(key): _redacted(part, redact) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_redacted(part, redact) for part in value]
    return value if value is None or isinstance(value, (bool, int, float)) else redact(str(value))


def _sequence_of(path: Path) -> int:
    """The number of a run by the first line of its journal; 0 where that records no start."""
    try:
        with opened(path) as file:
            first = json.loads(file.readline())
    except (OSError, ValueError):
        return 0
    return whole_number(first.get("sequence")) if isinstance(first, dict) else 0


def whole_number(value: object) -> int:
    return value if isinstance(value, int) else 0


def described(change: Change, argv: tuple[str, ...], stdin: str | None) -> dict[str, Any]:
    """A change with its call, as the journal shows it: without the content of a secret."""
    return {
        "step": change.step.value,
        "subject": str(change.subject),
        "argv": list(argv),
        "stdin": "a secret, not shown" if change.secret else stdin,
        "change": change.kept(),
    }


def snapshot(state: ProjectState) -> dict[str, Any]:
    """The state before, as far as a run can change it."""
    names = (ACCOUNT, DEFAULT_ACCOUNT)
    accounts = {
        name: {"uid": account.uid, "pull_secrets": list(account.pull_secrets), "secrets": list(account.secrets)}
        for name, account in state.accounts.items()
        if name in names
    }
    bindings = [
        {"namespace": b.namespace, "name": b.name, "role_kind": b.role_kind, "role": b.role, "account": subject.name}
        for b in state.bindings
        for subject in b.subjects
        if subject.name.rpartition(":")[2] in names and subject.kind != "Group"
    ]
    configs = {
        name: {
            "account": config.account,
            "twin": config.account_twin,
            "paused": config.paused,
            "revision": config.latest_version,
            "replicas": config.replicas,
        }
        for name, config in state.configs.items()
    }
    secret = state.secret
    return {
        "accounts": accounts,
        "bindings": bindings,
        "configs": configs,
        "secret": None
        if secret is None
        else {"uid": secret.uid, "type": secret.type, "fingerprint": secret.fingerprint},
        "unread": list(state.unreadable),
    }
