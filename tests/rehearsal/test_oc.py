"""The rehearsal's `oc`, called in this process over a cluster in a directory: what no recording covers."""

from __future__ import annotations

import base64
import io
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from threescale_migrate.rehearsal import launch
from threescale_migrate.rehearsal.client.run import run
from threescale_migrate.rehearsal.server import open_cluster

LOGIN = json.dumps({"auths": {"registry.redhat.io": {"auth": base64.b64encode(b"12|x:secret").decode()}}})


@dataclass
class Answer:
    """What one call printed, and its exit code."""

    code: int
    out: str
    err: str


class Oc:
    """An `oc` on PATH, without the process."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def __call__(self, *argv: str, stdin: str = "") -> Answer:
        out, err = io.StringIO(), io.StringIO()
        former, sys.stdin = sys.stdin, io.StringIO(stdin)
        try:
            code = run(list(argv), self.directory, out, err)
        finally:
            sys.stdin = former
        return Answer(code, out.getvalue(), err.getvalue())

    def good(self, *argv: str, stdin: str = "") -> str:
        answer = self(*argv, stdin=stdin)
        assert answer.code == 0, answer.err
        return answer.out

    def json(self, *argv: str) -> Any:
        return json.loads(self.good(*argv, "-o", "json"))

    def settle(self, seconds: float = 3600) -> None:
        with open_cluster(self.directory) as cluster:
            store = cluster.store
            store.clock.pin(store.now() + seconds)
            cluster.simulation.advance()

    def faults(self, *faults: str) -> None:
        launch.resume(self.directory, faults=faults)


@pytest.fixture
def oc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Oc:
    directory = tmp_path / "cluster"
    launch.create(directory)
    monkeypatch.setenv("KUBECONFIG", str(directory / "kubeconfig"))
    return Oc(directory)


def test_every_fault_can_be_switched_on_and_is_described(oc: Oc) -> None:
    from threescale_migrate.rehearsal.faults import ENDINGS, FAULTS

    assert list(ENDINGS) == list(FAULTS)
    values = {
        "DC": "zync",
        "RATE": "0.5",
        "VERB:RESOURCE": "patch:dc",
        "NAME[/ROLES]": "alice/view",
        "AGE": "4.6",
        "TEXT[@N]": "all",
        "IMAGE": "registry.access.redhat.com/",
        "RELEASE": "2.2",
        "DC=PROGRAM": "zync-database=true",
    }
    for name, sentence in FAULTS.items():
        fault, _, shape = name.partition("=")
        assert sentence
        assert ENDINGS[name]
        oc.faults(f"{fault}={values[shape]}" if shape else fault)


def test_a_right_that_is_taken_away_is_denied_by_can_i_and_by_the_call(oc: Oc) -> None:
    oc.faults("forbidden=patch:dc", "forbidden=create:secrets")
    assert oc("auth", "can-i", "patch", "dc/zync").out == "no\n"
    assert oc("auth", "can-i", "patch", "sa").out == "yes\n"
    assert oc("auth", "can-i", "create", "secrets").code == 1
    refused = oc("patch", "dc", "zync", "--patch", "{}")
    assert refused.code == 1
    assert 'User "system:admin" cannot patch resource "deploymentconfigs"' in refused.err


def test_a_plain_user_has_the_roles_that_were_given(oc: Oc) -> None:
    oc.faults("user=alice/view")
    assert oc.good("whoami") == "alice\n"
    assert oc("auth", "can-i", "get", "dc").out == "yes\n"
    assert oc("auth", "can-i", "patch", "dc").out == "no\n"
    assert oc("auth", "can-i", "get", "pods", "--subresource=log").out == "yes\n"
    assert oc("auth", "can-i", "get", "secrets").out == "no\n"
    assert oc("auth", "can-i", "get", "dc", "-n", "default").out == "no\n"
    assert oc.good("projects", "-q") == "threescale\n"
    listed = oc.good("auth", "can-i", "--list")
    assert "deploymentconfigs.apps.openshift.io " in listed
    assert "secrets " not in listed
    oc.faults("user=bob/admin")
    assert oc("auth", "can-i", "patch", "dc").out == "yes\n"
    assert oc("auth", "can-i", "create", "rolebindings").out == "yes\n"
    assert oc("auth", "can-i", "create", "clusterrolebindings").out == "no\n"


def test_nobody_hands_out_rights_that_they_do_not_have(oc: Oc) -> None:
    oc.faults("user=bob/admin")
    assert oc("policy", "add-role-to-user", "edit", "-z", "default").code == 0
    oc.good("create", "role", "reader", "--verb=get", "--resource=pods")
    refused = oc(
        "create", "rolebinding", "x", "--clusterrole=system:openshift:scc:anyuid", "--serviceaccount=threescale:amp"
    )
    assert refused.code == 1
    assert "is attempting to grant RBAC permissions not currently held" in refused.err
    assert (
        '{APIGroups:["security.openshift.io"], Resources:["securitycontextconstraints"], ResourceNames:["anyuid"]'
        in refused.err
    )


def version(oc: Oc, kind: str, name: str) -> str:
    return str(oc.json("get", kind, name)["metadata"]["resourceVersion"])


def test_a_patch_can_be_bound_to_the_version_that_was_seen(oc: Oc) -> None:
    """Fact 38, `preconditions`."""
    seen = version(oc, "dc", "zync")
    guide = json.dumps(
        {"metadata": {"resourceVersion": seen}, "spec": {"template": {"spec": {"serviceAccountName": "amp"}}}}
    )
    oc.good("patch", "dc", "zync", "--patch", '{"metadata":{"labels":{"touched":"1"}}}')
    refused = oc("patch", "dc", "zync", "--patch", guide)
    assert refused.code == 1
    assert refused.err.splitlines()[-1] == (
        'Error from server (Conflict): Operation cannot be fulfilled on deploymentconfigs.apps.openshift.io "zync": the'
        " object has been modified; please apply your changes to the latest version and try again"
    )
    oc.good("patch", "dc", "zync", "--patch", guide.replace(seen, version(oc, "dc", "zync")))
    seen = version(oc, "dc", "zync")
    oc.settle(60)
    assert version(oc, "dc", "zync") != seen, "a status that changes is a change, too"


def test_a_deletion_can_be_bound_to_the_very_object_that_was_seen(oc: Oc) -> None:
    """Fact 38, `preconditions`: the answer is the account; of a secret it is a Status."""
    oc.good("create", "sa", "amp")
    meta = oc.json("get", "sa", "amp")["metadata"]
    path = "/api/v1/namespaces/threescale/serviceaccounts/amp"
    other = {"kind": "DeleteOptions", "preconditions": {"uid": meta["uid"], "resourceVersion": "1"}}
    refused = oc("delete", "--raw", path, "-f", "-", stdin=json.dumps(other))
    assert refused == Answer(
        1,
        "",
        'Error from server (Conflict): Operation cannot be fulfilled on ServiceAccount "amp": the ResourceVersion in the'
        f" precondition (1) does not match the ResourceVersion in record ({meta['resourceVersion']}). The object might have"
        " been modified\n",
    )
    gone = oc("delete", "--raw", path, "-f", "-", stdin='{"preconditions": {"uid": "made-anew"}}')
    assert "the UID in the precondition (made-anew) does not match the UID in record" in gone.err
    same = {"preconditions": {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}}
    answer = json.loads(oc.good("delete", "--raw", path, "-f", "-", stdin=json.dumps(same)))
    assert (answer["kind"], answer["metadata"]["uid"]) == ("ServiceAccount", meta["uid"])
    assert 'serviceaccounts "amp" not found' in oc("delete", "--raw", path, "-f", "-", stdin="{}").err
    oc.good("create", "secret", "generic", "one")
    status = json.loads(oc.good("delete", "--raw", "/api/v1/namespaces/threescale/secrets/one"))
    assert (status["kind"], status["status"], status["details"]["kind"]) == ("Status", "Success", "secrets")
    assert oc("delete", "--raw", "/api/v1/namespaces/threescale/nosuch/one").code == 1


def test_names_of_objects_narrow_a_right(oc: Oc) -> None:
    oc.good("create", "role", "one", "--verb=get", "--resource=secrets", "--resource-name=only")
    oc.good("create", "rolebinding", "one", "--role=one", "--serviceaccount=threescale:default")
    account = "--as=system:serviceaccount:threescale:default"
    assert oc("auth", "can-i", "get", "secret/only", account).out == "yes\n"
    assert oc("auth", "can-i", "get", "secret/other", account).out == "no\n"
    assert oc("auth", "can-i", "get", "secrets", account).out == "no\n"
    assert oc("auth", "can-i", "use", "scc/restricted", account).out == "no\n"


def test_security_context_constraints_are_given_by_binding_or_by_their_users(oc: Oc) -> None:
    assert "anyuid" in [item["metadata"]["name"] for item in oc.json("get", "scc")["items"]]
    user = "system:serviceaccount:threescale:amp"
    oc.good("patch", "scc", "anyuid", "--type=merge", "--patch", json.dumps({"users": [user]}))
    assert oc.json("get", "scc", "anyuid")["users"] == [user]
    oc.good("adm", "policy", "add-scc-to-user", "nonroot", "-z", "default")
    oc.good("adm", "policy", "add-scc-to-user", "nonroot", "-z", "amp")
    binding = oc.json("get", "clusterrolebinding", "system:openshift:scc:nonroot")
    assert [subject["name"] for subject in binding["subjects"]] == ["default", "amp"]
    oc.good("adm", "policy", "remove-scc-from-user", "nonroot", "-z", "default", "-z", "amp")
    assert oc("get", "clusterrolebinding", "system:openshift:scc:nonroot").code == 1


def test_a_quota_counts_what_runs_and_refuses_what_is_beyond(oc: Oc) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "pods"},
        "spec": {"hard": {"pods": "15"}, "scopes": ["NotTerminating"]},
    }
    oc.good("create", "-f", "-", stdin=json.dumps(quota))
    assert oc.json("get", "quota", "pods")["status"]["used"] == {"pods": "15"}
    refused = oc("run", "one-more", "--image=quay.io/x/y")
    assert "exceeded quota: pods, requested: pods=1, used: pods=15, limited: pods=15" in refused.err
    oc.good("rollout", "latest", "dc/zync")
    oc.settle(30)
    controller = oc.json("get", "rc", "zync-2")
    assert "exceeded quota" in controller["status"]["conditions"][0]["message"]
    assert oc.json("get", "dc", "zync")["status"]["readyReplicas"] == 1


def test_a_limit_range_fills_in_its_defaults_and_refuses_what_is_above(oc: Oc) -> None:
    limits = [{"type": "Container", "max": {"memory": "1Gi"}, "default": {"memory": "512Mi"}}]
    item = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "limits"}, "spec": {"limits": limits}}
    oc.good("create", "-f", "-", stdin=json.dumps(item))
    made = json.loads(oc.good("run", "small", "--image=quay.io/x/y", "-o", "json"))
    assert made["spec"]["containers"][0]["resources"]["limits"] == {"memory": "512Mi"}
    large = {"spec": {"containers": [{"name": "large", "image": "x", "resources": {"limits": {"memory": "2Gi"}}}]}}
    refused = oc("run", "large", "--image=x", "--overrides", json.dumps(large))
    assert "maximum memory usage per Container is 1Gi, but limit is 2Gi" in refused.err


def test_a_cluster_with_an_internal_registry_gives_each_account_a_login_a_moment_later(oc: Oc) -> None:
    oc.faults("internal-registry")
    assert oc.json("get", "sa", "default")["imagePullSecrets"][0]["name"].startswith("default-dockercfg-")
    oc.good("create", "sa", "amp")
    assert "imagePullSecrets" not in oc.json("get", "sa", "amp")
    oc.settle(2)
    account = oc.json("get", "sa", "amp")
    name = account["imagePullSecrets"][0]["name"]
    assert account["secrets"] == [{"name": name}]
    assert oc.json("get", "secret", name)["type"] == "kubernetes.io/dockercfg"
    oc.good("delete", "sa", "amp")
    assert oc("get", "secret", name).code == 1


@pytest.mark.parametrize(
    ("fault", "imported", "sentence"),
    [
        ("", "imported", "Digest:"),
        ("token-refused", "you may not have access to the container image", "error: unauthorized: Please login"),
        (
            "registry-unreachable",
            "i/o timeout",
            "Unable to connect to the server: dial tcp 192.0.2.44:443: i/o timeout",
        ),
    ],
)
def test_a_registry_is_asked_by_import_by_a_pod_and_from_here(
    oc: Oc, tmp_path: Path, fault: str, imported: str, sentence: str
) -> None:
    secret = base64.b64encode(LOGIN.encode()).decode()
    item = {"kind": "Secret", "metadata": {"name": "pull"}, "type": "kubernetes.io/dockerconfigjson"}
    oc.good("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", **item, "data": {".dockerconfigjson": secret}}))
    oc.good("create", "sa", "amp")
    oc.good("secrets", "link", "amp", "pull", "--for=pull")
    if fault:
        oc.faults(fault)
    image = "registry.redhat.io/3scale-amp26/zync:latest"
    tried = oc("import-image", "probe:latest", f"--from={image}", "--confirm", "--dry-run=server")
    assert tried.code == bool(fault)
    assert imported in tried.out + tried.err
    assert oc("get", "is", "probe").code == 1, "a dry run leaves nothing"

    overrides = json.dumps({"spec": {"serviceAccountName": "amp"}})
    oc.good("run", "probe", f"--image={image}", "--restart=Never", "--overrides", overrides, "--", "true")
    oc.settle(20)
    pod = oc.json("get", "pod", "probe")
    assert pod["status"]["phase"] == ("Pending" if fault else "Succeeded")
    oc.good("delete", "pod", "probe")

    logins = tmp_path / "config.json"
    logins.write_text(LOGIN, encoding="utf-8")
    asked = oc("image", "info", image, f"--registry-config={logins}")
    assert asked.code == bool(fault)
    assert sentence in asked.out + asked.err
    assert oc("image", "info", image).code == 1, "without a login"


def pull_secret(name: str, **entries: object) -> str:
    """A pull secret with those entries, the registry's name in the place of `io`."""
    auths = {"registry.redhat.io" if key == "io" else key: entry for key, entry in entries.items()}
    data = base64.b64encode(json.dumps({"auths": auths}).encode()).decode()
    item = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": "kubernetes.io/dockerconfigjson"}
    return json.dumps({**item, "data": {".dockerconfigjson": data}})


