"""Troubles that people have with projects and clusters, each as its kind: what is said before the first change, and nothing is changed."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result, World, make_world
from tests.support.front import Front
from tests.support.in_process import Ending, Really


def answered(world: World, fits: Callable[[Sequence[str]], bool], said: str) -> Front:
    """Calls that fit fail with these words."""

    def answer(args: Sequence[str], really: Really) -> Ending:
        return (1, "", f"{said}\n") if fits(args) else really(args)

    return Front(world).instead("", answer, nth=None)


def preflight(world: World, *args: str) -> tuple[Result, list[dict[str, Any]]]:
    done = world.run("preflight", "--secret-file", world.secret, "-o", "json", *args)
    return done, done.json().get("findings", [])


def put(world: World, item: dict[str, Any]) -> None:
    done = world.oc("create", "-f", "-", stdin=json.dumps(item))
    assert done.code == 0, done.all


@pytest.mark.parametrize(
    "said",
    [
        'error: the server doesn\'t have a resource type "dc"',
        'error: the server doesn\'t have a resource type "deploymentconfigs"',
        "Error from server (NotFound): the server could not find the requested resource",
    ],
)
def test_a_server_without_deploymentconfigs_is_no_matter_of_permissions(world: World, said: str) -> None:
    answered(world, lambda args: args[0] == "get" and "dc" in args[1].split(","), said)
    for command in (("preflight",), ("migrate", "--yes"), ("plan",)):
        done = world.run(*command, "--secret-file", world.secret)
        assert done.code == 4, done.all
        assert "add-role-to-user" not in done.all
        assert "the server has no DeploymentConfigs" in done.all or "DeploymentConfigs cannot be read" in done.all
    assert "add-role-to-user" not in world.run("verify").all


def test_settings_that_are_masked_are_unknown_and_not_off(world: World) -> None:
    patch = {"data": {"service_discovery.yml": "***"}}
    put(world, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "system"}, **patch})
    done, found = preflight(world)
    seen = [one for one in found if one["code"] == "service-discovery-view"]
    assert [one["verdict"] for one in seen] == ["unknown"]
    assert "it is not known whether service discovery is used" in seen[0]["seen"]
    assert done.code != 0
    assert preflight(world, "--service-discovery")[0].code == 0


def test_a_trigger_that_is_not_automatic_holds_no_rollout_up(world: World) -> None:
    config = json.loads(world.oc("get", "dc", "zync", "-o", "json").out)
    for trigger in config["spec"]["triggers"]:
        if trigger["type"] == "ImageChange":
            trigger["imageChangeParams"] = {
                key: value for key, value in trigger["imageChangeParams"].items() if key == "from"
            } | {"automatic": False}
    assert world.oc("replace", "-f", "-", stdin=json.dumps(config)).code == 0
    world.settle()
    done, found = preflight(world)
    assert done.code == 0, found
    assert not [one for one in found if one["code"] == "image-imported"]
    assert world.migrate("--dc", "zync", "--prove-pull=none").code == 0
    assert world.accounts()["zync"] == {"amp"}


@pytest.mark.parametrize("kind", ["ResourceQuota", "AppliedClusterResourceQuota"])
def test_a_quota_on_what_pods_do_not_set_is_one_problem_of_all_configs_that_it_stops(world: World, kind: str) -> None:
    hard = {"limits.cpu": "400", "requests.memory": "400Gi"}
    spec: dict[str, Any] = {"apiVersion": "v1", "spec": {"hard": hard}}
    if kind != "ResourceQuota":
        spec = {
            "apiVersion": "quota.openshift.io/v1",
            "spec": {"quota": {"hard": hard}, "selector": {}},
            "status": {"total": {"hard": hard, "used": dict.fromkeys(hard, "0")}},
        }
    put(world, {**spec, "kind": kind, "metadata": {"name": "room"}})
    done, found = preflight(world)
    stopped = [one for one in found if one["code"] == "quota-sufficient"]
    assert done.code == 4
    assert [one["subject"] for one in stopped] == [
        "quota/room" if kind == "ResourceQuota" else "clusterresourcequota/room"
    ]
    assert "limits.cpu, requests.memory" in stopped[0]["seen"]
    for name in ("backend-cron", "zync", "apicast-production"):
        assert name in stopped[0]["seen"]


def test_a_quota_over_several_projects_is_read_and_left_to_a_cluster_admin(world: World) -> None:
    full = {"pods": "20"}
    put(
        world,
        {
            "apiVersion": "quota.openshift.io/v1",
            "kind": "AppliedClusterResourceQuota",
            "metadata": {"name": "team"},
            "spec": {"quota": {"hard": full}},
            "status": {"total": {"hard": full, "used": full}},
        },
    )
    done, found = preflight(world)
    assert done.code == 4
    stopped = next(one for one in found if one["code"] == "quota-sufficient")
    assert stopped["subject"] == "clusterresourcequota/team"
    assert "cluster-admin" in json.dumps(stopped["fix"])
    world.faults("forbidden=list:appliedclusterresourcequotas")
    done, found = preflight(world)
    assert any("over several projects" in one["seen"] for one in found)
    assert not any("there is no quota" in one["seen"] for one in found)


def release(world: World, image: str, *but: str) -> dict[str, dict[str, Any]]:
    """The findings about the release, with images of another one in the configs but some."""
    for config in json.loads(world.oc("get", "dc", "-o", "json").out)["items"]:
        if config["metadata"]["name"] in but:
            continue
        config["spec"]["triggers"] = [{"type": "ConfigChange"}]
        for container in config["spec"]["template"]["spec"]["containers"]:
            container["image"] = image
        assert world.oc("replace", "-f", "-", stdin=json.dumps(config)).code == 0
    world.settle()
    return {one["subject"]: one for one in preflight(world)[1]}


def test_images_without_a_registry_show_their_release_too(world: World) -> None:
    found = release(world, "3scale-amp20/system:1.0-2")["release"]
    assert found["verdict"] == "failed"
    assert "3scale 2.0" in found["seen"]


def with_resque(world: World, image: str) -> None:
    config = json.loads(world.oc("get", "dc", "system-sphinx", "-o", "json").out)
    config["metadata"] = {"name": "system-resque", "labels": config["metadata"]["labels"]}
    config["spec"]["triggers"] = [{"type": "ConfigChange"}]
    config["spec"]["template"]["spec"]["containers"][0]["image"] = image
    put(world, config)


def test_system_resque_is_a_live_part_of_2_3_and_a_leftover_among_newer_configs(tmp_path: Path) -> None:
    older, newer = make_world(tmp_path / "older"), make_world(tmp_path / "newer")
    with_resque(older, "registry.access.redhat.com/3scale-amp23/system:1.9")
    found = release(older, "registry.access.redhat.com/3scale-amp23/system:1.9", "system-resque")
    assert "dc/system-resque" not in {subject for subject, one in found.items() if one["code"] == "leftovers-absent"}
    assert found["release"]["verdict"] == "failed"
    with_resque(newer, "registry.access.redhat.com/3scale-amp23/system:1.9")
    newer.settle()
    found = {one["subject"]: one for one in preflight(newer)[1]}
    assert found["dc/system-resque"]["code"] == "leftovers-absent"
    assert found["release"]["verdict"] == "passed", "the leftover says nothing of the release"


@pytest.mark.parametrize(
    "spec",
    [
        {"test": True},
        {"revisionHistoryLimit": 0},
        {"minReadySeconds": 4},
        {"replicas": 0},
        {"strategy": {"rollingParams": {"maxUnavailable": "100%", "maxSurge": "0%"}}},
    ],
    ids=["test", "no former revisions", "ready for four seconds", "zero", "neither old nor new"],
)
def test_a_config_that_few_think_of_is_migrated_and_undone(world: World, spec: dict[str, Any]) -> None:
    assert world.oc("patch", "dc", "zync", "-p", json.dumps({"spec": spec})).code == 0
    world.settle()
    done, found = preflight(world, "--dc", "zync")
    assert done.code == 0, found
    assert not [one for one in found if one["code"] == "config-healthy" and one["verdict"] != "passed"]
    done = world.migrate("--dc", "zync")
    assert done.code == 0, done.all
    template = world.objects()["deploymentconfigs"]["threescale/zync"]["spec"]["template"]["spec"]
    assert template["serviceAccountName"] == "amp"
    undone = world.run("undo", "--yes")
    assert undone.code == 0, undone.all


DENIED = (
    'Error from server (Forbidden): admission webhook "validation.gatekeeper.sh" denied the request: [allowed-service-accounts]'
    " service account amp is not on the list",
    'Error from server: admission webhook "validate.kyverno.svc-fail" denied the request: policy DeploymentConfig/amp failed',
    'Error from server (BadRequest): admission webhook "x.example.test" denied the request: no amp here',
    "The deploymentconfigs \"backend-cron\" is invalid: : ValidatingAdmissionPolicy 'accounts' with binding 'all' denied request: amp",
    'Error from server (Forbidden): deploymentconfigs.apps.openshift.io "x" is forbidden: the account amp is reserved',
)


@pytest.mark.parametrize("said", DENIED)
def test_a_policy_that_refuses_the_account_is_named_before_the_first_change(world: World, said: str) -> None:
    before = world.objects()
    answered(world, lambda args: tuple(args[:2]) == ("patch", "dc"), said)
    done = world.run("migrate", "--yes", "--secret-file", world.secret)
    assert done.code == 4, done.all
    told = " ".join(done.all.split())
    assert "a policy of the cluster refuses the patch" in told
    assert said.partition(": ")[2][:40] in told
    assert "have that policy allow the service account amp" in told
    assert "grant the permission again" not in told
    assert world.objects() == before


def test_a_client_or_server_that_knows_no_dry_run_is_not_asked_and_the_webhook_is_named_where_it_refuses(
    tmp_path: Path,
) -> None:
    world = make_world(tmp_path, "old-client=4.2", "webhook")
    done = world.migrate("--dc", "zync")
    assert done.code == 1, done.all
    assert 'admission webhook "' in done.all
    assert "make the policy that is named allow the service account amp" in " ".join(done.all.split())
    assert "grant the permission again" not in done.all


def test_asking_admission_changes_nothing(world: World) -> None:
    before = world.objects()
    assert preflight(world)[0].code == 0
    assert world.objects() == before


@pytest.mark.parametrize("age", ["4.2", "3.11"])
def test_old_clients_and_servers_are_not_asked_of_admission(tmp_path: Path, age: str) -> None:
    world = make_world(tmp_path, f"old-client={age}")
    before = world.objects()
    done, found = preflight(world)
    assert done.code == 0, found
    assert world.objects() == before


def test_a_cluster_that_may_not_import_from_the_registry_is_told_before_the_first_change(tmp_path: Path) -> None:
    world = make_world(tmp_path, "import-policy", "user=alice/admin")
    before = world.objects()
    done = world.run("migrate", "--yes", "--secret-file", world.secret, "--allow-unknown")
    assert done.code == 4, done.all
    assert "allowedRegistriesForImport" in done.all
    assert "imagePolicyConfig" in done.all
    assert "does not allow images to be imported from registry.redhat.io" in " ".join(done.all.split())
    assert world.objects() == before
    # What the policy says of one registry is said of no other, though the whole call is refused.
    found = preflight(world, "--allow-unknown")[1]
    assert [one["verdict"] for one in found if one["code"] == "image-pullable"] == ["passed"]


def test_configs_that_run_as_amp_already_are_only_rolled_out_and_undo_says_what_their_pods_keep(world: World) -> None:
    put(
        world,
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "amp"},
            "imagePullSecrets": [{"name": "quay-auth"}],
        },
    )
    for name in ("zync", "backend-cron"):
        patch = {"spec": {"template": {"spec": {"serviceAccountName": "amp"}}}}
        assert world.oc("patch", "dc", name, "-p", json.dumps(patch)).code == 0
    world.settle()
    done, found = preflight(world, "--dc", "zync,backend-cron")
    assert done.code == 0, found
    seen = [one["seen"] for one in found if one["code"] == "config-healthy"]
    assert sum("runs as amp already" in one for one in seen) == 2
    assert not any("has begun" in one for one in seen)
    done = world.migrate("--dc", "zync,backend-cron")
    assert done.code == 0, done.all
    undone = world.run("undo", "--yes")
    assert undone.code == 0, undone.all
    assert "still name" in undone.all
    account = world.objects()["serviceaccounts"]["threescale/amp"]
    assert [one["name"] for one in account["imagePullSecrets"]] == ["quay-auth"]


def test_a_config_with_pull_secrets_of_its_own_is_refused_first_and_migrated_once_it_names_the_registrys(
    world: World,
) -> None:
    """Its pods get none of the account's: the migration stopped half way, and each further one redeployed the config in vain."""
    own = '{"spec":{"template":{"spec":{"imagePullSecrets":[{"name":"mirror"}]}}}}'
    assert world.oc("patch", "dc", "zync", "--patch", own).code == 0
    world.settle()
    before = world.objects()
    assert world.migrate().code == 4
    checked = world.run("preflight", "--secret-file", world.secret, "-o", "json")
    assert checked.code == 4, checked.all
    found = [check for check in checked.json()["findings"] if check["verdict"] == "failed"]
    assert [(check["code"], check["subject"]) for check in found] == [("pull-secrets-reach-pods", "dc/zync")]
    assert world.objects() == before
    lines = [line.strip() for line in world.migrate().all.splitlines()]
    command = next(line for line in lines if line.startswith("oc patch dc zync --type=json"))
    assert world.oc(*shlex.split(command)[1:]).code == 0
    world.settle()
    assert world.migrate().code == 0
    assert world.run("verify").code == 0
    undone = world.run("undo", "--yes")
    assert undone.code == 1  # the template names the secret, which stays
    assert "it is kept: dc/zync" in undone.out
