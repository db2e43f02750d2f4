"""What undo decides without a cluster: what others have a part in is kept, and what cannot be seen is not called as before."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

from threescale_migrate.cluster.access import Binding, Subject
from threescale_migrate.cluster.parsing import parse_project
from threescale_migrate.cluster.state import ProjectState
from threescale_migrate.guide import objects_in_use
from threescale_migrate.guide.change import Undo
from threescale_migrate.guide.config_changes import ConfigPatched
from threescale_migrate.guide.role_changes import RoleGranted
from threescale_migrate.guide.undo_plan import combined, plan, verify
from threescale_migrate.values import NOTHING, SECRET_NAME, Verdict

AMP = Subject("ServiceAccount", "amp", "threescale")
OTHER = Subject("User", "alice", "")
STATE = ProjectState("threescale", {}, {}, (), {}, (), {}, (), None, {})
GRANT = RoleGranted(NOTHING, "threescale", "amp", "threescale", "Role", "discover", "discover-amp")


def binding(name: str, *subjects: Subject) -> Binding:
    return Binding("threescale", name, "Role", "discover", subjects)


@pytest.mark.parametrize(
    ("bindings", "kept"),
    [
        ((binding("discover-amp", AMP),), False),
        ((binding("discover-amp", AMP, OTHER),), True),
        ((binding("discover-amp", AMP), binding("theirs", AMP)), True),
        ((binding("discover-amp", AMP), binding("theirs", OTHER)), False),
    ],
)
def test_a_grant_that_others_have_a_part_in_is_kept_unless_forced(bindings: tuple[Binding, ...], kept: bool) -> None:
    state = replace(STATE, bindings=bindings)
    for force in (False, True):
        undo = Undo((GRANT,), force=force)
        planned = plan(state, undo)
        assert list(planned) == ([] if kept and not force else [GRANT.inverse])
    assert (verify(state, Undo((GRANT,)))[0].verdict is Verdict.WARNING) == kept


@pytest.mark.parametrize("kind", ["dc", "rc", "pods"])
def test_what_may_not_be_read_is_not_called_as_before(kind: str) -> None:
    change = patched(None, "amp")
    state = replace(STATE, unread={kind: f"{kind} is forbidden"})
    assert [check.verdict for check in verify(state, Undo((change,)))] == [Verdict.UNKNOWN]


def test_lists_that_contradict_each_other_do_not_say_that_an_undo_failed() -> None:
    """A revision that is newer than its config says belongs to another moment (`tests/commands/test_torn_looks.py` has `verify`'s)."""
    config: dict[str, Any] = {
        "kind": "DeploymentConfig",
        "metadata": {"name": "zync", "generation": 2},
        "spec": {"replicas": 0, "template": {"spec": {"containers": []}}},
        "status": {"latestVersion": 1, "observedGeneration": 2},
    }
    revisions = [
        {
            "kind": "ReplicationController",
            "metadata": {
                "name": f"zync-{number}",
                "annotations": {
                    "openshift.io/deployment-config.name": "zync",
                    "openshift.io/deployment-config.latest-version": str(number),
                    "openshift.io/deployment.phase": "Complete",
                },
            },
            "spec": {"replicas": 0, "template": {"spec": {"containers": []}}},
        }
        for number in (1, 2)
    ]
    undo = Undo((patched(None, "amp"),))
    assert [c.verdict for c in verify(parse_project([config, revisions[0]], "threescale"), undo)] == [Verdict.PASSED]
    assert [c.verdict for c in verify(parse_project([config, *revisions], "threescale"), undo)] == [Verdict.UNKNOWN]


def patched(before: str | None, given: str | None) -> ConfigPatched:
    return ConfigPatched(NOTHING, "zync", before, before, given, given)


@pytest.mark.parametrize(("account", "refused"), [("amp", False), (None, False), ("other", True)])
def test_what_a_run_that_died_in_its_patch_left_is_not_somebody_elses(account: str | None, refused: bool) -> None:
    """A migration, and an undo of it of which nobody knows whether its patch took effect: both accounts are our own."""
    changes = combined([patched("amp", None), patched(None, "amp")])
    spec = {"containers": [], **({"serviceAccountName": account, "serviceAccount": account} if account else {})}
    config = {"kind": "DeploymentConfig", "metadata": {"name": "zync"}, "spec": {"template": {"spec": spec}}}
    state = parse_project([config], "threescale")
    assert (changes[0].undo_blocked(state, Undo(changes)) is not None) == refused


def test_a_pod_that_no_node_has_begun_with_needs_the_secret_of_its_image() -> None:
    """It has no status of its containers yet."""
    secret = {
        "kind": "Secret",
        "metadata": {"name": SECRET_NAME},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": base64.b64encode(b'{"auths":{"registry.redhat.io":{"auth":"dTpw"}}}').decode()},
    }
    spec = {
        "containers": [{"name": "c", "image": "registry.redhat.io/x/y"}],
        "imagePullSecrets": [{"name": SECRET_NAME}],
    }
    pod = {"kind": "Pod", "metadata": {"name": "new"}, "spec": spec, "status": {"phase": "Pending"}}
    state = parse_project([pod], "threescale", secret)
    assert [str(user.name) for user in objects_in_use.of_secret(state, Undo(()), SECRET_NAME, ())] == ["pod/new"]
