"""The package is a house with floors: each module imports from the floors below it and from the rows below its own.

What is read are the import statements of every module, also those inside functions and for types alone; and, since what is handed
down can call back up, the calls that commands really make.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import make_world
from threescale_migrate.cli.commands import COMMANDS
from threescale_migrate.options import OPTIONS
from threescale_migrate.render.formats import FORMATS

PACKAGE = "threescale_migrate"
ROOT = Path(__file__).resolve().parents[1]

# From the ground up. `ground` are the modules beside the packages; the rehearsal is a house of its own.
FLOORS = ("ground", "cluster", "guide", "engine", "render", "run", "commands", "cli", "door")
# What starts the house.
DOOR = (f"{PACKAGE}.__main__",)

# The rows of each floor, from the ground up: a module imports from rows below its own. One that has no row yet may not be
# part of a circle either.
ROWS: Mapping[str, tuple[str, ...]] = {
    "ground": (
        "check_codes package_files safe_text",
        "values",
        "exit_codes language redaction",
        "command_secrets options output",
        "shell",
        "check_json",
    ),
    "cluster": (
        "access clock dialects allowed_calls running_calls items quotas export_fields call_files threads",
        "state",
        "oc_errors pull_secrets saved_objects export_masking workloads",
        "retries",
        "oc parsing",
        "image_imports reviews versions",
        "partial_answers",
        "named_objects",
        "location programs reading",
    ),
    "guide": (
        "rules",
        "cause change dumps grants pull_secret_logins pod_resources registry_answers selection verdicts",
        "account_reviews capacity config_changes pull_proof image_pulls admission_refusals secret_file",
        "failed_rollouts kept_data objects_in_use",
        "object_changes role_changes",
        "costs linked_secrets readiness registry_secret service_account",
        "deployment_configs permissions user_rights verification",
        "permission_checks",
        "steps undo_plan",
        "preflight",
    ),
    "engine": (
        "run_failure journal_directory registry_questions journal_lines signals",
        "evidence journal",
        "lock run",
        "apply records",
        "wait_endings",
        "gates rollout_wait",
        "dumping",
        "data_keeping",
        "migration undo_sequence",
    ),
    "render": (
        "bash project_outcome report terminal",
        "metrics rollout_timeline result text",
        "junit nagios report_page progress journal_report",
        "failed plan run_list",
        "document screens",
        "formats",
    ),
    "run": (
        "patch_dry_run access_reviews",
        "connection last_result",
        "session",
        "errors inventory preflight reports sources",
        "owed_data",
        "run_journal many migration_plan requests results undo_request",
        "confirmation",
        "guide_steps",
    ),
    "cli": ("commands parser_language", "arguments usage", "parser", "help command_line", "main"),
}
LONGEST = 400


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES: Mapping[str, Path] = {_name(path): path for path in sorted((ROOT / PACKAGE).rglob("*.py"))}
TREES: Mapping[str, ast.Module] = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}


def imports(name: str, tree: ast.Module, known: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The modules of the package that a module imports, each with its line, wherever the statement stands."""
    known = frozenset(known)
    package = name if MODULES.get(name, Path()).name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names if alias.name.partition(".")[0] == PACKAGE)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            above = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            base = ".".join(filter(None, (above, node.module)))
            if base.partition(".")[0] == PACKAGE:
                for alias in node.names:
                    yield node.lineno, f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base


IMPORTS: Mapping[str, tuple[tuple[int, str], ...]] = {
    name: tuple(imports(name, tree, MODULES)) for name, tree in TREES.items()
}


def floor_of(name: str) -> str:
    """The floor of a module; the package itself, which holds its version alone, is the ground."""
    if name in DOOR:
        return "door"
    parts = name.split(".")
    found = parts[1] if len(parts) > 1 else "ground"
    return found if found in (*FLOORS, "rehearsal") else "ground"


def row_of(name: str) -> int | None:
    """The row of a module on its floor, None where it has none."""
    for number, row in enumerate(ROWS.get(floor_of(name), ())):
        if name.rpartition(".")[2] in row.split():
            return number
    return None


