"""Every message in every language, and a terminal that keeps its columns where letters are wide."""

from __future__ import annotations

import gettext
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import messages
from threescale_migrate.cli import parser as cli
from threescale_migrate.language import LANGUAGES, asked_for, language_of, localise, spoken, translation
from threescale_migrate.render.progress import STATE_WIDTH, STATE_WORDS
from threescale_migrate.render.terminal import columns, fit, open_terminal, wrap
from threescale_migrate.values import Text, Verdict

WORDS = st.text(alphabet=st.sampled_from('ab "\\\n{}%サービス。、é'), min_size=1, max_size=30)


def test_no_message_is_put_together_from_pieces() -> None:
    assert messages.unreadable() == []


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_message_is_translated_none_is_stale_and_the_placeholders_are_the_same(language: str) -> None:
    """`python -m tests.messages --write` puts new messages into the catalogue and takes stale ones out."""
    assert messages.problems(language) == []


@given(st.dictionaries(WORDS, WORDS, max_size=5))
def test_gettext_reads_what_a_catalogue_says(entries: dict[str, str]) -> None:
    text = messages.write_po("ja", entries, {source: ["somewhere"] for source in entries})
    assert messages.read_po(text) == entries
    read = gettext.GNUTranslations(io.BytesIO(messages.compiled(entries, "ja")))
    assert {source: read.gettext(source) for source in entries} == entries


def test_a_message_that_is_missing_or_whose_placeholders_differ_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        messages,
        "read_po",
        lambda text: {"{count} arguments too many": "{number} 個", "no name is given": "", "gone": "無"},
    )
    found = messages.problems("ja")
    assert "other placeholders: '{count} arguments too many'" in found
    assert any(line.startswith("not translated: 'no name is given'") for line in found)
    assert "stale: 'gone'" in found


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
        Text("it is {what}", what=inner).translated({"gone": "無", "it is {what}": "それは{what}"}.__getitem__)
        == "それは無"
    )


def test_marks_are_words_in_the_readers_language_where_they_may_be_read_aloud(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    monkeypatch.delenv("TERM", raising=False)
    assert open_terminal(stream, "ja").mark(Verdict.FAILED) == "✗"
    monkeypatch.setenv("TERM", "dumb")
    assert open_terminal(stream, "ja").mark(Verdict.FAILED) == "[失敗]"
    assert open_terminal(stream, "en").mark(Verdict.PASSED) == "[ok]"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_states_of_the_live_table_fit_their_column(language: str) -> None:
    for word in STATE_WORDS.values():
        assert columns(word.translated(translation(language))) <= STATE_WIDTH, word
