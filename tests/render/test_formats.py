"""The lines and files that monitoring reads: whole and well-formed whatever stands in them."""

from __future__ import annotations

import io
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from threescale_migrate import shell
from threescale_migrate.check_codes import Code
from threescale_migrate.exit_codes import ExitCode
from threescale_migrate.guide.role_changes import RoleGranted
from threescale_migrate.options import Options
from threescale_migrate.render import document, junit, metrics, nagios, plan, text
from threescale_migrate.render.project_outcome import SEVERITY, Outcome, worst
from threescale_migrate.render.result import Checked, Plan, Result
from threescale_migrate.render.terminal import Terminal
from threescale_migrate.run import last_result
from threescale_migrate.run.inventory import read
from threescale_migrate.run.session import Session
from threescale_migrate.safe_text import visible
from threescale_migrate.shell import Invocation
from threescale_migrate.values import NOTHING, RESUME, Check, Command, Fix, Step, Text, Usage, Verdict

CHECKS = st.builds(
    Check,
    st.sampled_from(Step),
    st.sampled_from(Code),
    st.text().map(lambda name: f"dc/{name}"),
    st.sampled_from(Verdict),
    st.text().map(lambda seen: Text("{seen}", seen=seen)),
)
OUTCOMES = st.lists(
    st.builds(
        Outcome,
        name=st.text(),
        project=st.text(),
        code=st.sampled_from([ExitCode.DONE, ExitCode.FAILED, ExitCode.UNKNOWN]),
        checks=st.lists(CHECKS, max_size=4).map(tuple),
        error=st.just(NOTHING) | st.text(min_size=1).map(lambda why: Text("{why}", why=why)),
        seconds=st.floats(0, 1e4),
    ),
    min_size=1,
    max_size=4,
)


def outcome(code: ExitCode, *verdicts: Verdict, error: str = "") -> Outcome:
    whole = tuple(Check(step, Code.TEMPLATE_NAMES_AMP, "x", Verdict.PASSED, Text("seen")) for step in Step)
    checks = tuple(
        Check(Step.VERIFICATION, Code.PODS_RUN_AS_AMP, f"dc/c{number}", verdict, Text("seen"))
        for number, verdict in enumerate(verdicts)
    )
    return Outcome("p", "p", code, (*whole, *checks), Text(error))


@given(OUTCOMES)
def test_a_plugins_answer_is_one_line_with_one_bar_and_figures_behind_it(outcomes: list[Outcome]) -> None:
    line = nagios.line(outcomes)
    assert len(line.splitlines()) == 1
    words, bar, figures = line.partition(" | ")
    assert bar
    assert "|" not in words + figures
    assert all(figure.partition("=")[2][0].isdigit() for figure in figures.split())
    assert line.split()[1] == nagios.WORDS[nagios.worst(outcomes)]


@pytest.mark.parametrize(
    ("seen", "level"),
    [
        (outcome(ExitCode.DONE, Verdict.PASSED), 0),
        (outcome(ExitCode.DONE, Verdict.PASSED, Verdict.WARNING), 1),
        (outcome(ExitCode.FAILED, Verdict.FAILED, Verdict.UNKNOWN), 2),
        (outcome(ExitCode.UNKNOWN, Verdict.UNKNOWN), 3),
        (outcome(ExitCode.UNKNOWN, error="not logged in"), 3),
        (outcome(ExitCode.USAGE, error="no such config"), 3),
    ],
)
def test_the_plugins_level_distinguishes_a_failure_from_what_is_not_known(seen: Outcome, level: int) -> None:
    assert nagios.level(seen) == level


def test_one_project_that_failed_counts_more_than_many_that_are_not_known() -> None:
    assert nagios.worst([outcome(ExitCode.UNKNOWN, error="away"), outcome(ExitCode.FAILED, Verdict.FAILED)]) == 2
    assert worst([ExitCode.UNKNOWN, ExitCode.FAILED, ExitCode.DONE]) is ExitCode.FAILED
    assert worst([]) is ExitCode.DONE
    assert set(SEVERITY) == set(ExitCode)


