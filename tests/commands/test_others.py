"""What others do while a run is under way: its end accounts for all that it planned, and what it needs is checked again."""

from __future__ import annotations

import json
import shlex
import shutil
import time
from pathlib import Path

import pytest

from tests.conftest import GRACE, Result, World, make_world
from threescale_migrate.rehearsal.server import open_cluster
from threescale_migrate.values import GUIDE_CONFIGS

THREE = ("--dc", "system-sphinx,zync,apicast-staging")
QUOTA = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "full"},
    "spec": {"hard": {"pods": "15"}},
}
AMP = '{"spec":{"template":{"spec":{"serviceAccountName":"amp"}}}}'
WRAPPER = """#!/bin/bash
case " $* " in
*" $WHEN "*) if [ ! -e "$FIRED" ]; then touch "$FIRED"; eval "$ACT" >&2 </dev/null; fi ;;
esac
exec "$REAL" "$@"
"""


def meanwhile(world: World, when: str, *args: str, stdin: str = "") -> dict[str, str]:
    """An environment in which somebody else runs `oc ARGS` just before the run's first call with the words `when`."""
    folder = world.home / "others"
    folder.mkdir(exist_ok=True)
    wrapper = folder / "oc"
    wrapper.write_text(WRAPPER, encoding="utf-8")
    wrapper.chmod(0o755)
    given = folder / "given"
    given.write_text(stdin, encoding="utf-8")
    (folder / "fired").unlink(missing_ok=True)
    real = shutil.which("oc", path=world.environment["PATH"])
    assert real is not None
    act = shlex.join([real, *args]) + f" <{shlex.quote(str(given))}"
    return {
        "PATH": f"{folder}:{world.environment['PATH']}",
        "WHEN": when,
        "ACT": act,
        "REAL": real,
        "FIRED": str(folder / "fired"),
    }


def migrate(world: World, *args: str, **environment: str) -> Result:
    done = world.migrate(*args, **environment)
    assert (world.home / "others" / "fired").exists(), done.all
    return done


@pytest.mark.long
def test_a_quota_set_after_the_first_wave_ends_it_within_the_grace_and_removed_it_ends_well(world: World) -> None:
    environment = meanwhile(world, "patch dc zync", "create", "-f", "-", stdin=json.dumps(QUOTA))
    began = time.monotonic()
    done = migrate(world, *THREE, **environment)
    assert done.code == 5, done.all
    assert time.monotonic() - began < 300, "it was not waited for until the deadline"
    assert "zync: the deployer pod is refused because a quota or limit is exceeded: exceeded quota: full" in done.err
    assert "Fix: raise quota full" in done.err
    assert "zync-1 serves (1 ready, as default)" in done.err
    assert "has reached amp: system-sphinx" in done.err
    assert "not begun, as before: apicast-staging" in done.err
    lines = done.err.splitlines()
    assert lines[lines.index("Or undo:") + 1].startswith("    threescale-migrate undo --namespace=threescale")
    world.oc("delete", "quota", "full")
    again = world.migrate(*THREE)
    assert again.code == 0, again.all
    assert world.accounts()["zync"] == {"amp"}


def test_a_named_config_that_vanishes_ends_the_run_with_how_all_others_stand(world: World) -> None:
    done = migrate(world, *THREE, **meanwhile(world, "patch dc zync", "delete", "dc", "zync"))
    assert done.code == 1, done.all
    assert "zync: somebody has deleted it since the run began" in done.err
    assert "has reached amp: system-sphinx" in done.err
    assert "not begun, as before: apicast-staging" in done.err
    assert world.accounts()["apicast-staging"] == {"default"}


def test_a_config_that_vanishes_after_its_patch_is_not_forgotten(world: World) -> None:
    environment = meanwhile(world, "patch dc zync-database", "delete", "dc", "backend-cron")
    done = migrate(world, "--all-at-once", **environment)
    assert done.code == 1, done.all
    told = next(line for line in done.out.splitlines() if "dc/backend-cron" in line and "deleted" in line)
    assert "it is not migrated" in told
    assert "\nmigrated" not in done.out


