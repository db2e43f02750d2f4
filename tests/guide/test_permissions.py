"""The differences between two accounts, by what a real cluster printed, by OpenShift 3.11's objects, and by what cannot be read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import recorded
from threescale_migrate import shell
from threescale_migrate.cluster.oc import Oc
from threescale_migrate.cluster.parsing import parse_project
from threescale_migrate.cluster.state import ProjectState
from threescale_migrate.engine.rollout_wait import await_login
from threescale_migrate.engine.run import Limits, Run
from threescale_migrate.guide import permission_checks, permissions
from threescale_migrate.guide.grants import grants
from threescale_migrate.guide.role_changes import RoleGranted
from threescale_migrate.values import ACCOUNT, DEFAULT_ACCOUNT, Refused, Request, Text, Verdict, Who

PROJECT = "threescale"
DEFAULT = f"system:serviceaccount:{PROJECT}:default"
BOTH = Request(copy_privileged=True)


def role(name: str, namespace: str = "", **rule: Any) -> dict[str, Any]:
    kind = "Role" if namespace else "ClusterRole"
    return {"kind": kind, "metadata": {"name": name, "namespace": namespace}, "rules": [rule] if rule else []}


def binding(role_name: str, account: str, namespace: str = "", kind: str = "ClusterRole") -> dict[str, Any]:
    return {
        "kind": "RoleBinding" if namespace else "ClusterRoleBinding",
        "metadata": {"name": f"{role_name}-{account}", "namespace": namespace},
        "roleRef": {"kind": kind, "name": role_name},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": PROJECT}],
    }


def account(name: str, pull: tuple[str, ...] = (), mount: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "kind": "ServiceAccount",
        "metadata": {"name": name, "namespace": PROJECT},
        "imagePullSecrets": [{"name": secret} for secret in pull],
        "secrets": [{"name": secret} for secret in mount],
    }


def state(*items: dict[str, Any], unread: dict[str, str] | None = None) -> ProjectState:
    return parse_project(items, PROJECT, unread=unread)


def recorded_state(number: int) -> ProjectState:
    """What fixtures/rbac shows before `amp` is given its rights (0) and after (1); an earlier `amp` of that cluster is left out."""
    items: list[dict[str, Any]] = []
    for what in ("rolebindings", "clusterrolebindings"):
        calls = [call for call in recorded.calls("rbac") if call.argv[1:] == ("get", what, "-o", "json")]
        items += calls[number].json()["items"]
    for item in items if number == 0 else ():
        item["subjects"] = [subject for subject in item.get("subjects") or () if subject["name"] != "amp"]
    roles = [role("discover", PROJECT), role("view"), role("edit"), role("system:openshift:scc:anyuid")]
    return state(*items, *roles)


def commands(found: ProjectState, request: Request = BOTH) -> list[str]:
    return [shell.oc(action.args) for action in permissions.plan(found, request)]


def test_the_recorded_account_is_replicated_by_the_commands_that_were_recorded() -> None:
    user = f"system:serviceaccount:{PROJECT}:amp"
    assert commands(recorded_state(0)) == [
        f"oc adm policy add-cluster-role-to-user system:openshift:scc:anyuid {user}",
        f"oc adm policy add-cluster-role-to-user view {user}",
        f"oc adm policy add-role-to-user edit {user}",
        f"oc adm policy add-role-to-user view {user}",
        f"oc create rolebinding discover-amp --role=discover --serviceaccount={PROJECT}:amp",
    ]
    # The recorded hand has left one out: edit in the project covers it, and it is another binding all the same.
    assert commands(recorded_state(1)) == [f"oc adm policy add-role-to-user view {user}"]
    assert len([c for c in permission_checks.verify(recorded_state(0), Request()) if c.verdict is Verdict.FAILED]) == 5


def test_the_users_of_a_constraint_are_copied_as_311_keeps_them() -> None:
    constraints = {"kind": "SecurityContextConstraints", "metadata": {"name": "ours"}, "users": [DEFAULT]}
    found = state(constraints)
    [action] = permissions.plan(found, Request())
    assert shell.oc(action.args) == f"oc adm policy add-scc-to-user ours system:serviceaccount:{PROJECT}:amp"
    assert action.inverse is not None
    assert action.inverse.args[2] == "remove-scc-from-user"
    in_the_object = {**constraints, "users": [DEFAULT, f"system:serviceaccount:{PROJECT}:amp"]}
    as_a_binding = binding("system:openshift:scc:ours", "amp")
    for after in (state(in_the_object), state(constraints, as_a_binding, role("system:openshift:scc:ours"))):
        assert commands(after) == []
        assert {check.verdict for check in permission_checks.verify(after, Request())} == {Verdict.PASSED}


@pytest.mark.parametrize(
    "items",
    [
        [binding("cluster-admin", "default")],
        [binding("all", "default", PROJECT), role("all", verbs=["*"], resources=["*"])],
        [binding("binder", "default"), role("binder", verbs=["bind"], resources=["clusterroles"])],
        [binding("system:openshift:scc:anyuid", "default"), role("system:openshift:scc:anyuid")],
        [
            binding("lax", "default"),
            role("lax", verbs=["use"], resources=["securitycontextconstraints"], resourceNames=["ours"]),
            {"kind": "SecurityContextConstraints", "metadata": {"name": "ours"}, "allowHostNetwork": True},
        ],
        [
            {
                "kind": "SecurityContextConstraints",
                "metadata": {"name": "mine"},
                "users": [DEFAULT],
                "runAsUser": {"type": "RunAsAny"},
            }
        ],
    ],
)
def test_privileged_rights_are_copied_only_when_asked_for(items: list[dict[str, Any]]) -> None:
    with pytest.raises(Refused, match="--copy-privileged"):
        permissions.plan(state(*items), Request())
    assert len(permissions.plan(state(*items), BOTH)) == 1


def test_ordinary_rights_are_not_taken_for_privileged() -> None:
    ordinary = [
        binding("edit", "default", PROJECT), role("edit", verbs=["impersonate"], resources=["serviceaccounts"]),
        binding("system:openshift:scc:nonroot", "default"),
        role("system:openshift:scc:nonroot", verbs=["use"], resources=["securitycontextconstraints"], resourceNames=["nonroot"]),
    ]  # fmt: skip
    assert len(permissions.plan(state(*ordinary), Request())) == 2


def test_a_role_that_is_not_there_is_not_bound_and_one_that_cannot_be_seen_is_unknown() -> None:
    bound = binding("nosuchrole", "default")
    assert commands(state(bound)) == []
    [equal, warning] = permission_checks.verify(state(bound), Request())
    assert (equal.verdict, warning.verdict) == (Verdict.PASSED, Verdict.WARNING)
    hidden = state(bound, unread={"clusterroles": "no"})
    assert commands(hidden) == []
    [unknown] = permission_checks.verify(hidden, Request())
    assert unknown.verdict is Verdict.UNKNOWN
    [gift] = unknown.fix.commands
    user = f"system:serviceaccount:{PROJECT}:amp"
    assert gift.argv == ("oc", "adm", "policy", "add-cluster-role-to-user", "nosuchrole", user)
    assert len(commands(state(binding("view", "default"), unread={"clusterroles": "no"}))) == 1  # every cluster has it


@pytest.mark.parametrize("kind", permission_checks.UNREAD)
def test_what_may_not_be_read_is_unknown_with_a_command_for_somebody_who_may(kind: str) -> None:
    [check] = permission_checks.verify(state(unread={kind: "no"}), Request())
    assert check.verdict is Verdict.UNKNOWN
    assert check.fix.commands[0].argv[:2] == ("oc", "get")
    assert ("grep", PROJECT) in check.fix.commands[0].piped
    assert {command.by for command in check.fix.commands} == {Who.CLUSTER_ADMIN}


def test_linked_secrets_are_copied_for_their_use_and_the_clusters_own_are_not() -> None:
    default = account("default", ("default-dockercfg-abcde", "mine"), ("default-token-12345", "keys", "gone"))
    linked = state(default, account("amp", (), ("keys",)))
    assert commands(linked) == []  # they were not seen to be there
    found = replace(linked, secret_names=frozenset({"mine", "keys"}))
    assert commands(found) == ["oc secrets link amp mine --for=pull"]
    seen = {str(check.seen): check.verdict for check in permission_checks.verify(found, Request())}
    assert seen["it has secret gone as a mountable secret, which does not exist: not copied"] is Verdict.WARNING


SETTINGS = {
    "production:\n  enabled: true\n  authentication_method: service_account # can be oauth\n": True,
    'production:\r\n  enabled: "true"\r\n  authentication_method: "service_account"\r\n': True,
    "production:\n  enabled: true\n  authentication_method: oauth\n": False,
    "production:\n  enabled: false\n  authentication_method: service_account\n": False,
    "production:\n  enabled: <%= File.exists?('token') %>\n  authentication_method: service_account\n": False,
    "": False,
}


@pytest.mark.parametrize(("settings", "needed"), SETTINGS.items())
def test_view_is_required_where_systems_settings_say_so(settings: str, needed: bool) -> None:
    found = state({"kind": "ConfigMap", "metadata": {"name": "system"}, "data": {"service_discovery.yml": settings}})
    assert permissions.discovery_needs_view(found, Request()) is needed
    assert permissions.discovery_needs_view(found, Request(service_discovery=True))
    assert len(permissions.plan(found, Request())) == (2 if needed else 0)
    assert [check.verdict for check in permission_checks.verify(found, Request())].count(Verdict.FAILED) == (
        2 if needed else 0
    )


NAMES = st.sampled_from(["view", "edit", "one", "two"])
PLACES = st.sampled_from(["", PROJECT, "library"])


@given(st.lists(st.tuples(NAMES, PLACES, st.sampled_from(["default", "amp", "builder"])), max_size=12))
def test_nothing_is_granted_that_default_does_not_have_and_afterwards_nothing_is_left(
    bound: list[tuple[str, str, str]],
) -> None:
    roles = [role(name) for name in ("view", "edit", "one", "two")]
    before = state(*roles, *(binding(name, who, where) for name, where, who in bound))
    planned = {change.grant for change in permissions.plan(before, Request()) if isinstance(change, RoleGranted)}
    assert planned == grants(before, DEFAULT_ACCOUNT) - grants(before, ACCOUNT)
    more = [binding(grant.role, "amp", grant.namespace) for grant in planned]
    assert permissions.plan(state(*roles, *(binding(n, a, w) for n, w, a in bound), *more), Request()) == ()


class Told:
    """A watcher that remembers notes, and a stop that does not wait."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: Text) -> None:
        self.notes.append(str(text))

    def check(self) -> None:
        pass

    def sleep(self, seconds: float) -> None:
        pass

    pause = sleep


