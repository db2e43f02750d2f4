"""The rehearsal cluster's state in memory while a command runs in the test's process: to read and write its file for each call
takes longer than all that is done with it.

Who opens the cluster gets a copy of its own, as from the file. What is not in the file yet is written before a process may look
(`flush`), and the file's lock is held until then, so that no process sees what was.
"""

from __future__ import annotations

import gc
import marshal
import os
import threading
from functools import lru_cache
from typing import Any

from threescale_migrate.rehearsal import quickjson, store
from threescale_migrate.rehearsal.client import documents
from threescale_migrate.rehearsal.store import Opened, Store

Signature = tuple[int, int, int]
from_file, to_file = Opened.__enter__, Opened.__exit__


class State:
    """What is known of a cluster's file: `data` is its content when it had that `signature`, or what is to be written."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.descriptor: int | None = None
        self.signature: Signature | None = None
        self.data = b""
        self.changed = False


STATES: dict[str, State] = {}


def _signature(directory: str) -> Signature:
    found = os.stat(os.path.join(directory, store.STATE))
    return found.st_ino, found.st_mtime_ns, found.st_size


class Memory:
    """While it is `on`, clusters are opened in memory."""

    on = False

    def enter(self, opened: Opened) -> Store:
        """In the place of `Opened.__enter__`."""
        directory = os.path.abspath(opened.directory)
        state = STATES.setdefault(directory, State())
        state.lock.acquire()
        try:
            if state.descriptor is None:
                state.descriptor = store.lock(directory)
            if state.signature != _signature(directory):
                assert not state.changed, f"somebody has written the state of {directory} past its lock"
                with open(os.path.join(directory, store.STATE), encoding="utf-8") as file:
                    state.data = marshal.dumps(quickjson.loads(file.read()))
                state.signature = _signature(directory)
            opened.store = Store(marshal.loads(state.data))
        except BaseException:
            self._let_go(state)
            state.lock.release()
            raise
        opened.clock = dict(opened.store.clock.data)
        return opened.store

    def leave(self, opened: Opened) -> None:
        """In the place of `Opened.__exit__`."""
        state = STATES[os.path.abspath(opened.directory)]
        try:
            if opened.store.changed or opened.store.clock.data != opened.clock:
                state.data, state.changed = marshal.dumps(opened.store.data), True
        finally:
            self._let_go(state)
            state.lock.release()

    def _let_go(self, state: State) -> None:
        if not state.changed and state.descriptor is not None:
            os.close(state.descriptor)
            state.descriptor = None

    def flush(self) -> None:
        """Writes what the files do not know yet."""
        for directory, state in STATES.items():
            with state.lock:
                if state.changed:
                    if os.path.isdir(directory):
                        store.save(directory, Store(marshal.loads(state.data)))
                        state.signature = _signature(directory)
                    state.changed = False
                self._let_go(state)

    def end(self) -> None:
        """What was read is forgotten."""
        self.flush()
        self.on = False
        STATES.clear()


MEMORY = Memory()


@lru_cache(maxsize=2000)
def _pretty(data: bytes, step: str, sort: bool, line: str) -> str:
    return quickjson.pretty(marshal.loads(data), step, sort, line)


def pretty(value: Any, step: str = "    ", sort: bool = True) -> str:
    """`quickjson.pretty`, which writes again what it wrote of an object that is still the same."""
    if not isinstance(value, dict) or not value.get("items") or not isinstance(value["items"], list):
        return quickjson.pretty(value, step, sort)
    inner = "\n" + 2 * step
    listed = [_pretty(marshal.dumps(item), step, sort, inner) for item in value["items"]]
    text = quickjson.pretty({**value, "items": ["@"]}, step, sort)
    before, found, after = text.partition(f'"items": [{inner}"@"')
    assert found, text
    return f'{before}"items": [{inner}{("," + inner).join(listed)}{after}'


def _enter(self: Opened) -> Store:
    return MEMORY.enter(self) if MEMORY.on else from_file(self)


def _leave(self: Opened, *error: object) -> None:
    if MEMORY.on:
        MEMORY.leave(self)
    else:
        to_file(self, *error)


def install() -> None:
    """From now on clusters are opened here; and the collector looks less often through all that the tests have loaded."""
    Opened.__enter__, Opened.__exit__ = _enter, _leave  # type: ignore[method-assign]
    documents.pretty = pretty  # type: ignore[assignment,attr-defined]
    gc.set_threshold(50_000, 20, 50)
