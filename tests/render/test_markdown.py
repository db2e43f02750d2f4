"""Topics as lines of a terminal: nothing is lost, nothing is wider than the window but for what is pasted."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT
from threescale_migrate.check_codes import Code
from threescale_migrate.cli.topics import TOPICS, topic
from threescale_migrate.render.markdown import Kind, blocks, lines, section
from threescale_migrate.render.terminal import columns


def test_each_topic_that_is_there_is_listed_and_begins_with_its_title() -> None:
    assert {path.stem for path in (ROOT / "threescale_migrate" / "topics").iterdir()} == set(TOPICS)
    assert all(next(blocks(topic(name))).level == 1 for name in TOPICS)


def test_each_code_of_a_check_is_explained_and_no_other() -> None:
    explained = [block.text for block in blocks(topic("troubleshooting")) if block.level == 3]
    assert explained == [code.value for code in Code]


@pytest.mark.parametrize("width", [50, 80, 100])
@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_keeps_its_words_and_the_width(name: str, width: int) -> None:
    text = topic(name)
    shown = lines(text, width)
    pasted = {"    " + line for block in blocks(text) if block.kind is Kind.CODE for line in block.text.splitlines()}
    assert [line for line in shown if columns(line) > width and line not in pasted] == []
    assert {line.rstrip() for line in pasted} - set(shown) == set(), "code is neither folded nor lost"
    words = re.sub(r"^\|[\s|:-]+$|^```.*$|[`*|#]|\]\([^)]*\)|\[", " ", text, flags=re.MULTILINE)
    left = "".join("".join(shown).split())
    lost = [word for word in re.findall(r"\w+", words) if word not in left]
    assert lost == []


def test_a_table_whose_cells_are_wide_is_folded_within_its_columns() -> None:
    table = "| option | what it does |\n| --- | --- |\n| `-q` | prints nothing while all is well |\n"
    assert lines(table, 24) == [
        "option  what it does",
        "",
        "-q      prints nothing",
        "        while all is",
        "        well",
    ]


def test_lists_links_and_code_are_readable_without_a_browser() -> None:
    text = "# A *title*\n\n- one `code --x`\n  more\n- [two](https://a.test)\n\n```\noc get dc\n```\n"
    assert lines(text, 40, strong=str.upper) == [
        "A *TITLE*",
        "",
        "- one `code --x` more",
        "- two (https://a.test)",
        "",
        "    oc get dc",
    ]


def test_a_section_ends_where_the_next_of_its_level_begins() -> None:
    text = "# T\n\n## a\n\nof a\n\n### b\n\nof b\n\n## c\n\nof c\n"
    assert section(text, "a") == "## a\n\nof a\n\n### b\n\nof b\n\n"
    assert section(text, "b") == "### b\n\nof b\n\n"
    assert section(text, "d") is None
    assert (
        section("## a\n\n```\n# no heading\n```\n\nstill a\n\n## b\n", "a")
        == "## a\n\n```\n# no heading\n```\n\nstill a\n\n"
    )
