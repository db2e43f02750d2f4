"""Each line of the table of exit codes by the front door, and the table in every place where it is shown."""

from __future__ import annotations

import re
import signal

import pytest

from tests.commands.test_verify_formats import hanging
from tests.conftest import ROOT, World
from tests.support.held_calls import Gate
from threescale_migrate.exit_codes import TABLE, ExitCode, numbers

ONE = ("--dc", "zync")


def test_help_and_the_topic_show_the_one_table_and_no_other_text_repeats_it(world: World) -> None:
    assert {code for row in TABLE for code in row.codes} == set(ExitCode)
    help_ = " ".join(world.run("help").out.split())
    topic = (ROOT / "threescale_migrate/topics/exit-codes.md").read_text(encoding="utf-8").replace("`", "")
    for row in TABLE:
        codes, meaning = numbers(row.codes), str(row.meaning)
        assert f"{codes} {row.brief}" in help_
        assert f"| {codes} | {meaning} |" in topic
    texts = (ROOT / "README.md", *(ROOT / "threescale_migrate/topics").glob("*.md"))
    tables = [path.stem for path in texts if re.search(r"^\| `?75`? \|", path.read_text(encoding="utf-8"), re.M)]
    assert tables == ["exit-codes"]


def test_done_and_something_to_do_and_a_failed_check_and_wrong_usage_and_refused(world: World) -> None:
    assert world.run("plan", *ONE, "--secret-file", world.secret).code == ExitCode.SOMETHING_TO_DO
    assert world.run("verify", *ONE).code == ExitCode.FAILED
    assert world.migrate(*ONE, "--expect-project", "other").code == ExitCode.REFUSED
    assert world.run("verify", "--nosuch").code == ExitCode.USAGE
    assert world.migrate(*ONE).code == ExitCode.DONE


def test_a_cluster_that_cannot_be_asked(world: World) -> None:
    world.faults("login-expired")
    assert world.run("verify", *ONE).code == ExitCode.UNKNOWN


def test_a_rollout_that_failed(world: World) -> None:
    world.faults("image-pull=zync")
    assert world.migrate(*ONE).code == ExitCode.ROLLOUT_FAILED


def test_a_deadline_that_passed(world: World) -> None:
    program = hanging(world.home)
    assert world.run("verify", *ONE, "--oc", str(program), "--timeout", "1s").code == ExitCode.DEADLINE


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGHUP, ExitCode.HUNG_UP),
        (signal.SIGINT, ExitCode.INTERRUPTED),
        (signal.SIGTERM, ExitCode.TERMINATED),
    ],
)
def test_a_lock_that_is_held_and_the_signal_that_ends_its_run(
    world: World, number: signal.Signals, code: ExitCode
) -> None:
    gate = Gate(world, "patch dc zync")
    first = world.popen("migrate", "--yes", "--secret-file", world.secret, *ONE)
    gate.wait()
    assert world.migrate(*ONE).code == ExitCode.LOCKED
    first.send_signal(number)
    assert first.stderr is not None
    for line in first.stderr:
        if "stopping after" in line:
            break
    gate.open()
    first.communicate()
    assert first.returncode == code
