"""The parser of what `oc` prints, on what a real one printed, whole and with parts left out."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import recorded
from threescale_migrate.cluster.parsing import parse_project
from threescale_migrate.cluster.pull_secrets import fingerprint, secret_values
from threescale_migrate.guide.readiness import assess
from threescale_migrate.redaction import Redactor
from threescale_migrate.values import GUIDE_CONFIGS


def listed(*argv: str, scenario: str = "documented-procedure", number: int = 0) -> list[dict[str, Any]]:
    calls = [call for call in recorded.calls(scenario) if call.argv[1:] == argv]
    items: list[dict[str, Any]] = calls[number].json()["items"]
    return items


CONFIGS = listed("get", "dc", "-o", "json")
CONTROLLERS = listed("get", "rc", "-o", "json")
PODS = listed("get", "pods", "-o", "json")
ACCOUNTS = listed("get", "sa", "-o", "json")


def test_the_recorded_project_is_read_as_it_was() -> None:
    state = parse_project([*CONFIGS, *CONTROLLERS, *PODS, *ACCOUNTS], "threescale")
    assert sorted(state.configs) == sorted(GUIDE_CONFIGS)
    app = state.configs["system-app"]
    assert [hook.when for hook in app.hooks] == ["pre", "post"]
    assert state.configs["zync-database"].empty_dirs
    assert state.configs["system-mysql"].strategy == "Recreate"
    assert state.configs["system-mysql"].claims
    assert not state.configs["zync"].paused
    assert state.configs["zync"].config_change
    assert {pod.role for pod in state.pods} == {"app", "deployer", "hook"}
    for name in GUIDE_CONFIGS:
        newest = state.newest(name)
        assert newest is not None
        assert newest.phase == "Complete"
        assert len(state.pods_of(name)) == state.configs[name].replicas
        assert state.configs[name].effective_account == "default"


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += paths(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            found += paths(inner, (*path, number))
    return found


def without(item: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    item = copy.deepcopy(item)
    place: Any = item
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return item


OPTIONAL = [
    (item, path)
    for item in (*CONFIGS[:8], *CONTROLLERS[:3], *PODS[:6], *ACCOUNTS)
    for path in paths(item)
    if path not in (("kind",), ("metadata",), ("metadata", "name")) and not {"type", "name", "claimName"} & {path[-1]}
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(OPTIONAL))
def test_a_part_that_is_not_there_is_no_failure(chosen: tuple[dict[str, Any], tuple[Any, ...]]) -> None:
    item = without(*chosen)
    state = parse_project([item, *CONTROLLERS, *PODS], "threescale")
    for name in state.configs:
        assert not assess(state, name).reached  # nothing in it runs as amp


LOGINS = st.dictionaries(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=12),
    st.fixed_dictionaries({"auth": st.text("abcdefABCDEF0123456789+/", min_size=8, max_size=40)}),
    min_size=1,
    max_size=4,
)


def pull_secret(logins: Any, indent: int | None = None) -> dict[str, Any]:
    import base64

    data = base64.b64encode(json.dumps({"auths": logins}, indent=indent).encode()).decode()
    return {"metadata": {"name": "s"}, "type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": data}}


@given(LOGINS)
def test_equal_logins_have_one_fingerprint_however_they_are_written(logins: dict[str, Any]) -> None:
    assert fingerprint(pull_secret(logins)) == fingerprint(pull_secret(dict(reversed(logins.items())), indent=2))


@given(LOGINS, st.text(max_size=30))
def test_what_a_secret_holds_is_masked_wherever_it_turns_up(logins: dict[str, Any], around: str) -> None:
    item = pull_secret(logins)
    redact = Redactor()
    redact.learn(*secret_values(item))
    for login in logins.values():
        assert login["auth"] not in redact(
            f"{around} {login['auth']} {around}".replace(login["auth"], f" {login['auth']} ")
        )
    assert item["data"][".dockerconfigjson"] not in redact(json.dumps(item))