GOOD = {"auth": base64.b64encode(b"7|barra:token").decode()}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"auth": "dG9rZW4="}, "unable to parse auth field, must be formatted as base64(username:password)"),
        ({"auth": "<REDACTED>"}, "illegal base64 data at input byte 0"),
        ({"auth": "dTpw="}, "illegal base64 data at input byte 4"),
        ("x", "json: cannot unmarshal string into Go struct field DockerConfigJSON.auths of type"),
        (
            {"auth": "dTpw", "email": 5},
            "json: cannot unmarshal number into Go struct field DockerConfigJSON.auths.email",
        ),
        ({}, ""),
        (None, ""),
        ({"Auth": "dTpw"}, ""),
    ],
)
def test_one_entry_that_cannot_be_read_makes_a_pull_secret_useless_to_nodes_and_importer(
    oc: Oc, entry: object, said: str
) -> None:
    """Fact 34: though the login for registry.redhat.io beside it is good."""
    oc.good("create", "-f", "-", stdin=pull_secret("both", other=entry, io=GOOD))
    image = "registry.redhat.io/3scale-amp26/zync"
    tried = oc("import-image", "probe:latest", f"--from={image}", "--confirm", "--dry-run=server")
    assert tried.code == bool(said)
    assert said in tried.err
    overrides = json.dumps({"spec": {"imagePullSecrets": [{"name": "both"}]}})
    oc.good("run", "probe", f"--image={image}", "--restart=Never", "--overrides", overrides, "--", "true")
    oc.settle(20)
    status = oc.json("get", "pod", "probe")["status"]
    assert status["phase"] == ("Pending" if said else "Succeeded")
    assert f'Failed to pull image "{image}": {said}' in oc.good("get", "events") or not said


