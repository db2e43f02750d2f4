"""Warning events: repeated ones are counted, similar ones are combined, as client-go's recorder does it."""

from __future__ import annotations

from .store import Object, Store

# From this number of similar events about one object on, further ones are combined into one
# (client-go tools/record/events_cache.go: defaultAggregateMaxEvents; `quotas`).
APART = 10
GATHERED = "(combined from similar events): "


def event(store: Store, about: Object, reason: str, message: str, component: str, reporting: str | None = None) -> None:
    """A warning event about an object. `component` is its source, and its reporter unless `reporting` is given."""
    alike = [
        known
        for known in store.all("events", about["metadata"]["namespace"])
        if known["involvedObject"]["uid"] == about["metadata"]["uid"]
        and (known["reason"], known["source"]["component"]) == (reason, component)
    ]
    for known in alike:
        if known["message"] == message:
            _again(store, known, message)
            return
    gathered = next((known for known in alike if known["message"].startswith(GATHERED)), None)
    if gathered is not None:
        _again(store, gathered, GATHERED + message)
        return
    if len(alike) >= APART - 1:
        message, reporting = GATHERED + message, ""
    _make(store, about, reason, message, component, component if reporting is None else reporting)


def _again(store: Store, known: Object, message: str) -> None:
    known.update(count=known["count"] + 1, lastTimestamp=store.timestamp(), message=message)
    store.put("events", known)


def _make(store: Store, about: Object, reason: str, message: str, component: str, reporting: str) -> None:
    stamp, meta = store.timestamp(), about["metadata"]
    # Named by the nanosecond, so that lists are in order of time; the number is increased if the name is taken.
    number = int(store.now() * 1e9)
    while store.get("events", meta["namespace"], f"{meta['name']}.{number:016x}") is not None:
        number += 1
    store.put(
        "events",
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": f"{meta['name']}.{number:016x}", "namespace": meta["namespace"]},
            "count": 1,
            "eventTime": None,
            "firstTimestamp": stamp,
            "involvedObject": {
                "apiVersion": about["apiVersion"],
                "kind": about["kind"],
                "name": meta["name"],
                "namespace": meta["namespace"],
                "resourceVersion": meta["resourceVersion"],
                "uid": meta["uid"],
            },
            "lastTimestamp": stamp,
            "message": message,
            "reason": reason,
            "reportingComponent": reporting,
            "reportingInstance": "",
            "source": {"component": component},
            "type": "Warning",
        },
    )


def repeated(store: Store, about: Object, of: Object, component: str) -> None:
    """Repeats the warnings about one object for another, as a deployer does when it gives up (`quotas`)."""
    for known in store.all("events", of["metadata"]["namespace"]):
        if known["involvedObject"]["uid"] == of["metadata"]["uid"]:
            _make(store, about, known["reason"], known["message"], component, "")
