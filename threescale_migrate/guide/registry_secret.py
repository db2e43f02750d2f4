"""Step 1: the pull secret `threescale-registry-auth`, from the file that Red Hat's panel hands out.

It reads and judges the user's secret, plans its creation, and verifies the one in the project.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from ..check_codes import Code
from ..cluster.pull_secrets import fingerprint, login_data, secret_values
from ..cluster.state import ProjectState, RegistrySecret
from ..values import (
    REGISTRY,
    SECRET_NAME,
    Action,
    Check,
    Inverse,
    PullSecret,
    Refused,
    Request,
    Step,
    Text,
    Usage,
    Verdict,
)

STEP = Step.REGISTRY_SECRET
DATA_KEYS = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}
# The API server takes no larger object.
LARGEST = 1024 * 1024
DEEPEST = 100
MOST_VALUES = 20_000
SOON_DAYS = 30
PANEL = Text(
    "download the OpenShift Secret of a registry service account from https://access.redhat.com/terms-based-registry"
)


def read_secret(raw: bytes, source: str, now: float | None = None, path: str | None = None) -> PullSecret:
    """Gives a usable pull secret from the bytes of the panel's file, renamed, in memory.

    `source` is what messages call the file; `path` is where it is found again; `now` is epoch seconds. Raises Usage with one
    sentence that holds no secret.
    """
    return from_item(_document(raw, source), source, now, path=path)


def from_item(
    item: Mapping[str, Any], source: str, now: float | None = None, path: str | None = None, kept: str | None = None
) -> PullSecret:
    """The same from a Secret that has been parsed; `kept` is its name where it is one of the project. Raises Usage."""
    if "kind" not in item and "auths" in item:
        raise _unusable(
            source, Text("it is a Docker configuration, not the OpenShift Secret that the panel has beside it")
        )
    if item.get("kind") != "Secret":
        raise _unusable(source, Text("it holds a {kind}, not a Secret", kind=_kind(item)))
    kind = item.get("type")
    if not isinstance(kind, str) or kind not in DATA_KEYS:
        sentence = kind if isinstance(kind, str) and len(kind) < 80 and kind.isprintable() else "?"
        raise _unusable(source, Text("its type is {type}, not kubernetes.io/dockerconfigjson", type=sentence))
    encoded = _encoded(item, DATA_KEYS[kind], source)
    made = from_data(kind, encoded, source, time.time() if now is None else now)
    return replace(made, path=path, kept=kept)


def from_data(kind: str, encoded: str, source: str, now: float) -> PullSecret:
    """Gives a usable pull secret from the base64 text of its data. Raises Usage."""
    canonical = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": SECRET_NAME},
        "type": kind,
        "data": {DATA_KEYS[kind]: encoded},
    }
    logins = login_data(canonical)
    if not logins and _holds_none(encoded):
        raise _unusable(source, Text("there is no login in it"))
    if not logins:
        raise _unusable(source, Text("its login data cannot be decoded: it has to be JSON in base64"))
    if not any(covers(str(name)) for name in logins):
        names = ", ".join(sorted(_shown(str(name)) for name in logins)[:5])
        raise _unusable(
            source, Text("it has no login for {registry}, only for {found}", registry=REGISTRY, found=names)
        )
    faults, warnings = judged(logins, now)
    if faults:
        raise _unusable(source, faults[0])
    return PullSecret(
        manifest=json.dumps(canonical),
        type=kind,
        registries=tuple(sorted(_shown(str(name)) for name in logins)),
        fingerprint=fingerprint(canonical),
        source=source,
        secrets=tuple(secret_values(canonical)),
        warnings=warnings,
    )


def _holds_none(encoded: str) -> bool:
    """Whether data that gives no login is whole all the same: an object without one."""
    try:
        found = json.loads(base64.b64decode(encoded, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and not found.get("auths")


def from_login(username: str, password: str, source: str, now: float | None = None) -> PullSecret:
    """Gives a pull secret from a registry service account's name and token. Raises Usage."""
    if not username.strip() or ":" in username or any(ord(letter) < 32 for letter in username):
        raise Usage(Text("--username: give the registry service account's name, such as 12345678|cluster"))
    if not password or any(ord(letter) < 32 for letter in password):
        raise Usage(Text("{source}: give the registry service account's token there, alone on one line", source=source))
    auth = base64.b64encode(f"{username}:{password}".encode("utf-8", "surrogateescape")).decode()
    data = {"auths": {REGISTRY: {"auth": auth}}}
    encoded = base64.b64encode(json.dumps(data).encode()).decode()
    return from_data("kubernetes.io/dockerconfigjson", encoded, source, time.time() if now is None else now)


