"""Every command line of the README and of the topics, run as it stands there, in a place with nothing else in it."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.conftest import ROOT, World, copy_world, make_world
from tests.support.operators_home import with_operators_home
from threescale_migrate.cli.topics import TOPICS
from threescale_migrate.render.markdown import Kind, blocks

DOCUMENTS = {"README": ROOT / "README.md"} | {
    name: ROOT / "threescale_migrate" / "topics" / f"{name}.md" for name in TOPICS
}
SECRET = "12345678-cluster-secret.yaml"
# Exit codes that are meant, by how the line begins; all others end with 0.
ENDS = {
    "threescale-migrate rehearse --fault image-pull=zync": 5,
    "threescale-migrate rehearse --fault token-refused": 4,
    "threescale-migrate undo --dry-run": 3,
    "threescale-migrate rehearse --fault registry-unreachable": 3,
    "threescale-migrate rehearse --dir r -- threescale-migrate plan": 3,
}
# What an operator does before these: the project is not migrated yet.
BEFORE = ("README", "preflight", "order", "scripts")
PATIENCE_SECONDS = 120


def lines(document: Path) -> list[str]:
    """The command lines of a document: those of its code blocks that name no language."""
    found = [block for block in blocks(document.read_text(encoding="utf-8")) if block.kind is Kind.CODE]
    return [line for block in found if not block.mark for line in block.text.splitlines() if line.strip()]


def at_a_terminal(world: World, line: str) -> tuple[int, str]:
    """The exit code and the output of a line in a bash on a terminal, to whose question the project's name is the answer."""
    environment = {
        "HOME": str(world.home),
        "PATH": f"{world.home}/bin:/usr/local/bin:/usr/bin:/bin",
        "KUBECONFIG": str(world.home / ".kube" / "threescale"),
        "XDG_STATE_HOME": str(world.home / "state"),
        "LANG": "C.UTF-8",
        "TERM": "xterm",
        "PAGER": "cat",
        "MANPAGER": "cat",
    }
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(world.home)
        os.execve("/bin/bash", ["bash", "-euo", "pipefail", "-c", line], environment)
    os.write(terminal, b"threescale\n")
    seen = b""
    while True:
        ready, _, _ = select.select([terminal], [], [], PATIENCE_SECONDS)
        assert ready, f"{line} does not end: {seen.decode()[-500:]}"
        try:
            seen += os.read(terminal, 65536)
        except OSError:
            break
    os.close(terminal)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), seen.decode()


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose cluster has been migrated, with the journal of that, to be copied."""
    world = make_world(tmp_path_factory.mktemp("migrated"))
    assert world.migrate("--all-at-once").code == 0
    return world.home


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name, document in DOCUMENTS.items() if lines(document)])
def test_each_command_line_does_what_it_says(name: str, tmp_path: Path, migrated: Path) -> None:
    world = with_operators_home(make_world(tmp_path) if name in BEFORE else copy_world(migrated, tmp_path))
    (world.home / SECRET).symlink_to(world.secret)
    for line in lines(DOCUMENTS[name]):
        if "pip" in line:  # installation has tests of its own
            continue
        wanted = next((code for words, code in ENDS.items() if line.startswith(words)), 0)
        if re.match(r"threescale-migrate plan .*--secret-file", line):
            wanted = 3
        code, seen = at_a_terminal(world, line)
        assert code == wanted, f"{line}\n{seen}"
        assert "Traceback" not in seen


def test_each_link_of_the_readme_leads_to_a_file_and_each_topic_is_linked() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    links = [address for address in re.findall(r"\]\(([^)]+)\)", text) if not address.startswith(("http", "#"))]
    assert [address for address in links if not (ROOT / address).is_file()] == []
    assert {f"threescale_migrate/topics/{name}.md" for name in TOPICS} <= set(links)
    assert len(text.splitlines()) <= 240


@pytest.mark.long
def test_the_first_command_works_on_a_fresh_clone_in_a_new_home_with_a_bare_path() -> None:
    """The first block of the README, as a reader pastes it."""
    command = next(
        block.text for block in blocks(DOCUMENTS["README"].read_text(encoding="utf-8")) if block.mark == "sh"
    )
    with tempfile.TemporaryDirectory() as place:
        clone, home = Path(place) / "clone", Path(place) / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        done = subprocess.run(
            ["bash", "-euc", command],
            cwd=clone,
            env={"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "migrated, and the pods prove it" in done.stdout
