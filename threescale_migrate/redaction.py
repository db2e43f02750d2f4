"""Secrets are masked here, on the way into every output, journal and error.

Secrets that the program knows come first, however they are spelled and also in pieces; then whatever looks like
a login. It knows nothing of where the text goes. Every step takes time in proportion to the text: each pattern begins at
something rare or is bounded, and no pattern tries one stretch of text from each of its characters.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Union

from .values import ACCOUNT, DEFAULT_ACCOUNT, GUIDE_CONFIGS, REGISTRY, SECRET_NAME, STEPS

MASK = "***"
# Anything shorter is a part of many a word.
SHORTEST = 6
# A piece of a secret is known by so many characters of it; shorter ones say little and are found in ordinary text.
PIECE = 16
# How short a secret may be to be looked for across the ends of lines.
ACROSS = 12
# So much of a line of a log is read; what is cut off within a word may be half a secret, so that much less is shown.
LONGEST_LINE = 4096

# Of what a program says, so much at its beginning and at its end.
LONGEST_PART = 32768

# The names that the program itself speaks of. A password that is a part of one is not masked where it stands alone: all
# sentences would become unreadable, and the gaps would show what the password is.
ORDINARY = (
    *GUIDE_CONFIGS,
    *(step.value for step in STEPS),
    ACCOUNT,
    DEFAULT_ACCOUNT,
    REGISTRY,
    SECRET_NAME,
    "registry.access.redhat.com",
    "kubernetes.io/dockerconfigjson",
    "deploymentconfig.apps.openshift.io",
    "serviceaccount",
    "threescale-migrate",
)

_Replacement = Union[str, Callable[["re.Match[str]"], str]]
_Patterns = tuple[tuple["re.Pattern[str]", _Replacement], ...]

_WEB_TOKEN = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}")


def _without_web_token(word: re.Match[str]) -> str:
    """A run of letters, digits and dots without the web token in it, whole or cut: a head, a dot, and what follows."""
    text = word.group()
    head = _WEB_TOKEN.search(text)
    while head is not None and text[head.end() : head.end() + 1] != ".":
        head = _WEB_TOKEN.search(text, head.end())
    return text if head is None else text[: head.start()] + MASK


def _unless_a_word(word: re.Match[str]) -> str:
    """A mask for a long run that has letters and digits both; anything else may be a word."""
    text = word.group()
    return MASK if any(map(str.isdigit, text)) and any(map(str.isalpha, text)) else text


def _without_login(address: re.Match[str]) -> str:
    """An address, from its `://` to the end of the word, without what stands before its last `@` but one of a digest."""
    text = address.group()
    at = text.rfind("@")
    while at != -1 and text.startswith("@sha256:", at):
        at = text.rfind("@", 0, at)
    return text if at == -1 else f"://{MASK}{text[at:]}"


_LOGIN = "auth|password|(?:access|refresh|identity|registry|id)_?token"
# What looks like a login even when it is not a known one.
PATTERNS: _Patterns = (
    (re.compile(r"(?i)(\b(?:bearer|basic)\s+)(?=[A-Za-z._~+/-]*[0-9=])[A-Za-z0-9._~+/=-]{8,}"), r"\1***"),
    (re.compile(r"(?i)(\bauthorization\W{1,64}(?:bearer|basic)\s+)[^\s\"'\\]+"), r"\1***"),
    (re.compile(r"(?i)(--(?:token|password|docker-password)(?:=|\s+))[^\s\"',\\]+"), r"\1***"),
    (re.compile(r"(?i)(--(?:token|password|docker-password)\\?[\"'],\s*\\?[\"'])[^\"'\\]+"), r"\1***"),
    (re.compile(r"(?<=[A-Za-z0-9+.-])(://[^/\s:@\"']*:)[^@/\s\"']+@"), r"\1***@"),
    (re.compile(r"(?i)([?&](?:access_token|refresh_token|token|password|client_secret)=)[^&\s\"'\\]+"), r"\1***"),
    # A login as curl takes it, and the keys that calls through a gateway of 3scale carry.
    (re.compile(r"((?<![\w-])(?:-u|--user|--proxy-user)(?:=|\s{0,8})[\"']?[^\s:\"'\\]{1,256}:)[^\s\"'\\]+"), r"\1***"),
    (
        re.compile(r"(?i)(\b(?:user|app|api|provider)[-_]key[\"']?\s{0,8}[:=]\s{0,8}[\"']?)[^\s\"'&;,\\]+"),
        r"\1***",
    ),
    (
        re.compile(r"(\.?dockerc(?:onfigjson|fg)\\?\"?\s*:\s*(?:!!binary )?(?:[|>]-?\s+)?\\?\"?)[A-Za-z0-9+/=]{8,}"),
        r"\1***",
    ),
    (re.compile(rf"(?i)((?<!\\)\"(?:{_LOGIN})\"\s*:\s*\")(?:[^\"\\]|\\.)+"), r"\1***"),
    (re.compile(rf"(?i)(\\\"(?:{_LOGIN})\\+\"\s*:\s*\\+\")[^\"\\]+"), r"\1***"),
    # `{"auths"` in base64, whatever its spaces, and a web token.
    (re.compile(r"\b(?:eyJhdXRoc|eyAiYXV0aHMi|ewogICJhdXRocy|ewogICAgImF1dGhz|ewoJImF1dGhz)[A-Za-z0-9+/=_-]*"), MASK),
    (re.compile(r"[A-Za-z0-9_.-]{12,}"), _without_web_token),
    (re.compile(r"\bsha256~[A-Za-z0-9_-]{16,}"), "sha256~***"),
)
SENSITIVE = r"passw|pwd|secret|token|api_?-?key|access_?-?key|private_?-?key|credential|cookie|session"
# What a program says of its own doing, such as `oc`, a plugin that logs in for it, or a proxy: it may quote its command line, its
# environment, an address or a header. Names of objects, and what an API says of them, stay readable.
_QUOTED = r"(?:\"(?:[^\"\\]|\\.)*\"?|'[^']*'?|[^\s\"',;&|]+)"
PATTERNS_OF_PROGRAMS: _Patterns = (
    (re.compile(r"(?<=[A-Za-z0-9+.-])://[^\s\"']+"), _without_login),
    (re.compile(rf"(?<![\w-])([A-Z][A-Z0-9_]{{2,64}}=){_QUOTED}"), r"\1***"),
    (
        re.compile(
            rf"(?i)((?:{SENSITIVE}|passphrase)[\w-]{{0,64}}[\"']?\s{{0,8}}(?:=>|=|(?<!credentials):)\s{{0,8}}){_QUOTED}"
        ),
        r"\1***",
    ),
    (
        re.compile(rf"(?i)((?<![\w-])--?[\w.-]{{0,64}}(?:{SENSITIVE}|auth|-key)[\w.-]{{0,64}}(?:=|\s+)){_QUOTED}"),
        r"\1***",
    ),
    (re.compile(rf"(?<!\S)(-[pPu])\s?(?!-){_QUOTED}"), r"\1 ***"),
    (re.compile(r"((?<!\S)(?:-H\s?|--header[=\s])[\"']?[\w-]{1,64}:\s?)[^\"'\n]+"), r"\1***"),
    (re.compile(r"(?im)((?<![\w-])(?:proxy-)?authorization[\"']?\s{0,8}[:=]\s{0,8}[\"']?)[^\"'\n]+"), r"\1***"),
    (re.compile(r"(?im)(\bx-[\w-]{1,64}:\s{0,8})[^\s\"',;]+"), r"\1***"),
    (re.compile(r"(?<![A-Za-z0-9_+:])[A-Za-z0-9_+]{20,}={0,2}"), _unless_a_word),
)
# In a container's log anything may stand: values with a name that sounds secret, and words that are too long and too mixed to be words.
PATTERNS_OF_LOGS: _Patterns = (
    *PATTERNS_OF_PROGRAMS,
    (
        re.compile(rf"(?i)((?:{SENSITIVE})[\w.-]{{0,64}}[\"']?\s{{0,8}}(?:=>|[:=])\s{{0,8}}[\"']?)[^\s\"',;&]+"),
        r"\1***",
    ),
    (re.compile(r"[A-Za-z0-9_-]{24,}"), _unless_a_word),
    (re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{40,}={0,2}"), MASK),
)
_RUN = re.compile(rf"[A-Za-z0-9+/=_.~%|-]{{{PIECE},}}")
# What may stand between two halves of a text that was broken into lines: spaces, line ends also as they are escaped, quotes,
# continuation signs, escape codes of a terminal.
_BETWEEN = re.compile(r"(?:\s|\\[nrt]|[\"'\\]|\x1b\[[0-9;]{0,32}[A-Za-z])+")


def spellings(secret: str) -> set[str]:
    """The ways in which a secret can be written: as it is, quoted for a URL, JSON, HTML or a shell, in hex, in base64, also twice."""
    import html
    from urllib.parse import quote, quote_plus

    escaped = json.dumps(secret)[1:-1]
    raw = _raw(secret)
    found = {
        secret,
        escaped,
        json.dumps(escaped)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        html.escape(secret),
        secret.replace("'", "'\"'\"'"),
        secret.replace("'", r"'\''"),
        re.sub(r"([^\w@%+=:,./-])", r"\\\1", secret),
        raw.hex(),
        raw.hex().upper(),
    }
    for quoted in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        found.update((quoted, re.sub("%[0-9A-F]{2}", lambda code: code.group().lower(), quoted)))
    once = set(_in_base64(raw))
    twice = {form for inner in once for form in _in_base64(inner.encode())}
    for form in once | twice:
        found.update((form, form.replace("+", "-").replace("/", "_"), quote(form, safe="")))
    return {form for form in found if len(form) >= SHORTEST}


def _raw(secret: str) -> bytes:
    return secret.encode("utf-8", "surrogateescape")


def _in_base64(raw: bytes) -> Iterator[str]:
    """The characters of a base64 text that `raw` alone decides, for each of the three places where it can begin in it."""
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw).decode()
        yield encoded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]


_Index = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class _Known:
    """All that is looked for at one time: forms by how they begin, the same without what may break a line, and pieces."""

    forms: _Index
    squeezed: _Index
    pieces: frozenset[str]


class Redactor:
    """Masks secrets in text. Secrets, and words that stay readable, can be added by any thread at any time.

    What was learned before a call begins is masked by it: each call looks for one set, which is replaced and never changed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secrets: dict[str, frozenset[str]] = {}  # each with its spellings, which are costly to make
        self._ordinary = frozenset(ORDINARY)
        self._known: _Known | None = None

    def learn(self, *secrets: str) -> None:
        """Remembers values to mask; of one that is shorter than six characters only what looks like a login is."""
        with self._lock:
            for secret in secrets:
                if len(secret) >= SHORTEST and secret not in self._secrets:
                    self._secrets[secret] = frozenset(spellings(secret))
                    self._known = None

    def spare(self, words: Iterable[str]) -> None:
        """Remembers names that have to stay readable, such as those of the project's objects."""
        with self._lock:
            if not self._ordinary.issuperset(words := tuple(words)):
                self._ordinary = self._ordinary.union(words)
                self._known = None

    def __call__(self, text: str) -> str:
        """The text with masks for what is secret."""
        if len(text) < SHORTEST:
            return text
        known = self._all_known()
        if known.forms:
            text = _masked(text, _found(text, known.forms))
            text = _without_pieces(_across_lines(text, known.squeezed), known.pieces)
        for pattern, replacement in PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def strictly(self, text: str) -> str:
        """The same for what a container wrote: it masks too much rather than too little, and cuts endless lines first."""
        text = "\n".join(map(_cut, text.split("\n")))
        text = self(text)
        for pattern, replacement in PATTERNS_OF_LOGS:
            text = pattern.sub(replacement, text)
        return "\n".join(_without_end(line) if line.endswith(_ENDLESS) else line for line in text.split("\n"))

    def said(self, text: str) -> str:
        """The same for what a program wrote of its own doing: cut first, since it may be endless, and no line is half a secret."""
        text = self("\n".join(map(_cut, _shortened(text).split("\n"))))
        for pattern, replacement in PATTERNS_OF_PROGRAMS:
            text = pattern.sub(replacement, text)
        return "\n".join(_without_end(line) if line.endswith(_ENDLESS) else line for line in text.split("\n"))

    def _all_known(self) -> _Known:
        """What is looked for, anew where something was learned."""
        known = self._known
        if known is None:
            with self._lock:
                known = self._known = self._known or _built(self._secrets, self._ordinary)
        return known


