"""Many projects: right for each, whoever is away; and a migration of one after the other that stops at the first failure."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.conftest import World
from tests.support import many_projects as fleet
from tests.support.many_projects import Fleet


@pytest.fixture(scope="module", name="sites")
def _sites(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    return fleet.make(tmp_path_factory.mktemp("fleet"), total=5, away=1, behind=1)


def right_for_each(sites: Fleet, *options: str) -> None:
    """Looks at all of them, and compares with what is known of each."""
    done = sites.world.run("verify", "--inventory", str(sites.inventory), "-o", "json", *options, timeout=600)
    document = done.json()
    sentence = {project["name"]: project["exit_code"] for project in document["projects"]}
    assert sentence == {
        **dict.fromkeys(sites.well, 0),
        **dict.fromkeys(sites.away, 7),
        **dict.fromkeys(sites.behind, 1),
    }
    assert [project["name"] for project in document["projects"]] == sorted(sentence)
    assert document["exit_code"] == done.code == 1


@pytest.mark.long
def test_each_project_gets_its_line_and_one_that_is_away_holds_up_none(sites: Fleet) -> None:
    right_for_each(sites, "--jobs", "4")
    done = sites.world.run("verify", "--inventory", str(sites.inventory), timeout=600)
    lines = done.out.splitlines()
    assert len(lines) == 6
    marks = {line.split()[1].rstrip(":"): line[0] for line in lines[:-1]}
    assert marks == {
        **dict.fromkeys(sites.well, "✓"),
        **dict.fromkeys(sites.away, "?"),
        **dict.fromkeys(sites.behind, "✗"),
    }
    assert lines[-1] == "✗ 5 projects: 0 migrated, 1 not migrated, 3 partly checked, 1 not known"


@pytest.mark.long
def test_in_every_format_one_document_is_about_all(sites: Fleet, tmp_path: Path) -> None:
    given = ("verify", "--inventory", str(sites.inventory))
    plugin = sites.world.run(*given, "-o", "nagios", "--metrics-file", str(tmp_path / "all.prom"), timeout=600)
    assert plugin.code == 2
    assert plugin.out.startswith("3SCALE CRITICAL - 0 of 5 projects are migrated; ")
    assert "not_asked=1;;;0;5" in plugin.out
    prom = (tmp_path / "all.prom").read_text(encoding="utf-8")
    assert prom.count("threescale_migrate_asked{") == 5
    assert f'threescale_migrate_asked{{project="{sites.away[0]}"}} 0' in prom
    suites = ElementTree.fromstring(sites.world.run(*given, "-o", "junit", timeout=600).out)
    assert Counter(bool(suite.findall("testcase/error")) for suite in suites) == {False: 4, True: 1}
    quiet = sites.world.run(*given, "-q", timeout=600)
    assert len(quiet.out.splitlines()) == 2


@pytest.mark.long
def test_contexts_and_projects_are_taken_as_well(sites: Fleet) -> None:
    every = sites.world.run("verify", "--all-contexts", "-n", "threescale", "--dc", fleet.FEW, timeout=600)
    assert every.out.splitlines()[-1] == "✗ 5 projects: 0 migrated, 1 not migrated, 3 partly checked, 1 not known"
    named = sites.world.run("verify", "--projects", "threescale,nosuch", "--dc", fleet.FEW, "--context", sites.well[0])
    assert named.code == 4
    assert "✓ threescale: " in named.out
    assert "there is no project nosuch" in named.out
    assert sites.world.run("verify", "--projects", "a", "--all-contexts").code == 2
    assert sites.world.run("verify", "--inventory", "nosuch.yml").code == 2
    assert sites.world.run("verify", "--projects", "a", "--jobs", "0").code == 2


@pytest.mark.long
def test_plans_say_how_much_is_left_to_do_in_each(sites: Fleet) -> None:
    document = sites.world.run("plan", "--inventory", str(sites.inventory), "-o", "json", timeout=600).json()
    sentence = {project["name"]: project["exit_code"] for project in document["projects"]}
    assert {sentence[name] for name in sites.well} == {0}
    assert sentence[sites.away[0]] == 7
    assert sentence[sites.behind[0]] in (2, 3)  # there is no secret yet, and none was given


@pytest.mark.long
def test_migrations_go_one_after_the_other_and_stop_at_the_first_that_fails(tmp_path: Path) -> None:
    sites = fleet.make(tmp_path, total=3, away=1, behind=1)
    secret = ("--secret-file", sites.world.secret)
    given = ("migrate", "--inventory", str(sites.inventory), *secret, "--grace", "0.5")
    stopped = sites.world.run(*given, "--yes", timeout=600)
    assert stopped.code == 7
    assert "project 1 of 3: site-00" in stopped.err
    assert "stopped at site-01; not begun: site-02" in stopped.err
    assert "project 3 of 3" not in stopped.err
    names = f"- {{context: {sites.behind[0]}, project: threescale, options: {{dc: '{fleet.FEW}'}}}}\n"
    sites.inventory.write_text(names, encoding="utf-8")
    unasked = sites.world.run(*given)
    assert unasked.code == 2
    assert "--yes" in unasked.err
    assert sites.world.run(*given, "--yes", timeout=600).code == 0
    assert sites.world.run("verify", "--inventory", str(sites.inventory)).code == 0


@pytest.mark.processes
@pytest.mark.long
def test_forty_projects_are_reported_rightly(tmp_path: Path) -> None:
    right_for_each(fleet.make(tmp_path, total=40, away=3, behind=2), "--jobs", "8")


def test_a_migration_stops_at_the_first_project_that_fails(world: World) -> None:
    before = world.objects()
    stopped = world.run("migrate", "--yes", "--projects", "nosuch,threescale", "--secret-file", world.secret)
    assert (stopped.code, stopped.out) == (4, "")
    assert "stopped at nosuch; not begun: threescale" in stopped.err
    assert world.objects() == before