@pytest.mark.parametrize(
    ("entries", "works"),
    [
        ({"https://registry.redhat.io/v1/": GOOD}, True),
        ({"registry.redhat.io/3scale-amp26": GOOD}, True),
        ({"*.redhat.io": GOOD}, True),
        ({"io": {"auth": GOOD["auth"].rstrip("=")}}, True),
        ({"io": {"auth": GOOD["auth"][:4] + "\n" + GOOD["auth"][4:]}}, True),
        ({"io": {"username": "7|barra", "password": "token"}}, True),
        ({"registry.redhat.io:443": GOOD}, False),
        ({"registry.redhat.io/rhscl": GOOD}, False),
        ({"io": {"auth": base64.b64encode(b"7|barra:token\n").decode()}}, False),
        ({"*.io": GOOD}, False),
    ],
)
def test_a_login_is_for_a_host_a_port_and_a_path(oc: Oc, entries: dict[str, Any], works: bool) -> None:
    """Fact 28, fact 34."""
    oc.good("create", "-f", "-", stdin=pull_secret("only", **entries))
    image = "registry.redhat.io/3scale-amp26/zync"
    tried = oc("import-image", "probe:latest", f"--from={image}", "--confirm", "--dry-run=server")
    assert tried.code == (not works)


def test_many_images_are_asked_for_in_one_call_that_stores_nothing(oc: Oc) -> None:
    """Fact 37: a reason for each image; the role `view` may not ask."""
    names = ("registry.redhat.io/a/b", "registry.redhat.io/a/gone:1", "quay.io/a/b", "x.example.test/a/b:1")
    spec = {"import": False, "images": [{"from": {"kind": "DockerImage", "name": name}} for name in names]}
    wanted = {"apiVersion": "image.openshift.io/v1", "kind": "ImageStreamImport", "metadata": {"name": "asked"}}
    stdin = json.dumps({**wanted, "spec": spec})
    oc.faults("gone=registry.redhat.io/a/gone")

    def reasons() -> list[str]:
        answer = json.loads(oc.good("create", "-f", "-", "-o", "json", stdin=stdin))
        return [entry["status"].get("reason", entry["status"]["status"]) for entry in answer["status"]["images"]]

    before = oc.good("get", "is", "-o", "name")
    assert reasons() == ["Unauthorized", "Unauthorized", "Success", "InternalError"]
    oc.good("create", "-f", "-", stdin=pull_secret("good", io=GOOD))
    assert reasons() == ["Success", "NotFound", "Success", "InternalError"]
    oc.good("create", "-f", "-", stdin=pull_secret("broken", other="x"))
    assert reasons() == ["InternalError"] * 4
    assert oc.good("get", "is", "-o", "name") == before
    oc.faults("user=vera/view")
    assert 'cannot create resource "imagestreamimports"' in oc("create", "-f", "-", stdin=stdin).err


