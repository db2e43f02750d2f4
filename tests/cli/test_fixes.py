"""Each command that any fix can give, wherever the package makes one, through the parser that would read it.

They are found in the source, not in what runs: a command that no test ever shows is checked as well.
"""

from __future__ import annotations

import ast
import importlib
import itertools
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import threescale_migrate
from tests.cli.test_options import COMMANDS, options_of, positionals, words_of
from threescale_migrate import options as fields
from threescale_migrate.cli import command_line as lines
from threescale_migrate.cli.command_line import parsed
from threescale_migrate.cli.parser import WrongUsage, build
from threescale_migrate.rehearsal.client import run as client
from threescale_migrate.rehearsal.client.flags import Parser, table
from threescale_migrate.shell import PROGRAM, Invocation, resumption
from threescale_migrate.values import RESUME, Command, resume

PACKAGE = Path(threescale_migrate.__file__).parent
# A word that is known only when it runs: the name of a pod, of a secret.
SOME = "some-name"
# What the makers of commands are called, and how many words each puts before what it is given.
MAKERS: dict[str, tuple[str, ...]] = {"Command": (), "resume": (PROGRAM, "migrate"), "then": ("oc",)}
# These hand on what is made elsewhere: a change's own call, the question about a right, the words of a journal.
PASSED_ON = {
    "check_json.py", "engine/data_keeping.py", "engine/dumping.py", "guide/cause.py", "guide/linked_secrets.py", "guide/preflight.py", "render/plan.py", "render/text.py",
    "run/backups.py", "guide/permission_checks.py", "guide/user_rights.py",
}  # fmt: skip
# Programs that each workstation has.
OTHERS = ("chmod",)
# The real client opens an editor; the rehearsal has none.
EDITED = ("edit",)


@dataclass(frozen=True)
class Found:
    """A command in the source, its unknown words replaced by one."""

    where: str
    argv: tuple[str, ...]
    resumes: bool


@dataclass(frozen=True)
class Source:
    """A module: its tree, and what is known in it without running it."""

    name: str
    tree: ast.Module
    known: dict[str, object]

    def words(self, node: ast.expr) -> tuple[str, ...]:
        """An expression as words: what can be known by reading, and one word for what cannot."""
        if isinstance(node, ast.Starred):
            return self.words(node.value)
        if isinstance(node, ast.Tuple):
            return tuple(itertools.chain.from_iterable(map(self.words, node.elts)))
        assigned = self.assigned(node)
        if assigned is not None:
            return self.words(assigned)
        try:
            value = eval(compile(ast.Expression(node), "", "eval"), self.known)
        except (NameError, AttributeError, TypeError):
            return (SOME,)
        return tuple(value) if isinstance(value, tuple) else (str(value),)

    def assigned(self, node: ast.expr) -> ast.Tuple | None:
        """What a name of a function is, where that is written down as words."""
        if not isinstance(node, ast.Name) or node.id in self.known:
            return None
        for other in ast.walk(self.tree):
            if isinstance(other, ast.Assign) and ast.unparse(other.targets[0]) == node.id:
                return other.value if isinstance(other.value, ast.Tuple) else None
        return None

    def made(self) -> Iterator[tuple[ast.Call, str, tuple[str, ...]]]:
        """Each call that makes a command, with its maker and the words."""
        for node in ast.walk(self.tree):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in MAKERS:
                continue
            maker = node.func.id
            calls: list[tuple[ast.expr, ...]] = [(arg,) for arg in node.args[:1]]
            if maker == "resume":
                calls = [tuple(node.args)]
            elif maker == "then":
                calls = []
                for arg in node.args[1:]:
                    several = self.assigned(arg.value) if isinstance(arg, ast.Starred) else None
                    calls += [(one,) for one in (several.elts if several is not None else (arg,))]
            for call in calls:
                yield node, maker, (*MAKERS[maker], *itertools.chain.from_iterable(map(self.words, call)))


def found() -> Iterator[Found]:
    """Every command that the package makes."""
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        if name.startswith("rehearsal/") or name == "values.py":
            continue
        module = importlib.import_module("threescale_migrate." + name[:-3].replace("/", ".").removesuffix(".__init__"))
        source = Source(name, ast.parse(path.read_text(encoding="utf-8")), vars(module))
        for node, maker, argv in source.made():
            if (
                argv
                and argv[0] in ("oc", PROGRAM, *OTHERS)
                and SOME not in (argv[1:2], argv[2:])[maker == "resume"][:1]
            ):
                yield Found(f"{name}:{node.lineno}", argv, maker == "resume")
            else:
                assert name in PASSED_ON, (name, node.lineno, ast.unparse(node))


