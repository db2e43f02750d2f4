"""What the program can say to a person, and whether each language says it.

`python -m tests.messages` lists what the catalogues lack; with `--write` it brings them up to date: new messages are added without a
translation, stale ones are taken out, and the `.mo` that the program reads is made.
"""

from __future__ import annotations

import argparse
import ast
import re
import string
import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from threescale_migrate.cli import parser as cli
from threescale_migrate.language import LANGUAGES, LOCALES, localise

PACKAGE = LOCALES.parent
HEADER = """# Messages of threescale-migrate. Terms are those of Red Hat's guides in this language.
msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"""
# What is shown in every language as it is: names, numbers and what oc said.
UNTRANSLATED = re.compile(r"^\W*(\{\w+\}\W*)*$")

# Expressions whose values `of_tables` and `SYSTEM_ERRORS` name.
FROM_TABLES = {
    "wave.name",
    "verdict.value",
    "changed.before",
    "error.template",
    "state.value",
    "sentence",
    "seen",
    "deed",
    "why",
    "login",
    "LOGIN_DEEDS.get(login, LOGIN_DEEDS.get(why, deed)) if registry == REGISTRY else deed",
    "texts.TITLES[step]",
    "str(wave.get('name'))",
    "value['template']",
}

# What argparse says of itself that a user can meet, in the Pythons from 3.9 on.
ARGPARSE = (
    "usage: ",
    "positional arguments",
    "options",
    "optional arguments",
    "show this help message and exit",
    "show program's version number and exit",
    "argument %(argument_name)s: %(message)s",
    "expected one argument",
    "expected at most one argument",
    "expected at least one argument",
    "ignored explicit argument %r",
    "not allowed with argument %s",
    "one of the arguments %s is required",
    "the following arguments are required: %s",
    "unrecognized arguments: %s",
    "ambiguous option: %(option)s could match %(matches)s",
    "invalid %(type)s value: %(value)r",
    "invalid choice: %(value)r (choose from %(choices)s)",
    "unknown parser %(parser_name)r (choices: %(choices)s)",
)


@dataclass(frozen=True)
class Found:
    """A message in the source; `template` is None where it is no literal that can be looked up."""

    template: str | None
    where: str


def of_source(path: Path) -> Iterator[Found]:
    """The templates of all `Text(…)`, and of the rehearsal's `Mistake(…)`, in a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    places = [*(node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))), tree]
    done: set[int] = set()
    for place in sorted(places, key=lambda node: getattr(node, "lineno", 0), reverse=True):
        for node in ast.walk(place):
            if id(node) in done or not _is_text(node):
                continue
            done.add(id(node))
            assert isinstance(node, ast.Call)
            where = f"{path.relative_to(PACKAGE.parent)}:{node.lineno}"
            for template in _templates(node.args[0], place, tree):
                yield Found(template, where)


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("Text", "Mistake")
        and bool(node.args)
    )


def _templates(node: ast.expr, place: ast.AST, tree: ast.Module) -> Iterator[str | None]:
    """The strings that an expression can be: literals, the arms of a condition, names and tables of the module."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp) and ast.unparse(node) not in FROM_TABLES:
        yield from _templates(node.body, place, tree)
        yield from _templates(node.orelse, place, tree)
    elif isinstance(node, ast.Name):
        yield from _assigned(node.id, place, tree)
    elif ast.unparse(node) in FROM_TABLES:
        return
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        yield from _table(node.value.id, tree)
    else:
        yield None


def _assigned(name: str, place: ast.AST, tree: ast.Module) -> Iterator[str | None]:
    for scope in (ast.walk(place), tree.body):
        values = [
            node.value
            for node in scope
            if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets)
        ]
        if values:
            for value in values:
                yield from (found for found in _templates(value, place, tree) if found or name not in FROM_TABLES)
            return
    if name not in FROM_TABLES:
        yield None


