"""How objects are printed: tables, JSON, YAML, names, jsonpath, custom columns."""

from __future__ import annotations

from ..ages import has
from ..resources import BY_KIND, Resource
from ..store import Object, moment_of
from ..typed import Callable, Sequence
from .documents import to_json, to_yaml
from .errors import failure
from .session import Session


def columns(rows: Sequence[Sequence[str]]) -> str:
    """A table as `oc` aligns it: three spaces between columns, the last one not filled."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))] if rows else []
    return "".join("   ".join([*(c.ljust(w) for c, w in zip(row[:-1], widths)), row[-1]]) + "\n" for row in rows)


def age(stamp: str, now: float) -> str:
    """How long ago a moment was, as in a table."""
    seconds = max(0, int(now - moment_of(stamp)))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if hours < 3:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    return f"{days}d"


def _made(item: Object, now: float) -> str:
    return age(item["metadata"]["creationTimestamp"], now)


def _desired(item: Object, now: float) -> str:
    return f"{item['spec']['replicas']}{' (during test)' if item['spec'].get('test') else ''}"


def _triggers(item: Object, now: float) -> str:
    found = []
    for trigger in item["spec"].get("triggers") or ():
        if trigger["type"] == "ConfigChange":
            found.append("config")
        elif trigger["type"] == "ImageChange":
            found.append(f"image({trigger['imageChangeParams']['from']['name']})")
    return ",".join(found)


def _statuses(pod: Object) -> list[Object]:
    return pod["status"].get("containerStatuses") or []


def _ready(pod: Object, now: float) -> str:
    return f"{sum(status['ready'] for status in _statuses(pod))}/{len(pod['spec']['containers'])}"


def _restarts(pod: Object, now: float) -> str:
    return str(sum(status["restartCount"] for status in _statuses(pod)))


def _reason(pod: Object, now: float) -> str:
    reason = pod["status"].get("reason") or pod["status"].get("phase", "Pending")
    for status in reversed(_statuses(pod)):
        waiting, ended = (status["state"].get(key, {}).get("reason") for key in ("waiting", "terminated"))
        reason = waiting or ended or reason
    return "Terminating" if pod["metadata"].get("deletionTimestamp") else str(reason)


def _role(item: Object, now: float) -> str:
    return f"{item['roleRef'].get('kind', 'ClusterRole')}/{item['roleRef']['name']}"


def _repository(item: Object, now: float) -> str:
    return str(item.get("status", {}).get("dockerImageRepository", ""))


def _tags(item: Object, now: float) -> str:
    return ",".join(tag["tag"] for tag in item.get("status", {}).get("tags") or ())


def _updated(item: Object, now: float) -> str:
    tags = item.get("status", {}).get("tags") or ()
    moments = [entry["created"] for tag in tags for entry in tag.get("items") or ()]
    if not moments:
        return ""
    seconds = int(age(max(moments), now).rstrip("smhd").partition("m")[0].partition("h")[0] or 0)
    return f"{seconds} seconds ago"


def _about(event: Object, now: float) -> str:
    return f"{event['involvedObject']['kind'].lower()}/{event['involvedObject']['name']}"


def _used(quota: Object, limits: bool) -> str:
    hard, used = (quota.get("status", {}).get(key, {}) for key in ("hard", "used"))
    keys = [key for key in sorted(hard) if key.startswith("limits.") == limits]
    return ", ".join(f"{key}: {used.get(key, '0')}/{hard[key]}" for key in keys)


def _count(key: str) -> Callable[[Object, float], str]:
    return lambda item, now: str(len(item.get(key) or ()))


def _cell(item: Object, now: float, source: str | Callable[[Object, float], str]) -> str:
    """The text of an object in a column: the value at a path, 0 if it is missing, or a function's."""
    if not isinstance(source, str):
        return source(item, now)
    *parents, last = source.split(".")
    for key in parents:
        item = item.get(key, {})
    return str(item.get(last, 0))


