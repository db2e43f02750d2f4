"""JSON by the accelerators of the standard library's `json`, without `json` itself.

`json` loads `re`, and that takes longer than most calls of the rehearsal's `oc`. On an interpreter without accelerators,
`json` does the work, with the same results.
"""

from __future__ import annotations

from .typed import Any

try:
    from _json import encode_basestring as quoted
    from _json import encode_basestring_ascii, make_encoder, make_scanner
except ImportError:
    import json
    from json.encoder import encode_basestring as quoted

    def loads(text: str) -> Any:
        """The value of a JSON text. Raises ValueError."""
        return json.loads(text)

    def dumps(value: Any) -> str:
        """A value on one line, in ASCII."""
        return json.dumps(value, separators=(",", ":"))

else:

    class _Rules:
        """What the scanner reads from its decoder."""

        strict = True
        object_hook = None
        object_pairs_hook = None
        parse_float = float
        parse_int = int
        parse_constant = float

    def _refuse(value: object) -> None:
        raise TypeError(f"{type(value).__name__} is not JSON")

    def loads(text: str) -> Any:
        """The value of a JSON text. Raises ValueError."""
        begin = len(text) - len(text.lstrip(" \t\r\n"))
        try:
            scan: Any = make_scanner
            value, end = scan(_Rules())(text, begin)
        except StopIteration:
            raise ValueError("there is no JSON value") from None
        if text[end:].strip(" \t\r\n"):
            raise ValueError("there is more than one JSON value")
        return value

    def dumps(value: Any) -> str:
        """A value on one line, in ASCII."""
        encode = make_encoder(None, _refuse, encode_basestring_ascii, None, ":", ",", False, False, True)
        return "".join(encode(value, 0))


WORDS = {None: "null", True: "true", False: "false"}


def pretty(value: Any, step: str = "    ", sort: bool = True, line: str = "\n") -> str:
    """A value with an indentation of `step`, as `json.dumps` writes it with `indent`, in half the time."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict):
        if not value:
            return "{}"
        inner = line + step
        members = [
            f"{quoted(key)}: {quoted(part) if part.__class__ is str else pretty(part, step, sort, inner)}"
            for key, part in (sorted(value.items()) if sort else value.items())
        ]
        return "{" + inner + ("," + inner).join(members) + line + "}"
    if isinstance(value, list):
        if not value:
            return "[]"
        inner = line + step
        return "[" + inner + ("," + inner).join([pretty(part, step, sort, inner) for part in value]) + line + "]"
    return WORDS[value] if value is None or isinstance(value, bool) else repr(value)