def test_a_config_that_comes_meanwhile_is_named(world: World) -> None:
    new = json.loads(world.oc("get", "dc", "zync", "-o", "json").out)
    new["metadata"] = {"name": "zync-que", "labels": new["metadata"]["labels"]}
    new.pop("status")
    environment = meanwhile(world, "patch dc zync-database", "create", "-f", "-", stdin=json.dumps(new))
    done = migrate(world, "--all-at-once", **environment)
    assert done.code == 1, done.all
    assert any("dc/zync-que" in line and "it was created after the run began" in line for line in done.out.splitlines())


def test_what_this_run_made_and_somebody_deletes_is_made_again_before_the_next_wave(world: World) -> None:
    environment = meanwhile(world, "patch dc system-sphinx", "delete", "secret", "threescale-registry-auth")
    done = migrate(world, *THREE, **environment)
    assert done.code == 0, done.all
    assert "secret/threescale-registry-auth: somebody has undone it; doing it again" in done.err


def test_a_role_that_somebody_takes_from_amp_meanwhile_is_given_again(world: World) -> None:
    assert world.oc("adm", "policy", "add-role-to-user", "view", "-z", "default").code == 0
    remove = ("adm", "policy", "remove-role-from-user", "view", "-z", "amp")
    done = migrate(world, *THREE, **meanwhile(world, "patch dc zync", *remove))
    assert done.code == 0, done.all
    assert "somebody has undone it; doing it again" in done.err
    assert world.run("verify", *THREE).code == 0


def test_a_config_that_vanishes_after_the_plan_was_confirmed_is_not_forgotten(world: World) -> None:
    done = migrate(
        world, **meanwhile(world, "create -f -", "delete", "dc", *set(GUIDE_CONFIGS) - {"zync", "system-sphinx"})
    )
    assert done.code == 1, done.all
    assert len([line for line in done.out.splitlines() if "somebody has deleted it since" in line]) == 13
    assert world.accounts()["zync"] == {"amp"}


def test_what_was_there_before_and_somebody_deletes_stops_the_run_before_the_next_wave(world: World) -> None:
    assert world.run("step", "registry-secret", "--yes", "--secret-file", world.secret).code == 0
    environment = meanwhile(world, "patch dc system-sphinx", "delete", "secret", "threescale-registry-auth")
    done = world.run("migrate", "--yes", "--grace", GRACE, *THREE, timeout=120, **environment)
    assert done.code == 1, done.all
    assert "no further config was redeployed" in done.err
    assert "has reached amp: system-sphinx" in done.err
    assert world.accounts()["zync"] == {"default"}


def test_undo_to_default_speaks_of_the_project_and_not_of_its_list(world: World) -> None:
    for name in ("zync", "system-sphinx"):
        assert world.oc("patch", "dc", name, "--patch", '{"spec":{"template":{"spec":{"serviceAccountName":"amp"}}}}')
    assert world.oc("create", "sa", "amp").code == 0
    environment = meanwhile(world, "patch dc zync", "patch", "dc", "apicast-staging", "--patch", AMP)
    done = world.run("undo", "--to-default", "--yes", "--grace", GRACE, timeout=120, **environment)
    assert done.code == 1, done.all
    assert any("dc/apicast-staging" in line and "somebody has migrated it" in line for line in done.out.splitlines())


@pytest.mark.parametrize("lost", ["every type", "pods alone"])
def test_a_right_that_is_lost_in_the_middle_ends_with_7_and_how_far_it_came(
    world: World, lost: str, tmp_path: Path
) -> None:
    said = "Error from server (Forbidden): pods is forbidden: User cannot list resource pods"
    refusing = tmp_path / "refusing"
    environment = meanwhile(world, "patch dc zync", "version", "--client")
    act = f"touch {shlex.quote(str(refusing))}"
    wrapper = Path(environment["FIRED"]).parent / "oc"
    answer = f'echo "{said}" >&2; exit 1'
    if lost == "pods alone":
        answer = f'"$REAL" "${{@/dc,rc,pods,/dc,rc,}}"; {answer}'
    wrapper.write_text(
        WRAPPER.replace(
            'exec "$REAL"',
            f'if [ -e {shlex.quote(str(refusing))} ] && [[ "$2" == dc,rc,pods* ]]; then {answer}; fi\nexec "$REAL"',
        ),
        encoding="utf-8",
    )
    done = migrate(world, *THREE, **{**environment, "ACT": act})
    assert done.code == 7, done.all
    assert "can no longer be read" in done.err
    assert "Fix: ask for the permissions in the project back" in done.err
    assert "has reached amp: system-sphinx" in done.err
    assert "    oc patch dc zync" in done.err, "what was sent since it was seen last"


