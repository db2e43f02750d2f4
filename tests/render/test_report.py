"""Reports from journals: what they tell, and that nothing from a cluster breaks them."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.render.test_formats import EVIL, harmless
from threescale_migrate import check_json
from threescale_migrate.check_codes import Code
from threescale_migrate.engine import records
from threescale_migrate.guide.config_changes import ConfigPatched
from threescale_migrate.render.journal_report import of_record
from threescale_migrate.render.report import Phase, Standing
from threescale_migrate.render.report_page import code, markdown, page
from threescale_migrate.run.reports import writable_report
from threescale_migrate.values import RESUME, Check, Command, Fix, Step, Text, Usage, Verdict

HOSTILE = '<script>alert("x")</script> | `a` *b* [c](javascript:x) \' & \n# {name}'


def text(template: str, **params: object) -> Any:
    return Text(template, **params).kept()


def at(seconds: float) -> str:
    return f"2026-11-24T02:{10 + int(seconds // 60):02d}:{seconds % 60:06.3f}Z"


def action(number: int, config: str, began: float, why: str = "") -> list[dict[str, Any]]:
    change = ConfigPatched(Text("{why}", why=why or "it has to run as amp"), config, None, None, "amp", "amp")
    begin = {
        "event": "begin",
        "at": at(began),
        "action": number,
        "step": "deployment-configs",
        "subject": f"dc/{config}",
        "argv": ["oc", "patch", "dc", config],
        "change": change.kept(),
    }
    return [begin, {"event": "end", "at": at(began + 1), "action": number, "outcome": "done", "seconds": 0.9}]


def rollout(config: str, seconds: float, state: str, reached: bool = False) -> dict[str, Any]:
    return {"event": "rollouts", "at": at(seconds), "configs": {config: {"state": state, "reached": reached}}}


def shown(state: str, reached: bool, *pods: str) -> dict[str, Any]:
    carried = ["threescale-registry-auth"] if reached else []
    return {
        "account": "amp",
        "goal": "amp",
        "state": state,
        "reached": reached,
        "why": text("{said}", said=HOSTILE),
        "fix": None,
        "revision": 2,
        "ready": len(pods),
        "wanted": 1,
        "pods": [
            {
                "name": pod,
                "account": "amp",
                "pull_secrets": carried,
                "ready": True,
                "controller": "x-2",
                "proves": reached,
            }
            for pod in pods
        ],
    }


def failed_run(hostile: str = HOSTILE) -> records.Record:
    """zync fails in its wave after backend-cron went well; APIcast was not begun."""
    failed = {
        "config": "zync",
        "why": text("{name}: {detail}", name="zync", detail=hostile),
        "serves": text(
            "{controller} serves, with {count} pods as {account}", controller="zync-1", count=1, account="default"
        ),
        "fix": check_json.of_fix(Fix(Text("fix it"))),
    }
    lines: list[dict[str, Any]] = [
        {
            "event": "start",
            "at": at(0),
            "run": "20261124T021000Z-1",
            "command": "migrate",
            "server": "https://api.example.test:6443",
            "project": hostile,
            "user": hostile,
            "state": {"configs": {"zync": {"account": None}}, "accounts": {}, "bindings": [], "secret": None},
        },
        {"event": "wave", "at": at(1), "name": "first", "number": 1, "total": 3, "configs": ["backend-cron"]},
        *action(1, "backend-cron", 2, hostile),
        rollout("backend-cron", 4, "waiting for the deployer"),
        rollout("backend-cron", 8, "hooks"),
        rollout("backend-cron", 10, "under way"),
        rollout("backend-cron", 20, "complete", reached=True),
        {"event": "wave", "at": at(21), "name": "zync", "number": 2, "total": 3, "configs": ["zync"]},
        *action(2, "zync", 22),
        *action(3, "system-redis", 24),
        rollout("zync", 30, "under way"),
        {"event": "failed", "at": at(90), "configs": [failed]},
        {
            "event": "proof",
            "at": at(90),
            "configs": {
                "backend-cron": shown("complete", True, "backend-cron-2-abcde"),
                "zync": shown("under way", False, "zync-1-abcde"),
                "system-redis": {**shown("stale: paused", False), "why": text("it is paused")},
                "apicast-production": {**shown("complete", False), "account": "default"},
            },
        },
        {"event": "finish", "at": at(91), "outcome": "rollout_failed", "exit_code": 5, "said": "zync failed"},
    ]
    return records.record_of(lines, Path("x.jsonl"))


def test_a_failed_run_says_first_what_failed_why_where_all_stand_and_what_to_do() -> None:
    sentence = of_record(failed_run("it cannot be pulled"))
    assert sentence.verdict is Verdict.FAILED
    assert str(sentence.outcome) == "not migrated: rollout failed (exit code 5)"
    assert [str(failure.why) for failure in sentence.failures] == ["zync: it cannot be pulled"]
    assert str(sentence.failures[0].serves) == "zync-1 serves, with 1 pods as default"
    assert {config.name: config.standing for config in sentence.configs} == {
        "backend-cron": Standing.DONE,
        "zync": Standing.FAILED,
        "system-redis": Standing.STILL,
        "apicast-production": Standing.UNTOUCHED,
    }
    assert any("undo 20261124T021000Z-1" in step.command for step in sentence.next_steps)
    words = page(sentence, ".html", "en").partition('class="outcome')[2]
    order = [
        "not migrated",
        "it cannot be pulled",
        "zync-1 serves",
        "fix:</span>",
        "system-redis (it is paused)",
        "not begun",
        "<svg role",
    ]
    assert [words.index(each) for each in order] == sorted(words.index(each) for each in order)


def test_the_bars_are_the_phases_as_the_journal_saw_them() -> None:
    first, second = of_record(failed_run()).bands
    assert [(span.phase, span.start, span.end) for span in first.bars[0].spans] == [
        (Phase.WAITING, 2, 8),
        (Phase.HOOKS, 8, 10),
        (Phase.PODS, 10, 20),
        (Phase.READY, 20, 20),
    ]
    assert [(span.phase, span.start) for span in second.bars[0].spans] == [
        (Phase.WAITING, 22),
        (Phase.PODS, 30),
        (Phase.FAILED, 90),
    ]
    assert str(first.bars[0].sentence) == "ready after 18 s"
    assert str(second.bars[0].sentence) == "failed after 68 s"


class Reader(HTMLParser):
    """Collects the tags and what would be run or fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.open: list[str] = []
        self.unclosed: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.fetched += [
            f"{name}={value}" for name, value in attributes if name in ("src", "href") or name.startswith("on")
        ]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open.pop() != tag:
            self.unclosed.append(tag)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_a_cluster_says_is_text_and_nothing_else_in_html(language: str) -> None:
    words = page(of_record(failed_run()), ".html", language)
    reader = Reader()
    reader.feed(words)
    assert "script" not in reader.tags
    assert reader.fetched == []
    assert reader.unclosed == []
    assert reader.open == []
    assert words.count("&lt;script&gt;") >= 4
    assert "http-equiv" in words
    assert "default-src 'none'" in words
    assert "None" not in words


