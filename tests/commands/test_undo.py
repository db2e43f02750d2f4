"""Undoing a run: as before, object by object; what others changed is left; and the journal records it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import GRACE, World, copy_world, make_world
from tests.support.comparison import comparable, differences
from tests.support.data import killed_at
from tests.support.front import killed_before

# Hooks, a Recreate strategy, and one that goes ahead alone.
SMALL = ("--dc", "system-app,system-redis,zync")
ONE = ("--dc", "zync")
AMP = json.dumps({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "amp"}})


def undo(world: World, *args: str) -> Any:
    return world.run("undo", "--yes", "--grace", GRACE, *args)


def settled(world: World) -> dict[str, Any]:
    world.settle()
    return comparable(world.objects())


@dataclass(frozen=True)
class Migrated:
    """A home to copy from, whose small project is migrated and at rest; and what it was before and is now."""

    home: Path
    before: dict[str, Any]
    after: dict[str, Any]


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Migrated:
    world = make_world(tmp_path_factory.mktemp("migrated"))
    before = settled(world)
    done = world.migrate(*SMALL)
    assert done.code == 0, done.all
    return Migrated(world.home, before, settled(world))


@pytest.fixture
def copy(migrated: Migrated, tmp_path: Path) -> World:
    return copy_world(migrated.home, tmp_path)


@pytest.mark.long
def test_it_is_undone_and_migrated_again_and_undone_again(migrated: Migrated, copy: World) -> None:
    done = undo(copy)
    assert done.code == 0, done.all
    assert "as before, and the pods prove it" in done.out
    assert differences(migrated.before, settled(copy)) == []
    assert copy.run("verify", *SMALL).code == 1
    twice = undo(copy)
    assert twice.code == 0, twice.all
    assert "nothing to undo" in twice.out
    assert differences(migrated.before, settled(copy)) == []
    _, back = copy.journals
    refused = copy.run("undo", back.stem, "--yes")
    assert refused.code == 2, refused.all
    assert "is an undo, which is not undone itself" in refused.err
    again = copy.migrate(*SMALL)
    assert again.code == 0, again.all
    assert differences(migrated.after, settled(copy)) == []
    assert copy.run("verify", *SMALL).code == 0
    assert undo(copy).code == 0
    assert differences(migrated.before, settled(copy)) == []


@pytest.mark.long
def test_some_configs_are_undone_and_the_others_stay_migrated(migrated: Migrated, copy: World) -> None:
    names = SMALL[SMALL.index("--dc") + 1].split(",")
    one, others = names[0], names[1:]
    done = undo(copy, "--dc", one)
    assert done.code == 0, done.all
    assert copy.accounts()[one] == {"default"}
    assert all(copy.accounts()[name] == {"amp"} for name in others)
    objects = copy.objects()
    assert "threescale/amp" in objects["serviceaccounts"]
    assert "threescale/threescale-registry-auth" in objects["secrets"]
    assert "nothing to undo" in undo(copy, "--dc", "nosuch").out
    rest = undo(copy)
    assert rest.code == 0, rest.all
    # The pods that were made in between carry the login that was still linked then.
    left = differences(migrated.before, settled(copy))
    assert [line for line in left if not line.startswith("pods: ")] == []


def test_a_journal_of_another_project_of_the_same_name_counts_for_nothing(copy: World, tmp_path: Path) -> None:
    (journal,) = copy.journals
    whole = journal.read_text(encoding="utf-8")
    uid = json.loads(whole.splitlines()[0])["uid"]
    assert uid == copy.objects()["namespaces"]["/threescale"]["metadata"]["uid"]
    journal.write_text(whole.replace(uid, "0b0e7a4c-another-project"), encoding="utf-8")
    before = copy.objects()
    for options in (("--dry-run",), ("--yes",)):
        done = copy.run("undo", *options)
        assert done.code == 0, done.all
        assert "nothing to undo" in done.out
        assert "1 run is ignored: it was in another project" in done.err
    assert copy.objects() == before
    assert "undone since" not in copy.run("history").out


def test_a_project_that_may_not_be_read_is_known_by_its_name_alone(copy: World) -> None:
    copy.faults("forbidden=get:namespaces", "forbidden=get:projects")
    done = undo(copy)
    assert done.code == 0, done.all
    assert "the project's uid cannot be read" in undo(copy).err


@pytest.mark.long
def test_undo_brings_all_fifteen_back_and_the_next_migration_migrates_them_again(world: World) -> None:
    before = settled(world)
    assert world.migrate().code == 0
    migrated = settled(world)
    done = undo(world)
    assert done.code == 0, done.all
    assert "as before, and the pods prove it" in done.out
    assert differences(before, settled(world)) == []
    assert world.run("verify").code == 1
    again = world.migrate()
    assert again.code == 0, again.all
    assert differences(migrated, settled(world)) == []
    assert world.run("verify").code == 0
    assert undo(world).code == 0
    assert differences(before, settled(world)) == []


def test_it_is_shown_before_anything_happens(copy: World) -> None:
    world = copy
    before = world.objects()
    shown = world.run("undo", "--dry-run", "-o", "json")
    assert shown.code == 3
    actions = [" ".join(action["argv"][1:4]) for action in shown.json()["actions"]]
    # Pods keep what their account hands them: the link goes before they are made again, what they run on after them.
    assert actions[:2] == ["secrets unlink default", "patch dc system-app"]
    assert actions[-2:] == ["delete sa amp", "delete secret threescale-registry-auth"]
    assert not any("rollout undo" in action for action in actions)
    assert world.objects() == before
    refused = world.run("undo")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert world.objects() == before


def test_nothing_to_undo_is_said(world: World) -> None:
    done = undo(world)
    assert done.code == 0, done.all
    assert "nothing to undo" in done.out
    assert "--to-default" in done.out
    assert "nothing to undo" in undo(world, "--to-default").out
    assert undo(world, "20990101").code == 2


@pytest.mark.long
def test_a_failed_migration_is_undone(tmp_path: Path) -> None:
    world = make_world(tmp_path, "image-pull=system-app")
    before = settled(world)
    assert world.migrate(*SMALL).code == 5
    done = undo(world)
    assert done.code == 0, done.all
    assert differences(before, settled(world)) == []


def test_on_failure_undo_takes_it_back_at_once_and_still_says_that_it_failed(tmp_path: Path) -> None:
    world = make_world(tmp_path, "crash-loop=system-app")
    before = settled(world)
    done = world.migrate("--on-failure", "undo", *SMALL)
    assert done.code == 5, done.all
    assert "system-app" in done.err
    assert "everything is as before" in done.err
    assert differences(before, settled(world)) == []


@pytest.mark.long
def test_what_somebody_has_changed_since_is_left_config_by_config(migrated: Migrated, copy: World) -> None:
    world, before = copy, migrated.before
    world.oc("create", "sa", "other")
    world.oc(
        "patch",
        "dc",
        "zync",
        "--patch",
        '{"spec":{"template":{"spec":{"serviceAccountName":"other","serviceAccount":"other"}}}}',
    )
    world.settle()
    done = undo(world)
    assert done.code == 1
    assert "zync" in done.out
    assert "which this run did not write" in done.out
    accounts = world.accounts()
    assert accounts.pop("zync") == {"other"}
    assert set(map(tuple, accounts.values())) == {("default",)}
    assert undo(world, "--force").code == 0
    world.oc("delete", "sa", "other")
    assert differences(before, settled(world)) == []


def test_what_others_use_is_kept(copy: World) -> None:
    world = copy
    world.oc("secrets", "link", "builder", "threescale-registry-auth", "--for=pull")
    pod = {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ours"},
        "spec": {"serviceAccountName": "amp", "containers": [{"name": "c", "image": "quay.io/x/y"}]},
    }  # fmt: skip
    assert world.oc("create", "-f", "-", stdin=json.dumps(pod)).code == 0
    done = undo(world)
    assert done.code == 1, done.all
    assert "pod/ours use it" in done.out
    assert world.oc("get", "sa", "amp").code == 0
    assert world.oc("get", "secret", "threescale-registry-auth").code == 0


@pytest.mark.long
def test_what_was_there_before_the_run_stays(world: World) -> None:
    world.oc("create", "-f", "-", stdin=AMP)
    world.oc(
        "create",
        "-f",
        "-",
        stdin=Path(world.secret).read_text(encoding="utf-8").replace("12345678-rehearsal-pull-secret", "mine"),
    )
    world.oc("secrets", "link", "amp", "mine", "--for=pull")
    world.oc("adm", "policy", "add-role-to-user", "view", "system:serviceaccount:threescale:default")
    before = settled(world)
    assert world.migrate(*SMALL).code == 0
    assert undo(world).code == 0
    assert differences(before, settled(world)) == []


@pytest.mark.long
def test_a_paused_config_that_was_resumed_is_paused_again(tmp_path: Path) -> None:
    world = make_world(tmp_path, "paused=backend-worker", "no-trigger=system-redis", "zero=backend-cron")
    before = settled(world)
    assert world.migrate("--resume-paused", "--dc", "backend-worker,system-redis,backend-cron").code == 0
    done = undo(world)
    assert done.code == 0, done.all
    assert differences(before, settled(world)) == []


@pytest.mark.long
def test_a_secret_that_was_replaced_comes_back(world: World) -> None:
    other = (
        Path(world.secret)
        .read_text(encoding="utf-8")
        .replace("12345678-rehearsal-pull-secret", "threescale-registry-auth")
    )
    data = json.dumps({"auths": {"registry.redhat.io": {"username": "a", "password": "former-password"}}})
    item = json.loads(world.oc("create", "-f", "-", "--dry-run=client", "-o", "json", stdin=other).out)
    import base64

    item["data"] = {".dockerconfigjson": base64.b64encode(data.encode()).decode()}
    assert world.oc("create", "-f", "-", stdin=json.dumps(item)).code == 0
    before = settled(world)
    refused = world.migrate(*ONE)
    assert refused.code == 4
    assert "--replace-secret" in refused.err
    assert world.migrate("--replace-secret", *ONE).code == 0
    done = undo(world)
    assert done.code == 0, done.all
    assert differences(before, settled(world)) == []
    assert world.migrate("--replace-secret", *ONE).code == 0


def test_killed_half_way_it_is_undone(world: World) -> None:
    before = settled(world)
    killed_before(world, "patch dc system-redis", *world.migration(*SMALL))
    assert "died before it finished" in world.run("history").out
    done = undo(world)
    assert done.code == 0, done.all
    assert differences(before, settled(world)) == []


@pytest.mark.long
def test_an_undo_that_was_killed_is_continued(migrated: Migrated, copy: World) -> None:
    world, before = copy, migrated.before
    killed_before(world, "patch dc", "undo", "--yes", nth=2)
    assert "died before it finished" in world.run("history").out
    done = undo(world)
    assert done.code == 0, done.all
    assert differences(before, settled(world)) == []
    assert "nothing to undo" in undo(world).out


def test_without_a_journal_to_default_frees_configs_that_are_stuck_on_a_bad_account(world: World) -> None:
    before = settled(world)
    for name in SMALL[1].split(","):
        world.oc("patch", "dc", name, "--patch", '{"spec":{"template":{"spec":{"serviceAccountName":"amp"}}}}')
    done = undo(world, "--to-default")
    assert done.code == 0, done.all
    assert differences(before, settled(world)) == []


@pytest.mark.long
def test_history_lists_the_runs(copy: World) -> None:
    world = copy
    undo(world)
    runs = world.run("history", "-o", "json").json()["runs"]
    assert [(run["command"], run["outcome"], run["undone"]) for run in runs] == [
        ("migrate", "done", True),
        ("undo", "done", False),
    ]
    shown = world.run("history", runs[0]["run"])
    assert "oc patch dc zync" in shown.out
    assert "system:admin" in shown.out
    sentence = world.run("history", runs[0]["run"], "-o", "json").json()
    assert sentence["lines"][0]["user"] == "system:admin"
    assert sentence["changes"] == 6
    listed = world.run("history").out
    assert listed.index(runs[1]["run"]) < listed.index(runs[0]["run"]), "the newest comes first"
    assert "undone since" in listed
    assert world.run("history", "-n", "elsewhere", "-o", "json").json()["runs"] == []
    assert world.run("history", "nosuch").code == 2
    journal = Path(runs[0]["journal"])
    with journal.open("a", encoding="utf-8") as file:
        file.write('{"event": "torn')
    assert "cut off" in world.run("history", runs[0]["run"]).out


def test_what_an_undo_that_was_killed_has_begun_is_waited_for_by_the_next(migrated_world: World) -> None:
    """Nothing is left to change, and the rollout is still under way: it was called "not as before" at once."""
    world = migrated_world
    assert world.run("undo", "--yes", "--dc", "system-app").code == 0
    killed_at(world, "patch dc zync", True, "undo", "--yes", "--dc", "zync")
    again = world.run("undo", "--yes", "--dc", "zync")
    assert again.code == 0, again.all
    assert world.accounts()["zync"] == {"default"}
    assert world.run("undo", "--yes").code == 0