def test_an_import_that_fails_is_seen_in_the_stream(oc: Oc) -> None:
    failed = oc("import-image", "amp-zync:latest", "--from=registry.redhat.io/3scale-amp26/zync:1", "--confirm")
    assert failed.code == 1
    tag = oc.json("get", "is", "amp-zync")["status"]["tags"][0]
    assert tag["conditions"][0]["type"] == "ImportSuccess"
    assert tag["conditions"][0]["status"] == "False"
    assert tag["items"], "what was there stays"


def test_a_mapping_enters_an_image_without_asking_a_registry_and_configs_follow(oc: Oc) -> None:
    image = {"metadata": {"name": "sha256:" + "0" * 64}, "dockerImageReference": "quay.io/mine/zync@sha256:" + "0" * 64}
    mapping = {"kind": "ImageStreamMapping", "metadata": {"name": "amp-zync"}, "tag": "latest", "image": image}
    oc.good("create", "-f", "-", stdin=json.dumps({"apiVersion": "image.openshift.io/v1", **mapping}))
    oc.settle(30)
    assert oc.json("get", "dc", "zync")["status"]["latestVersion"] == 2
    assert oc.json("get", "dc", "zync")["spec"]["template"]["spec"]["containers"][0]["image"].startswith("quay.io/mine")