_ENDLESS = "\0"


def _shortened(text: str) -> str:
    """What is endless as its beginning and its end, in whole lines."""
    if len(text) <= 2 * LONGEST_PART:
        return text
    begin, end = text[:LONGEST_PART], text[-LONGEST_PART:]
    whole = begin.rpartition("\n")[0] if "\n" in begin else begin[: LONGEST_LINE + 1]
    return f"{whole}\n…\n{end.partition(chr(10))[2]}"


def _cut(line: str) -> str:
    return line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + _ENDLESS


def _without_end(line: str) -> str:
    """A line that was cut, without the half of a secret that it may end with."""
    line = line[: -len(_ENDLESS)]
    return (line if line.endswith(MASK) else line[:-PIECE]) + "…"


def _built(secrets: Mapping[str, frozenset[str]], ordinary: frozenset[str]) -> _Known:
    everyday = "\n".join(sorted(ordinary))
    forms = {form for spelled in secrets.values() for form in spelled if form not in everyday}
    squeezed = {form for form in (_BETWEEN.sub("", form) for form in forms) if len(form) >= ACROSS}
    whole = {form for secret in secrets for form in (secret, *_in_base64(_raw(secret)))}
    return _Known(_indexed(forms), _indexed(squeezed), frozenset(_pieces(whole) - _pieces(ordinary)))


