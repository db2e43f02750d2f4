"""The part of Go's text/template that shell scripts use with `-o go-template=`: fields, range, if, with, variables, functions."""

from __future__ import annotations

import re

from ..quickjson import dumps
from .errors import CommandError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    # A piece of a template: its kind, its words, and the pieces in it up to `else` and after.
    Node = tuple[str, str, list[Any], list[Any]]

ACTION = re.compile(r"\{\{(-\s)?(.*?)(\s-)?\}\}", re.S)
WORD = re.compile(r'"(?:\\.|[^"\\])*"|`[^`]*`|\(|\)|[^\s()]+')
BLOCKS = ("range", "if", "with")


def render(template: str, item: Any) -> str:
    """A template filled from an object. Raises CommandError for what is not understood."""
    pieces = _pieces(template)
    nodes, rest = _parse(pieces)
    if rest:
        raise _bad(template, f"unexpected {{{{{rest[0][1]}}}}}")
    return _run(nodes, item, {"$": item})


def _bad(template: str, why: str) -> CommandError:
    return CommandError(f"error: error parsing template {template}, template: output:1: {why}")


def _pieces(template: str) -> list[tuple[str, str]]:
    """Text and actions, with the white space trimmed that a `-` takes away."""
    found: list[tuple[str, str]] = []
    at, trim = 0, False
    for match in ACTION.finditer(template):
        text = template[at : match.start()]
        text = text.lstrip() if trim else text
        found.append(("text", text.rstrip() if match[1] else text))
        found.append(("action", match[2].strip()))
        at, trim = match.end(), bool(match[3])
    found.append(("text", template[at:].lstrip() if trim else template[at:]))
    return found


def _parse(pieces: list[tuple[str, str]]) -> tuple[list[Node], list[tuple[str, str]]]:
    nodes: list[Node] = []
    while pieces:
        kind, text = pieces[0]
        word, _, rest = text.partition(" ")
        if kind == "action" and word in ("end", "else"):
            return nodes, pieces
        pieces = pieces[1:]
        if kind == "text" or text.startswith("/*"):
            nodes.append(("text", text if kind == "text" else "", [], []))
        elif word in BLOCKS:
            inner, pieces = _parse(pieces)
            other: list[Node] = []
            if pieces and pieces[0][1].startswith("else if"):
                other, pieces = _parse([("action", pieces[0][1][5:]), *pieces[1:]])
                nodes.append((word, rest, inner, other))
                return _more(nodes, pieces)
            if pieces and pieces[0][1] == "else":
                other, pieces = _parse(pieces[1:])
            if not pieces:
                raise _bad(text, "unexpected EOF")
            nodes.append((word, rest, inner, other))
            pieces = pieces[1:]
        else:
            nodes.append(("value", text, [], []))
    return nodes, []


def _more(nodes: list[Node], pieces: list[tuple[str, str]]) -> tuple[list[Node], list[tuple[str, str]]]:
    after, rest = _parse(pieces)
    return [*nodes, *after], rest


def _run(nodes: list[Node], dot: Any, names: dict[str, Any]) -> str:
    out = ""
    for kind, text, inner, other in nodes:
        if kind == "text":
            out += text
        elif kind == "range":
            out += _range(text, inner, other, dot, names)
        elif kind in ("if", "with"):
            value = _assigned(text, dot, names)
            chosen = inner if _true(value) else other
            out += _run(chosen, value if kind == "with" and _true(value) else dot, dict(names))
        else:
            variable, equals, expression = text.partition(":=") if text.startswith("$") else ("", "", text)
            if not equals and text.startswith("$") and re.match(r"\$\w+\s*=[^=]", text):
                variable, equals, expression = text.partition("=")
            value = _pipeline(expression if equals else text, dot, names)
            if equals:
                names[variable.strip()] = value
            else:
                out += _shown(value)
    return out


def _assigned(text: str, dot: Any, names: dict[str, Any]) -> Any:
    variable, equals, expression = text.partition(":=")
    if not equals:
        return _pipeline(text, dot, names)
    names[variable.strip()] = value = _pipeline(expression, dot, names)
    return value


def _range(text: str, inner: list[Node], other: list[Node], dot: Any, names: dict[str, Any]) -> str:
    variables, equals, expression = text.partition(":=")
    value = _pipeline(expression if equals else text, dot, names)
    pairs = sorted(value.items()) if isinstance(value, dict) else list(enumerate(value or ()))
    if not pairs:
        return _run(other, dot, names)
    given = [name.strip() for name in variables.split(",")] if equals else []
    out = ""
    for key, element in pairs:
        scope = dict(names)
        scope.update(zip(given, (element,) if len(given) == 1 else (key, element)))
        out += _run(inner, element, scope)
    return out


