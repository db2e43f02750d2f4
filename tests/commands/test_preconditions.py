"""Each change is bound to what was seen (fact 38): what somebody else changes just before it is sent is not overwritten or deleted."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import World, make_world
from tests.support.front import Front

ZYNC = ("--dc", "zync")
OTHER = '{"spec":{"template":{"spec":{"serviceAccountName":"other","serviceAccount":"other"}}}}'
SECRET = "threescale-registry-auth"
SENT = 'patch dc zync --patch {"metadata":'
RAW = "delete --raw /api/v1/namespaces/threescale"


@pytest.fixture
def front(world: World) -> Iterator[Front]:
    found = Front(world)
    yield found
    found.remove()


def template(world: World, name: str = "zync") -> dict[str, Any]:
    found: dict[str, Any] = world.objects()["deploymentconfigs"][f"threescale/{name}"]["spec"]["template"]["spec"]
    return found


def changed_login(world: World) -> object:
    return world.oc("patch", "secret", SECRET, "--patch", '{"data":{".dockerconfigjson":"e30="}}')


def journal(world: World) -> list[dict[str, Any]]:
    return [json.loads(line) for line in world.journals[-1].read_text(encoding="utf-8").splitlines()]


def outcomes(world: World, words: str) -> list[str]:
    """How the calls with these words ended, by the newest journal."""
    lines = journal(world)
    numbers = [
        line["action"] for line in lines if line["event"] == "begin" and words in " ".join(map(str, line["argv"]))
    ]
    return [str(line["outcome"]) for line in lines if line["event"] == "end" and line["action"] in numbers]


def test_a_patch_carries_the_version_that_was_seen_and_the_journal_has_what_was_sent(world: World) -> None:
    shown = world.run("plan", *ZYNC, "--secret-file", world.secret, "-v")
    assert 'oc patch dc zync --patch \'{"spec"' in shown.out
    assert "resourceVersion" not in shown.out
    assert world.migrate(*ZYNC).code == 0
    [line] = [line for line in journal(world) if line["event"] == "begin" and "patch" in line["argv"]]
    assert '{"metadata":{"resourceVersion":"' in str(line["argv"])


@pytest.mark.parametrize("act", ["scale", "annotate"])
def test_a_patch_that_meets_a_change_which_does_not_matter_is_sent_again(world: World, front: Front, act: str) -> None:
    patch = '{"spec":{"replicas":2}}' if act == "scale" else '{"metadata":{"annotations":{"x":"y"}}}'
    front.before("patch dc zync", lambda: world.oc("patch", "dc", "zync", "--patch", patch))
    done = world.migrate(*ZYNC)
    assert done.code == 0, done.all
    # What was scaled changes its status too, some moments later, and a patch may meet that as well.
    met, *again, sent = outcomes(world, "patch dc zync")
    assert (met, set(again) - {"failed"}, sent) == ("failed", set(), "done")
    assert len({call for call in front.of(SENT) if "amp" in call}) == len(again) + 2, (
        "each names the version that it was planned from"
    )
    assert template(world)["serviceAccountName"] == "amp"


def test_an_account_that_somebody_gives_meanwhile_is_not_overwritten(world: World, front: Front) -> None:
    front.before("patch dc zync", lambda: world.oc("patch", "dc", "zync", "--patch", OTHER))
    done = world.migrate()
    assert done.code == 1, done.all
    assert "dc/zync: another user gave it an account of its own while the run was under way" in done.out
    assert template(world)["serviceAccountName"] == "other"
    assert template(world, "apicast-production")["serviceAccountName"] == "amp"


def test_undo_does_not_overwrite_an_account_that_somebody_gives_meanwhile(world: World, front: Front) -> None:
    assert world.migrate(*ZYNC).code == 0
    front.before("patch dc zync", lambda: world.oc("patch", "dc", "zync", "--patch", OTHER))
    done = world.run("undo", "--yes")
    assert done.code == 1, done.all
    assert template(world)["serviceAccountName"] == "other"
    assert "which this run did not write" in done.out


def test_an_account_with_which_somebody_does_something_meanwhile_is_not_deleted(world: World, front: Front) -> None:
    assert world.migrate(*ZYNC).code == 0
    world.oc("create", "secret", "generic", "theirs", "--from-literal=a=b")
    front.before(f"{RAW}/serviceaccounts/amp", lambda: world.oc("secrets", "link", "amp", "theirs"))
    done = world.run("undo", "--yes")
    assert "another user has linked theirs to it since the run" in done.out
    assert world.oc("get", "sa", "amp").code == 0
    assert outcomes(world, "serviceaccounts/amp") == ["failed"]


def test_an_account_that_only_got_an_annotation_is_deleted(world: World, front: Front) -> None:
    assert world.migrate(*ZYNC).code == 0
    annotation = '{"metadata":{"annotations":{"x":"y"}}}'
    front.before(f"{RAW}/serviceaccounts/amp", lambda: world.oc("patch", "sa", "amp", "--patch", annotation))
    done = world.run("undo", "--yes")
    assert done.code == 0, done.all
    assert outcomes(world, "serviceaccounts/amp") == ["failed", "done"]
    assert world.oc("get", "sa", "amp").code == 1


@pytest.mark.parametrize("again", [False, True])
def test_a_secret_into_which_somebody_puts_another_login_meanwhile_is_not_deleted(
    world: World, front: Front, again: bool
) -> None:
    assert world.migrate(*ZYNC).code == 0

    def act() -> object:
        if not again:
            return changed_login(world)
        item = world.objects()["secrets"][f"threescale/{SECRET}"]
        item["metadata"] = {"name": SECRET}
        item["data"] = {".dockerconfigjson": base64.b64encode(b'{"auths":{"c":{"auth":"YTpi"}}}').decode()}
        world.oc("delete", "secret", SECRET)
        return world.oc("create", "-f", "-", stdin=json.dumps({"kind": "Secret", "apiVersion": "v1", **item}))

    front.before(f"{RAW}/secrets/{SECRET}", act)
    done = world.run("undo", "--yes")
    assert "another user has put other credentials into it since the run" in done.out
    assert world.oc("get", "secret", SECRET).code == 0


def test_a_secret_that_somebody_changes_meanwhile_is_kept_before_it_is_replaced(world: World, front: Front) -> None:
    world.oc("create", "-f", world.secret)
    assert world.migrate(*ZYNC).code == 0
    changed_login(world)
    theirs = '{"data":{".dockerconfigjson":"eyJhdXRocyI6eyJhIjp7ImF1dGgiOiJZVHBpIn19fQ=="}}'
    front.before("replace -f -", lambda: world.oc("patch", "secret", SECRET, "--patch", theirs))
    done = world.migrate(*ZYNC, "--replace-secret")
    assert done.code == 0, done.all
    kept = [name for name in world.objects()["secrets"] if f"{SECRET}-before-" in name]
    assert len(kept) == 2, "the login that was there when the run began, and the one that came then"


@pytest.mark.parametrize("age", ["4.6", "4.2", "3.11"])
def test_each_client_undoes_as_it_can(tmp_path: object, age: str) -> None:
    world = make_world(tmp_path, f"old-client={age}")  # type: ignore[arg-type]
    front = Front(world)
    assert world.migrate(*ZYNC).code == 0
    assert len(front.of(SENT)) == 1
    done = world.run("undo", "--yes")
    assert done.code == 0, done.all
    assert bool(front.of("delete --raw")) == (age == "4.6")
    assert bool(front.of("delete sa amp")) == (age != "4.6")
    assert "✗" not in done.all
    assert world.oc("get", "sa", "amp").code == 1
    assert world.oc("get", "secret", SECRET).code == 1
    front.remove()
