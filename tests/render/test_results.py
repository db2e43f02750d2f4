"""Each kind of result in each format: none is forgotten, each is one document, and a failure is one too."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from threescale_migrate.check_codes import Code
from threescale_migrate.engine import records
from threescale_migrate.engine.run_failure import Failure
from threescale_migrate.exit_codes import ExitCode
from threescale_migrate.guide.selection import Wave
from threescale_migrate.options import Options
from threescale_migrate.render import formats
from threescale_migrate.render.project_outcome import Changed, Outcome
from threescale_migrate.render.result import (
    Checked,
    Nothing,
    Order,
    Plan,
    Preflight,
    Printed,
    Projects,
    Result,
    Run,
    Runs,
    Seen,
    Told,
)
from threescale_migrate.render.terminal import Screen, Terminal
from threescale_migrate.values import Check, Group, Step, Text, Verdict, english

BAD = Check(Step.READINESS, Code.ROLLOUT_COMPLETE, "dc/zync", Verdict.FAILED, Text("it is stuck"))
FOUND = Check(Group.LOGIN, Code.CONFIG_HEALTHY, "dc/zync", Verdict.FAILED, Text("it is sick"))
RECORD = records.record_of(
    [
        {"event": "start", "at": "2026-11-24T02:10:00.000Z", "run": "r1", "command": "migrate", "server": "s", "project": "p", "user": "u"},
        {"event": "finish", "at": "2026-11-24T02:11:00.000Z", "outcome": "failed", "exit_code": 1},
    ],
    Path("r1.jsonl"),
)  # fmt: skip
OUTCOME = Outcome("p", "p", ExitCode.FAILED, (BAD,))
# Of each kind one, and a word that a person has to find on the screen.
KINDS: tuple[tuple[Seen, str], ...] = (
    (Failure((Text("no such luck"),)), "no such luck"),
    (Nothing(), ""),
    (Printed("echo hello\n"), "echo hello"),
    (Told((Text("saved it"),), (Text("not that"),)), "not that"),
    (Checked("p", (BAD,)), "it is stuck"),
    (Preflight("p", (FOUND,)), "it is sick"),
    (Plan("p", (), (), (Wave("first", ("zync",)),), (), (Text("a note"),)), "a note"),
    (Order("p", (Wave("first", ("zync",)),)), "zync  # first"),
    (Projects((OUTCOME,)), "it is stuck"),
    (Runs((RECORD,), frozenset({"r1"})), "undone since"),
    (Run(RECORD, undone=False), "To resume it:"),
)


def shown(result: Result, **options: Any) -> tuple[str, str, int]:
    """What is written to stdout and to stderr, and the exit code."""
    streams = (io.StringIO(), io.StringIO())
    screen = Screen(*(Terminal(stream, False, False, english) for stream in streams))
    code = formats.write(result, screen, Options(**options))
    return streams[0].getvalue(), streams[1].getvalue(), code


def test_each_kind_of_result_is_here() -> None:
    assert {type(seen) for seen, _ in KINDS} == set(get_args(Seen))


@pytest.mark.parametrize(("seen", "said"), KINDS, ids=[type(seen).__name__ for seen, _ in KINDS])
@pytest.mark.parametrize("form", ["text", *formats.FORMATS])
def test_each_kind_is_shown_in_each_format(seen: Seen, said: str, form: str) -> None:
    result = Result("verify", ExitCode.FAILED, seen)
    out, err, code = shown(result, output=form)
    assert code == (2 if form == "nagios" and result.outcomes else 3 if form == "nagios" else 1)
    if isinstance(seen, Nothing):
        assert out + err == ""
    elif form == "text":
        assert said in out + err
    elif form in ("json", "yaml") and not isinstance(seen, (Printed, Told)):
        document = json.loads(out) if form == "json" else yaml.safe_load(out)
        assert document["version"] == 1
        assert document["command"] == ("migrate" if isinstance(seen, Run) else "verify"), (
            "of a run it is that of the run"
        )
    elif form == "nagios":
        assert out.startswith("3SCALE ")
        assert out.count("\n") == 1
    elif form == "junit":
        assert out.startswith("<?xml")


@pytest.mark.parametrize("form", ["text", *formats.FORMATS])
def test_a_failure_is_said_to_people_whatever_programs_get(form: str) -> None:
    out, err, _ = shown(Result("plan", ExitCode.REFUSED, Failure((Text("no such luck"),))), output=form)
    assert "no such luck" in err
    assert ("no such luck" in out) is (form != "text")


def test_what_ended_another_command_leaves_its_output_to_that() -> None:
    refused = Result("script", ExitCode.REFUSED, Preflight("p", (FOUND,), refused=True))
    out, err, code = shown(refused)
    assert (out, code) == ("", 4)
    assert "it is sick" in err
    out, err, _ = shown(refused, output="json")
    assert json.loads(out)["ready"] is False
    assert "it is sick" not in err


def test_quiet_is_silent_where_all_is_well_and_changes_alone_are_shown_where_they_are_asked_for() -> None:
    well = Check(Step.READINESS, Code.ROLLOUT_COMPLETE, "dc/zync", Verdict.PASSED, Text("it is well"))
    assert shown(Result("verify", ExitCode.DONE, Checked("p", (well,))), quiet=True)[:2] == ("", "")
    assert "stuck" in shown(Result("verify", ExitCode.FAILED, Checked("p", (BAD,))), quiet=True)[0]
    changed = Checked("p", (well, BAD), changes=(Changed(BAD, "passed"),))
    out, _, _ = shown(Result("verify", ExitCode.FAILED, changed))
    assert "before: passed" in out
    assert "it is well" not in out


def test_notes_are_talk_and_leave_a_document_alone() -> None:
    noted = Result("migrate", ExitCode.DONE, Checked("p", ()), notes=(Text("nothing was left"),))
    assert "nothing was left" in shown(noted)[1]
    assert shown(noted, quiet=True)[1] == ""
    assert "nothing was left" not in "".join(map(str, shown(noted, output="json")))
