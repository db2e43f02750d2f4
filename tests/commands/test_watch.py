"""`verify --watch`, on a second screen: beside a migration, off a terminal and on one, and when it ends."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import time

import pytest

from tests.conftest import GRACE, World
from tests.support.terminals import on_terminal

PAIR = ("--dc", "backend-cron,zync")


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return line
    raise AssertionError(f"it never said: {words}")


def test_it_watches_a_migration_to_its_end_and_says_what_verify_says(world: World) -> None:
    watching = world.popen("verify", "--watch", *PAIR)
    read_until(watching, "backend-cron: its template uses default")
    done = world.migrate(*PAIR)
    assert done.code == 0, done.all
    assert "is expected" not in done.err  # a part of the project is not ready for the next step
    out, err = watching.communicate(timeout=120)
    assert watching.returncode == 0, out + err
    assert re.search(r"✓ zync: revision 2 is complete|\[ok\] zync: revision 2 is complete", out)
    verified = world.run("verify", *PAIR)
    assert out.endswith(verified.out)
    assert len(world.journals) == 1  # it wrote none


def test_off_a_terminal_it_says_what_changes_alone_and_a_round_costs_one_call(world: World) -> None:
    process = world.popen("verify", "--watch=0.3s", "-vv", *PAIR)
    assert process.stderr is not None
    rounds, others = 0, 0
    for line in process.stderr:
        if "get dc,rc,pods" in line:
            rounds += 1
        elif rounds and re.match(r"oc: +[0-9.]+ s, ", line):
            others += 1
        if rounds == 5:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert others == 0
    assert len(out.splitlines()) == 2, out
    assert "ended by a signal; nothing was changed" in err
    assert world.journals == []


def test_its_time_ends_it_and_so_does_what_cannot_pass(world: World) -> None:
    began = time.monotonic()
    late = world.run("verify", "--watch", "--timeout", "3s", *PAIR)
    assert late.code == 6, late.all
    assert "not migrated within 3 s" in late.err
    assert time.monotonic() - began < 60
    gone = world.run("verify", "--watch", "--dc", "no-such-config")
    assert gone.code == 2, gone.all
    both = world.run("verify", "--watch", "-o", "json")
    assert both.code == 2
    assert "cannot be combined" in both.err


def test_on_a_terminal_the_table_is_drawn_again_and_ctrl_c_leaves_it(world: World) -> None:
    argv = world.command("verify", "--watch=0.3s", *PAIR)
    shown = on_terminal(argv, world.environment, interrupt=lambda raw: raw.count("0 of 2 done") == 4)
    assert shown.code == 130, shown.raw
    assert "\x1b[3A" in shown.raw  # two rows and the sentence beneath them, drawn over
    assert "Traceback" not in shown.raw
    assert shown.raw.rstrip().endswith("ended by a signal; nothing was changed")


@pytest.mark.long
def test_with_an_interval_it_goes_on_after_the_end_and_says_when_something_is_undone(world: World) -> None:
    assert world.migrate(*PAIR).code == 0
    process = world.popen("verify", "--watch=0.3s", *PAIR)
    read_until(process, "prove that they run as amp")
    assert world.run("undo", "--yes", "--grace", GRACE).code == 0
    read_until(process, "backend-cron: its template uses default")
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 143, out + err


def que(world: World, *pull_secrets: str) -> None:
    """zync-que of 2.6, as its template makes it: zync's image, and an account of its own."""
    item = json.loads(world.oc("get", "dc", "zync", "-o", "json").out)
    item["metadata"] = {"name": "zync-que", "labels": item["metadata"]["labels"]}
    spec = item["spec"]["template"]["spec"]
    spec.pop("serviceAccount", None)
    spec["serviceAccountName"] = "zync-que-sa"
    secrets = [{"name": name} for name in pull_secrets]
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "zync-que-sa"}}
    for made in ({**account, "imagePullSecrets": secrets}, item):
        done = world.oc("create", "-f", "-", stdin=json.dumps(made))
        assert done.code == 0, done.all
    world.settle()


@pytest.mark.long
def test_after_the_upgrade_the_login_of_zync_que_is_checked_and_each_fix_leads_to_the_next(world: World) -> None:
    assert "zync-que" not in world.run("verify").out
    que(world)

    def check() -> tuple[str, str, str]:
        found = world.run("verify", "-o", "json").json()["checks"]
        (one,) = [one for one in found if one["code"] == "zync-que-has-login"]
        return (
            one["verdict"],
            one["seen"],
            " ".join(command["line"] for command in (one["fix"] or {"commands": []})["commands"]),
        )

    verdict, seen, fix = check()
    assert verdict == "failed"
    assert fix.startswith("oc secrets link zync-que-sa threescale-registry-auth --for=pull --namespace=")
    assert "is not linked to it" in seen
    assert world.run("step", "registry-secret", "--yes", "--secret-file", world.secret).code == 0
    assert world.oc(*fix.split()[1:]).code == 0
    verdict, seen, fix = check()
    assert verdict == "failed"
    assert fix.startswith("oc rollout latest dc/zync-que --namespace=")
    assert "was created without it" in seen
    assert world.oc(*fix.split()[1:]).code == 0
    world.settle()
    verdict, seen, fix = check()
    assert verdict == "passed", seen
    assert "oc rollout latest dc/zync-que" in world.run("help", "zync-que-has-login").out