def wrong(name: str, imported: str) -> str:
    """Why a module may not import another, empty where it may."""
    mine, other = floor_of(name), floor_of(imported)
    if mine == "rehearsal":
        return "" if other == "rehearsal" else "the rehearsal imports nothing else of the package"
    if other == "rehearsal":
        return "" if mine == "commands" else "a rehearsal is started by a command, and nothing else knows of it"
    if FLOORS.index(other) > FLOORS.index(mine):
        return f"{other} is above {mine}"
    if mine == other == "commands":
        return "a command imports no other: what both need belongs to run"
    above, below = row_of(name), row_of(imported)
    if mine == other and above is not None and below is not None and below >= above:
        return "it stands in the same row or above"
    return ""


def circles(graph: Mapping[str, Iterable[str]]) -> set[frozenset[str]]:
    """Groups of modules of which each leads to each other."""

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        todo = [start]
        while todo:
            for other in graph.get(todo.pop(), ()):
                if other not in found:
                    found.add(other)
                    todo.append(other)
        return found

    leads = {name: reached(name) for name in graph}
    return {
        frozenset(other for other in leads[name] if name in leads.get(other, ()))
        for name in graph
        if name in leads[name]
    }


def test_no_import_goes_up_or_sideways() -> None:
    found = [
        f"{MODULES[name].relative_to(ROOT)}:{line}: {imported}: {why}"
        for name, listed in IMPORTS.items()
        for line, imported in listed
        for why in [wrong(name, imported)]
        if why
    ]
    assert not found, "\n".join(found)


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circles({name: {other for _, other in listed} for name, listed in IMPORTS.items()}) == set()


def test_the_rows_name_modules_that_are_there() -> None:
    named = [
        f"{PACKAGE}.{name}" if floor == "ground" else f"{PACKAGE}.{floor}.{name}"
        for floor, rows in ROWS.items()
        for row in rows
        for name in row.split()
    ]
    assert sorted(named) == sorted(set(named))
    assert not set(named) - set(MODULES)


@pytest.mark.parametrize(
    ("source", "name", "found"),
    [
        ("from ..run.session import Session", "guide.x", "run is above guide"),
        ("def f():\n    from ..commands import verify", "run.x", "commands is above run"),
        ("if TYPE_CHECKING:\n    from . import verify", "commands.x", "a command imports no other"),
        ("import threescale_migrate.cli.main", "render.x", "cli is above render"),
        ("from .. import render", "cluster.x", "render is above cluster"),
        ("from ..values import Text", "rehearsal.x", "nothing else of the package"),
        ("from ..rehearsal import launch", "engine.x", "started by a command"),
        ("from .rollout_wait import wait", "engine.apply", "same row or above"),
        ("from ..values import Text\nfrom . import connection\nimport json", "run.session", ""),
    ],
)
def test_an_import_that_goes_wrong_is_seen_wherever_it_stands(source: str, name: str, found: str) -> None:
    me = f"{PACKAGE}.{name}"
    reasons = [wrong(me, imported) for _, imported in imports(me, ast.parse(source), MODULES)]
    assert reasons
    assert any(found in reason for reason in reasons) if found else not any(reasons)


def test_a_circle_is_seen() -> None:
    assert circles({"a": ["b"], "b": ["c"], "c": ["b"], "d": ["a"]}) == {frozenset({"b", "c"})}


def test_each_module_says_what_it_is_for() -> None:
    assert not [name for name, tree in TREES.items() if not ast.get_docstring(tree)]


def test_no_module_is_longer_than_it_should_be() -> None:
    lines = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in MODULES.items()}
    assert not {name for name, count in lines.items() if count > LONGEST}, "these have two subjects: find them"


def test_argparse_ends_in_cli() -> None:
    for name, tree in TREES.items():
        if floor_of(name) in ("cli", "rehearsal"):
            continue
        words = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        modules |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert "argparse" not in modules, name
        assert "Namespace" not in words, name


