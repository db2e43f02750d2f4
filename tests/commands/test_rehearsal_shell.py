"""`rehearse --shell` as a person has it: typed into on a terminal, with files of one's own that set another prompt and alias."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import shutil
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, World
from tests.support.optional import left_out

OWN = "PS1='me> '\nalias oc='echo not the rehearsal'\necho read my own file\n"


class Typist:
    """A program on a terminal, and whoever types there."""

    def __init__(self, argv: list[str], environment: dict[str, str]) -> None:
        self.ours, theirs = pty.openpty()
        self.seen = ""

        def own_terminal() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            argv, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True, preexec_fn=own_terminal
        )  # fmt: skip
        os.close(theirs)

    def until(self, words: str, seconds: float = 60) -> None:
        """Reads until the words stand there, or the program has ended."""
        ends = time.monotonic() + seconds
        while words not in self.seen and time.monotonic() < ends:
            if select.select([self.ours], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.ours, 65536).decode(errors="replace")
                except OSError:
                    return

    def types(self, line: str) -> None:
        os.write(self.ours, line.encode() + b"\n")


@pytest.mark.parametrize(
    "shell",
    [pytest.param("bash", marks=pytest.mark.long), pytest.param("zsh", marks=pytest.mark.long), "sh", "/no/such/fish"],
)
def test_a_shell_says_that_it_is_a_rehearsal_and_has_its_oc_first(world: World, shell: str) -> None:
    program = shutil.which(shell) or shell
    if program == "zsh":
        left_out("zsh")
    for name in (".bashrc", ".zshrc"):
        (world.home / name).write_text(OWN, encoding="utf-8")
    kept = {name: word for name, word in world.environment.items() if name not in ("KUBECONFIG", "PYTHONPATH")}
    environment = {**kept, "PATH": os.environ["PATH"], "SHELL": program, "TERM": "dumb"}
    # As it is installed: without PYTHONPATH.
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from threescale_migrate.__main__ import main; main()"
    typist = Typist([sys.executable, "-c", start, "rehearse", "--shell", "--speed", "40"], environment)
    typist.until("(rehearsal) ")
    typist.types("command -v oc; oc threescale-migrate verify -q --dc zync; echo ended with $?.")
    typist.until("ended with 1.")
    typist.types("exit 7")
    typist.until("nothing happened to a real cluster")
    assert typist.process.wait(30) == 7, typist.seen
    assert "threescale-migrate plan --secret-file " in typist.seen.split("(rehearsal) ")[0]
    assert "left to do: secret/threescale-registry-auth, sa/amp, dc/zync" in typist.seen
    found = Path(next(line for line in typist.seen.splitlines() if line.endswith("/bin/oc")))
    assert not found.exists(), "what was not asked to be kept is removed"
    if shell in ("bash", "zsh"):
        assert "read my own file" in typist.seen
        assert typist.seen.count("(rehearsal) me> ") >= 2


def test_off_a_terminal_or_beside_a_program_there_is_no_shell(world: World) -> None:
    for args, why in ((("--shell",), "needs a terminal"), (("--shell", "--", "true"), "give only one of them")):
        done = world.run("rehearse", *args)
        assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
        assert why in done.err
