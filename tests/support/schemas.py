"""Every JSON document, and every JSON line, that a test gets from the command is held to the schemas of the package."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator

import threescale_migrate

HOME = Path(threescale_migrate.__file__).parent / "schema"


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator of `document` or `line`."""
    return Draft202012Validator(json.loads((HOME / f"{name}.json").read_text(encoding="utf-8")))


def check(argv: Sequence[str], out: str, err: str) -> None:
    """Raises ValidationError for what the schemas do not know, ValueError for what is no JSON."""
    words = list(argv)
    json_asked = any(a in ("-o", "--output") and b == "json" for a, b in zip(words, words[1:]))
    if not json_asked or "threescale_migrate" not in words or "rehearse" in words:
        return
    if out:
        validator("document").validate(json.loads(out))
    for line in err.splitlines():
        if line.startswith("{"):
            validator("line").validate(json.loads(line))
