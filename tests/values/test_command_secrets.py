"""A config's commands and variables hold secrets in clear: what is said of them holds none."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threescale_migrate.command_secrets import LONGEST, described, secrets_in

TOKEN = "a1b2c3d4"
WORDS = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=8, max_size=30).filter(
    lambda word: any(map(str.isdigit, word)) and any(map(str.isalpha, word))
)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("bash", "-c", f'bundle exec rake boot openshift:deploy MASTER_ACCESS_TOKEN="{TOKEN}"'), "rake openshift:deploy"),
        (("container-entrypoint", "bash", "-c", "bundle exec rake boot openshift:post_deploy"), "rake openshift:post_deploy"),
        (("/bin/sh", "-ec", f"export PASS={TOKEN}; ./run"), "export PASS=***; ./run"),
        (("./run", "--password=hunter", "--verbose"), "./run --password=*** --verbose"),
        (("./run", "--db-password", "hunter two", "x"), "./run --db-password *** x"),
        (("./run", "-phunter two"), "./run -p ***"),
        (("sh", "-c", "./run --db-password hunter x"), "./run --db-password=*** x"),
        (("mysql", "-phunter", "-h", "db"), "mysql -p *** -h db"),
        (("mysql", "-p", "hunter", "-h", "db"), "mysql -p *** -h db"),
        (("load", "mysql2://root:hunter/@2@db/system"), "load mysql2://***@db/system"),
        (("load", "https://hunter@example.test/x"), "load https://***@example.test/x"),
        (("curl", "-H", "Authorization: Bearer hunter"), "curl -H Authorization: ***"),
        (("say", TOKEN), "say ***"),
        (("./notify.sh", "done"), "./notify.sh done"),
        ((), ""),
    ],
)  # fmt: skip
def test_a_command_is_described(words: tuple[str, ...], said: str) -> None:
    assert described(words) == said


@given(
    WORDS,
    st.sampled_from(
        ['T="{}"', "T='{}'", "T={}", '{{"password": "{}"}}', "--token {}", "--apikey={}", "x {} y", 'T=\\"{}\\"']
    ),
)
def test_no_generated_word_is_in_a_description(secret: str, form: str) -> None:
    for words in (("bash", "-c", form.format(secret)), shlex.split(form.format(secret)), ("run", form.format(secret))):
        said = described(words)
        assert secret not in said
        assert len(said) <= LONGEST


def test_the_secrets_of_a_command_and_its_variables_are_known_by_their_names() -> None:
    words = ("bash", "-c", f'rake x MASTER_ACCESS_TOKEN="{TOKEN}" USER_NAME=robot7')
    variables = [
        ("DB_PASSWORD", "hunter2-of-env"),
        ("TOKEN_TYPE", "bearer"),
        ("SECRET_NAME", "system-database"),
        ("SESSION_TIMEOUT", "3600"),
        ("URL", "redis://:in-a-url@host"),
        ("HOOK", "pre"),
    ]
    assert sorted(secrets_in(words, variables)) == sorted([TOKEN, "hunter2-of-env", "in-a-url"])