def test_a_project_is_made_by_whoever_may_and_becomes_their_own(oc: Oc) -> None:
    oc.faults("user=alice")
    assert "Now using project" in oc.good("new-project", "mine")
    assert oc.good("project", "-q") == "mine\n"
    assert oc("auth", "can-i", "create", "dc").out == "yes\n"
    assert 'project.project.openshift.io "mine" already exists' in oc("new-project", "mine").err
    assert oc("new-project", "default", "--skip-config-write").code == 1
    assert "deleted" in oc.good("delete", "project", "mine")
    oc.faults("user=bob")
    assert oc("get", "project", "mine").code == 1


def test_output_for_shell_scripts(oc: Oc) -> None:
    def shown(*argv: str) -> str:
        return oc.good("get", "dc", *argv)

    assert shown("zync", "-o", "name") == "deploymentconfig.apps.openshift.io/zync\n"
    assert shown("zync", "-o", "jsonpath={.spec.replicas}") == "1"
    assert shown(
        "zync", "zync-database", "-o", 'jsonpath={range .items[*]}{.metadata.name}{"\\t"}{.spec.replicas}{"\\n"}{end}'
    ) == ("zync\t1\nzync-database\t1\n")
    assert shown("-o", 'jsonpath={.items[?(@.metadata.name=="zync")].metadata.labels.app}') == "3scale-api-management"
    assert shown("-o", "jsonpath={.items[?(@.status.latestVersion>1)].metadata.name}") == ""
    assert shown("zync", "-o", "jsonpath={..image}").startswith("registry.access.redhat.com/")
    assert shown("zync", "--no-headers", "-o", "custom-columns=N:.metadata.name,R:.spec.replicas") == "zync   1\n"
    refused = oc("get", "dc", "zync", "-o", "go-template={{.metadata.name}}")
    assert (refused.code, refused.out) == (1, "")
    assert "the rehearsal oc has no go-templates" in refused.err