def waiting(monkeypatch: pytest.MonkeyPatch, arrives_after: int) -> tuple[list[str], int]:
    """What is told while the cluster gives the login at the n-th look, and how often was looked."""
    bare = state(account("default", ("default-dockercfg-abcde",)), account("amp", ("threescale-registry-auth",)))
    full = state(account("default", ("default-dockercfg-abcde",)), account("amp", ("amp-dockercfg-fghij",)))
    looks = 0

    def observe(*_: Any, **__: Any) -> ProjectState:
        nonlocal looks
        looks += 1
        return full if looks > arrives_after else bare

    monkeypatch.setattr("threescale_migrate.engine.run.observe", observe)
    sentence: Any = Told()
    nothing: Any = None  # nothing is written
    run = Run(Oc("oc"), Request(), nothing, sentence, Limits(), sentence)
    for _ in range(7):  # waves
        await_login(run, bare if looks <= arrives_after else full)
    return sentence.notes, looks


def test_the_clusters_own_login_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    notes, looks = waiting(monkeypatch, 3)
    assert looks == 4
    assert notes == ["waiting for the credentials that the cluster gives amp for its own registry"]


def test_a_login_that_does_not_come_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threescale_migrate.engine.rollout_wait.LOGIN_SECONDS", 0.0)
    notes, _ = waiting(monkeypatch, 10**9)
    assert "continuing" in notes[-1]
