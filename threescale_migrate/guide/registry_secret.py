"""Step 1: the pull secret `threescale-registry-auth`, from the file that Red Hat's panel hands out.

It reads and judges the user's secret, plans its creation, and verifies the one in the project.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from ..project import ProjectState, RegistrySecret, fingerprint, login_data, secret_values
from ..values import (
    REGISTRY,
    SECRET_NAME,
    Action,
    Check,
    Inverse,
    PullSecret,
    Refused,
    Step,
    Text,
    Usage,
    Verdict,
    Wish,
)

STEP = Step.REGISTRY_SECRET
DATA_KEYS = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}
# The API server takes no larger object.
LARGEST = 1024 * 1024
DEEPEST = 100
SOON_DAYS = 30
PANEL = (
    "download the OpenShift Secret of a registry service account from https://access.redhat.com/terms-based-registry"
)


def read_secret(raw: bytes, source: str, now: float | None = None, path: str | None = None) -> PullSecret:
    """Gives a usable pull secret from the bytes of the panel's file, renamed, in memory.

    `source` is what messages call the file; `path` is where it is found again; `now` is epoch seconds. Raises Usage with one sentence that holds no secret.
    """
    item = _document(raw, source)
    if item.get("kind") != "Secret":
        raise _unusable(source, Text("it holds a {kind}, not a Secret", kind=_kind(item)))
    kind = item.get("type")
    if not isinstance(kind, str) or kind not in DATA_KEYS:
        told = kind if isinstance(kind, str) and len(kind) < 80 and kind.isprintable() else "?"
        raise _unusable(source, Text("its type is {type}, not kubernetes.io/dockerconfigjson", type=told))
    encoded = _encoded(item, DATA_KEYS[kind], source)
    return from_data(kind, encoded, source, time.time() if now is None else now, path)


def from_data(kind: str, encoded: str, source: str, now: float, path: str | None = None) -> PullSecret:
    """Gives a usable pull secret from the base64 text of its data. Raises Usage."""
    canonical = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET_NAME},
        "type": kind,
        "data": {DATA_KEYS[kind]: encoded},
    }
    logins = login_data(canonical)
    if not logins:
        raise _unusable(source, Text("its login data cannot be decoded: it has to be JSON in base64"))
    found = [str(name) for name in logins if covers(str(name))]
    if not found:
        names = ", ".join(sorted(_shown(str(name)) for name in logins)[:5])
        raise _unusable(
            source, Text("it has no login for {registry}, only for {found}", registry=REGISTRY, found=names)
        )
    warnings: list[Text] = []
    for name in found:
        warnings += _judge_login(logins[name], source, now)
    return PullSecret(
        manifest=json.dumps(canonical),
        type=kind,
        registries=tuple(sorted(_shown(str(name)) for name in logins)),
        fingerprint=fingerprint(canonical),
        source=source,
        secrets=tuple(secret_values(canonical)),
        warnings=tuple(warnings),
        path=path,
    )


def from_login(username: str, password: str, source: str, now: float | None = None) -> PullSecret:
    """Gives a pull secret from a registry service account's name and token. Raises Usage."""
    if not username or ":" in username:
        raise Usage(Text("--username: give the registry service account's name, such as 12345678|cluster"))
    if not password or any(ord(letter) < 32 for letter in password):
        raise Usage(Text("{source}: give the registry service account's token there, alone on one line", source=source))
    auth = base64.b64encode(f"{username}:{password}".encode()).decode()
    data = {"auths": {REGISTRY: {"auth": auth}}}
    encoded = base64.b64encode(json.dumps(data).encode()).decode()
    return from_data("kubernetes.io/dockerconfigjson", encoded, source, time.time() if now is None else now)


def covers(name: str) -> bool:
    """Whether a login of that name is for the registry as a whole, by the rules of the kubelet."""
    host, _, path = name.partition("://")[2].partition("/") if "://" in name else name.partition("/")
    if path.strip("/") not in ("", "v1", "v2"):
        return False
    host = host[: -len(":443")] if host.endswith(":443") else host
    parts, wanted = host.split("."), REGISTRY.split(".")
    return len(parts) == len(wanted) and all(fnmatchcase(part, glob) for part, glob in zip(wanted, parts))


