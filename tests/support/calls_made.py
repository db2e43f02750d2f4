"""Runs a command line and writes which module of the package called which: `python -m tests.support.calls_made FILE COMMAND …`.

The file is a JSON list of `[caller, called, function]`, modules without the package's name. What a callable does that was handed
down (a lambda, a generator) is not in it: its module is not the one that decided to call it.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import threescale_migrate
from threescale_migrate.cli.main import main

PACKAGE = Path(threescale_migrate.__file__).parent


def _module(frame: FrameType) -> str | None:
    path = Path(frame.f_code.co_filename)
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts) if PACKAGE in path.parents else None


class Calls:
    """What a profiler is told, kept as pairs of modules."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, str, str]] = set()
        self._modules: dict[str, str | None] = {}

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        name = frame.f_code.co_name
        called = self._name(frame) if event == "call" and not name.startswith("<") else None
        if called is None:
            return
        above = frame.f_back
        while above is not None and self._name(above) is None:
            above = above.f_back
        if above is not None:
            self.seen.add((str(self._name(above)), called, name))

    def _name(self, frame: FrameType) -> str | None:
        path = frame.f_code.co_filename
        if path not in self._modules:
            self._modules[path] = _module(frame)
        return self._modules[path]


if __name__ == "__main__":
    calls = Calls()
    threading.setprofile(calls)
    sys.setprofile(calls)
    try:
        code = main(sys.argv[2:])
    finally:
        sys.setprofile(None)
        Path(sys.argv[1]).write_text(json.dumps(sorted(calls.seen)), encoding="utf-8")
    sys.exit(code)