def test_a_command_stands_by_itself_and_is_copied_as_one_line() -> None:
    sentence = of_record(failed_run("it cannot be pulled"))
    undo = sentence.next_steps[-1].command
    words = page(sentence, ".html", "en")
    blocks = [html.unescape(re.sub(r"<[^>]*>", "", block)) for block in re.findall(r"<pre>.*?</pre>", words)]
    assert undo in blocks
    assert f"1. or to undo it: `{undo}`\n" in page(sentence, ".md", "en")


def test_what_a_cluster_says_makes_no_cells_links_or_html_in_markdown() -> None:
    words = page(of_record(failed_run()), ".md", "en")
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", words)
    assert "<script" not in outside
    assert not re.search(r"(?<!\\)\]\(", outside)
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in words.splitlines() if row.startswith("| 02:"))
    assert not any(line.startswith("# {") for line in words.splitlines())


def test_markdown_that_is_escaped_reads_as_it_was() -> None:
    assert markdown("a|b *c* <d> `e`") == "a\\|b \\*c\\* &lt;d&gt; \\`e\\`"


def test_a_journal_that_ends_in_the_middle_still_has_a_report() -> None:
    whole = failed_run()
    for length in range(1, len(whole.lines) + 1):
        sentence = of_record(records.record_of(whole.lines[:length], Path("x.jsonl")))
        assert "<h1>" in page(sentence, ".html", "en")
        assert page(sentence, ".md", "ja")
    assert "died before it finished" in str(of_record(records.record_of(whole.lines[:5], Path("x.jsonl"))).outcome)


def test_texts_come_out_of_a_journal_as_they_went_in() -> None:
    inner = Text("gone for {seconds} s", seconds=2.5)
    whole = Text("{name}: {why}\n{lines}", name="zync", why=inner, lines=(inner, Text("b")))
    again = Text.revived(whole.kept())
    assert again == whole
    assert str(Text.revived("as an older journal has it {x}")) == "as an older journal has it {x}"


@pytest.mark.parametrize(
    ("name", "sentence"), [("r.txt", "end in .html"), ("nowhere/r.html", "No such file"), ("d.html", "is a directory")]
)
def test_a_path_that_cannot_be_written_is_refused(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "d.html").mkdir()
    with pytest.raises(Usage, match=sentence):
        writable_report(str(tmp_path / name))
    assert list(tmp_path.iterdir()) == [tmp_path / "d.html"]


