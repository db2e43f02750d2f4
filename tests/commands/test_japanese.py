"""The same program in Japanese: all that a person sees is, and all that a program reads is as ever."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import World, make_world
from tests.tools import messages
from threescale_migrate.values import Step

JAPANESE = "ja_JP.UTF-8"
# Commands to paste, options, quoted programs and objects of the cluster stand in every language as they are.
COMMANDS = re.compile(
    r"\b(?:create|get|list|update|patch|delete) [\w./-]+|(?:\$ )?\b(?:oc|threescale-migrate) [!-~ ]+|'[^']*'|--?[\w-]+(?:[= ][\w.]+)?|\b[\w-]+/[\w./-]+"
)
ENGLISH = re.compile(r"\b[A-Za-z][a-z]+(?: [A-Za-z][a-z]+)+\b")
NAMES = (
    "Security Context Constraints",
    "Service Mesh",
    "Red Hat",
    "PROGRAM ARG",
    "Ctrl",
    "バージョン unknown",
    "bash -c bundle exec rake boot",
)
# Words that are messages by themselves, but for those that are names as well.
ALONE = {
    message.id
    for message in messages.read("ja")
    if re.fullmatch("[a-z]+", str(message.id)) and message.string != message.id
} - {*(step.value for step in Step), "system", "backend", "zync", "project", "trial", "hook", "deployer", "pods", "pod"}


def english(words: str) -> list[str]:
    """The lines that are not Japanese: prose of two English words and more, or a word that has a translation."""
    found = []
    for line in words.splitlines():
        left = line
        for name in NAMES:
            left = left.replace(name, "")
        left = COMMANDS.sub(" ", left)
        if ENGLISH.search(left) or ALONE & set(re.findall(r"(?<![\w-])[a-z]+(?![\w-])", left)):
            found.append(line)
    return found


def test_a_rehearsal_is_japanese_from_end_to_end(world: World) -> None:
    done = world.run("rehearse", "--speed", "40", LANG=JAPANESE)
    assert done.code == 0, done.all
    assert english(done.out) == []
    assert english("\n".join(line for line in done.err.splitlines() if not line.startswith("$"))) == []
    assert "移行が完了し、Pod で確認済みです" in done.out


def test_what_fails_is_said_in_japanese_and_means_the_same_to_a_program(tmp_path: Path) -> None:
    world = make_world(tmp_path, "scc=zync", "paused=backend-worker", "no-trigger=system-redis")
    both = [world.run("verify", "-o", "json", LANG=each) for each in ("C.UTF-8", JAPANESE)]
    assert both[0].code == both[1].code == 1
    assert both[0].out == both[1].out
    planned = [
        world.run("plan", "--secret-file", world.secret, "-o", "json", LANG=each) for each in ("C.UTF-8", JAPANESE)
    ]
    assert planned[0].code == planned[1].code
    assert planned[0].out == planned[1].out
    for command in (("verify", "-v"), ("plan", "--secret-file", world.secret), ("preflight",), ("history",)):
        sentence = world.run(*command, LANG=JAPANESE)
        assert english(sentence.all) == [], command


@pytest.mark.parametrize(
    "command",
    [
        ("--help",),
        *(
            (name, "--help")
            for name in ("plan", "preflight", "migrate", "verify", "undo", "history", "step", "rehearse")
        ),
        ("verify", "--unknown"),
        ("migrate", "--timeout", "soon"),
        ("verify", "--secret-file", "nowhere"),
        ("history", "nothing"),
        ("verify", "--oc", "nothing"),
    ],
)
def test_help_and_refusals_are_japanese_and_their_exit_codes_the_same(
    command: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    world = make_world(tmp_path_factory.mktemp("world"))
    sentence, in_english = world.run(*command, LANG=JAPANESE), world.run(*command)
    assert sentence.code == in_english.code
    assert sentence.all != in_english.all
    assert english(sentence.all) == []
