"""The data of a pull secret, parsed as nodes and the image import parse it (fact 34)."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.support.recorded import calls
from threescale_migrate.cluster.pull_secrets import broken, decoded_auth, fingerprint, logins, secret_values, shown
from threescale_migrate.guide.pull_secret_logins import covers, problems
from threescale_migrate.values import NEXT_IMAGES, REGISTRY

TOKEN = "the-token-of-this-test-4711"
GOOD = base64.b64encode(f"7654321|barra:{TOKEN}".encode()).decode()
LOGIN = f'"{REGISTRY}":{{"auth":"{GOOD}"}}'


def of(data: bytes | str, kind: str = "kubernetes.io/dockerconfigjson") -> dict[str, Any]:
    raw = data if isinstance(data, bytes) else data.encode()
    key = ".dockercfg" if kind == "kubernetes.io/dockercfg" else ".dockerconfigjson"
    return {"kind": "Secret", "metadata": {"name": "s"}, "type": kind, "data": {key: base64.b64encode(raw).decode()}}


def auths(entry: str) -> dict[str, Any]:
    return of(f'{{"auths":{{{LOGIN},{entry}}}}}')


# Each beside a good login for the registry; with what is said of it. Go's encoding/json and base64 refuse them.
BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "no colon": (auths('"icr.example.test":{"auth":"dG9rZW4="}'), "icr.example.test: auth has no colon"),
    "redacted": (auths('"icr.example.test":{"auth":"<REDACTED>"}'), "icr.example.test: auth is not base64"),
    "a blank within": (auths('"icr.example.test":{"auth":"dTp w"}'), "auth is not base64"),
    "a tab behind": (auths('"icr.example.test":{"auth":"dTpwcA==\\t"}'), "auth is not base64"),
    "base64 for addresses": (auths('"icr.example.test":{"auth":"dTo_-w=="}'), "auth is not base64"),
    "too much padding": (auths('"icr.example.test":{"auth":"dTpw="}'), "auth is not base64"),
    "a letter too many": (auths('"icr.example.test":{"auth":"dTpwd"}'), "auth is not base64"),
    "a text": (auths('"icr.example.test":"x"'), "icr.example.test is a text, not an object"),
    "a list": (auths('"icr.example.test":[]'), "icr.example.test is a list, not an object"),
    "a number": (auths('"icr.example.test":7'), "icr.example.test is a number, not an object"),
    "a number as email": (auths('"icr.example.test":{"email":5,"auth":"dTpw"}'), "email is a number, not a text"),
    "true as password": (auths('"icr.example.test":{"username":"u","password":true}'), "password is true or false"),
    "an object as auth": (auths('"icr.example.test":{"auth":{}}'), "auth is an object"),
    "a field in capitals": (auths('"icr.example.test":{"AUTH":5}'), "auth is a number"),
    "twice, the first broken": (auths('"q.test":{"auth":"dG9rZW4="},"q.test":{}'), "q.test: auth has no colon"),
    "a name with a login in it": (auths('"https://bob:hunter22@q.test":{"auth":"dG9rZW4="}'), "for q.test: auth"),
    "a token as a name": (auths(f'"{GOOD}":{{"auth":"dG9rZW4="}}'), "for ?: auth has no colon"),
    "headers": (of(f'{{"HttpHeaders":{{"X":5}},"auths":{{{LOGIN}}}}}'), "HttpHeaders is not a text"),
    "headers that are a list": (of(f'{{"httpheaders":[],"auths":{{{LOGIN}}}}}'), "HttpHeaders is a list"),
    "auths twice": (of(f'{{"auths":[],"auths":{{{LOGIN}}}}}'), "auths is a list"),
    "auths as a text": (of('{"auths":"x"}'), "auths is a text"),
    "a list at the top": (of(f"[{{{LOGIN}}}]"), "data is a list"),
    "a byte order mark": (of(b"\xef\xbb\xbf" + f'{{"auths":{{{LOGIN}}}}}'.encode()), "byte order mark"),
    "UTF-16": (of(f'{{"auths":{{{LOGIN}}}}}'.encode("utf-16")), "UTF-16"),
    "UTF-16 without a mark": (of(f'{{"auths":{{{LOGIN}}}}}'.encode("utf-16-le")), "UTF-16"),
    "NaN": (of(f'{{"auths":{{{LOGIN}}},"x":NaN}}'), "there is no NaN in JSON"),
    "infinity": (of(f'{{"auths":{{{LOGIN}}},"x":-Infinity}}'), "there is no -Infinity in JSON"),
    "too large a number": (of(f'{{"auths":{{{LOGIN}}},"x":1e999}}'), "a number that is too large"),
    "YAML": (of("auths: {}"), "not JSON"),
    "a comma too many": (of(f'{{"auths":{{{LOGIN},}}}}'), "not JSON"),
    "something behind it": (of(f'{{"auths":{{{LOGIN}}}}} x'), "not JSON"),
    "a line break in a text": (of(f'{{"auths":{{{LOGIN}}},"x":"a\nb"}}'), "not JSON"),
    "the older type": (
        of(f'{{{LOGIN},"q.test":{{"auth":"dG9rZW4="}}}}', "kubernetes.io/dockercfg"),
        "for q.test: auth",
    ),
}
PARSED: dict[str, dict[str, Any]] = {
    "an empty entry": auths('"icr.example.test":{}'),
    "an entry that is null": auths('"icr.example.test":null'),
    "fields that are null": auths('"icr.example.test":{"auth":null,"email":null}'),
    "unknown fields of any type": auths('"icr.example.test":{"auth":"dTpw","identitytoken":5}'),
    "headers": of(f'{{"HttpHeaders":{{"User-Agent":"x"}},"auths":{{{LOGIN}}}}}'),
    "other members of any type": of(f'{{"credsStore":[5],"auths":{{{LOGIN}}}}}'),
    "in capitals": of(f'{{"AUTHS":{{{LOGIN}}}}}'),
    "blanks around it": of(f' \n{{"auths":{{{LOGIN}}}}}\r\n'),
    "a long number": of(f'{{"auths":{{{LOGIN}}},"x":{"9" * 300}}}'),
    "bytes that are no UTF-8": of(f'{{"auths":{{{LOGIN}}},"x":"'.encode() + b'\xff"}'),
    "a name without case": auths('"icr.example.test":{"Auth":"dTpw"}'),
}


@pytest.mark.parametrize("name", BROKEN)
def test_one_entry_that_cannot_be_parsed_makes_the_whole_useless_and_is_named_without_its_content(name: str) -> None:
    item, says = BROKEN[name]
    why = str(broken(item))
    assert says in why
    for hidden in (TOKEN, GOOD, "token", "hunter22", "<REDACTED>"):
        assert hidden not in why


@pytest.mark.parametrize("name", PARSED)
def test_what_nodes_take_is_taken(name: str) -> None:
    assert (REGISTRY, "7654321|barra", TOKEN) in [
        (one.entry, one.username, one.password) for one in logins(PARSED[name])
    ]


@pytest.mark.parametrize("name", BROKEN)
def test_what_a_broken_secret_holds_is_masked_too(name: str) -> None:
    item, _ = BROKEN[name]
    if LOGIN in str(base64.b64decode(next(iter(item["data"].values())))):
        assert {GOOD, TOKEN} <= set(secret_values(item))


def test_two_broken_secrets_are_not_equal_and_how_a_login_is_written_makes_no_difference() -> None:
    assert fingerprint(BROKEN["no colon"][0]) != fingerprint(BROKEN["a text"][0])
    apart = of(f'{{"auths":{{"{REGISTRY}":{{"username":"7654321|barra","password":"{TOKEN}","email":"x"}}}}}}')
    assert fingerprint(apart) == fingerprint(of(f'{{"auths":{{{LOGIN}}}}}'))


@given(st.text(min_size=1), st.text(), st.integers(0, 40))
def test_a_login_is_read_however_its_base64_is_wrapped_or_padded(user: str, password: str, at: int) -> None:
    plain = f"{user.replace(':', '')}:{password}"
    encoded = base64.b64encode(plain.encode("utf-8", "replace")).decode()
    wrapped = encoded[:at] + "\r\n" + encoded[at:]
    expected = plain.encode("utf-8", "replace").decode()
    assert decoded_auth(wrapped) == (expected, True)
    assert decoded_auth(encoded.rstrip("=")) == (expected, len(encoded.rstrip("=")) % 4 == 0)


@pytest.mark.parametrize(
    ("entry", "image", "right"),
    [
        (REGISTRY, f"{REGISTRY}/a/b", True),
        (f"https://{REGISTRY}", f"{REGISTRY}/a/b", True),
        (f"https://{REGISTRY}/v1/", f"{REGISTRY}/a/b", True),
        (f"{REGISTRY}/v2/", f"{REGISTRY}/a/b", True),
        (f"{REGISTRY}/v2", f"{REGISTRY}/a/b", False),
        (f"{REGISTRY}/", f"{REGISTRY}/a/b", True),
        (f"{REGISTRY}/a", f"{REGISTRY}/a/b", True),
        (f"{REGISTRY}/a", f"{REGISTRY}/ab/c", True),
        (f"{REGISTRY}/rhscl", f"{REGISTRY}/a/b", False),
        (f"{REGISTRY}:443", f"{REGISTRY}/a/b", False),
        (f"robot@{REGISTRY}", f"{REGISTRY}/a/b", True),
        ("*.redhat.io", f"{REGISTRY}/a/b", True),
        ("registr?.redhat.io", f"{REGISTRY}/a/b", False),
        ("registr[x-z].redhat.io", f"{REGISTRY}/a/b", True),
        ("*.io", f"{REGISTRY}/a/b", False),
        ("*", f"{REGISTRY}/a/b", False),
        ("Registry.redhat.io", f"{REGISTRY}/a/b", False),
        ("registry.redhat.io.example.test", f"{REGISTRY}/a/b", False),
        ("", f"{REGISTRY}/a/b", False),
    ],
)
def test_an_entry_is_for_an_image_by_the_rules_of_nodes(entry: str, image: str, right: bool) -> None:
    assert covers(entry, image) is right


def test_a_name_that_is_no_registry_is_not_shown() -> None:
    assert shown("https://bob:hunter22@q.test:5000/x") == "q.test:5000/x"
    assert shown(GOOD) == "?"


def recorded() -> dict[str, tuple[dict[str, Any], str]]:
    """Each pull secret of the recording, and what the import said with it; that of `oc create` where it was refused."""
    found: dict[str, tuple[dict[str, Any], str]] = {}
    name = ""
    for call in calls("registry"):
        if call.argv[1] == "create":
            item = yaml.safe_load(call.files[call.argv[3]])
            name = item["metadata"]["name"]
            found[name] = ({**item, "kind": "Secret"}, call.stderr)
        elif call.argv[1] == "import-image" and name and not found[name][1]:
            found[name] = (found[name][0], call.stderr or "imported")
    return found


RECORDED = recorded()


@pytest.mark.parametrize("name", RECORDED)
def test_the_verdict_is_that_of_the_real_server_and_importer(name: str) -> None:
    item, said = RECORDED[name]
    why = broken(item)
    assert (why is not None) == ("is invalid" in said or "Internal error" in said), (said, str(why))
    if why is None:
        found = logins(item)
        usable = not problems(found, 0)[0] and any(covers(login.entry, NEXT_IMAGES[0]) for login in found)
        assert usable is (name == "wrong" or said == "imported"), said  # which login is wrong only the registry knows
