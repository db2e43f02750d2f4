"""Go's words for what is no JSON: those of `errors`, and those that its decoder has for the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threescale_migrate.rehearsal.gojson import problem


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("not json", "invalid character 'o' in literal null (expecting 'u')"),  # recorded
        ("{not json", "invalid character 'n' looking for beginning of object key string"),  # recorded
        ("", "unexpected end of JSON input"),
        ('{"a"', "unexpected end of JSON input"),
        ("x", "invalid character 'x' looking for beginning of value"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ('{"a":1 "b":2}', "invalid character '\"' after object key:value pair"),
        ("[1 2]", "invalid character '2' after array element"),
        ("{} {}", "invalid character '{' after top-level value"),
        ('"\\x"', "invalid character 'x' in string escape code"),
        ("01", "invalid character '1' after top-level value"),
        ("-", "unexpected end of JSON input"),
    ],
)
def test_what_is_wrong_is_said_as_go_says_it(text: str, sentence: str) -> None:
    assert problem(text) == sentence


@given(st.text() | st.text(alphabet='{}[]",:0123456789.eE+-ntrfalsu\\ '))
def test_it_refuses_what_the_standard_library_refuses(text: str) -> None:
    def refuse(word: str) -> Any:
        raise ValueError(word)

    try:
        json.loads(text, parse_constant=refuse)
        fine = True
    except (ValueError, RecursionError):
        fine = False
    assert (problem(text) is None) == fine
