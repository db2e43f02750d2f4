"""The language that a person is spoken to: which one it is, and the catalogue that maps English to it.

Messages are looked up by their English template, through gettext; `locale/*/LC_MESSAGES/*.po` are the sources, and the `.mo` next to
each is made from it by `python -m tests.messages --write`. JSON, journals, names and commands are never translated.
"""

from __future__ import annotations

import argparse
import errno
import gettext
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .values import Text, Translate, english

DOMAIN = "threescale_migrate"
LOCALES = Path(__file__).resolve().parent / "locale"
LANGUAGES = ("en", "ja")

# What the system says of a file that cannot be used; the texts are Python's own, which are English in every locale.
SYSTEM_ERRORS = {
    errno.EPERM: Text("Operation not permitted"),
    errno.ENOENT: Text("No such file or directory"),
    errno.EACCES: Text("Permission denied"),
    errno.EEXIST: Text("File exists"),
    errno.ENOTDIR: Text("Not a directory"),
    errno.EISDIR: Text("Is a directory"),
    errno.ENOSPC: Text("No space left on device"),
    errno.EROFS: Text("Read-only file system"),
    errno.ENAMETOOLONG: Text("File name too long"),
    errno.EDQUOT: Text("Disk quota exceeded"),
}


def system_error(error: OSError) -> Text:
    """Why a file cannot be used, in the system's words."""
    if error.errno is None:
        return Text("{kind}", kind=type(error).__name__)
    return SYSTEM_ERRORS.get(error.errno, Text("{said}", said=os.strerror(error.errno)))


def language_of(given: str | None) -> str:
    """The language to speak, `en` or `ja`: `--lang`, else the locale's, by the order that gettext keeps."""
    names = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    wanted = given or next((os.environ[name] for name in names if os.environ.get(name)), "")
    for code in wanted.split(":"):
        short = code.partition(".")[0].partition("@")[0].partition("_")[0].lower()
        if short in LANGUAGES:
            return short
    return "en"


def translation(language: str | None) -> Translate:
    """The function from an English template to the language's; what the catalogue lacks stays English."""
    code = language_of(language)
    if code == "en":
        return english
    found = gettext.translation(DOMAIN, LOCALES, [code], fallback=True)

    return _of(found)


def _of(catalogue: gettext.NullTranslations) -> Translate:
    def translate(template: str, many: str = "", count: int = 1) -> str:
        if not template:
            return template  # it would give the catalogue's header
        return catalogue.ngettext(template, many, count) if many else catalogue.gettext(template)

    return translate


def current(template: str, many: str = "", count: int = 1) -> str:
    """In the language that argparse speaks while `spoken` lasts."""
    return gettext.ngettext(template, many, count) if many else gettext.gettext(template)


def asked_for(argv: Sequence[str]) -> str | None:
    """What `--lang` says, before the command line is parsed: the parser's own words are in that language too."""
    for number, word in enumerate(argv):
        if word == "--":
            break
        if word == "--lang" and number + 1 < len(argv):
            return argv[number + 1]
        if word.startswith("--lang="):
            return word.partition("=")[2]
    return None


@contextmanager
def spoken(language: str | None) -> Iterator[Callable[[str], str]]:
    """While it lasts, what argparse itself says comes from our catalogue: it asks gettext for the domain that is set."""
    before, domain = os.environ.get("LANGUAGE"), gettext.textdomain()
    os.environ["LANGUAGE"] = language_of(language)
    gettext.bindtextdomain(DOMAIN, str(LOCALES))
    gettext.textdomain(DOMAIN)
    try:
        yield gettext.gettext
    finally:
        gettext.textdomain(domain)
        if before is None:
            del os.environ["LANGUAGE"]
        else:
            os.environ["LANGUAGE"] = before


def localise(parser: argparse.ArgumentParser, translate: Callable[[str], str]) -> None:
    """Translates the words of a parser and of its commands in place; names and metavars stay as they are."""

    def sentence(words: str | None) -> str | None:
        return translate(words) if words else words

    parser.description, parser.epilog = sentence(parser.description), sentence(parser.epilog)
    for group in parser._action_groups:
        group.title, group.description = sentence(group.title), sentence(group.description)
    for action in parser._actions:
        if action.help is not argparse.SUPPRESS:
            action.help = sentence(action.help)
        if isinstance(action, argparse._SubParsersAction):
            for choice in action._choices_actions:
                choice.help = sentence(choice.help)
            for command in action.choices.values():
                localise(command, translate)
