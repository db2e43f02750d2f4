"""The one place where words become a command line that a person or a script may hand to a shell.

Names of a cluster's objects are data: those of roles and bindings may hold quotes, `$( )`, `;` and line ends.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from .options import OPTIONS, carried
from .values import PROGRAM as PROGRAM
from .values import Command, Who


def quoted(word: str) -> str:
    """A word quoted for a shell (bash, zsh, ksh), on one line and with nothing invisible in it."""
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


# What these steps look for, `migrate` brings about.
LOOKING_STEPS = ("readiness", "verification")
_PLACE = ("namespace", "context", "kubeconfig")
REHEARSAL_DOMAIN = ".cluster.example.test"


@dataclass(frozen=True)
class Invocation:
    """What names a project to `oc` and to this program alike, whatever the current project of a shell is; what is empty is not
    named. `command`, `arguments` and `given` are the command that is being carried out, or was: its name, its arguments, and its
    options but for the place, each a word (`--dc=zync`). `server` is where all of it is, and `user` who asks there, where that is
    known."""

    namespace: str = ""
    context: str = ""
    kubeconfig: str = ""
    command: str = ""
    given: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    server: str = ""
    user: str = ""

    @property
    def is_rehearsal(self) -> bool:
        """Whether the server is a rehearsal's: its name is of the domain that no real host is in (RFC 6761)."""
        return (urlsplit(self.server).hostname or "").endswith(REHEARSAL_DOMAIN)

    def pasted(self, command: Command) -> str:
        """A command as one line that works on this project in any shell. Somebody else has another kubeconfig, with contexts of other
        names: such a line names the project alone."""
        if command.by is Who.CLUSTER_ADMIN:
            place = Invocation(self.namespace)
            parts = (command.argv, *command.piped)
        else:
            place, parts = self, (self._going_on(command), *command.piped)
        lines = [place.line(words) if words[:1] in (("oc",), (PROGRAM,)) else line(words) for words in parts]
        return " | ".join((lines[0] + (f" < {quoted(command.reads)}" if command.reads else ""), *lines[1:]))

    def _going_on(self, command: Command) -> tuple[str, ...]:
        """The words of a command; of one with which a run goes on, that of the run which is carried out."""
        if not command.resumes:
            return command.argv
        if self.command == "undo":
            return (PROGRAM, "undo")
        if self.command == "step" and self.arguments and self.arguments[0] not in LOOKING_STEPS:
            own = (PROGRAM, "step", *self.arguments, *command.argv[2:])
            if all(_is_of_step(word, self.arguments[0]) for word in command.argv[2:] if word.startswith("--")):
                return own
        return command.argv

    def line(self, words: Sequence[str]) -> str:
        """A command line that works on this project in any shell. A command of this program gets the options of the command that is
        being carried out, if it has them too: without `--dc`, for example, it would affect more."""
        if words[0] == PROGRAM:
            words = (*words, *self._more(words[1:]))
        named = set(map(_name, words))
        if "-n" in named or "--all-namespaces" in named or _is_of_the_cluster(words):
            named.add("--namespace")
        if tuple(words[:2]) == ("oc", "login"):  # the context is what it makes
            named.add("--context")
        if words[0] == PROGRAM:
            named.update(f"--{name}" for name in _PLACE if not OPTIONS[name].taken_by(words[1]))
        places = {f"--{name}": str(getattr(self, name)) for name in _PLACE}
        more = (f"{name}={value}" for name, value in places.items() if value and name not in named)
        # What follows are the words of a program in a pod.
        end = 2 if tuple(words[:2]) in (("oc", "rsh"), ("oc", "exec")) else len(words)
        return line((*words[:end], *more, *words[end:]))

    @property
    def again(self) -> str:
        """The command that is being carried out, or was, once more."""
        return self.line((PROGRAM, self.command))

    def _more(self, words: Sequence[str]) -> tuple[str, ...]:
        """What a command of this program takes over from the one that is being carried out."""
        command, named = words[0], frozenset(map(_name, words))
        same = command == self.command and (
            command != "step" or words[1:2] in ((), list(self.arguments), self.arguments)
        )
        first = self.command if same or command != self.command else ""
        kept = carried(self.given, first, command, named)
        own = f"--skip={(*words, '')[1]}" if command == "step" else ""
        return (*(self.arguments if same and len(words) == 1 else ()), *(word for word in kept if word != own))


# What `oc` asks or changes of the whole cluster, whatever the project.
_OF_THE_CLUSTER = (
    ("get", "scc"),
    ("get", "clusterrolebindings"),
    ("edit", "image.config.openshift.io"),
    ("login",),
    ("project",),
)


def _is_of_step(word: str, step: str) -> bool:
    """Whether a single step takes an option."""
    option = OPTIONS[_name(word)[2:].replace("-", "_")]
    return option.taken_by("step") and option.about.step in (None, step)


def _is_of_the_cluster(words: Sequence[str]) -> bool:
    """Whether a call of `oc` is about no project."""
    if words[0] != "oc":
        return False
    binds = tuple(words[1:3]) == ("adm", "policy") and "-cluster-role-" in words[3]
    return binds or any(tuple(words[1 : 1 + len(call)]) == call for call in _OF_THE_CLUSTER)


def resumption(commands: Iterable[Command]) -> Command | None:
    """Of commands with which a run goes on, the one that has the options of them all; None where there is none."""
    found = [command for command in commands if command.resumes]
    options: list[str] = []
    for command in found:
        words = list(command.argv[2:])
        while words:
            option = [words.pop(0)]
            if words and not words[0].startswith("--"):
                option.append(words.pop(0))
            if option[0] not in options:
                options += option
    return replace(found[0], argv=(*found[0].argv[:2], *options)) if found else None


def _name(word: str) -> str:
    return word.partition("=")[0]
