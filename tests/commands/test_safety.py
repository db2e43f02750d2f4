"""Nothing that a cluster holds can hurt: what it says is data, whatever it is."""

from __future__ import annotations

import os
import time
from pathlib import Path

from tests.conftest import World, make_world
from tests.support.leaks import ARGUMENT_PASSWORD, ENVIRONMENT_PASSWORD, HOOK_TOKEN, leaks, leaky_files
from threescale_migrate.rehearsal.server import open_cluster


def in_front_of_oc(world: World, body: str) -> None:
    """Puts a script before the rehearsal's `oc`, which it can call as "$oc"."""
    program = world.home / "front" / "oc"
    program.parent.mkdir()
    program.write_text(f'#!/bin/bash\noc={world.directory}/bin/oc\n{body}\nexec "$oc" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    world.environment["PATH"] = f"{program.parent}:{world.environment['PATH']}"


def test_a_log_of_one_endless_line_does_not_hold_up_a_failed_migration(tmp_path: Path) -> None:
    world = make_world(tmp_path, "crash-loop=zync")
    in_front_of_oc(world, "if [[ $1 == logs ]]; then head -c 1000000 /dev/zero | tr '\\0' .; exit; fi")
    began = time.monotonic()
    done = world.migrate("--dc", "zync")
    assert done.code == 5, done.all
    assert "." * 100 in done.err
    assert "." * 300 not in done.err
    # The same without such a log takes some seconds; with it, it took minutes.
    assert time.monotonic() - began < 60


def plant(world: World) -> None:
    """Secrets in clear, where 3scale's templates and people write them (recordings/README.md 22)."""
    with open_cluster(world.directory) as cluster:
        for item in cluster.store.all("deploymentconfigs"):
            container = item["spec"]["template"]["spec"]["containers"][0]
            if item["metadata"]["name"] == "system-app":
                script = f'bundle exec rake boot openshift:deploy MASTER_ACCESS_TOKEN="{HOOK_TOKEN}"'
                item["spec"]["strategy"]["rollingParams"]["pre"]["execNewPod"]["command"] = ["bash", "-c", script]
            elif item["metadata"]["name"] == "zync":
                container["args"] = ["./run", f"--db-password={ARGUMENT_PASSWORD}", ARGUMENT_PASSWORD]
                container["env"] = [{"name": "DATABASE_PASSWORD", "value": ENVIRONMENT_PASSWORD}]
                new_pod = {"containerName": container["name"], "command": ["./notify", f"-p{ARGUMENT_PASSWORD}"]}
                new_pod["env"] = [{"name": "API_KEY", "value": ENVIRONMENT_PASSWORD}]
                item["spec"]["strategy"].setdefault("rollingParams", {})["post"] = {
                    "failurePolicy": "Abort",
                    "execNewPod": new_pod,
                }
            cluster.store.put("deploymentconfigs", item)


def test_no_command_shows_what_a_config_holds_in_clear_and_the_hook_is_still_explained(world: World) -> None:
    plant(world)
    assert HOOK_TOKEN in world.oc("get", "dc", "system-app", "-o", "json").out
    secret = ("--secret-file", world.secret)
    planned = world.run("plan", *secret)
    assert "hook runs migrations" in planned.all
    hooks = {cost["config"]: cost["hooks"] for cost in world.run("plan", *secret, "-o", "json").json()["costs"]}
    assert hooks["system-app"][0] == "pre: rake openshift:deploy"
    assert hooks["zync"] == ["post: ./notify -p ***"]
    said = [world.run("script", *secret).all, world.run("script", "--guide", *secret).all]
    assert "its hook runs database migrations: pre: rake openshift:deploy" in said[0]
    said += [world.run("preflight", *secret, *form).all for form in ((), ("-o", "json"))]
    done = world.migrate("--dc", "zync,system-app", "-o", "json")
    assert done.code == 0, done.all
    said.append(done.all)
    for form in ("text", "json", "nagios", "junit"):
        said.append(world.run("verify", "-o", form, "--metrics-file", str(world.home / "all.prom")).all)
    for suffix in ("html", "md"):
        said.append(world.run("history", "--report", str(world.home / f"report.{suffix}")).all)
    said += [world.run("undo", "--yes", "--dry-run").all, world.run("undo", "--yes", "--grace", "0.5").all]
    assert not leaks("".join(said).encode())
    assert not leaky_files(world.home)


def test_links_in_the_place_of_what_is_written_are_not_followed(world: World) -> None:
    victim = world.home / "victim"
    victim.write_text("mine", encoding="utf-8")
    for name in ("all.prom", "report.html"):
        (world.home / name).symlink_to(victim)
    given = ("--metrics-file", "all.prom", "--report", "report.html", "--changed-since-last")
    world.run("verify", *given)
    (kept,) = (world.home / "state" / "threescale-migrate" / "verified").iterdir()
    kept.unlink()
    kept.symlink_to(victim)
    assert world.run("verify", *given).code == 1
    assert victim.read_text(encoding="utf-8") == "mine"
    assert not kept.is_symlink()
    assert "threescale_migrate_asked" in (world.home / "all.prom").read_text(encoding="utf-8")


def test_a_state_directory_that_others_may_write_is_refused_before_the_first_change(world: World) -> None:
    place = world.home / "state" / "threescale-migrate"
    place.mkdir(parents=True)
    place.chmod(0o777)
    before = world.objects()
    done = world.migrate()
    assert done.code == 4, done.all
    assert "chmod go-w" in done.err
    assert world.objects() == before


def test_json_on_an_ascii_stream_is_json(world: World) -> None:
    done = world.run("verify", "-o", "json", "--secret-file", "/nirgendwo/sécret-日本.yaml", PYTHONIOENCODING="ascii")
    assert "sécret-日本" in done.json()["error"]
    raw = world.home / "not-utf-8"
    done = world.run(
        "verify", "-o", "json", "--secret-file", os.fsdecode(bytes(raw) + b"\xff"), LANG="C", PYTHONUTF8="0"
    )
    assert done.code == 2, done.all
    assert "\\xff" in done.json()["error"]
