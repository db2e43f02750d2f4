"""Colour, width and plain text where operators work: crontabs, pipelines, narrow windows, screen readers."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest

from tests.conftest import World, make_world
from tests.support.terminals import Shown, on_terminal
from threescale_migrate.render.terminal import columns

PAINT = re.compile(r"\x1b\[[0-9;]*m")
# What moves the cursor or clears.
MOVES = re.compile(r"\x1b\[[0-9;?]*[A-Za-ln-z]")
# Without an `oc` it ends at once.
FAILS, WITHOUT = ("verify",), {"PATH": "/nonexistent"}
# Options, environment, and whether there is colour in a pipe and on a terminal.
COLOURS: list[tuple[tuple[str, ...], dict[str, str], bool, bool]] = [
    ((), {}, False, True),
    ((), {"NO_COLOR": "1"}, False, False),
    ((), {"NO_COLOR": ""}, False, True),
    ((), {"NO_COLOR": "0"}, False, False),
    ((), {"TERM": "dumb"}, False, False),
    ((), {"FORCE_COLOR": "1"}, True, True),
    ((), {"FORCE_COLOR": "3"}, True, True),
    ((), {"FORCE_COLOR": "0"}, False, False),
    ((), {"FORCE_COLOR": ""}, False, True),
    ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ((), {"CLICOLOR": "0"}, False, False),
    ((), {"CLICOLOR": "1"}, False, True),
    ((), {"CLICOLOR": ""}, False, True),
    ((), {"CLICOLOR_FORCE": "1"}, True, True),
    ((), {"CLICOLOR_FORCE": "0"}, False, True),
    ((), {"CLICOLOR_FORCE": "1", "CLICOLOR": "0"}, True, True),
    ((), {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False, False),
    (("--color", "always"), {"NO_COLOR": "1"}, True, True),
    (("--color", "always"), {"TERM": "dumb"}, True, True),
    (("--color", "never"), {"FORCE_COLOR": "1"}, False, False),
    (("--color", "auto"), {"FORCE_COLOR": "1"}, True, True),
    (("--plain",), {"FORCE_COLOR": "1"}, False, False),
    ((), {"THREESCALE_MIGRATE_COLOR": "always"}, True, True),
    ((), {"THREESCALE_MIGRATE_PLAIN": "1", "FORCE_COLOR": "1"}, False, False),
]


@pytest.fixture(scope="module", name="place")
def _place(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that no case here changes, with a terminal that can show colours."""
    world = make_world(tmp_path_factory.mktemp("terminals"))
    world.environment["TERM"] = "xterm-256color"
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"):
        world.environment.pop(name, None)
    return world


def shown(world: World, args: tuple[str, ...], environment: dict[str, str], width: int = 80) -> Shown:
    return on_terminal(world.command(*args), {**world.environment, **environment}, width)


@pytest.mark.parametrize(("options", "environment", "piped", "terminal"), COLOURS, ids=str)
def test_colour_is_where_it_is_wanted(
    place: World, options: tuple[str, ...], environment: dict[str, str], piped: bool, terminal: bool
) -> None:
    given: dict[str, Any] = {**WITHOUT, **environment}
    said = place.run(*FAILS, *options, **given)
    assert said.code == 7
    assert bool(PAINT.search(said.err)) is piped, said.err
    seen = shown(place, (*FAILS, *options), given)
    assert seen.code == 7
    assert bool(PAINT.search(seen.raw)) is terminal, seen.raw


RESULTS = (("verify", "-v"), ("plan",), ("preflight",), ("verify", "--help"), ("help", "migrate"))


@pytest.mark.parametrize(
    ("args", "width"), [*((args, 50) for args in RESULTS), (("verify", "-v"), 79), (("plan",), 200)]
)
def test_no_line_of_prose_is_wider_than_the_window(place: World, args: tuple[str, ...], width: int) -> None:
    seen = shown(place, args, {"PAGER": "cat", "THREESCALE_MIGRATE_SECRET_FILE": place.secret}, width)
    assert len(seen.lines) > 10, seen.raw
    for line in seen.lines:
        words = PAINT.sub("", line)
        # A command that is pasted stands alone on its line, whatever the width.
        pasted = re.match(r"\s*(\$ )?(oc|threescale-migrate) ", words)
        assert columns(re.sub(r".\x08", "", words)) <= width or pasted, (width, line)


def test_the_table_fits_the_terminal_it_is_drawn_on_where_stdout_is_a_pipe(world: World) -> None:
    args = ("migrate", "--yes", "--secret-file", world.secret, "--dc", "zync,system-memcache")
    seen = on_terminal(world.command(*args), {**world.environment, "TERM": "xterm"}, 50, stdout=subprocess.DEVNULL)
    assert seen.code == 0, seen.raw
    rows = [PAINT.sub("", line).split("\x1b[K")[0] for line in seen.lines if "\x1b[K" in line]
    assert rows, seen.raw
    assert all(columns(re.sub(r"\x1b\[\d+A\r?", "", row)) < 50 for row in rows), rows


def test_plain_is_linear_text_with_words_for_marks(world: World) -> None:
    args = ("migrate", "--yes", "--secret-file", world.secret, "--dc", "zync,system-memcache", "--plain")
    seen = shown(world, args, {"TERM": "xterm"})
    assert seen.code == 0, seen.raw
    assert "\x1b" not in seen.raw
    assert "\r" not in seen.raw.replace("\r\n", "")
    assert not set("✓✗…–→·│─") & set(seen.raw), seen.raw
    assert "[ok]" in seen.raw
    assert "zync: " in seen.raw


def test_a_pipeline_that_forces_colour_gets_lines_and_no_cursor(world: World) -> None:
    done = world.migrate("--dc", "zync,system-memcache", FORCE_COLOR="1", TERM="xterm")
    assert done.code == 0
    assert PAINT.search(done.all)
    assert not MOVES.search(done.all)


@pytest.mark.parametrize("names", [("HOME",), ()], ids=["home", "no home"])
def test_a_crontab_of_few_variables_gets_plain_bytes(world: World, names: tuple[str, ...]) -> None:
    kept = {name: world.environment[name] for name in ("PATH", "KUBECONFIG", "PYTHONPATH", *names)}
    done = subprocess.run(
        world.command("verify", "--skip", "permissions"), env=kept, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stdout.isascii(), done.stdout
    assert b"\x1b" not in done.stdout + done.stderr
    assert b"[FAILED]" in done.stdout


def test_a_locale_of_c_has_words_for_marks_whatever_the_language_is_set_to(world: World) -> None:
    for set_to, over_all in (("en_US.UTF-8", "C"), ("C", "")):
        said = world.process_run("verify", "--skip", "permissions", LANG=set_to, LC_ALL=over_all)
        assert "[FAILED] not migrated" in said.out, said.out
        assert said.out.isascii()
    assert "✗ not migrated" in world.process_run("verify", LANG="en_US.UTF-8", LC_ALL="").out


def test_a_plan_in_a_narrow_window_has_each_cost_beside_its_config(world: World) -> None:
    seen = on_terminal(world.command("plan", "--secret-file", world.secret), {**world.environment, "TERM": "xterm"}, 40)
    lines = [PAINT.sub("", line).strip() for line in seen.lines]
    assert "1  backend-cron  21 min  no probe" in lines, seen.raw
    assert "system-memcache  21 min" in lines
