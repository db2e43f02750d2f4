"""Where options may stand, which of them can be combined, and what the environment says; by the words of a command line."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.conftest import World
from threescale_migrate.cli import usage
from threescale_migrate.cli.conflicts import CONFLICTS, NEEDS, Conflict, Given, contradiction
from threescale_migrate.cli.line import command_first, parsed
from threescale_migrate.cli.parser import WrongUsage, build

# A value that each option takes, by its destination; others take any word.
SAMPLES = {
    "request_timeout": "9s", "call_timeout": "9s", "timeout": "9s", "grace": "9s", "jobs": "2", "speed": "2", "interval": "9s", "gate_timeout": "9s",
    "report": "report.html", "prove_pull": "registry.redhat.io/3scale-amp26/zync", "skip": "readiness", "fault": "quota",
    "image": "ops/migrate:1", "schedule": "@daily",
}  # fmt: skip
COMMANDS = usage.commands(build())


def words_of(action: argparse.Action) -> list[str]:
    """The option as a person types it, with a value that it takes."""
    if action.nargs == 0:
        return [action.option_strings[-1]]
    chosen = SAMPLES.get(action.dest) or (str(next(iter(action.choices))) if action.choices else "a-word")
    if action.dest == "output":
        chosen = list(action.choices or ())[-1]
    return [f"{action.option_strings[-1]}={chosen}"]


def positionals(command: str) -> list[str]:
    found = []
    for action in COMMANDS[command]._actions:
        if not action.option_strings and action.nargs not in ("?", argparse.REMAINDER):
            found.append(str(next(iter(action.choices))) if action.choices else "a-word")
        if action.option_strings and action.required:
            found += words_of(action)
    return found


def options_of(command: str) -> list[argparse.Action]:
    return [
        action
        for action in COMMANDS[command]._actions
        if action.option_strings
        and not isinstance(action, argparse._HelpAction)
        and action.dest != "password"
        and not action.required
    ]


def pairs() -> Iterator[tuple[str, argparse.Action, argparse.Action]]:
    for command in COMMANDS:
        for first, second in itertools.combinations(options_of(command), 2):
            yield command, first, second


def said_of(argv: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    """What is said against the words, nothing where they are taken."""
    try:
        parsed(argv)
    except WrongUsage as error:
        capsys.readouterr()
        return error.said
    return ""


@pytest.mark.long
def test_every_pair_of_options_is_taken_or_refused_in_a_sentence_that_names_both(
    capsys: pytest.CaptureFixture[str],
) -> None:
    taken = refused = 0
    for command, first, second in pairs():
        argv = [command, *positionals(command), *words_of(first), *words_of(second)]
        said = said_of(argv, capsys)
        if not said:
            taken += 1
            continue
        refused += 1
        assert "\n" not in said
        assert "Traceback" not in said
        named = [name for action in (first, second) for name in action.option_strings if name in said]
        assert named, (argv, said)
        if "contradict" in said or "not allowed with" in said:
            assert any(name in said for action in (first, second) for name in action.option_strings), (argv, said)
        # Each refusal is one that a table knows, or argparse's own of two sources of one secret.
        assert any(word in said for word in ("contradict each other", "has no effect without", "not allowed with")), (
            said
        )
    assert taken > 1000
    assert refused > 100


@pytest.mark.parametrize("conflict", CONFLICTS, ids=lambda found: f"{found.first.dest}-{found.second.dest}")
def test_each_line_of_the_table_can_happen_in_a_command(conflict: Conflict) -> None:
    """A line about an option that no command has is dead."""
    known = {action.dest for command in COMMANDS.values() for action in command._actions}
    later = {
        "no_prove_pull",
        "no_link_builder",
        "ticket",
    }
    assert {conflict.first.dest, conflict.second.dest} <= known | later


@pytest.mark.parametrize(
    "argv",
    [
        "plan --all-at-once --wave-plan=order.txt",
        "plan --projects=a,b -n a",
        "verify --projects=a --inventory=file.yml",
        "verify --jobs=3",
        "verify -q -v",
        "verify -o json --changed-since-last",
        "migrate --skip=permissions --copy-privileged",
        "undo --dry-run --grace=9s",
        "undo --to-default 20260101T0000",
        "undo --redo 20260101T0000",
        "step readiness --replace-secret",
        "step readiness --check --yes",
        "history --report=report.html",
        "history 20260101T0000 -n a",
        "rehearse --fault=list --speed=2",
    ],
)
def test_what_contradicts_itself_is_refused_before_oc_is_asked(world: World, argv: str) -> None:
    (world.directory / "bin" / "oc").unlink()
    done = world.run(*argv.split())
    assert done.code == 2, done.all
    assert "contradict each other" in done.err or "has no effect without" in done.err
    assert len(done.err.splitlines()) == 1
    assert done.out == ""


def test_a_need_is_met_by_any_of_its_options() -> None:
    for need in NEEDS:
        names = {found.dest: f"--{found.dest}" for found in (need.option, *need.others)}
        alone = argparse.Namespace(**{need.option.dest: True})
        command = need.commands[0] if need.commands else "verify"
        assert contradiction(command, alone, names) is not None
        for other in need.others:
            both = argparse.Namespace(**{need.option.dest: True, other.dest: "x"})
            assert contradiction(command, both, names) is None


def test_a_value_counts_only_where_it_is_the_one_meant() -> None:
    assert Given("skip", "permissions").is_in({"skip": ["readiness", "permissions"]})
    assert not Given("skip", "permissions").is_in({"skip": ["readiness"]})
    assert not Given("output", "json").is_in({"output": "text"})
    assert Given("projects").is_in({"projects": ["a"]})
    assert not Given("all_contexts").is_in({"all_contexts": False})


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ("-n a verify", "verify -n a"),
        ("-na verify -q", "verify -na -q"),
        ("--namespace=a --context b verify", "verify --namespace=a --context b"),
        ("-v --lang ja -n a plan", "plan -v --lang ja -n a"),
        ("--version", "--version"),
        ("--nonsense verify", "--nonsense verify"),
        ("verify -n a", "verify -n a"),
        ("-n", "-n"),
    ],
)
def test_the_connection_may_stand_before_the_command(argv: str, expected: str) -> None:
    assert command_first(argv.split()) == expected.split()


def test_a_command_line_with_its_options_first_does_the_same(world: World) -> None:
    before = world.run("-n", "threescale", "--lang", "en", "verify", "-o", "json")
    after = world.run("verify", "-o", "json", "-n", "threescale", "--lang", "en")
    assert before.code == after.code == 1
    assert before.json()["project"] == after.json()["project"] == "threescale"


def test_the_environment_says_what_the_command_line_does_not(world: World) -> None:
    elsewhere = world.run("verify", "-o", "json", THREESCALE_MIGRATE_NAMESPACE="nowhere")
    assert elsewhere.json()["project"] == "nowhere"
    here = world.run("verify", "-o", "json", "-n", "threescale", THREESCALE_MIGRATE_NAMESPACE="nowhere")
    assert here.code == 1
    wrong = world.run("verify", THREESCALE_MIGRATE_TIMEOUT="soon")
    assert wrong.code == 2
    assert "THREESCALE_MIGRATE_TIMEOUT" in wrong.err
    assert "soon" in wrong.err
    assert world.run("verify", "-o", "json", THREESCALE_MIGRATE_TIMEOUT="").code == 1


def test_a_source_that_is_named_takes_the_place_of_the_environments(world: World) -> None:
    found = parsed(["plan", "--from-secret", "other"])
    assert found.secret_file is None
    done = world.run("plan", "--from-secret", "none-such", THREESCALE_MIGRATE_SECRET_FILE="/none/such")
    assert "/none/such" not in done.all


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_each_help_fits_a_screen_of_24_lines(world: World, command: str) -> None:
    brief = world.run(*command.split(), "--help", COLUMNS="80")
    assert brief.code == 0
    lines = brief.out.splitlines()
    assert len(lines) <= 24, len(lines)
    assert max(map(len, lines)) <= 80
    everything = world.run(*command.split(), "--help-all", COLUMNS="80").out
    for action in COMMANDS[command]._actions if command else ():
        if action.help != argparse.SUPPRESS and not isinstance(action, argparse._HelpAction) and action.option_strings:
            assert action.option_strings[-1] in everything
            assert action.option_strings[-1] in brief.out, (command, action.option_strings)


def test_what_is_nearly_right_is_named_and_nothing_is_abbreviated(world: World) -> None:
    assert "did you mean verify?" in world.run("verfiy").err
    option = world.run("verify", "--inventroy", "x")
    assert option.code == 2
    assert "did you mean --inventory?" in option.err
    assert world.run("verify", "--inv", "x").code == 2
    assert world.run("-V").out == world.run("--version").out


def test_an_empty_call_helps_and_is_wrong_all_the_same(world: World) -> None:
    done = world.run()
    assert done.code == 2
    assert "migrate" in done.err
    assert done.out == ""


def test_migrate_dry_run_leads_to_plan(world: World) -> None:
    (world.directory / "bin" / "oc").unlink()
    done = world.run("migrate", "--dry-run", "--secret-file", world.secret)
    assert (done.code, done.out) == (2, "")
    assert "migrate has no --dry-run: plan shows what it would do" in done.err
    assert len(done.err.splitlines()) == 1


def test_off_a_terminal_only_yes_confirms(world: World) -> None:
    before = world.objects()
    done = world.run("migrate", "--secret-file", world.secret, "--expect-project", "threescale")
    assert done.code == 2
    assert "--yes" in done.err
    assert world.objects() == before


@pytest.mark.parametrize(
    "line",
    [
        "migrate --backup saved --dump zync-database --restore zync-database --dc zync-database",
        "migrate --backup saved --with-secrets --skip permissions",
        "migrate --gate true --gate-timeout 5 --pause --on-failure undo",
        "migrate --wave-plan waves --secret-file s.yml --replace-secret --report r.html --ticket CHG-1 --yes",
        "undo --dc zync,zync-que --force --yes",
        "verify --watch --interval 5 --dc zync",
        "step readiness --check",
        "backup saved --dump zync-database --with-secrets",
    ],
)
def test_what_is_given_again_is_a_line_that_is_taken(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "waves").write_text("zync\n", encoding="utf-8")
    command, *words = line.split()
    arguments, options = parsed([command, *words]).again
    saved = ("saved",) if command == "backup" else ()
    repeated = parsed([command, *(arguments or saved), *options])
    told = [option for option in options if not option.startswith("--backup=")]
    assert [option for option in repeated.again[1] if not option.startswith("--backup=")] == told


def test_a_database_is_saved_again_before_its_wave_into_a_directory_that_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    keep = ["--dump", "zync-database", "--restore", "zync-database"]
    (tmp_path / "saved-2").mkdir()
    _, options = parsed(["migrate", "--backup", "saved", *keep]).again
    assert options == (f"--backup={tmp_path}/saved-3", "--dump=zync-database", "--restore=zync-database")
    assert parsed(["migrate", "--backup", "saved"]).again == ((), ())
