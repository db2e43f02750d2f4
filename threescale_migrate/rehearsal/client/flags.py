"""Command lines as `oc` reads them: flags anywhere, `--name=value`, `--name value`, `-nvalue`, clusters of letters."""

from __future__ import annotations

from ..typed import Iterable, Object
from .errors import usage


class Flag:
    """One flag. `kind`: text, list, bool, int; `bare` is its value when none is given (`--dry-run`)."""

    __slots__ = ("bare", "kind", "name", "short")

    def __init__(self, name: str, short: str, kind: str, bare: str | None) -> None:
        self.name = name
        self.short = short
        self.kind = kind
        self.bare = bare


def table(text: str) -> tuple[Flag, ...]:
    """Flags from a text that names each as `name [short] kind[=bare]`, separated by commas or line ends."""
    rows = []
    for line in text.replace(",", "\n").splitlines():
        words = line.split()
        if not words:
            continue
        kind, _, bare = words[-1].partition("=")
        rows.append(Flag(words[0], words[1] if len(words) == 3 else "", kind, bare or None))
    return tuple(rows)


GLOBAL = """
    namespace n text, context text, kubeconfig text, cluster text, user text, server s text, token text, as text
    as-group list, as-uid text, request-timeout text, insecure-skip-tls-verify bool, certificate-authority text
    client-certificate text, client-key text, tls-server-name text, cache-dir text, match-server-version bool
    warnings-as-errors bool, loglevel v text, v text, profile text, help h bool
"""
DRY_RUN = "dry-run text=unchanged, "
OUTPUT = "output o text, template text, allow-missing-template-keys bool, show-managed-fields bool, "
FILES = "filename f list, kustomize k text, recursive R bool, "
SELECT = "selector l text, field-selector text, all-namespaces A bool, all bool, ignore-not-found bool, "
CHANGE = "field-manager text, record bool, save-config bool, validate text=strict, "


def _set(values: Object, flag: Flag, value: str, command: str) -> None:
    word = value.lower()
    wrong = ""
    if flag.kind == "bool":
        wrong = "" if word in ("true", "false", "1", "0", "t", "f") else "ParseBool"
        values[flag.name] = word in ("true", "1", "t")
    elif flag.kind == "int":
        wrong = "" if value.lstrip("+-").isdigit() else "ParseInt"
        values[flag.name] = 0 if wrong else int(value)
    elif flag.kind == "list":
        values.setdefault(flag.name, []).extend(value.split(","))
    else:
        values[flag.name] = value
    if wrong:
        said = (
            f'invalid argument "{value}" for "--{flag.name}" flag: strconv.{wrong}: parsing "{value}": invalid syntax'
        )
        raise usage(said, command)


class Parser:
    """The flags that one command knows."""

    def __init__(self, flags: Iterable[Flag], command: str) -> None:
        self.command = command
        known = (*table(GLOBAL), *flags)
        self.long = {flag.name: flag for flag in known}
        self.short = {flag.short: flag for flag in known if flag.short}

    def parse(self, argv: list[str]) -> tuple[Object, list[str]]:
        """The values of the flags, and the other words."""
        values: Object = {}
        words: list[str] = []
        rest = list(argv)
        while rest:
            word = rest.pop(0)
            if word == "--":
                values["--"] = len(words)
                words += rest
                break
            if word.startswith("--"):
                self._long(word[2:], rest, values)
            elif word.startswith("-") and word != "-":
                self._short(word[1:], rest, values)
            else:
                words.append(word)
        return values, words

    def _long(self, word: str, rest: list[str], values: Object) -> None:
        name, equals, value = word.partition("=")
        flag = self.long.get(name)
        if flag is None:
            raise usage(f"unknown flag: --{name}", self.command)
        if not equals:
            value = self._value(flag, rest, f"--{name}")
        _set(values, flag, value, self.command)

    def _short(self, letters: str, rest: list[str], values: Object) -> None:
        cluster = letters
        while letters:
            flag = self.short.get(letters[0])
            if flag is None:
                raise usage(f"unknown shorthand flag: '{letters[0]}' in -{cluster}", self.command)
            tail = letters[1:]
            if flag.kind == "bool" and not tail.startswith("="):
                values[flag.name] = True
                letters = tail
                continue
            value = tail[1:] if tail.startswith("=") else tail
            if not tail:
                value = self._value(flag, rest, f"'{letters[0]}' in -{cluster}")
            _set(values, flag, value, self.command)
            return

    def _value(self, flag: Flag, rest: list[str], where: str) -> str:
        if flag.kind == "bool":
            return "true"
        if flag.bare is not None:
            return flag.bare
        if not rest:
            raise usage(f"flag needs an argument: {where}", self.command)
        return rest.pop(0)

    def first_word(self, argv: list[str]) -> int | None:
        """The position of the first word that is neither a flag nor its value."""
        at = 0
        while at < len(argv):
            word = argv[at]
            if word == "--":
                return None
            if not word.startswith("-") or word == "-":
                return at
            at += 2 if self._takes_next(word) else 1
        return None

    def _takes_next(self, word: str) -> bool:
        if word.startswith("--"):
            flag = self.long.get(word[2:])
        else:
            flag = self.short.get(word[1:]) if len(word) == 2 else None
        return flag is not None and flag.kind != "bool" and flag.bare is None
