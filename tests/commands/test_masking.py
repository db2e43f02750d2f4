"""What `oc`, a plugin that logs in for it, and a gate say of their own doing: masked in all that the command prints or writes."""

from __future__ import annotations

import signal
import time

import pytest

from tests.conftest import World
from tests.support.front import Front
from tests.support.in_front import in_front

SECRETS = ("Zm9vYmFy/s3cr3t", "sesame-0815", "ghp_x9y8z7w6v5")
SAYS = (
    f"client_secret={SECRETS[0]}",
    f"using password='{SECRETS[1]}'",
    f"fatal: cannot read https://{SECRETS[2]}@git.example.test/login",
    f"AWS_SECRET_ACCESS_KEY={SECRETS[0]} -p{SECRETS[1]} X-Auth-Token: {SECRETS[2]}",
)


def nothing_of_it(world: World, *where: str) -> None:
    """No secret is in what was said, in a journal, or in any file of the user's."""
    files = [path for path in world.home.rglob("*") if path.is_file()]
    own = [path for path in files if world.directory not in path.parents and "in-front" not in path.parts]
    texts = [*where, *(path.read_text(encoding="utf-8", errors="replace") for path in own)]
    for secret in SECRETS:
        assert not [text for text in texts if secret in text]


@pytest.mark.parametrize("first", ["", "error: ", "Error from server (Forbidden): "])
def test_what_oc_or_its_plugin_says_of_a_login_is_masked(world: World, first: str) -> None:
    said = (1, "", "".join(f"{first}{line}\n" for line in SAYS))
    front = Front(world).instead("patch", said, nth=None)
    done = world.migrate("--dc", "zync", "--skip", "permissions", "-vv", "--report", "report.html")
    assert done.code not in (0, 2), done.all
    assert "***" in done.err
    nothing_of_it(world, done.all, world.run("history", "-o", "json").out)
    front.remove()
    Front(world).instead("get", said, nth=None)
    for command in (("verify", "-vv"), ("verify", "-o", "json"), ("plan", "-o", "json"), ("undo", "--yes")):
        nothing_of_it(world, world.run(*command).all)


def test_a_gates_command_is_masked_as_a_configs_command_is(world: World) -> None:
    command = (
        f"false client_secret={SECRETS[0]} --password '{SECRETS[1]}' https://{SECRETS[2]}@gateway.example.test -p{SECRETS[1]}"
        f" -H 'X-Auth: {SECRETS[2]}'; echo {SECRETS[0]} {SECRETS[1]} {SECRETS[2]}"
    )
    options = ("--skip", "permissions", "--gate", f"{command}; false", "--report", "report.md")
    done = world.migrate("--dc", "zync,system-sphinx", *options)
    assert done.code == 5, done.all
    assert "client_secret=***" in done.err
    nothing_of_it(world, done.all, world.run("history", "-v").all, world.run("history", "-o", "json").out)
    assert "client_secret=***" in (world.home / "report.md").read_text(encoding="utf-8")


def test_twenty_megabytes_on_stderr_do_not_hold_a_signal_up(world: World) -> None:
    endless = "yes 'password=abc def://x@y ' | head -c 20000000 | tr -d '\\n' >&2"
    in_front(world, f'case "$*" in get*) {endless}; echo now >> "$home/said"; exit 1;; esac')
    process = world.popen("verify")
    until = time.monotonic() + 60
    while not (world.home / "in-front" / "said").exists() and time.monotonic() < until:
        time.sleep(0.01)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143, err
    assert time.monotonic() - began < 5
