"""Whatever is typed, set or left in the way: one sentence, the right exit code, no traceback, nothing changed."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.conftest import World, make_world


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A world that no case here may change."""
    world = make_world(tmp_path_factory.mktemp("input"))
    (world.home / "garbage").write_bytes(bytes(range(256)) * 3)
    for name, body in OCS.items():
        (world.home / name).write_bytes(body)
        (world.home / name).chmod(0o644 if name == "not-executable" else 0o755)
    return world


OCS = {
    "prints-garbage": b"#!/bin/sh\nhead -c 3000 /dev/urandom\n",
    "prints-other-json": b'#!/bin/sh\necho \'{"items": [1, null, {"kind": "Pod"}, {"kind": 3}]}\'\n',
    "prints-half": b"#!/bin/sh\nprintf '{\"items\": ['\n",
    "prints-nothing": b"#!/bin/sh\nexit 0\n",
    "not-executable": b"#!/bin/sh\n",
    "no-interpreter": b"#!/no/such/interpreter\n",
    "no-program": b"\x7fELFjunk",
}
# Exit code, and the command: every word of it is one argument.
CASES: list[tuple[int, tuple[str, ...]]] = [
    *((7, ("verify", "--oc", f"./{name}")) for name in OCS),
    (7, ("migrate", "--yes", "--oc", "./prints-garbage")),
    (7, ("verify", "--oc", "/")),
    (2, ("verify", "--oc", "")),
    (7, ("verify", "--kubeconfig", "garbage")),
    (7, ("verify", "--kubeconfig", "/dev/null")),
    (7, ("verify", "--kubeconfig", "/no")),
    (2, ("verify", "--kubeconfig", "")),
    (7, ("verify", "--context", "nosuch")),
    (2, ("verify", "--context", "a\nb")),
    (2, ("verify", "-n", "")),
    (2, ("verify", "-n", "UPPER")),
    (2, ("verify", "-n", "../..")),
    (2, ("verify", "-n", "x" * 64)),
    (2, ("verify", "--request-timeout", "x")),
    (2, ("verify", "--timeout", "9" * 5000)),
    (2, ("verify", "--timeout", "nan")),
    (2, ("verify", "--dc", " , ")),
    (2, ("verify", "--dc", "--x")),
    (2, ("verify", "--dc", "x" * 9000)),
    (2, ("plan", "--wave-plan", "garbage")),
    (2, ("plan", "--secret-file", "garbage")),
    (2, ("plan", "--inventory", "garbage")),
    (2, ("rehearse", "--from", "garbage")),
    (2, ("rehearse", "--from", "/")),
    (2, ("rehearse", "--dir", "/dev/null")),
    (2, ("rehearse", "--speed", "nan")),
    (2, ("rehearse", "--", "no-such-program")),
    (2, ("history", "nosuch")),
    (2, ("step", "nosuch")),
    (2, ("nosuch",)),
    (2, ()),
    *(
        (2, (command, option, blank))
        for blank in ("", " ", "\t")
        for command, option in (
            ("plan", "--secret-file"),
            ("plan", "--username"),
            ("plan", "--from-secret"),
            ("plan", "--dc"),
            ("plan", "--wave-plan"),
            ("verify", "--context"),
            ("verify", "--inventory"),
            ("verify", "--metrics-file"),
            ("verify", "--report"),
            ("rehearse", "--from"),
            ("rehearse", "--dir"),
        )
    ),
]


# What each call repeats in vain, before it says so, takes seconds: one such program each day.
REPEATED = {"./prints-other-json", "./prints-half", "./prints-nothing"}


@pytest.mark.parametrize(
    ("code", "args"),
    [pytest.param(*case, marks=pytest.mark.long) if REPEATED.intersection(case[1]) else case for case in CASES],
    ids=[ascii(" ".join(args))[:60] for _, args in CASES],
)
def test_a_wrong_word_gets_a_sentence_and_its_exit_code(place: World, code: int, args: tuple[str, ...]) -> None:
    # What is started for each call is a process's own.
    done = (place.process_run if "--oc" in args else place.run)(*args)
    assert done.code == code, done.all
    assert "a defect" not in done.err
    assert done.err.strip()
    assert len(done.err) < 12_000
    assert place.journals == []  # nothing was begun


@pytest.mark.parametrize(
    "words",
    [
        (b"verify", b"-n", b"\xff\xfe"),
        (b"verify", b"--context", b"\xff"),
        (b"verify", b"--dc", b"\xff"),
        (b"plan", b"--secret-file", b"\xff"),
        (b"verify", b"--\xff"),
        (b"rehearse", b"--dir", b"\xff", b"--", b"true"),
        (b"\xff",),
    ],
)
def test_a_word_that_is_no_text_is_refused(place: World, words: tuple[bytes, ...]) -> None:
    done = place.run(*(os.fsdecode(word) for word in words))
    assert done.code == 2, done.all
    assert "a defect" not in done.err


@pytest.mark.parametrize(
    ("code", "environment"),
    [
        (1, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
        (1, {"PYTHONIOENCODING": "ascii", "LANG": "ja_JP.UTF-8"}),
        (1, {"LANG": os.fsdecode(b"\xff"), "COLUMNS": "x", "TERM": ""}),
        (1, {"HOME": "/nonexistent", "XDG_STATE_HOME": "", "TMPDIR": "/nonexistent"}),
        (1, {"THREESCALE_DC_NAMES": ""}),
        (2, {"THREESCALE_DC_NAMES": " , "}),
        (2, {"THREESCALE_DC_NAMES": os.fsdecode(b"\xff\xfe")}),
        (2, {"THREESCALE_DC_NAMES": "$(x) -y"}),
        (7, {"KUBECONFIG": os.fsdecode(b"\xff")}),
        (7, {"PATH": ""}),
    ],
)
def test_an_odd_environment_does_no_harm(place: World, code: int, environment: dict[str, str]) -> None:
    done = place.program(place.command("verify"), "", 100, **environment)
    assert done.code == code, done.all
    assert "a defect" not in done.err


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full", "| true"])
def test_streams_that_are_closed_full_or_not_read_do_no_harm(place: World, closed: str) -> None:
    for args, code in (("verify", 1), ("--help", 0)):
        command = " ".join(place.command(*args.split()))
        script = f"cd {place.directory}; set -o pipefail; {command} {closed}"
        done = subprocess.run(
            ["bash", "-c", script], env=place.environment, capture_output=True, text=True, timeout=100, check=False
        )
        lost = ">/dev/full" in closed[:10] or "|" in closed
        assert done.returncode in ((code, 1) if lost else (code,)), (args, done)
        assert "Traceback" not in done.stderr
        assert "Exception ignored" not in done.stderr
        assert "a defect" not in done.stderr
