"""What older clients and servers say in another form is understood, as far as the recordings show it."""

from __future__ import annotations

import pytest

from tests.support import recorded
from threescale_migrate.cluster.dialects import NOISE, UNCHANGED, role_kind, subject_namespace, user_of
from threescale_migrate.cluster.oc_errors import classify


@pytest.mark.parametrize("scenario", recorded.scenario_names())
def test_what_a_call_that_went_well_warns_of_is_noise(scenario: str) -> None:
    """But for the notes that a command writes about its own work."""
    for call in recorded.calls(scenario):
        lines = [line for line in call.stderr.splitlines() if line.strip() and not NOISE.match(line)]
        if call.exit_code == 0 and call.argv[1] in ("get", "patch", "create") and call.stdout:
            assert lines == [], call.command


def test_an_unchanged_patch_is_known_in_every_form() -> None:
    said = [
        call.stdout for name in recorded.scenario_names() for call in recorded.calls(name) if "no change" in call.stdout
    ]
    assert said
    assert all(UNCHANGED.search(text) for text in (*said, 'deploymentconfig "zync" not patched'))
    assert not UNCHANGED.search("deploymentconfig.apps.openshift.io/zync patched")


def test_a_server_without_users_differs_from_one_that_refuses() -> None:
    call = next(call for call in recorded.calls("documented-procedure-oc-4.6") if call.argv[1:] == ("whoami",))
    kind = classify(call.exit_code, call.stderr)
    assert kind is not None
    assert kind.__name__ in ("NotFound", "UnknownResourceType")


@pytest.mark.parametrize(
    ("context", "user"),
    [
        ("threescale/api-cluster-example-test:6443/hanako\n", "hanako"),
        ("threescale/api-cluster-example-test:6443/system:admin", "system:admin"),
        ("/api-cluster-example-test:6443/hanako", "hanako"),
        ("minishift", "?"),
        ("", "?"),
    ],
)
def test_the_user_is_read_from_a_context_that_oc_named(context: str, user: str) -> None:
    assert user_of(context) == user


def test_bindings_of_311_are_read_as_they_are_meant() -> None:
    assert role_kind({"name": "view"}) == "ClusterRole"
    assert role_kind({"name": "own", "namespace": "threescale"}) == "Role"
    assert role_kind({"kind": "Role", "name": "own"}) == "Role"
    assert subject_namespace("", "threescale") == "threescale"
    assert subject_namespace("other", "threescale") == "other"
