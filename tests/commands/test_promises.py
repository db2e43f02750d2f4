"""Promises of which each has its test: what is asked, waited for, recorded and left alone, at the level where an operator meets it."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import GRACE, World, make_world
from tests.support.clock import CLOCK
from tests.support.front import Front, killed_before
from tests.support.in_process import Ending, Really
from tests.support.terminals import on_terminal
from threescale_migrate.rehearsal.server import open_cluster

ZYNC = ("--dc", "zync")
SECRET = "threescale-registry-auth"
AMP = '{"spec":{"template":{"spec":{"serviceAccountName":"amp"}}}}'
LOST = (1, "", "Unable to connect to the server: unexpected EOF\n")


def lines_of(world: World, event: str) -> list[dict[str, object]]:
    """The lines of the newest journal with that event."""
    found = [json.loads(line) for line in world.journals[-1].read_text(encoding="utf-8").splitlines()]
    return [line for line in found if line["event"] == event]


@pytest.mark.parametrize("typed", ["threescale-2", "y", ""])
def test_another_name_at_the_prompt_changes_nothing(world: World, typed: str) -> None:
    before = world.objects()
    argv = world.command("migrate", "--secret-file", world.secret, *ZYNC)
    done = on_terminal(argv, world.environment, answers=("to continue", [f"{typed}\n".encode()]))
    assert done.code == 4, done.raw
    assert "that is not the project's name; nothing was changed" in " ".join(done.raw.split())
    assert world.objects() == before
    assert world.journals == []


def test_a_change_that_got_no_answer_is_unknown_in_the_journal(world: World) -> None:
    """It may still be on its way: that it failed was not seen."""
    Front(world).instead("patch dc zync", LOST, nth=None)
    done = world.migrate(*ZYNC)
    assert done.code in (1, 7), done.all
    outcomes = {str(line["outcome"]) for line in lines_of(world, "end") if line["outcome"] != "done"}
    assert outcomes == {"unknown"}


def test_the_deadline_of_a_config_ends_a_wait_in_which_nothing_fails_by_itself(world: World) -> None:
    front = Front(world)
    patch = '{"spec":{"strategy":{"rollingParams":{"timeoutSeconds":60}}}}'
    assert world.oc("patch", "dc", "zync", "--patch", patch).code == 0

    def stands(args: Sequence[str], really: Really) -> Ending:
        """From the patch on nothing happens in the cluster any more."""
        with open_cluster(world.directory) as cluster:
            cluster.store.clock.pin(cluster.store.now())
        return really(args)

    front.instead("patch dc zync", stands)
    done = world.migrate(*ZYNC, "--grace", "100000")
    assert done.code == 6, done.all
    assert "zync: not ready within the deadline" in done.err
    assert 60 < CLOCK.ahead < 600


def test_a_rollout_of_somebody_else_is_waited_for_before_the_patch(tmp_path: Path) -> None:
    world = make_world(tmp_path, speed=1.0)
    assert world.oc("rollout", "latest", "dc/zync").code == 0
    phases: list[str] = []

    def patched(args: Sequence[str], really: Really) -> Ending:
        controllers = world.objects()["replicationcontrollers"]
        phases.append(controllers["threescale/zync-2"]["metadata"]["annotations"]["openshift.io/deployment.phase"])
        return really(args)

    Front(world).instead("patch dc zync", patched)
    done = world.migrate(*ZYNC)
    assert done.code == 0, done.all
    assert phases == ["Complete"]


def login(word: str) -> dict[str, str]:
    """The content of a registry secret."""
    auth = base64.b64encode(f"somebody:{word}".encode()).decode()
    return {
        ".dockerconfigjson": base64.b64encode(
            json.dumps({"auths": {"registry.redhat.io": {"auth": auth}}}).encode()
        ).decode()
    }


def another_login(world: World, word: str = "else") -> None:
    """Somebody puts another login into the registry secret."""
    assert world.oc("patch", "secret", SECRET, "--patch", json.dumps({"data": login(word)})).code == 0


def secret_of_somebody(world: World) -> dict[str, str]:
    """A registry secret that no run made; gives its content."""
    item = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": SECRET}, "data": login("first")}
    item["type"] = "kubernetes.io/dockerconfigjson"
    assert world.oc("create", "-f", "-", stdin=json.dumps(item)).code == 0
    return login("first")


def test_undo_keeps_a_secret_with_another_login_and_says_so(world: World) -> None:
    assert world.migrate(*ZYNC).code == 0
    another_login(world)
    done = world.run("undo", "--yes", "--grace", GRACE)
    assert "it is kept: another user has put other credentials into it since the run" in " ".join(done.all.split())
    assert f"threescale/{SECRET}" in world.objects()["secrets"]
    assert world.accounts()["zync"] == {"default"}


def test_undo_does_not_put_the_former_login_over_one_that_came_since(world: World) -> None:
    secret_of_somebody(world)
    assert world.migrate(*ZYNC, "--replace-secret").code == 0
    another_login(world)
    done = world.run("undo", "--yes", "--grace", GRACE)
    assert "another user has put other credentials into it since the run; --force replaces it anyway" in " ".join(
        done.all.split()
    )
    assert world.objects()["secrets"][f"threescale/{SECRET}"]["data"] == login("else")


def test_undo_keeps_an_account_to_which_others_have_linked_a_secret(world: World) -> None:
    assert world.migrate(*ZYNC).code == 0
    assert world.oc("create", "secret", "generic", "theirs", "--from-literal=a=b").code == 0
    assert world.oc("secrets", "link", "amp", "theirs", "--for=pull").code == 0
    done = world.run("undo", "--yes", "--grace", GRACE)
    assert "it is kept: another user has linked theirs to it since the run" in " ".join(done.all.split())
    assert "threescale/amp" in world.objects()["serviceaccounts"]
    assert world.accounts()["zync"] == {"default"}


def test_undo_of_some_configs_leaves_secret_and_account_to_the_others(world: World) -> None:
    assert world.migrate("--dc", "zync,system-sphinx").code == 0
    done = world.run("undo", "--yes", "--grace", GRACE, *ZYNC)
    assert done.code == 0, done.all
    assert (world.accounts()["zync"], world.accounts()["system-sphinx"]) == ({"default"}, {"amp"})
    objects = world.objects()
    assert "threescale/amp" in objects["serviceaccounts"]
    assert f"threescale/{SECRET}" in objects["secrets"]


def test_a_secret_that_differs_is_replaced_only_where_that_was_asked_and_undo_puts_it_back(world: World) -> None:
    theirs = secret_of_somebody(world)
    refused = world.migrate(*ZYNC)
    assert refused.code == 4, refused.all
    assert world.objects()["secrets"][f"threescale/{SECRET}"]["data"] == theirs
    assert world.migrate(*ZYNC, "--replace-secret").code == 0
    assert world.objects()["secrets"][f"threescale/{SECRET}"]["data"] != theirs
    assert world.run("undo", "--yes", "--grace", GRACE).code == 0
    assert world.objects()["secrets"][f"threescale/{SECRET}"]["data"] == theirs


def test_a_paused_config_at_zero_is_not_migrated_by_its_template_alone(tmp_path: Path) -> None:
    """No pod contradicts it, and the next pod would be of the revision that says default (fact 12)."""
    world = make_world(tmp_path, "zero=zync", "paused=zync")
    assert world.oc("patch", "dc", "zync", "--patch", AMP).code == 0
    world.settle()
    done = world.run("verify", *ZYNC)
    assert done.code == 1, done.all
    assert "it is paused: the pods are still those of revision 1" in " ".join(done.all.split())


def test_an_undo_that_was_killed_has_undone_nothing_that_counts_and_is_continued(world: World) -> None:
    assert world.migrate("--dc", "zync,system-sphinx").code == 0
    killed_before(world, "patch dc", "undo", "--yes", nth=2)
    runs = world.run("history", "-o", "json").json()["runs"]
    migration = next(run for run in runs if run["command"] == "migrate")
    assert not migration["undone"]
    assert world.run("undo", "--yes", "--grace", GRACE).code == 0
    assert world.accounts()["zync"] == world.accounts()["system-sphinx"] == {"default"}


def test_a_rollout_that_has_failed_ends_the_wait_at_once(tmp_path: Path) -> None:
    """Not at the config's deadline: nothing that it waits for can come any more."""
    world = make_world(tmp_path, "deployer-fails=zync")
    done = world.migrate(*ZYNC, "--grace", "100000")
    assert done.code == 5, done.all
    assert CLOCK.ahead < 300


