"""`help` as an operator meets it: through a pipe, on a terminal with a pager, with a name that is wrong."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest

from tests.conftest import World
from threescale_migrate.cli.topics import TOPICS


@pytest.mark.long
def test_help_lists_commands_and_topics_and_shows_each(world: World) -> None:
    listed = world.run("help")
    assert listed.code == 0
    for name in TOPICS:
        assert f"  {name} " in listed.out
        shown = world.run("help", name)
        assert (shown.code, shown.err) == (0, "")
        assert max(map(len, shown.out.splitlines()[:1])) <= 80
    brief = world.run("verify", "--help").out.partition("more options")[0]
    assert world.run("help", "verify").out.startswith(brief.rstrip("\n"))


def test_a_name_that_is_a_command_and_a_topic_shows_both(world: World) -> None:
    both = world.run("help", "undo").out
    assert "usage: threescale-migrate undo" in both
    assert "# Undo a migration\n" in both


def test_the_code_of_a_check_shows_its_section_alone(world: World) -> None:
    shown = world.run("help", "quota-sufficient").out
    assert shown.startswith("### quota-sufficient\n")
    assert "image-imported" not in shown


def test_a_wrong_name_is_refused_with_the_one_that_was_meant(world: World) -> None:
    wrong = world.run("help", "permision")
    assert (wrong.code, wrong.out) == (2, "")
    assert "did you mean permissions?" in wrong.err
    assert "help lists them" in world.run("help", "xyzzy").err


@pytest.mark.parametrize(("topic", "pages"), [("troubleshooting", True), ("shell", False)])
def test_what_is_longer_than_the_screen_is_paged(world: World, topic: str, pages: bool) -> None:
    pager = world.home / "pager"
    pager.write_text("#!/bin/sh\necho PAGED; cat\n", encoding="utf-8")
    pager.chmod(0o755)
    ours, theirs = pty.openpty()
    environment = {**world.environment, "PAGER": str(pager), "TERM": "xterm", "COLUMNS": "80", "LINES": "40"}
    done = subprocess.Popen(world.command("help", topic), env=environment, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    seen = b""
    while True:
        try:
            seen += os.read(ours, 65536)
        except OSError:
            break
    os.close(ours)
    assert done.wait() == 0
    assert (b"PAGED" in seen) is pages
    assert b"W\bWh\bh" in seen if pages else b"Complete commands" in seen
