"""The one place where words become a command line that a person or a script may hand to a shell.

Names of a cluster's objects are data: those of roles and bindings may hold quotes, `$( )`, `;` and line ends.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

PROGRAM = "threescale-migrate"


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


# What may follow a command's name in our own sentences. A name ends before the punctuation of its sentence.
_NAME = r"[A-Za-z0-9](?:[\w./,:@-]*\w)?"
_COMMANDS = re.compile(
    rf"{PROGRAM} (?:step [a-z]+(?:-[a-z]+)*|undo(?: [0-9]\w*Z-\d+(?:-\d+)?)?|migrate|verify|preflight|plan|backup)\b(?!-)"
    r"(?: --[a-z]+(?:-[a-z]+)*(?: FILE\b)?)*"
    rf"|\boc (?:logs {_NAME}(?: -c {_NAME})?(?: --previous)?|describe (?:pod |dc |sa |secret )?{_NAME}"
    rf"|get (?:pods?|events|dc|rc|sa|is|pvc|quota)(?:/{_NAME})?\b(?!,\S)(?: -o [a-z]+)?|delete pod {_NAME}"
    rf"|rollout (?:resume|latest|cancel|status|undo) {_NAME}|secrets link {_NAME} {_NAME} --for=pull)"
)
# What a command that is to be run next does without: options that name a place, which it gets anew, or many of them, and
# those about how a result is shown or kept. Each with whether a value stands behind it.
_LEFT_OUT = {
    **dict.fromkeys(("-n", "--namespace", "--context", "--kubeconfig", "--projects", "--inventory", "--jobs"), True),
    **dict.fromkeys(("-o", "--output", "--report", "--ticket"), True),
    **dict.fromkeys(("--all-contexts", "-q", "--quiet", "-v", "-vv", "--verbose", "--dry-run", "--check"), False),
}


@dataclass(frozen=True)
class Invocation:
    """What names a project to `oc` and to this program alike, whatever the current project of a shell is; what is empty is not
    named. `command` and `given` are the command line that is being carried out: its name, and its options without those that name the project."""

    namespace: str = ""
    context: str = ""
    kubeconfig: str = ""
    command: str = ""
    given: tuple[str, ...] = ()

    def line(self, words: Sequence[str]) -> str:
        """A command line that works on this very project wherever it is pasted. The very command that is being carried out gets its
        options once more: without `--dc`, say, it would be about more."""
        if len(words) == 2 and words[0] == PROGRAM and words[1] == self.command:
            words = (*words, *self.given)
        named = {word.partition("=")[0] for word in words}
        places = (("--namespace", self.namespace), ("--context", self.context), ("--kubeconfig", self.kubeconfig))
        return line([*words, *(f"{name}={value}" for name, value in places if value and name not in named)])

    def is_command(self, sentence: str) -> bool:
        """Whether a sentence is a command and nothing else, so that the line to be pasted says all of it."""
        return bool(self.namespace) and _COMMANDS.fullmatch(sentence) is not None

    def commands(self, sentence: str) -> tuple[str, ...]:
        """The commands that a sentence of ours asks somebody to run, as lines to be pasted, each once."""
        found = _COMMANDS.findall(sentence)
        return tuple(dict.fromkeys(self.line(command.split()) for command in found))


def options(argv: Sequence[str], command: str) -> tuple[str, ...]:
    """The words of a command line that stay the same where it is given again: all but the command's name and `_LEFT_OUT`."""
    words, kept = list(argv), []
    named = False
    while words:
        word = words.pop(0)
        name, equals, _ = word.partition("=")
        if name in _LEFT_OUT:
            if _LEFT_OUT[name] and not equals:
                del words[:1]
        elif word == command and not named:
            named = True
        else:
            kept.append(word)
    return tuple(kept)
