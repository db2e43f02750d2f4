"""The tool on a real cluster, or on the rehearsal in its place: the same tests, in the order in which they stand here."""

from __future__ import annotations

import json
import shlex
import shutil
import time
from collections.abc import Callable

import pytest

from tests.live.project import LiveProject
from threescale_migrate.check_codes import Code
from threescale_migrate.cluster.state import ProjectState
from threescale_migrate.guide.readiness import assess
from threescale_migrate.values import ACCOUNT, GUIDE_CONFIGS, SECRET_NAME

# No name below it can ever be resolved (RFC 2606).
UNPULLABLE = "registry.invalid/nosuch/image:1"
LONGEST = 900.0


def accounts(state: ProjectState) -> dict[str, set[str]]:
    """The accounts of the live application pods, by config."""
    return {name: {pod.account for pod in state.pods_of(name) if pod.live} for name in state.configs}


def templates(project: LiveProject) -> dict[str, object]:
    """What of each config has to be as before after an undo: all of its spec."""
    items = project.oc("get", "dc", "-o", "json").json()["items"]
    return {item["metadata"]["name"]: item["spec"] for item in items}


def until(project: LiveProject, holds: Callable[[ProjectState], bool]) -> ProjectState:
    """Looks until something holds; the deadline is only there so that a broken cluster ends the suite."""
    ends = time.monotonic() + LONGEST
    while True:
        state = project.state()
        if holds(state):
            return state
        assert time.monotonic() < ends, "the cluster did not come so far in time"
        time.sleep(0.5)


def guide_is_content(project: LiveProject, name: str) -> bool:
    """The guide's own checks of one config: Desired equals Current, and grep finds `amp`."""
    item = project.oc("get", "dc", name, "-o", "json").json()
    current = item["status"].get("updatedReplicas", 0) == item["spec"]["replicas"] != 0
    return current and f'"serviceAccountName": "{ACCOUNT}"' in json.dumps(item["spec"])


@pytest.fixture(scope="module", name="before")
def _before(project: LiveProject) -> dict[str, object]:
    """The configs as they were when the project was new."""
    return templates(project)


def test_plan_says_what_is_to_do_and_changes_nothing(project: LiveProject, before: dict[str, object]) -> None:
    shown = project.tool("plan", "-o", "json", *project.given)
    assert shown.code == 3, shown.all
    patched = {action["subject"] for action in shown.json()["actions"] if action["step"] == "deployment-configs"}
    assert patched == {f"dc/{name}" for name in GUIDE_CONFIGS}
    assert templates(project) == before
    assert project.tool("verify").code == 1


def test_a_token_is_tested_where_its_registry_can_be_reached(project: LiveProject, before: dict[str, object]) -> None:
    """A made-up one is refused there; without the registry it is not known. A real one works, or that is not known."""
    shown = project.tool("plan", "-o", "json", "--secret-file", str(project.secret))
    verdicts = {one["verdict"] for one in shown.json()["findings"] if one["code"] == Code.REGISTRY_ACCEPTS_TOKEN.value}
    expected = {("failed",): 4, ("warning",): 3} if project.made_up else {("passed",): 3, ("warning",): 3}
    assert tuple(verdicts) in expected, shown.all
    assert shown.code == expected[tuple(verdicts)]
    assert templates(project) == before


LOOKED_AT = "dc,rc,sa,secrets,rolebindings,configmaps,imagestreams"
LASTING = ("spec", "data", "subjects", "roleRef", "imagePullSecrets", "secrets")


def lasting(project: LiveProject) -> dict[str, object]:
    """What of the project's objects, and of the cluster's bindings where they can be read, does not change by itself."""
    found: dict[str, object] = {}
    for args in (("get", LOOKED_AT), ("get", "clusterrolebindings")):
        listed = project.oc(*args, "-o", "json", code=None)
        for item in json.loads(listed.out)["items"] if listed.code == 0 else ():
            key = f"{item['kind']}/{item['metadata'].get('namespace', '')}/{item['metadata']['name']}"
            if project.name in json.dumps(item):  # others may work on the same cluster
                found[key] = (item["metadata"]["uid"], {name: item.get(name) for name in LASTING})
    return found


