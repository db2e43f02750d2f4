"""What cannot be read is masked in whatever way it is written, and what may be read stays as it is."""

from __future__ import annotations

import base64
import gzip
import html
import io
import json
import logging
import re
import shlex
import textwrap
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.leaks import PLANTED, TOKEN, leaks
from tests.support.recorded import all_calls
from threescale_migrate import output
from threescale_migrate.cluster import oc, oc_errors
from threescale_migrate.cluster.allowed_calls import TRY_ON_SERVER
from threescale_migrate.cluster.parsing import parse_project
from threescale_migrate.engine.journal import snapshot
from threescale_migrate.guide import secret_file
from threescale_migrate.redaction import LONGEST_LINE, MASK, ORDINARY, PATTERNS_OF_LOGS, PIECE, Redactor
from threescale_migrate.values import GUIDE_CONFIGS

# As a person or a registry makes them: any letters, of a length that no ordinary word has.
SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Z")), min_size=10, max_size=60).filter(
    lambda secret: not any(secret in name for name in ORDINARY)
)
TOKENS = st.text(st.sampled_from("ABCDEFGHIJKLMabcdefghijklm0123456789-_."), min_size=40, max_size=900)
AROUND = st.text(st.sampled_from("the pod/zync-1 is not ready: 0 of 1 \n\t\"'{}[],"), max_size=30)


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda secret: secret,
    "base64": b64,
    "base64 behind a name": lambda secret: b64(f"12345678|cluster:{secret}"),
    "base64 behind a longer name": lambda secret: b64(f"12345678|cluster-1:{secret}"),
    "base64 behind a still longer name": lambda secret: b64(f"12345678|cluster-12:{secret}"),
    "the data of a secret": lambda secret: b64(json.dumps({"auths": {"r": {"auth": b64(f"robot:{secret}")}}})),
    "base64 for a URL": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode(),
    "base64 three letters later": lambda secret: b64(f"abc{secret}"),
    "quoted for a URL": lambda secret: quote(secret),
    "quoted for a URL, slashes too": lambda secret: quote(secret, safe=""),
    "quoted for a form": quote_plus,
    "JSON": json.dumps,
    "JSON in JSON": lambda secret: json.dumps(json.dumps(secret)),
    "JSON as it is read": lambda secret: json.dumps(secret, ensure_ascii=False),
    "HTML": html.escape,
    "Python": repr,
    "hex": lambda secret: secret.encode().hex(),
    "hex in capitals": lambda secret: secret.encode().hex().upper(),
    "quoted for a URL in small letters": lambda secret: re.sub(
        "%..", lambda code: code.group().lower(), quote(secret, "")
    ),
    "quoted for a shell": shlex.quote,
}


