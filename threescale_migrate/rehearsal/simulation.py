"""The controllers of the rehearsal cluster, as a queue of moments.

Each future event (a trigger fires, a deployer checks again, a pod becomes ready) is in the queue with its
moment. `advance` handles all that are due, in order, so that a call ten minutes later finds the same history as
one that polled. What they do is in the table of `server`; the delays are here, taken from `rollouts`.
"""

from __future__ import annotations

import heapq

from .store import Store
from .typed import Any, Callable

# Cluster seconds.
DELAYS = {
    "trigger": 0.1,
    "status": 0.1,
    "controller": 0.1,
    "replicas": 0.15,
    "deployer pod": 0.05,
    "pod runs": 0.25,
    "deployer looks": 1.0,
    "deployer sees": 0.05,
    "deployer ends": 0.5,
    "hook ends": 0.8,
    "pull backs off": 2.0,
    "crash": 1.0,
    "restart": 10.0,
    "slow": 60.0,
    "registry login": 1.0,
    "create again": 0.005,
    "create again at most": 1000.0,
}


class Simulation:
    """The queue over one store. Handlers are called with the store's moment set to that of the event."""

    def __init__(
        self, store: Store, handlers: Callable[[], dict[str, Callable[[Simulation, str, str], None]]] | None = None
    ) -> None:
        self.store = store
        # Loaded only when something is due: most calls find nothing.
        self.handlers = handlers
        self.queue: list[list[Any]] = store.private.setdefault("queue", [])
        self.counter: int = store.private.setdefault("counter", 0)

    def after(self, delay: str | float, kind: str, namespace: str, name: str) -> None:
        """Queues an event, unless the same one is due earlier anyway."""
        moment = self.store.now() + (DELAYS[delay] if isinstance(delay, str) else delay)
        for event in self.queue:
            if event[2:] == [kind, namespace, name] and event[0] <= moment:
                return
        self.store.private["counter"] = self.counter = self.counter + 1
        heapq.heappush(self.queue, [moment, self.counter, kind, namespace, name])
        self.store.changed = True

    def again(self, delay: str | float, kind: str, namespace: str, name: str) -> None:
        """Queues an event in place of the same one in the queue."""
        self.queue[:] = [event for event in self.queue if event[2:] != [kind, namespace, name]]
        heapq.heapify(self.queue)
        self.after(delay, kind, namespace, name)

    def advance(self) -> None:
        """Brings the cluster up to date with its clock."""
        present = self.store.clock.now()
        if not self.queue or self.queue[0][0] > present:
            return
        assert self.handlers is not None, "only who has the handlers can let time pass"
        handlers = self.handlers()
        try:
            while self.queue and self.queue[0][0] <= present:
                moment, _, kind, namespace, name = heapq.heappop(self.queue)
                self.store.moment = moment
                self.store.changed = True
                handlers[kind](self, namespace, name)
        finally:
            self.store.moment = None

    def quiet_at(self) -> float | None:
        """The moment of the next event, None if nothing will happen any more."""
        return self.queue[0][0] if self.queue else None