def _pipeline(text: str, dot: Any, names: dict[str, Any]) -> Any:
    parts: list[list[str]] = []
    words: list[str] = []
    depth = 0
    for word in WORD.findall(text):
        depth += (word == "(") - (word == ")")
        if word == "|" and not depth:
            parts.append(words)
            words = []
        else:
            words.append(word)
    parts.append(words)
    value, first = None, True
    for words in parts:
        values = _values(words, dot, names)
        value = _call(words, values if first else [*values, value], dot)
        first = False
    return value


def _values(words: list[str], dot: Any, names: dict[str, Any]) -> list[Any]:
    """The operands of a command; a name of a function stays a word at its head."""
    values: list[Any] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "(":
            depth, inner = 1, []
            while depth:
                if not rest:
                    raise _bad(" ".join(words), "unclosed left paren")
                word = rest.pop(0)
                depth += (word == "(") - (word == ")")
                inner.append(word)
            value = _pipeline(" ".join(inner[:-1]), dot, names)
            if rest and rest[0].startswith("."):
                value = _field(value, rest.pop(0))
            values.append(value)
        elif word in FUNCTIONS and not values:
            values.append(word)
        else:
            values.append(_operand(word, dot, names))
    return values


def _operand(word: str, dot: Any, names: dict[str, Any]) -> Any:
    if word[0] == '"':
        from ..quickjson import loads

        return loads(word)
    if word[0] == "`":
        return word[1:-1]
    if word[0] == "$":
        name, dotted, path = word.partition(".")
        if name not in names:
            raise _bad(word, f'undefined variable "{name}"')
        return _field(names[name], dotted + path)
    if word[0] == ".":
        return _field(dot, word)
    if word in ("true", "false", "nil"):
        return {"true": True, "false": False, "nil": None}[word]
    if word.lstrip("-").isdigit():
        return int(word)
    raise _bad(word, f'function "{word}" not defined')


def _field(value: Any, path: str) -> Any:
    for name in filter(None, path.split(".")):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _call(words: list[str], values: list[Any], dot: Any) -> Any:
    if words and words[0] in FUNCTIONS:
        try:
            return FUNCTIONS[words[0]](*values[1:])
        except (TypeError, ValueError, IndexError, KeyError) as error:
            raise CommandError(f"error: error executing template: error calling {words[0]}: {error}") from None
    if len(values) != 1:
        raise _bad(" ".join(words), "can't give argument to non-function")
    return values[0]


def _true(value: Any) -> bool:
    return bool(value)


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        value = value[key] if isinstance(value, list) else (value or {}).get(key)
    return value


def _decoded(text: str) -> str:
    import binascii

    return binascii.a2b_base64(text).decode()


def _js(letter: str) -> str:
    """A character as Go's JSEscape writes it."""
    if letter in "\\'\"":
        return f"\\{letter}"
    return letter if letter.isprintable() and letter not in "<>&=" else f"\\u{ord(letter):04X}"


def _printf(form: str, *values: Any) -> str:
    rest = list(values)

    def fill(match: re.Match[str]) -> str:
        value = rest.pop(0)
        if match[2] == "q":
            return dumps(value)
        plain = _shown(value)
        width = int(match[1] or 0)
        return plain.ljust(-width) if width < 0 else plain.rjust(width)

    return re.sub(r"%(-?\d+)?([svdqtf])", fill, form).replace("%%", "%")


FUNCTIONS: dict[str, Any] = {
    "len": len,
    "not": lambda value: not value,
    "and": lambda *values: next((value for value in values if not _true(value)), values[-1]),
    "or": lambda *values: next((value for value in values if _true(value)), values[-1]),
    "eq": lambda one, *others: any(one == other for other in others),
    "ne": lambda one, other: one != other,
    "lt": lambda one, other: one < other,
    "le": lambda one, other: one <= other,
    "gt": lambda one, other: one > other,
    "ge": lambda one, other: one >= other,
    "index": _index,
    "print": lambda *values: " ".join(map(_shown, values)),
    "println": lambda *values: " ".join(map(_shown, values)) + "\n",
    "printf": _printf,
    "js": lambda *values: "".join(map(_js, " ".join(map(_shown, values)))),
    "base64decode": _decoded,
    "exists": lambda value, *keys: _index(value, *keys) is not None,
    "html": lambda value: _shown(value),
}


def _shown(value: Any) -> str:
    """A value as Go prints it."""
    if value is None:
        return "<no value>"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_shown(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(_shown, value)) + "]"
    return str(value)
