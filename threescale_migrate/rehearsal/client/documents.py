"""JSON and YAML as `oc` writes and reads them.

Go's encoders differ from Python's: `<`, `>` and `&` are escaped in JSON, and YAML quotes everything that an old parser could
take for a number, a date or a truth value. Every JSON and YAML answer in the recordings comes back byte for byte.
"""

from __future__ import annotations

from ..quickjson import pretty
from ..typed import Any
from .errors import failure

HTML = (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"), ("\u2028", "\\u2028"), ("\u2029", "\\u2029"))

NOT_PLAIN = r"""(?x)~?$|null$|Null$|NULL$
    |(?:y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF|true|True|TRUE|false|False|FALSE)$
    |[-+]?\.(?:inf|Inf|INF)$|\.(?:nan|NaN|NAN)$
    |[-+]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|[0-9][0-9_]*)$
    |[-+]?(?:\.[0-9_]+|[0-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$
    |[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$
    |[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|\ )[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]*)?(?:Z|[-+][0-9:]+)?)?$
    """


def to_json(value: Any, indent: int = 4, sort: bool = True) -> str:
    """JSON with the indentation and the escapes of `oc get -o json`."""
    text = pretty(value, " " * indent, sort)
    for character, escaped in HTML:
        text = text.replace(character, escaped)
    return text


def _dumper() -> Any:
    import re

    import yaml

    not_plain = re.compile(NOT_PLAIN)
    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Dumper(base):  # type: ignore[misc]
        """Writes every value as a plain or quoted text, as Go does."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    Dumper.yaml_implicit_resolvers = {}

    def text(dumper: Any, value: str) -> Any:
        style = "|" if "\n" in value else '"' if not_plain.match(value) else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style)

    def plain(dumper: Any, value: Any) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", to_json(value))

    Dumper.add_representer(str, text)
    for kind in (bool, int, float, type(None)):
        Dumper.add_representer(kind, plain)
    return Dumper


def to_yaml(value: Any) -> str:
    """YAML as sigs.k8s.io/yaml writes it: keys sorted, lists not indented, long texts folded at 80."""
    import yaml

    text: str = yaml.dump(
        value, Dumper=_dumper(), allow_unicode=True, sort_keys=True, width=80, default_flow_style=False
    )
    return text


def _loader() -> Any:
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        """Keeps dates as texts, as in JSON."""

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in rows if not tag.endswith((":timestamp", ":value"))]
        for first, rows in base.yaml_implicit_resolvers.items()
    }
    return Loader


def parse(text: str, name: str) -> list[Any]:
    """The documents of a file; `name` is its name in errors (`errors`, "bad input")."""
    if text.lstrip()[:1] == "{":
        return _parse_json(text, name)
    import re

    documents: list[Any] = []
    for part in re.split(r"(?m)^---(?=\s|$)", text.replace("\r\n", "\n").lstrip("\ufeff")):
        value = _parse_yaml(part.lstrip("\n") if not documents else part, name)
        if value is not None:
            documents.append(value)
    return documents


def _parse_json(text: str, name: str) -> list[Any]:
    import json

    decoder = json.JSONDecoder()
    documents: list[Any] = []
    at = 0
    try:
        while text[at:].strip():
            at += len(text[at:]) - len(text[at:].lstrip())
            value, at = decoder.raw_decode(text, at)
            documents.append(value)
    except ValueError:
        return [value for value in (_parse_yaml(text, name),) if value is not None]
    return documents


def _parse_yaml(text: str, name: str) -> Any:
    import yaml

    try:
        return yaml.load(text, Loader=_loader())
    except yaml.YAMLError as error:
        raise failure(f"error parsing {name}: error converting YAML to JSON: {_yaml_error(error)}") from None


PURE = (
    ("expected the node content, but found", "did not find expected node content"),
    ("expected ',' or ']', but got", "did not find expected ',' or ']'"),
    ("expected ',' or '}', but got", "did not find expected ',' or '}'"),
    ("expected <block end>, but found", "did not find expected key"),
    ("found character", "found character that cannot start any token"),
)


def _yaml_error(error: Any) -> str:
    """Go's words for libyaml's error: the context's line where there is one, counted from 0 except by the scanner."""
    problem = str(getattr(error, "problem", None) or error)
    for begin, message in PURE:
        if problem.startswith(begin):
            problem = message
    marks = [getattr(error, "context_mark", None), getattr(error, "problem_mark", None)]
    lines = [mark.line for mark in marks if mark is not None and mark.line]
    if not lines:
        return f"yaml: {problem}"
    return f"yaml: line {lines[0] + (type(error).__name__ == 'ScannerError')}: {problem}"