def test_wait_waits_in_the_clusters_time(oc: Oc) -> None:
    oc.settle(1)
    oc.good("run", "probe", "--image=quay.io/x/y")
    assert oc.good("wait", "--for=condition=Ready", "pod/probe", "--timeout=60s") == "pod/probe condition met\n"
    late = oc("wait", "--for=condition=Nosuch", "pod/probe", "--timeout=5s")
    assert late.err == "error: timed out waiting for the condition on pods/probe\n"


def test_what_it_does_not_know_it_refuses_loudly(oc: Oc) -> None:
    for argv in (
        ["expose", "svc"],
        ["get", "nosuch"],
        ["adm", "drain", "x"],
        ["get", "dc", "--nosuch"],
        ["set", "env", "dc/x"],
    ):
        answer = oc(*argv)
        assert answer.code == 1, argv
        assert answer.err.startswith("error: "), argv
    assert os.environ["KUBECONFIG"]


@pytest.mark.parametrize("kind", ["client", "server"])
def test_a_dry_run_of_either_kind_changes_nothing(oc: Oc, tmp_path: Path, kind: str) -> None:
    """`patch`, `replace` and `apply`, as kubectl has it: only `none` stores anything."""
    before = oc.json("get", "sa", "default")
    file = tmp_path / "sa.json"
    file.write_text(json.dumps({**before, "imagePullSecrets": [{"name": "other"}]}), encoding="utf-8")
    calls = (
        ("patch", "sa", "default", "--patch", '{"imagePullSecrets": [{"name": "other"}]}'),
        ("replace", "-f", str(file)),
        ("apply", "-f", str(file)),
    )
    for call in calls:
        assert oc.good(*call, f"--dry-run={kind}").endswith("dry run)\n")
        assert oc.json("get", "sa", "default") == before


REDHAT = "registry.redhat.io/3scale-amp26/zync"


def asked_for(image: str) -> str:
    spec = {"import": False, "images": [{"from": {"kind": "DockerImage", "name": image}}]}
    item = {"apiVersion": "image.openshift.io/v1", "kind": "ImageStreamImport", "metadata": {"name": "asked"}}
    return json.dumps({**item, "spec": spec})


