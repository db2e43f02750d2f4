"""A user who has the role admin in the project and nothing else: what the README says of such a user, as it stands."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conftest import World, make_world
from tests.support.front import Front
from tests.support.in_process import Ending, Really

DEFAULT = "system:serviceaccount:threescale:default"
OWN_ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRole",
    "metadata": {"name": "our-own"},
    "rules": [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list"]}],
}


@pytest.fixture
def admins(tmp_path: Path) -> World:
    return make_world(tmp_path, "user=alice/admin")


def test_such_a_user_does_the_whole_job_and_cron_stays_silent(admins: World) -> None:
    assert admins.run("preflight", "--secret-file", admins.secret).code == 0
    assert admins.run("plan", "--secret-file", admins.secret).code == 3
    done = admins.migrate()
    assert done.code == 0, done.all
    assert "can do all that default can: the server was asked in the name of both accounts" in done.out
    listed = Front(admins)
    quiet = admins.run("verify", "-q")
    assert (quiet.code, quiet.all) == (0, "")
    assert len(listed.of("--as=system:serviceaccount:threescale:")) == 2
    checks = admins.run("verify", "-o", "json").json()["checks"]
    [left] = [check for check in checks if check["verdict"] not in ("passed", "skipped")]
    assert (left["subject"], left["verdict"]) == ("rolebindings --all-namespaces", "warning")
    assert admins.run("undo", "--yes", "--grace", "0.5").code == 0


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("adm policy add-cluster-role-to-user view", "ClusterRole view in the whole cluster"),
        ("adm policy add-cluster-role-to-user our-own", "ClusterRole our-own in the whole cluster"),
        ("adm policy add-scc-to-user anyuid", "SecurityContextConstraints anyuid"),
    ],
)
def test_what_a_cluster_admin_has_to_give_is_named_first_and_then_the_same_command_goes_on(
    tmp_path: Path, given: str, names: str
) -> None:
    world = make_world(tmp_path)
    assert world.oc("create", "-f", "-", stdin=json.dumps(OWN_ROLE)).code == 0
    assert world.oc(*given.split(), DEFAULT).code == 0
    world.faults("user=alice/admin")
    before = world.objects()
    refused = world.migrate("--dc", "zync")
    assert refused.code == 4
    assert f"default has {names}" in refused.err
    findings = world.run("preflight", "--secret-file", world.secret, "--dc", "zync", "-o", "json").json()["findings"]
    assert world.objects() == before
    [command] = [one["line"] for found in findings if found["verdict"] == "failed" for one in found["fix"]["commands"]]
    world.faults()
    assert world.oc(*shlex.split(command)[1:]).code == 0, command
    world.faults("user=alice/admin")
    done = world.migrate("--dc", "zync")
    assert done.code == 0, done.all
    verified = world.run("verify", "--dc", "zync", "-q")
    assert (verified.code, verified.all) == (0, "")


def test_what_amp_lacks_after_the_migration_is_seen_by_such_a_user_too(admins: World) -> None:
    assert admins.migrate("--dc", "zync").code == 0
    admins.faults()
    assert admins.oc("adm", "policy", "add-cluster-role-to-user", "cluster-reader", DEFAULT).code == 0
    admins.faults("user=alice/admin")
    found = admins.run("verify", "--dc", "zync")
    assert found.code == 1
    assert "default has ClusterRole cluster-reader in the whole cluster, and amp does not" in " ".join(
        found.out.split()
    )


def test_an_editor_may_ask_too_and_a_viewer_may_not(tmp_path: Path) -> None:
    world = make_world(tmp_path, "user=erin/edit")
    assert world.migrate("--dc", "zync").code == 0
    assert world.run("verify", "--dc", "zync", "-q").code == 0
    world.faults("user=vera/view")
    found = world.run("verify", "--dc", "zync", "-o", "json")
    assert found.code == 7
    unknown = {check["subject"] for check in found.json()["checks"] if check["verdict"] == "unknown"}
    assert {"clusterrolebindings", "rolebindings", "scc"} <= unknown
    role = "oc adm policy add-role-to-user admin vera --namespace=threescale"
    assert world.run("verify", "--dc", "zync").all.count(role) == 1
    refused = world.run("preflight", "--secret-file", world.secret)
    assert refused.code == 4
    assert refused.all.count(role) == 1
    assert refused.all.count("oc adm policy") == 1, "one role is enough"
    assert "ask an admin of the project (system:admin)" in " ".join(refused.out.split())
    world.faults()
    assert world.oc(*role.split()[1:]).code == 0
    world.faults("user=vera/view")
    assert world.run("verify", "--dc", "zync", "-q").code == 0


def test_the_commands_of_the_readme_are_enough_for_such_a_user(admins: World) -> None:
    """As they stand, but for the file of the secret and the question, which nobody answers here."""
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    told = [line.split()[1:] for line in readme.splitlines() if line.startswith("threescale-migrate ")]
    main = {"preflight", "plan", "migrate", "verify", "undo"}
    wanted = [words for words in told if words[0] in main]
    assert main <= {words[0] for words in wanted}
    for words in wanted:
        given = [
            admins.secret if word.endswith((".yml", ".yaml", ".json")) and "/" not in word else word for word in words
        ]
        more = ["--yes", "--grace", "0.5"] if words[0] in ("migrate", "undo") and "--dry-run" not in words else []
        secret = (
            ["--secret-file", admins.secret]
            if words[0] in ("preflight", "plan") and "--secret-file" not in words
            else []
        )
        done = admins.run(*given, *secret, *more)
        assert done.code == (3 if words[0] == "plan" or "--dry-run" in words else 0), (words, done.all)


def test_a_cluster_admin_is_compared_by_bindings_and_nobody_is_asked_in_an_accounts_name(world: World) -> None:
    listed = Front(world)
    world.run("verify")
    assert not listed.of("--as=")


def test_a_viewer_is_refused_with_one_block_to_send_and_nothing_twice_and_goes_on_by_the_line_below_it(
    tmp_path: Path,
) -> None:
    world = make_world(tmp_path, "user=vera/view")
    before = world.objects()
    refused = world.migrate("--dc", "zync")
    assert refused.code == 4, refused.all
    assert world.objects() == before
    lines = refused.err.splitlines()
    at = lines.index("    # https://api.cluster.example.test:6443")
    assert lines[at - 1].startswith("→ ask an admin of the project (system:admin) to run this")
    assert lines[at + 1] == "    oc adm policy add-role-to-user admin vera --namespace=threescale"
    assert lines[at + 2] == "Once that is done:"
    assert lines[at + 4].startswith("✗ not ready")
    assert len([line for line in lines if line.startswith("    ") and "oc " in line]) == 1
    assert len(set(lines)) == len(lines)
    world.faults()
    assert world.oc(*shlex.split(lines[at + 1])[1:]).code == 0
    world.faults("user=vera")
    done = world.run(*shlex.split(lines[at + 3])[1:], "--yes")
    assert done.code == 0, done.all
    assert world.accounts()["zync"] == {"amp"}


def test_a_review_that_lists_not_all_is_no_proof(admins: World) -> None:
    """An authorizer that is no RBAC cannot list what it allows: `incomplete` says so."""
    assert admins.migrate("--dc", "zync").code == 0

    def incomplete(args: Sequence[str], really: Really) -> Ending:
        code, out, err = really(args)
        return code, out.replace('"incomplete": false', '"incomplete": true'), err

    Front(admins).instead("create -f - -o json", incomplete, nth=None)
    found = admins.run("verify", "--dc", "zync", "-o", "json")
    assert found.code == 7, found.all
    unknown = {check["subject"] for check in found.json()["checks"] if check["verdict"] == "unknown"}
    assert "clusterrolebindings" in unknown
