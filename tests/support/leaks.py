"""The planted secrets are searched for in all that the tests' commands printed or wrote.

It watches every test by itself, the new ones too: whatever a process of `threescale-migrate` says through a pipe or a
terminal, and every file below the tests' temporary directories. What is exempt stands in two tables: the user's own secret
files, and the directory of a rehearsal cluster, which is that cluster's etcd.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import yaml

from threescale_migrate.rehearsal import launch, threescale
from threescale_migrate.values import GUIDE_CONFIGS

TOKEN = "planted-token-0815-never-to-be-seen"
# What the tests plant in a config as 3scale's templates and people do: in a hook, a variable, an argument (fact 22).
HOOK_TOKEN, ENVIRONMENT_PASSWORD, ARGUMENT_PASSWORD = "h7Kq2Zx9", "planted-Variable-4711", 'planted/Argu ment"+0815'
# A piece of a spelling of so many characters is a leak; what is shorter as a whole is one from so many on.
PIECE = 12
SHORTEST = 8
OWN_FILES = ("registry-secret*", "the-secret-name.yml")
PROGRAMS = ("threescale_migrate", "threescale-migrate")
PROJECT = Path(launch.__file__).with_name("threescale-2.5.yml")
# What stands before a line in a log: a time, the name of a pod or a container.
PREFIX = re.compile(rb"(?m)^[ \t]*(?:\[[^\]\n]*\]|\d[\dT:.+Z-]{6,}|[\w./-]{1,60}[|:])[ \t]+")


def of_the_project() -> Iterator[str]:
    """The passwords in the Secrets of the rehearsal's project, and the token in its hook."""
    text = PROJECT.read_text(encoding="utf-8")
    yield threescale.MASTER_ACCESS_TOKEN
    for item in yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        for value in _values(item if item.get("kind") == "Secret" else {}):
            login = re.search(r"://[^:@/]*:([^@]+)@", value)
            if login or "://" not in value:
                yield login[1] if login else value
        for inner in item.get("items") or () if item.get("kind") == "List" else ():
            yield from (
                value for value in _values(inner if inner.get("kind") == "Secret" else {}) if "://" not in value
            )


def _values(secret: dict[str, Any]) -> Iterator[str]:
    yield from (str(value) for value in (secret.get("stringData") or {}).values())
    yield from (base64.b64decode(value).decode() for value in (secret.get("data") or {}).values())


def in_base64(raw: bytes) -> Iterator[bytes]:
    """What a base64 text that `raw` is a part of must hold, for each place where `raw` may begin in it."""
    for before in range(3):
        encoded = base64.b64encode(b"x" * before + raw)
        yield encoded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]


def spellings(secret: str) -> set[bytes]:
    """A secret as it is, in hex, quoted for URLs, JSON and shells, in base64 (as in `auth`), and in that again, thrice."""
    raw = secret.encode()
    address = [quote(secret, safe=""), quote(secret), quote_plus(secret)]
    written = [
        *address,
        *(re.sub("%..", lambda code: code.group().lower(), text) for text in address),
        json.dumps(secret)[1:-1],
        json.dumps(json.dumps(secret))[3:-3],
        shlex.quote(secret)[1:-1] if " " in secret else secret,
        re.sub(r"([^\w-])", r"\\\1", secret),
        raw.hex(),
        raw.hex().upper(),
    ]
    found = {raw, *(text.encode() for text in written)}
    layer = {raw}
    for _ in range(3):
        layer = {form for inner in layer for form in in_base64(inner)}
        found |= layer
    return found


def _searched(secrets: Iterable[str]) -> tuple[bytes, ...]:
    forms = {form for secret in secrets for form in spellings(secret) if len(form) >= SHORTEST}
    pieces = {form[at : at + PIECE] for form in forms for at in range(0, max(1, len(form) - PIECE + 1), PIECE)}
    # The project's configs have readable names: no piece of a secret may be one of those.
    return tuple(sorted(piece for piece in pieces if piece.decode("ascii", "replace") not in " ".join(GUIDE_CONFIGS)))


