"""Scenarios that somebody recorded elsewhere are held against the rehearsal unchanged."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.conformance.table import main, replayed
from tests.live import record
from threescale_migrate.rehearsal import launch
from threescale_migrate.rehearsal.beginning import create_cluster

LIST = """
# a project of one's own
oc new-project threescale
oc create -f - < account.yml
oc secrets link default nosuch --for=pull
oc create -f config.yml
sleep 0.4
oc get dc
oc auth can-i --list
oc patch dc one --patch '{"spec":{"template":{"spec":{"serviceAccountName":"amp"}}}}'
oc get sa amp -o yaml
oc get dc one -o jsonpath={.spec.template.spec.serviceAccountName}
oc nosuchcommand
"""
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: amp\n"
CONFIG = """apiVersion: apps.openshift.io/v1
kind: DeploymentConfig
metadata:
  name: one
spec:
  replicas: 1
  selector: {name: one}
  template:
    metadata: {labels: {name: one}}
    spec:
      containers: [{name: one, image: quay.io/a/b}]
"""


@pytest.fixture
def recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the recorder writes of a list of commands, run by a rehearsal in which there is no project yet."""
    cluster = tmp_path / "cluster"
    create_cluster(cluster, launch.bare(None))
    for name, value in launch.prepare(cluster, "default").items():
        monkeypatch.setenv(name, value)
    for name, text in (("list", LIST), ("account.yml", ACCOUNT), ("config.yml", CONFIG)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    out = tmp_path / "own.jsonl"
    assert record.main([str(tmp_path / "list"), str(out), "--begins", "nothing", "--about", "a test"]) == 0
    return out


def test_what_the_recorder_wrote_is_replayed_unchanged_plain_and_packed(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes = replayed(recording)
    assert len(outcomes) == 10
    assert [outcome.call.command for outcome in outcomes if not outcome.matches] == []
    assert sum(outcome.code != 0 for outcome in outcomes) == 2
    packed = recording.with_name("own.jsonl.gz")
    packed.write_bytes(gzip.compress(recording.read_bytes()))
    assert main([str(packed)]) == 0
    assert "10 of 10 calls match" in capsys.readouterr().out


def test_what_differs_is_shown_with_exit_code_1(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [json.loads(line) for line in recording.read_text(encoding="utf-8").splitlines()]
    changed = next(line for line in lines if line.get("argv", [])[:3] == ["oc", "get", "sa"])
    changed["stdout"] = changed["stdout"].replace("name: amp", "name: other")
    recording.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert main([str(recording)]) == 1
    shown = capsys.readouterr().out
    assert "9 of 10 calls match" in shown
    assert "-  name: other" in shown


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the first line has to say"),
        (b'{"argv": ["oc"]}\n', "line 1 is no line"),
        (b'{"scenario": "x"}\nnonsense\n', "line 2 is no line"),
        (b'{"scenario": "x", "begins": "sometime"}\n', "begins with 3scale, empty or nothing"),
        (gzip.compress(b'{"scenario": "x"}\n' * 99, mtime=0)[:-12], "is no line"),
        (b"\xff\xfe\x00", "line 1 is no line"),
    ],
)
def test_what_is_no_scenario_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, sentence: str
) -> None:
    file = tmp_path / "own.jsonl"
    file.write_bytes(content)
    assert main([str(file)]) == 2
    assert sentence in capsys.readouterr().err


def test_a_file_that_is_not_there_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nosuch.jsonl"]) == 2
    assert "No such file or directory" in capsys.readouterr().err


def test_a_plain_user_in_an_empty_project(tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl"
    lines = [
        {"scenario": "own", "begins": "empty", "user": "alice", "roles": ["view"]},
        {"argv": ["oc", "whoami"], "exit_code": 0, "stdout": "alice\n", "stderr": ""},
        {
            "argv": ["oc", "get", "pods"],
            "exit_code": 0,
            "stdout": "",
            "stderr": "No resources found in threescale namespace.\n",
        },
        {"argv": ["oc", "auth", "can-i", "create", "pods"], "exit_code": 1, "stdout": "no\n", "stderr": ""},
    ]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert all(outcome.matches for outcome in replayed(file))
