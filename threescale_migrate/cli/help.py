"""What `help` shows: the list of commands and topics, a command's own help, a topic, or the section of a check's code."""

from __future__ import annotations

import difflib

from ..render.markdown import section
from ..run.options import HelpPage
from ..values import Text, Usage
from .localising import current, localise, spoken
from .parser import build
from .topics import TOPICS, title, topic
from .usage import commands


def page(name: str | None, lang: str | None) -> HelpPage:
    """The page of a name, or of none. Raises Usage for a name that nothing is called."""
    with spoken(lang) as translate:
        parser = build()
        localise(parser, translate)
        known = commands(parser)
        if name is None:
            width = max(map(len, TOPICS))
            listed = "\n".join(f"  {each:{width}}  {title(each)}" for each in TOPICS)
            heading = Text("topics, shown by help TOPIC:").translated(current)
            return HelpPage(f"{parser.format_help()}\n{heading}\n{listed}\n")
        plain = known[name].format_help() if name in known else ""
    markdown = topic(name) if name in TOPICS else section(topic("troubleshooting"), name) or ""
    if not plain and not markdown:
        shown = repr(name[:40])
        near = difflib.get_close_matches(name, [*known, *TOPICS], n=1)
        if near:
            raise Usage(Text("there is no command or topic {name}; did you mean {near}?", name=shown, near=near[0]))
        raise Usage(Text("there is no command or topic {name}; help lists them", name=shown))
    return HelpPage(plain, markdown)