@given(OUTCOMES)
def test_the_metrics_are_prometheus_text_and_old_values_never_look_fresh(outcomes: list[Outcome]) -> None:
    families = {family.name: family.samples for family in text_string_to_metric_families(metrics.text(outcomes, 12.5))}
    asked = families["threescale_migrate_asked"]
    assert [sample.value for sample in asked] == [float(item.asked) for item in outcomes]
    assert [sample.labels["project"] for sample in asked] == [visible(item.name) for item in outcomes]
    counted = len(families["threescale_migrate_checks"].copy())
    assert counted == len(Verdict) * sum(item.asked for item in outcomes)
    assert {sample.value for sample in families["threescale_migrate_last_run_timestamp_seconds"]} == {12.5}


def test_metrics_replace_the_file_in_one_step_and_leave_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "3scale.prom"
    metrics.write(str(path), [outcome(ExitCode.DONE, Verdict.PASSED)])
    metrics.write(str(path), [outcome(ExitCode.UNKNOWN, error="away")])
    assert "threescale_migrate_migrated{" not in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o777 == 0o644
    assert [entry.name for entry in tmp_path.iterdir()] == ["3scale.prom"]
    with pytest.raises(Usage, match="--metrics-file"):
        metrics.check_path(str(tmp_path / "nosuch" / "3scale.prom"))
    with pytest.raises(Usage, match="--metrics-file"):
        metrics.check_path(str(tmp_path))


@given(OUTCOMES, st.booleans())
def test_junit_is_xml_that_counts_what_it_holds(outcomes: list[Outcome], strict: bool) -> None:
    root = ElementTree.fromstring(junit.document(outcomes, strict))
    for suite, item in zip(root.iter("testsuite"), outcomes):
        assert int(suite.attrib["tests"]) == len(suite.findall("testcase")) == len(item.checks) + (not item.asked)
        assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
        assert int(suite.attrib["errors"]) == len(suite.findall("testcase/error"))


def test_changes_are_new_verdicts_and_new_words_but_not_other_words_of_what_passes_on(tmp_path: Path) -> None:
    def seen(verdict: Verdict, words: str) -> Outcome:
        check = Check(Step.READINESS, Code.ROLLOUT_COMPLETE, "dc/zync", verdict, Text("{words}", words=words))
        return Outcome("p", "p", ExitCode.FAILED, (check,))

    def changed(before: Outcome, after: Outcome) -> int:
        return len(last_result.changes(after, last_result.Last.of(before)))

    assert changed(seen(Verdict.PASSED, "revision 1"), seen(Verdict.PASSED, "revision 2")) == 0
    assert changed(seen(Verdict.PASSED, "a"), seen(Verdict.FAILED, "a")) == 1
    assert changed(seen(Verdict.FAILED, "a"), seen(Verdict.FAILED, "b")) == 1
    assert changed(seen(Verdict.FAILED, "a"), seen(Verdict.FAILED, "a")) == 0
    path = tmp_path / "last.json"
    last_result.write(path, last_result.Last.of(seen(Verdict.FAILED, "ä")))
    assert last_result.read(path) == last_result.Last.of(seen(Verdict.FAILED, "ä"))
    assert path.stat().st_mode & 0o777 == 0o600
    for garbage in ("", "[]", '{"code": 1}', '{"code": 1, "checks": {"a": 1}}', "\0"):
        path.write_text(garbage, encoding="utf-8")
        assert last_result.read(path) is None


def test_other_options_are_another_run() -> None:
    here = Options(namespace="a")
    assert last_result.path_of(here, "") == last_result.path_of(replace(here, timeout=1.0), "")
    for other in (replace(here, dc=("zync",)), replace(here, strict=True), replace(here, namespace="b")):
        assert last_result.path_of(here, "") != last_result.path_of(other, "")