NAME = ("NAME", "metadata.name")
AGE = ("AGE", _made)
ACTIVE = ("STATUS", lambda item, now: "Active")
CREATED = ("CREATED AT", "metadata.creationTimestamp")
# The columns of each type after its name, each with the path of its value, or the function for it.
TABLES: dict[str, tuple[tuple[str, str | Callable[[Object, float], str]], ...]] = {
    "deploymentconfigs": (
        ("REVISION", "status.latestVersion"), ("DESIRED", _desired), ("CURRENT", "status.updatedReplicas"), ("TRIGGERED BY", _triggers),
    ),
    "pods": (("READY", _ready), ("STATUS", _reason), ("RESTARTS", _restarts), AGE),
    "replicationcontrollers": (
        ("DESIRED", "spec.replicas"), ("CURRENT", "status.replicas"), ("READY", "status.readyReplicas"), AGE,
    ),
    "serviceaccounts": (("SECRETS", _count("secrets")), AGE),
    "secrets": (("TYPE", "type"), ("DATA", _count("data")), AGE),
    "configmaps": (("DATA", _count("data")), AGE),
    "rolebindings": (("ROLE", _role), AGE),
    "clusterrolebindings": (("ROLE", _role), AGE),
    "imagestreams": (("IMAGE REPOSITORY", _repository), ("TAGS", _tags), ("UPDATED", _updated)),
    "projects": (("DISPLAY NAME", lambda item, now: ""), ACTIVE),
    "namespaces": (ACTIVE, AGE),
    "roles": (CREATED,),
    "clusterroles": (CREATED,),
    "limitranges": (CREATED,),
    "resourcequotas": (("REQUEST", lambda item, now: _used(item, False)), ("LIMIT", lambda item, now: _used(item, True)), AGE),
    "events": (
        ("LAST SEEN", lambda item, now: age(item["lastTimestamp"], now)), ("TYPE", "type"), ("REASON", "reason"), ("OBJECT", _about), ("MESSAGE", "message"),
    ),
}  # fmt: skip
# The types of which Kubernetes 1.11 prints the age alone (`ages`, "tables of 1.11").
OLD_AGE_ALONE = ("rolebindings", "clusterrolebindings", "roles", "clusterroles")


def table(resource: Resource, items: Sequence[Object], now: float, prefix: bool, heads: bool = True) -> str:
    """The objects of one type as a table; `prefix` adds the type, as in an answer with several types."""
    old = has("tables of 1.11")
    shown_columns = (AGE,) if old and resource.plural in OLD_AGE_ALONE else TABLES.get(resource.plural, (AGE,))
    if resource.plural != "events":
        shown_columns = (NAME, *shown_columns)
    rows = [[head for head, _ in shown_columns]] if heads else []
    if old and heads and resource.plural == "imagestreams":
        rows = [["DOCKER REPO" if head == "IMAGE REPOSITORY" else head for head in rows[0]]]
    for item in items:
        cells = [_cell(item, now, source) for _, source in shown_columns]
        if prefix and resource.plural != "events":
            cells[0] = f"{resource.singular}/{cells[0]}"
        rows.append(cells)
    return columns(rows)


def shown(item: Object) -> Object:
    """An object without the fields that `oc` leaves out."""
    meta = {key: value for key, value in item["metadata"].items() if key != "managedFields"}
    return {**item, "metadata": meta}


def print_list(session: Session, items: Sequence[Object], form: str) -> None:
    """Several objects as a document."""
    document = {
        "apiVersion": "v1",
        "items": [shown(item) for item in items],
        "kind": "List",
        "metadata": {"resourceVersion": ""},
    }
    print_object(session, document, form)


def print_object(session: Session, item: Object, form: str) -> None:
    """One object in a form other than a table. Raises CommandError for an unknown form."""
    if "metadata" in item and item.get("kind") != "List":
        item = shown(item)
    kind, _, argument = form.partition("=")
    if kind == "json":
        session.print(to_json(item))
    elif kind == "yaml":
        session.out.write(to_yaml(item))
    elif kind == "name":
        for each in item["items"] if item.get("kind") == "List" else [item]:
            session.print(f"{BY_KIND[each['kind']].singular}/{each['metadata']['name']}")
    elif kind in ("jsonpath", "jsonpath-as-json"):
        from .jsonpath import render

        session.out.write(render(argument or str(session.values.get("template", "")), item))
    elif kind in ("go-template", "go-template-file", "template"):
        raise failure("the rehearsal oc has no go-templates: use jsonpath or custom-columns")
    elif kind == "jsonpath-file":
        with open(argument, encoding="utf-8") as file:
            print_object(session, item, f"jsonpath={file.read()}")
    elif kind == "custom-columns":
        _custom(session, item, argument)
    else:
        known = (
            "custom-columns, go-template, go-template-file, json, jsonpath, jsonpath-file, name, template, wide, yaml"
        )
        raise failure(
            f'unable to match a printer suitable for the output format "{kind}", allowed formats are: {known}'
        )


def _custom(session: Session, item: Object, argument: str) -> None:
    import re

    from .jsonpath import values

    heads, paths = zip(*(part.split(":", 1) for part in re.split(r",(?=[^,:]+:)", argument)))
    rows = [] if session.values.get("no-headers") else [list(heads)]
    for each in item["items"] if item.get("kind") == "List" else [item]:
        rows.append([",".join(str(value) for value in values(path, each)) or "<none>" for path in paths])
    session.out.write(columns(rows))
