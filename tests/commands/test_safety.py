"""Nothing that a cluster holds can hurt: what it says is data, whatever it is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import World, make_world
from tests.support.leaks import ARGUMENT_PASSWORD, ENVIRONMENT_PASSWORD, HOOK_TOKEN, leaks, leaky_files
from threescale_migrate.engine.journal import Journal
from threescale_migrate.engine.lock import LOCK, lock
from threescale_migrate.redaction import REDACTOR
from threescale_migrate.rehearsal.server import open_cluster
from threescale_migrate.values import Refused


def in_front_of_oc(world: World, body: str) -> None:
    """Puts a script before the rehearsal's `oc`, which it can call as "$oc"."""
    program = world.home / "front" / "oc"
    program.parent.mkdir()
    program.write_text(f'#!/bin/bash\noc={world.directory}/bin/oc\n{body}\nexec "$oc" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    world.environment["PATH"] = f"{program.parent}:{world.environment['PATH']}"


def test_a_log_of_one_endless_line_does_not_hold_up_a_failed_migration(tmp_path: Path) -> None:
    world = make_world(tmp_path, "crash-loop=zync")
    in_front_of_oc(world, "if [[ $1 == logs ]]; then head -c 1000000 /dev/zero | tr '\\0' .; exit; fi")
    began = time.monotonic()
    done = world.migrate("--dc", "zync")
    assert done.code == 5, done.all
    assert "." * 100 in done.err
    assert "." * 300 not in done.err
    # The same without such a log takes some seconds; with it, it took minutes.
    assert time.monotonic() - began < 60


def shown(world: World, *words: str) -> str:
    """What a command says; one that is used wrongly says nothing that could be searched."""
    done = world.run(*words)
    assert done.code != (3 if "nagios" in words else 2), (words, done.all)
    return done.all


def plant(world: World) -> None:
    """Secrets in clear, where 3scale's templates and people write them (fact 22)."""
    with open_cluster(world.directory) as cluster:
        for item in cluster.store.all("deploymentconfigs"):
            container = item["spec"]["template"]["spec"]["containers"][0]
            if item["metadata"]["name"] == "system-app":
                script = f'bundle exec rake boot openshift:deploy MASTER_ACCESS_TOKEN="{HOOK_TOKEN}"'
                item["spec"]["strategy"]["rollingParams"]["pre"]["execNewPod"]["command"] = ["bash", "-c", script]
            elif item["metadata"]["name"] == "zync":
                container["args"] = ["./run", f"--db-password={ARGUMENT_PASSWORD}", ARGUMENT_PASSWORD]
                container["env"] = [{"name": "DATABASE_PASSWORD", "value": ENVIRONMENT_PASSWORD}]
                new_pod = {"containerName": container["name"], "command": ["./notify", f"-p{ARGUMENT_PASSWORD}"]}
                new_pod["env"] = [{"name": "API_KEY", "value": ENVIRONMENT_PASSWORD}]
                item["spec"]["strategy"].setdefault("rollingParams", {})["post"] = {
                    "failurePolicy": "Abort",
                    "execNewPod": new_pod,
                }
            cluster.store.put("deploymentconfigs", item)


def test_no_command_shows_what_a_config_holds_in_clear_and_the_hook_is_still_explained(world: World) -> None:
    plant(world)
    assert HOOK_TOKEN in world.oc("get", "dc", "system-app", "-o", "json").out
    secret = ("--secret-file", world.secret)
    planned = world.run("plan", *secret)
    assert "hook runs migrations" in planned.all
    hooks = {cost["config"]: cost["hooks"] for cost in world.run("plan", *secret, "-o", "json").json()["costs"]}
    assert hooks["system-app"][0] == "pre: rake openshift:deploy"
    assert hooks["zync"] == ["post: ./notify -p ***"]
    said = [shown(world, "script", *secret, "--lose-data=zync-database")]
    assert "its hook runs database migrations: pre: rake openshift:deploy" in said[0]
    said += [shown(world, "preflight", *secret, *form) for form in ((), ("-o", "json"))]
    done = world.migrate("--dc", "zync,system-app", "-o", "json")
    assert done.code == 0, done.all
    said.append(done.all)
    for form in ("text", "json", "nagios", "junit"):
        said.append(shown(world, "verify", "-o", form, "--metrics-file", str(world.home / "all.prom")))
    for suffix in ("html", "md"):
        said.append(shown(world, "history", world.journals[-1].stem, "--report", str(world.home / f"report.{suffix}")))
    said += [shown(world, "undo", "--dry-run"), shown(world, "undo", "--yes", "--grace", "0.5")]
    assert not leaks("".join(said).encode())
    assert not leaky_files(world.home)


@pytest.mark.long
def test_the_trace_of_each_call_holds_no_secret_either(world: World) -> None:
    plant(world)
    secret = ("--secret-file", world.secret)
    few = ("--dc", "zync,system-app")
    report = str(world.home / "r.md")
    said = ""
    for words in (
        ("plan", *secret),
        ("preflight", *secret, "-o", "json"),
        ("script", *secret, "--lose-data=zync-database"),
        ("migrate", "--yes", "--grace", "1", *secret, *few, "--report", report),
        ("verify", "--metrics-file", str(world.home / "m.prom")),
        ("undo", "--dry-run"),
        ("undo", "--yes", "--grace", "1", "--report", str(world.home / "r.html")),
        ("history", "-o", "json"),
    ):
        now = shown(world, *words, *([] if words[0] in ("history", "script") else ["-vv"]))
        assert "oc: " in now or words[0] in ("history", "script"), now
        said += now
    # A config that is patched as a whole, and an error of oc that repeats it, are masked as well.
    assert re.search(r"exit 0: oc patch dc system-app ", said)
    assert not leaks(said.encode())
    assert not leaky_files(world.home)


def test_links_in_the_place_of_a_lock_or_a_journal_are_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine", encoding="utf-8")
    directory = tmp_path / "project"
    directory.mkdir(mode=0o700)
    (directory / LOCK).symlink_to(victim)
    with pytest.raises(Refused), lock(directory):
        pass
    monkeypatch.setattr(time, "gmtime", lambda *_: time.struct_time((2026, 11, 24, 2, 10, 0, 1, 328, 0)))
    (directory / f"20261124T021000Z-{os.getpid()}.jsonl").symlink_to(victim)
    (directory / f"20261124T021000Z-{os.getpid()}-2.jsonl").symlink_to(tmp_path / "nothing")
    record = Journal(directory, REDACTOR)
    record.write("start", version=1, sequence=1)
    record.close()
    assert record.path.name.endswith("-3.jsonl")
    assert victim.read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "nothing").exists()


