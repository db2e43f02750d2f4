"""What an export keeps is a list: a field that is not in it is in no export, wherever it stands and whatever it holds."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.recorded import all_calls
from threescale_migrate.cluster.export_masking import TYPES, Masking, bundle

SECRET = "planted0815Q"


def shared(*items: dict[str, Any]) -> str:
    masking = Masking()
    return "".join(bundle([masking.by_place(item) for item in items], {}, masking))


def recorded() -> Iterator[dict[str, Any]]:
    """One recorded object of each kind that is exported."""
    seen = set()
    for call in all_calls():
        if call.exit_code or not call.stdout.startswith("{"):
            continue
        document = json.loads(call.stdout)
        for item in document.get("items") or [document]:
            kind = str(item.get("kind"))
            if kind not in seen and any(kind.lower() == name.rstrip("s") for name in TYPES):
                seen.add(kind)
                yield item


# Maps of names that people choose, and amounts; they are kept whole.
WHOLE = (
    "labels", "selector", "nodeSelector", "resources", "securityContext", "tolerations", "affinity", "valueFrom", "importPolicy",
    "referencePolicy", "lookupPolicy", "hard", "used", "limits", "capacity",
)  # fmt: skip


def planted(value: Any) -> Any:
    """The same with a field in each of its tables that nobody has thought of."""
    if isinstance(value, list):
        return [planted(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    inside = {name: inner if name in WHOLE else planted(inner) for name, inner in value.items()}
    return {**inside, "ofTheFuture": {"note": SECRET}}


def test_a_field_that_nobody_has_thought_of_is_left_out_wherever_it_stands() -> None:
    items = list(recorded())
    assert {item["kind"] for item in items} >= {"DeploymentConfig", "ReplicationController", "Pod", "ServiceAccount"}
    for item in items:
        text = shared(planted(item) if item["kind"] != "LimitRange" else item)
        assert SECRET not in text, item["kind"]
        # Of an annotation and of a ConfigMap's entry the name is kept.
        assert "ofTheFuture" not in text.replace('"ofTheFuture": "***"', ""), item["kind"]


META = {"name": "one", "namespace": "threescale"}
CONTAINER = {"name": "one", "image": "registry.example.test/a/b:1"}


def build(**spec: Any) -> dict[str, Any]:
    return {"kind": "BuildConfig", "apiVersion": "build.openshift.io/v1", "metadata": META, "spec": spec}


def pod(**container: Any) -> dict[str, Any]:
    spec = {"containers": [{**CONTAINER, **container}]}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": META, "spec": spec, "status": {"phase": "Running"}}


def route(**spec: Any) -> dict[str, Any]:
    return {"kind": "Route", "apiVersion": "route.openshift.io/v1", "metadata": META, "spec": spec}


@pytest.mark.parametrize(
    "item",
    [
        build(strategy={"type": "JenkinsPipeline", "jenkinsPipelineStrategy": {"jenkinsfile": f"sh 'login {SECRET}'"}}),
        build(source={"type": "Git", "git": {"uri": f"https://{SECRET}@git.example.test/x"}}),
        build(output={"imageLabels": [{"name": "key", "value": SECRET}]}),
        build(postCommit={"script": f"curl {SECRET}"}),
        build(strategy={"dockerStrategy": {"env": [{"name": "A", "value": SECRET}], "buildArgs": [{"name": "B", "value": SECRET}]}}),
        pod(readinessProbe={"httpGet": {"path": f"/health/{SECRET}/check", "port": 80}}),
        pod(livenessProbe={"httpGet": {"path": f"/check?key={SECRET}", "port": 80}}),
        pod(livenessProbe={"exec": {"command": ["curl", f"http://localhost/{SECRET}"]}}),
        pod(lifecycle={"preStop": {"exec": {"command": ["sh", "-c", SECRET]}}}),
        pod(lifecycle={"preStop": {"httpGet": {"path": f"/{SECRET}"}}}),
        pod(image=f"https://{SECRET}@registry.example.test/a/b:1"),
        route(path=f"/hook/{SECRET}", host="a.example.test"),
        route(tls={"termination": "edge", "key": SECRET, "certificate": SECRET}),
        {"kind": "Service", "apiVersion": "v1", "metadata": META, "spec": {"externalName": f"{SECRET}.example.test"}},
        {"kind": "ConfigMap", "apiVersion": "v1", "metadata": META, "data": {"a": SECRET}, "binaryData": {"b": SECRET}},
    ],
    ids=lambda item: f"{item['kind']}-{'-'.join(list(item.get('spec', {}))[:1])}",
)  # fmt: skip
def test_where_people_leave_their_secrets_they_are_not_given_away(item: dict[str, Any]) -> None:
    given = copy.deepcopy(item)
    assert SECRET not in shared(item)
    assert item == given


def test_a_message_that_quotes_what_was_left_out_is_masked() -> None:
    item = pod()
    item["status"]["message"] = f"cannot log in with {SECRET}"
    other = build(source={"git": {"password": SECRET}})
    assert SECRET not in shared(other, item)


def test_what_support_goes_by_stays_readable() -> None:
    text = shared(
        pod(readinessProbe={"httpGet": {"path": "/api/v1/status/live.json", "port": 80}}),
        route(path="/check/all", host="a.example.test", to={"kind": "Service", "name": "one"}),
    )
    for word in ("/api/v1/status/live.json", "/check/all", "a.example.test", "registry.example.test/a/b:1", "Running"):
        assert word in text
