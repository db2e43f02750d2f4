"""`oc apply`: what was applied is kept in an annotation."""

from __future__ import annotations

from ..quickjson import dumps, loads
from ..refusing import ApiError
from ..resources import Resource
from ..server import Api
from ..store import Object
from ..typed import Any
from .errors import error_text
from .files import done, read, space_of, type_of
from .session import Session

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def apply(session: Session) -> None:
    """Creates objects or merges into existing ones; what was applied is kept in an annotation (`secrets-and-accounts`)."""
    for name, item in read(session):
        resource = type_of(item, name)
        space = space_of(session, item)
        with session.api() as api:
            try:
                made, verb = _apply_one(session, api, resource, space, item)
            except ApiError as error:
                session.complain(error_text(error, f'error when applying patch to "{name}"'))
                continue
        session.warn(resource.plural)
        done(session, resource, made, verb)


def _apply_one(session: Session, api: Api, resource: Resource, space: str, item: Object) -> tuple[Object, str]:
    name, dry = item["metadata"]["name"], session.dry
    known = api.store.get(resource.plural, space if resource.namespaced else None, name)
    wanted = applied(resource, space, item)
    if known is None:
        return api.create(resource, space, wanted, dry), "created"
    if LAST_APPLIED not in known["metadata"].get("annotations", {}):
        session.err.write(
            f"Warning: resource {resource.plural}/{name} is missing the {LAST_APPLIED} annotation which is required by oc apply."
            " oc apply should only be used on resources created declaratively by either oc create --save-config or oc apply."
            " The missing annotation will be patched automatically.\n"
        )
    made, changed = api.patch(resource, space, name, "strategic", merged(known, wanted), dry)
    return made, "configured" if changed else "unchanged"


def applied(resource: Resource, space: str, item: Object) -> Object:
    """An object with the annotation that says what was applied."""
    meta = {**item["metadata"], "annotations": {**(item["metadata"].get("annotations") or {})}}
    if resource.namespaced:
        meta["namespace"] = space
    meta["annotations"].pop(LAST_APPLIED, None)
    said = {**item, "metadata": meta}
    annotations = {**meta["annotations"], LAST_APPLIED: dumps(_sorted(said)) + "\n"}
    return {**said, "metadata": {**meta, "annotations": annotations}}


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(part) for part in value] if isinstance(value, list) else value


def merged(known: Object, wanted: Object) -> Object:
    """The patch that makes an object what is applied; fields that were applied before and no longer are get removed."""
    before = known["metadata"].get("annotations", {}).get(LAST_APPLIED)
    patch: Object = _without(loads(before), wanted) if before else dict(wanted)
    return patch


def _without(before: Any, wanted: Any) -> Any:
    if not isinstance(before, dict) or not isinstance(wanted, dict):
        return wanted
    gone = {key: None for key in before if key not in wanted}
    return {**gone, **{key: _without(before.get(key), value) for key, value in wanted.items()}}
