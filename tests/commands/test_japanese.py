"""The same program in Japanese: all that a person sees is, and all that a program reads is as ever."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import World, make_world
from tests.support.markdown import Kind, blocks
from tests.tools import messages
from threescale_migrate.cli.topics import TOPICS, TRANSLATED, title, topic
from threescale_migrate.exit_codes import TABLE, numbers
from threescale_migrate.language import translation
from threescale_migrate.render.terminal import columns
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


@pytest.mark.long
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


def test_names_of_roles_and_missing_permissions_are_japanese_too(tmp_path: Path) -> None:
    discovery = make_world(tmp_path / "discovery", "service-discovery")
    discovery.migrate("--dc", "zync")
    equal = discovery.run("verify", "--dc", "zync", LANG=JAPANESE)
    assert "クラスター全体の ClusterRole view" in equal.out
    limited = make_world(tmp_path / "limited", "user=alice/view")
    refused = limited.run("plan", "--secret-file", limited.secret, LANG=JAPANESE)
    assert "alice にはプロジェクト threescale での patch deploymentconfigs 権限がありません" in refused.all
    said = [line for line in english(equal.all + refused.all) if "(Forbidden)" not in line and " oc " not in line]
    assert [line for line in said if " に必要です" not in line] == []


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


def test_the_list_of_topics_and_the_line_that_leads_to_it_are_japanese(world: World) -> None:
    listed = world.run("help", LANG=JAPANESE).out
    for name in TOPICS:
        row = next(line for line in listed.splitlines() if line.startswith(f"  {name} "))
        assert title(name) not in row, row
        assert english(row.replace(name, "", 1)) == []
    assert "\nmore: " in world.run("--help").out
    assert "\nmore: " not in world.run("--help", LANG=JAPANESE).out


@pytest.mark.parametrize("width", ["80", "50"])
def test_a_command_whose_words_need_another_line_stays_in_its_column(world: World, width: str) -> None:
    listed = world.run("--help", LANG=JAPANESE, COLUMNS=width).out.partition("主なコマンド:\n")[2].partition("\n\n")[0]
    lines = listed.replace("その他のコマンド:\n", "").splitlines()
    assert [line for line in lines if not re.match(r" {14}\S|  [a-z]+ +\S", line)] == []
    assert [line for line in lines if columns(line) > int(width)] == []


def test_a_report_gives_times_in_japanese_units(world: World) -> None:
    world.migrate("--dc", "zync")
    report = world.home / "report.md"
    world.run("history", world.journals[-1].stem, "--lang", "ja", "--report", str(report))
    cells = [cell for line in report.read_text(encoding="utf-8").splitlines() for cell in line.split(" | ")]
    assert [cell for cell in cells if re.fullmatch(r"[\d.]+ s( \|)?", cell)] == []
    assert any(re.fullmatch(r"[\d.]+ 秒( \|)?", cell) for cell in cells)


def test_the_code_of_a_check_and_the_topics_of_a_failure_are_shown_in_japanese(world: World) -> None:
    code, codes = world.run("help", "quota-sufficient", LANG=JAPANESE), world.run("help", "exit-codes", "--lang", "ja")
    assert code.out.startswith("### quota-sufficient\n\nクォータ")
    assert english(code.out) == []
    assert codes.out.startswith("# 終了コードの意味\n")
    undo = world.run("help", "undo", LANG=JAPANESE).out
    assert "# 移行を取り消す\n" in undo
    assert "# Undo a migration" not in undo
    assert world.run("help", "waves", LANG=JAPANESE).out == world.run("help", "waves").out


@pytest.mark.parametrize("name", TRANSLATED["ja"])
def test_a_topic_in_japanese_has_the_sections_commands_and_options_of_the_english_one(name: str) -> None:
    """What is added to a section in English is missed here by its command, option or name."""
    parts = [_parts(topic(name, language)) for language in ("en", "ja")]
    assert parts[0] == parts[1]
    assert translation("ja")(title(name)) == topic(name, "ja").partition("\n")[0].lstrip("# ")


def _parts(markdown: str) -> list[tuple[int, str, frozenset[str]]]:
    """Each section: its level, its name where that is a code, and all that stands in backquotes or as a command in it."""
    found: list[tuple[int, str, set[str]]] = []
    for block in blocks(markdown):
        if block.kind is Kind.HEADING:
            code = block.text if re.fullmatch("[a-z-]+", block.text) else ""
            found.append((block.level, code, set()))
        elif block.kind is Kind.CODE:
            found[-1][2].add(block.text)
        else:
            words = " ".join((block.text, *(cell for row in block.rows for cell in row)))
            found[-1][2].update(re.findall(r"`([^`]+)`", re.sub(r"\[(\w+)\]\(\w+\.md\)", r"`\1`", words)))
    return [(level, code, frozenset(spans)) for level, code, spans in found]


def test_the_topic_of_the_exit_codes_has_the_table_of_the_program_in_japanese() -> None:
    shown = topic("exit-codes", "ja").replace("`", "")
    for row in TABLE:
        assert f"| {numbers(row.codes)} | {row.meaning.translated(translation('ja'))} |" in shown
