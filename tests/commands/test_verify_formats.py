"""`verify` for cron and monitoring: silent when well, the same exit code in every format, and in time whatever `oc` does."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import World, make_world

FORMATS = ("text", "json", "junit")
FEW = ("--dc", "zync,system-memcache")


@pytest.fixture(scope="module", name="migrated")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A project in which two configs are migrated, and the others are not checked."""
    world = make_world(tmp_path_factory.mktemp("migrated"))
    assert world.migrate(*FEW).code == 0
    world.settle()
    return world


@pytest.fixture(autouse=True)
def _fixed(migrated: World) -> Iterator[None]:
    yield
    migrated.faults()


def hanging(home: Path) -> Path:
    """An `oc` that answers nothing, ignores the polite signal, and has a child that does the same."""
    program = home / "hanging-oc"
    program.write_text(
        f"#!/bin/sh\necho >> {home}/calls\ntrap '' TERM INT HUP\n(trap '' TERM INT HUP; sleep 1000) &\nsetsid sleep 30 &\nwait\nsleep 1000\n",
        encoding="utf-8",
    )
    program.chmod(0o755)
    return program


def metrics(path: Path) -> dict[str, float]:
    """The samples without labels that tell apart, by name."""
    families = text_string_to_metric_families(path.read_text(encoding="utf-8"))
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_cron_hears_nothing_while_all_is_well_and_the_failures_otherwise(migrated: World) -> None:
    well = migrated.run("verify", "-q", *FEW)
    assert (well.code, well.all) == (0, "")
    bad = migrated.run("verify", "-q", "--dc", "zync,backend-cron")
    assert bad.code == 1
    assert "dc/backend-cron: its template uses default" in bad.out
    assert "dc/zync" not in bad.out
    assert bad.err == ""


def test_an_expired_login_is_no_failed_migration_in_any_format(migrated: World, tmp_path: Path) -> None:
    migrated.faults("login-expired")
    prom = tmp_path / "3scale.prom"
    for format_ in FORMATS:
        away = migrated.run("verify", "-o", format_, *FEW, "--metrics-file", str(prom))
        assert away.code == 7, away.all
        assert "Unauthorized" in away.err
    assert migrated.run("verify", "-o", "json", *FEW).json()["exit_code"] == 7
    plugin = migrated.run("verify", "-o", "nagios", *FEW)
    assert plugin.code == 3
    assert plugin.out.startswith("3SCALE UNKNOWN - ")
    seen = metrics(prom)
    assert seen["threescale_migrate_asked"] == 0
    assert seen["threescale_migrate_exit_code"] == 7
    assert "threescale_migrate_migrated" not in seen


@pytest.mark.long
def test_every_format_says_the_same(migrated: World, tmp_path: Path) -> None:
    for selection, code, level in ((FEW, 0, 0), (("--dc", "zync,backend-cron"), 1, 2), (("--dc", "nosuch"), 2, 3)):
        results = {format_: migrated.run("verify", "-o", format_, *selection) for format_ in FORMATS}
        assert {result.code for result in results.values()} == {code}
        assert results["json"].json()["exit_code"] == code
        suites = ElementTree.fromstring(results["junit"].out)
        assert (suites.find(".//failure") is not None or suites.find(".//error") is not None) == bool(code)
        plugin = migrated.run("verify", "-o", "nagios", *selection)
        assert plugin.code == level
        assert len(plugin.out.splitlines()) == 1
    refused = migrated.run("verify", "-o", "nagios", "--nosuch-option")
    assert refused.code == 3
    assert refused.out.startswith("3SCALE UNKNOWN - threescale-migrate verify: unknown option --nosuch-option")
    prom = tmp_path / "3scale.prom"
    migrated.run("verify", "-q", *FEW, "--metrics-file", str(prom))
    assert "threescale_migrate_migrated" not in metrics(prom), "thirteen configs were left out"
    assert metrics(prom)["threescale_migrate_config_migrated"] == 1
    assert stat.S_IMODE(prom.stat().st_mode) == 0o644
    assert os.listdir(tmp_path) == ["3scale.prom"]
    refused = migrated.run("verify", *FEW, "--metrics-file", str(tmp_path / "nosuch" / "3scale.prom"))
    assert refused.code == 2
    assert "--metrics-file" in refused.err


