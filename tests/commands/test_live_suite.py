"""The suite for real clusters passes on the rehearsal as well, leaves nothing behind, and is left out unless asked for."""

from __future__ import annotations

import sys

import pytest

from tests.conftest import ROOT, World
from tests.support import recorded

SUITE = [
    sys.executable,
    "-m",
    "pytest",
    "-q",
    "-p",
    "no:cacheprovider",
    "--rootdir",
    str(ROOT),
    str(ROOT / "tests" / "live"),
]


@pytest.mark.long
@pytest.mark.parametrize("fault", ["token-refused", "registry-unreachable"])
def test_the_live_suite_passes_and_removes_its_project(world: World, fault: str) -> None:
    world.faults(fault)
    transcript = world.home / "transcript"
    namespaces = world.objects()["namespaces"].keys()
    before = (world.directory / "kubeconfig").read_text(encoding="utf-8")
    done = world.program(
        SUITE,
        timeout=900,
        THREESCALE_MIGRATE_LIVE="1",
        THREESCALE_MIGRATE_LIVE_IMAGE="quay.io/example/idle:1",
        THREESCALE_MIGRATE_LIVE_TRANSCRIPT=str(transcript),
    )
    assert done.code == 0, done.all
    assert done.out.split()[0].strip(".") == ""
    assert world.objects()["namespaces"].keys() == namespaces
    assert set(map(frozenset, world.accounts().values())) == {frozenset({"default"})}
    assert (world.directory / "kubeconfig").read_text(encoding="utf-8") == before
    assert recorded.header(transcript)["scenario"] == "live"
    assert [call.argv[1] for call in recorded.calls(transcript)][-2:] == ["delete", "get"]
    assert not [file for file in transcript.rglob("*.*") if "threescale-live-" in file.read_text(encoding="utf-8")]


def test_without_leave_no_cluster_is_touched(world: World) -> None:
    before = world.objects()
    done = world.program(SUITE)
    assert done.code == 0, done.all
    assert done.out.split()[0].strip("s") == ""
    assert world.objects() == before


def test_without_an_image_it_says_what_to_name(world: World) -> None:
    done = world.program([*SUITE, "-x"], THREESCALE_MIGRATE_LIVE="1")
    assert done.code == 1
    assert "THREESCALE_MIGRATE_LIVE_IMAGE" in done.out


def test_with_the_client_of_openshift_46_it_is_the_same(world: World) -> None:
    world.environment["OC_REHEARSAL_CLIENT"] = "4.6"
    done = world.migrate("--dc", "zync,system-memcache")
    assert done.code == 0, done.all
    shown = world.run("history", "-o", "json").json()["runs"][0]
    assert shown["user"] == "system:admin"
    assert world.run("undo", "--yes").code == 0
    assert world.accounts()["zync"] == {"default"}
