"""What of an object is saved, and that `oc` reads the YAML as the very same object."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from threescale_migrate.cluster.saved_objects import Saved, saved, to_yaml
from threescale_migrate.guide.backup_content import Backup, documents
from threescale_migrate.rehearsal.client.documents import parse

Object = dict[str, Any]


def meta(name: str, **more: Any) -> Object:
    return {
        "name": name,
        "namespace": "threescale",
        "uid": "1",
        "resourceVersion": "2",
        "creationTimestamp": "2026-01-01T00:00:00Z",
        "generation": 3,
        "selfLink": "/x",
        "managedFields": [{}],
        **more,
    }


def kept(kind: str, item: Object, with_secrets: bool = False) -> Object:
    found = saved({"apiVersion": "v1", "kind": kind, **item}, with_secrets)
    assert found is not None
    document: Object = yaml.safe_load(found.text)
    return document


def test_what_the_cluster_sets_is_left_out() -> None:
    owners = [{"kind": "APIManager", "name": "amp", "uid": "gone"}]
    found = kept("ConfigMap", {"metadata": meta("system", ownerReferences=owners, labels={"app": "a"}), "data": {}})
    assert found["metadata"] == {"name": "system", "labels": {"app": "a"}}


def test_a_claim_lets_go_of_its_volume_and_says_so() -> None:
    notes = {
        "pv.kubernetes.io/bind-completed": "yes",
        "volume.beta.kubernetes.io/storage-provisioner": "x",
        "mine": "1",
    }
    item = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": meta("data", annotations=notes),
        "spec": {"volumeName": "pv-7", "accessModes": ["ReadWriteOnce"]},
        "status": {"phase": "Bound"},
    }
    found = saved(item, False)
    assert found is not None
    assert found.lost == ("volume pv-7",)
    document = yaml.safe_load(found.text)
    assert document["spec"] == {"accessModes": ["ReadWriteOnce"]}
    assert document["metadata"]["annotations"] == {"mine": "1"}
    assert "status" not in document
    assert "volume pv-7" in documents(Backup("threescale", (found,)))[-1].text


@pytest.mark.parametrize(
    ("address", "left"), [("172.30.1.2", {}), ("None", {"clusterIP": "None", "clusterIPs": ["None"]})]
)
def test_a_service_keeps_no_address_but_stays_headless(address: str, left: Object) -> None:
    spec = {"clusterIP": address, "clusterIPs": [address], "ports": [{"port": 80}]}
    found = kept("Service", {"metadata": meta("zync"), "spec": spec, "status": {"loadBalancer": {}}})
    assert found["spec"] == {"ports": [{"port": 80}], **left}


def test_the_key_of_a_route_is_a_secret() -> None:
    item = {
        "apiVersion": "route.openshift.io/v1",
        "kind": "Route",
        "metadata": meta("api"),
        "spec": {"host": "api.example.test", "tls": {"termination": "edge", "key": "KEY", "certificate": "C"}},
    }
    without, whole = saved(item, False), saved(item, True)
    assert without is not None
    assert whole is not None
    assert "KEY" not in without.text
    assert without.lost == ("tls.key",)
    assert "KEY" in whole.text


def test_the_accounts_of_each_project_are_not_created_again_but_their_links_are_listed() -> None:
    item = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": meta("default"),
        "imagePullSecrets": [{"name": "default-dockercfg-x1"}, {"name": "mirror"}],
        "secrets": [{"name": "default-token-x1"}],
    }
    found = saved(item, False)
    assert found == Saved("ServiceAccount", "default", "", links=(("mirror", "pull"),))
    readme = documents(Backup("threescale", (found,)))
    assert [document.name for document in readme] == ["README.txt"]
    assert "oc secrets link -n threescale default mirror --for=pull" in readme[0].text


@pytest.mark.parametrize(
    ("kind", "type_", "notes"),
    [
        ("Secret", "kubernetes.io/service-account-token", {"kubernetes.io/service-account.name": "amp"}),
        ("Secret", "kubernetes.io/dockercfg", {"kubernetes.io/service-account.name": "amp"}),
        ("Secret", "kubernetes.io/tls", {"service.beta.openshift.io/originating-service-name": "zync"}),
        ("ConfigMap", "", {}),
    ],
)
def test_what_openshift_makes_by_itself_is_not_saved(kind: str, type_: str, notes: Object) -> None:
    name = "openshift-service-ca.crt" if kind == "ConfigMap" else "made"
    item = {"apiVersion": "v1", "kind": kind, "metadata": meta(name, annotations=notes), "type": type_}
    assert saved(item, True) is None


def test_a_stream_keeps_the_images_that_only_its_status_names() -> None:
    item = {
        "metadata": meta("amp-zync", annotations={"openshift.io/image.dockerRepositoryCheck": "now"}),
        "spec": {"tags": [{"name": "latest", "generation": 2, "from": {"kind": "ImageStreamTag", "name": "2.5.1"}}]},
        "status": {
            "tags": [
                {"tag": "latest", "items": [{"dockerImageReference": "r/zync@sha256:b"}]},
                {
                    "tag": "2.5.1",
                    "items": [{"dockerImageReference": "r/zync@sha256:b"}, {"dockerImageReference": "old"}],
                },
                {"tag": "broken", "items": None},
            ]
        },
    }
    assert kept("ImageStream", item)["spec"]["tags"] == [
        {"name": "latest", "from": {"kind": "ImageStreamTag", "name": "2.5.1"}},
        {"name": "2.5.1", "from": {"kind": "DockerImage", "name": "r/zync@sha256:b"}},
    ]


WORDS = (
    "1e3",
    "12e345678",
    "0o17",
    "1:30",
    "yes",
    "~",
    "null",
    "",
    " a ",
    "a: b",
    "# c",
    "a\nb\n",
    "\tx\ny",
    "é",
    "2026-01-01",
    "=",
    "-",
)


@pytest.mark.parametrize("word", WORDS)
def test_each_text_comes_back_as_the_same_text(word: str) -> None:
    value = {"data": {"key": word, word or "k": "v", "list": [word, 1, True, None]}}
    text = to_yaml(value)
    assert yaml.safe_load(text) == value
    assert parse(text, "file") == [value]


@pytest.mark.parametrize("word", ["1e3", "0o17", "12e345678", "1_000", "0x1F", ".5"])
def test_what_go_takes_for_a_number_is_quoted(word: str) -> None:
    assert json.dumps(word) in to_yaml({"key": word})
