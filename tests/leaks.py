"""The planted token is searched for in all that the tests' commands printed or wrote.

It watches every test by itself, the new ones too: whatever a process of `threescale-migrate` says through a pipe or a
terminal, and every file below the tests' temporary directories. What is exempt stands in two tables: the user's own secret
files, and the directory of a rehearsal cluster, which is that cluster's etcd.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from threescale_migrate.rehearsal import launch

TOKEN = "planted-token-0815-never-to-be-seen"
# A piece of a spelling of so many characters is a leak.
PIECE = 12
OWN_FILES = ("registry-secret*", "the-secret-name.yml")
PROGRAMS = ("threescale_migrate", "threescale-migrate")


def in_base64(raw: bytes) -> Iterator[bytes]:
    """What a base64 text that `raw` is a part of must hold, for each place where `raw` may begin in it."""
    for before in range(3):
        encoded = base64.b64encode(b"x" * before + raw + b"xx")
        yield encoded[4 if before else 0 : len(encoded) - 8]


def spellings() -> set[bytes]:
    """The token as it is, in base64 (as in `auth`), in base64 again (as in a secret's data), and once more."""
    found = layer = {TOKEN.encode()}
    for _ in range(3):
        layer = {form for inner in layer for form in in_base64(inner)}
        found = found | layer
    return found


LEAK = re.compile(
    b"|".join(
        sorted(
            re.escape(form[at : at + PIECE]) for form in spellings() for at in range(0, len(form) - PIECE + 1, PIECE)
        )
    )
)


def leaks(data: bytes) -> bool:
    """Whether the token, or a piece of it, is in there; also where lines were broken."""
    return LEAK.search(data) is not None or LEAK.search(re.sub(rb"[\s\"'\\]+", b"", data)) is not None


def files(directory: Path) -> Iterator[Path]:
    """The files below a directory that were not the user's own and are not a cluster's."""
    if launch.exists(directory):
        return
    for entry in sorted(os.scandir(directory), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            yield from files(Path(entry.path))
        elif entry.is_file(follow_symlinks=False) and not any(fnmatchcase(entry.name, own) for own in OWN_FILES):
            yield Path(entry.path)


def leaky_files(directory: Path) -> list[str]:
    """The files that hold the token."""
    return [str(path) for path in files(directory) if leaks(path.read_bytes())]


class Tap:
    """A pipe whose reader is watched."""

    def __init__(self, stream: Any, heard: list[bytes]) -> None:
        self.stream = stream
        self.heard = heard

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def _keep(self, said: Any) -> Any:
        self.heard.append(said.encode("utf-8", "surrogateescape") if isinstance(said, str) else bytes(said))
        return said

    def read(self, *args: Any) -> Any:
        return self._keep(self.stream.read(*args))

    def readline(self, *args: Any) -> Any:
        return self._keep(self.stream.readline(*args))

    def __iter__(self) -> Iterator[Any]:
        for line in self.stream:
            yield self._keep(line)

    def __enter__(self) -> Tap:
        return self

    def __exit__(self, *args: object) -> None:
        self.stream.close()


HEARD: list[bytes] = []
LOOKED_AT: set[Path] = set()


class Watched(subprocess.Popen[Any]):
    """A process; where it is one of ours, what it says is kept for the search."""

    def __init__(self, args: Any, *rest: Any, **options: Any) -> None:
        super().__init__(args, *rest, **options)
        words = [args] if isinstance(args, str) else [str(word) for word in args]
        if any(program in word for word in words for program in PROGRAMS):
            for name in ("stdout", "stderr"):
                if getattr(self, name) is not None:
                    setattr(self, name, Tap(getattr(self, name), HEARD))
            self.ours = True
        else:
            self.ours = False

    def communicate(self, *args: Any, **options: Any) -> tuple[Any, Any]:
        said = super().communicate(*args, **options)
        if self.ours:
            HEARD.extend(part.encode() if isinstance(part, str) else part for part in said if part)
        return said


@pytest.fixture(scope="session", autouse=True)
def everything_is_searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Has every process watched, and at the end looks where no test's own search has been."""
    read = os.read

    def watched_read(descriptor: int, size: int) -> bytes:
        data = read(descriptor, size)
        if os.isatty(descriptor):
            HEARD.append(data)
        return data

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", Watched)
        patch.setattr(os, "read", watched_read)
        yield
    others = [path for path in tmp_path_factory.getbasetemp().iterdir() if path.is_dir() and path not in LOOKED_AT]
    found = [name for path in others if not path.is_symlink() for name in leaky_files(path)]
    assert not found, f"the token was written to {found}"


@pytest.fixture(autouse=True)
def nothing_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test: the token is neither in what its commands said nor in a file of its directory."""
    home = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    HEARD.clear()
    yield
    said = b"".join(HEARD)
    HEARD.clear()
    assert not leaks(said), "the token was printed"
    if home is None:
        return
    LOOKED_AT.add(home)
    found = leaky_files(home)
    assert not found, f"the token was written to {found}"
    left = [str(path) for path in (home / "tmp").glob("threescale-migrate-*")]
    assert not left, f"a temporary file was left behind: {left}"
