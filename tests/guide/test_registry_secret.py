"""The user's secret file: a usable secret, or one sentence that holds nothing of it."""

from __future__ import annotations

import base64
import json
import re
import time
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from threescale_migrate.cluster.parsing import parse_project
from threescale_migrate.guide import registry_secret, secret_file
from threescale_migrate.values import REGISTRY, SECRET_NAME, PullSecret, Refused, Request, Usage

TOKEN = "the-token-of-this-test-4711"
AUTH = base64.b64encode(f"12345678|cluster:{TOKEN}".encode()).decode()


def encoded(value: Any) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def secret(logins: Any = None, **changes: Any) -> dict[str, Any]:
    data = {".dockerconfigjson": encoded({"auths": {REGISTRY: {"auth": AUTH}} if logins is None else logins})}
    item = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "12345678-cluster-pull-secret"},
        "type": "kubernetes.io/dockerconfigjson",
        "data": data,
    }
    return {**item, **changes}


def read(item: Any) -> PullSecret:
    raw = item if isinstance(item, bytes) else yaml.safe_dump(item).encode()
    return secret_file.read_secret(raw, "panel.yaml")


def jwt(ends: float) -> str:
    def part(claims: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")

    return f"{part({'alg': 'RS512'})}.{part({'exp': ends})}.c2lnbmF0dXJl"


def login(password: str) -> dict[str, Any]:
    return {"auth": base64.b64encode(f"robot:{password}".encode()).decode()}


def plain(text: str) -> bytes:
    return text.encode()


GOOD: dict[str, Any] = {
    "as the panel hands it out": secret(),
    "JSON": plain(json.dumps(secret())),
    "Windows line endings": yaml.safe_dump(secret()).replace("\n", "\r\n").encode(),
    "a BOM": b"\xef\xbb\xbf" + yaml.safe_dump(secret()).encode(),
    "a comment and a document start": b"# from the panel\n---\n" + yaml.safe_dump(secret()).encode(),
    "an older dockercfg": secret(
        type="kubernetes.io/dockercfg", data={".dockercfg": encoded({REGISTRY: {"auth": AUTH}})}
    ),
    "under https://": secret({f"https://{REGISTRY}": {"auth": AUTH}}),
    "user and password apart": secret({REGISTRY: {"username": "robot", "password": TOKEN}}),
    "stringData": secret(
        data=None, stringData={".dockerconfigjson": json.dumps({"auths": {REGISTRY: {"auth": AUTH}}})}
    ),
    "one more registry": secret({REGISTRY: {"auth": AUTH}, "quay.io": {"auth": AUTH}}),
    "wrapped base64": re.sub(r"(dockerconfigjson: )(\S{40})", r"\1\2\n    ", yaml.safe_dump(secret())).encode(),
    "UTF-16, as a Windows shell redirects it": yaml.safe_dump(secret()).encode("utf-16"),
    "an anchor and its alias": yaml.safe_dump(secret()).replace("metadata:", "x: &a [1]\ny: *a\nmetadata:").encode(),
    "empty documents around it": b"---\n---\n" + yaml.safe_dump(secret()).encode() + b"---\n",
    "a name that is a date": yaml.safe_dump(secret()).replace("12345678-cluster-pull-secret", "2026-11-24").encode(),
    "marked as binary": yaml.safe_dump(secret()).replace("dockerconfigjson: ", "dockerconfigjson: !!binary ").encode(),
}

BAD: dict[str, Any] = {
    "empty": b"",
    "binary": bytes(range(256)) * 4,
    "truncated in the data": yaml.safe_dump(secret()).encode()[:150],
    "not YAML": b"apiVersion: v1\n\tkind: [Secret",
    "a list": b"- 1\n- 2\n",
    "a word": b"hello",
    "another kind": secret(kind="ConfigMap"),
    "a kind that is no word": secret(kind={"a": 1}),
    "of type Opaque": secret(type="Opaque"),
    "without a type": secret(type=None),
    "without data": secret(data={}),
    "data that is a list": secret(data=[1]),
    "base64 in base64": secret(
        data={".dockerconfigjson": base64.b64encode(secret()["data"][".dockerconfigjson"].encode()).decode()}
    ),
    "no base64": secret(data={".dockerconfigjson": "{not base64}"}),
    "no JSON in it": secret(data={".dockerconfigjson": base64.b64encode(b"hello").decode()}),
    "auths that is a list": secret([1]),
    "no login at all": secret({}),
    "a login under a port, which nodes use for that port alone": secret({f"{REGISTRY}:443": {"auth": AUTH}}),
    "another registry": secret({"quay.io": {"auth": AUTH}}),
    "the old registry": secret({"registry.access.redhat.com": {"auth": AUTH}}),
    "a registry of like name": secret({"registry.redhat.io.example.com": {"auth": AUTH}}),
    "a login without password": secret({REGISTRY: {"auth": base64.b64encode(b"robot:").decode()}}),
    "a login that is a word": secret({REGISTRY: "x"}),
    "a token that has ended": secret({REGISTRY: login(jwt(time.time() - 86400))}),
    "two documents": yaml.safe_dump_all([secret(), secret()]).encode(),
    "a python object": b"!!python/object/apply:os.system ['true']",
    "a YAML bomb": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(9)),
    "a bomb of merge keys": b"a: &a {x: 1}\n"
    + b"".join(b"%c: &%c\n  <<: [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(12)),
    "a bomb in a document of the right kind": yaml.safe_dump(secret(data=None)).encode()
    + b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(9)),
    "more values than a secret has": b"[" + b"1," * 400_000 + b"1]",
    "an alias of itself": b"&a {kind: Secret, type: kubernetes.io/dockerconfigjson, data: *a}",
    "an alias of nothing": b"a: *b\n",
    "deep nesting": b"[" * 100_000,
    "deep nesting in the login data": secret(
        data={".dockerconfigjson": base64.b64encode(b"[" * 500_000).decode()},
    ),
    "a number without an end": b"kind: " + b"9" * 900_000,
    "a Docker configuration": plain(json.dumps({"auths": {REGISTRY: {"auth": AUTH}}})),
    "half a character of UTF-16": b"\xff\xfea",
    "huge": b"x" * (secret_file.LARGEST + 1),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_file_gives_the_secret_under_its_new_name(name: str) -> None:
    given_ = read(GOOD[name])
    manifest = json.loads(given_.manifest)
    assert manifest["metadata"] == {"name": SECRET_NAME}
    assert REGISTRY in base64.b64decode(next(iter(manifest["data"].values()))).decode()
    assert TOKEN not in repr(given_)
    assert TOKEN in given_.secrets or AUTH in given_.secrets


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gets_one_sentence_without_a_byte_of_it(name: str) -> None:
    with pytest.raises(Usage) as caught:
        read(BAD[name])
    said = str(caught.value)
    assert "panel.yaml" in said
    assert "\n" not in said
    assert TOKEN not in said
    assert AUTH not in said
    assert len(said) < 500


def test_a_token_that_ends_soon_is_warned_of_and_a_late_one_is_not() -> None:
    assert "expires on" in str(read(secret({REGISTRY: login(jwt(time.time() + 86400))})).warnings[0])
    assert read(secret({REGISTRY: login(jwt(time.time() + 400 * 86400))})).warnings == ()


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
@example(b"\x00")
@example(b"%YAML 9.9\n---\n")
@example(b"&a [*a]")
@example(b"? !!map {}\n: x")
def test_no_bytes_at_all_make_it_fail_otherwise(raw: bytes) -> None:
    with pytest.raises(Usage):
        secret_file.read_secret(raw, "f")


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_file_is_usable_or_refused_and_never_quoted(data: st.DataObject) -> None:
    raw = bytearray(yaml.safe_dump(secret()).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at] = data.draw(st.integers(0, 255))
    said = ""
    try:
        said = secret_file.read_secret(bytes(raw), "f").source
    except Usage as error:
        said = str(error)
    assert said
    assert TOKEN not in said
    assert AUTH[:20] not in said


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(JSON_VALUES, JSON_VALUES, JSON_VALUES)
def test_any_shape_of_a_secret_is_usable_or_refused(kind: Any, data: Any, logins: Any) -> None:
    for item in (secret(type=kind), secret(data=data), secret(logins if logins is not None else 1)):
        try:
            read(plain(json.dumps(item)))
        except Usage:
            continue


def state(item: dict[str, Any] | None) -> Any:
    return parse_project([], "threescale", item)


def stored(logins: Any = None) -> dict[str, Any]:
    return secret(logins, metadata={"name": SECRET_NAME, "uid": "u"})


def test_an_equal_secret_is_left_a_different_one_is_replaced_when_asked() -> None:
    given_ = read(secret())
    assert registry_secret.plan(state(stored()), Request(pull_secret=given_)) == ()
    other = stored({REGISTRY: login("another-token")})
    with pytest.raises(Refused):
        registry_secret.plan(state(other), Request(pull_secret=given_))
    kept, replaced = registry_secret.plan(state(other), Request(pull_secret=given_, replace_secret=True))
    assert kept.args[0] == "create"
    assert replaced.args[0] == "replace"
    assert TOKEN not in repr((kept, replaced))


def test_without_a_secret_anywhere_it_says_where_one_comes_from() -> None:
    with pytest.raises(Usage, match="no secret threescale-registry-auth") as caught:
        registry_secret.plan(state(None), Request())
    assert "terms-based-registry" in str(caught.value.fix.sentence)
    assert caught.value.fix.commands == (registry_secret.GIVE,)


def test_a_login_in_the_project_whose_token_has_ended_is_no_login() -> None:
    ended = state(stored({REGISTRY: login(jwt(time.time() - 86400))}))
    with pytest.raises(Refused, match="expired on"):
        registry_secret.plan(ended, Request())
    assert [check.verdict.value for check in registry_secret.verify(ended, Request())] == ["failed"]
    soon = state(stored({f"https://{REGISTRY}": login(jwt(time.time() + 86400))}))
    assert registry_secret.plan(soon, Request()) == ()
    assert [check.verdict.value for check in registry_secret.verify(soon, Request())] == ["passed", "warning"]


def test_a_name_and_its_token_are_the_login_that_the_panel_would_have_given() -> None:
    made = secret_file.from_login("12345678|cluster", TOKEN, "here")
    assert made.fingerprint == read(secret()).fingerprint


@pytest.mark.parametrize("name", ["", " ", "a:b", "a\nb"])
def test_a_name_that_cannot_be_one_is_refused(name: str) -> None:
    with pytest.raises(Usage, match="--username"):
        secret_file.from_login(name, TOKEN, "here")


@pytest.mark.parametrize("raw", [b"", b"\n", b"one\ntwo\n", b"\xff\xfe\x00", b"a\x00b", b"x" * (1 << 20) + b"yz"])
def test_a_token_is_one_line_of_text(raw: bytes) -> None:
    with pytest.raises(Usage):
        secret_file.from_login("12345678|cluster", secret_file.password_of(raw, "here"), "here")


def test_the_end_of_the_line_is_no_part_of_the_token() -> None:
    assert secret_file.password_of(f"{TOKEN}\r\n".encode(), "here") == TOKEN


@pytest.mark.parametrize("data", [{}, {"auths": {}}])
def test_a_secret_without_any_login_differs_from_one_that_cannot_be_read(data: dict[str, Any]) -> None:
    with pytest.raises(Usage, match="it contains no credentials"):
        read(secret(data={".dockerconfigjson": base64.b64encode(json.dumps(data).encode()).decode()}))