def test_the_content_of_a_secret_is_in_the_journal_not_even_masked(world: World) -> None:
    assert world.run("step", "registry-secret", "--yes", "--secret-file", world.secret).code == 0
    assert [line["stdin"] for line in lines_of(world, "begin")] == ["a secret, not shown"]


def test_a_gate_that_takes_too_long_has_failed(world: World) -> None:
    done = world.migrate(*ZYNC, "--gate", "sleep 600", "--gate-timeout", "1s")
    assert done.code == 5, done.all
    assert "it was still running after 1 s, and was stopped" in done.err


def test_no_wave_is_begun_whose_end_could_not_be_seen(world: World) -> None:
    """The right to list pods is lost between two waves."""
    front = Front(world)

    def without_pods(args: Sequence[str], really: Really) -> Ending:
        types = args[1].split(",")
        if not front.of("patch dc zync ") or "pods" not in types or types == ["dc", "rc", "pods"]:
            return really(args)
        rest = really(["get", ",".join(kind for kind in types if kind != "pods"), *args[2:]])
        return 1, rest[1], "Error from server (Forbidden): pods is forbidden: User cannot list resource pods\n"

    front.instead("get", without_pods, nth=None)
    done = world.migrate("--dc", "zync,apicast-staging")
    assert done.code == 7, done.all
    assert "can no longer be read" in done.err
    configs = world.objects()["deploymentconfigs"]
    assert configs["threescale/apicast-staging"]["spec"]["template"]["spec"].get("serviceAccountName") != "amp"