def password_of(raw: bytes, source: str) -> str:
    """The token from what was read: one line, whose end does not count. Raises Usage."""
    text = _text(raw, source).rstrip("\r\n")
    if len(raw) > LARGEST or "\n" in text:
        raise Usage(Text("{source}: give the registry service account's token there, alone on one line", source=source))
    return text


def covers(name: str) -> bool:
    """Whether a login of that name is for the registry as a whole, by the rules of the kubelet.

    One with a port is for that port alone, and images are named without one (recordings/README.md 28).
    """
    host, _, path = name.partition("://")[2].partition("/") if "://" in name else name.partition("/")
    if path.strip("/") not in ("", "v1", "v2"):
        return False
    parts, wanted = host.split("."), REGISTRY.split(".")
    return len(parts) == len(wanted) and all(fnmatchcase(part, glob) for part, glob in zip(wanted, parts))


def plan(state: ProjectState, request: Request) -> tuple[Action, ...]:
    """The creation or replacement of the secret; nothing where the project's is equal. Raises Usage or Refused."""
    given, there = request.pull_secret, state.secret
    if there is None and given is None:
        if "secrets" in state.unread:
            return ()
        raise Usage(
            Text(
                "the project has no secret {name}: {panel}, and give its file with --secret-file"
                " (or --username, or --from-secret where the project has it under another name)",
                name=SECRET_NAME,
                panel=PANEL,
            )
        )
    if given is None:
        assert there is not None
        why = fault(there)
        if why is not None:
            raise Refused(
                Text(
                    "secret {name} in the project cannot be used: {why}; give a right one with --secret-file and --replace-secret",
                    name=SECRET_NAME,
                    why=why,
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
                creation(SECRET_NAME, given.fingerprint, given.path, given.kept),
                stdin=given.manifest,
                secret=True,
            ),
        )
    if equal(there, given):
        return ()
    if not request.replace_secret:
        raise Refused(
            Text(
                "secret {name} is in the project already and differs from {source}: add --replace-secret to replace it",
                name=SECRET_NAME,
                source=given.source,
            )
        )
    return replacement(there, given)


def creation(name: str, fingerprint_: str, path: str | None, kept: str | None = None) -> Inverse:
    """How the creation of a secret is undone.

    `path` is the user's file and `kept` the secret of the project that it was read from: the journal names and never quotes
    them, and an undo that is undone reads them again.
    """
    detail = {"fingerprint": fingerprint_, "path": path, "copy": kept}
    return Inverse("secret", name, ("delete", "secret", name), detail)


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
                    "copy": given.kept,
                    "type": given.type,
                },
            ),
            stdin=given.manifest,
            secret=True,
            repeatable=True,
        ),
    )


def verify(state: ProjectState, request: Request) -> tuple[Check, ...]:
    """Whether the secret is there, of a type that pods can pull with, and has a login for the registry."""
    subject = f"secret/{SECRET_NAME}"
    there = state.secret
    if "secrets" in state.unread:
        seen = Text("it cannot be read: {why}", why=state.unread["secrets"])
        return (Check(STEP, Code.REGISTRY_SECRET_USABLE, subject, Verdict.UNKNOWN, seen),)
    if there is None:
        fix = Text("threescale-migrate step registry-secret --secret-file FILE")
        return (
            Check(STEP, Code.REGISTRY_SECRET_USABLE, subject, Verdict.FAILED, Text("it is not in the project"), fix),
        )
    fix = Text("threescale-migrate step registry-secret --secret-file FILE --replace-secret")
    why = fault(there)
    if why is not None:
        return (Check(STEP, Code.REGISTRY_SECRET_USABLE, subject, Verdict.FAILED, why, fix),)
    if request.pull_secret is not None and not equal(there, request.pull_secret):
        seen = Text("it differs from {source}", source=request.pull_secret.source)
        return (Check(STEP, Code.REGISTRY_SECRET_AS_GIVEN, subject, Verdict.FAILED, seen, fix),)
    seen = Text("it is there, with a login for {registry}", registry=REGISTRY)
    passed = Check(STEP, Code.REGISTRY_SECRET_USABLE, subject, Verdict.PASSED, seen)
    _, warnings = judged(login_data(json.loads(there.manifest)), time.time())
    return (
        passed,
        *(Check(STEP, Code.REGISTRY_TOKEN_LASTS, subject, Verdict.WARNING, warning, fix) for warning in warnings),
    )


