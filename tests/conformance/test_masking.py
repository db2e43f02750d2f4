"""What is handed in as a recording does not tell whose cluster it was."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.live.masking import Masks

SERVER = "https://api.prod-7.corp.example.com:6443"
TOKEN = "sha256~abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


def masks() -> Masks:
    return Masks(SERVER, "hanako", "gateway-live-1")


def test_server_user_project_nodes_and_logins_become_common_words() -> None:
    text = (
        f'Using project "gateway-live-1" on server "{SERVER}" as hanako with {TOKEN}\n'
        "gateway-live-1/api-prod-7-corp-example-com:6443/hanako\n"
        "Successfully assigned gateway-live-1/zync-1 to worker-3.prod-7.corp.example.com\n"
        '  "nodeName": "worker-3.prod-7.corp.example.com",\n'
        "console.apps.prod-7.corp.example.com\n"
    )
    sentence = masks()(text)
    for word in ("prod-7", "corp", "hanako", "gateway-live-1", "worker-3", TOKEN):
        assert word not in sentence, sentence
    assert "https://api.cluster.example.test:6443" in sentence
    assert sentence.count("node-1") == 2


def test_an_address_gets_the_same_other_one_each_time_and_times_stay() -> None:
    mask = masks()
    sentence = mask("10.1.2.3 10.1.2.4 10.1.2.3 fd00::17 127.0.0.1 12:30:45 v1.2.3 2026-11-24T09:30:00Z")
    assert sentence == "192.0.2.1 192.0.2.2 192.0.2.1 2001:db8::3 127.0.0.1 12:30:45 v1.2.3 2026-11-24T09:30:00Z"


def test_names_that_every_cluster_has_are_kept() -> None:
    assert Masks(SERVER, "system:admin", "p")("system:admin admin cluster-admin") == "system:admin admin cluster-admin"


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), min_size=8))
def test_the_data_of_a_secret_is_masked_unless_the_list_brought_it_along(password: str) -> None:
    data = base64.b64encode(json.dumps({"password": password}).encode()).decode()
    shown = f"apiVersion: v1\ndata:\n  .dockerconfigjson: {data}\n  other: {data}\nkind: Secret\n"
    assert data not in masks()(shown)
    brought = masks()
    brought.made_up(shown)
    assert brought(shown) == shown


@given(st.text())
def test_any_text_is_taken(text: str) -> None:
    assert isinstance(masks()(text), str)


def as_yaml(item: object) -> str:
    return str(yaml.safe_dump(item, default_flow_style=False))


def as_applied(item: object) -> str:
    return json.dumps({"annotations": {"last-applied": json.dumps(item)}})


@pytest.mark.parametrize("written", [json.dumps, lambda item: json.dumps(item, indent=4), as_yaml, as_applied])
def test_what_a_secret_is_given_as_text_is_masked_also_where_the_suite_made_it_up(
    written: Callable[[object], str],
) -> None:
    item = {"kind": "Secret", "stringData": {"SECRET_KEY_BASE": "not-a-real-key", "USER": "hanako two"}, "type": "x"}
    text = written(item)
    mask = masks()
    mask.made_up(text)
    shown = mask(text)
    assert "not-a-real" not in shown
    assert "two" not in shown
    assert "SECRET_KEY_BASE" in shown


@pytest.mark.parametrize("written", [json.dumps, lambda item: json.dumps(item, indent=4), as_yaml])
def test_what_a_config_holds_in_clear_is_masked(written: Callable[[object], str]) -> None:
    hook = 'bundle exec rake boot openshift:deploy MASTER_ACCESS_TOKEN="h7Kq2Zx9"'
    variables = [{"name": "DB_PASSWORD", "value": "hunter two"}, {"name": "RAILS_ENV", "value": "production"}]
    shown = masks()(written({"kind": "DeploymentConfig", "command": ["bash", "-c", hook], "env": variables}))
    for secret in ("h7Kq2Zx9", "hunter", "two"):
        assert secret not in shown
    for kept in ("openshift:deploy", "MASTER_ACCESS_TOKEN", "DB_PASSWORD", "production"):
        assert kept in shown