def _table(name: str, tree: ast.Module) -> Iterator[str | None]:
    for node in tree.body:
        target = (
            node.target
            if isinstance(node, ast.AnnAssign)
            else node.targets[0]
            if isinstance(node, ast.Assign)
            else None
        )
        if isinstance(target, ast.Name) and target.id == name and isinstance(node, (ast.Assign, ast.AnnAssign)):
            values = node.value.values if isinstance(node.value, ast.Dict) else ()
            for value in values:
                yield from _templates(value, node, tree)
            return
    yield None


def of_tables() -> Iterator[Found]:
    """What stands in tables and enums whose members become texts elsewhere."""
    from threescale_migrate.guide import causes, prove_pull, selection
    from threescale_migrate.guide.readiness import RolloutState
    from threescale_migrate.rehearsal import faults
    from threescale_migrate.values import Verdict

    for _, _, sentence, deed in causes.REFUSALS:
        yield Found(sentence, "guide/causes.py REFUSALS")
        yield Found(deed, "guide/causes.py REFUSALS")
    for _, why, deed in (*causes.PULLS, ("", *causes.PULL_UNKNOWN)):
        yield Found(why, "guide/causes.py PULLS")
        yield Found(deed, "guide/causes.py PULLS")
    for login in (*causes.LOGIN_DEEDS, causes.LOGIN, causes.LOGIN_UNKNOWN):
        yield Found(login, "guide/causes.py LOGIN_DEEDS")
    for deed in causes.LOGIN_DEEDS.values():
        yield Found(deed, "guide/causes.py LOGIN_DEEDS")
    for _, seen in prove_pull.MEANINGS.values():
        yield Found(seen, "guide/prove_pull.py MEANINGS")
    for name in selection.WAVE_NAMES:
        yield Found(name, "guide/selection.py WAVE_NAMES")
    for state in RolloutState:
        yield Found(state.value, "guide/readiness.py RolloutState")
    for verdict in Verdict:
        yield Found(verdict.value, "values.py Verdict")
    for help_ in faults.FAULTS.values():
        yield Found(help_, "rehearsal/faults.py FAULTS")


def of_command_line() -> Iterator[Found]:
    """The words of the parser and its commands, and those of argparse itself: its own source differs between Pythons."""
    heard: list[str] = []

    def hear(words: str) -> str:
        heard.append(words)
        return words

    localise(cli.build(), hear)
    yield from (Found(words, "cli.py") for words in dict.fromkeys(heard))
    yield from (Found(words, "argparse") for words in ARGPARSE)


def messages() -> dict[str, list[str]]:
    """Each message that needs a translation, with the places that say it."""
    found: dict[str, list[str]] = {}
    for message in _all():
        if message.template and not UNTRANSLATED.match(message.template):
            found.setdefault(message.template, []).append(message.where)
    return found


def unreadable() -> list[str]:
    """Places whose text is put together, so that it cannot be translated."""
    return sorted({message.where for message in _all() if message.template is None})


def _all() -> Iterator[Found]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield from of_source(path)
    yield from of_tables()
    yield from of_command_line()


def catalogue(language: str) -> Path:
    """The source of a language."""
    return LOCALES / language / "LC_MESSAGES" / "threescale_migrate.po"


def read_po(text: str) -> dict[str, str]:
    """The entries of a catalogue, without its header. Raises ValueError for what is no catalogue."""
    found: dict[str, str] = {}
    for block in re.split(r"\n\s*\n", text):
        lines = [line for line in block.splitlines() if line.strip() and not line.startswith("#")]
        parts: dict[str, list[str]] = {}
        for line in lines:
            keyword, _, rest = line.partition(" ") if line.startswith("msg") else ("", "", line)
            if keyword:
                parts[keyword] = last = []
            if not parts or not re.fullmatch(r'"(?:[^"\\]|\\.)*"', rest.strip()):
                raise ValueError(f"not a line of a catalogue: {line}")
            last.append(ast.literal_eval(rest.strip()))
        if parts:
            source = "".join(parts["msgid"])
            if source in found:
                raise ValueError(f"twice in the catalogue: {source}")
            found[source] = "".join(parts["msgstr"])
    found.pop("", None)
    return found