GOOD = """
# all of ours
projects:
- gateway-a
- project: gateway-b
  context: prod
  options: {dc: [zync, backend-cron], allow-unknown: true, skip: permissions}
- name: third
  context: stage
"""


def test_an_inventory_names_projects_with_their_contexts_and_options(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yml"
    path.write_text(GOOD, encoding="utf-8")
    first, second, third = read(str(path))
    assert (first.name, first.context, first.project) == ("gateway-a", None, "gateway-a")
    assert second.name == "prod/gateway-b"
    own = Options(
        context="prod",
        namespace="gateway-b",
        dc=("zync", "backend-cron"),
        skip=(Step.PERMISSIONS,),
        allow_unknown=True,
    )
    assert second.applied(Session("verify")).options == own
    given_elsewhere = Session("verify", Options(strict=True, inventory=str(path)))
    assert second.applied(given_elsewhere).options == replace(own, strict=True)
    assert (third.name, third.context, third.project) == ("third", "stage", None)


@pytest.mark.parametrize(
    ("content", "line", "sentence"),
    [
        ("", 1, "a list of projects"),
        ("projects: {}\n", 1, "a list of projects"),
        ("- a\n- {project: b\n", 3, "not YAML"),
        ("- a\n\n- 7\n", 3, "an entry"),
        ("- a\n- {name: x}\n", 2, "an entry"),
        ("- a\n- {project: b, where: c}\n", 2, "there is no where"),
        ("- a\n- project: [b]\n", 2, "project has to be a name"),
        ("- a\n- b\n- a\n", 3, "named on line 1"),
        ("- {project: a, options: {frobnicate: 1}}\n", 1, "no option frobnicate"),
        ("- {project: a, options: {strict: 1}}\n", 1, "option strict has to be true or false"),
        ("- {project: a, options: {skip: nosuch}}\n", 1, "names of steps"),
        ("- &a [*a]\n", 1, "an entry"),
        ("- !!python/object:os.system x\n", 1, "not YAML"),
        ("\ufffe\n", 1, ""),
    ],
)
def test_a_bad_inventory_is_refused_with_file_and_line(tmp_path: Path, content: str, line: int, sentence: str) -> None:
    path = tmp_path / "inventory.yml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Usage) as refused:
        list(read(str(path)))
    assert f"inventory.yml, line {line}: " in str(refused.value)
    assert sentence in str(refused.value)


@given(st.binary(max_size=60) | st.text(alphabet="-{}[]: ab&*!\n", max_size=40).map(str.encode))
def test_no_inventory_makes_it_fail_otherwise(raw: bytes) -> None:
    import tempfile

    with tempfile.NamedTemporaryFile() as file:
        file.write(raw)
        file.flush()
        said = "line"
        try:
            list(read(file.name))
        except Usage as error:
            said = str(error)
        assert "line" in said


# What moves a cursor, colours, rings, retitles a window, or turns the reading direction around; and each control character.
HARMFUL = ["\x1b[31m", "\x1b]0;title\x07", "\x1b", "\x9b31m", "\u202e", "\u2066", "\u2028", "\ufeff", "\r", "\udcff"]
EVIL = st.lists(
    st.sampled_from(HARMFUL)
    | st.characters(categories=("Cc", "Cf", "Zl", "Zp"))
    | st.sampled_from(["日本語、", "é", "ابجد", "`touch x`", "$(touch x)", " | ", "ok"]),
    max_size=6,
).map("".join)
LETTERS = ("日本語、", "ابجد")


def harmless(text: str) -> None:
    """Nothing in it that cannot be seen, but the ends of lines."""
    assert all(letter.isprintable() or letter == "\n" for letter in text), ascii(text)


@given(EVIL, EVIL, EVIL)
def test_nothing_that_a_cluster_says_moves_a_terminal_or_turns_its_text_around(name: str, said: str, fix: str) -> None:
    check = Check(
        Step.VERIFICATION,
        Code.PODS_RUN_AS_AMP,
        f"dc/{name}",
        Verdict.FAILED,
        Text("{s}", s=said),
        Fix(Text("{f}", f=fix), (Command(("oc", fix)),)),
    )
    action = RoleGranted(Text("{s}", s=said), "threescale", "amp", "threescale", "Role", name, name)
    found = Outcome(name, name, ExitCode.FAILED, (check,))
    lost = Outcome(name, name, ExitCode.UNKNOWN, error=Text("{s}", s=said or "x"))
    for colour in (False, True):
        stream = io.StringIO()
        terminal = Terminal(stream, colour, False, lambda template, many=None, count=0: template)
        text.show_checks(terminal, [check], verbose=True)
        plan.show_plan(terminal, Plan(name, (action,), (), (), (), ()), verbose=True)
        terminal.line(said)
        harmless(re.sub(r"\x1b\[(0|1|3[1-6]|90)m", "", stream.getvalue()) if colour else stream.getvalue())
        assert all(letters in stream.getvalue() for letters in LETTERS if letters in fix)
    harmless(nagios.line((found, lost)))
    harmless(junit.document((found, lost)))
    harmless(metrics.text((found, lost), 0))
    shown = document.as_json(Result("verify", 1, Checked(name, (check,))))
    harmless(shown)
    assert json.loads(shown)["checks"][0]["seen"] == str(check.seen)
    assert "$(" not in shown
    assert "`" not in shown
    lines = io.StringIO()
    watcher = document.LinesWatcher(lines)
    watcher.began(action, ("oc", *action.args))
    watcher.ended(action, "failed", 1.0, said)
    watcher.note(Text("{s}", s=said))
    harmless(lines.getvalue())
    assert json.loads(lines.getvalue().split("\n")[0])["argv"] == ["oc", *action.args]


@given(EVIL | st.text())
def test_a_word_that_is_pasted_is_that_word_to_a_shell_and_one_line(word: str) -> None:
    quoted = shell.quoted(word.replace("\0", ""))
    harmless(quoted)
    assert "\n" not in quoted
    program = f"printf %s {quoted}".encode("utf-8", "surrogateescape")
    said = subprocess.run(["bash", "-c", program], capture_output=True, check=True).stdout
    assert said == word.replace("\0", "").encode("utf-8", "surrogateescape")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(document_=st.dictionaries(st.text(), VALUES, max_size=4))
def test_yaml_says_what_json_says_and_hides_nothing(document_: dict[str, object]) -> None:
    shown = document.yaml_of(document_)
    assert yaml.safe_load(shown) == json.loads(document.json_of(document_))
    assert all(line.isprintable() for line in shown.split("\n"))
    assert not re.search(r"`|\$[({]", shown)


@pytest.mark.parametrize("words", ["no", "1e3", "`rm`", "a\u202eb", "$(x)\n`y`", "\\`", "\\\\$(", "日本 …", "\x1b[31m"])
def test_yaml_keeps_each_word(words: str) -> None:
    assert yaml.safe_load(document.yaml_of({"words": words})) == {"words": words}


def test_a_fix_in_the_document_of_an_undo_is_followed_by_the_undo_again() -> None:
    fix = Fix(Text("fix that"), (RESUME,))
    check = Check(Step.READINESS, Code.ROLLOUT_COMPLETE, "dc/zync", Verdict.FAILED, Text("it failed"), fix)
    said = {
        command: document.verification(command, "p", (check,), 1, Invocation("p", command=command))["checks"][0]["fix"]
        for command in ("undo", "verify")
    }
    assert said == {
        command: {
            "sentence": "fix that",
            "commands": [{"line": f"threescale-migrate {again} --namespace=p", "by": "user"}],
        }
        for command, again in (("undo", "undo"), ("verify", "migrate"))
    }
