"""What the program can say to a person, and whether each language says it.

`python -m tests.tools.messages` lists what the catalogues lack; with `--write` it brings them up to date: new messages are added without a
translation, stale ones are taken out, and babel makes the `.mo` that the program reads.
"""

from __future__ import annotations

import argparse
import ast
import gettext
import io
import re
import string
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

import threescale_migrate
from threescale_migrate.cli import parser as cli
from threescale_migrate.cli import topics, usage
from threescale_migrate.cli.parser_language import localise
from threescale_migrate.language import LANGUAGES
from threescale_migrate.values import AMONG, BETWEEN

PACKAGE = Path(threescale_migrate.__file__).parent
LOCALES = PACKAGE / "locale"
HEADER = "# Messages of threescale-migrate. Terms are those of Red Hat's guides in this language."
# What is shown in every language as it is: names, numbers and what oc said.
UNTRANSLATED = re.compile(r"^\W*(\{\w+\}\W*)*$")

# What sets sentences and the members of a list apart, in each language in its own way.
SEPARATORS = (BETWEEN, AMONG)
# Expressions whose values `of_tables` and `SYSTEM_ERRORS` name.
FROM_TABLES = {
    "wave.name",
    "verdict.value",
    "changed.before",
    "error.template",
    "state.value",
    "sentence",
    "one",
    "seen",
    "fix",
    "why",
    "known",
    "SEEN[asker][answer]",
    "BETWEEN",
    "AMONG",
    "texts.TITLES[step]",
    "TITLES[action.step]",
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
    "main commands:",
    "more options:",
    "other commands:",
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
    """A message in the source; `template` is None where it is no literal that can be looked up, `plural` its form for many."""

    template: str | None
    where: str
    plural: str | None = None


def of_source(path: Path) -> Iterator[Found]:
    """The templates of all `Text(…)` and `Text.plural(…)`, and of the rehearsal's `Mistake(…)`, in a module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    name = path.relative_to(PACKAGE.parent) if path.is_relative_to(PACKAGE) else path.name
    places = [*(node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.ClassDef))), tree]
    done: set[int] = set()
    for place in sorted(places, key=lambda node: getattr(node, "lineno", 0), reverse=True):
        for node in ast.walk(place):
            if id(node) in done or not isinstance(node, ast.Call) or not node.args:
                continue
            where = f"{name}:{node.lineno}"
            if ast.unparse(node.func) == "Text.plural":
                done.add(id(node))
                forms = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
                yield Found(forms[0], where, forms[1]) if len(forms) == len(node.args) == 2 else Found(None, where)
            elif ast.unparse(node.func) in ("Text", "Mistake"):
                done.add(id(node))
                for template in _templates(node.args[0], place, tree):
                    yield Found(template, where)


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
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get":
        # TABLE.get(key, "otherwise")
        if isinstance(node.func.value, ast.Name):
            yield from _table(node.func.value.id, tree)
        yield from _templates(node.args[-1], place, tree)
    else:
        yield None


def _assigned(name: str, place: ast.AST, tree: ast.Module) -> Iterator[str | None]:
    for scope in (ast.walk(place), tree.body):
        values = [
            value
            for node in scope
            if isinstance(node, ast.Assign)
            for target in node.targets
            for value in _bound(target, node.value, name)
        ]
        if values:
            for value in values:
                yield from (found for found in _templates(value, place, tree) if found or name not in FROM_TABLES)
            return
    if name not in FROM_TABLES:
        yield None


def _bound(target: ast.expr, value: ast.expr, name: str) -> Iterator[ast.expr]:
    """What an assignment gives a name, also as one of several: `here, there = "{name} is here", "{name} is there"`."""
    if isinstance(target, ast.Name) and target.id == name:
        yield value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for one, its in zip(target.elts, value.elts):
            yield from _bound(one, its, name)


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
    from threescale_migrate.guide import admission_refusals, image_pulls, pull_proof, selection, todays_images
    from threescale_migrate.guide.readiness import RolloutState
    from threescale_migrate.rehearsal import faults
    from threescale_migrate.values import Verdict

    for separator in SEPARATORS:
        yield Found(separator, "values.py BETWEEN, AMONG")
    for _, _, sentence, fix, _ in admission_refusals.REFUSALS:
        yield Found(sentence, "guide/admission_refusals.py REFUSALS")
        yield Found(fix, "guide/admission_refusals.py REFUSALS")
    for why, _, fix in (*image_pulls.MEANING.values(), image_pulls.UNKNOWN):
        yield Found(why, "guide/image_pulls.py MEANING")
        yield Found(fix, "guide/image_pulls.py MEANING")
    for seen in (*pull_proof.OTHERWISE.values(), *todays_images.UNKNOWN.values()):
        yield Found(seen, "guide: what could not be asked")
    for login in image_pulls.LOGINS:
        yield Found(login, "guide/image_pulls.py LOGIN")
    for seen in (seen for answers in pull_proof.SEEN.values() for seen in answers.values()):
        yield Found(seen, "guide/pull_proof.py SEEN")
    for name in selection.WAVE_NAMES:
        yield Found(name, "guide/selection.py WAVE_NAMES")
    for state in RolloutState:
        yield Found(state.value, "guide/readiness.py RolloutState")
    for verdict in Verdict:
        yield Found(verdict.value, "values.py Verdict")
    for help_ in (*faults.FAULTS.values(), *faults.ENDINGS.values()):
        yield Found(help_, "rehearsal/faults.py FAULTS")


def of_command_line() -> Iterator[Found]:
    """The words of the parser and its commands, and those of argparse itself: its own source differs between Pythons."""
    found: list[str] = []

    def hear(words: str) -> str:
        found.append(words)
        return words

    localise(cli.build(), hear)
    yield from (Found(words, "cli.py") for words in dict.fromkeys((*found, usage.MORE)))
    yield from (Found(words, "argparse") for words in ARGPARSE)
    yield from (Found(topics.title(name), "topics") for name in topics.TOPICS)


def wanted(language: str) -> Catalog:
    """The catalogue that a language needs: each message with the modules that say it, none translated."""
    made = Catalog(locale=language, header_comment=HEADER)
    for message in all_messages():
        if message.template in SEPARATORS or (message.template and not UNTRANSLATED.match(message.template)):
            source = (message.template, message.plural) if message.plural else message.template
            module = message.where.partition(":")[0].replace(" ", "_")
            made.add(source, locations=[(module, None)])  # type: ignore[list-item]
    return made


def unreadable() -> list[str]:
    """Places whose text is put together, so that it cannot be translated."""
    return sorted({message.where for message in all_messages() if message.template is None})


@cache
def all_messages() -> tuple[Found, ...]:
    of_sources = (found for path in sorted(PACKAGE.rglob("*.py")) for found in of_source(path))
    return (*of_sources, *of_tables(), *of_command_line())


def path_of(language: str) -> Path:
    """The source of a language's catalogue."""
    return LOCALES / language / "LC_MESSAGES" / "threescale_migrate.po"


def read(language: str) -> Catalog:
    """The catalogue of a language, empty where there is none. Raises PoFileError for what is no catalogue."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, header_comment=HEADER)
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue as gettext reads it."""
    made = io.BytesIO()
    write_mo(made, catalogue)
    return made.getvalue()


def entries(binary: bytes) -> dict[object, str]:
    """What gettext finds in a compiled catalogue, without its header: that holds the date and the version of babel."""
    found: dict[object, str] = dict(gettext.GNUTranslations(io.BytesIO(binary))._catalog)  # type: ignore[attr-defined]
    found.pop("", None)
    return found


def placeholders(template: str) -> set[str]:
    """The parameters of a template; those of argparse are `%(name)s`."""
    old = re.findall(r"%\(\w+\)[sr]|%[sr]", template)
    try:
        new = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
    except ValueError:
        new = ["?"]
    return {*old, *new}


def forms(words: object) -> list[str]:
    """The one form of a message or of its translation, or those of a plural: the one for many is the last."""
    return [str(word) for word in words] if isinstance(words, (tuple, list)) else [str(words)]


def problems(language: str) -> list[str]:
    """What is wrong with the catalogue of a language, one line for each thing."""
    needed, there = wanted(language), read(language)
    found = []
    for message in needed:
        if not message.id:
            continue
        source = forms(message.id)[-1]
        said = there.get(message.id)
        if said is None or not all(forms(said.string)) or not forms(said.string):
            found.append(f"not translated: {source!r} ({message.locations[0][0]})")
        elif any(placeholders(sentence) != placeholders(source) for sentence in forms(said.string)):
            found.append(f"other placeholders: {source!r}")
    found += [f"stale: {forms(m.id)[-1]!r}" for m in there if m.id and needed.get(m.id) is None]
    binary = path_of(language).with_suffix(".mo")
    if not binary.exists() or entries(binary.read_bytes()) != entries(compiled(there)):
        found.append(f"{binary.name} is not what babel makes of its .po")
    return found


def update(language: str) -> None:
    """Writes the catalogue of a language anew, with what is new and without what is stale."""
    catalogue = read(language)
    template = wanted(language)
    template.creation_date = catalogue.creation_date  # what has no new message stays as it is, to the byte
    catalogue.update(template, no_fuzzy_matching=True)
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=0, ignore_obsolete=True, sort_by_file=True, include_lineno=False)
    path.with_suffix(".mo").write_bytes(compiled(read(language)))


def main(argv: Iterable[str]) -> int:
    """Reports, or writes; exit code 1 where something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.messages", description=__doc__)
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
