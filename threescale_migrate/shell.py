"""The one place where words become a command line that a person or a script may hand to a shell.

Names of a cluster's objects are data: those of roles and bindings may hold quotes, `$( )`, `;` and line ends.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable


def quoted(word: str) -> str:
    """A word that a shell (bash, zsh, ksh) reads as that very word, on one line and all of it to be seen."""
    if word.isprintable():
        return shlex.quote(word)
    # $'…' is the form that has no line end and no invisible character in it.
    raw = word.encode("utf-8", "surrogateescape")
    return "$'" + "".join(_byte(code) for code in raw) + "'"


def _byte(code: int) -> str:
    letter = chr(code)
    return letter if 32 <= code < 127 and letter not in "'\\" else f"\\{code:03o}"


def line(words: Iterable[str]) -> str:
    """Words as a command line to be pasted."""
    return " ".join(map(quoted, words))


def oc(args: Iterable[str]) -> str:
    """A call of `oc` to be pasted."""
    return line(("oc", *args))
