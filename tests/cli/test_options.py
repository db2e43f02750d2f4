"""Where options may stand, which of them can be combined, and what the environment says; by the words of a command line."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.conftest import World
from threescale_migrate.cli import environment, usage
from threescale_migrate.cli.command_line import command_first, parsed
from threescale_migrate.cli.commands import COMMANDS as ABOUT
from threescale_migrate.cli.commands import MAIN
from threescale_migrate.cli.conflicts import ANY, Given, contradiction
from threescale_migrate.cli.parser import WrongUsage, build
from threescale_migrate.cli.topics import topic
from threescale_migrate.options import OPTIONS, Option, of_command, repeated
from threescale_migrate.values import Step

# A value that each option takes, by its destination; others take any word.
SAMPLES = {
    "request_timeout": "9s", "call_timeout": "9s", "timeout": "9s", "grace": "9s", "jobs": "2", "speed": "2", "watch": "9s", "gate_timeout": "9s",
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
        if action.option_strings and not isinstance(action, argparse._HelpAction) and not action.required
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
        assert "cannot be combined" in said or "has no effect without" in said, said
    assert taken > 1000
    assert refused > 100


@pytest.mark.parametrize("option", OPTIONS.values(), ids=lambda option: str(option.name))
def test_what_a_field_says_of_others_can_happen(option: Option) -> None:
    """What excludes an option that no common command has is dead, and so is what nothing reads."""
    assert set(option.about.commands.split()) <= set(COMMANDS)
    for other in Given.of(f"{option.about.excludes} {option.about.needs}"):
        assert any(option.taken_by(command) and other.option.taken_by(command) for command in COMMANDS), other.spelled
        assert (
            other.option.flag
            or other.value is ANY
            or other.value == "-"
            or other.value in sum((other.option.choices(command) for command in COMMANDS), ("list",))
        )
    for commands in (option.about.carried, option.about.variable):
        assert all(option.taken_by(command) for command in commands.split()), option.name
    assert all(name in OPTIONS for name in option.about.yields.split())


def test_what_help_shows_first_are_options_of_the_command() -> None:
    for name, about in ABOUT.items():
        assert len(about.main) <= 10
        assert set(about.main) <= {option.name for option in of_command(name)}
    assert set(MAIN) <= set(ABOUT)


def test_the_topic_of_the_variables_is_made_from_the_fields() -> None:
    assert environment.table() in topic("variables")


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
        "step readiness --replace-secret",
        "step readiness --check --yes",
        "history --ticket=CHG-1",
        "rehearse --fault=list --speed=2",
    ],
)
def test_what_contradicts_itself_is_refused_before_oc_is_asked(world: World, argv: str) -> None:
    (world.directory / "bin" / "oc").unlink()
    done = world.run(*argv.split())
    assert done.code == 2, done.all
    assert "cannot be combined" in done.err or "has no effect without" in done.err
    assert len(done.err.splitlines()) == 1
    assert done.out == ""


def test_a_need_is_met_by_any_of_its_options() -> None:
    for option in OPTIONS.values():
        for other in Given.of(option.about.needs):
            command = next(name for name in COMMANDS if option.taken_by(name) and other.option.taken_by(name))
            assert contradiction(command, {option.name: True}) is not None
            also = {also.option.name: "x" for also in Given.of(other.option.about.needs)}
            assert contradiction(command, {option.name: True, other.option.name: "x", **also}) is None


def test_a_value_counts_only_where_it_is_the_one_meant() -> None:
    def says(words: str, **given: object) -> bool:
        return next(iter(Given.of(words))).is_in(given)

    assert says("skip=permissions", skip=(Step.READINESS, Step.PERMISSIONS))
    assert not says("skip=permissions", skip=(Step.READINESS,))
    assert not says("output=json", output="text")
    assert says("projects", projects=("a",))
    assert not says("all_contexts", all_contexts=False)


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
    assert "there is no project nowhere" in elsewhere.json()["error"]
    here = world.run("verify", "-o", "json", "-n", "threescale", THREESCALE_MIGRATE_NAMESPACE="nowhere")
    assert here.code == 1
    wrong = world.run("verify", THREESCALE_MIGRATE_TIMEOUT="soon")
    assert wrong.code == 2
    assert "THREESCALE_MIGRATE_TIMEOUT" in wrong.err
    assert "soon" in wrong.err
    assert world.run("verify", "-o", "json", THREESCALE_MIGRATE_TIMEOUT="").code == 1


def test_a_source_that_is_named_takes_the_place_of_the_environments(world: World) -> None:
    assert parsed(["plan", "--from-secret", "other"]).options.secret_file is None
    done = world.run("plan", "--from-secret", "none-such", THREESCALE_MIGRATE_SECRET_FILE="/none/such")
    assert "/none/such" not in done.all


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_each_help_fits_a_screen_of_24_lines(world: World, command: str) -> None:
    brief = world.run(*command.split(), "--help", COLUMNS="80")
    assert brief.code == 0
    lines = brief.out.splitlines()
    assert len(lines) <= 24, len(lines)
    assert max(map(len, lines)) <= 80
    everything = world.run("help", *command.split(), COLUMNS="80").out
    for action in COMMANDS[command]._actions if command else ():
        if not isinstance(action, argparse._HelpAction) and action.option_strings:
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
        "migrate --keep-data-in saved --lose-data zync,system-redis --dc zync-database",
        "migrate --backup saved --with-secrets --skip permissions",
        "migrate --gate true --gate-timeout 5 --pause --on-failure undo",
        "migrate --wave-plan waves --secret-file s.yml --replace-secret --report r.html --ticket CHG-1 --yes",
        "undo --dc zync,zync-que --force --yes",
        "verify --watch=5s --dc zync",
        "verify --watch",
        "migrate --prove-pull",
        "step readiness --check",
        "backup saved --with-secrets",
        "restore --dc zync-database --yes",
    ],
)
def test_what_is_given_again_is_a_line_that_is_taken(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "waves").write_text("zync\n", encoding="utf-8")
    command, *words = line.split()
    found = parsed([command, *words])
    arguments, options = repeated(command, found.options)
    saved = ("saved",) if command == "backup" else ()
    again = parsed([command, *(arguments or saved), *options])
    told = [option for option in options if not option.startswith("--backup=")]
    assert [word for word in repeated(command, again.options)[1] if not word.startswith("--backup=")] == told


def test_a_step_has_its_name_and_the_guides_number() -> None:
    for number, step in enumerate(Step, 1):
        assert parsed(["step", str(number)]).options == parsed(["step", step.value]).options
    assert parsed(["verify", "--skip", "3"]).options.skip == (Step.PERMISSIONS,)


@pytest.mark.parametrize("word", ["7", "0", "readines", ""])
def test_another_word_is_no_step(word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "readiness" in said_of(["step", word], capsys)


@pytest.mark.parametrize("argv", ["step --password {} readiness", "undo --password={}", "--password {} plan"])
def test_a_token_on_the_command_line_is_refused_and_not_repeated(argv: str, capsys: pytest.CaptureFixture[str]) -> None:
    said = said_of(argv.format("t0ken").split(), capsys)
    assert "arguments are visible to every user" in said or "unrecognized" in said
    assert "t0ken" not in said
