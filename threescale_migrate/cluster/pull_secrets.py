"""The data of a pull secret, parsed as nodes and the image import parse it: as a whole, by the rules of Go's encoding/json and
base64 (fact 34). One entry that cannot be parsed makes the whole secret useless.

It owns what is wrong with such data, what can be shown of it, and what must never be shown: no sentence quotes a value.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..values import Text
from .state import RegistrySecret

_JSON = Mapping[str, Any]

DATA_KEYS = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}
# What an entry holds that is read; anything else in it may be of any type.
FIELDS = ("username", "password", "email", "auth")
# The secrets in what is no JSON.
_QUOTED = re.compile(r'"(?:auth|password|identitytoken|registrytoken)"\s*:\s*"((?:[^"\\]|\\.)*)"', re.IGNORECASE)
# A registry as it may be shown: a host, at most with a port and a path. Anything else may be a secret in the wrong place.
_HOST = re.compile(r"(?:https?://)?(?:[^@/\s]*@)?([A-Za-z0-9*?_.\[\]-]+(?::\d*)?(?:/[A-Za-z0-9._/-]*)?)")


class Unparsable(ValueError):
    """No node and no import can use the secret; `why` quotes nothing of it but the names of registries."""

    def __init__(self, why: Text) -> None:
        super().__init__(str(why))
        self.why = why


@dataclass(frozen=True)
class Login:
    """A user and a password for what `entry` names; `padded` is false where OpenShift 3.11 cannot read it."""

    entry: str
    username: str
    password: str = field(repr=False)
    padded: bool = True


class _Object(tuple[tuple[str, Any], ...]):
    """A JSON object with all its members: where a name stands twice, each counts."""


class _Number(str):
    """A number as it is written."""


def logins(item: _JSON) -> tuple[Login, ...]:
    """The logins of a pull secret's JSON. Raises Unparsable. An entry without a login harms nothing, and is left out."""
    raw = _raw(item)
    return () if not raw else _parsed(raw, item.get("type") == "kubernetes.io/dockercfg")


def broken(item: _JSON) -> Text | None:
    """Why no node can parse a pull secret, None where nothing is wrong with its form."""
    try:
        logins(item)
    except Unparsable as error:
        return error.why
    return None


def entries(item: _JSON) -> tuple[str, ...]:
    """The registries that a pull secret has entries for, as they can be shown; none where it cannot be parsed."""
    try:
        found = _entries(_raw(item), item.get("type") == "kubernetes.io/dockercfg")
    except Unparsable:
        return ()
    return tuple(sorted(dict.fromkeys(shown(entry) for entry in found)))


def shown(entry: str) -> str:
    """A registry's name as it can be shown: without a login in its address, and nothing that is not one."""
    found = _HOST.fullmatch(entry)
    host = found[1] if found else ""
    return host[:60] if re.search(r"[.:]|^localhost", host) else "?"


def _raw(item: _JSON) -> bytes:
    """The data that nodes read: by the secret's type."""
    encoded = (item.get("data") or {}).get(DATA_KEYS.get(str(item.get("type")), ".dockerconfigjson")) or ""
    try:
        return base64.b64decode("".join(str(encoded).split()), validate=True)
    except (binascii.Error, ValueError):
        raise Unparsable(Text("its data is not base64")) from None


def _document(raw: bytes) -> Any:
    """The JSON as Go reads it: no byte order mark, no NaN, nothing behind it; bytes that are no UTF-8 are replaced."""
    if raw.startswith(codecs.BOM_UTF8):
        raise Unparsable(Text("its data begins with a byte order mark: save it as UTF-8 without one"))
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in raw[:4]:
        raise Unparsable(Text("its data is UTF-16: save it as UTF-8"))

    def refuse(word: str) -> Any:
        raise Unparsable(Text("its data is not JSON: there is no {word} in JSON", word=word))

    def number(word: str) -> _Number:
        if float(word) in (float("inf"), float("-inf")):  # the API server refuses it
            raise Unparsable(Text("its data has a number that is too large"))
        return _Number(word)

    try:
        return json.loads(
            raw.decode("utf-8", "replace"),
            object_pairs_hook=_Object,
            parse_constant=refuse,
            parse_int=number,
            parse_float=number,
        )
    except Unparsable:
        raise
    except RecursionError:
        raise Unparsable(Text("its data is nested more deeply than any credentials")) from None
    except ValueError:
        raise Unparsable(Text("its data is not JSON")) from None


def _kind(value: object) -> Text:
    if isinstance(value, _Object):
        return Text("an object")
    if isinstance(value, bool):
        return Text("true or false")
    if isinstance(value, _Number):
        return Text("a number")
    return Text("a list") if isinstance(value, list) else Text("a text")


def _members(value: object) -> Iterator[tuple[str, Any]]:
    """The members of an object, by their names as Go compares them: without case."""
    for name, member in value if isinstance(value, _Object) else ():
        yield name.replace("ſ", "s").lower(), member


def _parsed(raw: bytes, older: bool) -> tuple[Login, ...]:
    found = (_login(entry, value) for entry, value in _entries(raw, older).items())
    return tuple(login for login in found if login is not None)


def _entries(raw: bytes, older: bool) -> dict[str, Any]:
    """The entries by their registry. `older` data is nothing but the entries. Raises Unparsable."""
    document = _document(raw) if raw else None
    if document is not None and not isinstance(document, _Object):
        raise Unparsable(Text("its data is {kind}, not an object", kind=_kind(document)))
    found: dict[str, Any] = {}
    if older:
        return _collected(document, found)
    for name, value in _members(document):
        if name == "httpheaders":
            _check_headers(value)
        elif name == "auths":
            found = _collected(value, found)
    return found


