"""Where the registry secret comes from: a file, a pipe, a name with its token, another secret of the project."""

from __future__ import annotations

import os
import pty
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import TOKEN, World, make_world
from threescale_migrate.cluster.pull_secrets import fingerprint
from threescale_migrate.guide import secret_file
from threescale_migrate.run import sources
from threescale_migrate.values import SECRET_NAME, Usage

PANEL_NAME = "12345678-rehearsal-pull-secret"
STEP = ("step", "registry-secret", "--yes")


def stored(world: World) -> str | None:
    """The fingerprint of the login that the project has, None where it has none."""
    found = world.objects().get("secrets", {}).get(f"threescale/{SECRET_NAME}")
    return None if found is None else fingerprint(found)


def panel(world: World) -> str:
    return secret_file.read_secret(Path(world.secret).read_bytes(), "panel").fingerprint


@pytest.mark.long
def test_every_source_gives_the_same_login(world: World) -> None:
    world.oc("create", "-f", world.secret)
    for given, stdin in (
        (("--secret-file", "-"), Path(world.secret).read_text()),
        (("--username", "12345678|rehearsal"), f"{TOKEN}\n"),
        (("--from-secret", PANEL_NAME), ""),
    ):
        assert world.run("plan", *given, stdin=stdin).code == 3
        made = world.run(*STEP, *given, stdin=stdin)
        assert made.code == 0, made.all
        assert stored(world) == panel(world), given
        world.oc("delete", "secret", SECRET_NAME)


@pytest.mark.long
def test_a_copied_secret_is_undone_and_copied_again_by_the_next_migration(world: World) -> None:
    world.oc("create", "-f", world.secret)
    assert world.run(*STEP, "--from-secret", PANEL_NAME).code == 0
    assert "differs" not in world.run("verify", "--from-secret", PANEL_NAME, "--dc", "zync").out
    assert world.run("undo", "--yes").code == 0
    assert stored(world) is None
    assert world.run(*STEP, "--from-secret", PANEL_NAME).code == 0
    assert stored(world) == panel(world)


def test_a_secret_that_is_not_there_or_no_login_is_refused_before_any_change(world: World) -> None:
    world.oc("create", "secret", "generic", "other", "--from-literal=a=b")
    before = world.objects()
    for name, says in (
        ("nosuch", "has no secret nosuch"),
        ("other", "its type is Opaque"),
        (SECRET_NAME, "is the secret that is to be created"),
        ("-x", "is not a valid secret name"),
        ("a b", "is not a valid secret name"),
    ):
        refused = world.run(*STEP, f"--from-secret={name}")
        assert refused.code == 2, refused.all
        assert says in refused.err
    world.faults("forbidden=get:secrets")
    assert world.run(*STEP, "--from-secret", "other").code == 4
    world.faults()
    assert world.objects() == before


def on_a_terminal(world: World, *args: str) -> Iterator[str]:
    """Runs the command with a terminal as its only stream; gives the screen each time that something is on it."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        world.command(*args),
        env=world.environment,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=world.home,
        start_new_session=True,
    )
    os.close(slave)
    screen = b""
    answered = False
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:
            break
        if not part:
            break
        screen += part
        if b"Token of" in screen and not answered:
            answered = True
            os.write(master, f"{TOKEN}\n".encode())
    os.close(master)
    yield screen.decode()
    yield str(process.wait())


def test_on_a_terminal_the_token_is_asked_for_and_not_shown(world: World) -> None:
    screen, code = on_a_terminal(world, *STEP, "--username", "12345678|rehearsal")
    assert code == "0", screen
    assert "Token of 12345678|rehearsal: " in screen
    assert TOKEN not in screen
    assert stored(world) == panel(world)


def test_a_secret_is_not_read_from_a_terminal_which_would_show_it(tmp_path: Path) -> None:
    screen, code = on_a_terminal(make_world(tmp_path), *STEP, "--secret-file", "-")
    assert code == "2", screen
    assert "would show the secret" in " ".join(screen.split())


def test_no_argument_and_no_environment_of_a_process_holds_the_token(world: World) -> None:
    shim = world.home / "shim"
    shim.mkdir()
    (shim / "oc").write_text(
        f'#!/bin/sh\n{{ printf "%s\\n" "$@"; env; }} >> {world.home}/seen\nexec {world.directory}/bin/oc "$@"\n'
    )
    (shim / "oc").chmod(0o755)
    done = world.run(*STEP, "--oc", str(shim / "oc"), "--username", "12345678|rehearsal", stdin=TOKEN)
    assert done.code == 0, done.all
    seen = (world.home / "seen").read_text()
    assert "create" in seen
    assert TOKEN not in seen
    assert secret_file.from_login("12345678|rehearsal", TOKEN, "x").secrets[0] not in seen


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_a_pipe_is_read_to_its_end_and_not_looked_for_again(pipe: Path, world: World) -> None:
    writer = threading.Thread(target=lambda: pipe.write_bytes(Path(world.secret).read_bytes()))
    writer.start()
    found = sources.of_file(str(pipe))
    writer.join()
    assert found.fingerprint == panel(world)
    assert found.path is None


def test_a_pipe_that_says_nothing_is_given_up(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "PATIENCE", 0.1)
    with pytest.raises(Usage, match="nothing more arrived"):
        sources.of_file(str(pipe))


@pytest.mark.parametrize("path", ["/", "/dev/null", "/dev/zero", "no/such/file", "a\0b", ""])
def test_what_is_no_file_of_a_secret_gets_a_sentence(path: str) -> None:
    with pytest.raises(Usage) as caught:
        sources.of_file(path)
    assert "\n" not in str(caught.value)
