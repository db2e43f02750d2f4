"""Every JSON or YAML document, and every JSON line, that a test gets from the command is held to the schemas of the package."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

import threescale_migrate

HOME = Path(threescale_migrate.__file__).parent / "schema"


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator of `document` or `line`."""
    return Draft202012Validator(json.loads((HOME / f"{name}.json").read_text(encoding="utf-8")))


def check(argv: Sequence[str], out: str, err: str) -> None:
    """Raises ValidationError for what the schemas do not know, ValueError for what is no JSON, YAMLError for what is no YAML."""
    words = list(argv)
    asked = {b for a, b in zip(words, words[1:]) if a in ("-o", "--output")} & {"json", "yaml"}
    if not asked or "threescale_migrate" not in words or "rehearse" in words:
        return
    if out:
        validator("document").validate(json.loads(out) if "json" in asked else yaml.safe_load(out))
    for line in err.splitlines():
        if line.startswith("{"):
            validator("line").validate(json.loads(line))