def test_links_in_the_place_of_what_is_written_of_what_is_written_are_not_followed(world: World) -> None:
    victim = world.home / "victim"
    victim.write_text("mine", encoding="utf-8")
    for name in ("all.prom", "report.html"):
        (world.home / name).symlink_to(victim)
    given = ("--metrics-file", "all.prom", "--report", "report.html", "--changed-since-last")
    world.run("verify", *given)
    (kept,) = (world.home / "state" / "threescale-migrate" / "verified").iterdir()
    kept.unlink()
    kept.symlink_to(victim)
    assert world.run("verify", *given).code == 1
    assert victim.read_text(encoding="utf-8") == "mine"
    assert not kept.is_symlink()
    assert "threescale_migrate_asked" in (world.home / "all.prom").read_text(encoding="utf-8")


def test_a_state_directory_that_others_may_write_is_refused_before_the_first_change(world: World) -> None:
    place = world.home / "state" / "threescale-migrate"
    place.mkdir(parents=True)
    place.chmod(0o777)
    before = world.objects()
    done = world.migrate()
    assert done.code == 4, done.all
    assert "chmod go-w" in done.err
    assert world.objects() == before


def test_json_on_an_ascii_stream_is_json(world: World) -> None:
    done = world.run("verify", "-o", "json", "--secret-file", "/nirgendwo/sécret-日本.yaml", PYTHONIOENCODING="ascii")
    assert "sécret-日本" in done.json()["error"]
    raw = world.home / "not-utf-8"
    done = world.run(
        "verify", "-o", "json", "--secret-file", os.fsdecode(bytes(raw) + b"\xff"), LANG="C", PYTHONUTF8="0"
    )
    assert done.code == 2, done.all
    assert "\\xff" in done.json()["error"]


def test_with_vv_each_call_of_oc_is_shown_masked_with_its_time_and_exit_code(world: World) -> None:
    line = re.compile(r"oc: +\d+\.\d{3} s, exit \d+: oc get .*-o json")
    plain = world.run("verify")
    assert not line.search(plain.err)
    for given, variable in ((("-vv",), ""), ((), "2")):
        done = world.run("verify", "-o", "json", *given, THREESCALE_MIGRATE_VERBOSE=variable)
        assert len(line.findall(done.err)) >= 2, done.err
        assert done.json()["exit_code"] == plain.code
    done = world.migrate("--dc", "zync", "-vv")
    assert done.code == 0, done.all
    assert re.search(r"exit 0: oc patch dc zync ", done.err)
    assert re.search(r"exit 0: oc create -f - ", done.err)


