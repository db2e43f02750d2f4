"""A config's commands, arguments and variables hold secrets in plain text (fact 22): what can be shown of them.

A command is described, never quoted: what it assigns, and all that is or may be a login, is masked. It does not know how a config is
written; it gets words, names and values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .redaction import MASK, ORDINARY, SENSITIVE, SHORTEST

LONGEST = 100
# 3scale's own tasks, in words that hold nothing of the command (fact 19, fact 22).
TASK = re.compile(r"\brake\b.*?\b(openshift:[a-z_]{1,30})(?![\w-])", re.DOTALL)
_SHELL = re.compile(r"(?:.*/)?(?:ba|da|k|z|a)?sh")
_VALUE = r"(?:\"(?:[^\"\\]|\\.)*\"?|'[^']*'?|\\.|[^\s;&|\"'\\])+"
_NAME = rf"[\w.-]*(?:{SENSITIVE}|auth|\bkey|_key)[\w.-]*"
_HEADER = r"(?<!\S)(?:-H\s?|--header[=\s])[\"']?[\w-]+:\s?"
_PATTERNS = (
    (re.compile(rf"({_HEADER})[^\"'\n]+"), rf"\1{MASK}"),
    (re.compile(rf"(?i)(\bauthorization\W{{1,8}})(?:(?:bearer|basic)\s+)?{_VALUE}"), rf"\1{MASK}"),
    # Whatever is assigned: a shell's variable, a task's argument, an option's value with a name that sounds secret.
    (re.compile(rf"((?<![\w-])[A-Za-z_]\w*\\?[\"']?\s?=){_VALUE}"), rf"\1{MASK}"),
    (re.compile(rf"(?i)(--?{_NAME})(?:=|\s+){_VALUE}"), rf"\1={MASK}"),
    (re.compile(rf"(?i)({_NAME}\\?[\"']?\s{{0,4}}(?:=>|[:=])\s{{0,4}}){_VALUE}"), rf"\1{MASK}"),
    (re.compile(rf"(?<!\S)(-[pPua])\s?(?!-){_VALUE}"), rf"\1 {MASK}"),
    (re.compile(r"(?<=[A-Za-z0-9+.-])(://)[^\s\"']*@"), rf"\1{MASK}@"),
    (re.compile(rf"([?&][\w.-]+=){_VALUE}"), rf"\1{MASK}"),
)
# A word that has letters and digits both is a generated one, unless it is the name of a program or a version.
_MIXED = re.compile(r"(?=[^\W_]*[0-9])(?=[^\W_]*[^\W\d_])[^\W_]{8,}")
_LONG = re.compile(r"[A-Za-z0-9+/_=-]{32,}")
_SENSITIVE_NAME = re.compile(rf"(?i)(?:{SENSITIVE}|auth|key$)")
# What a variable with a name that sounds secret may hold and be no secret: a name, a path, a switch, a number of seconds.
A_NAME = re.compile(r"[a-z]+(?:[-_./:][a-z]+)*|true|false|yes|no|\d{1,5}|/[\w./-]*", re.IGNORECASE)
_SHORT = ("-p", "-P", "-u", "-a")
_OPTION = re.compile(rf"(?i)(--?{_NAME}(?==|\Z)|-[pPua](?!\w*-))=?")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_USERINFO = re.compile(r"://[^/\s:@\"']*:([^\s\"']+)@")
_ASSIGNED = re.compile(rf"([A-Za-z_][\w-]*)\\?[\"']?\s?=({_VALUE})")


def described(words: Iterable[str]) -> str:
    """What a command does, without secrets: `rake openshift:deploy`, or the command with masks in it."""
    given = [str(word)[:4096] for word in words]
    script = _script(given)
    task = TASK.search(" ".join(given) if script is None else script)
    if task is not None:
        return f"rake {task[1]}"
    text = " ".join(" ".join(_each(given) if script is None else [masked(script)]).split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _script(words: list[str]) -> str | None:
    """The script that a shell among the words is handed."""
    for at, word in enumerate(words[:-1]):
        if at and re.fullmatch(r"-[a-z]*c", word) and _SHELL.fullmatch(words[at - 1]):
            return words[at + 1]
    return None


def _each(words: Iterable[str]) -> Iterator[str]:
    """The words of a command that no shell reads, where a value extends to the end of its word, spaces included."""
    hidden = False
    for word in words:
        option, assigned = _OPTION.match(word), _ASSIGNMENT.match(word)
        if hidden and not word.startswith("-"):
            yield MASK
            hidden = False
        elif option is not None:
            hidden = len(option[0]) == len(word)
            yield option[1] if hidden else f"{option[1]} {MASK}" if option[1] in _SHORT else f"{option[1]}={MASK}"
        else:
            hidden = False
            yield f"{assigned[0]}{MASK}" if assigned is not None else masked(word)


def masked(text: str) -> str:
    """A command for a shell with masks for all that it assigns, and for all that is or may be a login."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return _LONG.sub(MASK, _MIXED.sub(MASK, text))


def hidden_in(text: str) -> Iterator[str]:
    """What `masked` hides of a command by its place, so that it can be masked wherever else it is said, by the command itself too."""
    for pattern, replacement in _PATTERNS:
        for match in pattern.finditer(text[:65536]):
            told = match.expand(replacement.replace(MASK, "")).rstrip(" =@")
            value = match[0][len(told) :].strip("\"'\\ =@/:")
            yield from (part for part in (value, *re.split(r"[\s:;&]+", value)) if not A_NAME.fullmatch(part))


def secrets_in(words: Iterable[str], variables: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The values in a command and in variables that are secrets by the name that they have, or are a URL's login."""
    assigned = list(variables)
    for word in words:
        word = word[:65536]
        assigned += [(match[1], match[2].strip("\"'\\")) for match in _ASSIGNED.finditer(word)]
        name, _, value = word.partition("=")
        assigned.append((name, value) if re.fullmatch(r"[\w.-]+", name) else ("", word))
    for name, value in assigned:
        if _SENSITIVE_NAME.search(name) and not A_NAME.fullmatch(value) and value not in ORDINARY:
            yield value
        yield from (password for password in _USERINFO.findall(value) if len(password) >= SHORTEST)