def test_a_cluster_that_may_not_import_from_a_registry_refuses_the_import_and_the_stream(oc: Oc) -> None:
    oc.good("create", "-f", "-", stdin=pull_secret("good", io=GOOD))
    oc.faults("import-policy", "user=alice/admin")
    refused = oc("create", "-f", "-", "-o", "json", stdin=asked_for(REDHAT))
    assert refused.code == 1
    assert refused.err == (
        'The ImageStreamImport "asked" is invalid: spec.images[0].from.name: Forbidden: importing images from registry'
        ' "registry.redhat.io:443" is forbidden: registry "registry.redhat.io:443" not allowed by whitelist:'
        ' "registry.access.redhat.com:443", "quay.io:443"\n'
    )
    oc.good("create", "-f", "-", "-o", "json", stdin=asked_for("quay.io/a/b"))
    stored = oc("import-image", "amp-zync:latest", f"--from={REDHAT}", "--confirm")
    assert 'The ImageStream "amp-zync" is invalid: spec.tags[latest].from.name: Forbidden: registry' in stored.err
    assert REDHAT not in oc.good("get", "is", "amp-zync", "-o", "json"), "nothing is kept of it"
    oc.faults("user=system:admin")
    answer = json.loads(oc.good("create", "-f", "-", "-o", "json", stdin=asked_for(REDHAT)))
    assert answer["status"]["images"][0]["status"]["status"] == "Success", "who may create images is not limited"


def test_nodes_that_block_a_registry_say_so_and_the_importer_does_not(oc: Oc) -> None:
    oc.good("create", "-f", "-", stdin=pull_secret("good", io=GOOD))
    oc.faults("blocked-registry")
    assert oc("import-image", "x:latest", f"--from={REDHAT}", "--confirm", "--dry-run").code == 0
    overrides = json.dumps({"spec": {"imagePullSecrets": [{"name": "good"}]}})
    oc.good("run", "probe", f"--image={REDHAT}", "--restart=Never", "--overrides", overrides, "--", "true")
    oc.settle(20)
    assert "registry registry.redhat.io is blocked in /etc/containers/registries.conf" in oc.good("get", "events")


def test_a_broken_login_beside_others_spoils_imports_and_pods_of_the_account(oc: Oc) -> None:
    oc.faults("broken-login")
    names = [secret["name"] for secret in oc.json("get", "sa", "default")["imagePullSecrets"]]
    assert names == ["old-registry"]
    assert (
        "unable to parse auth field"
        in oc("import-image", "x:latest", "--from=quay.io/a/b", "--confirm", "--dry-run").err
    )
    oc.good("run", "probe", "--image=quay.io/a/b", "--restart=Never", "--", "true")
    oc.settle(20)
    assert 'Failed to pull image "quay.io/a/b": unable to parse auth field' in oc.good("get", "events")


@pytest.mark.parametrize("dry", [(), ("--dry-run=server",)])
def test_a_webhook_refuses_the_account_in_a_dry_run_as_well(oc: Oc, dry: tuple[str, ...]) -> None:
    oc.faults("webhook")
    patch = '{"spec":{"template":{"spec":{"serviceAccountName":"amp"}}}}'
    refused = oc("patch", "dc", "zync", "--patch", patch, *dry)
    assert refused.code == 1
    assert refused.err.splitlines()[-1] == (
        'Error from server (Forbidden): admission webhook "validation.gatekeeper.sh" denied the request:'
        " [allowed-service-accounts] service account amp is not on the list"
    )
    assert "(server dry run)" in oc.good(
        "patch", "dc", "zync", "--patch", '{"spec":{"paused":true}}', "--dry-run=server"
    )
    assert "paused" not in oc.json("get", "dc", "zync")["spec"]


def test_log_lines_of_the_client_stand_on_stderr_alone(oc: Oc) -> None:
    before = oc("get", "sa", "-o", "name")
    oc.faults("client-logs")
    after = oc("get", "sa", "-o", "name")
    assert (after.code, after.out) == (0, before.out)
    assert "memcache.go:287]" in after.err
    assert "client-side throttling" in oc("get", "sa", "nosuch").err


