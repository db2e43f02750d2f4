"""What only looks changes nothing, whatever the client makes of `--dry-run`: the whole cluster is compared, object by object."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.commands.test_preflight import DEFAULT, plain_user, with_rights_of_default
from tests.conftest import World, make_world
from tests.support.front import Answer, Front
from tests.support.in_process import Ending, Really
from threescale_migrate.rehearsal.server import open_cluster


def ignores(args: Sequence[str], really: Really) -> Ending:
    """A client that does what `adm policy` says, whatever the `--dry-run` (fact 21: those from 4.5 to 4.21)."""
    policy = list(args[:2]) == ["adm", "policy"]
    return really([word for word in args if not (policy and word.startswith("--dry-run"))])


def of_3_11(args: Sequence[str], really: Really) -> Ending:
    """One of 3.11: `--dry-run` is a switch, and `version` knows no `-o`."""
    for word in args:
        value = word.partition("=")[2]
        if word.startswith("--dry-run=") and value not in ("true", "false"):
            cause = f'strconv.ParseBool: parsing "{value}": invalid syntax'
            return 1, "", f'Error: invalid argument "{value}" for "--dry-run" flag: {cause}\n'
    if args[0] == "version" and "-o" in args:
        return 1, "", "Error: unknown shorthand flag: 'o' in -o\n"
    return really(args)


def before_3_11(args: Sequence[str], really: Really) -> Ending:
    """A client of today before a server of 3.11, which knows no dry run and does what it is asked to try."""
    if args[0] == "version":
        return 0, '{"serverVersion": {"major": "1", "minor": "11+", "gitVersion": "v1.11.0+d4cacc0"}}\n', ""
    return really([word for word in args if word != "--dry-run=server"])


def client(world: World, kind: Answer) -> Front:
    """Puts a client of another kind in the place of the rehearsal's `oc`."""
    return Front(world).instead("", kind, nth=None)


def with_an_scc(home: Path) -> World:
    """A project whose plan has a grant of each kind, an SCC among them."""
    world = with_rights_of_default(home)
    for line in (
        "adm policy add-scc-to-user anyuid -z default",
        "create role discover --verb=get,list --resource=services",
        "create rolebinding discover --role=discover --serviceaccount=threescale:default",
    ):
        assert world.oc(*line.split()).code == 0, line
    item = {
        "apiVersion": "security.openshift.io/v1",
        "kind": "SecurityContextConstraints",
        "metadata": {"name": "ours"},
        "users": [DEFAULT],
        "runAsUser": {"type": "MustRunAsRange"},
    }
    assert world.oc("create", "-f", "-", stdin=json.dumps(item)).code == 0
    world.settle()
    return world


# What only looks, and its exit code for who may do all, and where something blocks a plan.
PLANS = ("--copy-privileged", "--dc", "zync,system-app")
LOOKING: tuple[tuple[tuple[str, ...], int, int], ...] = (
    (("preflight", *PLANS), 0, 4),
    (("plan", *PLANS), 3, 4),
    (("script", *PLANS), 0, 4),
    (("migrate", *PLANS), 2, 4),  # nobody confirms it
    (("verify",), 1, 1),
    (("verify", "--watch", "--timeout", "3s"), 6, 6),
    (("step", "permissions", "--check"), 1, 1),
    (("step", "deployment-configs", "--check"), 1, 1),
    (("undo", "--dry-run"), 3, 3),
    (("history",), 0, 0),
    (("backup", "saved"), 0, 0),
    (("export", "shared.json"), 0, 0),
    (("manifest", "cronjob", "--image", "registry.example.test/tools/threescale-migrate:1"), 0, 0),
)


