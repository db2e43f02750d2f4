"""What stands in an `expect.json` beside a recorded call is what the tool makes of it: to add a case is to add a directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import answering, expected
from tests.conftest import World, make_world
from tests.support import recorded
from threescale_migrate.exit_codes import ExitCode

LOOKS = {look.name: look for name in recorded.scenario_names() for look in answering.looks(name)}
CALLS = {call.name: call for call in recorded.all_calls()}
EXPECTED: dict[str, dict[str, Any]] = {
    f"{path.parts[-3]}/{path.parts[-2]}": json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(recorded.FIXTURES.glob(f"*/*/{recorded.EXPECT}"))
}
WHOLE = [name for name, look in LOOKS.items() if len(look.configs) > 1]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Where the commands are, which change nothing."""
    return make_world(tmp_path_factory.mktemp("place"))


def cases(*keys: str) -> list[Any]:
    """The calls of which something is expected; `plan` and `preflight` at a look at one config are run with the long tests."""
    return [
        pytest.param(name, key, id=f"{name}-{key}", marks=[pytest.mark.long] if slow else [])
        for name, said in EXPECTED.items()
        for key in keys
        if key in said
        for slow in [key in ("plan", "preflight") and name not in WHOLE]
    ]


def test_each_look_says_what_is_expected_of_each_command() -> None:
    assert len(LOOKS) > 60
    assert [name for name in LOOKS if not set(expected.COMMANDS) <= EXPECTED.get(name, {}).keys()] == []
    judged = [name for name, look in LOOKS.items() if "replicationcontrollers" in look.objects]
    assert len(judged) > 30
    assert [name for name in judged if "rollouts" not in EXPECTED[name]] == []


def test_nothing_is_expected_in_a_word_that_is_not_known() -> None:
    known = {"fails_as", "rollouts", *expected.COMMANDS}
    assert [name for name, said in EXPECTED.items() if not said or not said.keys() <= known] == []


@pytest.mark.parametrize(("name", "key"), cases("fails_as"))
def test_a_failure_is_of_the_class_that_is_expected(name: str, key: str) -> None:
    assert expected.fails_as(CALLS[name]) == EXPECTED[name][key]


@pytest.mark.parametrize(("name", "key"), cases("rollouts"))
def test_rollouts_are_judged_as_expected(name: str, key: str) -> None:
    assert expected.rollouts(LOOKS[name]) == EXPECTED[name][key]


@pytest.mark.parametrize(("name", "key"), cases(*expected.COMMANDS))
def test_a_command_ends_as_expected_on_what_was_recorded(place: World, name: str, key: str) -> None:
    assert expected.of_command(key, LOOKS[name], place) == EXPECTED[name][key]


@pytest.mark.parametrize("name", EXPECTED)
def test_exit_codes_that_are_expected_say_what_their_checks_say(name: str) -> None:
    for key in expected.COMMANDS:
        said = EXPECTED[name].get(key)
        if said is None or key == "plan":
            continue
        if said["exit_code"] == ExitCode.DONE:
            assert not said["failed"] + said["unknown"]
        elif key == "verify":
            assert said["exit_code"] == (ExitCode.FAILED if said["failed"] else ExitCode.UNKNOWN)
            assert said["failed"] or said["unknown"]


def test_what_a_new_directory_holds_is_a_case(tmp_path: Path) -> None:
    """A look that somebody hands in, without a line of code."""
    mine = tmp_path / "mine"
    recorded.write(mine, {"scenario": "mine", "about": "a report"})
    look = LOOKS["mixed-rights/001-get-dc-rc-pods-sa-rolebindings-is-o-json"]
    recorded.add(mine, 1, look.call)
    [found] = answering.looks(mine)
    assert expected.rollouts(found) == EXPECTED[look.name]["rollouts"]
