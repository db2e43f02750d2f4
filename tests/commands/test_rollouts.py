"""Rollouts that go wrong or differ, through the front door: the reason in words, what serves, how far it came."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.conftest import GRACE, World, make_world
from threescale_migrate.rehearsal.server import open_cluster
from threescale_migrate.values import GUIDE_CONFIGS

# For each fault: what has to be said of it, and the fix.
CAUSES = {
    "image-pull": (
        "zync",
        "cannot be pulled; registry.access.redhat.com does not have this image, or no longer has it",
        "image stream",
    ),
    "crash-loop": ("backend-listener", "crashes and was restarted", "oc logs backend-listener-2-"),
    "hook-fails": ("system-app", "its pre hook fails and is retried", "oc logs system-app-2-hook-pre"),
}
# These pass by themselves, so that they are waited for.
SLOW = {
    "no-node": ("backend-redis", "the new pod cannot be scheduled"),
    "volume-held": ("system-redis", "a volume that another pod still holds"),
    "not-ready": ("zync", "runs but is not ready"),
}
ALONE = {
    "account-missing": ("zync", "the service account amp does not exist", "step service-account"),
    "not-ready": ("zync", "never became ready: Readiness probe failed", "fix the failing readiness check"),
    "deployer-fails": ("zync", "the deployer pod zync-2-deploy failed", "oc logs zync-2-deploy"),
}
SECRETS_OF_THE_LOG = ("not-a-real-password", "bm90LWEtcmVhbC", "0f1e2d3c4b5a")


def phase(world: World, name: str) -> tuple[str, bool]:
    """How far revision 2 of a config is, and whether it was cancelled."""
    notes = world.objects()["replicationcontrollers"][f"threescale/{name}-2"]["metadata"]["annotations"]
    return notes["openshift.io/deployment.phase"], notes.get("openshift.io/deployment.cancelled") == "true"


def block(said: str, config: str) -> list[str]:
    """The lines of a failure that are about one config, up to its fix."""
    lines = said.replace("threescale-migrate: ", "", 1).splitlines()
    last = next(at for at, line in enumerate(lines) if line == f"  {config}-1 serves (1 ready, as default)")
    first = max(at for at, line in enumerate(lines[:last]) if line.startswith(f"{config}: "))
    return lines[first : last + 4]


@pytest.mark.parametrize(
    "fault",
    [pytest.param("no-node", marks=pytest.mark.long), pytest.param("volume-held", marks=pytest.mark.long), "not-ready"],
)
def test_what_is_only_slow_is_waited_for_with_its_cause_shown(tmp_path: Path, fault: str) -> None:
    config, sentence = SLOW[fault]
    world = make_world(tmp_path, f"{fault}={config}")
    process = world.popen("migrate", "--yes", "--grace", GRACE, "--secret-file", world.secret, "--dc", config)
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if sentence in line:
            time.sleep(4 * float(GRACE))
            assert process.poll() is None, said
            world.faults()
            break
    rest = process.communicate()[1]
    assert process.returncode == 0, said + rest
    assert "rollout cancel" not in said + rest
    assert world.accounts()[config] == {"amp"}


def test_each_cause_is_named_with_its_fix_and_what_ran_before_is_up(tmp_path: Path) -> None:
    world = make_world(tmp_path, *(f"{fault}={config}" for fault, (config, _, _) in CAUSES.items()))
    names = ",".join([*(config for config, _, _ in CAUSES.values()), "backend-cron"])
    done = world.migrate("--all-at-once", "--dc", names)
    assert done.code == 5, done.all
    for fault, (config, sentence, fix) in CAUSES.items():
        told = block(done.err, config)
        assert sentence in told[0], (fault, told)
        assert "  Fix: " in "\n".join(told), (fault, told)
        assert fix in "\n".join(told[-3:]), (fault, told)
        assert f"  {config}-1 serves (1 ready, as default)" in told, (fault, told)
        # It was stopped before its deadline: nobody but us has ended a rollout.
        assert phase(world, config) in (("Running", False), ("Failed", True)), fault
        assert world.accounts()[config] == {"default"}
    assert "runs as amp: backend-cron" in done.err
    assert "fatal: permission denied" in done.err
    assert "Mysql2::Error" in done.err
    for secret in SECRETS_OF_THE_LOG:
        assert secret not in done.all
        assert all(secret not in journal.read_text(encoding="utf-8") for journal in world.journals)


@pytest.mark.long
@pytest.mark.parametrize("fault", ALONE)
def test_a_cause_stops_before_the_next_wave(tmp_path: Path, fault: str) -> None:
    config, sentence, fix = ALONE[fault]
    world = make_world(tmp_path, f"{fault}={config}")
    done = world.migrate("--dc", "zync,apicast-staging,system-sphinx")
    assert done.code == 5, done.all
    told = block(done.err, config)
    assert sentence in told[0]
    assert fix in "\n".join(told[-3:])
    assert f"  {config}-1 serves (1 ready, as default)" in told
    assert "not begun, as before: apicast-staging" in done.err
    assert "runs as amp: system-sphinx" in done.err
    assert world.accounts()["apicast-staging"] == {"default"}


def test_a_failure_can_be_undone_at_once(tmp_path: Path) -> None:
    world = make_world(tmp_path, "crash-loop=zync")
    done = world.migrate("--dc", "zync,system-sphinx", "--on-failure", "undo")
    assert done.code == 5, done.all
    assert "crashes" in done.err
    assert world.accounts()["zync"] == world.accounts()["system-sphinx"] == {"default"}


@pytest.mark.long
def test_an_api_that_goes_away_for_good_ends_the_run_and_it_says_how_far_it_came(tmp_path: Path) -> None:
    world = make_world(tmp_path, speed=0.5)
    process = world.popen(
        "migrate", "--yes", "--secret-file", world.secret, "--dc", "zync,system-sphinx", "--timeout", "15s"
    )
    assert process.stderr is not None
    said = ""
    for line in process.stderr:
        said += line
        if "oc patch dc system-sphinx" in line or "oc patch dc zync" in line:
            world.faults("api-down")
            break
    _, rest = process.communicate()
    said += rest
    assert process.returncode in (6, 7), said
    assert "does not answer" in said
    assert "not begun, as before: " in said
    assert '"finish"' in world.journals[-1].read_text(encoding="utf-8")


@pytest.mark.long
def test_the_order_is_printed_changed_and_taken(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    printed = world.run("plan", "--wave-plan")
    assert printed.code == 0, printed.all
    named = [name for line in printed.out.splitlines() for name in line.partition("#")[0].split()]
    assert sorted(named) == sorted(GUIDE_CONFIGS)
    order = tmp_path / "order.txt"
    order.write_text(printed.out, encoding="utf-8")
    document = world.run("plan", "--wave-plan", str(order), "--secret-file", world.secret, "-o", "json").json()
    before = world.run("plan", "--secret-file", world.secret, "-o", "json").json()
    assert [wave["configs"] for wave in document["waves"]] == [wave["configs"] for wave in before["waves"]]
    for wrong, why in (
        ("zync\nzync\n", "named twice"),
        ("nosuch\n", "not a config of this migration"),
        ("# none\n", "names no config"),
    ):
        order.write_text(wrong, encoding="utf-8")
        refused = world.run("plan", "--wave-plan", str(order))
        assert refused.code == 2
        assert why in refused.err
    assert world.run("migrate", "--yes", "--wave-plan").code == 2


GUIDES_CHECK = """
read -r _ _ desired current _ <<END
$(oc get dc "$1" --no-headers 2>/dev/null)
END
test "$desired" = "$current" && test "$desired" != 0
oc get dc "$1" -o yaml 2>/dev/null | grep -q 'serviceAccountName: amp'
"""


def guide_is_content(world: World, name: str) -> bool:
    """The guide's own check of one config: DESIRED equals CURRENT, not 0, and grep finds `amp`."""
    return world.program(["bash", "-e", "-c", GUIDES_CHECK, "check", name]).code == 0