def test_only_what_has_changed_is_shown(migrated: World) -> None:
    options = ("verify", "--changed-since-last", "-q", "--dc", "zync,backend-cron")
    first = migrated.run(*options)
    assert first.code == 1
    assert "backend-cron" in first.out
    again = migrated.run(*options)
    assert (again.code, again.all) == (1, "")
    migrated.faults("login-expired")
    lost = migrated.run(*options)
    assert lost.code == 7
    assert "Unauthorized" in lost.err
    assert (migrated.run(*options).code, migrated.run(*options).all) == (7, "")
    migrated.faults()
    back = migrated.run(*options)
    assert back.code == 1
    assert "backend-cron" in back.out
    # A document says all of it.
    assert migrated.run(*options, "-o", "json").code == 2
    document = migrated.run("verify", "--dc", "zync,backend-cron", "-o", "json").json()
    assert document["exit_code"] == 1


def test_where_nothing_can_be_kept_it_verifies_all_the_same_and_says_so(migrated: World, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    done = migrated.run("verify", "--changed-since-last", *FEW, XDG_STATE_HOME=str(blocked / "state"))
    assert done.code == 0
    assert "cannot be written" in done.err


@pytest.mark.parametrize("format_", [pytest.param("text", marks=pytest.mark.long), "nagios"])
def test_a_run_ends_in_time_also_when_oc_hangs_and_heeds_no_signal(migrated: World, format_: str) -> None:
    calls = migrated.home / "calls"
    calls.unlink(missing_ok=True)
    program = hanging(migrated.home)
    done = migrated.run("verify", "--oc", str(program), "--timeout", "1s", "-o", format_, *FEW, timeout=60)
    assert done.code == (3 if format_ == "nagios" else 6)
    assert "no result within 1 s" in done.err
    assert calls.read_text(encoding="utf-8") == "\n", "it was tried again after its time"


def test_after_the_upgrade_to_26_the_same_line_stays_right(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    assert world.migrate("--dc", "zync,zync-database").code == 0
    for name in world.objects()["deploymentconfigs"]:
        if not name.endswith(("/zync", "/zync-database")):
            world.oc("delete", "dc", name.partition("/")[2])
    world.oc("create", "sa", "zync-que-sa")
    world.oc("secrets", "link", "zync-que-sa", "threescale-registry-auth", "--for=pull")
    config = json.loads(world.oc("get", "dc", "zync", "-o", "json").out)
    config["metadata"] = {"name": "zync-que", "labels": config["metadata"]["labels"]}
    config["spec"]["template"]["spec"].update(serviceAccountName="zync-que-sa", serviceAccount="zync-que-sa")
    config["spec"]["selector"] = config["spec"]["template"]["metadata"]["labels"] = {"deploymentConfig": "zync-que"}
    config.pop("status")
    assert world.oc("create", "-f", "-", stdin=json.dumps(config)).code == 0
    world.settle()
    well = world.run("verify", "-q")
    assert (well.code, well.all) == (0, "")
    shown = world.run("verify", "-v").out
    assert "dc/apicast-wildcard-router: it is not in this project" in shown
    assert "dc/zync-que: it runs as zync-que-sa, its own account" in shown


def rounds(world: World, count: int) -> None:
    """So many runs at an API that fails one call in ten: never a false word."""
    world.faults("flaky-api=0.1")
    for _ in range(count):
        well = world.run("verify", "-q", *FEW)
        assert (well.code, well.all) == (0, "")
        bad = world.run("verify", "-q", "--dc", "zync,backend-cron")
        assert bad.code == 1, bad.all


def test_one_passing_fault_of_the_api_is_no_alarm(migrated: World) -> None:
    rounds(migrated, 3)


@pytest.mark.long
def test_two_hundred_runs_at_an_api_that_fails_one_call_in_ten_say_nothing_false(migrated: World) -> None:
    rounds(migrated, 100)