def test_processes_are_started_in_two_places_alone() -> None:
    """`oc` by `cluster/oc.py`, programs that a user names by `cluster/programs.py`; the rehearsal is a house of its own."""
    found = set()
    for name, tree in TREES.items():
        modules = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        modules |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        calls = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
        }
        started = {"subprocess", "sh", "pty", "multiprocessing"} & modules
        started |= {
            call for call in calls if call.startswith(("fork", "exec", "spawn", "posix_spawn", "system", "popen"))
        }
        if started and floor_of(name) != "rehearsal":
            found.add(name.partition(".")[2])
    assert found == {"cluster.oc", "cluster.programs"}


def test_each_command_has_a_module_with_one_run() -> None:
    there = {name.rpartition(".")[2] for name in MODULES if floor_of(name) == "commands"} - {"commands"}
    assert there == set(COMMANDS) - {"completion", "help"}
    for name in there:
        run = importlib.import_module(f"{PACKAGE}.commands.{name}").run
        assert list(inspect.signature(run).parameters) == ["session", "options"], name


# What is asked before anything is wanted of a cluster, and by each new shell.
@pytest.mark.parametrize(
    "line", [["--version"], ["--help"], ["migrate", "--help"], ["completion", "bash"], ["completion", "zsh"]]
)
def test_what_asks_no_cluster_loads_nothing_that_does(line: list[str]) -> None:
    code = f"import sys; from threescale_migrate.cli.main import main\ntry: main({line!r})\nexcept SystemExit: pass"
    script = f"{code}\nprint(*sorted(sys.modules))"
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    loaded = said.splitlines()[-1].split()
    assert f"{PACKAGE}.cli.parser" in loaded
    own = [name for name in loaded if name.startswith(f"{PACKAGE}.")]
    assert not [name for name in own if floor_of(name) in ("commands", "engine", "run", "cluster")]
    # Each of these takes as long as all that is needed.
    assert not {"sh", "asyncio", "yaml", "tenacity", "jinja2", "tempfile", "socket", "subprocess"} & set(loaded)


