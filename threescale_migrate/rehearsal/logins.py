"""Pull secrets as nodes and the importer read them: the whole of one, or nothing of it (fact 34).

By Kubernetes' pkg/credentialprovider: config.go (what an entry may be), keyring.go (for which images a login is), and what
Go's decoders of JSON and base64 say of a text that they cannot take. `registry` shows both.
"""

from __future__ import annotations

import binascii

from .quickjson import loads
from .store import Object
from .typed import Any

# Where a login stands in a secret, by the secret's type; another secret holds none.
KEYS = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}
NO_PAIR = "unable to parse auth field, must be formatted as base64(username:password)"
ALPHABET = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
FIELDS = ("username", "password", "email", "auth")
CONFIG, ENTRY = "credentialprovider.DockerConfig", "credentialprovider.dockerConfigEntryWithAuth"

# A login: the registry, or part of one, that it is for; user and password.
Login = tuple[str, str, str]


class Unparsable(ValueError):
    """One entry of a secret cannot be read, so that the whole secret is of no use; the text is Go's."""


def all_of(secrets: list[Object]) -> list[Login]:
    """The logins of several secrets together. Raises Unparsable for the first that cannot be read."""
    return [login for secret in secrets for login in of_secret(secret)]


def of_secret(secret: Object) -> list[Login]:
    """The logins of a secret, none if it is no pull secret. Raises Unparsable."""
    key = KEYS.get(str(secret.get("type")))
    data = (secret.get("data") or {}).get(key) if key else None
    if not data:
        return []
    try:
        document = loads(binascii.a2b_base64(data).decode("utf-8", "replace"))
    except ValueError:
        return []  # the server takes no such secret
    if key == ".dockercfg":
        return of_config(document, "value")
    if not isinstance(document, dict):
        raise _mismatch(document, "value", f"{CONFIG}JSON")
    return of_config(_field(document, "auths"), "struct field DockerConfigJSON.auths")


def of_config(found: Any, where: str) -> list[Login]:
    """The logins of the object that has an entry for each registry. Raises Unparsable."""
    if found is None:
        return []
    if not isinstance(found, dict):
        raise _mismatch(found, where, CONFIG)
    return [(host, *_pair(entry, where)) for host, entry in found.items()]


def _pair(entry: Any, where: str) -> tuple[str, str]:
    if entry is None:
        return "", ""
    if not isinstance(entry, dict):
        raise _mismatch(entry, where, ENTRY)
    values = {}
    for name in FIELDS:
        value = _field(entry, name)
        if value is not None and not isinstance(value, str):
            inside = (
                f"struct field {'dockerConfigEntryWithAuth' if where == 'value' else where.rpartition(' ')[2]}.{name}"
            )
            raise _mismatch(value, inside, "string")
        values[name] = value or ""
    if not values["auth"]:
        return values["username"], values["password"]
    user, colon, password = decoded(values["auth"]).partition(":")
    if not colon:
        raise Unparsable(NO_PAIR)
    return user, password


def _field(found: dict[str, Any], name: str) -> Any:
    """A field by its name; Go takes it in capitals, too, and the last one that there is."""
    return next((found[key] for key in reversed(found) if key.lower() == name), None)


def _mismatch(value: Any, where: str, wanted: str) -> Unparsable:
    kinds = {str: "string", bool: "bool", int: "number", float: "number", list: "array", dict: "object"}
    return Unparsable(f"json: cannot unmarshal {kinds[type(value)]} into Go {where} of type {wanted}")


def decoded(text: str) -> str:
    """A text from base64, with or without padding, with line breaks anywhere. Raises Unparsable at what is no base64."""
    letters = [(at, letter) for at, letter in enumerate(text) if letter not in "\r\n"]
    body = "".join(letter for _, letter in letters)
    core = body.rstrip("=") if text.strip().endswith("=") else body
    for place, (at, letter) in enumerate(letters[: len(core)]):
        if letter not in ALPHABET:
            raise Unparsable(f"illegal base64 data at input byte {at if letter != '=' else place}")
    padding = len(body) - len(core)
    if len(core) % 4 == 1 or (padding and (len(core) + padding) % 4):
        raise Unparsable(f"illegal base64 data at input byte {len(text) - 1 if padding else len(text) - len(core) % 4}")
    return binascii.a2b_base64(core + "=" * (-len(core) % 4)).decode("utf-8", "replace")


def matching(known: list[Login], image: str) -> list[tuple[str, str]]:
    """The users and passwords that are tried for an image: a login is for a host, a port and a path (fact 28)."""
    return [(user, password) for key, user, password in known if (user or password) and is_for(key, image)]


def is_for(key: str, image: str) -> bool:
    """Whether the key of an entry covers an image: its host by parts, each of which may have a `*`, its port, its path."""
    import fnmatch

    key = key.partition("://")[2] if "://" in key else key
    host, _, path = key.partition("/")
    for version in ("v1/", "v2/"):
        path = path[len(version) :] if f"{path}/".startswith(version) else path
    wanted, _, name = image.partition("/")
    ours, theirs = host.partition(":"), wanted.partition(":")
    parts, others = ours[0].split("."), theirs[0].split(".")
    return (
        ours[2] == theirs[2]
        and len(parts) == len(others)
        and all(fnmatch.fnmatchcase(other, part) for part, other in zip(parts, others))
        and name.startswith(path)
    )