def test_an_error_that_nobody_foresaw_leaves_a_masked_traceback_in_a_file_that_is_named(world: World) -> None:
    secret = "foreseen-by-nobody-4711"
    program = (
        "import sys; from threescale_migrate.commands import plan; from threescale_migrate.redaction import REDACTOR\n"
        f"from threescale_migrate.cli.main import main; REDACTOR.learn('{secret}')\n"
        f"def boom(session, options): raise LookupError('it holds {secret}')\n"
        "plan.run = boom; sys.exit(main(['plan']))"
    )
    done = world.program([sys.executable, "-c", program])
    assert done.code == 1
    assert secret not in done.all
    (kept,) = (world.home / "state" / "threescale-migrate" / "errors").iterdir()
    assert str(kept) in done.err
    assert kept.stat().st_mode & 0o777 == 0o600
    words = kept.read_text(encoding="utf-8")
    assert "LookupError: it holds ***" in words
    assert "in boom" in words
    assert secret not in words


NAMES = (
    "x; touch PWNED #",
    "two\nlines; touch PWNED\ntouch PWNED",
    "$(touch PWNED)",
    "`touch PWNED`",
    'it\'s "x"; touch PWNED',
)


@pytest.mark.long
def test_the_name_of_a_role_runs_nothing_wherever_what_is_printed_is_pasted(world: World) -> None:
    default = {"kind": "ServiceAccount", "name": "default", "namespace": "threescale"}
    with open_cluster(world.directory) as cluster:
        for number, name in enumerate(NAMES):
            api = "rbac.authorization.k8s.io/v1"
            role = {
                "apiVersion": api,
                "kind": "Role",
                "metadata": {"name": name, "namespace": "threescale"},
                "rules": [],
            }
            cluster.store.put("roles", role)
            cluster.store.put(
                "rolebindings",
                {
                    "apiVersion": api,
                    "kind": "RoleBinding",
                    "metadata": {"name": f"{name}-{number}", "namespace": "threescale"},
                    "subjects": [default],
                    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
                },
            )
    secret = ("--secret-file", world.secret)
    script = world.run("script", *secret, "--dc", "zync").out
    printed = [script]
    for command in (("plan", *secret), ("plan", "-v", *secret), ("preflight", *secret), ("verify", "-v")):
        printed.append(shown(world, *command, "--dc", "zync"))
    for form in ("json", "nagios", "junit"):
        printed.append(shown(world, "verify", "--dc", "zync", "-o", form))
    printed.append(shown(world, "plan", *secret, "--dc", "zync", "-o", "json"))
    (world.home / "script.sh").write_text(script, encoding="utf-8")
    done = world.program(["bash", "script.sh", "-y"], timeout=200, SECRET_FILE=world.secret, POLL="0.1")
    assert done.code == 0, done.all
    printed.append(done.all)
    granted = {item["roleRef"]["name"] for item in world.oc("get", "rolebindings", "-o", "json").json()["items"]
               if any(subject["name"] == "amp" for subject in item.get("subjects", ()))}  # fmt: skip
    assert granted >= set(NAMES)
    printed.append(shown(world, "verify", "-v", "--dc", "zync"))
    # The block for an admin, a failed run, its record, its reports and the way back.
    for binding in world.oc("get", "rolebindings", "-o", "json").json()["items"]:
        if any(subject["name"] == "amp" for subject in binding.get("subjects", ())):
            assert world.oc("delete", "rolebinding", binding["metadata"]["name"]).code == 0
    world.faults("forbidden=create:rolebindings", "image-pull=system-app")
    printed += [shown(world, name, *secret, "--dc", "system-app") for name in ("plan", "preflight")]
    world.faults()
    world.faults("image-pull=system-app")
    printed.append(world.migrate("--dc", "system-app").all)
    run = world.journals[-1].stem
    printed.append(shown(world, "history", run))
    for suffix in ("md", "html"):
        report = world.home / f"report.{suffix}"
        world.run("history", run, "--report", str(report))
        printed.append(report.read_text(encoding="utf-8"))
    printed += [shown(world, "undo", "--dry-run"), shown(world, "undo", "--yes", "--grace", "1")]
    assert not list(world.home.rglob("PWNED"))
    # Each line as a person pastes it, into a shell that finds no program at all but `touch`.
    empty = world.home / "only-touch"
    empty.mkdir()
    (empty / "touch").symlink_to("/usr/bin/touch")
    lines = [line for text in printed for line in text.splitlines()]
    assert sum("PWNED" in line for line in lines) > 30
    ran = []
    for line in sorted({line for line in lines if "PWNED" in line}):
        subprocess.run(
            ["/bin/bash", "-c", line], env={"PATH": str(empty)}, cwd=world.home, capture_output=True, check=False
        )
        for made in world.home.rglob("PWNED*"):
            made.unlink()
            ran.append(line)
    assert not ran, "\n".join(ran)
