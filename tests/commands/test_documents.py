"""Every command line of the README and of the topics, run as it stands there, in a place with nothing else in it."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.conftest import ROOT, World, copy_world, make_world
from tests.support.markdown import Kind, blocks
from tests.support.operators_home import with_operators_home
from threescale_migrate.cli.command_line import parsed
from threescale_migrate.cli.topics import TOPICS
from threescale_migrate.cluster.oc import READ_TRIES
from threescale_migrate.engine.rollout_wait import LOGIN_SECONDS
from threescale_migrate.guide.costs import SLACK_SECONDS
from threescale_migrate.guide.pull_secret_logins import SOON_DAYS
from threescale_migrate.options import Options
from threescale_migrate.redaction import LONGEST_LINE
from threescale_migrate.run.connection import LOOKING_TIMEOUT
from threescale_migrate.values import GUIDE_CONFIGS, STEPS

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
BEFORE = ("README", "preflight", "waves", "scripts")
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
        if "pip" in line or ".ci/" in line or "oc process" in line:  # these have tests of their own
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
    assert len(text.splitlines()) <= 160


# Figures that a text states: the document, the words around the figure, and what the program has.
FIGURES = [
    ("README", r"a patch of (\d+) DeploymentConfigs", len(GUIDE_CONFIGS)),
    ("README", r"`oc patch dc NAME` (\w+) times", "fifteen"),
    ("README", r"([\d]+) 個の DeploymentConfig", len(GUIDE_CONFIGS)),
    ("waves", r"The guide's (\w+) DeploymentConfigs, those that exist", "fifteen"),
    ("failures", r"after `--grace` \((\d+) s\)", int(Options().grace)),
    ("failures", r"once more for each\s+hook, and (\d+) s", SLACK_SECONDS),
    ("permissions", r"for (\d+) s at most", int(LOGIN_SECONDS)),
    ("registry-secret", r"expires within (\d+) days", SOON_DAYS),
    ("secrets", r"cut at ([\d,]+) characters", f"{LONGEST_LINE:,}"),
    ("monitoring", r"ends within `--timeout` \((\d+) minutes\)", int(LOOKING_TIMEOUT / 60)),
    ("monitoring", r"is tried (\w+) times", {6: "six"}.get(READ_TRIES)),
    ("readiness", r"all (\w+) steps were checked", {6: "six"}.get(len(STEPS))),
]


@pytest.mark.parametrize(("name", "pattern", "figure"), FIGURES)
def test_a_figure_that_a_text_states_is_the_program_s_own(name: str, pattern: str, figure: object) -> None:
    stated = re.findall(pattern, DOCUMENTS[name].read_text(encoding="utf-8"))
    assert stated == [str(figure)]
    assert len(GUIDE_CONFIGS) == 15, "which two texts say in letters"


def test_the_deadlines_that_the_readme_states_are_those_that_plan_shows(world: World) -> None:
    text = " ".join(DOCUMENTS["README"].read_text(encoding="utf-8").split())
    stated = re.search(
        r"a deadline, (\d+) to (\d+) minutes \(\2 for `([a-z-]+)`\), and all waves together take at most (\d+)", text
    )
    assert stated is not None
    shown = world.run("plan", "--secret-file", world.secret).out
    minutes = sorted({int(number) for number in re.findall(r"  (\d+) min\b", shown)})
    assert [int(stated[1]), int(stated[2])] == [minutes[0], minutes[-1]]
    assert re.search(rf" {stated[3]} +{stated[2]} min", shown)
    assert f"; at most {stated[4]} min" in shown


def test_the_configs_that_the_readme_calls_down_are_those_that_plan_shows(world: World) -> None:
    stated = re.search(r"`Recreate` \(([^)]+)\)", DOCUMENTS["README"].read_text(encoding="utf-8"))
    assert stated is not None
    planned = world.run("plan", "--secret-file", world.secret, "-o", "json").json()
    down = {cost["config"] for cost in planned["costs"] if cost["down"]}
    assert set(re.findall(r"`([a-z-]+)`", stated[1])) == down


# What stands in a sentence for a value.
INSTEAD = {
    "NAME": "readiness",
    "CODE": "rollout-complete",
    "TOPIC": "undo",
    "COMMAND": "verify",
    "RUN": "1",
    "FILE": "f.html",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_each_command_that_a_sentence_names_is_one_that_there_is(name: str) -> None:
    text = DOCUMENTS[name].read_text(encoding="utf-8")
    for named in re.findall(r"`threescale-migrate ([^`|]+?)(?: \|[^`]*)?`", text):
        words = [INSTEAD.get(word, word) for word in shlex.split(named)]
        given = parsed(words)
        assert given.command == words[0], named


@pytest.mark.long
def test_the_first_commands_work_on_a_fresh_clone_in_a_new_home_with_a_bare_path() -> None:
    """What of the README tries it, in both languages, as a reader pastes it, and what it shows of the first. The tests are run by `.ci/run`
    by the README's own command, in a clone too."""
    text = DOCUMENTS["README"].read_text(encoding="utf-8")
    english, japanese = (b.text for b in blocks(text) if b.mark == "sh" and "threescale-migrate rehearse" in b.text)
    (excerpt,) = (block.text for block in blocks(text) if block.mark == "text")
    with tempfile.TemporaryDirectory() as place:
        clone, home = Path(place) / "clone", Path(place) / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)

        def pasted(command: str) -> str:
            done = subprocess.run(
                ["bash", "-euc", command],
                cwd=clone,
                env={"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stderr + done.stdout

        trial, testing = english.splitlines()
        assert testing in (ROOT / "README.md").read_text(encoding="utf-8").partition("## Development")[2]
        shown = pasted(trial)
        assert "移行が完了し、Pod で確認済みです" in pasted(japanese)
    printed = [re.sub(r"\d+", "N", line) for line in shown.splitlines()]
    for line in excerpt.splitlines():
        assert line == "…" or re.sub(r"\d+", "N", line) in printed, line
