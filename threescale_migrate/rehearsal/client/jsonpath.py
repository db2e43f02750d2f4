"""The part of kubectl's jsonpath that runbooks use: fields, indices, `[*]`, filters, `range`, text."""

from __future__ import annotations

import json
import re

from ..typed import Any
from .errors import failure

_STEP = re.compile(
    r"""\.\.(?P<deep>(?:[^.\[\]{}\\]|\\.)+)|\.(?P<name>(?:[^.\[\]{}\\]|\\.)+)|\[\?\((?P<filter>[^\]]*?)\)\]|\[(?P<quoted>(?:'[^']*'|"[^"]*")(?:,\s*(?:'[^']*'|"[^"]*"))*)\]|\[(?P<index>-?\d+|\*|-?\d*:-?\d*)\]"""
)
_FILTER = re.compile(r"""@(?P<path>[^=!<>]*?)\s*(?P<sign>==|!=|<=|>=|<|>)\s*(?P<value>.+)""")


def render(template: str, item: Any) -> str:
    """A template filled from an object. Raises CommandError for an unsupported template."""
    if "{" not in template:
        template = "{" + template + "}"
    tokens = re.findall(r"\{[^{}]*\}|[^{}]+", template)
    text, rest = _render(tokens, item, item)
    if rest:
        raise failure(f"error parsing jsonpath {template}: unexpected {rest[0]}")
    return text


def _render(tokens: list[str], item: Any, root: Any) -> tuple[str, list[str]]:
    out = ""
    while tokens:
        token, tokens = tokens[0], tokens[1:]
        if not token.startswith("{"):
            out += token
            continue
        body = token[1:-1].strip()
        if body == "end":
            return out, ["{end}", *tokens]
        if body.startswith("range"):
            inner, after = tokens, tokens
            found = values(body[5:].strip(), item, root)
            for value in found or [None]:
                text, after = _render(list(inner), value, root)
                out += text if found else ""
            tokens = after[1:] if after[:1] == ["{end}"] else after
        elif body[:1] in "\"'":
            out += json.loads('"' + body[1:-1].replace('"', '\\"') + '"')
        else:
            out += " ".join(_text(value) for value in values(body, item, root))
    return out, []


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def values(path: str, item: Any, root: Any = None) -> list[Any]:
    """The values at a path of an object, none if it leads nowhere."""
    path = path.strip()
    if path.startswith("$"):
        item, path = root if root is not None else item, path[1:]
    if path.startswith("@"):
        path = path[1:]
    if path and path[0] not in ".[":
        path = "." + path
    found, at = [item], 0
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            if path[at:] == ".":
                break
            raise failure(f"error parsing jsonpath {path}: unrecognized character at {at}")
        found = [result for value in found for result in _go(value, match)]
        at = match.end()
    return found


def _go(value: Any, match: re.Match[str]) -> list[Any]:
    name, deep, condition, quoted, index = match.group("name", "deep", "filter", "quoted", "index")
    if deep is not None:
        return _everywhere(value, deep.replace("\\.", "."))
    if quoted is not None:
        keys = [text[1:-1] for text in re.findall(r"'[^']*'|\"[^\"]*\"", quoted)]
        return [value[key] for key in keys if isinstance(value, dict) and key in value]
    if name is not None:
        key = name.replace("\\.", ".")
        if key == "*":
            return list(value.values()) if isinstance(value, dict) else list(value or ())
        return [value[key]] if isinstance(value, dict) and key in value else []
    if condition is not None:
        return [element for element in value or () if _holds(condition, element)]
    if not isinstance(value, list):
        return []
    if index == "*":
        return list(value)
    if ":" in index:
        begin, _, end = index.partition(":")
        return value[int(begin) if begin else None : int(end) if end else None]
    return [value[int(index)]] if -len(value) <= int(index) < len(value) else []


def _everywhere(value: Any, key: str) -> list[Any]:
    """The values of a key at any depth, the outer ones first."""
    if isinstance(value, list):
        return [found for element in value for found in _everywhere(element, key)]
    if not isinstance(value, dict):
        return []
    own = [value[key]] if key in value else []
    return own + [found for name in sorted(value) for found in _everywhere(value[name], key)]


def _holds(condition: str, element: Any) -> bool:
    match = _FILTER.fullmatch(condition.strip())
    if match is None:
        return bool(values(condition.strip(), element))
    wanted = match["value"].strip()
    wanted_text = wanted[1:-1] if wanted[:1] in "\"'" else wanted
    found = values(match["path"], element)
    if match["sign"] in ("==", "!="):
        return (wanted_text in map(_text, found)) == (match["sign"] == "==")
    if not found or not isinstance(found[0], (int, float)):
        return False
    number = float(wanted_text)
    return {
        "<": found[0] < number, "<=": found[0] <= number, ">": found[0] > number, ">=": found[0] >= number,
    }[match["sign"]]  # fmt: skip
