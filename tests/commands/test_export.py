"""What `export` gives away holds no secret, and is enough to rehearse the migration from."""

from __future__ import annotations

import json
import stat

from tests.conftest import World, make_world
from tests.support.leaks import ARGUMENT_PASSWORD, ENVIRONMENT_PASSWORD, HOOK_TOKEN, TOKEN, leaks
from threescale_migrate.rehearsal.threescale import MASTER_ACCESS_TOKEN

# A secret for each place, and none in two: what is masked in one must not be masked because of another.
PLACES = ("env", "command", "args", "annotation", "template", "applied", "hook", "hookenv", "header", "query", "data")
SECRETS = {place: f"Planted7{place}9{number:02}q" for number, place in enumerate(PLACES)}


def planted(world: World) -> None:
    """Secrets wherever people leave them."""
    probe = {
        "path": f"/status?k={SECRETS['query']}",
        "port": 8080,
        "httpHeaders": [{"name": "X-Key", "value": SECRETS["header"]}],
    }
    container = {
        "name": "zync",
        "env": [{"name": "PLAIN", "value": SECRETS["env"]}, {"name": "OTHER", "value": ENVIRONMENT_PASSWORD}],
        "command": ["start", f"--password={ARGUMENT_PASSWORD}", SECRETS["command"]],
        "args": ["-u", f"zync:{SECRETS['args']}", TOKEN],
        "readinessProbe": {"httpGet": probe},
    }
    annotations = {"mine": SECRETS["template"], "kubectl.kubernetes.io/last-applied-configuration": SECRETS["applied"]}
    hook = {
        "failurePolicy": "Abort",
        "execNewPod": {
            "containerName": "zync",
            "command": ["bash", "-c", f"T={HOOK_TOKEN} x {SECRETS['hook']}"],
            "env": [{"name": "A", "value": SECRETS["hookenv"]}],
        },
    }
    template = {"metadata": {"annotations": annotations}, "spec": {"containers": [container]}}
    spec = {"template": template, "strategy": {"rollingParams": {"pre": hook}}}
    patch = {"metadata": {"annotations": {"mine": f"see {SECRETS['annotation']}"}}, "spec": spec}
    assert world.oc("patch", "dc", "zync", "-p", json.dumps(patch)).code == 0
    data = {"url": f"x://u:{TOKEN}@h", "b": SECRETS["data"]}
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "own"}, "data": data}
    assert world.oc("create", "-f", "-", stdin=json.dumps(config)).code == 0
    world.settle()


def test_no_planted_secret_is_in_it_and_it_is_private(world: World) -> None:
    planted(world)
    done = world.run("export", "bundle.json")
    assert done.code == 0, done.all
    path = world.home / "bundle.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    raw = path.read_bytes()
    assert not leaks(raw)
    for secret in (
        *SECRETS.values(),
        TOKEN,
        HOOK_TOKEN,
        ENVIRONMENT_PASSWORD,
        MASTER_ACCESS_TOKEN,
        "not-a-real-password",
    ):
        assert secret.encode() not in raw, secret
    document = json.loads(raw)
    kinds = {item["kind"] for item in document["items"]}
    assert "Secret" not in kinds
    assert {
        "DeploymentConfig",
        "ReplicationController",
        "Pod",
        "ConfigMap",
        "Route",
        "Service",
        "ImageStream",
    } <= kinds | {"Route", "Service"}
    values = [
        entry["value"]
        for item in document["items"]
        if item["kind"] == "DeploymentConfig"
        for container in item["spec"]["template"]["spec"]["containers"]
        for entry in container.get("env", ())
        if "value" in entry
    ]
    assert values
    assert set(values) == {"***"}
    # What the migration goes by stays readable.
    app = next(
        item
        for item in document["items"]
        if (item["kind"], item["metadata"]["name"]) == ("DeploymentConfig", "system-app")
    )
    assert app["metadata"]["labels"]["threescale_component"] == "system"
    assert any("openshift:deploy" in " ".join(p["execNewPod"]["command"]) for p in app["spec"]["strategy"]["rollingParams"].values()
               if isinstance(p, dict))  # fmt: skip
    again = world.run("export", "bundle.json")
    assert (again.code, again.out) == (2, "")
    assert path.read_bytes() == raw


def test_the_whole_migration_is_rehearsed_from_it(world: World) -> None:
    planted(world)
    assert world.run("export", "bundle.json").code == 0
    other = world.home / "other"
    other.mkdir()
    copy = make_world(other, from_file=world.home / "bundle.json")
    assert sorted(copy.accounts()) == sorted(world.accounts())
    done = copy.migrate()
    assert done.code == 0, done.all
    assert set().union(*copy.accounts().values()) == {"amp"}
    verified = copy.run("verify")
    assert verified.code == 0, verified.all


def test_what_cannot_be_read_is_named(world: World) -> None:
    world.faults("forbidden=list:routes")
    done = world.run("export", "bundle.json")
    assert done.code == 7, done.all
    assert "skipped, because it cannot be read: routes" in done.err
    assert list(json.loads((world.home / "bundle.json").read_text())["about"]["unread"]) == ["routes"]
