"""What a run did, durable line by line, and the lock that keeps two runs of one project apart.

One JSON line before and one after each action, flushed to disk, in a file per run that only its owner may read. It holds
the state before (accounts, bindings, templates) and never a secret's data. It says nothing on its own; `undo` and the
reports read it.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .oc import Redactor
from .project import ProjectState
from .values import ACCOUNT, DEFAULT_ACCOUNT, Action, Inverse, Refused, Text, Usage

FORMAT = 1
# Enough for the lines of a large run: a disk that is full in the middle of it would leave changes without a record.
NEEDED_BYTES = 1024 * 1024
LOCK = "lock"


class Locked(Exception):
    """Another run holds the project's lock; `text` says which."""

    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


class JournalError(Exception):
    """A line could not be written; no further action may be taken."""

    def __init__(self, text: Text) -> None:
        super().__init__(str(text))
        self.text = text


def state_home() -> Path:
    """Where journals live, by the XDG rules."""
    given = os.environ.get("XDG_STATE_HOME", "")
    base = Path(given) if given.startswith("/") else Path(os.path.expanduser("~")) / ".local" / "state"
    return base / "threescale-migrate"


def directory_of(server: str, project: str) -> Path:
    """The directory of one project's journals."""
    return state_home() / _safe(server.partition("://")[2] or server) / _safe(project)


def _safe(name: str) -> str:
    cleaned = re.sub(r"[^A-Za-z0-9.:_-]", "_", name).strip(".") or "_"
    return cleaned[:120]


def now() -> str:
    """The present moment, UTC, to the millisecond."""
    moment = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(moment)) + f".{int(moment * 1000) % 1000:03d}Z"


@contextmanager
def lock(directory: Path) -> Iterator[None]:
    """Holds the project's lock; it dies with its process. Raises Locked, or Refused where the directory cannot be written."""
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unwritable(directory, error) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _held(descriptor) from None
        except OSError as error:
            raise unwritable(directory, error) from None
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()} {now()}\n".encode(), 0)
        except OSError as error:
            raise unwritable(directory, error) from None
        yield
    finally:
        os.close(descriptor)


def _held(descriptor: int) -> Locked:
    words = os.pread(descriptor, 200, 0).decode("ascii", "replace").split()
    pid, since = (words[0], words[1]) if len(words) > 1 else ("?", "?")
    return Locked(
        Text(
            "another run holds this project's lock: pid {pid}, since {since}; wait until it has ended",
            pid=pid,
            since=since,
        )
    )


def unwritable(directory: Path, error: OSError) -> Refused:
    """The refusal of a run that could not be journaled."""
    return Refused(
        Text(
            "the journal cannot be written in {directory} ({why}), and without it nothing could be taken back:"
            " make room, or set XDG_STATE_HOME to a directory that can be written",
            directory=str(directory),
            why=os.strerror(error.errno) if error.errno else type(error).__name__,
        )
    )


