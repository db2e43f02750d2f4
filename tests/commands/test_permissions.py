"""What `default` has, `amp` gets, and undo undoes: roles of all kinds, SCCs, linked secrets, in the project and elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import World, make_world
from tests.support.comparison import comparable, differences

DEFAULT = "system:serviceaccount:threescale:default"
AMP = "system:serviceaccount:threescale:amp"


def run_all(world: World, *lines: str) -> None:
    for line in lines:
        done = world.oc(*line.split())
        assert done.code == 0, (line, done.all)


def create(world: World, kind: str, name: str, namespace: str = "threescale", **more: Any) -> None:
    versions = {"SecurityContextConstraints": "security.openshift.io/v1"}
    item = {"apiVersion": versions.get(kind, "v1"), "kind": kind, "metadata": {"name": name}, **more}
    done = world.oc("create", "-f", "-", f"--namespace={namespace}", stdin=json.dumps(item))
    assert done.code == 0, done.all


def give_default_rights_of_all_kinds(world: World) -> None:
    """As fixtures/rbac does, and what it does not: an SCC's users, other projects, secrets, a role that is not there."""
    run_all(
        world,
        f"adm policy add-cluster-role-to-user view {DEFAULT}",
        "adm policy add-role-to-user edit -z default",
        f"policy add-role-to-user view {DEFAULT}",
        "create role discover --verb=get,list --resource=services,routes",
        "create rolebinding discover --role=discover --serviceaccount=threescale:default",
        "adm policy add-scc-to-user anyuid -z default",
        f"adm policy add-cluster-role-to-user nosuchrole {DEFAULT}",
    )
    create(world, "Namespace", "library")
    run_all(world, f"adm policy add-role-to-user view {DEFAULT} --namespace=library")
    create(world, "SecurityContextConstraints", "ours", users=[DEFAULT], runAsUser={"type": "MustRunAsRange"})
    for name in ("mine", "certificates"):
        create(world, "Secret", name, data={})
    run_all(world, "secrets link default mine --for=pull", "secrets link default certificates --for=mount")


def rights(world: World, user: str, namespace: str) -> str:
    """What a user may do; an SCC that names its users is no right of RBAC, and the binding that stands for it is one."""
    listed = world.oc("auth", "can-i", "--list", f"--as={user}", f"--namespace={namespace}").out
    return "".join(line for line in listed.splitlines(True) if not line.startswith("securitycontextconstraints"))


def calls_of_verify(world: World, *options: str) -> list[str]:
    """What `verify` asks; where it is comes first, and the rest side by side."""
    counted = world.home / "calls"
    oc = world.home / "counting-oc"
    oc.write_text(f'#!/bin/sh\necho "$*" >> "{counted}"\nexec oc "$@"\n', encoding="utf-8")
    oc.chmod(0o755)
    assert world.run("verify", "--dc", "zync", "--oc", str(oc), *options).code == 0
    return [" ".join(line.split()[:2]) for line in counted.read_text(encoding="utf-8").splitlines()]


@pytest.mark.long
def test_all_that_default_may_do_amp_may_too_and_undo_takes_it_back(world: World) -> None:
    give_default_rights_of_all_kinds(world)
    create(world, "ServiceAccount", "amp", secrets=[{"name": "certificates"}, {"name": "own"}])
    run_all(world, f"adm policy add-role-to-user system:image-puller {AMP}")
    world.settle()
    before = comparable(world.objects())
    before.pop("pods")  # those made later carry what default has been given since
    refused = world.migrate("--dc", "zync")
    assert refused.code == 4
    assert "anyuid" in refused.err
    assert "--copy-privileged" in refused.err
    assert differences(before, comparable(world.objects())) == []

    done = world.migrate("--dc", "zync", "--copy-privileged")
    assert done.code == 0, done.all
    sentence = " ".join(done.out.split())
    assert "nosuchrole in the whole cluster, which does not exist" in sentence
    assert "amp has ClusterRole system:image-puller in project threescale, and default does not" in sentence
    run_all(world, f"policy remove-role-from-user system:image-puller {AMP}")
    for namespace in ("threescale", "library", "default"):
        assert rights(world, AMP, namespace) == rights(world, DEFAULT, namespace), namespace
    account = json.loads(world.oc("get", "sa", "amp", "-o", "json").out)
    assert [secret["name"] for secret in account["imagePullSecrets"]] == ["threescale-registry-auth", "mine"]
    assert [secret["name"] for secret in account["secrets"]] == ["certificates", "own"]
    assert "nosuchrole" not in {item["roleRef"]["name"] for item in _bindings_of_amp(world)}
    again = world.migrate("--dc", "zync", "--copy-privileged")
    assert "nothing is left to do" in again.err
    assert world.run("plan", "--dc", "zync", "--secret-file", world.secret).code == 0
    first, *others = calls_of_verify(world)
    assert first == "config view"
    assert sorted(others) == [
        "get clusterrolebindings,clusterroles,rolebindings,roles,scc",
        "get dc,pods,is,rolebindings",
        "get rc,sa,bc,roles",
        "get secret/mine",
        "get secret/threescale-registry-auth",
    ]
    skipped = calls_of_verify(world, "--skip", "permissions")
    assert not [call for call in skipped[len(others) + 1 :] if "clusterrolebindings" in call]

    run_all(world, f"adm policy add-role-to-user system:image-puller {AMP}")
    undone = world.run("undo", "--yes")
    assert undone.code == 0, undone.all
    world.settle()
    assert differences(before, comparable(world.objects())) == []


