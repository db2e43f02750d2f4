"""What only looks changes nothing, whatever the client makes of `--dry-run`: the whole cluster is compared, object by object."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands.test_preflight import DEFAULT, plain_user, with_rights_of_default
from tests.conftest import World, make_world
from threescale_migrate.rehearsal.server import open_cluster

# A client that does what `adm policy` says, whatever the `--dry-run` (fact 21: those from 4.5 to 4.21).
IGNORES = """
args = [arg for arg in sys.argv[1:] if not (sys.argv[1:3] == ["adm", "policy"] and arg.startswith("--dry-run"))]
"""
# One of 3.11: `--dry-run` is a switch, and `version` knows no `-o`.
OF_3_11 = """
args = sys.argv[1:]
for arg in args:
    value = arg.partition("=")[2]
    if arg.startswith("--dry-run=") and value not in ("true", "false"):
        sys.exit(f'Error: invalid argument "{value}" for "--dry-run" flag: strconv.ParseBool: parsing "{value}": invalid syntax')
if args[:1] == ["version"] and "-o" in args:
    sys.exit("Error: unknown shorthand flag: 'o' in -o")
"""
# A client of today before a server of 3.11, which knows no dry run and does what it is asked to try.
BEFORE_3_11 = """
args = [arg for arg in sys.argv[1:] if arg != "--dry-run=server"]
if args[:1] == ["version"]:
    print('{"serverVersion": {"major": "1", "minor": "11+", "gitVersion": "v1.11.0+d4cacc0"}}')
    sys.exit(0)
"""


def in_front_of_oc(world: World, body: str) -> None:
    """Puts a client of another kind before the rehearsal's `oc`; `body` makes `args`. What it was called with is in `calls`."""
    directory = world.home / "front"
    directory.mkdir(exist_ok=True)
    real = world.directory / "bin" / "oc"
    front = directory / "oc"
    front.write_text(
        "#!/usr/bin/env python3\nimport os, sys\n"
        f"REAL = {str(real)!r}\n"
        f"open({str(world.home / 'calls')!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
        f"{body}\nos.execv(REAL, [REAL, *args])\n",
        encoding="utf-8",
    )
    front.chmod(0o755)
    world.environment["PATH"] = f"{directory}:{world.environment['PATH']}"


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


LOOKING = (
    ("preflight", "--copy-privileged"),
    ("plan", "--copy-privileged"),
    ("script", "--copy-privileged"),
    ("verify",),
    ("migrate", "--copy-privileged"),  # nobody confirms it
)


@pytest.mark.long
@pytest.mark.parametrize("client", [IGNORES, OF_3_11, BEFORE_3_11], ids=["ignores", "3.11", "server-3.11"])
@pytest.mark.parametrize("who", ["system:admin", "alice"])
def test_no_command_that_looks_changes_anything_with_any_client(tmp_path: Path, client: str, who: str) -> None:
    world = with_an_scc(tmp_path)
    if who == "alice":
        world.environment.update(plain_user(world, "admin"))
    before = everything(world)
    in_front_of_oc(world, client)
    for command, *options in LOOKING:
        secret = () if command == "verify" else ("--secret-file", world.secret)
        done = world.run(command, *options, *secret, "--dc", "zync,system-app")
        assert done.code in (0, 1, 2, 3, 4, 7), done.all
        assert everything(world) == before, command
    calls = (world.home / "calls").read_text(encoding="utf-8")
    assert "auth can-i" in calls
    assert "adm policy" not in calls
    assert world.journals == []


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
    ("client", "why"),
    [
        (OF_3_11, "this oc is too old to ask the server about a binding"),
        (BEFORE_3_11, "this server is too old to be asked about a binding"),
    ],
    ids=["client", "server"],
)
def test_what_cannot_be_asked_is_said_to_be_unknown(tmp_path: Path, client: str, why: str) -> None:
    world = admin_of_a_project(tmp_path)
    in_front_of_oc(world, client)
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


@pytest.mark.long
def test_an_scc_of_an_old_client_needs_the_right_to_change_it(tmp_path: Path) -> None:
    world = with_an_scc(tmp_path)
    in_front_of_oc(world, OF_3_11)
    world.faults("forbidden=update:securitycontextconstraints")
    assert findings(world)["update securitycontextconstraints/ours"] == "failed"
    world.faults()
    assert "failed" not in findings(world).values()
