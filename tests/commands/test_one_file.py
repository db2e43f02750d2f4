"""Installed, as one file without installation, and as a plugin: the same commands with the same exit codes and outputs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import GRACE, ROOT, World, make_world

ENTRY = "threescale_migrate.__main__:main"
# What each way has to do alike: (the command, its exit code). SECRET is the example secret's file.
SMALL = "--dc=zync,backend-cron"
COMMANDS: tuple[tuple[str, int], ...] = (
    ("--version", 0),
    ("--help", 0),
    ("migrate --help", 0),
    ("verify --lang ja --help", 0),
    ("nonsense", 2),
    ("verify --lang ja --nonsense", 2),
    ("completion bash", 0),
    ("completion zsh", 0),
    ("man", 0),
    ("rehearse --fault list", 0),
    ("manifest cronjob -n threescale --image registry.example.test/tools/migrate:1", 0),
    ("verify --oc no-such-program", 7),
    (f"verify {SMALL}", 1),
    (f"verify {SMALL} --lang ja", 1),
    (f"verify {SMALL} -o json", 1),
    (f"preflight {SMALL} --secret-file SECRET", 0),
    (f"plan {SMALL} --secret-file SECRET", 3),
    (f"script {SMALL} --secret-file SECRET", 0),
    (f"migrate --yes --grace {GRACE} {SMALL} --secret-file SECRET --report REPORT.html", 0),
    (f"verify {SMALL} --report REPORT.md", 0),
    ("history -o json", 0),
    ("undo --yes", 0),
    ("rehearse --speed 40 -- sh -c 'exec oc get dc zync'", 0),
    ("rehearse --speed 40 -- sh -c 'exit 9'", 9),
)  # fmt: skip


def shown(text: str) -> str:
    """What was printed, without what differs from run to run: times, the directory, the pid, generated names."""
    text = re.sub(r"\d\d:\d\d:\d\d", "TIME", text)
    text = re.sub(r"/\S*/(cluster|rehearsal)", "DIRECTORY", text)
    text = re.sub(r"\d{4}-?\d\d-?\d\dT[\d:.]+(Z|\+\d\d:\d\d)?(-\w+)?", "MOMENT", text)
    return re.sub(r"\b\d+(\.\d+)? ?(s|seconds|min)\b|\b\d+\.\d+\b", "TIME", text)


def everything(world: World, program: list[str]) -> list[tuple[str, int, str]]:
    """What each command printed, in order, in a world of its own."""
    found = []
    for words, _ in COMMANDS:
        words = words.replace("SECRET", world.secret).replace("REPORT", str(world.home / "report"))
        argv = ["sh", "-c", f'exec "$@" {words}', "sh", *program]
        done = world.program(argv)
        # How far a rollout was when it was looked at differs, and so do the journals' times.
        moves = words.startswith(("migrate --yes", "undo", "history", "plan", "preflight", "script"))
        found.append((words.split(world.secret)[0], done.code, "" if moves else shown(done.out)))
    return found


@pytest.fixture(scope="module", name="installed")
def _installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package with what it needs, in one directory, as pip lays it."""
    directory = tmp_path_factory.mktemp("installed") / "app"
    pip(directory.parent, "install", "--target", str(directory), str(ROOT))
    return directory


def pip(home: Path, *args: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *args]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=home)
    assert done.returncode == 0, done.stderr


def plain(directory: Path) -> list[str]:
    code = f"import sys; sys.path.insert(0, {str(directory)!r}); from threescale_migrate.__main__ import main; main()"
    return [sys.executable, "-c", code]


def zipapp(directory: Path) -> list[str]:
    target = directory.parent / "tool.pyz"
    command = [sys.executable, "-m", "zipapp", str(directory), "-m", ENTRY, "-o", str(target)]
    subprocess.run(command, check=True, timeout=120)
    return [sys.executable, str(target)]


def shiv(directory: Path) -> list[str]:
    target = directory.parent / "tool-by-shiv"
    given = ["--site-packages", str(directory), "--no-deps", str(ROOT)]
    made = [sys.executable, "-m", "shiv", "-q", "-e", ENTRY, "-o", str(target), *given]
    subprocess.run(made, check=True, timeout=120)
    return [sys.executable, str(target)]


@pytest.mark.long
@pytest.mark.parametrize("packed", [zipapp, shiv])
def test_one_file_does_what_the_installed_program_does(
    tmp_path: Path, installed: Path, packed: Callable[[Path], list[str]]
) -> None:
    worlds = []
    for name, program in (("plain", plain(installed)), ("packed", packed(installed))):
        (tmp_path / name).mkdir()
        world = make_world(tmp_path / name)
        # Nothing of the checkout may be of help.
        world.environment = {
            **{key: value for key, value in world.environment.items() if key != "PYTHONPATH"},
            "SHIV_ROOT": str(tmp_path / "shiv"),
        }
        worlds.append(everything(world, program))
    for first, second, (words, code) in zip(*worlds, COMMANDS):
        assert first[1] == second[1] == code, (words, first, second)
        assert first[2] == second[2], words


@pytest.fixture(name="plugin")
def _plugin(world: World) -> World:
    """A world whose `oc` runs plugins as the real one does: by the file of the plugin's name on PATH."""
    directory = world.home / "bin"
    directory.mkdir()
    code = f"#!{sys.executable}\nfrom threescale_migrate.__main__ import main\nmain()\n"
    for name in ("threescale-migrate", "oc-threescale_migrate", "kubectl-threescale_migrate"):
        (directory / name).write_text(code, encoding="utf-8")
    for name in ("oc", "kubectl"):
        shipped = ROOT / "threescale_migrate" / "completion" / f"{name}_complete-threescale_migrate"
        (directory / shipped.name).write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    for path in directory.iterdir():
        path.chmod(0o755)
    world.environment["PATH"] = f"{directory}{os.pathsep}{world.environment['PATH']}"
    return world


@pytest.mark.parametrize("client", ["oc", "kubectl"])
def test_a_plugin_says_the_words_that_were_typed(plugin: World, client: str) -> None:
    name = f"{client}-threescale_migrate"
    whole = plugin.program([name, "--help"])
    assert whole.code == 0
    assert f"usage: {client} threescale-migrate [" in whole.out
    one = plugin.program([name, "verify", "--help"])
    assert f"usage: {client} threescale-migrate verify [" in one.out
    assert f"  {client} threescale-migrate verify -q" in one.out
    wrong = plugin.program([name, "verify", "--nonsense"])
    assert wrong.code == 2
    assert f"see {client} threescale-migrate" in wrong.err
    assert plugin.program([name, "verify", SMALL]).code == 1


@pytest.mark.parametrize("client", ["oc", "kubectl"])
def test_the_client_completes_a_plugins_words(plugin: World, client: str) -> None:
    name = f"{client}_complete-threescale_migrate"
    commands = plugin.program([name, "ver"]).out.splitlines()
    assert commands == ["verify", ":4"]
    configs = plugin.program([name, "verify", "--dc", "zync"]).out.splitlines()
    assert configs == ["zync", "zync-database", ":4"]
    assert plugin.program([name, "verify", "--"]).out.splitlines()[-1] == ":4"