def _bindings_of_amp(world: World) -> list[dict[str, Any]]:
    objects = world.objects()
    found = [*objects["clusterrolebindings"].values(), *objects["rolebindings"].values()]
    return [item for item in found if "amp" in {subject["name"] for subject in item.get("subjects") or ()}]


def test_an_account_that_is_there_keeps_what_it_has_and_what_the_cluster_gives_it(tmp_path: Path) -> None:
    world = make_world(tmp_path, "internal-registry")
    other = {"labels": {"team": "api"}, "annotations": {"note": "ours"}, "name": "amp"}
    item = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": other, "imagePullSecrets": [{"name": "ours"}]}
    world.settle()
    before = comparable(world.objects())
    assert world.oc("create", "-f", "-", stdin=json.dumps(item)).code == 0
    done = world.migrate("--dc", "zync")
    assert done.code == 0, done.all
    account = world.objects()["serviceaccounts"]["threescale/amp"]
    assert account["metadata"]["labels"] == {"team": "api"}
    assert account["metadata"]["annotations"] == {"note": "ours"}
    names = [secret["name"] for secret in account["imagePullSecrets"]]
    assert names[0] == "ours"
    assert [name.rpartition("-")[0] for name in names[1:]] in (
        ["threescale-registry", "amp-dockercfg"],
        ["amp-dockercfg", "threescale-registry"],
    )
    pods = [pod for pod in world.objects()["pods"].values() if pod["spec"]["serviceAccountName"] == "amp"]
    assert pods
    for pod in pods:
        assert any(secret["name"].startswith("amp-dockercfg-") for secret in pod["spec"]["imagePullSecrets"])
    assert world.run("undo", "--yes").code == 0
    world.settle()
    after = comparable(world.objects())
    kept = after["serviceaccounts"].pop("threescale/amp")
    assert "threescale-registry-auth" not in json.dumps(kept)
    assert kept["imagePullSecrets"][0] == {"name": "ours"}
    after["secrets"] = {name: item for name, item in after["secrets"].items() if "amp-dockercfg" not in name}
    before.pop("pods")  # those made before the fault carry no login
    assert differences(before, after) == []


@pytest.mark.long
def test_service_discovery_in_service_account_mode_needs_view_of_both_accounts(tmp_path: Path) -> None:
    world = make_world(tmp_path, "service-discovery")
    planned = world.run("plan", "--dc", "zync", "--secret-file", world.secret, "-o", "json")
    assert planned.code == 3, planned.all
    granted = [action["argv"][5] for action in planned.json()["actions"] if action["argv"][1] == "adm"]
    assert granted == [AMP, DEFAULT]
    found = [item for item in planned.json()["findings"] if item["subject"] == "configmap/system"]
    assert "service_discovery.yml in the config map system has enabled: true" in found[0]["seen"]
    world.settle()
    before = comparable(world.objects())
    assert world.migrate("--dc", "zync").code == 0
    assert world.oc("auth", "can-i", "list", "services", "-A", f"--as={AMP}").out == "yes\n"
    assert world.run("undo", "--yes").code == 0
    world.settle()
    assert differences(before, comparable(world.objects())) == []
