"""The server's refusals, in its own words (`errors`)."""

from __future__ import annotations

from .resources import Resource
from .typed import Any


class ApiError(Exception):
    """A refusal: HTTP status, reason and message."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message


def not_found(resource: Resource, name: str) -> ApiError:
    """The object does not exist."""
    return ApiError(404, "NotFound", f'{resource.full} "{name}" not found')


NOT_ALLOWED = ApiError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


# What the server says of a JSON patch that cannot be applied, without a word about which part (fact 38).
REJECTED = "the server rejected our request due to an error in our request"


def rule_text(rule: dict[str, Any]) -> str:
    """A missing rule, as the server writes it."""
    names = (("apiGroups", "APIGroups"), ("resources", "Resources"), ("resourceNames", "ResourceNames"))
    parts = [(name, rule[key]) for key, name in (*names, ("nonResourceURLs", "NonResourceURLs")) if rule.get(key)]
    shown = ", ".join(
        f"{name}:[" + ", ".join(f'"{value}"' for value in values) + "]"
        for name, values in (*parts, ("Verbs", rule["verbs"]))
    )
    return "{" + shown + "}"


_NUMBERS = ("replicas", "timeoutSeconds")


_WORDS = ("serviceAccountName", "serviceAccount")


def check_types(patch: Any, whole: Any = None) -> None:
    """Refuses a value of the wrong type, as the decoder of the server does (`errors`)."""
    whole = patch if whole is None else whole
    if isinstance(patch, list):
        for value in patch:
            check_types(value, whole)
    elif isinstance(patch, dict):
        for key, value in patch.items():
            wrong = ""
            if key in _NUMBERS and isinstance(value, str):
                wrong = "unrecognized type: int32"
            elif key in _WORDS and value is not None and not isinstance(value, str):
                wrong = "cannot convert int64 to string"
            if wrong:
                raise ApiError(422, "", f'patch: Invalid value: "{_go_map(whole)}": {wrong}')
            check_types(value, whole)


def _go_map(value: Any) -> str:
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_go_map(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(_go_map, value)) + "]"
    return str(value)
