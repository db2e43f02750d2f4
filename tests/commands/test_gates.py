"""`--gate` and `--pause`: what has to go well, and who has to say so, before the next wave is redeployed."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import GRACE, World
from tests.support.terminals import on_terminal

# Configs that are ready soon, each a wave.
CONFIGS = ("backend-cron", "backend-worker", "zync", "system-sphinx")


@pytest.fixture(name="waves")
def _waves(world: World) -> tuple[str, ...]:
    order = world.home / "order.txt"
    order.write_text("\n".join(CONFIGS) + "\n")
    return ("--dc", ",".join(CONFIGS), "--wave-plan", str(order))


def gate(world: World, body: str) -> str:
    """A gate's command: a script with that body, which notes what it found in its environment."""
    path = world.home / "gate.sh"
    path.write_text(f"#!/bin/sh\nenv | grep ^THREESCALE_MIGRATE_ | sort | tr '\\n' ' ' >> seen\necho >> seen\n{body}\n")
    path.chmod(0o755)
    return "./gate.sh"


def seen(world: World) -> list[str]:
    path = world.home / "seen"
    return path.read_text().splitlines() if path.exists() else []


def events(world: World, number: int = -1) -> list[dict[str, Any]]:
    return [json.loads(line) for line in world.journals[number].read_text(encoding="utf-8").splitlines()]


def migrated(world: World) -> list[str]:
    return [name for name in CONFIGS if world.accounts().get(name) == {"amp"}]


def test_a_gate_that_fails_in_wave_3_stops_the_run_and_what_stopped_it_is_asked_again(
    world: World, waves: tuple[str, ...]
) -> None:
    fails = '[ "$THREESCALE_MIGRATE_WAVE_NUMBER" != 3 ] || [ -e well ] || { cat cluster/registry-secret.yml; cat key; echo not well; exit 22; }'
    (world.home / "key").write_text(
        'curl -u admin:k3Jq0sZp7Vx2Lw9T https://gateway\n{"MASTER_ACCESS_TOKEN": "k3Jq0sZp7Vx2Lw9T"}\n'
    )
    options = (*waves, "--gate", gate(world, fails))
    done = world.migrate(*options, "--report", "report.md")
    assert done.code == 5, done.all
    assert "the gate failed after wave 3 of 4: exit code 22" in done.err
    assert "    not well" in done.err
    assert "k3Jq0sZp7Vx2Lw9T" not in done.err + world.journals[-1].read_text(encoding="utf-8")
    assert "threescale-migrate undo --namespace=threescale" in done.err
    assert "not begun, as before: system-sphinx" in done.err
    assert migrated(world) == ["backend-cron", "backend-worker", "zync"]
    assert world.accounts()["system-sphinx"] == {"default"}
    assert len(seen(world)) == 3
    for words in ("NAMESPACE=threescale", "WAVE_NUMBER=3", "WAVE_TOTAL=4", "WAVE_CONFIGS=zync"):
        assert f"THREESCALE_MIGRATE_{words} " in seen(world)[2]
    lines = events(world)
    gates = [line for line in lines if line["event"] in ("gate", "gated")]
    assert [line.get("outcome") for line in gates] == [None, "done", None, "done", None, "failed"]
    assert gates[4]["configs"] == ["zync"]
    assert gates[5]["exit_code"] == 22
    assert gates[5]["said"][-1] == "not well"
    assert (lines[-1]["event"], lines[-1]["exit_code"]) == ("finish", 5)
    report = (world.home / "report.md").read_text(encoding="utf-8")
    assert report.count("| --gate |") == 3
    assert "failed after" in report
    assert "not migrated: the gate failed (exit code 5)" in report.replace("\\", "")
    assert report.count("passed after") == 2
    assert "not well" in report
    # The next run does not go past what has stopped the first.
    before = world.objects()
    again = world.migrate(*options)
    assert again.code == 5, again.all
    assert world.objects() == before
    (world.home / "well").touch()
    whole = world.migrate(*options, "--report", "report.html")
    assert whole.code == 0, whole.all
    assert migrated(world) == list(CONFIGS)
    assert ["WAVE_NUMBER=3 " in line for line in seen(world)[3:]] == [True, True, False]
    assert "before the first wave of this run" in (world.home / "report.html").read_text(encoding="utf-8")
    undone = world.run("undo", "--yes", "--grace", GRACE)
    assert undone.code == 0, undone.all
    assert migrated(world) == []