def elsewhere_after(world: World, when: str) -> dict[str, str]:
    """An environment in which somebody logs in as another user, in another terminal, at the run's first call with the words."""
    environment = meanwhile(world, when, "version", "--client")
    wrapper = Path(environment["FIRED"]).parent / "oc"
    other = (
        'if [ "$1" = whoami ] && [ -e "$FIRED" ]; then case " $* " in *--show*) ;; *) echo eve; exit 0 ;; esac; fi\n'
    )
    wrapper.write_text(WRAPPER.replace('exec "$REAL"', other + 'exec "$REAL"'), encoding="utf-8")
    return {**environment, "ACT": ":"}


def test_a_login_as_another_user_stops_a_migration_before_the_next_wave(world: World) -> None:
    done = migrate(world, *THREE, **elsewhere_after(world, "patch dc zync"))
    assert done.code == 1, done.all
    assert "oc is now logged in as eve" in done.err
    assert "Or undo:" in done.err
    assert world.accounts()["apicast-staging"] == {"default"}


@pytest.mark.long
def test_a_login_as_another_user_stops_an_undo_before_its_next_stage(world: World) -> None:
    assert world.migrate(*THREE).code == 0
    environment = elsewhere_after(world, "patch dc apicast-staging")
    done = world.run("undo", "--yes", "--grace", GRACE, timeout=120, **environment)
    assert done.code == 1, done.all
    assert "oc is now logged in as eve" in done.err
    assert world.accounts()["system-sphinx"] == {"amp"}
    assert world.run("undo", "--yes", "--grace", GRACE).code == 0
    assert world.accounts()["system-sphinx"] == {"default"}


@pytest.mark.long
@pytest.mark.parametrize("deed", [("rollout", "cancel", "dc/zync"), ("delete", "pod", "zync-2-deploy")])
def test_a_rollout_that_is_cancelled_or_left_alone_ends_the_run_and_the_next_starts_it_anew(
    tmp_path: Path, deed: tuple[str, ...]
) -> None:
    world = make_world(tmp_path, speed=1.0)
    done = migrate(world, *THREE, **meanwhile(world, "get dc,rc,pods", *deed))
    assert done.code in (0, 5), done.all
    if done.code == 5:
        assert "zync: " in done.err
        assert "not begun, as before: apicast-staging" in done.err
    world.settle()
    world.faults()
    again = world.migrate(*THREE)
    assert again.code == 0, again.all
    assert world.accounts()["zync"] == world.accounts()["apicast-staging"] == {"amp"}


@pytest.mark.long
def test_no_pod_is_made_before_the_cluster_has_given_amp_its_own_login(tmp_path: Path) -> None:
    """Pods keep what their account had when they were made (fact 14, fact 20)."""
    world = make_world(tmp_path, "internal-registry")
    with open_cluster(world.directory) as cluster:  # the login does not come before time passes again
        cluster.store.clock.pin(cluster.store.now())
    process = world.popen("migrate", "--yes", "--grace", GRACE, "--secret-file", world.secret, "--dc", "zync")
    assert process.stderr is not None
    waited = False
    for line in process.stderr:
        if "waiting for the login" in line:
            waited = True
            with open_cluster(world.directory) as cluster:
                cluster.store.clock.pin(None)
        if "oc patch dc zync" in line and not waited:
            process.kill()
    process.communicate()
    assert waited
    assert process.returncode == 0
    pods = [pod for pod in world.objects()["pods"].values() if pod["spec"]["serviceAccountName"] == "amp"]
    assert pods
    for pod in pods:
        names = [secret["name"] for secret in pod["spec"]["imagePullSecrets"]]
        assert any(name.startswith("amp-dockercfg-") for name in names), names
