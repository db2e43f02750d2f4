"""`help`: the list of commands and topics, a command's own help, a topic, or the section of a check's code; on a terminal by the pager
where it is longer than the screen."""

from __future__ import annotations

import difflib
import pydoc

from ..exit_codes import TABLE, ExitCode, numbers
from ..language import language_of
from ..options import Options
from ..render.result import Nothing, Printed, Result
from ..render.terminal import MARKS, TO_DO, WAITING
from ..run.session import Session
from ..values import Text, Usage
from .parser import build
from .parser_language import current, localise, spoken
from .topics import TOPICS, emphasised, section, title, topic
from .usage import commands, whole


def page(name: str | None, lang: str | None, program: str) -> tuple[list[str], str]:
    """The lines of a name or of none, and its Markdown. Raises Usage for a name that nothing is called."""
    with spoken(lang) as translate:
        parser = build(program)
        localise(parser, translate)
        known = commands(parser)
        if name is None:
            return [*whole(parser).splitlines(), *_exit_codes(), _legend(), "", *_topics()], ""
        plain = whole(known[name]).splitlines() if name in known else []
    language = language_of(lang)
    markdown = topic(name, language) if name in TOPICS else section(topic("troubleshooting", language), name) or ""
    if not plain and not markdown:
        shown = repr(name[:40])
        near = difflib.get_close_matches(name, [*known, *TOPICS], n=1)
        if near:
            raise Usage(Text("there is no command or topic {name}; did you mean {near}?", name=shown, near=near[0]))
        raise Usage(Text("there is no command or topic {name}; help lists them", name=shown))
    return plain, markdown


def _exit_codes() -> list[str]:
    """The table of exit codes, in the language that argparse speaks now."""
    rows = [(numbers(row.codes), row.brief.translated(current)) for row in TABLE]
    return [Text("exit codes:").translated(current), *(f"  {codes:13} {meaning}" for codes, meaning in rows)]


def _legend() -> str:
    """What the marks of a screen mean; with --plain they are these words."""
    words = (*((sign, word) for sign, word, _ in MARKS.values()), ("…", WAITING), ("…", TO_DO))
    shown = Text.listed(*(Text("{sign} {word}", sign=sign, word=word) for sign, word in words))
    return Text("marks: {marks}", marks=shown).translated(current)


def _topics() -> list[str]:
    width = max(map(len, TOPICS))
    heading = Text("topics, shown by help TOPIC:").translated(current)
    return [heading, *(f"  {each:{width}}  {current(title(each))}" for each in TOPICS)]


def shown(program: str, session: Session, options: Options) -> Result:
    """What the options name; what is longer than a person's screen is in the pager by then. Raises Usage for a name that nothing is
    called."""
    plain, markdown = page(options.topic, options.lang, program)
    terminal = session.screen.result
    paged = terminal.live and len(plain) + markdown.count("\n") >= terminal.size[1]
    lines = plain + emphasised(markdown, _struck if paged else lambda words: terminal.paint(words, "strong"))
    words = "\n".join(lines) + "\n"
    if not paged:
        return session.result(ExitCode.DONE, Printed(words))
    pydoc.pager(words)
    return session.result(ExitCode.DONE, Nothing())


def _struck(words: str) -> str:
    """Bold as pagers have it: each letter struck over itself."""
    return "".join(f"{letter}\b{letter}" for letter in words)