def failed(world: World) -> set[str]:
    """The configs of which `verify` says that they are not migrated."""
    checks = world.run("verify", "-o", "json").json()["checks"]
    return {c["subject"][3:] for c in checks if c["verdict"] == "failed" and c["step"] == "verification"}


def test_each_trap_of_the_guides_check_is_none_for_verify(tmp_path: Path) -> None:
    world = make_world(tmp_path, "image-pull=backend-worker", "paused=system-sphinx", "no-trigger=system-memcache")
    with open_cluster(world.directory) as cluster:
        cluster.store.clock.pin(cluster.store.now())
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "amp"}}
    world.oc("create", "-f", "-", stdin=json.dumps(account))
    patch = '{"spec":{"template":{"spec":{"serviceAccountName":"amp"}}}}'

    def patched(*names: str) -> None:
        for name in names:
            assert world.oc("patch", "dc", name, "--patch", patch).code == 0

    def later(seconds: float) -> None:
        with open_cluster(world.directory) as cluster:
            cluster.store.clock.pin(cluster.store.now() + seconds)
            cluster.simulation.advance()

    # The pull secret is linked only after these pods were made; a rollout fails, and its old pods run on.
    patched("zync", "apicast-staging")
    later(60)
    assert guide_is_content(world, "zync")
    world.oc("create", "-f", world.secret)
    world.oc("secrets", "link", "amp", "threescale-registry-auth", "--for=pull")
    traps = {"zync": "linked too late"}
    # What stands still: paused, no trigger, a pull that fails.
    patched("system-sphinx", "system-memcache", "backend-worker")
    later(30)
    traps.update({"system-sphinx": "paused", "system-memcache": "no trigger", "backend-worker": "pull failure"})
    # The first moments: nothing has begun, then the status tells of the revision before.
    patched("backend-cron")
    assert guide_is_content(world, "backend-cron")
    assert "backend-cron" in failed(world)
    later(0.4)
    assert guide_is_content(world, "backend-cron")
    wrong = failed(world)
    assert "backend-cron" in wrong
    for name, trap in traps.items():
        assert guide_is_content(world, name), trap
        assert name in wrong, trap
    # After the deadline the guide's pods all run and grep finds amp, in a rollout that has failed.
    later(3600)
    pods = world.oc("get", "pods").out.splitlines()
    assert all("1/1" in line for line in pods if line.startswith("backend-worker-") and "deploy" not in line)
    assert "serviceAccountName: amp" in world.oc("get", "dc", "backend-worker", "-o", "yaml").out
    assert "backend-worker" in failed(world)
