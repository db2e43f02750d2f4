"""Every message in every language, and a terminal that keeps its columns where letters are wide."""

from __future__ import annotations

import gettext
import io
import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools import messages
from threescale_migrate.cli import parser as cli
from threescale_migrate.cli.commands import COMMANDS
from threescale_migrate.cli.parser_language import asked_for, localise, spoken
from threescale_migrate.language import LANGUAGES, language_of, translation
from threescale_migrate.render.progress import STATE_WIDTH, STATE_WORDS
from threescale_migrate.render.terminal import columns, fit, open_terminal, wrap
from threescale_migrate.values import Text, Verdict


def test_no_message_is_put_together_from_pieces() -> None:
    assert messages.unreadable() == []


def test_no_message_is_two_sentences_joined_in_code() -> None:
    """Each language sets sentences apart in its own way: `Text.sentences`."""
    joined = re.compile(r"^[{]\w+[}]; |; [{]\w+[}]$|^[{]\w+[}], (?:and|so|in|undone)\b", re.MULTILINE)
    listed = [
        found for found in messages.all_messages() if found.template and found.template not in messages.SEPARATORS
    ]
    assert len(listed) > 500
    assert [found for found in listed if joined.search(f"{found.template}\n{found.plural or ''}")] == []


def test_templates_that_are_named_in_pairs_are_found_too(tmp_path: Path) -> None:
    source = tmp_path / "pairs.py"
    source.write_text('def f(x):\n    here, there = "in {x}", "not in {x}"\n    return Text(here if x else there)\n')
    assert {found.template for found in messages.of_source(source)} == {"in {x}", "not in {x}"}


def test_no_message_holds_a_command_to_paste() -> None:
    """It belongs into a `Fix`, which knows the project, the context, and who may run it."""
    words = r"threescale-migrate (?:{})\b|\boc (?:adm|create|delete|get|login|patch|project|rollout|rsh) \S".format(
        "|".join(COMMANDS)
    )
    of_help = ("cli.py", "rehearsal", "exit_codes.py")
    found = [one for one in messages.all_messages() if not any(part in one.where for part in of_help)]
    assert [one for one in found if one.template and re.search(words, one.template)] == []


def test_sentences_are_set_apart_as_each_language_does_it() -> None:
    words = {"; ": "。", "one {name}": "一 {name}", "two": "二", ", ": "、"}
    text = Text.sentences(Text("one {name}", name=Text.listed(Text("two"), Text("two"))), Text(""), Text("two"))
    assert str(text) == "one two, two; two"
    again = Text.revived(json.loads(json.dumps(text.kept())))
    assert again.translated(lambda template, many="", count=1: words[template]) == "一 二、二。二"
    assert str(Text.sentences(Text("two"), Text(""))) == "two"


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_message_is_translated_none_is_stale_and_the_placeholders_are_the_same(language: str) -> None:
    """`python -m tests.tools.messages --write` puts new messages into the catalogue and takes stale ones out."""
    assert messages.problems(language) == []