def test_what_only_looks_changes_nothing_and_asks_the_place_that_held(project: LiveProject) -> None:
    """Without --context the tool itself pins each call to the one that is current (fact 21, fact 27)."""
    calls, front = project.folder / "calls", project.folder / "front"
    front.mkdir()
    real = shutil.which("oc")
    (front / "oc").write_text(
        f'#!/bin/sh\necho "$*" >> {shlex.quote(str(calls))}\nexec {shlex.quote(str(real))} "$@"\n', encoding="utf-8"
    )
    (front / "oc").chmod(0o755)
    before = lasting(project)
    given = ("--secret-file", str(project.secret))
    looking = (
        ("preflight", *project.given),
        ("plan", *project.given),
        ("script", *given),
        ("verify",),
        ("undo", "--dry-run"),
    )
    for words in looking:
        argv = (*project.argv()[:3], project.place[0], "--oc", str(front / "oc"), *words)
        done = project.program(argv)
        assert done.code in (0, 1, 3, 4, 7), done.all
        assert lasting(project) == before, words[0]
    made = calls.read_text(encoding="utf-8").splitlines()
    assert len(made) > 20
    for call in made:
        assert "adm policy" not in call
        assert f"--namespace={project.name}" in call
        if len(project.place) > 1 and not call.startswith("config view"):
            assert project.place[1] in call


def test_what_would_break_the_project_is_refused_and_nothing_changes(
    project: LiveProject, before: dict[str, object]
) -> None:
    given = project.given
    assert project.tool("migrate", "--yes", "--expect-project", "another-one", *given).code == 4
    assert project.tool("migrate", "--yes", "--expect-server", "https://another.example.test:6443", *given).code == 4
    assert project.tool("migrate", *given).code == 2
    assert project.tool("migrate", "--yes", "--secret-file", "-", stdin="kind: Pod\n").code == 2
    assert project.tool("migrate", "--yes").code == 2
    assert project.tool("migrate", "--yes", "--dc", "nosuch", *given).code == 2
    assert templates(project) == before
    assert project.oc("get", "secret", SECRET_NAME, code=None).code == 1


def test_the_early_window_the_guide_says_ready_and_verify_says_it_only_when_the_pods_are(project: LiveProject) -> None:
    running = project.start("migrate", "--yes", "--all-at-once", *project.given)
    rounds = 0
    while running.poll() is None:
        said = project.tool("verify", "-q").code
        if said == 0:
            assert set(map(frozenset, accounts(project.state()).values())) == {frozenset({ACCOUNT})}
        rounds += 1
    out, _ = running.communicate()
    assert running.returncode == 0, out
    assert rounds > 0
    assert accounts(project.state()) == {name: {ACCOUNT} for name in GUIDE_CONFIGS}
    verified = project.tool("verify", "-o", "json", "--allow-unknown")
    assert verified.code == 0, verified.all
    assert verified.json()["migrated"]
    namespace = project.oc("get", "namespace", project.name, "-o", "json", code=None)
    if namespace.code == 0:  # the journal is of this very project
        journals = (project.folder / "state").rglob("*.jsonl")
        uids = {json.loads(path.read_text(encoding="utf-8").splitlines()[0]).get("uid") for path in journals}
        assert uids == {namespace.json()["metadata"]["uid"]}


def test_a_second_run_changes_nothing(project: LiveProject) -> None:
    before = templates(project)
    revisions = {name: config.latest_version for name, config in project.state().configs.items()}
    again = project.migrate()
    assert again.code in (0, 7), again.all
    assert templates(project) == before
    assert {name: config.latest_version for name, config in project.state().configs.items()} == revisions


def test_what_default_may_do_amp_may_do_too_as_far_as_the_user_may_bind(project: LiveProject) -> None:
    user = f"system:serviceaccount:{project.name}:default"
    if project.oc("adm", "policy", "add-role-to-user", "view", user, code=None).code != 0:
        pytest.skip("the user may not bind roles here")
    assert project.tool("step", "permissions", "--check", "--allow-unknown").code == 1
    done = project.tool("step", "permissions", "--yes")
    assert done.code in (0, 7), done.all
    bound = {
        subject.name
        for binding in project.state().bindings
        for subject in binding.subjects
        if binding.role == "view" and subject.kind == "ServiceAccount"
    }
    assert {"default", ACCOUNT} <= bound


