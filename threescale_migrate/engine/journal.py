"""What a run did, durable line by line, and the lock that keeps two runs of one project apart.

One JSON line before and one after each action, flushed to disk, in a file per run that only its owner may read. It holds
the state before (accounts, bindings, templates) and never a secret's data. It says nothing on its own; `undo` and the
reports read it.
"""

from __future__ import annotations

import errno
import fcntl
import getpass
import json
import os
import re
import socket
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..cluster.oc import DEFAULT_CALL_TIMEOUT
from ..cluster.project import ProjectState
from ..language import system_error
from ..redaction import Redactor
from ..values import ACCOUNT, DEFAULT_ACCOUNT, NOTHING, Action, Inverse, Refused, Text, Usage

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
    """A line could not be written, and no further action may be taken; or a journal cannot be read."""

    def __init__(self, text: Text, cause: OSError | None = None) -> None:
        super().__init__(str(text))
        self.text = text
        self.cause = cause


class NoJournal(JournalError):
    """A file that tells of no start: nothing was changed by the run that made it."""


def state_home() -> Path:
    """Where journals live, by the XDG rules."""
    given = os.environ.get("XDG_STATE_HOME", "")
    base = Path(given) if given.startswith("/") else Path(os.path.expanduser("~")) / ".local" / "state"
    return base / "threescale-migrate"


def directory_of(server: str, project: str) -> Path:
    """The directory of one project's journals."""
    return state_home() / _host(server) / _safe(project)


def _host(server: str) -> str:
    return _safe(server.partition("://")[2] or server)


def _safe(name: str) -> str:
    cleaned = re.sub(r"[^A-Za-z0-9.:_-]", "_", name).strip(".") or "_"
    return cleaned[:120]


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


@contextmanager
def lock(directory: Path, patience: float = DEFAULT_CALL_TIMEOUT) -> Iterator[int]:
    """Holds the project's lock and gives its descriptor; it dies with its process, and with the call of `oc` that has it.

    Where the holder is dead, it is its last call that holds the lock: that is waited for, `patience` seconds at most.
    Raises Locked, or Refused where the directory cannot be written.
    """
    try:
        make(directory)
        descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unwritable(directory, error) from None
    try:
        try:
            _take(descriptor, patience)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()} {now()} {os.uname().nodename}\n".encode(), 0)
            os.set_inheritable(descriptor, True)  # for the calls that change something; oc.py closes it in all others
        except OSError as error:
            raise unwritable(directory, error) from None
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int, patience: float) -> None:
    given_up = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            pid, since, host = _holder(descriptor)
        if _is_alive(pid, host):
            raise Locked(
                Text(
                    "another run holds this project's lock: pid {pid}, since {since}; wait until it has ended",
                    pid=pid,
                    since=since,
                )
            )
        if time.monotonic() >= given_up:
            raise Locked(
                Text(
                    "the run of pid {pid}, since {since}, was killed, and its last oc call has not ended yet: end that oc",
                    pid=pid,
                    since=since,
                )
            )
        time.sleep(0.05)


def _holder(descriptor: int) -> tuple[str, str, str]:
    words = [*os.pread(descriptor, 200, 0).decode("ascii", "replace").split(), "?", "?", "?"]
    return words[0], words[1], words[2]


