"""The objects that are asked for by their names: pull secrets, what accounts mount, the settings of `system`. The values of secrets
are masked from then on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ..values import ACCOUNT, DEFAULT_ACCOUNT, SECRET_NAME
from .oc import Oc
from .oc_errors import Forbidden, NotFound
from .parsing import SETTINGS, Part, parse_item
from .partial_answers import Answer, lines_of, unread_types
from .pull_secrets import DATA_KEYS, broken, parse_secret, secret_values
from .state import ENVIRONMENT, Environment, RegistrySecret, SecretName, ServiceAccount

_JSON = Mapping[str, Any]

_NOT_FOUND = re.compile(r"\(NotFound\)")


def linked_names(parts: Iterable[Part]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The pull secrets of `default` and `amp`, one of which can spoil all (fact 34); and what `default` mounts and `amp` lacks:
    whether it is there has to be known before it is linked."""
    accounts = {part.name: part for part in parts if isinstance(part, ServiceAccount)}
    default, amp = (accounts.get(name, ServiceAccount(name, "", (), ())) for name in (DEFAULT_ACCOUNT, ACCOUNT))
    pulling = {SECRET_NAME, *default.pull_secrets, *amp.pull_secrets}
    own = own_secrets(pulling) | own_secrets(pulling, ACCOUNT)
    mounted = set(default.secrets) - {*amp.pull_secrets, *amp.secrets} - own_secrets(default.secrets) - pulling
    return tuple(sorted(pulling - own - {SECRET_NAME})), tuple(sorted(mounted))


def own_secrets(names: Iterable[str], account: str = DEFAULT_ACCOUNT) -> set[str]:
    """Those of the names that OpenShift has made for the account by itself (fact 20)."""
    return {name for name in names if name.startswith((f"{account}-dockercfg-", f"{account}-token-"))}


def named(oc: Oc, former: tuple[str, ...], release: bool) -> Answer:
    """The pull secret, those that keep what it held before, and system's settings; what is not there is left out. `release` asks for
    the environment that names it as well."""

    def parse(item: _JSON) -> tuple[str, Part]:
        if item.get("kind") != "Secret":
            return parse_item(item)
        oc.redact.learn(*secret_values(item))
        return str(item["metadata"].get("namespace") or ""), parse_secret(item)

    maps = (SETTINGS, ENVIRONMENT) if release else (SETTINGS,)
    secrets = (f"secret/{name}" for name in (SECRET_NAME, *former))
    parts, complaints = _of_names(oc, (*secrets, *(f"configmap/{name}" for name in maps)), parse)
    if release and not any(isinstance(part, Environment) for _, part in parts):
        own = [line for line in complaints if f'"{ENVIRONMENT}"' in line]
        complaints = [line for line in complaints if line not in own]
        why = next(iter((*own, *complaints)), "")
        parts.append((oc.namespace or "", Environment() if _NOT_FOUND.search(why) else Environment(unread=why)))
    return parts, _not_there_aside(complaints)


def names_of(oc: Oc, linked: Iterable[str]) -> Answer:
    """Those of some secrets that are there. Only their names are requested, never their data."""
    try:
        found, complaints = oc.read_names(("get", *(f"secret/{name}" for name in linked), "-o", "name"))
    except (Forbidden, NotFound) as error:
        found, complaints = [], lines_of(error)
    return [(oc.namespace or "", SecretName(name)) for name in found], _not_there_aside(complaints)


def other_pull_secrets(oc: Oc, names: Iterable[str]) -> Answer:
    """Those of some pull secrets that are there, and which of them no node can parse. Nothing else is kept of them."""

    def parse(item: _JSON) -> tuple[str, Part]:
        oc.redact.learn(*secret_values(item))
        why = broken(item) if item.get("type") in DATA_KEYS else None  # a node skips any other
        return str(item["metadata"].get("namespace") or ""), SecretName(str(item["metadata"]["name"]), why)

    parts, complaints = _of_names(oc, (f"secret/{name}" for name in names), parse)
    return parts, _not_there_aside(complaints)


def _of_names(
    oc: Oc, names: Iterable[str], parse: Callable[[_JSON], tuple[str, Part]]
) -> tuple[list[tuple[str, Part]], Sequence[str]]:
    """Those of some objects that are there and can be read, and the error lines about the others."""
    try:
        return oc.read_items(("get", *names, "-o", "json"), parse, partial=True)
    except (Forbidden, NotFound) as error:
        return [], lines_of(error)


def _not_there_aside(complaints: Iterable[str]) -> dict[str, str]:
    """The complaints as unread types, without those about objects that do not exist."""
    return unread_types((line for line in complaints if not _NOT_FOUND.search(line)), ("secrets", "configmaps"))


def observe_secret(oc: Oc) -> RegistrySecret | None:
    """The pull secret, None if it is not in the project. Raises OcError, Forbidden."""
    try:
        return read_secret(oc, SECRET_NAME)
    except NotFound:
        return None


def read_secret(oc: Oc, name: str) -> RegistrySecret:
    """Reads a pull secret of the project, whose values are masked from then on. Raises OcError, NotFound if it is not there."""
    found, values = oc.read_item(
        ("get", "secret", name, "-o", "json"), lambda item: (parse_secret(item), secret_values(item))
    )
    oc.redact.learn(*values)
    return found