def test_what_looks_loads_nothing_for_formats_and_files_that_it_was_not_given(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    script = (
        "import sys; from threescale_migrate.cli.main import main; main(['verify', '-q']); print(*sorted(sys.modules))"
    )
    loaded = set(world.program([sys.executable, "-c", script]).out.splitlines()[-1].split())
    assert "sh" in loaded
    assert not {"yaml", "jinja2", "xml.etree.ElementTree", f"{PACKAGE}.render.page"} & loaded


# What is handed down to be called: the observer of a run, the words of a language, what parses an answer. By module and function.
HANDED_DOWN = {
    "render.progress": {"began", "ended", "wave", "rollouts", "note"},
    "cli.parser_language": {"current"},
    "run.reports": {"_parsed"},
    "engine.dumping": {"once"},
}
# A command is handed down by the command line, and by itself where it has many projects in turn; this alone calls it.
CALLS_COMMANDS = "run.errors"


@pytest.mark.long
def test_a_command_passes_each_floor_once_on_its_way_down(tmp_path: Path) -> None:
    """On each stack of calls a floor is one stretch: nothing is called that is above its caller, but what was handed down."""
    world = make_world(tmp_path)
    lines = [
        ["migrate", "--yes", "--all-at-once", "--grace", "0.5", "--secret-file", world.secret],
        ["undo", "--yes"],
    ]
    went_down, upwards, carried_out = set(), [], set()
    for number, line in enumerate(lines):
        file = tmp_path / f"calls-{number}.json"
        done = world.program([sys.executable, "-m", "tests.support.calls_made", str(file), *line])
        assert done.code == 0, done.all
        for caller, called, function in json.loads(file.read_text(encoding="utf-8")):
            above, below = (floor_of(f"{PACKAGE}.{module}") for module in (caller, called))
            went_down.add(below)
            if (caller, below, function) == (CALLS_COMMANDS, "commands", "run"):
                carried_out.add(called)
            elif FLOORS.index(below) > FLOORS.index(above) and function not in HANDED_DOWN.get(called, ()):
                upwards.append(f"{caller} -> {called}.{function}")
    assert not upwards
    assert carried_out == {"commands.migrate", "commands.undo"}
    assert went_down == set(FLOORS) - {"door"}


MOST_FRAMES = 8


def only_passes_on(function: ast.FunctionDef) -> bool:
    """Whether all that a function does is to call another one."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return len(body) == 1 and isinstance(body[0], (ast.Return, ast.Expr)) and isinstance(body[0].value, ast.Call)


def test_the_way_to_the_first_patch_is_short(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    argv = ["tests.support.first_patch", "migrate", "--yes", "--secret-file", world.secret]
    done = world.program([sys.executable, "-m", *argv])
    frames = json.loads(done.out.splitlines()[-1])
    assert (frames[0], frames[-1]) == (["cli/main.py", "main"], ["engine/apply.py", "_apply_one"])
    assert len(frames) <= MOST_FRAMES, frames
    for path, name in frames:
        tree = ast.parse((ROOT / PACKAGE / path).read_text(encoding="utf-8"))
        (function,) = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name)
        assert not only_passes_on(function), (path, name)


def test_what_a_command_did_is_shown_by_the_table_of_formats_alone() -> None:
    """A command prints nothing and asks for no format; nor does anything else but the table."""
    for name, tree in TREES.items():
        if floor_of(name) == "rehearsal" or name == f"{PACKAGE}.render.formats":
            continue
        for node in ast.walk(tree):
            asked = [*node.comparators, node.left] if isinstance(node, ast.Compare) else []
            words = {part.value for part in asked if isinstance(part, ast.Constant)}
            assert not words & {"text", *FORMATS}, f"{name}:{getattr(node, 'lineno', 0)} asks for a format"
            if floor_of(name) != "commands":
                continue
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            assert called not in ("print", "sys.stdout.write", "sys.stderr.write"), f"{name}: {called}"
    shown = {f"{PACKAGE}.render.{each}" for each in ("terminal", "text", "document", "screens", "formats", "plan")}
    for name, listed in IMPORTS.items():
        assert floor_of(name) != "commands" or not {other for _, other in listed} & shown, name


def test_a_command_reads_no_option_that_it_does_not_take() -> None:
    """Of such an option it would get the default, whatever is typed."""
    seen: set[str] = set()
    for name, tree in TREES.items():
        command = name.rpartition(".")[2]
        if floor_of(name) != "commands" or command not in COMMANDS:
            continue
        read = {
            node.attr
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "options"
        }
        seen |= read
        assert not [each for each in read & set(OPTIONS) if not OPTIONS[each].taken_by(command)], name
    assert len(seen) > 20


def test_the_formats_are_those_that_the_option_takes() -> None:
    assert set(OPTIONS["output"].choices("verify")) == {"text", *FORMATS}


# What the map says of a new format, done: the file, what is replaced in it (all of a new one), and by what.
A_NEW_FORMAT = (
    (
        "render/lines.py",
        "",
        '"""Checks as lines, for grep."""\n\n\ndef of(result):\n'
        '    return "".join(f"{check.verdict.value} {check.subject}\\n" for check in result.seen.checks)\n',
    ),
    (
        "render/formats.py",
        "FORMATS: Mapping[str, Format] = {\n",
        "def _lines(result, options):\n    from . import lines\n\n    return lines.of(result)\n\n\n"
        'FORMATS: Mapping[str, Format] = {\n    "lines": Format(_lines),\n',
    ),
    ("options.py", '"nagios", "junit")', '"nagios", "junit", "lines")'),
)


# A registry that says something new: the two tables of the guide, and the fault with what the node says then.
A_NEW_CAUSE = (
    (
        "guide/registry_answers.py",
        '    UNKNOWN = "unknown"\n',
        '    UNKNOWN = "unknown"\n    MOVED = "moved"\n',
    ),
    (
        "guide/registry_answers.py",
        "TEXTS: tuple[tuple[str, RegistryAnswer], ...] = (\n",
        'TEXTS: tuple[tuple[str, RegistryAnswer], ...] = (\n    ("repository has moved", RegistryAnswer.MOVED),\n',
    ),
    (
        "guide/image_pulls.py",
        "MEANING: dict[RegistryAnswer, tuple[str, bool, str]] = {\n",
        "MEANING: dict[RegistryAnswer, tuple[str, bool, str]] = {\n"
        '    RegistryAnswer.MOVED: ("{registry} has it elsewhere by now", True, "name its new place in dc/{name}"),\n',
    ),
    (
        "rehearsal/faults.py",
        '    "blocked-registry": "the nodes',
        '    "moved": "the registry has moved its repositories",\n    "blocked-registry": "the nodes',
    ),
    (
        "rehearsal/faults.py",
        '    "blocked-registry": "exit code',
        '    "moved": "exit code 5: the registry has moved the image",\n    "blocked-registry": "exit code',
    ),
    (
        "rehearsal/images.py",
        '    if faults.active(store, "blocked-registry")',
        '    if faults.active(store, "moved") and "3scale" in image:\n        return f"{BY_RUNTIME}repository has moved"\n'
        '    if faults.active(store, "blocked-registry")',
    ),
)
Edits = Sequence[tuple[str, str, str]]


@contextmanager
def done_as_the_map_says(task: str, edits: Edits) -> Iterator[str]:
    """A copy of the package in which that is done, for PYTHONPATH: in the files that the map names for the task, and no others."""
    lines = (ROOT / "tests" / "README.md").read_text(encoding="utf-8").splitlines()
    (row,) = (line for line in lines if line.startswith(f"| {task} |"))
    # Elsewhere than the world, in which no secret may be: the rehearsal has one in its source.
    with tempfile.TemporaryDirectory() as directory:
        tree = Path(directory) / PACKAGE
        shutil.copytree(ROOT / PACKAGE, tree, ignore=shutil.ignore_patterns("__pycache__"))
        for name, old, new in edits:
            assert f"`{name}`" in row or (not old and f"`{name.partition('/')[0]}/`" in row), name
            words = (tree / name).read_text(encoding="utf-8") if old else ""
            assert words.count(old) == 1 or not old, name
            (tree / name).write_text(words.replace(old, new) if old else new, encoding="utf-8")
        changed = {name for name, old, _ in edits if old}
        assert set(re.findall(r"`(\w+/\w+\.py|\w+\.py)`", row)) == changed, "and no other file is named"
        assert len({name for name, _, _ in edits}) <= 4
        yield directory


def test_a_format_is_added_in_the_files_that_the_map_names(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    with done_as_the_map_says("a new output format", A_NEW_FORMAT) as tree:
        argv = ["-m", PACKAGE, "verify", "-o", "lines", "--dc", "zync"]
        done = world.program([sys.executable, *argv], PYTHONPATH=tree)
        assert done.code == 1
        assert "failed dc/zync\n" in done.out
        listed = world.program([sys.executable, "-m", PACKAGE, "verify", "--help"], PYTHONPATH=tree)
        assert "junit, lines" in " ".join(listed.out.split())


def test_a_cause_of_failed_pulls_is_added_in_the_files_that_the_map_names(tmp_path: Path) -> None:
    world = make_world(tmp_path)
    migrate = ("migrate", "--yes", "--grace", "0.5", "--dc", "zync", "--secret-file", world.secret)
    rehearsed = ("rehearse", "--speed", "40", "--fault", "moved", "--", sys.executable, "-m", PACKAGE, *migrate)
    with done_as_the_map_says("a new cause of failed pulls", A_NEW_CAUSE) as tree:
        done = world.program([sys.executable, "-m", PACKAGE, *rehearsed], PYTHONPATH=tree)
    assert done.code == 5, done.all
    assert "has it elsewhere by now" in " ".join(done.err.split()), done.err
    assert "name its new place in dc/zync" in " ".join(done.err.split())


def test_the_map_leads_to_files_that_are_there() -> None:
    text = (ROOT / "tests" / "README.md").read_text(encoding="utf-8")
    below = text[text.index("Four questions") : text.index("## Figures")]
    named = set(
        re.findall(r"`((?:cli|run|render|engine|guide|cluster|rehearsal|topics|fixtures)/[\w./-]*|\w+\.py)`", below)
    )
    assert len(named) > 8
    assert not [name for name in named if not ((ROOT / PACKAGE / name).exists() or (ROOT / name).exists())]
    for line in below.splitlines():
        for name, path in re.findall(r"`(\w+)(?:\(\))?` in `([\w/]+\.py)`", line):
            assert name in (ROOT / PACKAGE / path).read_text(encoding="utf-8"), line