def _is_alive(pid: str, host: str) -> bool:
    """Whether the holder may be; on another host, or before it has written its pid, it is."""
    if host != os.uname().nodename or not pid.isdigit():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def is_under_way(record: Record) -> bool:
    """Whether a run without an end has not died but goes on: its process is the one that has written itself into the lock."""
    if record.finished is not None:
        return False
    try:
        descriptor = os.open(record.path.parent / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        pid, _, host = _holder(descriptor)
    finally:
        os.close(descriptor)
    return pid == str(record.lines[0].get("pid")) and _is_alive(pid, host)


def make(directory: Path) -> None:
    """Makes the directory of a project's journals, durably and readable by its owner only. Raises OSError."""
    ours = [directory, directory.parent, state_home()]
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in ours:
        status = path.stat()
        if status.st_mode & 0o077 and status.st_uid == os.geteuid():
            path.chmod(0o700)
    for path in missing:
        _flush_directory(path.parent)


def _flush_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def unwritable(directory: Path, error: OSError) -> Refused:
    """The refusal of a run that could not be journaled."""
    return Refused(
        Text(
            "the journal cannot be written in {directory} ({why}), and without it nothing could be taken back:"
            " make room, or set XDG_STATE_HOME to a directory that can be written",
            directory=str(directory),
            why=system_error(error),
        )
    )


class Journal:
    """The file of one run, open for writing. Every line is on the disk when a method returns."""

    def __init__(self, directory: Path, redact: Redactor) -> None:
        """Creates the file of a new run. Raises Refused where it cannot be written."""
        self.redact = redact
        self.run = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) + f"-{os.getpid()}"
        self.number = 0
        self.seen: dict[str, dict[str, object]] = {}
        try:
            make(directory)
            free = os.statvfs(directory)
            if free.f_blocks and free.f_bavail * free.f_frsize < NEEDED_BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            # Runs follow each other by this number, not by their clocks, which may go backwards.
            self.sequence = 1 + max((_sequence_of(path) for path in directory.glob("*.jsonl")), default=0)
            self.path, self.descriptor = self._create(directory)
            _flush_directory(directory)
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
                    "the journal {path} cannot be written ({why}): the run stops before its next change; make room, then go on"
                    " with threescale-migrate migrate, or take it back with threescale-migrate undo",
                    path=str(self.path),
                    why=why,
                ),
                error,
            ) from None

    def start(self, command: str, server: str, project: str, user: str, state: ProjectState, **values: Any) -> None:
        """The first line: who, where, what, and the state before."""
        self.write(
            "start",
            version=FORMAT,
            run=self.run,
            sequence=self.sequence,
            command=command,
            server=server,
            project=project,
            user=user,
            tool=__version__,
            workstation=workstation(),
            command_line=["threescale-migrate", *sys.argv[1:]],
            pid=os.getpid(),
            state=snapshot(state),
            **values,
        )

    def begin(self, action: Action, argv: tuple[str, ...]) -> int:
        """The line before an action; gives the action's number."""
        self.write("begin", action=self.number + 1, **described(action, argv))
        self.number += 1  # only now: where its line cannot be written, an action is not run
        return self.number

    def end(self, number: int, outcome: str, **values: Any) -> None:
        """The line after an action: `done`, `failed`, or `unknown` where it may have taken effect."""
        self.write("end", action=number, outcome=outcome, **values)

    def close(self) -> None:
        """Closes the file; one that tells of nothing, not even of a start, is taken away."""
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
    """The number of a run by the first line of its journal; 0 where that does not tell of a start."""
    try:
        with path.open("rb") as file:
            first = json.loads(file.readline())
    except (OSError, ValueError):
        return 0
    return _whole(first.get("sequence")) if isinstance(first, dict) else 0


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