def plan(state: ProjectState, wish: Wish) -> tuple[Action, ...]:
    """The creation or replacement of the secret; nothing where the project's is equal. Raises Usage or Refused."""
    given, there = wish.pull_secret, state.secret
    if there is None and given is None:
        if "secrets" in state.unread:
            return ()
        raise Usage(
            Text(
                "the project has no secret {name}: {panel}, and give its file with --secret-file",
                name=SECRET_NAME,
                panel=PANEL,
            )
        )
    if given is None:
        assert there is not None
        if not _usable(there):
            raise Refused(
                Text(
                    "secret {name} in the project has no login for {registry}: give a right one with --secret-file and --replace-secret",
                    name=SECRET_NAME,
                    registry=REGISTRY,
                )
            )
        return ()
    if there is None:
        return (
            Action(
                STEP,
                f"secret/{SECRET_NAME}",
                ("create", "-f", "-"),
                Text("the cluster needs a login for {registry}", registry=REGISTRY),
                creation(SECRET_NAME, given.fingerprint, given.path),
                stdin=given.manifest,
                secret=True,
            ),
        )
    if _equal(there, given):
        return ()
    if not wish.replace_secret:
        raise Refused(
            Text(
                "secret {name} is in the project already and differs from {source}: add --replace-secret to replace it",
                name=SECRET_NAME,
                source=given.source,
            )
        )
    return replacement(there, given)


def creation(name: str, fingerprint_: str, path: str | None) -> Inverse:
    """How the creation of a secret is taken back; `path` is the user's file, which the journal names and never quotes."""
    return Inverse("secret", name, ("delete", "secret", name), {"fingerprint": fingerprint_, "path": path})


def backup_name(there: RegistrySecret) -> str:
    """The name under which a replaced secret is kept in the project, so that undo can bring it back."""
    return f"{SECRET_NAME}-before-{there.fingerprint[:8]}"


def renamed(manifest: str, name: str) -> str:
    """The manifest of a secret under another name."""
    item = json.loads(manifest)
    item["metadata"] = {"name": name}
    return json.dumps(item)


def replacement(there: RegistrySecret, given: PullSecret) -> tuple[Action, ...]:
    """Replaces the secret; the journal holds no secret data, so the former one stays in the project under another name."""
    if there.type != given.type:
        raise Refused(
            Text(
                "secret {name} in the project is of type {type}, which cannot be changed in place:"
                " take it away with oc delete secret {name}, then run this again",
                name=SECRET_NAME,
                type=there.type or "?",
            )
        )
    backup = backup_name(there)
    return (
        Action(
            STEP,
            f"secret/{backup}",
            ("create", "-f", "-"),
            Text("the former secret is kept, so that undo can bring it back"),
            # Its name says what it holds: one that is there already is the same.
            Inverse("secret", backup, ("delete", "secret", backup), {"fingerprint": there.fingerprint, "kept": "yes"}),
            stdin=renamed(there.manifest, backup),
            secret=True,
        ),
        Action(
            STEP,
            f"secret/{SECRET_NAME}",
            ("replace", "-f", "-"),
            Text("the secret in the project differs from {source}", source=given.source),
            Inverse(
                "secret-replaced",
                SECRET_NAME,
                ("replace", "-f", "-"),
                {
                    "backup": backup,
                    "fingerprint": given.fingerprint,
                    "before": there.fingerprint,
                    "path": given.path,
                    "type": given.type,
                },
            ),
            stdin=given.manifest,
            secret=True,
            repeatable=True,
        ),
    )


def verify(state: ProjectState, wish: Wish) -> tuple[Check, ...]:
    """Whether the secret is there, of a type that pods can pull with, and has a login for the registry."""
    subject = f"secret/{SECRET_NAME}"
    there = state.secret
    if "secrets" in state.unread:
        return (Check(STEP, subject, Verdict.UNKNOWN, Text("it may not be read: {why}", why=state.unread["secrets"])),)
    if there is None:
        mend = Text("threescale-migrate step registry-secret --secret-file FILE")
        return (Check(STEP, subject, Verdict.FAILED, Text("it is not in the project"), mend),)
    if there.type not in DATA_KEYS:
        mend = Text("threescale-migrate step registry-secret --secret-file FILE --replace-secret")
        return (
            Check(
                STEP,
                subject,
                Verdict.FAILED,
                Text("its type is {type}, which no pod can pull with", type=there.type),
                mend,
            ),
        )
    if not _usable(there):
        mend = Text("threescale-migrate step registry-secret --secret-file FILE --replace-secret")
        return (Check(STEP, subject, Verdict.FAILED, Text("it has no login for {registry}", registry=REGISTRY), mend),)
    if wish.pull_secret is not None and not _equal(there, wish.pull_secret):
        mend = Text("threescale-migrate step registry-secret --secret-file FILE --replace-secret")
        seen = Text("it differs from {source}", source=wish.pull_secret.source)
        return (Check(STEP, subject, Verdict.FAILED, seen, mend),)
    return (Check(STEP, subject, Verdict.PASSED, Text("it is there, with a login for {registry}", registry=REGISTRY)),)


