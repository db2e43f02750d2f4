"""What others do while a run is under way: its end accounts for all that it planned, and what it needs is checked again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import GRACE, World, make_world
from tests.support.clock import CLOCK
from tests.support.front import Front
from tests.support.in_process import Ending, Really
from threescale_migrate.values import GUIDE_CONFIGS

THREE = ("--dc", "system-sphinx,zync,apicast-staging")
QUOTA = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "full"},
    "spec": {"hard": {"pods": "15"}},
}
AMP = '{"spec":{"template":{"spec":{"serviceAccountName":"amp"}}}}'


def others(world: World, when: str, *args: str, stdin: str = "") -> Front:
    """Somebody else runs `oc ARGS` just before the run's first call with the words `when`."""
    return Front(world).before(when, lambda: world.oc(*args, stdin=stdin))


def test_a_quota_set_after_the_first_wave_ends_it_within_the_grace_and_removed_it_ends_well(world: World) -> None:
    others(world, "patch dc zync", "create", "-f", "-", stdin=json.dumps(QUOTA))
    done = world.migrate(*THREE)
    assert done.code == 5, done.all
    assert CLOCK.ahead < 300, "it was not waited for until the deadline"
    assert "zync: the deployer pod is refused because a quota or limit is exceeded: exceeded quota: full" in done.err
    assert "Fix: raise quota full" in done.err
    assert "zync-1 serves (1 ready, as default)" in done.err
    assert "runs as amp: system-sphinx" in done.err
    assert "not begun, as before: apicast-staging" in done.err
    lines = done.err.splitlines()
    assert lines[lines.index("Or undo:") + 1].startswith("    threescale-migrate undo --namespace=threescale")
    world.oc("delete", "quota", "full")
    again = world.migrate(*THREE)
    assert again.code == 0, again.all
    assert world.accounts()["zync"] == {"amp"}


def test_a_named_config_that_vanishes_ends_the_run_with_how_all_others_stand(world: World) -> None:
    others(world, "patch dc zync", "delete", "dc", "zync")
    done = world.migrate(*THREE)
    assert done.code == 1, done.all
    assert "zync: another user has deleted it since the run began" in done.err
    assert "runs as amp: system-sphinx" in done.err
    assert "not begun, as before: apicast-staging" in done.err
    assert world.accounts()["apicast-staging"] == {"default"}


def test_a_config_that_vanishes_after_its_patch_is_not_forgotten(world: World) -> None:
    others(world, "patch dc zync-database", "delete", "dc", "backend-cron")
    done = world.migrate("--all-at-once")
    assert done.code == 1, done.all
    told = next(line for line in done.out.splitlines() if "dc/backend-cron" in line and "deleted" in line)
    assert "it is not migrated" in told
    assert "\nmigrated" not in done.out


def test_a_config_that_comes_meanwhile_is_named(world: World) -> None:
    new = json.loads(world.oc("get", "dc", "zync", "-o", "json").out)
    new["metadata"] = {"name": "zync-que", "labels": new["metadata"]["labels"]}
    new.pop("status")
    others(world, "patch dc zync-database", "create", "-f", "-", stdin=json.dumps(new))
    done = world.migrate("--all-at-once")
    assert done.code == 1, done.all
    assert any("dc/zync-que" in line and "it was created after the run began" in line for line in done.out.splitlines())


def test_what_this_run_made_and_somebody_deletes_is_made_again_before_the_next_wave(world: World) -> None:
    others(world, "patch dc system-sphinx", "delete", "secret", "threescale-registry-auth")
    done = world.migrate(*THREE)
    assert done.code == 0, done.all
    assert "secret/threescale-registry-auth: another user has undone it; doing it again" in done.err


def test_a_role_that_somebody_takes_from_amp_meanwhile_is_given_again(world: World) -> None:
    assert world.oc("adm", "policy", "add-role-to-user", "view", "-z", "default").code == 0
    remove = ("adm", "policy", "remove-role-from-user", "view", "-z", "amp")
    others(world, "patch dc zync", *remove)
    done = world.migrate(*THREE)
    assert done.code == 0, done.all
    assert "another user has undone it; doing it again" in done.err
    assert world.run("verify", *THREE).code == 0


def test_a_config_that_vanishes_after_the_plan_was_confirmed_is_not_forgotten(world: World) -> None:
    others(world, "create -f -", "delete", "dc", *set(GUIDE_CONFIGS) - {"zync", "system-sphinx"})
    done = world.migrate()
    assert done.code == 1, done.all
    (line,) = [line for line in done.out.splitlines() if "another user has deleted it since" in line]
    assert all(name in line for name in set(GUIDE_CONFIGS) - {"zync", "system-sphinx"})
    assert world.accounts()["zync"] == {"amp"}


@pytest.mark.parametrize("given", [True, False])
def test_what_was_there_before_and_somebody_deletes_stops_the_run_before_the_next_wave(
    world: World, given: bool
) -> None:
    """Also where the run could make it: it was another's, and so may be its deletion."""
    assert world.run("step", "registry-secret", "--yes", "--secret-file", world.secret).code == 0
    others(world, "patch dc system-sphinx", "delete", "secret", "threescale-registry-auth")
    secret = ("--secret-file", world.secret) if given else ()
    done = world.run("migrate", "--yes", "--grace", GRACE, *THREE, *secret)
    assert done.code == 1, done.all
    assert "stopped before the next wave: a required object was deleted" in done.err
    assert ("secret/threescale-registry-auth: " in done.err) == given
    assert "secret threescale-registry-auth" not in world.oc("get", "secrets").out
    assert "runs as amp: system-sphinx" in done.err
    assert world.accounts()["zync"] == {"default"}