def core(secret: str, spelled: str) -> str:
    """What of a spelling would give the secret away: its middle, without quotes and what stands before and after."""
    return spelled[len(spelled) // 3 : -len(spelled) // 4]


@pytest.mark.parametrize("name", SPELLINGS)
@settings(max_examples=60, deadline=None)
@given(secret=SECRETS, before=AROUND, after=AROUND)
@example(secret="pass'word\"with\\quotes", before="", after="")
@example(secret="päßwörter-für-alle", before="", after="")
@example(secret="a+b/c d=&e<f>", before="", after="")
def test_a_known_secret_is_masked_in_every_spelling(name: str, secret: str, before: str, after: str) -> None:
    redact = Redactor()
    redact.learn(secret)
    spelled = SPELLINGS[name](secret)
    masked = redact(f"{before} {spelled} {after}")
    assert MASK in masked
    assert secret not in masked
    assert len(spelled) < 12 or core(secret, spelled) not in masked


@settings(max_examples=60, deadline=None)
@given(TOKENS, st.integers(20, 76), st.sampled_from(["\n", "\n    ", "\\n", '"\n"', "\r\n  ", "\\\n"]))
def test_a_known_secret_is_masked_where_its_lines_are_broken(token: str, width: int, end: str) -> None:
    redact = Redactor()
    redact.learn(token)
    parts = [token[at : at + width] for at in range(0, len(token), width)]
    masked = redact(f"token: {end}{end.join(parts)}{end} and so on")
    assert not any(part in masked for part in parts if len(part) > 3)
    assert masked.endswith("and so on")


@settings(max_examples=60, deadline=None)
@given(TOKENS, st.data())
def test_a_piece_of_a_known_secret_is_masked(token: str, data: st.DataObject) -> None:
    redact = Redactor()
    redact.learn(token)
    begin = data.draw(st.integers(0, len(token) - PIECE))
    end = data.draw(st.integers(begin + PIECE, len(token)))
    assert redact(f"cut: {token[begin:end]}… there") == f"cut: {MASK}… there"


def test_the_mask_keeps_a_journal_line_whole_and_what_undo_needs() -> None:
    redact = Redactor()
    redact.learn(TOKEN, b64(TOKEN))
    line = {
        "argv": ["oc", "secrets", "link", "amp", "threescale-registry-auth", "--for=pull"],
        "change": {"kind": "secret-created", "name": "threescale-registry-auth", "fingerprint": "0f" * 16},
        "said": f'{{"auth": "{b64(TOKEN)}"}}',
    }
    read = json.loads(redact(json.dumps(line)))
    assert read.pop("said") == '{"auth": "***"}'
    assert read == {key: line[key] for key in read}


@pytest.mark.parametrize("password", ["apicast", "apicast-production", "zync", "registry.redhat.io", "default"])
def test_a_password_that_is_an_ordinary_name_leaves_the_sentences_readable(password: str) -> None:
    secret = secret_file.from_login("robot", password, "here")
    redact = Redactor()
    redact.learn(*secret.secrets)
    said = ", ".join(("apicast-production: 1 of 1 pods run as amp", *GUIDE_CONFIGS, "no login for registry.redhat.io"))
    assert redact(said) == said
    # Where it is a login it is masked all the same.
    assert b64(f"robot:{password}") not in redact(f"auth is {b64(f'robot:{password}')}")
    assert password not in redact(f"https://robot:{password}@example.test/").replace("example", "")
    assert MASK in redact(json.dumps({"auth": "x", "password": password}))


def test_a_projects_own_names_stay_readable() -> None:
    redact = Redactor()
    redact.learn("system-postgresql")
    redact.spare(["system-postgresql"])
    assert redact("dc/system-postgresql is ready") == "dc/system-postgresql is ready"


def test_what_oc_says_of_a_project_is_not_masked_at_all() -> None:
    """No recorded answer about configs, pods, accounts or errors holds a login: a mask in one would be a wrong one."""
    redact = Redactor()
    redact.learn(TOKEN, b64(f"12345678|cluster:{TOKEN}"))
    looked_at = 0
    for call in all_calls():
        if "secret" in " ".join(call.argv) or "Secret" in call.stdout:
            continue
        text = call.stderr + (call.stdout if len(call.stdout) < 20_000 else call.stdout[:20_000])
        assert redact(text) == text, call.argv
        looked_at += 1
    assert looked_at > 200


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("Authorization: Bearer sha256~abcdefghijklmnopqrstuvwxyz", "abcdefghijklmnop"),
        ("Authorization: Basic dXNlcjpwYXNzMTIz", "dXNlcjpwYXNzMTIz"),
        ("curl -fsS -u admin:hunter2-secret https://gateway.example.test", "hunter2-secret"),
        ("curl --user='admin:hunter2-secret' https://gateway.example.test", "hunter2-secret"),
        ("curl 'https://gateway.example.test/?user_key=hunter2-secret&x=1'", "hunter2-secret"),
        ("curl -H 'app-key: hunter2-secret' https://gateway.example.test", "hunter2-secret"),
        ("https://user:hunter2-secret@registry.example.test/x", "hunter2-secret"),
        ("https://registry.example.test/x?a=b&access_token=hunter2-secret&c=d", "hunter2-secret"),
        ('{"auths":{"r":{"auth":"dXNlcjpwYXNz"}}}', "dXNlcjpwYXNz"),
        (json.dumps('{"auths":{"r":{"auth":"dXNlcjpwYXNz"}}}'), "dXNlcjpwYXNz"),
        ('{"username": "robot", "password": "with \\" quote"}', "quote"),
        (".dockerconfigjson: eyJhdXRocyI6IHsicmVnaXN0cnkifX0=", "eyJhdXRocyI6"),
        (".dockerconfigjson: >-\n    eyJhdXRocyI6IHsicmVnaXN0cnkifX0=", "IHsicmVnaXN0cnkifX0"),
        ("data is " + b64('{"auths": {"r": {"auth": "x"}}}'), "IHsiciI6"),
        ("data is " + b64(json.dumps({"auths": {"r": {"auth": "x"}}}, indent=2)), "ImF1dGgi"),
        ("--token=abcdef0123456789", "abcdef0123456789"),
        ("oc login --token abcdef0123456789 -n x", "abcdef0123456789"),
        ('["oc", "login", "--password", "hunter2 secret"]', "hunter2"),
        ("eyJhbGciOiJSUzUxMiJ9.eyJzdWIiOiIxMjM0NTYifQ.c2lnbmF0dXJl", "eyJzdWIi"),
        ("cut off: eyJhbGciOiJSUzUxMiJ9.eyJzdW…", "eyJhbGci"),
    ],
)
def test_what_looks_like_a_login_is_masked(text: str, secret: str) -> None:
    masked = Redactor()(text)
    assert secret not in masked
    assert MASK in masked