def _indexed(forms: Iterable[str]) -> _Index:
    """Forms by their first characters, the longest first."""
    index: dict[str, tuple[str, ...]] = {}
    for form in sorted(forms, key=lambda form: (-len(form), form)):
        index[form[:SHORTEST]] = (*index.get(form[:SHORTEST], ()), form)
    return index


def _found(text: str, index: _Index) -> list[tuple[int, int]]:
    """Where the forms of an index stand in a text; stretches may overlap."""
    spans = []
    for at in range(len(text) - SHORTEST + 1):
        for form in index.get(text[at : at + SHORTEST], ()):
            if text.startswith(form, at):
                spans.append((at, at + len(form)))
                break
    return spans


def _across_lines(text: str, index: _Index) -> str:
    """Masks secrets that were broken into lines."""
    joined = _BETWEEN.sub("", text)
    if len(joined) == len(text):
        return text
    spans = _found(joined, index)
    if not spans:
        return text
    places: list[int] = []
    last = 0
    for gap in _BETWEEN.finditer(text):
        places += range(last, gap.start())
        last = gap.end()
    places += range(last, len(text))
    return _masked(text, ((places[begin], places[end - 1] + 1) for begin, end in spans))


def _without_pieces(text: str, pieces: frozenset[str]) -> str:
    """Masks what is left of a secret that was cut off or broken."""
    spans = []
    for run in _RUN.finditer(text):
        words = run.group()
        for at in range(len(words) - PIECE + 1):
            if words[at : at + PIECE] in pieces:
                spans.append((run.start() + at, run.start() + at + PIECE))
    return _masked(text, spans)


def _pieces(texts: Iterable[str]) -> set[str]:
    return {text[at : at + PIECE] for text in texts for at in range(len(text) - PIECE + 1)}


def _masked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with a mask for each stretch; those that touch become one."""
    parts: list[str] = []
    done = 0
    for begin, end in sorted(spans):
        if begin > done or not parts:
            parts += [text[done:begin], MASK]
        done = max(done, end)
    return "".join((*parts, text[done:]))


# The one of this process: what reads a secret adds it here, what writes anything masks it here.
REDACTOR = Redactor()