class Journal:
    """The file of one run, open for writing. Every line is on the disk when a method returns."""

    def __init__(self, directory: Path, redact: Redactor) -> None:
        """Creates the file of a new run. Raises Refused where it cannot be written."""
        self.redact = redact
        self.run = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + f"-{os.getpid()}"
        self.number = 0
        self.seen: dict[str, tuple[str, int, int]] = {}
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            free = os.statvfs(directory)
            if free.f_bavail * free.f_frsize < NEEDED_BYTES:
                raise OSError(28, "no space")
            self.path, self.descriptor = self._create(directory)
            folder = os.open(directory, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            raise unwritable(directory, error) from None

    def _create(self, directory: Path) -> tuple[Path, int]:
        base, number = self.run, 1
        while True:
            path = directory / f"{self.run}.jsonl"
            try:
                return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
            except FileExistsError:
                number += 1
                self.run = f"{base}-{number}"

    def write(self, event: str, **values: Any) -> None:
        """Adds one line. Raises JournalError where it does not reach the disk."""
        line = json.dumps({"event": event, "at": now(), **values}, ensure_ascii=False, default=str)
        raw = (self.redact(line) + "\n").encode()
        try:
            while raw:
                raw = raw[os.write(self.descriptor, raw) :]
            os.fsync(self.descriptor)
        except OSError as error:
            why = os.strerror(error.errno) if error.errno else "?"
            raise JournalError(
                Text("the journal {path} cannot be written ({why})", path=str(self.path), why=why)
            ) from None

    def start(self, command: str, server: str, project: str, user: str, state: ProjectState, **values: Any) -> None:
        """The first line: who, where, what, and the state before."""
        self.write(
            "start",
            version=FORMAT,
            run=self.run,
            command=command,
            server=server,
            project=project,
            user=user,
            pid=os.getpid(),
            state=snapshot(state),
            **values,
        )

    def begin(self, action: Action, argv: tuple[str, ...]) -> int:
        """The line before an action; gives the action's number."""
        self.number += 1
        self.write("begin", action=self.number, **described(action, argv))
        return self.number

    def end(self, number: int, outcome: str, **values: Any) -> None:
        """The line after an action: `done`, `failed`, or `unknown` where it may have taken effect."""
        self.write("end", action=number, outcome=outcome, **values)

    def close(self) -> None:
        """Closes the file."""
        os.close(self.descriptor)


def described(action: Action, argv: tuple[str, ...]) -> dict[str, Any]:
    """An action as the journal and JSON show it: without what is fed to it."""
    inverse = action.inverse
    return {
        "step": action.step.value,
        "subject": action.subject,
        "argv": list(argv),
        "stdin": "a secret, not shown" if action.secret else action.stdin,
        "why": str(action.why),
        "inverse": {
            "kind": inverse.kind,
            "name": inverse.name,
            "args": list(inverse.args),
            "detail": dict(inverse.detail),
        },
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
        "unread": sorted(state.unread),
    }


@dataclass(frozen=True)
class Entry:
    """One action of a recorded run. `outcome` is done, failed, present (somebody had done it already) or unknown; unknown as
    well where the run died in it."""

    number: int
    step: str
    subject: str
    argv: tuple[str, ...]
    why: str
    kind: str
    name: str
    inverse_args: tuple[str, ...]
    detail: Mapping[str, str | None]
    outcome: str
    said: str
    began: str
    ended: str

    @property
    def inverse(self) -> Inverse:
        """How it is taken back."""
        return Inverse(self.kind, self.name, self.inverse_args, self.detail)


@dataclass(frozen=True)
class Record:
    """A run as its journal tells it. `finished` is None where it died before its end; `torn` where the last line is cut."""

    run: str
    path: Path
    command: str
    server: str
    project: str
    user: str
    began: str
    ended: str
    state: Mapping[str, Any]
    entries: tuple[Entry, ...]
    lines: tuple[Mapping[str, Any], ...]
    finished: str | None
    exit_code: int | None
    torn: bool

    @property
    def changes(self) -> tuple[Entry, ...]:
        """The actions that changed the project, or may have."""
        return tuple(entry for entry in self.entries if entry.outcome in ("done", "unknown"))

    @property
    def undoes(self) -> tuple[str, ...]:
        """The runs that this one takes back."""
        return tuple(str(run) for run in self.lines[0].get("undoes") or ())


def read(path: Path) -> Record:
    """Reads a journal; a torn last line is left out and said. Raises JournalError for what is no journal."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else "?"
        raise JournalError(Text("{path} cannot be read ({why})", path=str(path), why=why)) from None
    lines: list[Mapping[str, Any]] = []
    pieces = raw.split(b"\n")
    torn = pieces[-1] != b""
    for piece in pieces[:-1]:
        try:
            line = json.loads(piece)
        except ValueError:
            torn = True
            continue
        if isinstance(line, dict):
            lines.append(line)
    first = lines[0] if lines else {}
    if first.get("event") != "start" or not isinstance(first.get("version"), int):
        raise JournalError(Text("{path} is no journal: its first line does not tell of a start", path=str(path)))
    if first["version"] > FORMAT:
        raise JournalError(Text("{path} was written by a newer version of this tool", path=str(path)))
    finish = next((line for line in reversed(lines) if line.get("event") == "finish"), None)
    return Record(
        run=str(first.get("run")),
        path=path,
        command=str(first.get("command")),
        server=str(first.get("server")),
        project=str(first.get("project")),
        user=str(first.get("user")),
        began=str(first.get("at")),
        ended=str(lines[-1].get("at")),
        state=first.get("state") or {},
        entries=tuple(_entries(lines)),
        lines=tuple(lines),
        finished=None if finish is None else str(finish.get("outcome")),
        exit_code=None if finish is None else finish.get("exit_code"),
        torn=torn,
    )


def _entries(lines: list[Mapping[str, Any]]) -> Iterator[Entry]:
    ends = {line.get("action"): line for line in lines if line.get("event") == "end"}
    for line in lines:
        if line.get("event") != "begin":
            continue
        inverse = line.get("inverse") or {}
        end = ends.get(line.get("action"), {})
        yield Entry(
            number=int(line["action"]),
            step=str(line.get("step")),
            subject=str(line.get("subject")),
            argv=tuple(line.get("argv") or ()),
            why=str(line.get("why")),
            kind=str(inverse.get("kind")),
            name=str(inverse.get("name")),
            inverse_args=tuple(inverse.get("args") or ()),
            detail=inverse.get("detail") or {},
            outcome=str(end.get("outcome") or "unknown"),
            said=str(end.get("said") or ""),
            began=str(line.get("at")),
            ended=str(end.get("at") or ""),
        )


def records(server: str | None = None, project: str | None = None) -> tuple[Record, ...]:
    """The runs of one project, or all of them, oldest first; files that are no journals are passed over."""
    base = state_home()
    pattern = (
        f"{_safe(server.partition('://')[2] or server) if server else '*'}/{_safe(project) if project else '*'}/*.jsonl"
    )
    found = []
    for path in sorted(base.glob(pattern), key=lambda path: path.name):
        try:
            found.append(read(path))
        except JournalError:
            continue
    return tuple(found)


def taken_back(known: Iterable[Record]) -> set[str]:
    """The names of the runs that a later run has taken back, and that no run has brought into effect again."""
    taken: set[str] = set()
    for record in sorted(known, key=lambda record: record.began, reverse=True):
        if record.run not in taken and record.finished == "done":
            taken.update(record.undoes)
    return taken


def to_take_back(known: Iterable[Record], run: str | None = None) -> tuple[Record, ...]:
    """The runs that `undo` is about, newest first; none where nothing is in effect.

    A run by its name, or the beginning of it; else the newest. An undo is taken back alone. Anything else is taken back with
    all before it that is in effect, so that a migration in several runs is one, and an undo that did not come to its end
    is gone on with. Raises Usage for an unknown name.
    """
    ordered = sorted(known, key=lambda record: record.began, reverse=True)
    if run is not None:
        found = [record for record in ordered if record.run.startswith(run)]
        if len(found) != 1:
            raise Usage(Text("there is no run {run} of this project: see threescale-migrate history", run=run))
        return (found[0], *_attempts(found[0], ordered))
    taken = taken_back(ordered)
    effective = [record for record in ordered if record.run not in taken and record.changes]
    if effective and _came_to_its_end(effective[0]):
        return (effective[0], *_attempts(effective[0], ordered))
    chosen = []
    for record in effective:
        if _came_to_its_end(record):
            break
        chosen.append(record)
    return tuple(chosen)


def _came_to_its_end(record: Record) -> bool:
    return bool(record.undoes) and record.finished == "done"


def _attempts(record: Record, ordered: Iterable[Record]) -> tuple[Record, ...]:
    """The attempts that an undo went on with: what they changed is a part of it. One that came to its end was its aim instead."""
    return tuple(
        other for other in ordered if other.run in record.undoes and other.undoes and not _came_to_its_end(other)
    )