@pytest.mark.parametrize(
    "text",
    [
        "Basic authentication is not what the bearer expects",
        "curl -u admin https://gateway.example.test:8443/status: the user key is not valid",
        "bearer of this, password: give it on standard input, --username NAME",
        "the image registry.redhat.io/3scale-amp25/zync@sha256:ad3d1c9000000000000000000000000000000000000 is there",
        'Get "https://registry.redhat.io:443/v2/": dial tcp: lookup registry.redhat.io on 192.0.2.53:53: no such host',
        "mailto:ops@example.test and https://example.test:8443/a@b",
        *ORDINARY,
    ],
)
def test_ordinary_words_are_not(text: str) -> None:
    assert Redactor()(text) == text


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.lists(SECRETS, max_size=3))
def test_no_text_breaks_it_and_twice_is_once(text: str, secrets: list[str]) -> None:
    redact = Redactor()
    redact.learn(*secrets)
    once = redact(text)
    assert redact(once) == once
    assert not any(secret in once for secret in secrets)


def test_a_short_value_is_not_looked_for() -> None:
    redact = Redactor()
    redact.learn("correct-horse", "x")
    assert redact("say correct-horse, x-ray") == "say ***, x-ray"


def test_sh_is_kept_from_logging_what_it_feeds_to_a_process(
    caplog: pytest.LogCaptureFixture, tmp_path_factory: pytest.TempPathFactory
) -> None:
    program = tmp_path_factory.mktemp("bin") / "oc"
    program.write_text("#!/bin/sh\ncat\necho failed >&2\nexit 1\n")
    program.chmod(0o755)
    caplog.set_level(logging.DEBUG)
    logging.getLogger("sh").setLevel(logging.DEBUG)
    call = oc.Oc(str(program)).answer(TRY_ON_SERVER, TOKEN)
    assert call.stdout == TOKEN
    assert not leaks(caplog.text.encode())
    assert not leaks(repr(call).encode())


