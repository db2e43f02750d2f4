"""A journal is read whatever became of its end, runs are distinguished and ordered, and no mask breaks a line."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from threescale_migrate.cluster.state import ProjectState
from threescale_migrate.engine import records, undo_sequence
from threescale_migrate.engine.journal import Journal, JournalError, NoJournal
from threescale_migrate.engine.journal_directory import directory_of
from threescale_migrate.engine.records import Record
from threescale_migrate.guide.config_changes import ConfigPatched
from threescale_migrate.redaction import Redactor
from threescale_migrate.values import NOTHING, Refused, Text, Usage

EMPTY = ProjectState("threescale", {}, {}, (), {}, (), {}, (), None, {})
SERVER = "https://api.example.test:6443"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return directory_of(SERVER, "threescale")


def write(directory: Path, command: str = "migrate", outcome: str = "done", **values: Any) -> Record:
    """A run with one change."""
    opened = Journal(directory, Redactor())
    opened.start(command, SERVER, "threescale", "Zoë", EMPTY, **values)
    opened.write(
        "begin",
        action=1,
        argv=["oc", "patch", "dc", "zync"],
        change=ConfigPatched(NOTHING, "zync", None, None, "amp", "amp").kept(),
    )
    opened.write("end", action=1, outcome="done", said="überschrieben ✓")
    if outcome:
        opened.write("finish", outcome=outcome, exit_code=0)
    opened.close()
    return records.read(opened.path)


def test_cut_off_anywhere_it_shows_what_it_still_knows(home: Path) -> None:
    path = write(home).path
    whole = path.read_bytes()
    lines = whole.split(b"\n")
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        if length <= len(lines[0]):
            with pytest.raises(NoJournal):
                records.read(path)
            continue
        record = records.read(path)
        assert record.torn == (not whole[:length].endswith(b"\n"))
        assert record.finished is None
        begun = length > len(lines[0]) + len(lines[1]) + 1
        ended = length > len(lines[0]) + len(lines[1]) + len(lines[2]) + 2
        assert [entry.outcome for entry in record.entries] == (["done" if ended else "unknown"] if begun else [])


def test_a_line_that_is_damaged_in_the_middle_is_not_passed_over(home: Path) -> None:
    path = write(home).path
    lines = path.read_bytes().split(b"\n")
    for damaged in (b"\x00\x00", b'{"event": "begin", "action": 1}', b"[1]"):
        path.write_bytes(b"\n".join([lines[0], damaged, *lines[2:]]))
        problems: list[Text] = []
        assert records.records(SERVER, "threescale", problems) == ()
        assert len(problems) == 1
        assert "line 2 of the journal" in str(problems[0])


ODD: tuple[tuple[int, str, object], ...] = (
    (0, "undoes", 5), (0, "undoes", [5]), (0, "only", "zync"), (0, "at", "yesterday"), (0, "at", 5), (0, "sequence", "x"), (0, "user", None),
    (0, "command_line", 5), (0, "warnings", [{"template": "{x}", "params": {}}]), (1, "argv", 5), (1, "argv", [5]), (1, "change", 5),
    (1, "change", {"kind": "x"}), (1, "action", "x"), (2, "outcome", 5), (2, "action", [1]), (3, "exit_code", "x"), (3, "event", 5),
)  # fmt: skip


@pytest.mark.parametrize(("number", "name", "value"), ODD)
def test_an_odd_journal_is_named_and_left_out(home: Path, number: int, name: str, value: object) -> None:
    good = write(home)
    path = write(home).path
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert number == 0 or name in lines[number]
    lines[number][name] = value
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    problems: list[Text] = []
    assert runs(records.records(SERVER, "threescale", problems)) == [good.run]
    assert [path.name in str(problem) for problem in problems] == [True]


def test_a_pipe_a_device_and_anything_else_in_place_of_a_journal_is_named_and_not_waited_for(home: Path) -> None:
    good = write(home)
    os.mkfifo(home / "a.jsonl")
    (home / "b.jsonl").symlink_to("/dev/zero")
    (home / "c.jsonl").mkdir()
    (home / "d.jsonl").write_bytes(b"\xff\xfe\n")
    (home / "e.jsonl").write_text("[1]\n")
    problems: list[Text] = []
    assert runs(records.records(SERVER, "threescale", problems)) == [good.run]
    assert len(problems) == 5
    write(home)


def test_a_journal_of_a_newer_version_is_not_taken_for_none(home: Path) -> None:
    path = write(home).path
    path.write_text(path.read_text(encoding="utf-8").replace('"version": 2', '"version": 3'), encoding="utf-8")
    with pytest.raises(JournalError, match="another version"):
        records.read(path)


def test_the_newest_run_is_the_last_that_began_though_the_clock_was_set_back(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write(home)
    began = time.time()
    monkeypatch.setattr(time, "time", lambda: began - 86400)
    monkeypatch.setattr(
        time, "strftime", lambda form, moment=None: "20200101T000000Z" if "%Y%m" in form else "2020-01-01T00:00:00"
    )
    second = write(home, "undo", undoes=[first.run])
    known = records.records(SERVER, "threescale")
    assert [record.run for record in known] == [first.run, second.run]
    assert [record.run for record in undo_sequence.to_undo(known)] == []
    assert undo_sequence.undone(known) == {first.run}


def test_two_runs_in_one_second_are_distinguished_by_name(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        time, "strftime", lambda form, moment=None: "20261124T000000Z" if "%Y%m" in form else "2026-11-24T00:00:00"
    )
    one, two = write(home), write(home)
    assert two.run == f"{one.run}-2"
    known = records.records(SERVER, "threescale")
    assert records.one_of(known, one.run).path == one.path
    assert records.one_of(known, two.run).path == two.path
    for name in ("20261124", "nosuch"):
        with pytest.raises(Usage):
            records.one_of(known, name)


def test_an_undo_that_did_not_come_to_its_end_is_continued(home: Path) -> None:
    one = write(home)
    two = write(home)
    half = write(home, "undo", "", undoes=[two.run])
    known = records.records(SERVER, "threescale")
    for named in (None, half.run):
        assert [record.run for record in undo_sequence.to_undo(known, named)] == [two.run]
    write(home, "undo", undoes=[two.run])
    known = records.records(SERVER, "threescale")
    assert undo_sequence.undone(known) == {two.run}
    assert [record.run for record in undo_sequence.to_undo(known)] == [one.run]


def runs(found: tuple[Record, ...]) -> list[str]:
    return [record.run for record in found]


def test_undone_twice_is_undone_once_and_an_undo_is_not_undone(home: Path) -> None:
    one = write(home)
    two = write(home)
    assert runs(undo_sequence.to_undo(records.records(SERVER, "threescale"))) == [two.run, one.run]
    back = write(home, "undo", undoes=[two.run, one.run])
    known = records.records(SERVER, "threescale")
    assert undo_sequence.to_undo(known) == ()
    with pytest.raises(Usage, match="is an undo"):
        undo_sequence.to_undo(known, back.run)
    write(home, "undo")  # --to-default, which names no run
    again = write(home)
    assert runs(undo_sequence.to_undo(records.records(SERVER, "threescale"))) == [again.run]


def test_an_undo_of_some_configs_leaves_the_migration_in_effect(home: Path) -> None:
    one = write(home)
    write(home, "undo", undoes=[one.run], only=["zync"])
    known = records.records(SERVER, "threescale")
    assert undo_sequence.undone(known) == set()
    assert runs(undo_sequence.to_undo(known)) == [one.run]


def test_runs_of_another_project_of_the_same_name_count_for_nothing(home: Path) -> None:
    old, new, unknown = write(home, uid="a"), write(home, uid="b"), write(home)
    known = records.records(SERVER, "threescale")
    mine, foreign = undo_sequence.of_identity(known, "b")
    assert (runs(mine), runs(foreign)) == ([new.run, unknown.run], [old.run])
    assert undo_sequence.of_identity(known, None) == (known, ())


def test_a_mask_never_breaks_a_line(home: Path) -> None:
    redact = Redactor()
    redact.learn('pass"word\\')
    opened = Journal(home, redact)
    opened.start("migrate", SERVER, "threescale", "x", EMPTY, said='--token=abc"def pass"word\\ ', n=1)
    opened.close()
    line = json.loads(opened.path.read_text(encoding="utf-8"))
    assert line["n"] == 1
    assert "abc" not in line["said"]
    assert "pass" not in line["said"]


def test_a_disk_without_room_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.mkdir(parents=True)
    there = os.statvfs(home)
    full = os.statvfs_result((*there[:3], 1, 1, *there[5:]))
    monkeypatch.setattr(os, "statvfs", lambda path: full)
    with pytest.raises(Refused, match="No space left"):
        Journal(home, Redactor())


def test_what_was_killed_before_its_start_leaves_no_file_behind(home: Path) -> None:
    opened = Journal(home, Redactor())
    opened.close()
    assert not opened.path.exists()
