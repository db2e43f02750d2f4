"""Strategic, merge and JSON patches, as the API server applies them."""

from __future__ import annotations

from .refusing import REJECTED, ApiError
from .store import Object, copied
from .typed import Any, Callable

# The key by which the elements of a list are matched; other lists are replaced.
MERGE_KEYS = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
    "secrets": "name",
    "conditions": "type",
    "ownerReferences": "uid",
}


def patched(kind: str, target: Object, patch: Any) -> Object:
    """An object after a patch: `json`, `merge`, or else strategic. Raises ApiError if it cannot be applied."""
    if kind == "json":
        found: Object = json_patch(target, patch)
    else:
        found = (merge if kind == "merge" else strategic)(target, patch)
    return found


def strategic(target: Any, patch: Any, key: str = "") -> Any:
    """A strategic merge patch; null removes a key. An account's imagePullSecrets are replaced (fact 7)."""
    if isinstance(target, list) and isinstance(patch, list) and key in MERGE_KEYS:
        return _merge_lists(target, patch, MERGE_KEYS[key])
    if isinstance(patch, dict) and patch.get("$patch") == "replace":
        return {name: copied(value) for name, value in patch.items() if name != "$patch"}
    return _merged(target, patch, strategic)


def _merge_lists(target: list[Any], patch: list[Any], key: str) -> list[Any]:
    result: list[Any] = copied(target)
    for element in patch:
        position = next(
            (i for i, known in enumerate(result) if isinstance(element, dict) and known.get(key) == element.get(key)),
            None,
        )
        if isinstance(element, dict) and element.get("$patch") == "delete":
            if position is not None:
                result.pop(position)
        elif position is None:
            result.append(copied(element))
        else:
            result[position] = strategic(result[position], element)
    return result


def merge(target: Any, patch: Any, key: str = "") -> Any:
    """A JSON merge patch (RFC 7386)."""
    return _merged(target, patch, merge)


def _merged(target: Any, patch: Any, merge_one: Callable[[Any, Any, str], Any]) -> Any:
    if not isinstance(patch, dict):
        return copied(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_one(result.get(name), value, name)
    return result


def json_patch(target: Any, operations: Any) -> Any:
    """A JSON patch (RFC 6902): add, remove, replace, test. Raises ApiError."""
    result = copied(target)
    for operation in operations:
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        place = result
        try:
            for part in parents:
                place = place[int(part)] if isinstance(place, list) else place[part]
            _apply(place, last, operation)
        except (KeyError, IndexError, ValueError, TypeError):
            raise ApiError(422, "", REJECTED) from None
    return result


def _apply(place: Any, last: str, operation: dict[str, Any]) -> None:
    kind = operation["op"]
    spot: Any = last
    if isinstance(place, list):
        spot = len(place) if last == "-" else int(last)
    if kind == "add" and isinstance(place, list):
        place.insert(spot, operation["value"])
    elif kind == "add":
        place[spot] = operation["value"]
    elif kind == "remove":
        del place[spot]
    elif kind == "replace":
        place[spot]  # raises KeyError if it is missing
        place[spot] = operation["value"]
    elif kind == "test":
        if place[spot] != operation["value"]:
            raise ValueError("test failed")
    else:
        raise ValueError(kind)