def test_an_error_of_oc_is_masked_before_it_is_cut(tmp_path_factory: pytest.TempPathFactory) -> None:
    program = tmp_path_factory.mktemp("bin") / "oc"
    secret = "another-token-of-a-test-4711"
    program.write_text(f"#!/bin/sh\necho 'error: {'x ' * 984}{secret} {secret}' >&2\nexit 1\n")
    program.chmod(0o755)
    redact = Redactor()
    redact.learn(secret)
    with pytest.raises(oc_errors.OcError) as caught:
        oc.Oc(str(program), redact=redact).read(("whoami",))
    assert "another" not in str(caught.value)
    assert str(caught.value).endswith("*")


def test_the_search_of_the_test_suite_finds_what_it_looks_for() -> None:
    """The watch over all tests is itself watched: it must not pass because it is blind."""
    auth = b64(f"12345678|rehearsal:{TOKEN}")
    data = b64(json.dumps({"auths": {"registry.redhat.io": {"auth": auth}}}))
    for text in (auth, data, b64(data)[4:], TOKEN[5:30], "\n".join(textwrap.wrap(data, 60))):
        assert leaks(text.encode()), text
    broken = "\n  ".join(TOKEN[at : at + 7] for at in range(0, len(TOKEN), 7))
    assert leaks(broken.encode())
    assert not leaks(gzip.compress(b"nothing"))


@pytest.mark.parametrize("secret", PLANTED)
def test_the_search_finds_every_secret_in_every_form(secret: str) -> None:
    half = len(secret) // 2
    forms = [
        *(spell(secret) for name, spell in SPELLINGS.items() if name not in ("HTML", "the data of a secret")),
        f"{secret[:half]}\n{secret[half:]}",
        f"2026-11-24T09:30:00.123Z {secret[:half]}\n2026-11-24T09:30:00.124Z {secret[half:]}",
        f"[pod/zync-1-abcde/zync] {secret[:half]}\n[pod/zync-1-abcde/zync] {secret[half:]}",
    ]
    for form in forms:
        assert leaks(f"it says {form} there".encode()) or leaks(form.encode()), form


def test_a_snapshot_for_the_journal_holds_no_data_of_a_secret() -> None:
    made: Any = json.loads(secret_file.from_login("robot", TOKEN, "here").manifest)
    made["metadata"]["uid"] = "u"
    assert not leaks(json.dumps(snapshot(parse_project([], "p", made))).encode())


# Each was, or could be, a beginning from which a pattern reads on to the end of the text, and then once more from the next.
STRETCHES = (
    *(
        "a",
        "a1",
        "eyJ-",
        "eyJ.",
        "eyJaaaaaaaa-",
        "token",
        "token=",
        "\\",
        '\\"auth',
        '"auth":"',
        "bearer ",
        "authorization: ",
    ),
    *(
        "a.b",
        "a://",
        "://a:",
        "--token ",
        "dockercfg : ",
        "sha256~",
        "\x1b[0;",
        "\\n",
        " ",
        "\n",
        "A/",
        "é",
        "secret-",
        "session   ",
    ),
)


@pytest.mark.measures
@pytest.mark.parametrize("stretch", STRETCHES)
def test_masking_takes_time_in_proportion_to_the_text(stretch: str) -> None:
    redact = Redactor()
    redact.learn(TOKEN)
    times = []
    for size in (50_000, 400_000):
        text = (stretch * size)[:size]
        began = time.process_time()
        redact(text)
        for pattern, replacement in PATTERNS_OF_LOGS:
            pattern.sub(replacement, text)
        times.append(time.process_time() - began)
    # Eight times the text takes eight times as long; were it the square, it would be sixty-four times.
    assert times[1] < 30 * times[0]


