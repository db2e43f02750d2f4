"""Real signals, sent at an event: the call under way is finished, the journal has its end, and the terminal is sane."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import termios
from typing import Any

import pytest

from tests.conftest import GRACE, World
from tests.support.held_calls import PATIENCE_SECONDS, Gate, has_ended, is_running

# A process that waits behind a gate waits for ever: where a sentence does not come, the test ends here.
pytestmark = pytest.mark.timeout(120)
CODES = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


# The change, and not the question before it, which is a dry run.
PATCH = 'patch dc zync --patch {"metadata"'


def arguments(world: World) -> tuple[str, ...]:
    return ("migrate", "--yes", "--secret-file", world.secret, "--grace", GRACE, "--call-timeout", "1h", "--dc", "zync")


def lines(world: World) -> list[dict[str, Any]]:
    (journal,) = world.journals
    return [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]


def read_until(process: subprocess.Popen[str], words: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    raise AssertionError(f"it never said: {words}")


@pytest.mark.parametrize("number", CODES)
def test_a_run_ends_after_the_call_under_way_and_its_journal_says_so(world: World, number: signal.Signals) -> None:
    gate = Gate(world, PATCH)
    process = world.popen(*arguments(world))
    oc = gate.wait()
    process.send_signal(number)
    read_until(process, "stopping after")
    assert is_running(oc)
    gate.open()
    _, err = process.communicate()
    assert process.returncode == CODES[number]
    assert "threescale-migrate undo" in err
    sentence = lines(world)
    assert [line["outcome"] for line in sentence if line["event"] == "end"][-1] == "done"
    assert sentence[-1]["event"] == "finish"
    assert sentence[-1]["exit_code"] == CODES[number]
    assert (
        world.objects()["deploymentconfigs"]["threescale/zync"]["spec"]["template"]["spec"]["serviceAccount"] == "amp"
    )


def test_a_second_interrupt_is_at_once_and_ends_the_call_too(world: World) -> None:
    gate = Gate(world, PATCH)
    process = world.popen(*arguments(world))
    oc = gate.wait()
    process.send_signal(signal.SIGINT)
    read_until(process, "stopping after")
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    assert has_ended(oc)
    assert lines(world)[-1]["event"] == "begin"
    assert world.run("undo", "--yes").code == 0


def test_waiting_for_a_rollout_ends_with_the_signal(world: World) -> None:
    world.faults("not-ready=zync")
    process = world.popen("migrate", "--yes", "--secret-file", world.secret, "--dc", "zync")
    read_until(process, "✓ oc patch dc zync")  # what comes after it is the waiting
    read_until(process, " zync: ")
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate()
    assert process.returncode == 143
    assert "interrupted after 3 changes" in err
    # As after a failure: the state of each config, that nothing stops its rollout, and both ways from here.
    said = err.splitlines()
    assert "these rollouts go on in the cluster: zync" in said
    assert any(line.startswith("zync: ") for line in said)
    assert [line.split()[1] for line in said if line.startswith("    threescale-migrate ")] == ["migrate", "undo"]
    assert lines(world)[-1]["outcome"] == "terminated"
    assert "nothing was changed" not in str(lines(world)[-1])
    assert "interrupted after 3 changes" in world.run("history").out


@pytest.mark.parametrize("command", ["verify", "plan", "migrate"])
def test_a_command_that_has_changed_nothing_yet_ends_at_once(world: World, command: str) -> None:
    gate = Gate(world, "get dc")
    given = {"verify": ("verify",), "plan": ("plan", "--secret-file", world.secret), "migrate": arguments(world)}
    process = world.popen(*given[command])
    oc = gate.wait()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert process.returncode == 130
    *place, last = err.splitlines()
    assert last == "threescale-migrate: ended by a signal; nothing was changed"
    assert len(place) == (command == "migrate")
    assert not is_running(oc)


def test_nohup_is_meant(world: World) -> None:
    gate = Gate(world, PATCH)
    process = subprocess.Popen(
        ["nohup", *world.command(*arguments(world))],
        env=world.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    gate.wait()
    process.send_signal(signal.SIGHUP)
    gate.open()
    out, err = process.communicate()
    assert process.returncode == 0, out + err


def test_a_run_does_not_depend_on_being_watched(world: World) -> None:
    process = world.popen(*arguments(world))
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    process.stderr.readline()
    process.stderr.close()
    assert process.wait() == 0
    assert world.accounts()["zync"] == {"amp"}
    assert lines(world)[-1]["outcome"] == "done"


@pytest.mark.parametrize("moment", ["asked", "waiting"])
def test_ctrl_c_on_a_terminal_leaves_it_sane(world: World, moment: str) -> None:
    world.faults("not-ready=zync")
    args = [arg for arg in arguments(world) if moment == "waiting" or arg != "--yes"]
    args[args.index("--grace") + 1] = "600"
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(world.command()[0], world.command(*args), {**world.environment, "TERM": "xterm"})
    seen = until(terminal, b"to continue: " if moment == "asked" else b"0/1")
    before = termios.tcgetattr(terminal)
    os.write(terminal, b"\x03")
    seen += until(terminal, b"ended by a signal" if moment == "asked" else b"Or undo:")
    assert termios.tcgetattr(terminal) == before
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 130
    if moment == "asked":
        assert b"nothing was changed" in seen + rest(terminal)
    # What was switched on is switched off again: the cursor, colours.
    assert seen.rfind(b"\x1b[?25l") <= seen.rfind(b"\x1b[?25h")
    os.close(terminal)


def until(terminal: int, words: bytes) -> bytes:
    seen = b""
    while words not in seen:
        ready, _, _ = select.select([terminal], [], [], PATIENCE_SECONDS)
        assert ready, seen
        try:
            seen += os.read(terminal, 4096)
        except OSError:  # the other side is closed, and what it said is the answer
            raise AssertionError(seen.decode(errors="replace")) from None
    return seen


def rest(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other side is closed
        return b""
