"""`oc get`, `describe` and `logs`."""

from __future__ import annotations

from ..quickjson import dumps
from ..refusing import ApiError
from ..resources import RESOURCES, Resource, version_of
from ..rights import covers_url
from ..server import Api
from ..store import Object
from ..typed import Any
from . import output
from .errors import CommandError, Unauthenticated, error_text, failure, type_named, usage_hint
from .session import Session

TABULAR = ("", "wide")
# From kubernetes apimachinery/pkg/apis/meta/v1/types.go (APIResourceList); what the client prints and refuses is from kubectl's
# vendored rawhttp/raw.go and cmd/get/get.go.
VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
# Every server has them, but this one stores none; without them a 3.11 server would have no batch/v1.
JOBS = ("jobs", "job", True, "Job")


def targets(session: Session, command: str) -> tuple[list[tuple[Resource, list[str]]], bool]:
    """The requested types with their names (none: all), and whether names were given. Raises CommandError."""
    words = session.words
    if not words:
        raise usage_hint("Required resource not specified.", command)
    if any("/" in word for word in words):
        return [(type_named(word.partition("/")[0]), [word.partition("/")[2]]) for word in words], True
    types = [type_named(name) for name in words[0].split(",") if name]
    return [(resource, words[1:]) for resource in types], bool(words[1:])


def get(session: Session) -> None:
    """Prints what is there; what is not, or may not be seen, gets a line on stderr (fact 9, fact 16)."""
    if session.values.get("raw"):
        _raw(session)
        return
    wanted, single = targets(session, "oc get")
    form = str(session.values.get("output") or "")
    everywhere = bool(session.values.get("all-namespaces"))
    namespace = None if everywhere else session.namespace
    errors: list[ApiError] = []
    try:
        with session.api() as api:
            found = [(resource, _fetch(session, api, resource, names, namespace, errors)) for resource, names in wanted]
            now = api.store.now()
    except Unauthenticated:
        if form not in TABULAR and not single:
            output.print_list(session, [], form)
        raise
    for resource, items in found:
        if items or all(error.status == 404 for error in errors):
            session.warn(resource.plural)
    items = [item for _, listed in found for item in listed]
    if form not in TABULAR and single and len(session.words) - ("/" not in session.words[0]) == 1:
        if items:
            output.print_object(session, items[0], form)
    elif form not in TABULAR:
        output.print_list(session, items, form)
    elif items:
        heads, several = not session.values.get("no-headers"), len(found) > 1
        tables = [output.table(resource, listed, now, several, heads) for resource, listed in found if listed]
        session.out.write("\n".join(tables))
    elif not errors:
        where = "" if everywhere or not wanted[0][0].namespaced else f" in {session.namespace} namespace"
        session.err.write(f"No resources found{where}.\n" if where else "No resources found\n")
    for error in errors:
        session.complain(error_text(error))


def _fetch(
    session: Session, api: Api, resource: Resource, names: list[str], namespace: str | None, errors: list[ApiError]
) -> list[Object]:
    """The objects of a type, or those with the names; what the server refuses is added to the errors."""
    items = []
    try:
        if not names:
            return [item for item in api.items(resource, namespace) if _selected(session, item)]
    except ApiError as error:
        errors.append(error)
    for name in names:
        try:
            items.append(api.get(resource, namespace, name))
        except ApiError as error:
            if not (error.status == 404 and session.values.get("ignore-not-found")):
                errors.append(error)
    return items


def _selected(session: Session, item: Object) -> bool:
    labels = item["metadata"].get("labels", {})
    selector = session.values.get("selector")
    if selector and not all(_label(labels, part) for part in str(selector).split(",")):
        return False
    fields = session.values.get("field-selector")
    return not fields or all(_field(item, part) for part in str(fields).split(","))


def _label(labels: dict[str, str], part: str) -> bool:
    if "!=" in part:
        name, _, value = part.partition("!=")
        return labels.get(name) != value
    name, equals, value = part.replace("==", "=").partition("=")
    return labels.get(name) == value if equals else name in labels


def _field(item: Object, part: str) -> bool:
    name, _, value = part.replace("==", "=").partition("=")
    negative = name.endswith("!")
    place: Any = item
    for key in name.rstrip("!").split("."):
        place = place.get(key, "") if isinstance(place, dict) else ""
    return (str(place) == value) != negative


def _raw(session: Session) -> None:
    """`oc get --raw /apis/GROUP/VERSION`: prints the types of a version; other paths are not known. Raises ApiError, CommandError."""
    path = str(session.values["raw"])
    if session.words:
        raise failure("arguments may not be passed when --raw is specified")
    if session.values.get("selector") or session.values.get("watch"):
        raise failure("--raw may not be specified with other flags that filter the server request or alter the output")
    if session.values.get("output"):
        raise failure("--raw and --output are mutually exclusive")
    wanted = path[len("/apis/") :]
    if not path.startswith("/apis/") or wanted.count("/") != 1:
        raise failure(f"the rehearsal oc does not know get --raw {path}")
    with session.api() as api:
        if not any(covers_url(rule, "get", path) for rule in api.rules(None)):
            raise ApiError(403, "Forbidden", f'forbidden: User "{api.user}" cannot get path "{path}"')
    types = [JOBS] if wanted == "batch/v1" else []
    types += [
        (resource.plural, resource.kind.lower(), resource.namespaced, resource.kind)
        for resource in RESOURCES.values()
        if version_of(resource) == wanted
    ]
    if not types:
        raise ApiError(404, "NotFound", "the server could not find the requested resource")
    listed = [
        {"name": plural, "singularName": singular, "namespaced": namespaced, "kind": kind, "verbs": VERBS}
        for plural, singular, namespaced, kind in types
    ]
    session.print(dumps({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": wanted, "resources": listed}))


def describe(session: Session) -> None:
    """What a person looks for first in an object: its state and its events."""
    wanted, _ = targets(session, "oc describe")
    with session.api() as api:
        now = api.store.now()
        for resource, names in wanted:
            for name in names or [item["metadata"]["name"] for item in api.items(resource, session.namespace)]:
                item = api.get(resource, session.namespace, name)
                session.warn(resource.plural)
                events = [
                    event
                    for event in api.store.all("events", session.namespace)
                    if event["involvedObject"]["name"] == name
                ]
                rows = [["Name:", name], ["Namespace:", session.namespace]]
                rows += [
                    [f"{condition['type']}:", condition["status"]]
                    for condition in item.get("status", {}).get("conditions", ())
                ]
                session.out.write(output.columns(rows))
                session.print("Events:" if events else "Events:\t<none>")
                for event in events:
                    seen = output.age(event["lastTimestamp"], now)
                    session.print(
                        f"  {event['type']}  {event['reason']}  {seen} (x{event['count']})  {event['message']}"
                    )


def logs(session: Session) -> None:
    """The log of a pod, or of a config's newest one."""
    if not session.words:
        raise CommandError(
            "error: expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command\nSee 'oc logs -h' for help and examples"
        )
    name = session.words[0]
    with session.api() as api:
        if name.startswith(("pod/", "pods/")):
            name = name.partition("/")[2]
        elif "/" in name:
            raise failure("the rehearsal oc has only logs of pods")
        text = api.log(session.namespace, name)
    tail = str(session.values.get("tail") or "")
    lines = text.splitlines()
    if tail.isdigit():
        lines = lines[-int(tail) :]
    for line in lines:
        session.print(line)