@pytest.mark.parametrize("stretch", ["x", "x ", "x\n", "token"])
def test_an_endless_line_of_a_log_is_cut_before_it_is_masked_and_shows_no_half_of_a_secret(stretch: str) -> None:
    redact = Redactor()
    redact.learn(TOKEN)
    for before in range(LONGEST_LINE - len(TOKEN), LONGEST_LINE):
        shown = redact.strictly((stretch * before)[:before] + TOKEN + "x" * 1000)
        assert TOKEN[:8] not in shown
        assert max(map(len, shown.split("\n"))) <= LONGEST_LINE + len(MASK)


def test_threads_learn_and_mask_at_once() -> None:
    redact = Redactor()
    failures: list[BaseException | str] = []

    def work(number: int) -> None:
        try:
            for count in range(40):
                secret = f"secret-of-{number}-{count}"
                redact.learn(secret)
                redact.spare([f"config-{number}-{count}"])
                if secret in redact(f"it says {secret}!"):
                    failures.append(secret)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.mark.parametrize(
    "said",
    [
        "error: client_secret={} was refused",
        "curl -d 'grant_type=x&client_secret={}&x=1'",
        "the password={}",
        "password='{} and more'",
        "AWS_SECRET_ACCESS_KEY={} aws eks get-token",
        "env: PGPASS={}",
        "fatal: https://{}@git.example.test/x not found",
        "mysql -p{} -u root",
        "mysql -u root -p {}",
        "> X-Auth-Token: {}",
        "curl -H 'Cookie: a={}; c=d'",
        "> Authorization: Basic {}",
        '{{"access_token": "{}", "x": 1}}',
        "token: {}",
        "login --client-secret {} failed",
    ],
)
@pytest.mark.parametrize("secret", ["s3cr3t", "Zm9vYmFyLmJhei4x", "ab/c+d"])
def test_what_a_program_says_of_its_own_login_is_masked_by_its_place(said: str, secret: str) -> None:
    shown = Redactor().said(said.format(secret))
    assert secret not in shown
    assert "***" in shown


def test_what_oc_really_says_stays_as_it_is() -> None:
    redact = Redactor()
    for call in all_calls():
        if "--help" not in call.argv and call.argv[-1] != "options":
            lines = [line for line in call.stderr.splitlines() if "--allow-missing-template-keys=true" not in line]
            assert redact.said("\n".join(lines)) == "\n".join(lines), call.argv


@pytest.mark.parametrize(
    "said",
    [
        "error: getting credentials: exec: executable aws not found\n",
        "error: unauthorized: authentication required",
        'Error from server (NotFound): pods "apicast-wildcard-router-1-abcde" not found',
        'Error from server (Forbidden): secrets "threescale-registry-auth" is forbidden: User "alice" cannot get resource "secrets"',
        f"the image registry.redhat.io/3scale-amp26/system@sha256:{'0f' * 32} is not there",
        'Get "https://api.example.test:6443/apis/apps.openshift.io/v1/namespaces/threescale1/deploymentconfigs?limit=500": EOF',
    ],
)
def test_the_words_that_an_operator_needs_stay_readable(said: str) -> None:
    assert Redactor().said(said) == said


@pytest.mark.parametrize("piece", ["x", "password=abc ", "e" * 99 + "\n", "a@", "://", "-p ", "A=", "'", '"', "x-y: "])
def test_what_is_endless_is_cut_before_it_is_masked(piece: str) -> None:
    began = time.monotonic()
    shown = Redactor().said(piece * (20_000_000 // len(piece)))
    assert len(shown) < 200_000
    assert time.monotonic() - began < 5


def test_whatever_is_written_to_a_stream_of_the_program_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last guard: also what no sentence of ours has masked before."""
    monkeypatch.setattr(output, "REDACTOR", redactor := Redactor())
    redactor.learn("a-secret-of-4711-words")
    stream = io.StringIO()
    output.Guarded(stream, talk=False).writelines(["it is a-secret-of-4711-words\n", "twice: a-secret-of-4711-words\n"])
    assert stream.getvalue() == "it is ***\ntwice: ***\n"
