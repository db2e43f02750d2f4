"""`help`: shows a command's help or a topic, on a terminal by the pager where it is longer than the screen."""

from __future__ import annotations

import pydoc

from ..exit_codes import ExitCode
from ..render import markdown
from ..run.options import HelpOptions
from ..run.session import Session

NARROW, WIDE = 80, 100


def run(session: Session, options: HelpOptions) -> ExitCode:
    """Shows it. Raises Usage for a name that nothing is called."""
    page = options.made()
    terminal = session.result
    width = min(terminal.width, WIDE) if terminal.live else NARROW
    plain = page.plain.splitlines() + ([""] if page.plain and page.markdown else [])
    height = terminal.size[1]
    paged = terminal.live and len(plain + markdown.lines(page.markdown, width)) >= height
    lines = plain + markdown.lines(
        page.markdown, width, _struck if paged else lambda words: terminal.paint(words, "strong")
    )
    if paged:
        pydoc.pager("\n".join(lines) + "\n")
    else:
        for line in lines:
            terminal.verbatim(line)
    return ExitCode.DONE


def _struck(words: str) -> str:
    """Bold as pagers have it: each letter struck over itself."""
    return "".join(f"{letter}\b{letter}" for letter in words)
