"""The front door: the command with the rehearsal's `oc` first on its PATH, in the test's process or as one of its own."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support import clock, in_process, optional, schemas  # the clock comes first: the package binds it
from tests.support.leaks import OUTPUT
from tests.support.leaks import TOKEN as TOKEN
from tests.support.leaks import everything_is_searched as everything_is_searched
from tests.support.leaks import nothing_leaks as nothing_leaks
from threescale_migrate.rehearsal import launch
from threescale_migrate.rehearsal.server import open_cluster
from threescale_migrate.rehearsal.store import Object

ROOT = Path(__file__).resolve().parent.parent
# Tests run the cluster much faster than life, and wait out a failure only briefly.
SPEED = 40.0
GRACE = "0.5"


# What the tests are started from may ignore a signal, as a shell does for its background jobs; commands would inherit that.
for _number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number == signal.SIGINT else signal.SIG_DFL)


# Tests of what only a process has are marked with it: all commands in them are processes.
MARK = "processes"
# A terminal's size, an encoding and a time zone are a process's from its beginning.
OF_A_PROCESS = ("PYTHON", "LC_", "TZ")
_all_processes: list[bool] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What measures is left out where tests are chosen by marks that do not name it: others would work on this machine meanwhile."""
    chosen = config.option.markexpr
    if chosen and "measures" not in chosen:
        apart = [item for item in items if item.get_closest_marker("measures")]
        config.hook.pytest_deselected(items=apart)
        items[:] = [item for item in items if item not in apart]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for all that was left out for want of something to install."""
    skipped = terminalreporter.stats.get("skipped", [])
    line = optional.last_line([report.longrepr[2] for report in skipped if isinstance(report.longrepr, tuple)])
    if line:
        terminalreporter.write_line(line)


@pytest.fixture(autouse=True)
def _where_commands_run(request: pytest.FixtureRequest) -> Iterator[None]:
    _all_processes[:] = [True] if request.node.get_closest_marker(MARK) else []
    yield
    _all_processes.clear()
    in_process.all_fired()


def fits(args: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether a command can be run in this process: there it has no terminal, no signals, and shares no clock with others."""
    return (
        not _all_processes
        and threading.current_thread() is threading.main_thread()
        and not clock.CLOCK.running
        and "rehearse" not in args
        and not any(name.startswith(OF_A_PROCESS) for name in environment)
    )


