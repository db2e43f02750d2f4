"""How objects are printed: tables, JSON, YAML, names, jsonpath, custom columns."""

from __future__ import annotations

from ..ages import has
from ..resources import BY_KIND, Resource
from ..store import Object, moment_of
from ..typed import Any, Callable, Sequence
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


def _config(item: Object, now: float) -> list[str]:
    triggers = []
    for trigger in item["spec"].get("triggers") or ():
        if trigger["type"] == "ConfigChange":
            triggers.append("config")
        elif trigger["type"] == "ImageChange":
            triggers.append(f"image({trigger['imageChangeParams']['from']['name']})")
    status = item.get("status", {})
    return [
        str(status.get("latestVersion", 0)),
        str(item["spec"]["replicas"]),
        str(status.get("updatedReplicas", 0)),
        ",".join(triggers),
    ]


def _pod(item: Object, now: float) -> list[str]:
    statuses = item["status"].get("containerStatuses") or []
    total = len(item["spec"]["containers"])
    ready = sum(status["ready"] for status in statuses)
    reason = item["status"].get("phase", "Pending")
    if item["status"].get("reason"):
        reason = item["status"]["reason"]
    for status in reversed(statuses):
        state = status["state"]
        if state.get("waiting", {}).get("reason"):
            reason = state["waiting"]["reason"]
        elif state.get("terminated", {}).get("reason"):
            reason = state["terminated"]["reason"]
    if item["metadata"].get("deletionTimestamp"):
        reason = "Terminating"
    restarts = sum(status["restartCount"] for status in statuses)
    return [f"{ready}/{total}", reason, str(restarts), _made(item, now)]


def _controller(item: Object, now: float) -> list[str]:
    status = item["status"]
    return [
        str(item["spec"].get("replicas", 0)),
        str(status.get("replicas", 0)),
        str(status.get("readyReplicas", 0)),
        _made(item, now),
    ]


def _binding(item: Object, now: float) -> list[str]:
    return [f"{item['roleRef'].get('kind', 'ClusterRole')}/{item['roleRef']['name']}", _made(item, now)]


def _stream(item: Object, now: float) -> list[str]:
    status = item.get("status", {})
    tags = [tag["tag"] for tag in status.get("tags") or ()]
    return [status.get("dockerImageRepository", ""), ",".join(tags), _updated(status, now)]


def _updated(status: dict[str, Any], now: float) -> str:
    moments = [entry["created"] for tag in status.get("tags") or () for entry in tag.get("items") or ()]
    if not moments:
        return ""
    seconds = int(age(max(moments), now).rstrip("smhd").partition("m")[0].partition("h")[0] or 0)
    return f"{seconds} seconds ago"


def _event(item: Object, now: float) -> list[str]:
    about = item["involvedObject"]
    return [item["type"], item["reason"], f"{about['kind'].lower()}/{about['name']}", item["message"]]


def _quota(item: Object, now: float) -> list[str]:
    status = item.get("status", {})
    shown: dict[bool, list[str]] = {True: [], False: []}
    for key in sorted(status.get("hard", {})):
        shown[key.startswith("limits.")].append(f"{key}: {status['used'].get(key, '0')}/{status['hard'][key]}")
    return [", ".join(shown[False]), ", ".join(shown[True]), _made(item, now)]


TABLES: dict[str, tuple[tuple[str, ...], Callable[[Object, float], list[str]]]] = {
    "deploymentconfigs": (("REVISION", "DESIRED", "CURRENT", "TRIGGERED BY"), _config),
    "pods": (("READY", "STATUS", "RESTARTS", "AGE"), _pod),
    "replicationcontrollers": (("DESIRED", "CURRENT", "READY", "AGE"), _controller),
    "serviceaccounts": (("SECRETS", "AGE"), lambda item, now: [str(len(item.get("secrets") or ())), _made(item, now)]),
    "secrets": (("TYPE", "DATA", "AGE"), lambda item, now: [item["type"], str(len(item.get("data") or ())), _made(item, now)]),
    "configmaps": (("DATA", "AGE"), lambda item, now: [str(len(item.get("data") or ())), _made(item, now)]),
    "rolebindings": (("ROLE", "AGE"), _binding),
    "clusterrolebindings": (("ROLE", "AGE"), _binding),
    "imagestreams": (("IMAGE REPOSITORY", "TAGS", "UPDATED"), _stream),
    "projects": (("DISPLAY NAME", "STATUS"), lambda item, now: ["", "Active"]),
    "namespaces": (("STATUS", "AGE"), lambda item, now: ["Active", _made(item, now)]),
    "roles": (("CREATED AT",), lambda item, now: [item["metadata"]["creationTimestamp"]]),
    "resourcequotas": (("REQUEST", "LIMIT", "AGE"), _quota),
    "limitranges": (("CREATED AT",), lambda item, now: [item["metadata"]["creationTimestamp"]]),
    "clusterroles": (("CREATED AT",), lambda item, now: [item["metadata"]["creationTimestamp"]]),
}  # fmt: skip
# What Kubernetes 1.11 prints differently (`ages`, "tables of 1.11").
OLD_HEADS = {"imagestreams": ("DOCKER REPO", "TAGS", "UPDATED")}
OLD_AGE_ALONE = ("rolebindings", "clusterrolebindings", "roles", "clusterroles")


def _columns_of(plural: str) -> tuple[tuple[str, ...], Callable[[Object, float], list[str]]]:
    """The column headers of a type's table, and the function for its rows."""
    age_alone: tuple[tuple[str, ...], Callable[[Object, float], list[str]]] = (
        ("AGE",),
        lambda item, now: [_made(item, now)],
    )
    names, cells = TABLES.get(plural, age_alone)
    if has("tables of 1.11"):
        return age_alone if plural in OLD_AGE_ALONE else (OLD_HEADS.get(plural, names), cells)
    return names, cells


def table(resource: Resource, items: Sequence[Object], now: float, prefix: bool, heads: bool = True) -> str:
    """The objects of one type as a table; `prefix` adds the type, as in an answer with several types."""
    if resource.plural == "events":
        rows = [["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]] if heads else []
        rows += [[age(item["lastTimestamp"], now), *_event(item, now)] for item in items]
        return columns(rows)
    names, cells = _columns_of(resource.plural)
    rows = [["NAME", *names]] if heads else []
    for item in items:
        name = f"{resource.singular}/{item['metadata']['name']}" if prefix else item["metadata"]["name"]
        rows.append([name, *cells(item, now)])
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