def test_a_quota_of_the_cluster_is_seen_in_the_project_and_refuses_pods(oc: Oc) -> None:
    oc.faults("cluster-quota", "user=alice/admin")
    [quota] = oc.json("get", "appliedclusterresourcequotas")["items"]
    assert quota["kind"] == "AppliedClusterResourceQuota"
    assert quota["status"]["total"] == {"hard": {"pods": "15"}, "used": {"pods": "15"}}
    assert "exceeded quota: for-the-team, requested: pods=1" in oc("run", "one-more", "--image=quay.io/x/y").err
    assert "cannot list" in oc("get", "clusterresourcequotas").err


@pytest.mark.parametrize(
    ("key", "kind", "name"),
    [
        ("secrets", "secret generic", "s"),
        ("count/secrets", "secret generic", "s"),
        ("count/serviceaccounts", "sa", "amp"),
        ("count/rolebindings.rbac.authorization.k8s.io", "rolebinding --clusterrole=view --user=x", "b"),
    ],
)
def test_a_quota_counts_objects_of_other_types_too(oc: Oc, key: str, kind: str, name: str) -> None:
    hard = {key: "9"}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": hard}}
    oc.good("create", "-f", "-", stdin=json.dumps(quota))
    used = oc.json("get", "quota", "q")["status"]["used"][key]
    oc.good("patch", "quota", "q", "--type=merge", "--patch", json.dumps({"spec": {"hard": {key: used}}}))
    refused = oc("create", *kind.split(), name)
    assert f"exceeded quota: q, requested: {key}=1, used: {key}={used}, limited: {key}={used}" in refused.err
    assert "(Forbidden)" in refused.err


def test_a_quota_of_replication_controllers_holds_a_rollout_up_until_it_is_raised(oc: Oc) -> None:
    hard = {"replicationcontrollers": "15"}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q"}, "spec": {"hard": hard}}
    oc.good("create", "-f", "-", stdin=json.dumps(quota))
    oc.good("rollout", "latest", "dc/zync")
    oc.settle(3)
    [progress] = [c for c in oc.json("get", "dc", "zync")["status"]["conditions"] if c["type"] == "Progressing"]
    assert progress["reason"] == "ReplicationControllerCreateError"
    assert 'replicationcontrollers "zync-2" is forbidden: exceeded quota: q' in progress["message"]
    assert "DeploymentCreationFailed" in oc.good("get", "events")
    oc.good("delete", "quota", "q")
    oc.settle(60)
    assert oc.json("get", "dc", "zync")["status"]["updatedReplicas"] == 1


def test_several_kubeconfigs_are_merged_and_the_first_of_two_entries_counts(
    oc: Oc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = json.loads((oc.directory / "kubeconfig").read_text(encoding="utf-8"))
    users, rest = tmp_path / "users", tmp_path / "rest"
    context = whole["contexts"][0]
    users.write_text(
        json.dumps({"users": [{"name": "basic", "user": {"username": "alice", "password": "x"}}]}), encoding="utf-8"
    )
    rest.write_text(json.dumps(whole), encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join([str(tmp_path / "nosuch"), str(users), str(rest)]))
    assert oc.good("whoami") == "system:admin\n"
    mine = {"name": context["name"], "context": {**context["context"], "user": "basic"}}
    users.write_text(
        json.dumps({**json.loads(users.read_text(encoding="utf-8")), "contexts": [mine]}), encoding="utf-8"
    )
    assert oc.good("whoami") == "alice\n"
    assert [user["name"] for user in oc.json("config", "view")["users"]] == ["basic", whole["users"][0]["name"]]
    assert "REDACTED" in oc.good("config", "view")
    oc.good("config", "use-context", context["name"])
    assert "users" in json.loads(users.read_text(encoding="utf-8"))
    assert json.loads(rest.read_text(encoding="utf-8"))["clusters"] == whole["clusters"]


def test_a_member_that_is_null_is_one_that_is_not_there(oc: Oc) -> None:
    config = oc.json("get", "dc", "zync")
    config["metadata"] = {"name": "another", "annotations": None}
    config["spec"]["template"]["metadata"]["annotations"] = None
    oc.good("create", "-f", "-", stdin=json.dumps(config))
    oc.settle()
    assert "annotations" not in oc.json("get", "dc", "another")["spec"]["template"]["metadata"]
    assert oc.json("get", "dc", "another")["status"]["availableReplicas"] == 1
