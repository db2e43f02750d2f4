"""Topics as lines of a terminal: as they stand, with headings and commands emphasised."""

from __future__ import annotations

import pytest

from tests.conftest import ROOT
from tests.support.markdown import blocks
from threescale_migrate.check_codes import Code
from threescale_migrate.cli.topics import TOPICS, emphasised, section, topic


def test_each_topic_that_is_there_is_listed_and_begins_with_its_title() -> None:
    assert {path.stem for path in (ROOT / "threescale_migrate" / "topics").iterdir()} == set(TOPICS)
    assert all(next(blocks(topic(name))).level == 1 for name in TOPICS)


def test_each_code_of_a_check_is_explained_and_no_other() -> None:
    explained = [block.text for block in blocks(topic("troubleshooting")) if block.level == 3]
    assert explained == [code.value for code in Code]


@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_is_shown_as_it_stands(name: str) -> None:
    assert emphasised(topic(name), str) == topic(name).splitlines()


def test_headings_and_commands_are_emphasised_and_nothing_else() -> None:
    text = "# A title\n\n- one `code --x`\n\n| a | b |\n\n```sh\n# get\noc get dc\n\n```\nend\n"
    changed = {line for line in emphasised(text, lambda words: f"<{words}>") if line not in text.splitlines()}
    assert changed == {"<# A title>", "<# get>", "<oc get dc>"}


def test_a_section_ends_where_the_next_of_its_level_begins() -> None:
    text = "# T\n\n## a\n\nof a\n\n### b\n\nof b\n\n## c\n\nof c\n"
    assert section(text, "a") == "## a\n\nof a\n\n### b\n\nof b\n\n"
    assert section(text, "b") == "### b\n\nof b\n\n"
    assert section(text, "d") is None
    assert (
        section("## a\n\n```\n# no heading\n```\n\nstill a\n\n## b\n", "a")
        == "## a\n\n```\n# no heading\n```\n\nstill a\n\n"
    )
