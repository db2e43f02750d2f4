"""Images that the cluster is asked for in one call: what it answers for each, as recorded, and what a policy refuses (fact 37)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support import recorded
from threescale_migrate.cluster import oc as calls
from threescale_migrate.cluster.image_imports import FOUND, look
from threescale_migrate.cluster.oc import Oc
from threescale_migrate.cluster.oc_errors import BadInput

OTHERS = ("outside.example.test/a/b", "registry.redhat.io/c/d", "outside.example.test/e/f")
POLICY = (
    'The ImageStreamImport "threescale-migrate-question" is invalid: \n'
    '* spec.images[0].from.name: Forbidden: registry "outside.example.test:443" not allowed by whitelist: "registry.redhat.io:443"\n'
    '* spec.images[2].from.name: Forbidden: registry "outside.example.test:443" not allowed by whitelist: "registry.redhat.io:443"\n'
)


def answering(monkeypatch: pytest.MonkeyPatch, *answers: tuple[int, str, str]) -> list[list[str]]:
    """Has each call of `oc` end as the next of the answers does; gives the images that were asked for, call by call."""
    asked: list[list[str]] = []
    left = list(answers)

    def start(_: str, __: Sequence[str], stdin: str | None, *more: Any) -> tuple[int, str, str]:
        asked.append([image["from"]["name"] for image in json.loads(stdin or "")["spec"]["images"]])
        return left.pop(0)

    monkeypatch.setattr(calls, "_start", start)
    return asked


def test_each_recorded_image_has_its_own_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [call for call in recorded.calls("imports-asked") if call.argv[1] == "create" and not call.exit_code]
    reasons = set()
    for call in found:
        names = [image["from"]["name"] for image in call.json()["spec"]["images"]]
        asked = answering(monkeypatch, (0, call.stdout, call.stderr))
        looked = look(Oc("oc"), names)
        assert asked == [names]
        assert list(looked) == names
        reasons |= {one.reason for one in looked.values()}
    assert reasons == {FOUND, "Unauthorized", "NotFound", "InternalError"}


def test_what_a_policy_refuses_is_left_out_and_the_others_are_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"kind": "ImageStreamImport", "status": {"images": [{"status": {"status": "Success"}}]}}
    asked = answering(monkeypatch, (1, "", POLICY), (0, json.dumps(answer), ""))
    looked = look(Oc("oc"), OTHERS)
    assert asked == [list(OTHERS), [OTHERS[1]]]
    assert {name: one.reason for name, one in looked.items()} == dict(zip(OTHERS, ("Invalid", FOUND, "Invalid")))
    assert "not allowed by whitelist" in looked[OTHERS[0]].message


def test_a_refusal_that_names_no_image_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, (1, "", "error: error parsing STDIN: unknown field"))
    with pytest.raises(BadInput):
        look(Oc("oc"), OTHERS)