def test_a_gate_that_fails_has_the_run_undone_on_request(world: World, waves: tuple[str, ...]) -> None:
    fails = '[ "$THREESCALE_MIGRATE_WAVE_NUMBER" != 2 ]'
    done = world.migrate(*waves, "--gate", fails, "--on-failure", "undo")
    assert done.code == 5, done.all
    assert "the gate failed after wave 2 of 4: exit code 1" in done.err
    assert "the run was undone: everything is as before" in done.err
    assert migrated(world) == []


@pytest.mark.long
@pytest.mark.parametrize("holds", ["", "trap '' TERM; "], ids=["asked", "killed"])
def test_a_gate_that_does_not_end_is_ended_with_all_that_it_has_started(
    world: World, waves: tuple[str, ...], holds: str
) -> None:
    body = f"{holds}sleep 600 & echo $! > child; {holds}wait; sleep 600"
    began = time.monotonic()
    done = world.migrate(*waves, "--gate", gate(world, body), "--gate-timeout", "2s")
    assert done.code == 5, done.all
    assert time.monotonic() - began < 60
    assert "it was still running after 2 s, and was stopped" in done.err
    assert not runs(int((world.home / "child").read_text()))


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.long
def test_what_a_gate_leaves_behind_does_not_hold_the_run(world: World, waves: tuple[str, ...]) -> None:
    done = world.migrate(*waves, "--gate", gate(world, "setsid sleep 60 & echo $! >> children; yes | head -c 300000"))
    assert done.code == 0, done.all
    assert len(seen(world)) == 4
    for pid in (world.home / "children").read_text().split():
        if runs(int(pid)):
            os.kill(int(pid), signal.SIGKILL)


@pytest.mark.parametrize("holds", ["", "trap '' TERM; "], ids=["asked", "killed"])
def test_a_signal_ends_the_gate_at_once_and_the_journal_says_so(
    world: World, waves: tuple[str, ...], holds: str
) -> None:
    os.mkfifo(world.home / "asked")
    options = ("--yes", "--grace", GRACE, "--secret-file", world.secret, *waves)
    body = f"{holds}echo $$ > asked; sleep 600; sleep 600"
    process = world.popen("migrate", *options, "--gate", gate(world, body), "--gate-timeout", "1h", cwd=world.home)
    pid = int((world.home / "asked").read_text())
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143, err
    assert time.monotonic() - began < 20
    assert not runs(pid)
    assert migrated(world) == ["backend-cron"]
    assert [line["outcome"] for line in events(world) if line["event"] == "gated"] == ["unknown"]


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("curll -fsS https://gateway", "--gate: curll cannot be run"),
        ("./none.sh", "--gate: ./none.sh cannot be run"),
        ("if true; then", "--gate: sh cannot read the command"),
        ("  ", "--gate is empty"),
    ],
)
def test_a_gate_that_cannot_be_run_is_refused_before_oc_is_asked(world: World, command: str, sentence: str) -> None:
    (world.directory / "bin" / "oc").unlink()
    (world.directory / "bin" / "oc").write_text("#!/bin/sh\necho asked >&2\nexit 1\n")
    (world.directory / "bin" / "oc").chmod(0o755)
    done = world.migrate("--gate", command)
    assert done.code == 2, done.all
    assert sentence in done.err
    assert "asked" not in done.err
    assert world.journals == []


def test_a_key_in_the_command_itself_is_shown_nowhere(world: World, waves: tuple[str, ...]) -> None:
    key = "k3Jq0sZp7Vx2Lw9T"
    command = f"false 'https://gateway/?user_key={key}' -u admin:{key} -H 'app-key: {key}'"
    done = world.migrate(*waves, "--gate", command, "--report", "report.md")
    assert done.code == 5, done.all
    report = (world.home / "report.md").read_text(encoding="utf-8")
    assert "user_key=***" in done.err
    for where in (
        done.all,
        report,
        world.journals[0].read_text(encoding="utf-8"),
        world.run("history", "-o", "json").out,
    ):
        assert key not in where


