"""Reports through the front door: of a run that failed, of its undo and of a look, and again from the journal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.conftest import TOKEN, World, make_world
from threescale_migrate.engine import records
from threescale_migrate.rehearsal import launch
from threescale_migrate.render.journal_report import of_record

SMALL = ("--dc", "backend-cron,zync,apicast-staging")


@pytest.mark.long
def test_a_run_an_undo_and_a_look_leave_a_report_that_a_stranger_can_read(tmp_path: Path) -> None:
    world = make_world(tmp_path, "image-pull=zync")
    page = tmp_path / "run.html"
    done = world.migrate(*SMALL, "--report", str(page))
    assert done.code == 5, done.all
    assert f"report: {page}" in done.err
    assert page.stat().st_mode & 0o777 == 0o600
    words = page.read_text(encoding="utf-8")
    top = words.partition("<svg role")[0]
    for sentence in (
        "not migrated: rollout failed (exit code 5)",
        "zync: the image",
        "zync-1 serves",
        "(1)</strong>: zync",
    ):
        assert sentence in top
    assert "(1)</strong>: backend-cron" in top
    assert "(1)</strong>: apicast-staging" in top
    assert words.count('class="wave"') == 2
    assert "secret" in words
    assert TOKEN not in words

    run = world.journals[-1].stem
    again = world.run("history", run, "--report", str(tmp_path / "again.html"))
    assert again.code == 0, again.all
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == words

    undone = world.run("undo", "--yes", "--report", str(tmp_path / "undo.md"))
    assert undone.code == 0, undone.all
    markdown = (tmp_path / "undo.md").read_text(encoding="utf-8")
    assert "as before, and the pods prove it" in markdown
    assert run in markdown
    assert re.search(r"\| zync \| ✓ done, proved by the pods \| zync-3-\w+ \| default \|", markdown), markdown

    looked = world.run("verify", *SMALL, "--report", str(tmp_path / "verify.md"), "--lang", "ja")
    assert looked.code == 1
    assert "| zync |" in (tmp_path / "verify.md").read_text(encoding="utf-8")


@pytest.mark.long
def test_a_report_says_what_a_change_record_asks_for_and_a_rehearsal_what_it_is(tmp_path: Path) -> None:
    environment = launch.create(tmp_path / "cluster", speed=40, server="https://api.prod.example.com:6443")
    (tmp_path / "cluster" / launch.EXAMPLE_SECRET).write_text(launch.example_secret(TOKEN), encoding="utf-8")
    world = make_world(tmp_path / "other")
    world.environment.update(environment)
    secret = str(tmp_path / "cluster" / launch.EXAMPLE_SECRET)
    done = world.run(
        "migrate", "--yes", "--secret-file", secret, "--dc", "zync-database", "--report", str(tmp_path / "r.md"), "--ticket", "CHG-4711",
        TZ="Asia/Tokyo",
    )  # fmt: skip
    assert done.code == 0, done.all
    words = (tmp_path / "r.md").read_text(encoding="utf-8")
    assert "api.prod.example.com" in words
    for part in (
        "REHEARSAL",
        "`CHG-4711`",
        "UTC",
        "JST",
        "- oc: `",
        "Kubernetes: `v",
        "3scale: `",
        "zync-database: down for at most",
        "the data in its emptyDir is saved and restored",
        "- sa/amp\n",
        "- secret/threescale-registry-auth\n",
        "<details><summary>✓",
    ):
        assert part in words, (part, words)
    # A project that says nothing of it is no rehearsal's.
    first = json.loads(world.journals[-1].read_text(encoding="utf-8").splitlines()[0])
    assert first["rehearsal"] is True
    assert not of_record(records.record_of([{**first, "rehearsal": False}], Path())).rehearsal


def test_a_report_that_cannot_be_written_stops_the_run_before_its_first_change(world: World) -> None:
    before = world.objects()
    for path in ("missing/report.html", "report.txt"):
        refused = world.migrate("--report", str(world.home / path))
        assert refused.code == 2, refused.all
        assert path.rpartition("/")[2] in refused.err
    assert world.run("history", "--report", "r.html").code == 2
    assert world.objects() == before
    assert world.journals == []


def test_a_report_does_not_say_of_what_was_not_asked_for_that_it_cannot_be_read(world: World) -> None:
    done = world.run("verify", "--skip", "permissions", "--report", "report.md")
    assert done.code == 1, done.all
    assert "cannot be read" not in (world.home / "report.md").read_text(encoding="utf-8")
    world.faults("forbidden=list:imagestreams")
    world.run("verify", "--report", "other.md")
    said = (world.home / "other.md").read_text(encoding="utf-8")
    assert "is cannot be read" in said
    assert "quota cannot be read" not in said


def test_the_impact_comes_before_the_details_and_says_once_who_was_down(world: World) -> None:
    assert world.migrate("--dc", "system-mysql", "--report", "r.md").code == 0
    text = (world.home / "r.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings.index("Impact of the redeployments") < headings.index("Rollouts over time")
    assert headings.index("Impact of the redeployments") < headings.index("Run details")
    (down,) = [line for line in text.splitlines() if line.startswith("- system-mysql: ") and "down" in line]
    assert re.fullmatch(r"- system-mysql: down for at most [\d.]+ s", down)
    shown = world.home / "r.html"
    assert world.run("history", world.journals[-1].stem, "--report", str(shown)).code == 0
    html = shown.read_text(encoding="utf-8")
    assert html.index("Impact of the redeployments") < html.index("Run details")
    assert html.count("it is down while it redeploys") == 0
