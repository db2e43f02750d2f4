"""The command line in the reader's language: the parser's words, ours and argparse's own. It knows no option but `--lang`."""

from __future__ import annotations

import argparse
import gettext
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .. import package_files
from ..language import CATALOGUE, DOMAIN, language_of


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
    code = language_of(language)
    if code == "en":
        yield lambda words: words
        return
    before, domain = os.environ.get("LANGUAGE"), gettext.textdomain()
    os.environ["LANGUAGE"] = code
    # gettext requires a file, and in a zipped package the catalogue is none.
    import tempfile  # late: English needs no file

    with tempfile.TemporaryDirectory() as directory:
        catalogue = Path(directory, CATALOGUE.format(language=code))
        catalogue.parent.mkdir(parents=True)
        catalogue.write_bytes(package_files.binary(CATALOGUE.format(language=code)))
        gettext.bindtextdomain(DOMAIN, str(Path(directory, "locale")))
        gettext.textdomain(DOMAIN)
        try:
            yield gettext.gettext
        finally:
            gettext.textdomain(domain)
            gettext.bindtextdomain(DOMAIN, None)
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