@pytest.mark.parametrize(
    ("who", "kind"),
    [("system:admin", ignores), ("system:admin", of_3_11), ("system:admin", before_3_11), ("alice", ignores)],
)
def test_no_command_that_looks_changes_anything_with_any_client(tmp_path: Path, kind: Answer, who: str) -> None:
    world = with_an_scc(tmp_path)
    assert world.migrate("--dc", "backend-cron", "--skip", "permissions").code in (0, 7)
    world.settle()
    if who == "alice":
        world.environment.update(plain_user(world, "admin"))
    before, journals = everything(world), [path.read_bytes() for path in world.journals]
    front = client(world, kind)
    blocked = who == "alice" or kind is before_3_11
    for words, free, held in LOOKING:
        secret = ("--secret-file", world.secret) if words[0] in ("preflight", "plan", "script", "migrate") else ()
        done = world.run(*words, *secret)
        assert done.code == (held if blocked else free), (words, done.all)
        assert everything(world) == before, words
    assert front.of("auth can-i")
    assert front.of("adm policy") == []
    assert [path.read_bytes() for path in world.journals] == journals


def everything(world: World) -> Any:
    """All that is stored, also what no command of ours would look at."""
    with open_cluster(world.directory) as cluster:
        return json.loads(json.dumps(cluster.store.objects))


def findings(world: World, *options: str) -> dict[str, str]:
    done = world.run(
        "preflight", "--copy-privileged", "--secret-file", world.secret, "--dc", "zync", "-o", "json", *options
    )
    return {one["subject"]: one["verdict"] for one in done.json()["findings"] if one["step"] == "rights"}


def admin_of_a_project(home: Path) -> World:
    world = make_world(home)
    for role in ("edit", "system:openshift:scc:nonroot"):
        assert world.oc("adm", "policy", "add-role-to-user", role, DEFAULT).code == 0
    world.environment.update(plain_user(world, "admin"))
    return world


def test_who_may_bind_a_role_is_found_out_by_the_binding_itself(tmp_path: Path) -> None:
    """An admin of the project has no right to bind any role, has all that `edit` grants, and has no SCC to give."""
    world = admin_of_a_project(tmp_path)
    seen = findings(world)
    assert seen["clusterrole/system:openshift:scc:nonroot"] == "failed"
    assert "clusterrole/edit" not in seen


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (of_3_11, "this oc is too old to ask the server about a binding"),
        (before_3_11, "this server is too old to be asked about a binding"),
    ],
    ids=["client", "server"],
)
def test_what_cannot_be_asked_is_said_to_be_unknown(tmp_path: Path, kind: Answer, why: str) -> None:
    world = admin_of_a_project(tmp_path)
    client(world, kind)
    seen = findings(world)
    assert (seen["clusterrole/edit"], seen["clusterrole/system:openshift:scc:nonroot"]) == ("unknown", "unknown")
    told = world.migrate("--dc", "zync")
    assert told.code == 4
    assert why in " ".join(told.err.split())
    assert "oc adm policy add-role-to-user edit system:serviceaccount:threescale:amp" in told.err
    assert findings(world, "--allow-unknown")["clusterrole/edit"] == "warning"


def test_an_scc_is_given_by_updating_the_binding_that_is_there_and_by_making_its_role(tmp_path: Path) -> None:
    """`add-scc-to-user` needs other rights than to make a binding, where there is one, or where the cluster lacks the role."""
    world = with_an_scc(tmp_path)
    role = "system:openshift:scc:ours"
    world.faults("forbidden=create:clusterroles")
    assert findings(world)["create clusterroles"] == "failed"
    world.faults()
    bound = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": role},
             "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role}}  # fmt: skip
    assert world.oc("create", "-f", "-", stdin=json.dumps(bound)).code == 0
    world.faults("forbidden=update:rolebindings")
    assert findings(world)["update rolebindings"] == "failed"


def test_an_scc_of_an_old_client_needs_the_right_to_change_it(tmp_path: Path) -> None:
    world = with_an_scc(tmp_path)
    client(world, of_3_11)
    world.faults("forbidden=update:securitycontextconstraints")
    assert findings(world)["update securitycontextconstraints/ours"] == "failed"
    world.faults()
    assert "failed" not in findings(world).values()