def _collected(value: object, found: dict[str, Any]) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, _Object):
        raise Unparsable(Text("its auths is {kind}, not an object", kind=_kind(value)))
    for entry, login in value:
        if entry in found:
            _login(entry, found[entry])  # parsed, though the later one replaces it
        found[entry] = login
    return found


def _check_headers(value: object) -> None:
    if value is None:
        return
    if not isinstance(value, _Object):
        raise Unparsable(Text("its HttpHeaders is {kind}, not an object", kind=_kind(value)))
    if any(header is not None and (not isinstance(header, str) or isinstance(header, _Number)) for _, header in value):
        raise Unparsable(Text("a value in its HttpHeaders is not a text"))


def _login(entry: str, value: object) -> Login | None:
    """The login of one entry, None where it has none. Raises Unparsable."""
    if value is None:
        return None
    named = {"entry": shown(entry)}
    if not isinstance(value, _Object):
        raise Unparsable(Text("its entry for {entry} is {kind}, not an object", kind=_kind(value), **named))
    fields = dict.fromkeys(FIELDS, "")
    for name, member in _members(value):
        if name not in fields or member is None:
            continue
        if not isinstance(member, str) or isinstance(member, _Number):
            seen = "its entry for {entry}: {field} is {kind}, not a text"
            raise Unparsable(Text(seen, field=name, kind=_kind(member), **named))
        fields[name] = member.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    username, password, padded = fields["username"], fields["password"], True
    if fields["auth"]:
        decoded = decoded_auth(fields["auth"])
        if decoded is None:
            raise Unparsable(Text("its entry for {entry}: auth is not base64", **named))
        text, padded = decoded
        username, colon, password = text.partition(":")
        if not colon:
            seen = "its entry for {entry}: auth has no colon, and has to be USER:PASSWORD in base64"
            raise Unparsable(Text(seen, **named))
    return Login(entry, username, password, padded) if username or password else None


def decoded_auth(auth: str) -> tuple[str, bool] | None:
    """What an `auth` says, and whether OpenShift 3.11 can read it, which wants padding; None where nothing can.

    Line breaks are skipped wherever they are; padding may be left out since Kubernetes 1.16 (its credentialprovider/config.go).
    """
    text = auth.replace("\n", "").replace("\r", "")
    padded = auth.strip().endswith("=")
    if not re.fullmatch(r"[A-Za-z0-9+/]*" + (r"={1,2}" if padded else ""), text):
        return None
    if (len(text) % 4) if padded else len(text) % 4 == 1:
        return None
    raw = base64.b64decode(text + "=" * (-len(text) % 4))
    return raw.decode("utf-8", "surrogateescape"), len(text) % 4 == 0


def encoded_auth(login: Login) -> str:
    """A login as every client and node reads it."""
    return base64.b64encode(f"{login.username}:{login.password}".encode("utf-8", "surrogateescape")).decode()


def fingerprint(item: _JSON) -> str:
    """A hash that is the same for two pull secrets with the same logins, however they are written; of what cannot be parsed, for
    the same content."""
    try:
        found: object = sorted((login.entry, login.username, login.password, login.padded) for login in logins(item))
    except Unparsable:
        try:
            found = json.loads(_raw(item))
        except (ValueError, RecursionError):
            found = sorted(str(value) for value in (item.get("data") or {}).values())
    return hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:32]


def secret_values(item: _JSON) -> list[str]:
    """Every value in a pull secret that must never be shown, also of one that cannot be parsed: the encoded data, what stands
    in its entries and headers but the names of users, and what an `auth` says."""
    values = [str(value) for value in (item.get("data") or {}).values()]
    for encoded in tuple(values):
        try:
            raw = base64.b64decode("".join(encoded.split()))
        except (binascii.Error, ValueError):
            continue
        wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        text = raw.decode("utf-16" if wide else "utf-8-sig", "replace")
        try:
            found = list(_leaves(_secret_part(json.loads(text))))
        except (ValueError, RecursionError):
            found = _QUOTED.findall(text)
        for value in found:
            values.append(value)
            said = decoded_auth(value)
            if said is not None:
                _, colon, password = said[0].partition(":")
                values.append(password if colon else said[0])
    return [value for value in values if not re.search("[\ud800-\udc7f\udd00-\udfff]", value)]


def _secret_part(document: object) -> object:
    """The entries and headers of login data; all of older data."""
    if not isinstance(document, dict) or not any(str(name).lower() == "auths" for name in document):
        return document
    return [part for name, part in document.items() if str(name).lower() in ("auths", "httpheaders")]


def _leaves(value: object, name: str = "") -> Iterator[str]:
    """The texts of a JSON value, but for what an account is called."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _leaves(member, str(key).lower())
    elif isinstance(value, list):
        for member in value:
            yield from _leaves(member)
    elif isinstance(value, str) and name not in ("username", "email"):
        yield value


def parse_secret(item: _JSON) -> RegistrySecret:
    """What can be shown of a pull secret in the project."""
    meta = item["metadata"]
    return RegistrySecret(
        name=meta["name"],
        uid=str(meta.get("uid") or ""),
        resource_version=str(meta.get("resourceVersion") or ""),
        type=str(item.get("type") or ""),
        registries=entries(item),
        fingerprint=fingerprint(item),
        manifest=json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": meta["name"]},
                "type": item.get("type"),
                "data": dict(item.get("data") or {}),
            }
        ),
    )
