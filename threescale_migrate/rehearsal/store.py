"""What the rehearsal cluster remembers: its objects, its clock and its settings, in one file of a directory.

There is no daemon. Whoever opens the store holds a lock until it is closed, so that each call of `oc` sees and leaves
a whole state; the file is replaced atomically, so that a killed call leaves the state before it.
"""

from __future__ import annotations

import fcntl
import json
import os
import random
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Object = dict[str, Any]

STATE = "cluster.json"
LOCK = "lock"
SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


class Clock:
    """The cluster's time: real time times `speed` since `base`, or a moment that it is pinned to.

    `data` holds `base` (epoch seconds of the cluster), `real` (epoch seconds of the machine at `base`), `speed`, and
    `pinned` (epoch seconds or None), and is saved with the state.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    def now(self) -> float:
        """The present moment in the cluster, in seconds since the epoch."""
        pinned = self.data.get("pinned")
        if pinned is not None:
            return float(pinned)
        return float(self.data["base"] + max(0.0, time.time() - self.data["real"]) * self.data["speed"])

    def pin(self, moment: float | None) -> None:
        """Stops the clock at a moment, or lets it run on from where it stands."""
        if moment is None:
            self.data.update(base=self.now(), real=time.time(), pinned=None)
        else:
            self.data["pinned"] = float(moment)

    def set_speed(self, speed: float) -> None:
        """Cluster seconds per real second, from now on."""
        self.data.update(base=self.now(), real=time.time(), speed=speed)


class Store:
    """The objects, by resource (`pods`, `deploymentconfigs`, …) and by `namespace/name` (`/name` without namespace).

    `settings` is free-form JSON (faults, seed); `private` holds what the controllers remember beside the objects.
    """

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data
        self.objects: dict[str, dict[str, Object]] = data["objects"]
        self.settings: dict[str, Any] = data["settings"]
        self.private: dict[str, Any] = data["private"]
        self.clock = Clock(data["clock"])
        self.changed = False
        # The moment that is being simulated, while the cluster catches up with its clock.
        self.moment: float | None = None

    @staticmethod
    def fresh(seed: int, speed: float, begin: float | None = None) -> Store:
        """An empty store whose clock starts at `begin`, by default now."""
        real = time.time()
        clock = {"base": real if begin is None else begin, "real": real, "speed": speed, "pinned": None}
        data = {"objects": {}, "settings": {"seed": seed}, "private": {}, "clock": clock, "version": 1, "drawn": 0}
        store = Store(data)
        store.changed = True
        return store

    def get(self, resource: str, namespace: str | None, name: str) -> Object | None:
        """The object itself, not a copy, or None."""
        return self.objects.get(resource, {}).get(f"{namespace or ''}/{name}")

    def all(self, resource: str, namespace: str | None = None) -> list[Object]:
        """The objects of a resource, in the order of their keys, of one namespace or of all."""
        found = self.objects.get(resource, {})
        begin = f"{namespace}/" if namespace is not None else ""
        return [found[key] for key in sorted(found) if key.startswith(begin)]

    def put(self, resource: str, item: Object) -> Object:
        """Stores an object; stamps a new resourceVersion, and uid and creationTimestamp where they are lacking."""
        meta = item.setdefault("metadata", {})
        meta.setdefault("uid", self.new_uid())
        meta.setdefault("creationTimestamp", self.timestamp())
        meta["resourceVersion"] = self.next_version()
        self.objects.setdefault(resource, {})[f"{meta.get('namespace', '')}/{meta['name']}"] = item
        self.changed = True
        return item

    def remove(self, resource: str, namespace: str | None, name: str) -> None:
        """Forgets an object, where there is one."""
        if self.objects.get(resource, {}).pop(f"{namespace or ''}/{name}", None) is not None:
            self.changed = True

    def next_version(self) -> str:
        """The next resourceVersion of the cluster."""
        self.data["version"] += 1
        self.changed = True
        return str(self.data["version"])

    def random(self) -> random.Random:
        """A generator that draws the same for the same seed and the same calls before."""
        self.data["drawn"] += 1
        self.changed = True
        return random.Random(f"{self.settings['seed']}:{self.data['drawn']}")

    def new_uid(self) -> str:
        """A uid for a new object."""
        return str(uuid.UUID(int=self.random().getrandbits(128), version=4))

    def suffix(self, length: int = 5) -> str:
        """The generated end of a name, as in `zync-1-x7kq2`."""
        return "".join(self.random().choices(SUFFIX_LETTERS, k=length))

    def timestamp(self, moment: float | None = None) -> str:
        """A moment of the cluster, by default now, as the API writes it."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.now() if moment is None else moment))

    def now(self) -> float:
        """The moment that is simulated, else the clock's; seconds since the epoch."""
        return self.clock.now() if self.moment is None else self.moment


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Holds the directory's lock; it is freed when the process dies."""
    directory.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def save(directory: Path, store: Store) -> None:
    """Replaces the state atomically; the caller holds the lock."""
    scratch = directory / f"{STATE}.new"
    scratch.write_text(json.dumps(store.data, separators=(",", ":")), encoding="utf-8")
    os.replace(scratch, directory / STATE)


@contextmanager
def opened(directory: Path) -> Iterator[Store]:
    """The store of a directory, locked; saved on the way out where it was changed, also after an error."""
    with locked(directory):
        store = Store(json.loads((directory / STATE).read_text(encoding="utf-8")))
        before = json.dumps(store.data["clock"])
        try:
            yield store
        finally:
            if store.changed or json.dumps(store.data["clock"]) != before:
                save(directory, store)
