"""`--prove-pull` through the front door: a token that is refused, a registry that is away, and nothing left behind."""

from __future__ import annotations

import base64
import json
import os
import signal
from pathlib import Path

import pytest
import yaml

from tests.conftest import GRACE, TOKEN, World

ONE = ("--dc", "backend-cron")


def left_behind(world: World) -> list[Path]:
    return list((world.home / "tmp").glob("threescale-migrate-*"))


@pytest.mark.long
def test_a_good_token_is_proved_before_and_after_and_nothing_is_made_for_it(world: World) -> None:
    planned = world.run("plan", *ONE, "--secret-file", world.secret, "--prove-pull")
    assert planned.code == 3, planned.all
    done = world.migrate(*ONE, "--prove-pull")
    assert done.code == 0, done.all
    assert "the cluster can pull it" in done.err
    seen = world.run("verify", *ONE, "--prove-pull")
    assert seen.code == 0
    assert "accepts the token, checked from this workstation" in seen.out
    assert "the cluster can pull it" in seen.out
    assert not any("proof" in name for name in world.objects()["imagestreams"])
    world.faults("token-refused")
    refused = world.run("verify", *ONE, "--prove-pull")
    assert refused.code == 1
    assert refused.out.count("refuses") == 2
    assert left_behind(world) == []


def test_a_refused_token_is_refused_before_the_first_change(world: World) -> None:
    world.faults("token-refused")
    before = world.objects()
    for command in (("migrate", "--yes", *ONE), ("step", "registry-secret", "--yes"), ("plan", *ONE)):
        done = world.run(*command, "--secret-file", world.secret, "--prove-pull")
        assert done.code == 4, done.all
        assert "refuses the token" in done.all
    assert world.objects() == before


def test_a_registry_that_is_away_says_nothing_of_the_token_and_no_config_is_redeployed(world: World) -> None:
    world.faults("registry-unreachable")
    done = world.run("migrate", "--yes", *ONE, "--grace", GRACE, "--secret-file", world.secret, "--prove-pull")
    assert done.code == 7, done.all
    assert "no config was redeployed" in done.err
    assert "refuses" not in done.all
    assert world.accounts()["backend-cron"] == {"default"}
    assert world.run("undo", "--yes").code == 0
    assert world.objects()["secrets"].get("threescale/threescale-registry-auth") is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_signal_while_the_registry_is_asked_finds_the_login_on_no_disk(world: World, number: signal.Signals) -> None:
    shim = world.home / "oc"
    (world.home / "asked").parent.mkdir(exist_ok=True)
    os.mkfifo(world.home / "asked")
    shim.write_text(
        f'#!/bin/sh\n[ "$1" = image ] || exec {world.directory}/bin/oc "$@"\necho now > {world.home}/asked\nexec sleep 20\n'
    )
    shim.chmod(0o755)
    process = world.popen("plan", *ONE, "--secret-file", world.secret, "--prove-pull", "--oc", str(shim))
    assert (world.home / "asked").read_text() == "now\n"
    encoded = registry_secret_auth(world)

    def found() -> list[Path]:
        files = [path for path in world.home.rglob("*") if path.is_file() and world.directory not in path.parents]
        return [path for path in files if encoded in path.read_bytes() or TOKEN.encode() in path.read_bytes()]

    assert found() == []
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == (143 if number == signal.SIGTERM else -9)
    assert found() == []
    assert left_behind(world) == []


def registry_secret_auth(world: World) -> bytes:
    """The login as it stands in the file that the registry is asked with."""
    data = yaml.safe_load(Path(world.secret).read_text(encoding="utf-8"))["data"][".dockerconfigjson"]
    auth: str = json.loads(base64.b64decode(data))["auths"]["registry.redhat.io"]["auth"]
    return auth.encode()