@dataclass
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class World:
    """A rehearsal cluster in a directory, and a home of its own for whoever works on it."""

    home: Path
    directory: Path
    environment: dict[str, str]
    results: list[Result] = field(default_factory=list)

    @property
    def secret(self) -> str:
        return str(self.directory / launch.EXAMPLE_SECRET)

    @property
    def journals(self) -> list[Path]:
        # By the run's name: of two in one second the second has a number behind the first's name.
        return sorted((self.home / "state").rglob("*.jsonl"), key=lambda path: (path.parent, path.stem))

    def command(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "threescale_migrate", *args]

    def popen(self, *args: str, **options: Any) -> subprocess.Popen[str]:
        clock.CLOCK.settle()
        return subprocess.Popen(
            self.command(*args),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def program(self, argv: Sequence[str], stdin: str = "", timeout: float = 120, **environment: str) -> Result:
        clock.CLOCK.settle()
        done = subprocess.run(
            list(argv),
            env={**self.environment, **environment},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            cwd=self.home,
            check=False,
        )
        return self._kept(argv, Result(done.returncode, done.stdout, done.stderr))

    def _kept(self, argv: Sequence[str], result: Result) -> Result:
        self.results.append(result)
        assert TOKEN not in result.all, "the token was printed"
        assert "Traceback" not in result.all, result.all
        schemas.check(argv, result.out, result.err)
        return result

    def run(self, *args: str, stdin: str = "", timeout: float = 120, **environment: str) -> Result:
        """Runs `threescale-migrate ARGS`, in this process where it can be. What its journal says of its end is what its exit code says."""
        given = {**self.environment, **environment}
        if not (fits(args, environment) and in_process.answers(args, given)):
            return self.process_run(*args, stdin=stdin, timeout=timeout, **environment)
        given.pop("PYTHONPATH", None)
        known = set(self.journals)
        code, out, err = in_process.command(args, given, self.home, stdin)
        OUTPUT.append((out + err).encode())
        return self._journaled(known, self._kept(self.command(*args), Result(code, out, err)))

    def killed(self, *args: str) -> bool:
        """Runs `threescale-migrate ARGS` in a copy of this process; whether what stands in front of `oc` has killed it."""
        return in_process.killed(args, self.environment, self.home)

    def process_run(self, *args: str, stdin: str = "", timeout: float = 120, **environment: str) -> Result:
        """Runs `threescale-migrate ARGS` as a process, as an operator does."""
        known = set(self.journals)
        return self._journaled(known, self.program(self.command(*args), stdin, timeout, **environment))

    def _journaled(self, known: set[Path], result: Result) -> Result:
        for path in set(self.journals) - known:
            lines = path.read_bytes().splitlines()
            if not lines:  # of another run, which has only just begun
                continue
            last = json.loads(lines[-1])
            assert last["event"] != "finish" or last["exit_code"] == result.code, (last, result.err)
        return result

    def oc(self, *args: str, stdin: str = "") -> Result:
        """Runs the rehearsal's `oc`, or what is in front of it."""
        here = clock.CLOCK.running or fits(args, {})
        done = in_process.oc_alone(args, self.environment, self.home, stdin) if here else None
        if done is not None:
            return self._kept(["oc", *args], Result(*done))
        return self.program(["oc", *args], stdin)

    def migration(self, *args: str) -> tuple[str, ...]:
        """The words of the whole migration, without questions."""
        return ("migrate", "--yes", "--grace", GRACE, "--secret-file", self.secret, *args)

    def migrate(self, *args: str, **environment: str) -> Result:
        """Runs the whole migration without questions."""
        return self.run(*self.migration(*args), stdin="", timeout=120, **environment)

    def faults(self, *faults: str) -> None:
        """Switches faults on; with none, all off."""
        if faults:
            launch.resume(self.directory, faults=faults)
        else:
            launch.switch_off(self.directory)

    def objects(self) -> dict[str, dict[str, Object]]:
        """All that is stored, by resource and name."""
        with open_cluster(self.directory) as cluster:
            copied: dict[str, dict[str, Object]] = json.loads(json.dumps(cluster.store.objects))
            return copied

    def settle(self) -> None:
        """Brings the cluster to rest, without waiting for it."""
        with open_cluster(self.directory) as cluster:
            store = cluster.store
            store.clock.pin(store.now() + 3600)
            cluster.simulation.advance()
            store.clock.pin(None)

    def accounts(self) -> dict[str, set[str]]:
        """The truth: the accounts under which each config's ready application pods run."""
        found: dict[str, set[str]] = {}
        for pod in self.objects()["pods"].values():
            name = pod["metadata"].get("annotations", {}).get("openshift.io/deployment-config.name")
            ready = any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", ()))
            if name and ready and "openshift.io/deployer-pod-for.name" not in pod["metadata"].get("labels", {}):
                found.setdefault(name, set()).add(pod["spec"]["serviceAccountName"])
        return found


def make_world(home: Path, *faults: str, speed: float = SPEED, from_file: Path | None = None) -> World:
    """A world of its own in an empty directory."""
    directory = home / "cluster"
    environment = launch.create(directory, speed=speed, faults=faults, from_file=from_file)
    (directory / launch.EXAMPLE_SECRET).write_text(launch.example_secret(TOKEN), encoding="utf-8")
    return _world(home, environment)


def copy_world(source: Path, home: Path) -> World:
    """A world of its own whose cluster, and whatever else is in its home, is copied from another that is at rest."""
    shutil.copytree(source, home, dirs_exist_ok=True)
    return _world(home, launch.prepare(home / "cluster"))


def _world(home: Path, environment: dict[str, str]) -> World:
    (home / "tmp").mkdir(exist_ok=True)
    return World(
        home,
        home / "cluster",
        {
            **environment,
            "HOME": str(home),
            "TMPDIR": str(home / "tmp"),
            "XDG_STATE_HOME": str(home / "state"),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),
        },
    )


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One migration for all who only need that there was one."""
    made = make_world(tmp_path_factory.mktemp("migrated"))
    done = made.migrate()
    assert done.code == 0, done.err
    made.settle()
    return made


@pytest.fixture
def migrated_world(_migrated: World, tmp_path: Path) -> World:
    """A world of its own in which all of 3scale was migrated, with the journal of that run."""
    return copy_world(_migrated.home, tmp_path)
