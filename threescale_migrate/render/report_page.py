"""A report as one file for people: HTML that needs no script and no other file, or Markdown.

Jinja2 fills the templates, and escapes everything that comes from a cluster; the picture is SVG whose bars are placed in
per cent, so that it is as wide as the page and its patterns and letters keep their size.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape

from .. import package_files
from ..language import language_of, translation
from ..redaction import REDACTOR
from ..safe_text import visible
from ..values import Text
from .report import Band, Bar, Phase, Report, Span, Standing, shown_time, time_of
from .terminal import MARKS
from .text import ENDINGS, command_line, without_repetition

# The narrowest bar, as a share of the picture's width.
SLIVER = 0.006
# Pixels.
TITLE_HEIGHT, ROW_HEIGHT, AXIS_HEIGHT = 30, 42, 26
TICKS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800)

WORDS = {
    "rehearsal": Text("REHEARSAL: none of this happened on a real cluster"),
    "ticket": Text("ticket"),
    "warnings": Text("Warnings before the first change"),
    "costs": Text("Impact of the redeployments"),
    "passed": Text("passed"),
    "created": Text("Objects created"),
    "what_failed": Text("Failures and fixes"),
    "serves": Text("meanwhile"),
    "fix": Text("fix"),
    "next": Text("Next"),
    "configs": Text("State of each config"),
    "picture": Text("Rollouts over time"),
    "picture_described": Text("a bar for each config, from its patch to its end; the bands are the waves"),
    "legend": Text("legend"),
    "record": Text("Run details"),
    "found": Text("State before the run"),
    "done": Text("Commands"),
    "nothing_done": Text("nothing was changed"),
    "checks": Text("What was checked"),
    "proof": Text("Pods"),
    "no_pod": Text("no pod"),
    "config": Text("config"),
    "state": Text("state"),
    "account": Text("account"),
    "pod": Text("pod"),
    "secret": Text("pull secret"),
    "ready": Text("ready"),
    "yes": Text("yes"),
    "no": Text("no"),
    "time": Text("time"),
    "command": Text("command"),
    "outcome": Text("outcome"),
    "took": Text("took"),
    "wave": Text("wave"),
    "result": Text("result"),
    "made": Text("Made from the run's journal by threescale-migrate. It contains no secrets."),
}


def page(report: Report, suffix: str, language: str | None) -> str:
    """The report as text of the format that the suffix of its file names, `.html` or `.md`."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    html = suffix == ".html"
    translate = translation(language)

    def say(value: object) -> str:
        return REDACTOR(visible(value.translated(translate) if isinstance(value, Text) else str(value)))

    environment = Environment(
        loader=FunctionLoader(lambda name: package_files.text(f"render/{name}")),
        autoescape=html,
        finalize=say if html else lambda value: markdown(value if isinstance(value, Raw) else say(value)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        say=say,
        sign=lambda verdict: MARKS[verdict][0],
        word=lambda verdict: Text(verdict.value),
        time=time_of,
        clock=lambda at: shown_time(at)[11:19],
        percent=lambda seconds: f"{100 * seconds / report.seconds:.3f}%",
        code=code,
        named=lambda failure: without_repetition(failure.subject, say(failure.why)),
        checked=lambda check: without_repetition(check.subject, say(check.seen)),
        lines=lambda value: say(value).split("\n"),
        command=lambda entry: command_line(entry.argv, entry.change.secret, entry.stdin),
    )
    template = environment.get_template("report.html.j2" if html else "report.md.j2")
    return template.render(
        report=report,
        language=language_of(language),
        picture=picture(report),
        words=WORDS,
        outcomes=ENDINGS,
        phases=_phases(report),
        groups=[
            (standing, [config for config in report.configs if config.standing is standing])
            for standing in Standing
            if any(config.standing is standing for config in report.configs)
        ],
    )


def _phases(report: Report) -> list[Phase]:
    used = {span.phase for band in report.bands for bar in band.bars for span in bar.spans}
    return [phase for phase in Phase if phase in used]


@dataclass(frozen=True)
class Row:
    """A bar with its place in the picture, in pixels from the top."""

    bar: Bar
    top: int

    def spans(self, seconds: float) -> tuple[Span, ...]:
        """The parts of it as they are drawn on a scale of so many seconds: the last is wide enough to be seen."""
        *first, last = self.bar.spans
        least = max(last.end - last.start, SLIVER * seconds)
        start = min(last.start, seconds - least)
        before = [Span(span.phase, span.start, min(span.end, start)) for span in first if span.start < start]
        return (*(span for span in before if span.end > span.start), Span(last.phase, start, start + least))


@dataclass(frozen=True)
class Block:
    """A wave with its place in the picture."""

    band: Band
    top: int
    height: int
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Picture:
    """The picture's geometry: heights in pixels; `ticks` are seconds with what is written there."""

    blocks: tuple[Block, ...]
    height: int
    ticks: tuple[tuple[float, Text, str], ...]


def picture(report: Report) -> Picture:
    """The position of each wave and bar."""
    blocks, top = [], 0
    for band in report.bands:
        if not band.bars:
            continue
        rows = tuple(Row(bar, top + TITLE_HEIGHT + number * ROW_HEIGHT) for number, bar in enumerate(band.bars))
        height = TITLE_HEIGHT + len(rows) * ROW_HEIGHT
        blocks.append(Block(band, top, height, rows))
        top += height
    return Picture(tuple(blocks), top + AXIS_HEIGHT, _ticks(report.seconds))


def _ticks(seconds: float) -> tuple[tuple[float, Text, str], ...]:
    """At most four steps of a round number of seconds; the text at the end of the scale is to the left of it."""
    step = next((step for step in TICKS if seconds / step <= 4.5), 86400)
    moments = [number * step for number in range(int(seconds // step) + 1)]
    return tuple(
        (
            float(moment),
            Text("{minutes} min", minutes=moment // 60) if step >= 60 else Text("{seconds} s", seconds=moment),
            "start" if moment == 0 else "end" if moment > 0.9 * seconds else "middle",
        )
        for moment in moments
    )


class Raw(str):
    """Markdown that is escaped already."""


def markdown(value: str) -> str:
    """Words that Markdown shows as they are, on one line; what a cluster says makes no links, no HTML and no cells."""
    if isinstance(value, Raw):
        return value
    value = visible(value)
    return re.sub(r"([\\`*_{}\[\]#|~!])", r"\\\1", escape(" ".join(value.split()), quote=False))


def code(value: object) -> Raw:
    """A command or a name as Markdown shows code, in a table too."""
    words = REDACTOR(visible(" ".join(str(value).split()), keep=""))
    fence = "`" * (1 + max((len(run) for run in re.findall(r"`+", words)), default=0))
    space = " " if words.startswith("`") or words.endswith("`") else ""
    return Raw(f"{fence}{space}{words}{space}{fence}".replace("|", "\\|"))
