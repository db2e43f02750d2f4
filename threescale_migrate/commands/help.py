"""`help`: shows a command's help or a topic, on a terminal by the pager where it is longer than the screen."""

from __future__ import annotations

import pydoc

from ..exit_codes import ExitCode
from ..render.markdown import emphasised
from ..run.options import HelpOptions
from ..run.session import Session


def run(session: Session, options: HelpOptions) -> ExitCode:
    """Shows it. Raises Usage for a name that nothing is called."""
    page = options.made()
    terminal = session.result
    plain = page.plain.splitlines() + ([""] if page.plain and page.markdown else [])
    paged = terminal.live and len(plain) + page.markdown.count("\n") >= terminal.size[1]
    lines = plain + emphasised(page.markdown, _struck if paged else lambda words: terminal.paint(words, "strong"))
    if paged:
        pydoc.pager("\n".join(lines) + "\n")
    else:
        for line in lines:
            terminal.verbatim(line)
    return ExitCode.DONE


def _struck(words: str) -> str:
    """Bold as pagers have it: each letter struck over itself."""
    return "".join(f"{letter}\b{letter}" for letter in words)