def test_both_forms_of_a_plural_are_found_and_one_that_is_put_together_is_reported(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text('Text.plural("1 problem", "{count} problems", count=n)\nText.plural(one, "{count} x", count=n)\n')
    assert [(found.template, found.plural) for found in messages.of_source(source)] == [
        ("1 problem", "{count} problems"),
        (None, None),
    ]


CATALOGUE = """
msgid ""
msgstr ""
"Plural-Forms: nplurals=1; plural=0;\\n"

msgid "{count} arguments too many"
msgstr "{number} 個"

msgid "1 problem"
msgid_plural "{count} problems"
msgstr[0] "{count} 件の問題"

msgid "gone"
msgstr "無"
"""


@pytest.fixture
def ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue of our own, in the place of the shipped one, and three messages that the program says."""
    path = tmp_path / "ja" / "LC_MESSAGES" / "threescale_migrate.po"
    path.parent.mkdir(parents=True)
    path.write_text(CATALOGUE.lstrip(), encoding="utf-8")
    said = [
        messages.Found("{count} arguments too many", "cli/parser.py:1"),
        messages.Found("1 problem", "render/text.py:1", "{count} problems"),
        messages.Found("no name is given", "cli/parser.py:2"),
    ]
    monkeypatch.setattr(messages, "LOCALES", tmp_path)
    monkeypatch.setattr(messages, "all_messages", lambda: iter(said))
    return path


def test_a_message_that_is_missing_or_stale_or_whose_placeholders_differ_is_reported(ours: Path) -> None:
    assert messages.problems("ja") == [
        "other placeholders: '{count} arguments too many'",
        "not translated: 'no name is given' (cli/parser.py)",
        "stale: 'gone'",
        "threescale_migrate.mo is not what babel makes of its .po",
    ]


def test_a_catalogue_is_brought_up_to_date_and_gettext_reads_what_it_says(ours: Path) -> None:
    messages.update("ja")
    assert messages.problems("ja") == [
        "other placeholders: '{count} arguments too many'",
        "not translated: 'no name is given' (cli/parser.py)",
    ]
    with ours.with_suffix(".mo").open("rb") as file:
        read = gettext.GNUTranslations(file)
    assert read.gettext("{count} arguments too many") == "{number} 個"
    assert {read.ngettext("1 problem", "{count} problems", count) for count in (1, 2)} == {"{count} 件の問題"}
    assert read.gettext("gone") == "gone"
    ours.write_text(ours.read_text(encoding="utf-8").replace("{number}", "{count}"), encoding="utf-8")
    assert "threescale_migrate.mo is not what babel makes of its .po" in messages.problems("ja")


@pytest.mark.parametrize(
    ("environment", "given_", "spoken_"),
    [
        ({}, None, "en"),
        ({"LANG": "ja_JP.UTF-8"}, None, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, None, "en"),
        ({"LANG": "en_GB.UTF-8", "LANGUAGE": "de:ja"}, None, "ja"),
        ({"LANG": "ja_JP.UTF-8"}, "en", "en"),
        ({"LANG": "fr_FR.UTF-8"}, None, "en"),
    ],
)
def test_the_language_is_the_locales_or_the_one_that_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], given_: str | None, spoken_: str
) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language_of(given_) == spoken_


def test_the_language_is_known_before_the_command_line_is_parsed() -> None:
    assert asked_for(["verify", "--lang", "ja"]) == "ja"
    assert asked_for(["--lang=ja", "verify"]) == "ja"
    assert asked_for(["rehearse", "--", "x", "--lang", "ja"]) is None


def test_the_parser_speaks_the_language_and_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "C")
    domain = gettext.textdomain()
    with spoken("ja") as translate:
        parser = cli.build()
        localise(parser, lambda words: f"<{translate(words)}>")
        assert "<" in parser.format_help()
    assert gettext.textdomain() == domain
    assert translation("en")("usage: ") == "usage: "


@given(st.text(alphabet="ab サービス。、「」é\u0301 ", max_size=60), st.integers(min_value=4, max_value=30))
def test_columns_are_kept_whatever_the_width_of_the_letters(words: str, width: int) -> None:
    assert columns(fit(words, width)) == width
    lines = wrap(words, width)
    assert "".join("".join(lines).split()) == "".join(words.split())
    assert all(columns(line) <= width for line in lines)


def test_colour_takes_no_columns_and_is_never_cut() -> None:
    green, end = "\x1b[32m", "\x1b[0m"
    words = (
        f"{green}✓{end} dc/zync: {green}https://a.very.long.example/{end} Pod 1 個中 1 個が amp として動作しています"
    )
    lines = wrap(words, 20, 2, 4)
    plain = wrap(words.replace(green, "").replace(end, ""), 20, 2, 4)
    assert [line.replace(green, "").replace(end, "") for line in lines] == plain
    assert columns(lines[0]) + 2 <= 20
    assert all(columns(line) + 4 <= 20 for line in lines[1:])


def test_texts_among_the_parameters_are_translated_too() -> None:
    inner = Text("gone")
    assert (
        Text("it is {what}", what=inner).translated(
            lambda template, many="", count=1: {"gone": "無", "it is {what}": "それは{what}"}[template]
        )
        == "それは無"
    )


def test_marks_are_words_in_the_readers_language_where_they_may_be_read_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.delenv("TERM", raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    assert open_terminal(stream, "ja").mark(Verdict.FAILED) == "✗"
    monkeypatch.setenv("TERM", "dumb")
    assert open_terminal(stream, "ja").mark(Verdict.FAILED) == "[失敗]"
    assert open_terminal(stream, "en").mark(Verdict.PASSED) == "[ok]"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_states_of_the_live_table_fit_their_column(language: str) -> None:
    for word in STATE_WORDS.values():
        assert columns(word.translated(translation(language))) <= STATE_WIDTH, word
