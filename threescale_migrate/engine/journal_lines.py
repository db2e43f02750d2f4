"""What the lines of a journal have to be, so that all that reads them can rely on it. A file is data: anything can be in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ..check_json import check_of
from ..guide.kept_data import STATES, DataKept
from ..values import Text

MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"
Is = Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _amount(value: Any) -> bool:
    return _number(value) or isinstance(value, float)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(map(_object, value))


def _by_name(value: Any) -> bool:
    return _object(value) and all(map(_object, value.values()))


def _checks(value: Any) -> bool:
    return _objects(value) and all(_is_check(part) for part in value)


def _is_check(part: Mapping[str, Any]) -> bool:
    try:
        check_of(part)
    except (KeyError, TypeError, ValueError, AttributeError, StopIteration):
        return False
    return True


def _or_none(is_it: Is) -> Is:
    return lambda value: value is None or is_it(value)


def _is_kept(value: Any) -> bool:
    try:
        DataKept.revived(value)
    except (TypeError, ValueError, AttributeError):
        return False
    return True


# By the event, what its fields are where they are there; those that have to be are in NEEDED.
FIELDS: Mapping[str, Mapping[str, Is]] = {
    "start": {
        "run": _text, "sequence": _number, "command": _text, "server": _text, "project": _text, "user": _text, "uid": _or_none(_text),
        "only": _texts, "undoes": _texts, "given": _texts, "arguments": _texts, "command_line": _texts, "state": _object,
        "versions": _or_none(_object), "warnings": _objects, "pid": _number, "step": _or_none(_text), "rehearsal": _or_none(lambda value: isinstance(value, bool)),
    },
    "plan": {"costs": _objects, "actions": _objects},
    "begin": {"action": _number, "argv": _texts, "change": _object, "step": _text, "subject": _text},
    "end": {"action": _number, "outcome": _text, "said": _text, "seconds": _or_none(_amount)},
    "wave": {"name": _text, "number": _number, "total": _number, "configs": _texts},
    "rollouts": {"configs": _by_name},
    "failed": {"configs": _objects},
    "verified": {"checks": _checks},
    "proof": {"configs": _by_name},
    "data": {"state": lambda value: value in STATES, "change": _is_kept, "pod_uid": _text, "said": _text},
    "undone": {"whole": lambda value: isinstance(value, bool)},
    "finish": {"outcome": _text, "exit_code": _number, "said": _text, "sentence": _object},
}  # fmt: skip
NEEDED: Mapping[str, tuple[str, ...]] = {
    "start": ("run", "command", "server", "project", "user"),
    "begin": ("action", "argv", "change"),
    "end": ("action", "outcome"),
    "data": ("state", "change"),
    "wave": ("name", "number", "total", "configs"),
    "finish": ("outcome", "exit_code"),
}


def fits(line: Mapping[str, Any]) -> bool:
    """Whether a line of a journal is one that this program can have written."""
    event, fields = line.get("event"), FIELDS.get(str(line.get("event")), {})
    return (
        isinstance(event, str)
        and _is_moment(line.get("at"))
        and all(name in line for name in NEEDED.get(event, ()))
        and all(is_it(line[name]) for name, is_it in fields.items() if name in line)
        and _shown(line)
    )


def _is_moment(value: Any) -> bool:
    try:
        datetime.strptime(value, MOMENT)
    except (TypeError, ValueError):
        return False
    return True


def _shown(value: Any) -> bool:
    """Whether all sentences in it can be shown: each has what its template names."""
    if isinstance(value, dict):
        if isinstance(value.get("template"), str):
            try:
                str(Text.revived(value))
            except (KeyError, IndexError, ValueError, AttributeError, TypeError):
                return False
        return all(map(_shown, value.values()))
    return all(map(_shown, value)) if isinstance(value, list) else True
