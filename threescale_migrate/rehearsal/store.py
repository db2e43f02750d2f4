"""What the rehearsal cluster remembers: its objects, its clock and its settings, in one file of a directory.

There is no daemon. Whoever opens the store holds a lock until it is closed, so that each call of `oc` sees and leaves
a consistent state; the file is replaced atomically, so that a killed call leaves the state before it.
"""

from __future__ import annotations

import fcntl
import os
import time

from .quickjson import dumps, loads
from .typed import Any, Directory
from .typed import Object as Object

STATE = "cluster.json"
LOCK = "lock"
MASK = 2**64 - 1
SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


def moment_of(stamp: str) -> float:
    """Seconds since the epoch of `2026-01-31T12:00:00Z`, with any character between the day and the time.

    By the calendar's own arithmetic: `strptime` loads more than the whole rest of a call.
    """
    year, month, day = int(stamp[:4]), int(stamp[5:7]), int(stamp[8:10])
    hour, minute, second = int(stamp[11:13]), int(stamp[14:16]), int(stamp[17:19])
    year, month = (year - 1, month + 12) if month < 3 else (year, month)
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * month - 457) // 5 + day - 719469
    return float(((days * 24 + hour) * 60 + minute) * 60 + second)


def copied(value: Any) -> Any:
    """A copy of JSON, all the way down."""
    if isinstance(value, dict):
        return {key: copied(part) for key, part in value.items()}
    if isinstance(value, list):
        return [copied(part) for part in value]
    return value


def _mixed(number: int) -> int:
    """The finishing step of splitmix64: near numbers in, unrelated ones out."""
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9 & MASK
    number = (number ^ number >> 27) * 0x94D049BB133111EB & MASK
    return number ^ number >> 31


class Draw:
    """Random numbers that are the same for the same seed and turn, by the names that they have in `random.Random`."""

    def __init__(self, seed: int, turn: int) -> None:
        self.state = _mixed(_mixed(seed & MASK) ^ turn)

    def getrandbits(self, count: int) -> int:
        """A number of at most so many bits."""
        number = 0
        for _ in range(0, count, 64):
            self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
            number = number << 64 | _mixed(self.state)
        return number & (1 << count) - 1

    def randrange(self, limit: int) -> int:
        """A number from 0 to below `limit`."""
        return self.getrandbits(64) % limit

    def random(self) -> float:
        """A number from 0 to below 1."""
        return self.getrandbits(53) / (1 << 53)


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
        """Stops the clock at a moment, or lets it continue from there."""
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
        """The objects of a resource, sorted by their keys, of one namespace or of all."""
        found = self.objects.get(resource, {})
        begin = f"{namespace}/" if namespace is not None else ""
        return [found[key] for key in sorted(found) if key.startswith(begin)]

    def put(self, resource: str, item: Object) -> Object:
        """Stores an object; sets a new resourceVersion, and uid and creationTimestamp if they are missing."""
        meta = item.setdefault("metadata", {})
        meta.setdefault("uid", self.new_uid())
        meta.setdefault("creationTimestamp", self.timestamp())
        meta["resourceVersion"] = self.next_version()
        self.objects.setdefault(resource, {})[f"{meta.get('namespace', '')}/{meta['name']}"] = item
        self.changed = True
        return item

    def remove(self, resource: str, namespace: str | None, name: str) -> None:
        """Removes an object if it exists."""
        if self.objects.get(resource, {}).pop(f"{namespace or ''}/{name}", None) is not None:
            self.changed = True

    def next_version(self) -> str:
        """The next resourceVersion of the cluster."""
        self.data["version"] += 1
        self.changed = True
        return str(self.data["version"])

    def random(self) -> Draw:
        """Random numbers, the same for the same seed and the same calls before."""
        self.data["drawn"] += 1
        self.changed = True
        return Draw(self.settings["seed"], self.data["drawn"])

    def new_uid(self) -> str:
        digits = f"{self.random().getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def suffix(self, length: int = 5) -> str:
        """The generated end of a name, as in `zync-1-x7kq2`."""
        draw = self.random()
        return "".join([SUFFIX_LETTERS[draw.randrange(len(SUFFIX_LETTERS))] for _ in range(length)])

    def timestamp(self, later: float = 0) -> str:
        """The cluster's present moment, or one so many seconds later, as the API writes it."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.now() + later))

    def now(self) -> float:
        """The moment that is simulated, else the clock's; seconds since the epoch."""
        return self.clock.now() if self.moment is None else self.moment


def lock(directory: Directory) -> int:
    """A descriptor that holds a directory's lock until it is closed, or the process dies."""
    descriptor = os.open(os.path.join(directory, LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def save(directory: Directory, store: Store) -> None:
    """Replaces the state atomically; the caller holds the lock."""
    state = os.path.join(directory, STATE)
    with open(f"{state}.new", "w", encoding="utf-8") as file:
        file.write(dumps(store.data))
    os.replace(f"{state}.new", state)


class Opened:
    """The store of a directory, locked, for a `with` statement; saved at the end if it was changed, also after an error."""

    def __init__(self, directory: Directory) -> None:
        self.directory = directory

    def __enter__(self) -> Store:
        self.descriptor = lock(self.directory)
        try:
            with open(os.path.join(self.directory, STATE), encoding="utf-8") as file:
                self.store = Store(loads(file.read()))
        except BaseException:
            os.close(self.descriptor)
            raise
        self.clock = dict(self.store.clock.data)
        return self.store

    def __exit__(self, *error: object) -> None:
        try:
            if self.store.changed or self.store.clock.data != self.clock:
                save(self.directory, self.store)
        finally:
            os.close(self.descriptor)
