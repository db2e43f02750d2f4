"""Step 1: the user's registry secret, read from the panel's file, a Secret of the project, or a name and a token.

Messages contain no part of what was read, and no tag, number or date in it is interpreted.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .. import yaml_size
from ..cluster.pull_secrets import DATA_KEYS, Unparsable, entries, fingerprint, logins, secret_values
from ..values import NEXT_IMAGES, PANEL, REGISTRY, SECRET_NAME, PullSecret, Text, Usage
from .pull_secret_logins import covers, problems, unparsable

# The API server accepts no larger object.
LARGEST = 1024 * 1024
MOST_VALUES = 20_000


def read_secret(raw: bytes, source: str, now: float | None = None, path: str | None = None) -> PullSecret:
    """A usable pull secret from the bytes of the panel's file, renamed, in memory.

    `source` is the file's name in messages; `path` is where it can be read again; `now` is epoch seconds. Raises Usage with
    one sentence without secrets.
    """
    return from_item(_document(raw, source), source, now, path=path)


def from_item(
    item: Mapping[str, Any], source: str, now: float | None = None, path: str | None = None, kept: str | None = None
) -> PullSecret:
    """The same from a Secret that has been parsed; `kept` is its name where it is one of the project. Raises Usage."""
    if "kind" not in item and "auths" in item:
        raise _unusable(
            source, Text("it is a Docker configuration, not the OpenShift Secret that the same page offers")
        )
    if item.get("kind") != "Secret":
        raise _unusable(source, Text("it contains a {kind}, not a Secret", kind=_kind(item)))
    kind = item.get("type")
    if not isinstance(kind, str) or kind not in DATA_KEYS:
        shown = kind if isinstance(kind, str) and len(kind) < 80 and kind.isprintable() else "?"
        raise _unusable(source, Text("its type is {type}, not kubernetes.io/dockerconfigjson", type=shown))
    encoded = _encoded(item, DATA_KEYS[kind], source)
    made = from_data(kind, encoded, source, time.time() if now is None else now)
    return replace(made, path=path, kept=kept)


def from_data(kind: str, encoded: str, source: str, now: float) -> PullSecret:
    """A usable pull secret from the base64 text of its data. Raises Usage."""
    canonical = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET_NAME},
        "type": kind,
        "data": {DATA_KEYS[kind]: encoded},
    }
    try:
        found, names = logins(canonical), entries(canonical)
    except Unparsable as error:
        raise _unusable(source, unparsable(error)) from None
    if not names:
        raise _unusable(source, Text("it contains no credentials"))
    if not any(covers(name, image) for name in names for image in NEXT_IMAGES):
        only = ", ".join(names[:5])
        raise _unusable(
            source, Text("it has no credentials for {registry}, only for {found}", registry=REGISTRY, found=only)
        )
    faults, warnings = problems(found, now)
    if not any(covers(login.entry, image) for login in found for image in NEXT_IMAGES):
        faults = (Text("its credentials for {registry} have no user and password", registry=REGISTRY), *faults)
    if faults:
        raise _unusable(source, faults[0])
    return PullSecret(
        manifest=json.dumps(canonical),
        type=kind,
        registries=names,
        fingerprint=fingerprint(canonical),
        source=source,
        secrets=tuple(secret_values(canonical)),
        warnings=warnings,
    )


def from_login(username: str, password: str, source: str) -> PullSecret:
    """A pull secret from a registry service account's name and token. Raises Usage."""
    if not username.strip() or ":" in username or any(ord(letter) < 32 for letter in username):
        raise Usage(Text("--username: give the registry service account's name, such as 12345678|cluster"))
    if not password or any(ord(letter) < 32 for letter in password):
        raise Usage(Text("{source}: give the registry service account's token there, alone on one line", source=source))
    auth = base64.b64encode(f"{username}:{password}".encode("utf-8", "surrogateescape")).decode()
    data = {"auths": {REGISTRY: {"auth": auth}}}
    encoded = base64.b64encode(json.dumps(data).encode()).decode()
    return from_data("kubernetes.io/dockerconfigjson", encoded, source, time.time())


def password_of(raw: bytes, source: str) -> str:
    """The token from what was read: one line, without its line break. Raises Usage."""
    text = _text(raw, source).rstrip("\r\n")
    if len(raw) > LARGEST or "\n" in text:
        raise Usage(Text("{source}: give the registry service account's token there, alone on one line", source=source))
    return text


def _unusable(source: str, why: Text) -> Usage:
    return Usage(Text.sentences(Text("{source} is not a usable registry secret: {why}", source=source, why=why), PANEL))


def _kind(item: Mapping[str, Any]) -> str:
    kind = item.get("kind")
    return kind[:40] if isinstance(kind, str) and kind.isprintable() and kind else "?"


def _text(raw: bytes, source: str) -> str:
    """The file as text: UTF-8, or the UTF-16 that a Windows shell's redirection writes."""
    try:
        return raw.decode("utf-16" if raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig")
    except UnicodeDecodeError:
        raise _unusable(source, Text("it is not UTF-8 text")) from None


def _document(raw: bytes, source: str) -> dict[str, Any]:
    """The one document of a YAML or JSON file; the parser's own messages are dropped, since they quote the file.

    Everything in it is read as text: no tag, number, date or merge key is interpreted.
    """
    if len(raw) > LARGEST:
        raise _unusable(source, Text("it is larger than {kib} KiB, which no cluster accepts", kib=LARGEST // 1024))
    text = _text(raw, source)
    if not text.strip():
        raise _unusable(source, Text("it is empty"))
    import yaml  # late: most commands read no YAML

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        yaml_size.measure(text, MOST_VALUES)
        documents = [document for document in yaml.load_all(text, Loader=loader) if document not in ("", "null", "~")]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        if mark is None:
            raise _unusable(source, Text("it is not YAML")) from None
        raise _unusable(source, Text("it is not YAML (line {line})", line=mark.line + 1)) from None
    except RecursionError:
        raise _unusable(source, Text("it is nested more deeply, or has more values, than any secret")) from None
    except (ValueError, OverflowError, TypeError):
        raise _unusable(source, Text("it is not YAML")) from None
    if len(documents) != 1:
        raise _unusable(source, Text("it contains {count} documents but must contain one", count=len(documents)))
    if not isinstance(documents[0], dict):
        raise _unusable(source, Text("it is not a Kubernetes object"))
    return documents[0]


def _encoded(item: Mapping[str, Any], key: str, source: str) -> str:
    data, plain = item.get("data"), item.get("stringData")
    if isinstance(plain, dict) and isinstance(plain.get(key), str):
        return base64.b64encode(plain[key].encode("utf-8", "replace")).decode()
    value = data.get(key) if isinstance(data, dict) else None
    if not isinstance(value, str):
        raise _unusable(source, Text("it has no data {key}", key=key))
    value = "".join(value.split())
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise _unusable(source, Text("its credentials cannot be decoded: it has to be JSON in base64")) from None
    return value