def test_undo_to_default_speaks_of_the_project_and_not_of_its_list(world: World) -> None:
    for name in ("zync", "system-sphinx"):
        assert world.oc("patch", "dc", name, "--patch", '{"spec":{"template":{"spec":{"serviceAccountName":"amp"}}}}')
    assert world.oc("create", "sa", "amp").code == 0
    others(world, "patch dc zync", "patch", "dc", "apicast-staging", "--patch", AMP)
    done = world.run("undo", "--to-default", "--yes", "--grace", GRACE)
    assert done.code == 1, done.all
    assert any(
        "dc/apicast-staging" in line and "another user has migrated it" in line for line in done.out.splitlines()
    )


@pytest.mark.parametrize("lost", ["every type", "pods alone"])
def test_a_right_that_is_lost_in_the_middle_ends_with_7_and_how_far_it_came(world: World, lost: str) -> None:
    front = Front(world)

    def refused(args: Sequence[str], really: Really) -> Ending:
        if not front.of("patch dc zync"):
            return really(args)
        said = "Error from server (Forbidden): pods is forbidden: User cannot list resource pods\n"
        rest = really([args[0], "dc,rc", *args[2:]])[1] if lost == "pods alone" else ""
        return 1, rest, said

    front.instead("get dc,rc,pods", refused, nth=None)
    done = world.migrate(*THREE)
    assert done.code == 7, done.all
    assert "can no longer be read" in done.err
    assert "Fix: ask an admin to grant the permissions in the project again" in done.err
    assert "runs as amp: system-sphinx" in done.err
    assert "    oc patch dc zync" in done.err, "what was sent since it was seen last"


def elsewhere_after(world: World, when: str) -> Front:
    """Somebody logs in as another user, in another terminal, at the run's first call with the words."""
    front = Front(world)

    def who(args: Sequence[str], really: Really) -> Ending:
        return (0, "eve\n", "") if front.of(when) and not any("--show" in word for word in args) else really(args)

    return front.instead("whoami", who, nth=None)


def test_a_login_as_another_user_stops_a_migration_before_the_next_wave(world: World) -> None:
    elsewhere_after(world, "patch dc zync")
    done = world.migrate(*THREE)
    assert done.code == 1, done.all
    assert "oc is now logged in as eve" in done.err
    assert "Or undo:" in done.err
    assert world.accounts()["apicast-staging"] == {"default"}


def test_a_login_as_another_user_stops_an_undo_before_its_next_stage(world: World) -> None:
    assert world.migrate(*THREE).code == 0
    front = elsewhere_after(world, "patch dc apicast-staging")
    done = world.run("undo", "--yes", "--grace", GRACE)
    assert done.code == 1, done.all
    assert "oc is now logged in as eve" in done.err
    assert world.accounts()["system-sphinx"] == {"amp"}
    front.remove()
    assert world.run("undo", "--yes", "--grace", GRACE).code == 0
    assert world.accounts()["system-sphinx"] == {"default"}


@pytest.mark.parametrize("deed", [("rollout", "cancel", "dc/zync"), ("delete", "pod", "zync-2-deploy")])
def test_a_rollout_that_is_cancelled_or_left_alone_ends_the_run_and_the_next_starts_it_anew(
    tmp_path: Path, deed: tuple[str, ...]
) -> None:
    world = make_world(tmp_path, speed=1.0)
    front = Front(world)

    def others(args: Sequence[str], really: Really) -> Ending:
        """As soon as the rollout of zync is under way."""
        if front.of("patch dc zync") and not cut and "zync-2-deploy" in world.oc("get", "pods").out:
            cut.append(world.oc(*deed).code)
        return really(args)

    cut: list[int] = []
    front.instead("get dc,rc,pods", others, nth=None)
    done = world.migrate(*THREE)
    assert cut == [0]
    assert done.code == 5, done.all
    assert "zync: " in done.err
    assert "not begun, as before: apicast-staging" in done.err
    front.remove()
    world.settle()
    again = world.migrate(*THREE)
    assert again.code == 0, again.all
    assert world.accounts()["zync"] == world.accounts()["apicast-staging"] == {"amp"}


def test_no_pod_is_made_before_the_cluster_has_given_amp_its_own_login(tmp_path: Path) -> None:
    """Pods keep what their account had when they were made (fact 14, fact 20)."""
    world = make_world(tmp_path, "internal-registry", speed=1.0)
    front = Front(world)
    waited: list[bool] = []

    def patched(args: Sequence[str], really: Really) -> Ending:
        account = world.objects()["serviceaccounts"]["threescale/amp"]
        waited.append(any("dockercfg" in login["name"] for login in account["imagePullSecrets"]))
        return really(args)

    front.instead("patch dc zync", patched)
    done = world.migrate("--dc", "zync")
    assert done.code == 0, done.all
    assert "waiting for the credentials" in done.err
    assert waited == [True]
    pods = [pod for pod in world.objects()["pods"].values() if pod["spec"]["serviceAccountName"] == "amp"]
    assert pods
    for pod in pods:
        names = [secret["name"] for secret in pod["spec"]["imagePullSecrets"]]
        assert any(name.startswith("amp-dockercfg-") for name in names), names