def described(action: Action, argv: tuple[str, ...]) -> dict[str, Any]:
    """An action as the journal and JSON show it: without what is fed to it."""
    inverse = action.inverse
    return {
        "step": action.step.value,
        "subject": action.subject,
        "argv": list(argv),
        "stdin": "a secret, not shown" if action.secret else action.stdin,
        "why": str(action.why),
        "sentence": action.why.kept(),
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
    reason: Text = NOTHING
    seconds: float | None = None

    @property
    def inverse(self) -> Inverse:
        """How it is taken back."""
        return Inverse(self.kind, self.name, self.inverse_args, self.detail)


@dataclass(frozen=True)
class Record:
    """A run as its journal tells it. `finished` is None where it died before its end; `torn` where the last line is cut."""

    run: str
    sequence: int
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
    def order(self) -> tuple[int, str]:
        """What runs of one project are ordered by: their numbers; a clock may have been set back between two of them."""
        return self.sequence, self.run

    @property
    def changes(self) -> tuple[Entry, ...]:
        """The actions that changed the project, or may have."""
        return tuple(entry for entry in self.entries if entry.outcome in ("done", "unknown"))

    @property
    def undoes(self) -> tuple[str, ...]:
        """The runs that this one takes back."""
        return tuple(str(run) for run in self.lines[0].get("undoes") or ())


def read(path: Path) -> Record:
    """Reads a journal; a torn last line is left out and said.

    Raises NoJournal for a file that tells of no start, as that of a run that was killed before it, and JournalError for one
    that cannot be read or is damaged.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        why = system_error(error)
        raise JournalError(Text("the journal {path} cannot be read ({why})", path=str(path), why=why)) from None
    *whole, rest = raw.split(b"\n")
    lines = [_line(path, number, piece) for number, piece in enumerate(whole, 1)]
    first = lines[0] if lines else {}
    if first.get("event") != "start" or not isinstance(first.get("version"), int):
        raise NoJournal(Text("{path} is no journal: its first line does not tell of a start", path=str(path)))
    if first["version"] > FORMAT:
        raise JournalError(Text("the journal {path} was written by a newer version of this tool", path=str(path)))
    return record_of(lines, path, rest != b"")


def record_of(lines: Sequence[Mapping[str, Any]], path: Path, torn: bool = False) -> Record:
    """The run that the lines tell of, the first of which is its start. Raises JournalError for a line that tells of no action."""
    first = lines[0]
    finish = next((line for line in reversed(lines) if line.get("event") == "finish"), None)
    return Record(
        run=str(first.get("run")),
        sequence=_whole(first.get("sequence")),
        path=path,
        command=str(first.get("command")),
        server=str(first.get("server")),
        project=str(first.get("project")),
        user=str(first.get("user")),
        began=str(first.get("at")),
        ended=str(lines[-1].get("at")),
        state=first.get("state") or {},
        entries=tuple(_entries(path, lines)),
        lines=tuple(lines),
        finished=None if finish is None else str(finish.get("outcome")),
        exit_code=None if finish is None else finish.get("exit_code"),
        torn=torn,
    )


def _line(path: Path, number: int, raw: bytes) -> Mapping[str, Any]:
    try:
        line = json.loads(raw)
    except (ValueError, RecursionError):
        line = None
    if isinstance(line, dict):
        return line
    if number == 1:
        return {}
    raise _damaged(path, number)


def _damaged(path: Path, number: int) -> JournalError:
    return JournalError(
        Text(
            "line {number} of the journal {path} is damaged: what it told of is not known; undo --to-default does without it",
            number=number,
            path=str(path),
        )
    )


def _entries(path: Path, lines: Sequence[Mapping[str, Any]]) -> Iterator[Entry]:
    ends = {line.get("action"): line for line in lines if line.get("event") == "end"}
    for number, line in enumerate(lines, 1):
        if line.get("event") != "begin":
            continue
        try:
            yield _entry(line, ends.get(line["action"], {}))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise _damaged(path, number) from None


def _entry(line: Mapping[str, Any], end: Mapping[str, Any]) -> Entry:
    inverse = line["inverse"]
    return Entry(
        number=int(line["action"]),
        step=str(line.get("step")),
        subject=str(line.get("subject")),
        argv=tuple(line["argv"]),
        why=str(line.get("why")),
        kind=str(inverse["kind"]),
        name=str(inverse["name"]),
        inverse_args=tuple(inverse["args"]),
        detail=dict(inverse["detail"]),
        outcome=str(end.get("outcome") or "unknown"),
        said=str(end.get("said") or ""),
        began=str(line.get("at")),
        ended=str(end.get("at") or ""),
        reason=Text.revived(line.get("sentence") or line.get("why")),
        seconds=end.get("seconds"),
    )


def records(
    server: str | None = None, project: str | None = None, problems: list[JournalError] | None = None
) -> tuple[Record, ...]:
    """The runs of one project, or all of them, project by project, oldest first. Runs that never began are passed over.

    What is wrong with journals that cannot be read goes into `problems`; without that it is raised as JournalError, since a
    run that is not known of cannot be taken back.
    """
    pattern = f"{_host(server) if server else '*'}/{_safe(project) if project else '*'}/*.jsonl"
    found = []
    for path in sorted(state_home().glob(pattern)):
        try:
            record = read(path)
        except NoJournal:
            continue
        except JournalError as error:
            if problems is None:
                raise
            problems.append(error)
            continue
        if server in (None, record.server) and project in (None, record.project):
            found.append(record)
    return tuple(sorted(found, key=lambda record: (str(record.path.parent), record.order)))


def one_of(known: Iterable[Record], run: str) -> Record:
    """The run of that name, or the only one whose name begins so. Raises Usage."""
    found = [record for record in known if record.run.startswith(run)]
    exact = [record for record in found if record.run == run]
    if len(found) != 1 and len(exact) != 1:
        sentence = "there is no run {run}: see threescale-migrate history"
        if found:
            sentence = "there is more than one run {run}: give more of its name, see threescale-migrate history"
        raise Usage(Text(sentence, run=run))
    return (exact or found)[0]


def taken_back(known: Iterable[Record]) -> set[str]:
    """The names of the runs that a later run has taken back, and that no run has brought into effect again."""
    taken: set[str] = set()
    for record in sorted(known, key=lambda record: record.order, reverse=True):
        if record.run not in taken and record.finished == "done":
            taken.update(record.undoes)
    return taken


def to_take_back(known: Iterable[Record], run: str | None = None) -> tuple[Record, ...]:
    """The runs of one project that `undo` is about, newest first; none where nothing is in effect.

    A run by its name, or the beginning of it; else the newest. An undo is taken back alone; one that did not come to its end
    is gone on with. Anything else is taken back with all before it that is in effect, so that a migration in several runs is
    one. Raises Usage for an unknown name.
    """
    ordered = sorted(known, key=lambda record: record.order, reverse=True)
    if run is not None:
        chosen = one_of(ordered, run)
        return (chosen, *_attempts(chosen, ordered))
    taken = taken_back(ordered)
    effective = [record for record in ordered if record.run not in taken and record.changes]
    if effective and effective[0].undoes:
        newest = effective[0]
        if _came_to_its_end(newest):
            return (newest, *_attempts(newest, ordered))
        return (newest, *(record for record in ordered if record.run in newest.undoes))
    found = []
    for record in effective:
        if _came_to_its_end(record):
            break
        found.append(record)
    return tuple(found)


def _came_to_its_end(record: Record) -> bool:
    return bool(record.undoes) and record.finished == "done"


def _attempts(record: Record, ordered: Iterable[Record]) -> tuple[Record, ...]:
    """The attempts that an undo went on with: what they changed is a part of it. One that came to its end was its aim instead."""
    return tuple(
        other for other in ordered if other.run in record.undoes and other.undoes and not _came_to_its_end(other)
    )