def write_po(language: str, entries: dict[str, str], places: dict[str, list[str]]) -> str:
    """A catalogue, sorted by the modules that say its messages."""
    pieces = [HEADER.format(language=language)]
    modules = {source: sorted({where.partition(":")[0] for where in places[source]}) for source in entries}
    for source in sorted(entries, key=lambda source: (modules[source][0], source)):
        comment = "#: " + " ".join(module.replace(" ", "_") for module in modules[source])
        pieces.append(f"{comment}\nmsgid {_quoted(source)}\nmsgstr {_quoted(entries[source])}\n")
    return "\n".join(pieces)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", '\\n"\n"')
    return f'""\n"{escaped}"' if "\n" in text else f'"{escaped}"'


def compiled(entries: dict[str, str], language: str) -> bytes:
    """The catalogue as gettext reads it: GNU's binary format, sorted, without a hash table."""
    header = f"Language: {language}\nContent-Type: text/plain; charset=UTF-8\n"
    pairs = sorted((key.encode(), value.encode()) for key, value in {"": header, **entries}.items() if value)
    start = 28 + 16 * len(pairs)
    tables: list[list[int]] = [[], []]
    data = b""
    for table, column in ((tables[0], 0), (tables[1], 1)):
        for pair in pairs:
            table += [len(pair[column]), start + len(data)]
            data += pair[column] + b"\0"
    numbers = [0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, start]
    return struct.pack(f"<{7 + 4 * len(pairs)}I", *numbers, *tables[0], *tables[1]) + data


def placeholders(template: str) -> list[str]:
    """The parameters of a template, sorted; those of argparse are `%(name)s`."""
    old = re.findall(r"%\(\w+\)[sr]|%[sr]", template)
    try:
        new = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    except ValueError:
        new = ["?"]
    return sorted([*old, *new])


def problems(language: str) -> list[str]:
    """What is wrong with the catalogue of a language, one line for each thing."""
    wanted = messages()
    text = catalogue(language).read_text(encoding="utf-8") if catalogue(language).exists() else ""
    entries = read_po(text)
    found = [f"not translated: {source!r} ({wanted[source][0]})" for source in wanted if not entries.get(source)]
    found += [f"stale: {source!r}" for source in entries if source not in wanted]
    found += [
        f"other placeholders: {source!r}"
        for source, sentence in entries.items()
        if sentence and placeholders(source) != placeholders(sentence)
    ]
    binary = catalogue(language).with_suffix(".mo")
    if not binary.exists() or binary.read_bytes() != compiled(entries, language):
        found.append(f"{binary.name} is not made from its .po")
    return found


def update(language: str) -> None:
    """Writes the catalogue of a language anew, with what is new and without what is stale."""
    wanted = messages()
    path = catalogue(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    before = read_po(path.read_text(encoding="utf-8")) if path.exists() else {}
    entries = {source: before.get(source, "") for source in wanted}
    path.write_text(write_po(language, entries, wanted), encoding="utf-8")
    path.with_suffix(".mo").write_bytes(compiled(entries, language))


def main(argv: Iterable[str]) -> int:
    """Tells, or writes; exit code 1 where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.messages", description=__doc__)
    parser.add_argument("--write", action="store_true", help="bring the catalogues up to date")
    options = parser.parse_args(list(argv))
    wrong = [f"put together, cannot be translated: {where}" for where in unreadable()]
    for language in LANGUAGES:
        if language == "en":
            continue
        if options.write:
            update(language)
        wrong += [f"{language}: {problem}" for problem in problems(language)]
    print("\n".join(wrong) or "all is translated")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
