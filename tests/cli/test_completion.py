"""Completion in a real bash and a real zsh on a terminal of their own, and how `--help` looks."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from tests.conftest import World, make_world
from tests.support.operators_home import with_operators_home
from tests.support.optional import left_out
from tests.tools import completions
from threescale_migrate import package_files
from threescale_migrate.cli import parser as cli
from threescale_migrate.cli import usage
from threescale_migrate.cli.command_line import parsed

SHELLS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
COMMANDS = usage.commands(cli.build())
# Makes each shell ready, and says so in a way that its echo of the line does not.
START = {
    "bash": "PS1=; bind 'set bell-style none'; source completion.bash; printf 're%s\\n' ady\n",
    "zsh": "PS1= RPS1=; setopt no_beep; fpath=($PWD/zfunc $fpath); autoload -Uz compinit; compinit -u -D; printf 're%s\\n' ady\n",
}


class Terminal:
    """A shell on a terminal, with the completion loaded."""

    def __init__(self, world: World, shell: str) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(world.home)
            environment = {**world.environment, "TERM": "dumb", "PATH": f"{world.home}/bin:{world.environment['PATH']}"}
            os.execvpe(SHELLS[shell][0], SHELLS[shell], environment)
        self.write(START[shell])
        self.until("ready")

    def write(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def until(self, wanted: str) -> str:
        """What is on the terminal up to a text and the end of its line."""
        seen = b""
        while not re.search(rf"{wanted}[^\r\n]*\r?\n".encode(), seen):
            ready, _, _ = select.select([self.fd], [], [], 60)
            assert ready, f"{wanted} did not come: {seen!r}"
            try:
                seen += os.read(self.fd, 65536)
            except OSError:
                raise AssertionError(f"the shell has ended: {seen!r}") from None
        return seen.decode()

    def completed(self, typed: str) -> str:
        """The line as it is after the tabulator key: it is run as the argument of a command that shows it."""
        self.write(f"{typed}\t\x05'\x01printf '<%s>\\n' '\n")
        shown = re.findall(r"<([^<>]*)>\r?\n", self.until(r"<[^<>%]*>"))
        return str(shown[-1])

    def end(self) -> None:
        self.write("\x03\nexit\n")
        os.close(self.fd)
        os.waitpid(self.pid, 0)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> World:
    world = with_operators_home(make_world(tmp_path_factory.mktemp("completion")))
    (world.home / "completion.bash").write_text(world.run("completion", "bash").out, encoding="utf-8")
    (world.home / "zfunc").mkdir()
    (world.home / "zfunc" / "_threescale-migrate").write_text(world.run("completion", "zsh").out, encoding="utf-8")
    (world.home / "a secret.yaml").touch()
    return world


@pytest.fixture(scope="module", params=SHELLS)
def terminal(request: pytest.FixtureRequest, home: World) -> Iterator[Terminal]:
    shell: str = request.param
    if shutil.which(shell) is None:
        left_out(shell)
    made = Terminal(home, shell)
    yield made
    made.end()


COMPLETED = [
    ("threescale-migrate ver", "verify"),
    ("threescale-migrate step reg", "registry-secret"),
    ("threescale-migrate verify --allow", "--allow-unknown"),
    ("threescale-migrate plan -o js", "json"),
    ("threescale-migrate migrate --on-failure un", "undo"),
    ("threescale-migrate verify -n thr", "threescale"),
    ("threescale-migrate verify --namespace=thr", "threescale"),
    ("threescale-migrate verify --dc zync-d", "zync-database"),
    ("threescale-migrate verify --dc apicast-st", "apicast-staging"),
    ("threescale-migrate verify --dc zync,backend-wo", "zync,backend-worker"),
    ("threescale-migrate verify -n threescale --dc system-sp", "system-sphinx"),
    ("threescale-migrate verify --context thr", "threescale/api-cluster-example-test:6443/system:admin"),
    ("threescale-migrate verify --context threescale/api-cluster-example-test:64", "6443/system:admin"),
    ("threescale-migrate migrate --from-secret system-d", "system-database"),
    ("threescale-migrate plan --secret-file a", "secret.yaml"),
    ("threescale-migrate rehearse --fault image-pull=zync-d", "image-pull=zync-database"),
    ("threescale-migrate completion z", "zsh"),
    ("threescale-migrate help perm", "permissions"),
]


@pytest.mark.parametrize(("typed", "wanted"), COMPLETED, ids=[typed.partition(" ")[2] for typed, _ in COMPLETED])
def test_the_tabulator_key_completes(terminal: Terminal, typed: str, wanted: str) -> None:
    assert terminal.completed(typed).replace("\\", "").rstrip(" ,").endswith(wanted)


def test_the_tabulator_key_completes_a_run(terminal: Terminal, home: World) -> None:
    if not home.journals:
        assert home.run("step", "registry-secret", "--yes", "--secret-file", home.secret).code == 0
    (run,) = [found["run"] for found in home.run("history", "-o", "json").json()["runs"]]
    assert terminal.completed(f"threescale-migrate undo {run[:9]}").rstrip().endswith(run)


def test_shellcheck_finds_nothing_in_what_shtab_is_given(tmp_path: Path) -> None:
    program = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert program is not None, "shellcheck comes with the extra `test`"
    (tmp_path / "completion.bash").write_text(completions.ASKING + completions.BASH, encoding="utf-8")
    argv = [program, "--shell=bash", "--severity=warning", str(tmp_path / "completion.bash")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.stdout == ""


def test_the_scripts_that_are_shipped_are_what_the_parser_gives() -> None:
    """`python -m tests.tools.completions --write` makes them anew."""
    assert completions.stale() == []


def test_every_option_that_help_shows_can_be_completed_and_no_other() -> None:
    made = {shell: completions.script(shell) for shell in SHELLS}
    for name, command in COMMANDS.items():
        for action in usage.options(command):
            for spelling in action.option_strings:
                for shell, script in made.items():
                    assert re.search(rf"[\s\"{{,*()]{spelling}[=\"\s,}})\[]", script), (shell, name, spelling)
    assert "--password" not in made["bash"] + made["zsh"]


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_a_screen_and_its_examples_can_be_typed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    parser = COMMANDS[name] if name else cli.build()
    lines = parser.format_help().splitlines()
    assert max(map(len, lines)) <= usage.WIDTH
    assert len(lines) <= 24
    if not name:
        return
    examples = [line.strip() for line in str(parser.epilog).splitlines()[1:]]
    assert examples, "an example says more than a list of options"
    for example in examples:
        for typed in re.findall(rf"threescale-migrate ({name}[^|>&)]*)", example):
            assert parsed(shlex_split(typed)).command == name


def shlex_split(text: str) -> list[str]:
    return shlex.split(re.sub(r"\d?[<>].*", "", text))


def test_every_option_has_a_sentence() -> None:
    for name, command in COMMANDS.items():
        assert all(action.help for action in command._actions), name


# What a kubeconfig may call a context, and what the shells would make of it.
HOSTILE = (
    "evil$(touch {pwned})",
    "evil`touch {pwned}`",
    "evil;touch {pwned};",
    "evil' $(touch {pwned}) '",
    'evil"$(touch {pwned})"',
    "evil$IFS*",
    "--evil=$(touch {pwned})",
)
# An `oc` that names the words of a file, whatever it is asked.
NAMES = '#!/bin/sh\ncat "$HOME/names"\n'


@pytest.fixture(name="elsewhere", params=["bash", "zsh", "oc"])
def _elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[World, Callable[[str], str]]]:
    """A world of its own, and what completes a line there: a shell, or the program that oc asks."""
    way: str = request.param
    if way == "zsh" and shutil.which(way) is None:
        pytest.skip("there is no zsh here")
    world = with_operators_home(make_world(tmp_path))
    (world.home / "completion.bash").write_text(completions.script("bash"), encoding="utf-8")
    (world.home / "zfunc").mkdir()
    (world.home / "zfunc" / "_threescale-migrate").write_text(completions.script("zsh"), encoding="utf-8")
    if way == "oc":
        path = f"{world.home}/bin{os.pathsep}{world.environment['PATH']}"
        asked = package_files.text("completion/oc_complete-threescale_migrate")
        yield world, lambda typed: world.program(["bash", "-c", asked, "oc", *typed.split()[1:]], PATH=path).out
        return
    made = Terminal(world, way)
    yield world, made.completed
    made.end()


@pytest.mark.parametrize("option", ["--context", "--dc", "--from-secret", "-n"])
def test_what_a_kubeconfig_or_a_cluster_says_is_never_run(
    elsewhere: tuple[World, Callable[[str], str]], option: str
) -> None:
    world, completed = elsewhere
    pwned = world.home / "pwned"
    names = [name.format(pwned=pwned) for name in HOSTILE]
    (world.home / "names").write_text("\n".join([*names, "plain/api:6443/jo", ""]), encoding="utf-8")
    (world.home / "bin" / "oc").unlink(missing_ok=True)
    (world.home / "bin" / "oc").write_text(NAMES, encoding="utf-8")
    (world.home / "bin" / "oc").chmod(0o755)
    wanted = "plain/api:6443/jo" if option == "--context" else "jo"
    assert (
        completed(f"threescale-migrate verify {option} {wanted[:1]}")
        .replace("\\", "")
        .rstrip(" ,\n:4")
        .endswith(wanted)
    )
    shown = completed(f"threescale-migrate verify {option} evil")
    assert not pwned.exists()
    assert "touch" not in shown, "what is put on the line would be run with it"


def test_a_cluster_that_does_not_answer_holds_the_line_for_two_seconds(
    elsewhere: tuple[World, Callable[[str], str]],
) -> None:
    world, completed = elsewhere
    (world.home / "bin" / "oc").unlink(missing_ok=True)
    (world.home / "bin" / "oc").write_text("#!/bin/sh\necho zync\nsleep 60 & sleep 60\n", encoding="utf-8")
    (world.home / "bin" / "oc").chmod(0o755)
    began = monotonic()
    assert "zync" in completed("threescale-migrate verify --dc zy")
    assert monotonic() - began < 40, "what it waits for takes 60 s"
