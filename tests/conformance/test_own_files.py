"""Scenarios that somebody recorded elsewhere are held against the rehearsal unchanged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.table import main, replayed
from tests.live import record
from tests.support import recorded
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
    out = tmp_path / "own"
    assert record.main([str(tmp_path / "list"), str(out), "--begins", "nothing", "--about", "a test"]) == 0
    return out


def test_what_the_recorder_wrote_is_replayed_unchanged(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = replayed(recording)
    assert len(outcomes) == 10
    assert [outcome.call.command for outcome in outcomes if not outcome.matches] == []
    assert sum(outcome.code != 0 for outcome in outcomes) == 2
    assert main([str(recording)]) == 0
    assert "10 of 10 calls match" in capsys.readouterr().out


def test_a_scenario_that_is_there_is_not_written_over(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert record.main([str(recording.parent / "list"), str(recording)]) == 2
    assert "File exists" in capsys.readouterr().err


def test_what_differs_is_shown_with_exit_code_1(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [shown] = recording.glob("*-get-sa-amp-o-yaml/stdout.txt")
    shown.write_text(shown.read_text(encoding="utf-8").replace("name: amp", "name: other"), encoding="utf-8")
    assert main([str(recording)]) == 1
    out = capsys.readouterr().out
    assert "9 of 10 calls match" in out
    assert "-  name: other" in out


@pytest.mark.parametrize(
    ("about", "call", "sentence"),
    [
        ("{}", "", "it has to say what the scenario is"),
        ("nonsense", "", "it is no JSON"),
        ("[]", "", "it is no JSON object"),
        ('{"scenario": "x"}', '{"argv": ["oc"]}', "it is no recorded call"),
        ('{"scenario": "x"}', '{"argv": ["oc"], "exit_code": 0, "stderr": "a text"}', "it is no recorded call"),
        ('{"scenario": "x", "begins": "sometime"}', "", "begins with 3scale, empty or nothing"),
    ],
)
def test_what_is_no_scenario_is_refused_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], about: str, call: str, sentence: str
) -> None:
    folder = tmp_path / "own"
    (folder / "001-x").mkdir(parents=True)
    (folder / "scenario.json").write_text(about, encoding="utf-8")
    if call:
        (folder / "001-x" / "call.json").write_text(call, encoding="utf-8")
    assert main([str(folder)]) == 2
    assert sentence in capsys.readouterr().err


def test_a_file_that_is_not_there_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nosuch"]) == 2
    assert "No such file or directory" in capsys.readouterr().err


def test_a_plain_user_in_an_empty_project(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    recorded.write(folder, {"scenario": "own", "begins": "empty", "user": "alice", "roles": ["view"]})
    answers = (
        (("oc", "whoami"), 0, "alice\n", ""),
        (("oc", "get", "pods"), 0, "", "No resources found in threescale namespace.\n"),
        (("oc", "auth", "can-i", "create", "pods"), 1, "no\n", ""),
    )
    for number, (argv, code, out, err) in enumerate(answers, 1):
        recorded.add(folder, number, recorded.Recorded("own", "", argv, None, code, out, err, 0.0))
    assert all(outcome.matches for outcome in replayed(folder))