def test_after_the_last_wave_nothing_is_left_that_a_second_run_could_continue_with(world: World) -> None:
    done = world.migrate("--dc", "backend-cron", "--gate", "false")
    assert done.code == 5, done.all
    assert "all waves are redeployed" in done.err
    assert "\n    threescale-migrate verify " in done.err
    assert world.migrate("--dc", "backend-cron", "--gate", "false").code == 0


def test_a_program_that_goes_missing_is_a_gate_that_fails(world: World, waves: tuple[str, ...]) -> None:
    done = world.migrate(*waves, "--gate", "true && no-such-program")
    assert done.code == 5, done.all
    assert "exit code 127" in done.err
    assert "no-such-program" in done.err


def test_a_pause_off_a_terminal_is_refused(world: World) -> None:
    before = world.objects()
    done = world.migrate("--pause")
    assert done.code == 2, done.all
    assert "--pause asks on a terminal" in done.err
    assert world.objects() == before


def paused(world: World, waves: tuple[str, ...], typed: list[bytes]) -> tuple[int, str]:
    """A migration on a terminal, where the answers are typed one after the other, each to a question."""
    options = ("--yes", "--grace", GRACE, "--secret-file", world.secret, "--pause", *waves)
    shown = on_terminal(world.command("migrate", *options), world.environment, answers=("Type y or n: ", typed))
    return shown.code, shown.raw


@pytest.mark.long
def test_a_pause_asks_after_each_wave_but_the_last(world: World, waves: tuple[str, ...]) -> None:
    code, raw = paused(world, waves, [b"y\n", b"what\n", b"yes\n", b"n\n"])
    assert code == 130, raw
    assert "stopped after wave 3 of 4, as answered" in raw
    assert migrated(world) == ["backend-cron", "backend-worker", "zync"]
    assert [line["outcome"] for line in events(world) if line["event"] == "gated"] == ["done", "done", "failed"]
    code, raw = paused(world, waves, [])
    assert code == 0, raw
    assert migrated(world) == list(CONFIGS)


@pytest.mark.long
def test_a_gate_that_fails_in_the_third_of_the_tools_own_waves_leaves_the_later_ones(world: World) -> None:
    command = 'test "$THREESCALE_MIGRATE_WAVE" != backend || { echo "gateway: 502" >&2; exit 1; }'
    done = world.migrate("--gate", command, "-o", "json")
    assert done.code == 5, done.all
    assert "the gate failed after wave 3 of 7, backend: exit code 1" in done.json()["error"]
    assert "gateway: 502" in done.json()["error"]
    accounts = world.accounts()
    assert accounts["backend-listener"] == {"amp"}
    assert {accounts[name].pop() for name in ("system-app", "zync", "apicast-staging", "apicast-production")} == {
        "default"
    }
    whole = world.migrate("--report", "report.md")
    assert whole.code == 0, whole.all
    assert 'serviceaccounts "amp" already exists, which is expected' in " ".join(whole.err.split())
    report = (world.home / "report.md").read_text(encoding="utf-8")
    assert "already exists, which is expected" in report
    assert "runs as zync-que-sa" in report


def test_a_pause_says_which_configs_come_next_and_what_they_cost(world: World) -> None:
    chosen = ("--dc", "backend-cron,system-mysql,zync-database", "--lose-data", "zync-database")
    code, raw = paused(world, chosen, [b"n\n"])
    assert code == 130, raw
    said = " ".join(raw.split())
    assert "wave 1 of 2, trial: done; paused" in said
    paused_at = said.index("done; paused")
    assert (
        said.index("next is wave 2 of 2, databases and caches: system-mysql, zync-database (at most 11 min)")
        > paused_at
    )
    assert "system-mysql: it is down while it redeploys" in said
    assert said.rindex("zync-database: the data in its emptyDir is lost") > paused_at
