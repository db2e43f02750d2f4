"""The table that is redrawn in place, on a terminal that is small, large, or resized meanwhile."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.random_histories import CONFIGS, History
from threescale_migrate.guide.readiness import Assessment, assess_all
from threescale_migrate.render.progress import LiveWatcher
from threescale_migrate.render.terminal import Terminal, columns
from threescale_migrate.values import GUIDE_CONFIGS, english


class Screen:
    """A terminal of a fixed size: what is written, scrolled and redrawn, and what has left at the top."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.history: list[str] = []
        self.lines = [""]
        self.row = 0

    def show(self, text: str) -> None:
        """Takes what a program writes: lines, `up`, `clear to the end of the line`."""
        for part in re.split(r"(\x1b\[\d*[A-Za-z]|\n|\r)", text):
            if part == "\n":
                self._down()
            elif part.endswith("A") and part.startswith("\x1b"):
                self.row = max(0, self.row - int(part[2:-1]))
            elif part.endswith("K") and part.startswith("\x1b"):
                self.lines[self.row] = self.written
            elif part and part != "\r":
                assert not part.startswith("\x1b"), part
                self.written = part
                self.lines[self.row] = part
                assert columns(part) <= self.width, (part, self.width)
                continue
            self.written = ""

    written = ""

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")
        if len(self.lines) > self.height:
            self.history.append(self.lines.pop(0))
            self.row -= 1


def rounds() -> list[tuple[Assessment, ...]]:
    """The verdicts of a rollout that begins, has an image that cannot be pulled, and ends."""
    history = History()
    history.fault("image-pull", "zync")
    for name in CONFIGS:
        history.run_as(name, "amp")
    found = []
    for seconds in (0.1, 1.0, 2.0, 5.0, 30.0):
        history.wait(seconds)
        found.append(assess_all(history.observed(), CONFIGS))
    history.fix()
    history.wait(3600)
    history.latest("zync")
    history.wait(60)
    found.append(assess_all(history.observed(), CONFIGS))
    return found


ROUNDS = rounds()


def watcher(stream: io.StringIO) -> LiveWatcher:
    return LiveWatcher(Terminal(stream, False, True, english))


def draw(screen: Screen, shown: Sequence[tuple[Assessment, ...]]) -> None:
    stream = io.StringIO()
    live = watcher(stream)
    for number, found in enumerate(shown):
        live.rollouts(found, float(number))
        screen.show(stream.getvalue())
        stream.seek(0)
        stream.truncate()


@given(width=st.integers(20, 200), height=st.integers(3, 30), above=st.integers(0, 40))
@settings(max_examples=60, deadline=None)
def test_one_table_stands_on_the_screen_whatever_its_size(width: int, height: int, above: int) -> None:
    screen = Screen(width, height)
    screen.show("before\n" * above)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("COLUMNS", str(width))
        patched.setenv("LINES", str(height))
        draw(screen, ROUNDS)
    shown = [line for line in (*screen.history, *screen.lines) if line and line != "before"]
    assert (*screen.history, *screen.lines).count("before") == above
    assert len(shown) <= height - 1
    assert sum(line.startswith("  ") and "of" in line for line in shown) == 1


def test_more_configs_than_lines_show_those_that_are_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "6")
    screen = Screen(80, 6)
    bad = next(found for found in ROUNDS[2] if found.cause is not None)
    good = ROUNDS[-1][0]
    many = tuple(Assessment(name, good.state, True, good.reason, 2, 1, 1) for name in GUIDE_CONFIGS if name != "zync")
    draw(screen, [(*many, bad)])
    text = "\n".join(screen.lines)
    assert "zync" in text
    assert "cannot be pulled" in " ".join(text.split())
    assert "are not shown" in text


def test_a_window_that_became_narrower_is_cleared_of_the_rows_it_broke(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LINES", "24")
    stream = io.StringIO()
    live = watcher(stream)
    live.rollouts(ROUNDS[0], 0.0)
    rows = stream.getvalue().count("\n")
    monkeypatch.setenv("COLUMNS", "30")
    stream.seek(0)
    stream.truncate()
    live.rollouts(ROUNDS[1], 1.0)
    up = re.match(r"\x1b\[(\d+)A", stream.getvalue())
    assert up is not None
    assert rows < int(up[1]) < 24


def test_the_real_size_is_asked_anew_each_time() -> None:
    terminal = Terminal(io.StringIO(), False, True, english)
    with pytest.MonkeyPatch.context() as patched:
        for size in ((40, 10), (132, 43)):
            patched.setitem(os.environ, "COLUMNS", str(size[0]))
            patched.setitem(os.environ, "LINES", str(size[1]))
            assert terminal.size == size