def test_undo_takes_all_of_it_back(project: LiveProject, before: dict[str, object]) -> None:
    done = project.tool("undo", "--yes")
    assert done.code == 0, done.all
    assert templates(project) == before
    assert accounts(project.state()) == {name: {"default"} for name in GUIDE_CONFIGS}
    assert project.oc("get", "sa", ACCOUNT, code=None).code == 1
    assert project.oc("get", "secret", SECRET_NAME, code=None).code == 1
    assert project.tool("verify").code == 1


def test_a_paused_config_takes_the_patch_and_is_not_migrated(project: LiveProject) -> None:
    project.oc("rollout", "pause", "dc/zync")
    done = project.migrate("--dc", "zync")
    assert done.code == 1, done.all
    assert "paused" in done.all
    assert guide_is_content(project, "zync")
    assert project.tool("verify", "--dc", "zync", "--allow-unknown").code == 1
    assert accounts(project.state())["zync"] == {"default"}
    resumed = project.migrate("--dc", "zync", "--resume-paused")
    assert resumed.code in (0, 7), resumed.all
    assert accounts(project.state())["zync"] == {ACCOUNT}


def test_an_image_that_cannot_be_pulled_and_then_a_failed_rollout_are_reported_as_they_are(
    project: LiveProject,
) -> None:
    name = "system-memcache"  # it follows no image stream, which would put the image back
    container = project.oc("get", "dc", name, "-o", "json").json()["spec"]["template"]["spec"]["containers"][0]
    spec = {"serviceAccountName": ACCOUNT, "containers": [{"name": container["name"], "image": UNPULLABLE}]}
    patch(project, name, {"template": {"spec": spec}})
    until(project, lambda state: _cause(state, name) == "image pull")
    assert guide_is_content(project, name)
    assert project.tool("verify", "--dc", name, "--allow-unknown").code == 1
    waited = project.tool("step", "readiness", "--yes", "--dc", name, "--grace", "3s")
    assert waited.code == 5, waited.all
    assert "registry.invalid" in waited.all
    # Another revision, which is given up soon.
    revision = project.state().configs[name].latest_version + 1
    soon = {"type": "Rolling", "rollingParams": {"timeoutSeconds": 30}}
    patch(project, name, {"strategy": soon, "template": {"metadata": {"annotations": {"revision": str(revision)}}}})
    until(project, lambda state: state.configs[name].latest_version == revision and _phase(state, name) == "Failed")
    assert f'"serviceAccountName": "{ACCOUNT}"' in project.oc("get", "dc", name, "-o", "json").out
    verified = project.tool("verify", "--dc", name, "--allow-unknown")
    assert verified.code == 1
    assert accounts(project.state())[name] == {"default"}


def test_without_a_journal_undo_brings_back_what_is_stuck(project: LiveProject) -> None:
    name = "system-memcache"
    image = project.state().configs["system-redis"].images[0]
    container = project.oc("get", "dc", name, "-o", "json").json()["spec"]["template"]["spec"]["containers"][0]
    spec = {"containers": [{"name": container["name"], "image": image}]}
    patch(project, name, {"template": {"spec": spec}})
    done = project.tool("undo", "--yes", "--to-default", "--dc", name)
    assert done.code == 0, done.all
    assert accounts(project.state())[name] == {"default"}


def test_a_user_who_is_not_logged_in_is_reported(project: LiveProject) -> None:
    away = project.tool("verify", "--kubeconfig", str(project.folder / "nosuch"))
    assert away.code == 7, away.all


def patch(project: LiveProject, name: str, spec: dict[str, object]) -> None:
    """Patches a config's spec, as somebody else may."""
    project.oc("patch", "dc", name, "--patch", json.dumps({"spec": spec}))


def _cause(state: ProjectState, name: str) -> str:
    cause = assess(state, name).cause
    return "" if cause is None else cause.kind.value


def _phase(state: ProjectState, name: str) -> str:
    newest = state.newest(name)
    return "" if newest is None else newest.phase