def _usable(there: RegistrySecret) -> bool:
    return there.type in DATA_KEYS and any(covers(name) for name in there.registries)


def _equal(there: RegistrySecret, given: PullSecret) -> bool:
    return there.type == given.type and there.fingerprint == given.fingerprint


def _unusable(source: str, why: Text) -> Usage:
    return Usage(Text("{source} is no usable registry secret: {why}; {panel}", source=source, why=why, panel=PANEL))


def _shown(name: str) -> str:
    """A registry's name as it may be shown: without a login in its address, and not endless."""
    name = name.rpartition("@")[2] if "@" in name else name
    return (name if name.isprintable() else ascii(name))[:60]


def _kind(item: Mapping[str, Any]) -> str:
    kind = item.get("kind")
    return kind[:40] if isinstance(kind, str) and kind.isprintable() and kind else "?"


def _check_depth(text: str, loader: Any) -> None:
    """Refuses what is nested deeper than any secret: the parser in C does not survive that. Raises RecursionError."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise RecursionError
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _document(raw: bytes, source: str) -> dict[str, Any]:
    """The one document of a YAML or JSON file; the parser's own words are dropped, since they quote the file."""
    if len(raw) > LARGEST:
        raise _unusable(source, Text("it is larger than {kib} KiB, which no cluster accepts", kib=LARGEST // 1024))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unusable(source, Text("it is not UTF-8 text")) from None
    if not text.strip():
        raise _unusable(source, Text("it is empty"))
    import yaml  # late: most commands read no YAML

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check_depth(text, loader)
        documents = [document for document in yaml.load_all(text, Loader=loader) if document is not None]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark is not None else ""
        raise _unusable(source, Text("it is not YAML{line}", line=line)) from None
    except (ValueError, RecursionError, OverflowError, TypeError):
        raise _unusable(source, Text("it is not YAML")) from None
    if len(documents) != 1:
        raise _unusable(source, Text("it holds {count} documents and has to hold one", count=len(documents)))
    if not isinstance(documents[0], dict):
        raise _unusable(source, Text("it is not a Kubernetes object"))
    return documents[0]


def _encoded(item: Mapping[str, Any], key: str, source: str) -> str:
    data, plain = item.get("data"), item.get("stringData")
    if isinstance(plain, dict) and isinstance(plain.get(key), str):
        return base64.b64encode(plain[key].encode("utf-8", "replace")).decode()
    value = data.get(key) if isinstance(data, dict) else None
    if isinstance(value, bytes):  # YAML's !!binary has been decoded once already
        value = base64.b64encode(value).decode()
    if not isinstance(value, str):
        raise _unusable(source, Text("it has no data {key}", key=key))
    value = "".join(value.split())
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise _unusable(source, Text("its login data cannot be decoded: it has to be JSON in base64")) from None
    return value


def _judge_login(login: Any, source: str, now: float) -> list[Text]:
    """Warnings about one login. Raises Usage where it cannot work."""
    password = _password(login)
    if not password:
        raise _unusable(source, Text("its login for {registry} has no user and password", registry=REGISTRY))
    ends = _expiry(password)
    if ends is None:
        return []
    date = time.strftime("%Y-%m-%d", time.gmtime(ends))
    if ends <= now:
        raise _unusable(source, Text("its token for {registry} ended on {date}", registry=REGISTRY, date=date))
    if ends - now < SOON_DAYS * 86400:
        return [
            Text("the token for {registry} ends on {date}: get a new one before then", registry=REGISTRY, date=date)
        ]
    return []


def _password(login: Any) -> str:
    if not isinstance(login, dict):
        return ""
    if isinstance(login.get("auth"), str) and login["auth"]:
        try:
            user, colon, password = base64.b64decode(login["auth"], validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return ""
        return password if user and colon else ""
    name, token = login.get("username"), login.get("password")
    return token if isinstance(name, str) and isinstance(token, str) and name else ""


def _expiry(password: str) -> float | None:
    """When a JWT ends, in epoch seconds; None where it is none or has no end that can be understood."""
    parts = password.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    ends = claims.get("exp") if isinstance(claims, dict) else None
    if isinstance(ends, bool) or not isinstance(ends, (int, float)) or not 0 < ends < 1e11:
        return None
    return float(ends)
