"""Programs that a user names: how they end, and what is kept of what they write."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Sequence

import pytest

from threescale_migrate.cluster.oc_errors import OcMissing
from threescale_migrate.cluster.programs import ask_program


def wait(descriptors: Sequence[int], seconds: float) -> Sequence[int]:
    return select.select(descriptors, [], [], seconds)[0]


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("echo one; echo two >&2", 0, "one\ntwo\n"),
        ("exit 3", 3, ""),
        ("kill -TERM $$", 128 + signal.SIGTERM, ""),
        ("cat; echo $WAVE", 0, "trial\n"),  # its input is empty
        ("exec >&- 2>&-; sleep 0.2; exit 4", 4, ""),
        ("echo before; head -c 70000 /dev/zero | tr '\\0' x; echo; echo end", 0, "end\n"),
        ("head -c 70000 /dev/zero | tr '\\0' x", 0, ""),
    ],
)
def test_a_program_ends_with_its_code_and_the_whole_lines_at_its_end(command: str, code: int, said: str) -> None:
    answered = ask_program(("sh", "-c", command), {"WAVE": "trial"}, 20, wait)
    assert (answered.exit_code, answered.said) == (code, said)


def test_a_program_whose_time_is_over_has_no_code_and_is_gone() -> None:
    began = time.monotonic()
    answered = ask_program(("sh", "-c", "echo $$; exec sleep 600"), {}, 0.3, wait)
    assert answered.exit_code is None
    assert time.monotonic() - began < 15
    with pytest.raises(ProcessLookupError):
        os.kill(int(answered.said), 0)


def test_what_the_wait_raises_ends_the_program_too() -> None:
    seen: list[object] = []

    def stops(descriptors: Sequence[int], seconds: float) -> Sequence[int]:
        ready = wait(descriptors, 10)
        if seen:
            raise KeyboardInterrupt
        seen.append(ready)
        return ready

    with pytest.raises(KeyboardInterrupt):
        ask_program(("sh", "-c", "echo; sleep 0.1; echo; exec sleep 600"), {}, 60, stops)


def test_a_program_that_is_not_there_is_said_to_be_missing() -> None:
    with pytest.raises(OcMissing, match="cannot be started"):
        ask_program(("./none",), {}, 1, wait)