PLANTED = (TOKEN, HOOK_TOKEN, ENVIRONMENT_PASSWORD, ARGUMENT_PASSWORD, *of_the_project())
SEARCHED = _searched(PLANTED)
# What a config holds in clear is part of it: a backup that left it out could not be created again (fact 22).
OF_CONFIGS = (HOOK_TOKEN, ENVIRONMENT_PASSWORD, ARGUMENT_PASSWORD, threescale.MASTER_ACCESS_TOKEN)
SAVED_CONFIG = "[0-9][0-9][0-9]-deploymentconfig-*.yaml"
SEARCHED_IN_SAVED_CONFIGS = _searched(secret for secret in PLANTED if secret not in OF_CONFIGS)


def leaks(data: bytes, searched: Iterable[bytes] = SEARCHED) -> bool:
    """Whether a secret, or a piece of it, is in there; also where lines were broken, each with a log's prefix."""
    shapes = [data, _joined(data), _joined(PREFIX.sub(b"", data))]
    return any(piece in shape for shape in shapes for piece in tuple(searched))


def _joined(data: bytes) -> bytes:
    return re.sub(rb"[\s\"'\\]+", b"", data)


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
    """The files that hold a secret."""
    return [str(path) for path in files(directory) if leaks(path.read_bytes(), _searched_in(path))]


def _searched_in(path: Path) -> tuple[bytes, ...]:
    return SEARCHED_IN_SAVED_CONFIGS if fnmatchcase(path.name, SAVED_CONFIG) else SEARCHED


class Tap:
    """A pipe whose reader is watched."""

    def __init__(self, stream: Any, output: list[bytes]) -> None:
        self.stream = stream
        self.output = output

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def _keep(self, said: Any) -> Any:
        self.output.append(said.encode("utf-8", "surrogateescape") if isinstance(said, str) else bytes(said))
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


OUTPUT: list[bytes] = []
CHECKED: set[Path] = set()


class Watched(subprocess.Popen[Any]):
    """A process; where it is one of ours, what it says is kept for the search."""

    def __init__(self, args: Any, *rest: Any, **options: Any) -> None:
        super().__init__(args, *rest, **options)
        words = [args] if isinstance(args, str) else [str(word) for word in args]
        if any(program in word for word in words for program in PROGRAMS):
            for name in ("stdout", "stderr"):
                if getattr(self, name) is not None:
                    setattr(self, name, Tap(getattr(self, name), OUTPUT))
            self.ours = True
        else:
            self.ours = False

    def communicate(self, *args: Any, **options: Any) -> tuple[Any, Any]:
        said = super().communicate(*args, **options)
        if self.ours:
            OUTPUT.extend(part.encode() if isinstance(part, str) else part for part in said if part)
        return said


@pytest.fixture(scope="session", autouse=True)
def everything_is_searched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Has every process watched, and at the end looks where no test's own search has been."""
    read = os.read

    def watched_read(descriptor: int, size: int) -> bytes:
        data = read(descriptor, size)
        if os.isatty(descriptor):
            OUTPUT.append(data)
        return data

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(subprocess, "Popen", Watched)
        patch.setattr(os, "read", watched_read)
        yield
    others = [path for path in tmp_path_factory.getbasetemp().iterdir() if path.is_dir() and path not in CHECKED]
    found = [name for path in others if not path.is_symlink() for name in leaky_files(path)]
    assert not found, f"a secret was written to {found}"


@pytest.fixture(autouse=True)
def nothing_leaks(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test: no secret is in what its commands said or in a file of its directory."""
    home = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    OUTPUT.clear()
    yield
    said = b"".join(OUTPUT)
    OUTPUT.clear()
    assert not leaks(said), "a secret was printed"
    if home is None:
        return
    CHECKED.add(home)
    found = leaky_files(home)
    assert not found, f"a secret was written to {found}"
    left = [str(path) for path in (home / "tmp").glob("threescale-migrate-*")]
    assert not left, f"a temporary file was left behind: {left}"
