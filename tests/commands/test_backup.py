"""A backup as an operator meets it: what was saved can be created again, and nothing is claimed that is not in it."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import World, make_world

Object = dict[str, Any]
TYPES = (
    "deploymentconfigs", "imagestreams", "secrets", "configmaps", "persistentvolumeclaims", "services", "routes", "cronjobs",
    "roles", "rolebindings", "serviceaccounts", "resourcequotas", "limitranges", "buildconfigs",
)  # fmt: skip
# What nobody can create: the words of this test, not those of the code.
SERVERS = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink")
KEY = "-----BEGIN PRIVATE KEY-----\\nbm90IGEga2V5\\n"

MORE = [
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mirror"}, "type": "kubernetes.io/dockerconfigjson",
     "data": {".dockerconfigjson": "eyJhdXRocyI6e319"}},
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}, "imagePullSecrets": [{"name": "mirror"}]},
    {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "limits"},
     "spec": {"limits": [{"type": "Pod", "max": {"cpu": "9"}}]}},
    {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "room"}, "spec": {"hard": {"pods": "90"}}},
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "words"}, "data": {"a": "1e3", "b": "yes", "c": "x\n y\n"}},
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": "reader"},
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}],
    },
    {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "system:mine"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": "threescale"}],
    },
    {
        "apiVersion": "route.openshift.io/v1",
        "kind": "Route",
        "metadata": {"name": "api"},
        "spec": {"host": "api.example.test", "to": {"kind": "Service", "name": "zync"}, "tls": {"termination": "edge", "key": KEY}},
    },
]  # fmt: skip


def furnish(world: World) -> None:
    for item in MORE:
        made = world.oc("create", "-f", "-", stdin=json.dumps(item))
        assert made.code == 0, made.all


def comparable(world: World) -> dict[tuple[str, str], Object]:
    """All that somebody has made in the project, without what the server sets."""
    found = {}
    for plural in TYPES:
        for item in world.objects().get(plural, {}).values():
            if item["metadata"].get("namespace") != "threescale":
                continue
            kept = json.loads(json.dumps(item))
            kept.pop("status", None)
            for name in SERVERS:
                kept["metadata"].pop(name, None)
            for trigger in kept.get("spec", {}).get("triggers", ()) if plural == "deploymentconfigs" else ():
                trigger.get("imageChangeParams", {}).pop("lastTriggeredImage", None)
            if (
                plural == "imagestreams"
            ):  # the image is the same; that a tag now says where it is from is how it came back
                kept["spec"].pop("tags", None)
                kept["images"] = {t["tag"]: t["items"][0]["dockerImageReference"] for t in item["status"]["tags"]}
            found[plural, item["metadata"]["name"]] = kept
    return found


def files(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.yaml"))


@pytest.mark.long
def test_what_was_deleted_is_created_again_from_the_files_in_their_order(world: World) -> None:
    world.faults("builds")
    furnish(world)
    assert world.oc("secrets", "link", "default", "mirror", "--for=pull").code == 0
    before = comparable(world)
    target = world.home / "saved"
    done = world.run("backup", str(target), "--with-secrets")
    assert done.code == 0, done.all
    for plural in TYPES:
        if plural != "serviceaccounts":
            assert world.oc("delete", plural, "--all").code == 0
    world.oc("secrets", "unlink", "default", "mirror")  # oc says that the secret is gone
    assert world.oc("delete", "sa", "robot").code == 0
    assert set(comparable(world)) == {("serviceaccounts", name) for name in ("builder", "default", "deployer")}
    for path in files(target):
        made = world.oc("create", "-f", str(path))
        assert made.code == 0, made.all
    links = [line.strip() for line in (target / "README.txt").read_text().splitlines() if "oc secrets link" in line]
    assert len(links) == 1
    assert world.program(["bash", "-c", links[0]]).code == 0
    assert {kind for kind, _ in before} >= {*TYPES} - {"persistentvolumeclaims", "cronjobs"}, (
        "there was one of each type"
    )
    # OpenShift makes these two again by itself, which the rehearsal does not.
    own = {("rolebindings", "system:deployers"), ("rolebindings", "system:image-pullers")}
    assert comparable(world) == {key: value for key, value in before.items() if key not in own}
    names = {yaml.safe_load(path.read_text())["metadata"]["name"] for path in files(target)}
    assert not names & {name for _, name in own}
    shutil.rmtree(target)  # secrets were asked for, and what a test leaves behind is searched for them


def test_the_files_are_private_and_hold_no_secret_unless_that_is_asked_for(world: World) -> None:
    furnish(world)
    done = world.run("backup", "saved")
    assert done.code == 0, done.all
    assert "secrets are not saved: --with-secrets saves them too" in done.out
    assert "Route api (tls.key)" in done.out
    target = world.home / "saved"
    assert stat.S_IMODE(target.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in target.iterdir()} == {0o600}
    assert not [path for path in files(target) if "-secret-" in path.name]
    written = "".join(path.read_text() for path in target.iterdir())
    assert "PRIVATE KEY" not in written
    assert KEY not in done.all


def test_a_directory_that_holds_something_is_left_alone(world: World) -> None:
    target = world.home / "saved"
    target.mkdir()
    (target / "mine").write_text("x")
    done = world.run("backup", "saved")
    assert (done.code, done.out) == (2, "")
    assert "saved exists already: name a directory that is new or empty" in done.err
    assert [path.name for path in target.iterdir()] == ["mine"]
    assert world.run("backup", "no/such/place").code == 2


def test_a_project_without_anything_is_no_backup(world: World) -> None:
    assert world.oc("new-project", "empty").code == 0
    world.oc("delete", "rolebindings", "--all", "-n", "empty")
    done = world.run("backup", "saved", "-n", "empty")
    assert done.code == 4, done.all
    assert "there is nothing to save in project empty" in done.err
    assert not (world.home / "saved").exists()


def test_what_cannot_be_read_is_named_and_the_rest_is_saved(tmp_path: Path) -> None:
    world = make_world(tmp_path, "forbidden=list:secrets")
    done = world.run("backup", "saved", "--with-secrets")
    assert done.code == 7, done.all
    assert "not saved, since it cannot be read: secrets" in done.err
    assert "NOT SAVED, because it could not be read: secrets" in (world.home / "saved" / "README.txt").read_text()
    assert len(files(world.home / "saved")) > 20


def test_a_migration_saves_the_project_before_its_first_change(world: World) -> None:
    before = comparable(world)
    done = world.migrate("--backup", "saved", "--dc", "zync,system-memcache")
    assert done.code == 0, done.all
    assert "objects are saved in saved" in done.err
    found = {yaml.safe_load(path.read_text())["metadata"]["name"] for path in files(world.home / "saved")}
    assert "zync" in found
    assert "amp" not in found, "the account was made after the backup"
    zync = next(path for path in files(world.home / "saved") if path.name.endswith("deploymentconfig-zync.yaml"))
    spec = yaml.safe_load(zync.read_text())["spec"]["template"]["spec"]
    assert "serviceAccountName" not in spec
    assert before["deploymentconfigs", "zync"]["spec"]["template"]["spec"] == spec


@pytest.mark.parametrize("place", ["there", "no/such/place"])
def test_a_migration_whose_backup_cannot_be_written_changes_nothing(world: World, place: str) -> None:
    (world.home / "there").write_text("a file")
    before = comparable(world)
    done = world.migrate("--backup", place)
    assert done.code == 2, done.all
    assert comparable(world) == before
    assert world.journals == []


def test_a_migration_whose_backup_is_not_whole_changes_nothing(tmp_path: Path) -> None:
    world = make_world(tmp_path, "forbidden=list:services")
    before = comparable(world)
    done = world.migrate("--backup", "saved", "--dc", "zync")
    assert done.code == 4, done.all
    assert "the backup is incomplete; nothing was changed" in done.err
    assert comparable(world) == before
    assert world.migrate("--backup", "again", "--dc", "zync", "--allow-unknown").code == 0


def test_an_object_with_a_long_name_has_a_shorter_file(world: World) -> None:
    names = [f"{'a' * 244}{end}" for end in "bc"]
    for name in names:
        item = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "b"}}
        assert world.oc("create", "-f", "-", stdin=json.dumps(item)).code == 0
    done = world.run("backup", str(world.home / "saved"))
    assert done.code == 0, done.all
    written = [
        yaml.safe_load(path.read_text(encoding="utf-8"))["metadata"]["name"] for path in files(world.home / "saved")
    ]
    assert [name for name in written if name in names] == names


def test_a_directory_that_is_there_is_filled_and_keeps_its_mode(world: World) -> None:
    target = world.home / "mine"
    target.mkdir(mode=0o750)
    target.chmod(0o750)
    before = target.stat()
    command = " ".join(world.command("backup", "."))
    done = world.program(["sh", "-c", f"cd {target} && {command} && ls README.txt"])
    assert done.code == 0, done.all
    assert done.out.endswith("README.txt\n")
    after = target.stat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert [path.name for path in target.iterdir() if path.name.startswith(".")] == []
    assert all(path.stat().st_mode & 0o077 == 0 for path in target.iterdir())


def test_endpoints_of_a_service_without_selector_and_ingresses_are_saved_and_the_readme_names_what_is_not(
    world: World,
) -> None:
    def own(kind: str, name: str, **more: Any) -> dict[str, Any]:
        version = {"Ingress": "networking.k8s.io/v1", "Route": "route.openshift.io/v1"}.get(kind, "v1")
        return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **more.pop("metadata", {})}, **more}

    address = [{"addresses": [{"ip": "192.0.2.7"}], "ports": [{"port": 3306}]}]
    owner = [{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "web", "uid": "u"}]
    for item in (
        own("Service", "outside", spec={"ports": [{"port": 3306}]}),
        own("Endpoints", "outside", subsets=address),
        own("Service", "inside", spec={"selector": {"a": "b"}, "ports": [{"port": 80}]}),
        own("Endpoints", "inside", subsets=address),
        own("Ingress", "web", spec={"rules": [{"host": "web.example.test"}]}),
        own("Route", "web-x7", metadata={"ownerReferences": owner}, spec={"to": {"kind": "Service", "name": "inside"}}),
    ):
        assert world.oc("create", "-f", "-", stdin=json.dumps(item)).code == 0
    target = world.home / "saved"
    done = world.run("backup", str(target))
    assert done.code == 0, done.all
    saved = {
        (item["kind"], item["metadata"]["name"]): item
        for item in (yaml.safe_load(path.read_text()) for path in files(target))
    }
    assert saved["Endpoints", "outside"]["subsets"] == address
    assert ("Ingress", "web") in saved
    assert ("Endpoints", "inside") not in saved
    assert ("Route", "web-x7") not in saved
    readme = (target / "README.txt").read_text(encoding="utf-8")
    for line in (
        "  Endpoints inside",
        "  Route web-x7",
        "security context constraints",
        "Left out, since OpenShift creates them",
    ):
        assert line in readme