def test_what_several_steps_say_of_one_config_is_one_failure_with_its_fix() -> None:
    lines = [*failed_run().lines[:1]]
    checks = [
        check_json.of_check(Check(step, code, "dc/zync", Verdict.FAILED, Text(seen), Fix(Text("fix it"))))
        for step, code, seen in (
            (Step.READINESS, Code.ROLLOUT_COMPLETE, "it failed"),
            (Step.VERIFICATION, Code.PODS_RUN_AS_AMP, "it failed; zync-1 serves"),
        )
    ]
    lines.append({"event": "verified", "at": at(1), "checks": checks})
    found = of_record(records.record_of(lines, Path("x.jsonl"))).failures
    assert [(failure.subject, str(failure.why), str(failure.fix)) for failure in found] == [
        ("dc/zync", "it failed; zync-1 serves", "fix it")
    ]


def test_a_report_has_what_a_change_record_asks_for() -> None:
    lines = [dict(line) for line in failed_run("x").lines]
    lines[0]["server"] = "https://api.cluster.example.test:6443"
    lines[0]["warnings"] = [text("the token was not tested")]
    down = text("it is down while it redeploys")
    lines.insert(
        1, {"event": "plan", "at": at(0), "costs": [{"config": "backend-cron", "down": True, "costs": [down]}]}
    )
    report = replace(of_record(records.record_of(lines, Path("x.jsonl"))), ticket="CHG-`4711`")
    assert report.rehearsal
    assert [str(cost) for cost in report.costs] == ["backend-cron: down for at most 18 s"]
    for suffix in (".html", ".md"):
        shown = page(report, suffix, "en")
        for words in ("REHEARSAL", "CHG-`4711`", "the token was not tested", "down for at most 18 s"):
            assert words in shown, (suffix, words)
    lines[0]["server"] = "https://api.example.com:6443"
    real = of_record(records.record_of(lines, Path("x.jsonl")))
    assert "REHEARSAL" not in page(real, ".html", "en")


SECRET_WORDS = st.sampled_from(
    ["--token=abcdefghijklmnopqrstuvwxyz0123456789", "https://jo:hunter2hunter2@example.com/x"]
)


@given(st.lists(SECRET_WORDS | st.text("`|\\ab \n", max_size=6), min_size=1, max_size=5))
def test_masking_leaves_the_fences_of_code_in_markdown(words: list[str]) -> None:
    told = " ".join(words)
    shown = code(told)
    fence = re.match(r"`+", shown)
    assert fence is not None
    # Where no backtick is in it, as in every command of ours but for a hostile name, what is masked never touches the fence.
    assert shown.endswith(fence[0])
    inner = shown[len(fence[0]) : -len(fence[0])]
    assert not re.search(rf"(?<!`){fence[0]}(?!`)", inner), "the code would end early"
    assert "hunter2" not in shown
    assert "abcdefghijklmnopqrstuvwxyz0123456789" not in shown
    assert not re.search(r"(?<!\\)\|", shown), "it would end a cell"


def test_what_is_masked_in_a_report_keeps_its_backticks() -> None:
    told = "a|b --token=abcdefghijklmnopqrstuvwxyz0123456789"
    words = page(replace(of_record(failed_run("x")), ticket=told), ".md", "en")
    assert words.count(f"ticket: {code(told)}\n") == 1
    assert code(told) == "`a\\|b --token=***`"


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EVIL)
def test_no_control_character_of_a_cluster_is_in_a_report(said: str) -> None:
    report = replace(of_record(failed_run(said)), ticket=said, created=(said,), warnings=(Text("{s}", s=said),))
    for suffix in (".html", ".md"):
        words = page(report, suffix, "en")
        harmless(words)
        assert not re.search(r"<(script|img|a)\b", words)


def test_after_an_undo_that_failed_the_fix_is_followed_by_that_undo_and_no_migration() -> None:
    lines = [dict(line) for line in failed_run("x").lines]
    lines[0].update(command="undo", given=["--dc=zync"], arguments=[], context="c", project="amp-prod")
    for line in lines:
        for failed in line["configs"] if line["event"] == "failed" else ():
            failed["fix"] = check_json.of_fix(Fix(Text("fix it"), (Command(("oc", "logs", "zync-2-x")), RESUME)))
    report = of_record(records.record_of(lines, Path("x.jsonl")))
    assert report.failures[0].commands == ("oc logs zync-2-x --namespace=amp-prod --context=c",)
    again = "threescale-migrate undo --expect-server=https://api.example.test:6443 --dc=zync --namespace=amp-prod --context=c"
    assert [step.command for step in report.next_steps] == [again]
    for suffix in (".html", ".md"):
        words = page(report, suffix, "en")
        assert "threescale-migrate migrate" not in words
