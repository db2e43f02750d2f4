"""What may not be read by anybody is masked here, on its way into every output, journal and error.

Secrets that the program was told of come first, in whatever way they are spelled and also in pieces; then whatever looks like
a login. It knows nothing of where the text goes.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .values import ACCOUNT, DEFAULT_ACCOUNT, GUIDE_CONFIGS, REGISTRY, SECRET_NAME, STEPS

MASK = "***"
# Anything shorter is a part of many a word.
SHORTEST = 6
# A piece of a secret is known by so many characters of it; shorter ones say little and are found in ordinary text.
PIECE = 16
# How short a secret may be to be looked for across the ends of lines.
ACROSS = 12

# The names that the program itself speaks of. A password that is a part of one is not masked where it stands alone: all
# sentences would become unreadable, and the gaps would tell what the password is.
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

_LOGIN = "auth|password|(?:access|refresh|identity|registry|id)_?token"
# What looks like a login even when nobody told us of it.
PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)(\b(?:bearer|basic)\s+)(?=[A-Za-z._~+/-]*[0-9=])[A-Za-z0-9._~+/=-]{8,}"), r"\1***"),
    (re.compile(r"(?i)(\bauthorization\W+(?:bearer|basic)\s+)[^\s\"'\\]+"), r"\1***"),
    (re.compile(r"(?i)(--(?:token|password|docker-password)(?:=|\s+))[^\s\"',\\]+"), r"\1***"),
    (re.compile(r"(?i)(--(?:token|password|docker-password)\\?[\"'],\s*\\?[\"'])[^\"'\\]+"), r"\1***"),
    (re.compile(r"([a-z][a-z0-9+.-]*://[^/\s:@\"']*:)[^@/\s\"']+@"), r"\1***@"),
    (re.compile(r"(?i)([?&](?:access_token|refresh_token|token|password|client_secret)=)[^&\s\"'\\]+"), r"\1***"),
    (
        re.compile(r"(\.?dockerc(?:onfigjson|fg)\\?\"?\s*:\s*(?:!!binary )?(?:[|>]-?\s+)?\\?\"?)[A-Za-z0-9+/=]{8,}"),
        r"\1***",
    ),
    (re.compile(rf"(?i)((?<!\\)\"(?:{_LOGIN})\"\s*:\s*\")(?:[^\"\\]|\\.)+"), r"\1***"),
    (re.compile(rf"(?i)(\\+\"(?:{_LOGIN})\\+\"\s*:\s*\\+\")[^\"\\]+"), r"\1***"),
    # `{"auths"` in base64, whatever its spaces, and a web token, whole or cut.
    (re.compile(r"\b(?:eyJhdXRoc|eyAiYXV0aHMi|ewogICJhdXRocy|ewogICAgImF1dGhz|ewoJImF1dGhz)[A-Za-z0-9+/=_-]*"), MASK),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,2}"), MASK),
    (re.compile(r"\bsha256~[A-Za-z0-9_-]{16,}"), "sha256~***"),
)
# In a container's log anything may stand: values with a telling name, and words that are too long and too mixed to be words.
PATTERNS_OF_LOGS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"(?i)([\w.-]*(?:passw|pwd|secret|token|api_?-?key|access_?-?key|private_?-?key|credential|cookie|session)[\w.-]*"
            r"[\"']?\s*(?:=>|[:=])\s*[\"']?)[^\s\"',;&]+"
        ),
        r"\1***",
    ),
    (re.compile(r"(?=[A-Za-z_-]*\d)(?=[\d_-]*[A-Za-z])[A-Za-z0-9_-]{24,}"), MASK),
    (re.compile(r"[A-Za-z0-9+/]{40,}={0,2}"), MASK),
)
_RUN = re.compile(rf"[A-Za-z0-9+/=_.~%|-]{{{PIECE},}}")
# What may stand between two halves of a text that was broken into lines: spaces, line ends also as they are escaped, quotes,
# continuation signs, escape codes of a terminal.
_BETWEEN = re.compile(r"(?:\s|\\[nrt]|[\"'\\]|\x1b\[[0-9;]*[A-Za-z])+")


def spellings(secret: str) -> set[str]:
    """The ways in which a secret can be written: as it is, quoted for a URL, JSON, HTML or a shell, and in base64, also twice."""
    import html
    from urllib.parse import quote, quote_plus

    escaped = json.dumps(secret)[1:-1]
    found = {
        secret,
        escaped,
        json.dumps(escaped)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        html.escape(secret),
        secret.replace("'", "'\"'\"'"),
    }
    raw = _raw(secret)
    found.update((quote(raw, safe=""), quote(raw), quote_plus(raw)))
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


@dataclass
class Redactor:
    """Masks secrets in text. `known` are those it was told of, `ordinary` the words that stay readable."""

    known: set[str] = field(default_factory=set)
    ordinary: set[str] = field(default_factory=lambda: set(ORDINARY))
    _built: tuple[int, int] = field(default=(0, 0), repr=False)
    _forms: tuple[str, ...] = field(default=(), repr=False)
    _squeezed: tuple[str, ...] = field(default=(), repr=False)
    _pieces: frozenset[str] = field(default=frozenset(), repr=False)

    def learn(self, *secrets: str) -> None:
        """Remembers values to mask; of one that is shorter than six characters only what looks like a login is."""
        self.known.update(secret for secret in secrets if len(secret) >= SHORTEST)

    def spare(self, words: Iterable[str]) -> None:
        """Remembers names that have to stay readable, such as those of the project's objects."""
        self.ordinary.update(words)

    def __call__(self, text: str) -> str:
        """The text without what may not be read."""
        if len(text) < SHORTEST:
            return text
        if self.known:
            self._build()
            for form in self._forms:
                if form in text:
                    text = text.replace(form, MASK)
            text = self._without_pieces(self._across_lines(text))
        for pattern, replacement in PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def strictly(self, text: str) -> str:
        """The same for what a container wrote: it masks too much rather than too little."""
        text = self(text)
        for pattern, replacement in PATTERNS_OF_LOGS:
            text = pattern.sub(replacement, text)
        return text

    def _build(self) -> None:
        """The forms of all that is known, anew where something was learned."""
        if self._built == (len(self.known), len(self.ordinary)):
            return
        everyday = "\n".join(sorted(self.ordinary))
        forms = {form for secret in self.known for form in spellings(secret) if form not in everyday}
        self._forms = tuple(sorted(forms, key=lambda form: (-len(form), form)))
        squeezed = {_BETWEEN.sub("", form) for form in forms}
        self._squeezed = tuple(
            sorted((form for form in squeezed if len(form) >= ACROSS), key=lambda form: (-len(form), form))
        )
        whole = {form for secret in self.known for form in (secret, *_in_base64(_raw(secret)))}
        self._pieces = frozenset(_pieces(whole) - _pieces(self.ordinary))
        self._built = (len(self.known), len(self.ordinary))

    def _across_lines(self, text: str) -> str:
        """Masks secrets that were broken into lines."""
        joined = _BETWEEN.sub("", text)
        if len(joined) == len(text):
            return text
        spans = []
        for form in self._squeezed:
            at = joined.find(form)
            while at >= 0:
                spans.append((at, at + len(form)))
                at = joined.find(form, at + len(form))
        if not spans:
            return text
        places: list[int] = []
        last = 0
        for gap in _BETWEEN.finditer(text):
            places += range(last, gap.start())
            last = gap.end()
        places += range(last, len(text))
        return _masked(text, ((places[begin], places[end - 1] + 1) for begin, end in spans))

    def _without_pieces(self, text: str) -> str:
        """Masks what is left of a secret that was cut off or broken."""
        spans = []
        for run in _RUN.finditer(text):
            words = run.group()
            for at in range(len(words) - PIECE + 1):
                if words[at : at + PIECE] in self._pieces:
                    spans.append((run.start() + at, run.start() + at + PIECE))
        return _masked(text, spans) if spans else text


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


# The one of this process: whoever reads a secret teaches it, whoever writes anything asks it.
REDACTOR = Redactor()
