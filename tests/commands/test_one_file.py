"""Installed, as one file without installation, and as a plugin: the same commands with the same exit codes and outputs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import GRACE, ROOT, World, make_world
from tests.support.optional import left_out
from tests.support.packing import build, copy_of_source

PIPX = "pipx>=1.2"
# What pip says where no index can be reached.
NO_INDEX = (
    "No matching distribution",
    "Failed to establish",
    "Could not find a version",
    "Temporary failure",
    "timed out",
)
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


@pytest.fixture(scope="module", name="source")
def _source() -> Iterator[Path]:
    """A copy of the source, and beside it `app`: the package with what it needs in one directory, as pip lays it."""
    with copy_of_source() as source:
        build(source, "pip install -q --target ../app .")
        yield source


def plain(source: Path) -> list[str]:
    directory = str(source.parent / "app")
    code = f"import sys; sys.path.insert(0, {directory!r}); from threescale_migrate.__main__ import main; main()"
    return [sys.executable, "-c", code]


def one_file(source: Path) -> list[str]:
    build(source, ".ci/one-file ../tool")
    return [str(source.parent / "tool")]


def pipx(source: Path) -> list[str]:
    """Installed by pipx, which is installed for that; pip has to reach an index for both."""
    home = source.parent
    venv = f"python3 -m venv ../venv && ../venv/bin/pip install -q --disable-pip-version-check {PIPX}"
    try:
        build(source, venv)
    except AssertionError as error:
        if not any(word in str(error) for word in NO_INDEX):
            raise
        left_out("pipx, which pip could not fetch")
    where = (
        f"PIPX_HOME={home}/pipx PIPX_BIN_DIR={home}/bin PIPX_MAN_DIR={home}/man PIPX_DEFAULT_PYTHON={sys.executable}"
    )
    build(source, f"{where} ../venv/bin/pipx install --quiet .")
    for name in ("threescale-migrate", "oc-threescale_migrate"):
        assert (home / "bin" / name).exists(), name
    return [str(home / "bin" / "threescale-migrate")]


@pytest.fixture(scope="module", name="expected")
def _expected(source: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, int, str]]:
    """What the plain installation says."""
    return everything(alone(tmp_path_factory.mktemp("plain")), plain(source))


def alone(home: Path) -> World:
    """A world in which nothing of the checkout is of help."""
    world = make_world(home)
    world.environment.pop("PYTHONPATH")
    return world


@pytest.mark.long
@pytest.mark.parametrize("packed", [one_file, pipx])
def test_each_way_to_install_does_what_a_plain_installation_does(
    tmp_path: Path, source: Path, expected: list[tuple[str, int, str]], packed: Callable[[Path], list[str]]
) -> None:
    found = everything(alone(tmp_path), packed(source))
    for first, second, (words, code) in zip(expected, found, COMMANDS):
        assert first[1] == second[1] == code, (words, first, second)
        assert first[2] == second[2], words


def pythons() -> Iterator[tuple[tuple[int, int], str]]:
    """The other Pythons of this machine, each version once: on PATH, and those of pyenv."""
    named = [found for minor in range(20) if (found := shutil.which(f"python3.{minor}"))]
    listed = sorted(str(path) for path in Path("~/.pyenv/versions").expanduser().glob("*/bin/python"))
    seen = {sys.version_info[:2]}
    for program in (*named, *listed, shutil.which("python2") or ""):
        asked = [program, "-c", "import sys; print('%d %d' % sys.version_info[:2])"]
        try:
            said = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=20).stdout.split()
        except (OSError, subprocess.SubprocessError):
            continue
        version = (int(said[0]), int(said[1]))
        if version not in seen:
            seen.add(version)
            yield version, program


@pytest.mark.long
def test_the_one_file_runs_on_every_other_python_of_this_machine(tmp_path: Path, source: Path) -> None:
    (program,) = one_file(source)
    file = Path(program)
    assert file.stat().st_mode & 0o777 == 0o755
    assert file.stat().st_size < 3_000_000
    with zipfile.ZipFile(file) as packed:
        assert not [name for name in packed.namelist() if name.endswith((".so", ".pyd"))]
    others = list(pythons())
    if not others:
        left_out("another python3, such as 3.9")
    for version, python in others:
        home = tmp_path / "-".join(map(str, version))
        home.mkdir()
        if version < (3, 9):
            old = subprocess.run([python, program, "verify"], capture_output=True, text=True, check=False, timeout=60)
            assert (old.returncode, old.stdout) == (2, ""), old.stderr
            assert (
                old.stderr
                == f"threescale-migrate: Python 3.9 or later is needed, and this is Python {version[0]}.{version[1]}\n"
            )
            continue
        world = alone(home)
        for words, code in (
            ("--version", 0),
            (f"migrate --yes --grace {GRACE} --dc=zync --secret-file {world.secret} --report {home}/report.html", 0),
            ("verify --dc=zync -o yaml", 0),
            ("undo --yes", 0),
            ("rehearse --speed 40 -- sh -c 'exec oc get dc zync'", 0),
        ):
            done = world.program([python, program, *shlex.split(words)])
            assert done.code == code, (version, words, done.all)


@pytest.fixture(name="plugin")
def _plugin(world: World) -> World:
    """A world whose `oc` runs plugins as the real one does: by the file of the plugin's name on PATH."""
    directory = world.home / "bin"
    directory.mkdir()
    code = f"#!{sys.executable}\nfrom threescale_migrate.__main__ import main\nmain()\n"
    for name in ("threescale-migrate", "oc-threescale_migrate"):
        (directory / name).write_text(code, encoding="utf-8")
    shipped = ROOT / "threescale_migrate" / "completion" / "oc_complete-threescale_migrate"
    (directory / shipped.name).write_text(shipped.read_text(encoding="utf-8"), encoding="utf-8")
    for path in directory.iterdir():
        path.chmod(0o755)
    world.environment["PATH"] = f"{directory}{os.pathsep}{world.environment['PATH']}"
    return world


def test_a_plugin_says_the_words_that_were_typed(plugin: World) -> None:
    # The rehearsal's oc finds its plugin as the real one does.
    name = ["oc", "threescale-migrate"]
    whole = plugin.program([*name, "--help"])
    assert whole.code == 0
    assert "usage: oc threescale-migrate [" in whole.out
    one = plugin.program([*name, "verify", "--help"])
    assert "usage: oc threescale-migrate verify [" in one.out
    assert "  oc threescale-migrate verify -q" in one.out
    wrong = plugin.program([*name, "verify", "--nonsense"])
    assert wrong.code == 2
    assert "see oc threescale-migrate" in wrong.err
    assert plugin.program([*name, "verify", SMALL]).code == 1
    assert plugin.program(["oc", "threescale-nothing", "verify"]).err.startswith(
        'error: unknown command "threescale-nothing"'
    )


def test_the_client_completes_a_plugins_words(plugin: World) -> None:
    name = "oc_complete-threescale_migrate"
    commands = plugin.program([name, "ver"]).out.splitlines()
    assert commands == ["verify", ":4"]
    configs = plugin.program([name, "verify", "--dc", "zync"]).out.splitlines()
    assert configs == ["zync", "zync-database", ":4"]
    assert plugin.program([name, "verify", "--"]).out.splitlines()[-1] == ":4"
