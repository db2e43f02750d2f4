"""The logins that a pull secret holds: which images they are for, and whether they can work. Pure."""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from collections.abc import Iterable

from ..cluster.pull_secrets import Login, Unparsable, shown
from ..values import NEXT_IMAGES, REGISTRY, Text

SOON_DAYS = 30
# What is pasted along with a token and not seen: spaces, and characters of no width.
_UNSEEN = "[\\s\u200b-\u200f\u2060\ufeff]"
PASTED = f"\\A{_UNSEEN}|{_UNSEEN}\\Z"


def covers(entry: str, image: str) -> bool:
    """Whether an entry is for an image, by the rules of nodes and imports (Kubernetes, credentialprovider/keyring.go).

    One with a port is for that port only, and images are named without one (fact 28). A path is the beginning of the image's.
    """
    address = entry.partition("://")[2] if entry.startswith(("https://", "http://")) else entry
    host, slash, path = re.split(r"[?#]", address, maxsplit=1)[0].partition("/")
    path = slash + path
    if path.startswith(("/v1/", "/v2/")):
        path = path[3:]
    wanted_host, _, wanted_path = image.partition("/")
    if path != "/" and not f"/{wanted_path}".startswith(path):
        return False
    parts, wanted = _host(host), _host(wanted_host)
    return (
        len(parts[0]) == len(wanted[0])
        and parts[1] == wanted[1]
        and all(_matches(glob, part) for glob, part in zip(parts[0], wanted[0]))
    )


def _host(address: str) -> tuple[list[str], str]:
    """A host's parts, and its port."""
    host, _, port = address.rpartition("@")[2].partition(":")
    return host.split("."), port


def _matches(glob: str, part: str) -> bool:
    """Whether a part of a host is what a pattern of Go's filepath.Match says."""
    pattern = "".join(
        {"*": ".*", "?": "."}.get(piece, piece if piece.startswith("[") else re.escape(piece))
        for piece in re.findall(r"\[\^?[A-Za-z0-9-]+\]|.", glob)
    )
    try:
        return re.fullmatch(pattern, part) is not None
    except re.error:
        return False


def for_image(logins: Iterable[Login], image: str) -> Login | None:
    """The login that an image is pulled with: that of the longest entry for it."""
    found = [login for login in logins if covers(login.entry, image)]
    return max(found, key=lambda login: login.entry, default=None)


def problems(logins: Iterable[Login], now: float) -> tuple[tuple[Text, ...], tuple[Text, ...]]:
    """Why the logins for the registry cannot work, and what to warn about: a token that soon expires, an image without a login,
    an encoding that 3.11 cannot read."""
    faults: list[Text] = []
    warnings: list[Text] = []
    used = [login for login in logins if any(covers(login.entry, image) for image in NEXT_IMAGES)]
    for login in used:
        ends = _expiry(login.password)
        date = "" if ends is None else time.strftime("%Y-%m-%d", time.gmtime(ends))
        if not login.username or not login.password:
            faults.append(Text("its credentials for {registry} have no user and password", registry=shown(login.entry)))
        elif _has(login, "[\r\n]"):
            seen = (
                "its credentials for {registry} have a line break in the user or password, which the registry refuses:"
                " echo adds one, echo -n does not"
            )
            faults.append(Text(seen, registry=shown(login.entry)))
        elif _has(login, "[\x00-\x1f\x7f]"):
            seen = "its credentials for {registry} have a control character in the user or password, which the registry refuses"
            faults.append(Text(seen, registry=shown(login.entry)))
        elif ends is not None and ends <= now:
            faults.append(Text("its token for {registry} expired on {date}", registry=REGISTRY, date=date))
        elif ends is not None and ends - now < SOON_DAYS * 86400:
            seen = "the token for {registry} expires on {date}: get a new one before then"
            warnings.append(Text(seen, registry=REGISTRY, date=date))
        if _has(login, PASTED):
            seen = (
                "the credentials for {registry} have a space or an invisible character at an end of the user or password:"
                " the registry reads it as part of them"
            )
            warnings.append(Text(seen, registry=shown(login.entry)))
        if not login.padded:
            seen = "the credentials for {registry} are base64 without its padding, which OpenShift 3.11 cannot read: add = at its end"
            warnings.append(Text(seen, registry=shown(login.entry)))
    without = [image for image in NEXT_IMAGES if not any(covers(login.entry, image) for login in used)]
    if used and without:
        seen = "it has no credentials for {images}, which 3scale 2.6 needs"
        warnings.append(Text(seen, images=", ".join(without)))
    return tuple(dict.fromkeys(faults)), tuple(dict.fromkeys(warnings))


def unparsable(error: Unparsable) -> Text:
    """What it means that a pull secret cannot be parsed: none of its credentials can be used (fact 34)."""
    return Text("no node and no import can read it: {why}", why=error.why)


def _has(login: Login, pattern: str) -> bool:
    """Whether a login's user or password has something that is usually not meant, such as the line break of `echo` (fact 34)."""
    return any(re.search(pattern, value) is not None for value in (login.username, login.password))


def _expiry(password: str) -> float | None:
    """When a JWT expires, in epoch seconds; None where it is not a JWT, or has no expiry that can be read."""
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
