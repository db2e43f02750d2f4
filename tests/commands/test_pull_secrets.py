"""Pull secrets that nodes cannot parse, or read otherwise than it seems, wherever they are: in a file, in the project, at `default`."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import TOKEN, World, make_world
from threescale_migrate.values import REGISTRY, SECRET_NAME

AUTH = base64.b64encode(f"7654321|barra:{TOKEN}".encode()).decode()
GOOD = {REGISTRY: {"auth": AUTH}}
# Beside a good login for the registry, and what is said of it; nodes and the import cannot parse the whole (fact 34).
BROKEN: dict[str, tuple[Any, str]] = {
    "no colon": ({"cp.icr.example.test": {"auth": "dG9rZW4="}}, "its entry for cp.icr.example.test: auth has no colon"),
    "no base64": ({"quay.example.test": {"auth": "<REDACTED>"}}, "its entry for quay.example.test: auth is not base64"),
    "a text": ({"quay.example.test": "x"}, "its entry for quay.example.test is a text"),
    "a number": (
        {"quay.example.test": {"email": 5, "auth": "dTpw"}},
        "its entry for quay.example.test: email is a number",
    ),
}


def secret(logins: Any, name: str = "mine") -> dict[str, Any]:
    raw = logins if isinstance(logins, bytes) else json.dumps({"auths": logins}).encode()
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": base64.b64encode(raw).decode()},
    }


def file_of(world: World, item: dict[str, Any]) -> str:
    path = world.directory / "mine.json"
    path.write_text(json.dumps(item))
    return str(path)


def put(world: World, item: dict[str, Any]) -> None:
    assert world.oc("create", "-f", "-", stdin=json.dumps(item)).code == 0


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_with_one_broken_entry_is_refused_before_the_first_change(world: World, kind: str) -> None:
    logins, says = BROKEN[kind]
    before = world.objects()
    for command in (("plan",), ("migrate", "--yes"), ("step", "registry-secret", "--yes")):
        done = world.run(*command, "--secret-file", file_of(world, secret({**logins, **GOOD})))
        assert done.code == 2, done.all
        assert says in " ".join(done.err.split())
        assert "dG9rZW4=" not in done.all
    assert world.objects() == before


def test_a_secret_of_the_project_with_a_broken_entry_is_no_source_and_no_registry_secret(world: World) -> None:
    logins, says = BROKEN["no colon"]
    put(world, secret({**GOOD, **logins}, "other"))
    done = world.run("migrate", "--yes", "--from-secret", "other")
    assert (done.code, says in " ".join(done.err.split())) == (2, True), done.all
    put(world, secret({**GOOD, **logins}, SECRET_NAME))
    before = world.objects()
    checked = world.run("verify", "-o", "json", "--skip", "permissions")
    found = [check for check in checked.json()["checks"] if check["code"] == "registry-secret-usable"]
    assert [check["verdict"] for check in found] == ["failed"]
    assert says in found[0]["seen"]
    assert checked.code == 1
    refused = world.run("migrate", "--yes")
    assert refused.code == 4, refused.all
    assert says in " ".join(refused.all.split())
    assert world.objects() == before
    given = ("--secret-file", world.secret, "--replace-secret")
    # The copy that is kept for an undo cannot be parsed either, and spoils imports: the test of the token says so.
    assert world.run("step", "registry-secret", "--yes", *given).code == 4
    mended = world.run("step", "registry-secret", "--yes", *given, "--prove-pull=none")
    assert mended.code == 0, mended.all


def test_a_broken_pull_secret_of_default_is_named_and_not_given_to_amp(world: World) -> None:
    logins, says = BROKEN["no base64"]
    put(world, secret(logins, "mirror"))
    assert world.oc("secrets", "link", "default", "mirror", "--for=pull").code == 0
    refused = world.run("migrate", "--yes", "--secret-file", world.secret)
    assert refused.code == 4, refused.all
    said = " ".join(refused.all.split())
    assert "sa/default: its pull secret mirror cannot be parsed by nodes" in said
    assert says in said
    planned = world.run("plan", "--secret-file", world.secret, "--force", "-o", "json")
    assert planned.code == 3, planned.all
    assert not any("mirror" in json.dumps(action) for action in planned.json()["actions"])


@pytest.mark.parametrize(
    ("login", "warned"),
    [
        ({"auth": AUTH.rstrip("=")}, AUTH.endswith("=")),
        ({"auth": AUTH[:20] + "\n" + AUTH[20:]}, False),
        ({"username": "7654321|barra", "password": TOKEN}, False),
    ],
    ids=["unpadded", "wrapped", "apart"],
)
def test_encodings_that_nodes_take_are_taken_and_what_3_11_refuses_is_said(
    world: World, login: dict[str, str], warned: bool
) -> None:
    planned = world.run("plan", "--secret-file", file_of(world, secret({REGISTRY: login})))
    assert planned.code == 3, planned.all
    assert ("OpenShift 3.11 cannot read" in " ".join(planned.out.split())) is warned


@pytest.mark.parametrize("raw", ["mark", "utf-16", "NaN"])
def test_encodings_that_the_server_refuses_are_refused_first(world: World, raw: str) -> None:
    text = json.dumps({"auths": GOOD})
    data = {
        "mark": b"\xef\xbb\xbf" + text.encode(),
        "utf-16": text.encode("utf-16"),
        "NaN": text.replace("{", '{"x": NaN, ', 1).encode(),
    }[raw]
    before = world.objects()
    done = world.run("migrate", "--yes", "--secret-file", file_of(world, secret(data)))
    assert done.code == 2, done.all
    assert world.objects() == before


def test_a_line_break_at_a_passwords_end_is_refused_with_where_it_comes_from(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    login = {"auth": base64.b64encode(f"7654321|barra:{TOKEN}\n".encode()).decode()}
    done = world.run("migrate", "--yes", "--secret-file", file_of(world, secret({REGISTRY: login})))
    assert done.code == 2, done.all
    assert "line break" in done.err
    assert "echo -n" in done.err


@pytest.mark.parametrize("end", ["\t", "\x00", "\x7f"])
def test_a_control_character_in_a_login_is_called_that_and_not_a_line_break(world: World, end: str) -> None:
    login = {"auth": base64.b64encode(f"7654321|barra:{TOKEN}{end}".encode()).decode()}
    done = world.run("plan", "--secret-file", file_of(world, secret({REGISTRY: login})))
    assert done.code == 2, done.all
    assert "have a control character in the user or password" in done.err
    assert "line break" not in done.err


@pytest.mark.parametrize(
    "login", [f"7654321|barra:{TOKEN} ", f" 7654321|barra:{TOKEN}", f"7654321|barra:{TOKEN}\u200b"]
)
def test_what_was_pasted_unseen_at_an_end_of_a_login_is_warned_about(world: World, login: str) -> None:
    entry = {"auth": base64.b64encode(login.encode()).decode()}
    planned = world.run("plan", "--prove-pull=none", "--secret-file", file_of(world, secret({REGISTRY: entry})))
    assert planned.code == 3, planned.all
    assert "have a space or an invisible character at an end" in " ".join(planned.all.split())
