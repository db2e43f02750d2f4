"""What the printed script thinks of a rollout, by bash itself, over every recorded moment: as truthful as the tool."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.measure import moments
from threescale_migrate.guide.readiness import RolloutState, assess
from threescale_migrate.rehearsal.client.jsonpath import render
from threescale_migrate.render import bash as bash_renderer

SETTINGS = f"""
set -euo pipefail
secret=threescale-registry-auth account=amp passing=nothing away=nothing poll=1 pinned=() login=() from_secret=
source {Path(bash_renderer.__file__).with_name("functions.sh")}
"""
JUDGE = """
oc() { cat "$listing"; }
while read -r listing name; do
  observe
  judge "$name"
  printf '%s\n' "$state"
done
"""


def bash(script: str, stdin: str = "") -> str:
    argv = ["bash", "-c", SETTINGS + script]
    return subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=120, check=True).stdout


def judged(tmp_path: Path, cases: Sequence[tuple[str, Sequence[Any]]]) -> list[str]:
    """The state that bash finds for each config, by the objects that are listed."""
    columns = bash('printf %s "$columns"')
    listed = []
    for number, (name, items) in enumerate(cases):
        (tmp_path / str(number)).write_text(render(columns, {"kind": "List", "items": items}), encoding="utf-8")
        listed.append(f"{tmp_path / str(number)} {name}\n")
    return bash(JUDGE, "".join(listed)).split()


def objects(moment: moments.Moment) -> list[Any]:
    return [moment.config, *moment.pods, *moments._controllers(moment)]


@pytest.mark.long
def test_the_script_says_reached_of_a_recorded_moment_exactly_when_the_pods_do(tmp_path: Path) -> None:
    seen = list(moments.moments())
    states = judged(tmp_path, [(moment.name, objects(moment)) for moment in seen])
    assert len(states) == len(seen) > 100
    for moment, state in zip(seen, states):
        where = (moment.scenario, moment.at, moment.name)
        assert (state == "reached") == moments.truth(moment), where
        failed = assess(moments.observed(moment), moment.name).state is RolloutState.FAILED
        assert (state == "failed") == failed, where
    assert {"reached", "moving", "failed", "paused"} <= set(states)


def changed(key: str, value: object) -> Callable[[Any], None]:
    """A change of one value of an object, by the dotted path to it."""

    def change(item: Any) -> None:
        *path, last = key.split(".")
        for part in path:
            item = item[part]
        item[last] = value

    return change


# One thing each that is not as it should be, in an object of a config that is migrated.
SPOILT: dict[str, tuple[str, Callable[[Any], None]]] = {
    "a patch that was not taken up yet": ("DeploymentConfig", changed("metadata.generation", 99)),
    "one pod too few": ("DeploymentConfig", changed("spec.replicas", 2)),
    "another account in the template": (
        "DeploymentConfig", changed("spec.template.spec.serviceAccountName", "default"),
    ),
    "a newer revision that is not there yet": ("DeploymentConfig", changed("status.latestVersion", 9)),
    "a pod without the pull secret": ("Pod", changed("spec.imagePullSecrets", [{"name": "amp-dockercfg-x1"}])),
    "a pod with a secret of a longer name": (
        "Pod", changed("spec.imagePullSecrets", [{"name": "threescale-registry-auth-2"}]),
    ),
    "a pod under another account": ("Pod", changed("spec.serviceAccountName", "default")),
    "a pod that is not ready": ("Pod", changed("status.conditions", [{"type": "Ready", "status": "False"}])),
    "a pod on its way out": ("Pod", changed("metadata.deletionTimestamp", "2026-01-01T00:00:00Z")),
    "a pod of a revision before": (
        "Pod", changed("metadata.ownerReferences", [{"kind": "ReplicationController", "name": "zync-1"}]),
    ),
    "a rollout that failed": ("ReplicationController", changed("metadata.annotations", {"openshift.io/deployment.phase": "Failed"})),
}  # fmt: skip


def test_one_thing_that_is_not_right_is_enough_not_to_be_reached(tmp_path: Path) -> None:
    moment = next(m for m in moments.moments() if m.name == "zync" and moments.truth(m))
    cases = [("zync", objects(moment))]
    for kind, change in SPOILT.values():
        items = copy.deepcopy(objects(moment))
        for item in items:
            own = item["metadata"]["name"] == f"zync-{moment.config['status']['latestVersion']}"
            if item["kind"] == kind and (kind != "Pod" or item in moment.own_pods) and (kind[0] != "R" or own):
                change(item)
        cases.append(("zync", items))
    states = dict(zip(["as it was", *SPOILT], judged(tmp_path, cases)))
    assert [name for name, state in states.items() if state == "reached"] == ["as it was"]
