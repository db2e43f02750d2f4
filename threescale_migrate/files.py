"""The one place that writes files, opens locks, and reads what a user names: no link is followed where something is written, no
reader sees half of a file, and what is no file is neither waited for nor read without an end."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


def write(path: Path, text: str, mode: int = 0o600) -> None:
    """Puts a file into its place in one move, and to the disk; one that is there keeps its mode, a new one gets `mode`.

    A link in its place is replaced, and what it leads to is left alone. Raises OSError, also where a device or a pipe is.
    """
    with suppress(FileNotFoundError):
        found = os.lstat(path).st_mode
        if not stat.S_ISREG(found) and not stat.S_ISLNK(found):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
        mode = stat.S_IMODE(found) & 0o777 if stat.S_ISREG(found) else mode
    scratch = path.with_name(f".{path.name[:100]}.{secrets.token_hex(8)}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(scratch, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(scratch)
        raise
    flush_directory(path.parent)


def opened(path: Path) -> BinaryIO:
    """A file to read. Raises OSError, also for a pipe or a device: one may never say anything, the other never end."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return open(descriptor, "rb")
    os.close(descriptor)
    number = errno.EISDIR if stat.S_ISDIR(mode) else errno.ESPIPE
    raise OSError(number, os.strerror(number), str(path))


def read(path: Path, largest: int) -> bytes:
    """All of a file. Raises OSError as `opened` does, where it is larger, and where it has nothing to read yet, as some in /proc."""
    with opened(path) as file:
        raw = file.read(largest + 1)
    if raw is None:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN), str(path))
    if len(raw) > largest:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return raw


def flush_directory(directory: Path) -> None:
    """Has the names in a directory reach the disk. Raises OSError."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_lock(path: Path) -> int:
    """The descriptor of a lock's file, which is made if it is not there. Raises OSError, also for a link and a pipe."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    descriptor = os.open(path, flags, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
    return descriptor
