"""Where a project's journals live on this workstation, and how that place is made. It reads and writes no journal."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from ..files import flush_directory
from ..language import system_error
from ..values import Command, Fix, Refused, Text


def state_home() -> Path:
    """Where journals live, by the XDG rules."""
    given = os.environ.get("XDG_STATE_HOME", "")
    base = Path(given) if given.startswith("/") else Path(os.path.expanduser("~")) / ".local" / "state"
    return base / "threescale-migrate"


def directory_of(server: str, project: str) -> Path:
    """The directory of one project's journals."""
    return state_home() / host_part(server) / safe_name(project)


def host_part(server: str) -> str:
    return safe_name(server.partition("://")[2] or server)


def safe_name(name: str) -> str:
    cleaned = re.sub(r"[^A-Za-z0-9.:_-]", "_", name).strip(".") or "_"
    return cleaned[:120]


def make(directory: Path) -> None:
    """Makes the directory of a project's journals, durably and readable by its owner only.

    Raises OSError, and Refused if others can write there: undo follows what is in a journal.
    """
    wanted = [directory, directory.parent, state_home()]
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in (path for path in wanted if path.exists()):
        status = path.stat()
        if status.st_mode & 0o022 or status.st_uid not in (os.geteuid(), 0):
            raise _open_to_others(path)
        if status.st_mode & 0o077 and status.st_uid == os.geteuid():
            path.chmod(0o700)
    # Where others may rename, they could put a directory of their own in the place of ours.
    for path in {directory.parent.parent, state_home().parent}:
        if path.exists() and path.stat().st_mode & (0o002 | stat.S_ISVTX) == 0o002:
            raise _open_to_others(path)
    for path in missing:
        flush_directory(path.parent)


def _open_to_others(path: Path) -> Refused:
    return Refused(
        Text(
            "other users can write to {directory}, and could put a journal there that undo would follow",
            directory=str(path),
        ),
        Fix(
            Text("check what is in it, then forbid that, or set XDG_STATE_HOME to another directory"),
            (Command(("chmod", "go-w", str(path))),),
        ),
    )


def unwritable(directory: Path, error: OSError) -> Refused:
    """The refusal of a run that could not be journaled."""
    return Refused(
        Text(
            "the journal cannot be written in {directory} ({why}), and without it nothing could be undone:"
            " free some disk space, or set XDG_STATE_HOME to a directory that can be written",
            directory=str(directory),
            why=system_error(error),
        )
    )
