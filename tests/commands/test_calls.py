"""How often the cluster is asked, and for what: no more than is judged, and nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import World, make_world
from tests.support.front import Front, late, without_reviews
from tests.support.in_process import Ending, Really
from threescale_migrate.cluster.reading import LISTS

WHOLE_CLUSTER = "--all-namespaces"


def slow_to_list(world: World) -> Front:
    """A list of the whole cluster takes half a minute."""
    return Front(world).instead(WHOLE_CLUSTER, late(30), nth=None)


def lacking(world: World, kind: str, said: str) -> None:
    """Each list with that type in it is answered as by a server that has no such type."""

    def answer(args: Sequence[str], really: Really) -> Ending:
        return (1, "", said) if kind in args[1].split(",") else really(args)

    Front(world).instead("get", answer, nth=None)


def types_of(calls: list[str]) -> Counter[str]:
    """How often each type, or each object by its name, was asked for."""
    asked = [call.split()[1:] for call in calls if call.startswith("get ")]
    return Counter(
        kind + (" elsewhere" if WHOLE_CLUSTER in words and kind in ("roles", "rolebindings") else "")
        for words in asked
        for word in (words if "/" in words[0] else words[:1])
        if not word.startswith("-") and word != "json"
        for kind in word.split(",")
    )


def test_verify_asks_once_for_what_it_judges_and_for_nothing_else(world: World) -> None:
    listed = Front(world)
    assert world.run("verify").code == 1
    found = types_of(listed.calls)
    assert {kind for kind, times in found.items() if times > 1} == set()
    assert set(found) == {
        "dc", "sa", "rc", "is", "pods", "bc", "rolebindings", "roles", "clusterrolebindings", "clusterroles",
        "rolebindings elsewhere", "roles elsewhere", "scc", "secret/threescale-registry-auth", "configmap/system",
    }  # fmt: skip
    lists = [call for call in listed.of("get ") if "/" not in call.split()[1]]
    assert len(lists) == LISTS
    assert all(call.split()[1].count(",") <= 4 for call in lists), "one type is asked for after the other"
    listed.calls.clear()
    assert world.run("verify", "--skip", "permissions").code == 1
    assert not listed.of(WHOLE_CLUSTER)
    assert not {"clusterrolebindings", "clusterroles", "scc"} & set(types_of(listed.calls))


def test_verify_of_a_migrated_project_takes_five_calls(world: World) -> None:
    assert world.migrate().code == 0
    listed = Front(world)
    assert world.run("verify").code == 0
    assert len(listed.calls) <= 5, listed.calls


def test_a_type_that_the_server_lacks_costs_only_itself(tmp_path: Path) -> None:
    """Fact 16: it makes the whole answer empty. What lacks is found out even where the server does not name it."""
    world = make_world(tmp_path)
    assert world.migrate("--dc", "zync").code == 0
    lacking(world, "scc", 'error: the server doesn\'t have a resource type "scc"')
    assert world.run("verify", "--dc", "zync").code == 0
    lacking(world, "bc", "Error from server (NotFound): the server could not find the requested resource")
    assert world.run("verify", "--dc", "zync").code == 0
    lacking(world, "clusterroles", "Error from server (NotFound): the server could not find the requested resource")
    done = world.run("verify", "--dc", "zync")
    assert done.code == 0, done.all


def test_plan_asks_for_what_may_refuse_pods_too_and_for_warnings_alone(world: World) -> None:
    listed = Front(world)
    assert world.run("plan", "--secret-file", world.secret).code == 3
    found = types_of(listed.calls)
    assert (found["quota"], found["limits"], found["events"]) == (1, 1, 1)
    assert listed.of("get events") == listed.of("--field-selector type=Warning")


def test_a_migration_lists_the_cluster_once_and_waits_by_one_call_a_round(tmp_path: Path) -> None:
    world = make_world(tmp_path, "slow=zync", speed=20.0)
    listed = Front(world)
    assert world.migrate("--dc", "zync").code == 0
    calls = listed.calls
    patched = next(number for number, call in enumerate(calls) if call.startswith("patch dc zync"))
    rounds = [number for number, call in enumerate(calls) if call.startswith("get dc,rc,pods")]
    once = types_of(calls)
    assert [once[kind] for kind in ("clusterrolebindings", "rolebindings elsewhere", "scc")] == [1, 1, 1]
    assert len(rounds) > 1
    assert rounds[0] > patched
    # What is asked beside the rounds, each one call, is why a config does not move: once for each of them.
    others = [call for call in calls[rounds[0] : rounds[-1]] if not call.startswith("get dc,rc,pods")]
    assert all(call.startswith(("get sa,is", "get events --field-selector type=Warning")) for call in others), others
    assert len(others) <= 2 * len(rounds)
    listed.calls.clear()
    assert world.run("undo", "--yes", "--grace", "0.5").code == 0
    listed.calls.clear()
    assert world.migrate("--dc", "zync", "--skip", "permissions").code == 0
    assert not listed.of(WHOLE_CLUSTER)
    assert not listed.of("clusterrolebindings")


@pytest.mark.parametrize("skip", [(), ("--skip", "permissions")])
def test_where_a_list_of_the_whole_cluster_does_not_come_in_time_the_accounts_are_reviewed(
    tmp_path: Path, skip: tuple[str, ...]
) -> None:
    world = make_world(tmp_path)
    assert world.migrate("--dc", "zync").code == 0
    listed = Front(world) if skip else slow_to_list(world)  # of what is skipped there is no call
    done = world.run("verify", "--dc", "zync", "--call-timeout", "1", *skip)
    assert done.code == 0, done.all
    assert "no answer within" not in done.all
    assert len(listed.of("--as=system:serviceaccount:")) == (0 if skip else 2)
    assert bool(listed.of(WHOLE_CLUSTER)) is (not skip)
    assert ("rolebindings --all-namespaces" in done.out) is (not skip)


def test_what_neither_list_nor_review_tells_is_unknown(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    assert world.migrate("--dc", "zync").code == 0
    without_reviews(slow_to_list(world))
    done = world.run("verify", "--dc", "zync", "--call-timeout", "1")
    assert done.code == 7, done.all
    assert "--skip permissions" in done.out
    assert "oc get rolebindings --all-namespaces" in done.out, "what an admin runs instead"
    assert "permissions: " not in done.err


@pytest.mark.parametrize("user", ["", "user=alice/admin"])
def test_the_users_rights_are_asked_for_by_one_review(tmp_path: Path, user: str) -> None:
    world = make_world(tmp_path, *filter(None, [user]))
    listed = Front(world)
    assert world.run("preflight", "--secret-file", world.secret).code == 0
    assert not listed.of("auth can-i")
    own = [call for call in listed.of("create -f -") if "--as=" not in call]
    assert len(own) == 2, "one about the rights, one about the images"
    listed.calls.clear()
    world.faults(*filter(None, [user]), "forbidden=patch:deploymentconfigs")
    refused = world.run("preflight", "--secret-file", world.secret)
    assert refused.code == 4, refused.all
    assert "cannot patch deploymentconfigs" in refused.out
    assert len(listed.of("auth can-i")) == 1, "what the review does not show is asked for by itself"


@pytest.mark.parametrize("user", ["", "user=alice/admin"])
def test_a_migration_makes_no_call_twice_before_its_first_change(tmp_path: Path, user: str) -> None:
    world = make_world(tmp_path, *filter(None, [user]))
    listed = Front(world)
    assert world.migrate("--dc", "zync").code == 0
    calls = [" ".join(word for word in call.split() if not word.startswith("--")) for call in listed.calls]
    first = calls.index("create -f -")
    assert first <= (18 if user else 16), calls[:first]
    asked = Counter(calls[:first])
    again = {call: times for call, times in asked.items() if times > 1 and "create -f - -o json" not in call}
    assert again == {"config view -o json": 2, "whoami": 2, "get namespace threescale -o json": 2}, (
        "the place, once more"
    )
    changes = [
        place for place, call in enumerate(calls) if call.startswith(("create -f -", "patch")) and "-o" not in call
    ]
    assert calls[: changes[1]].count("whoami") == 2, "not between two changes of one kind"