FOUND = tuple(found())
OURS = tuple(dict.fromkeys(Command(one.argv, resumes=one.resumes) for one in FOUND if one.argv[0] == PROGRAM))
OCS = tuple(dict.fromkeys((one.where, one.argv) for one in FOUND if one.argv[0] == "oc"))


def test_the_commands_of_the_source_are_found() -> None:
    assert {command.argv[1] for command in OURS} >= {"migrate", "undo", "verify", "step", "rehearse"}
    verbs = {argv[1] for _, argv in OCS}
    assert verbs >= {"logs", "describe", "get", "delete", "secrets", "rollout", "adm", "edit", "import-image", "login"}
    assert resume("--secret-file", "FILE", "--replace-secret") in OURS
    assert RESUME in (*OURS, RESUME)


# With what a preflight's problems are overridden.
SPITE = (resume("--force"), resume("--allow-unknown"), resume("--allow-unknown", "--force"))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser is built once for all lines."""
    parser = build()
    monkeypatch.setattr(lines, "build", lambda *_: parser)


def contexts(command: str) -> Iterator[Invocation]:
    """How a command can have been called, whose fixes are shown then: with each of its options, and with all that go together."""
    alone = [words_of(action) for action in options_of(command)]
    together: list[str] = []
    for words in alone:
        with pytest.MonkeyPatch.context():
            try:
                parsed([command, *positionals(command), *together, *words])
            except WrongUsage:
                continue
        together += words
    for words in ([], *alone, together):
        try:
            line = parsed([command, *positionals(command), *words])
        except WrongUsage:  # it says nothing without another one
            continue
        arguments, given = fields.repeated(command, line.options)
        yield Invocation("amp-prod", "prod/api", "/home/jo/config", command, given, arguments)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_of_this_program_that_a_fix_can_give_is_taken_wherever_it_is_shown(
    command: str, quick: None, capsys: pytest.CaptureFixture[str]
) -> None:
    told = {}
    all_at_once = resumption(OURS)
    assert all_at_once is not None
    for place in contexts(command):
        for one in (*OURS, RESUME, all_at_once, *SPITE):
            told[place.pasted(one)] = (place.given, one)
    assert told
    for line, (given, one) in told.items():
        words = shlex.split(line)
        assert words[0] == PROGRAM
        try:
            understood = parsed(words[1:])
        except WrongUsage as error:
            pytest.fail(f"{line}: {error.said} ({given}, {one})")
        if words[1] in ("migrate", "undo", "verify", "step"):
            assert understood.options.namespace == "amp-prod", line
    capsys.readouterr()


@pytest.mark.parametrize(
    ("where", "argv"), OCS, ids=lambda value: value if isinstance(value, str) else " ".join(value[:3])
)
def test_each_call_of_oc_that_a_fix_can_give_is_one_that_oc_has(where: str, argv: tuple[str, ...]) -> None:
    line = Invocation("amp-prod", "prod/api", "/home/jo/config").pasted(Command(argv))
    words = shlex.split(line)[1:]
    if words[0] in EDITED:
        assert re.fullmatch(r"[a-z.]+(/[\w-]+)?|some-name", words[1]), line
        return
    assert words[0] in client.VERBS, f"{where}: {line}"
    # An unknown flag raises.
    values, rest = Parser(table(client.VERBS[words[0]][2]), f"oc {words[0]}").parse(words[1:])
    assert rest or words[0] in ("login",), line
    assert ("namespace" in values) == (words[0] not in ("login", "project") and argv[1:2] != ("edit",)), line


def test_what_needs_an_option_to_go_on_names_it(quick: None) -> None:
    """A project without a registry secret: what goes on has to be given one, and gets each option that the run had."""
    place = Invocation("p", "", "", "verify", ("--dc=zync",))
    again = resumption((RESUME, resume("--secret-file", "FILE"), RESUME, resume("--resume-paused")))
    assert again is not None
    assert place.pasted(again) == f"{PROGRAM} migrate --secret-file FILE --resume-paused --dc=zync --namespace=p"