def fault(there: RegistrySecret) -> Text | None:
    """Why no pod can pull from the registry with the project's secret; None where nothing is seen to be wrong."""
    if there.type not in DATA_KEYS:
        return Text("its type is {type}, which no pod can pull with", type=there.type)
    if not any(covers(name) for name in there.registries):
        return Text("it has no login for {registry}", registry=REGISTRY)
    faults, _ = judged(login_data(json.loads(there.manifest)), time.time())
    return faults[0] if faults else None


def equal(there: RegistrySecret, given: PullSecret) -> bool:
    """Whether the project's secret holds the login that is given."""
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


def _measured(text: str, loader: Any) -> None:
    """Refuses what is nested deeper, or grows larger when its aliases are followed, than any secret.

    It goes by the parser's events, so that nothing has been expanded yet. Raises RecursionError, yaml.YAMLError.
    """
    import yaml

    sizes: dict[str, int] = {}
    open_: list[tuple[str | None, int]] = []
    for event in yaml.parse(text, Loader=loader):
        size = 1
        if isinstance(event, yaml.CollectionStartEvent):
            open_.append((event.anchor, 1))
            size = 0
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, size = open_.pop()
            if anchor:
                sizes[anchor] = size
        elif isinstance(event, yaml.AliasEvent):
            size = sizes.get(str(event.anchor), 1)
        elif not isinstance(event, yaml.ScalarEvent):
            continue
        if open_:
            open_[-1] = (open_[-1][0], open_[-1][1] + size)
        if len(open_) > DEEPEST or size > MOST_VALUES or (open_ and open_[-1][1] > MOST_VALUES):
            raise RecursionError


def _text(raw: bytes, source: str) -> str:
    """The file as text: UTF-8, or the UTF-16 that a Windows shell's redirection writes."""
    try:
        return raw.decode("utf-16" if raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig")
    except UnicodeDecodeError:
        raise _unusable(source, Text("it is not UTF-8 text")) from None


def _document(raw: bytes, source: str) -> dict[str, Any]:
    """The one document of a YAML or JSON file; the parser's own words are dropped, since they quote the file.

    Everything in it is read as text: no tag, number, date or merge key is acted on.
    """
    if len(raw) > LARGEST:
        raise _unusable(source, Text("it is larger than {kib} KiB, which no cluster accepts", kib=LARGEST // 1024))
    text = _text(raw, source)
    if not text.strip():
        raise _unusable(source, Text("it is empty"))
    import yaml  # late: most commands read no YAML

    loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        _measured(text, loader)
        documents = [document for document in yaml.load_all(text, Loader=loader) if document not in ("", "null", "~")]
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        if mark is None:
            raise _unusable(source, Text("it is not YAML")) from None
        raise _unusable(source, Text("it is not YAML (line {line})", line=mark.line + 1)) from None
    except RecursionError:
        raise _unusable(source, Text("it is nested deeper, or holds more values, than a secret does")) from None
    except (ValueError, OverflowError, TypeError):
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
    if not isinstance(value, str):
        raise _unusable(source, Text("it has no data {key}", key=key))
    value = "".join(value.split())
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise _unusable(source, Text("its login data cannot be decoded: it has to be JSON in base64")) from None
    return value


def judged(logins: Mapping[str, Any], now: float) -> tuple[tuple[Text, ...], tuple[Text, ...]]:
    """Why the logins for the registry cannot work, and what is to be warned of: a token whose dates say when it ends."""
    faults: list[Text] = []
    warnings: list[Text] = []
    for login in (login for name, login in logins.items() if covers(str(name))):
        password = _password(login)
        ends = _expiry(password)
        date = "" if ends is None else time.strftime("%Y-%m-%d", time.gmtime(ends))
        if not password:
            faults.append(Text("its login for {registry} has no user and password", registry=REGISTRY))
        elif ends is not None and ends <= now:
            faults.append(Text("its token for {registry} ended on {date}", registry=REGISTRY, date=date))
        elif ends is not None and ends - now < SOON_DAYS * 86400:
            warnings.append(
                Text("the token for {registry} ends on {date}: get a new one before then", registry=REGISTRY, date=date)
            )
    return tuple(dict.fromkeys(faults)), tuple(dict.fromkeys(warnings))


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
