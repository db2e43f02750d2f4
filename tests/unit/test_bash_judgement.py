"""What the printed script thinks of a rollout, by bash itself, over every recorded moment: as truthful as the tool."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests import moments
from threescale_migrate.guide.readiness import RolloutState, assess
from threescale_migrate.rehearsal.client.jsonpath import render
from threescale_migrate.render.bash import FUNCTIONS

SETTINGS = f"""
set -euo pipefail
secret=threescale-registry-auth account=amp passing=nothing away=nothing poll=1 pinned=() login=() from_secret=
source {FUNCTIONS}
"""
JUDGE = """
oc() { cat "$listing"; }
while read -r listing name; do
  look
  judge "$name"
  printf '%s\n' "$state"
done
"""


def bash(script: str, stdin: str = "") -> str:
    argv = ["bash", "-c", SETTINGS + script]
    return subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=120, check=True).stdout


def test_the_script_says_reached_of_a_recorded_moment_exactly_when_the_pods_do(tmp_path: Path) -> None:
    columns = bash('printf %s "$columns"')
    seen = list(moments.moments())
    listed = []
    for number, moment in enumerate(seen):
        items = [moment.config, *moment.pods, *moments._controllers(moment)]
        (tmp_path / str(number)).write_text(render(columns, {"kind": "List", "items": items}), encoding="utf-8")
        listed.append(f"{tmp_path / str(number)} {moment.name}")
    judged = bash(JUDGE, "\n".join(listed) + "\n").split()
    assert len(judged) == len(seen) > 100
    for moment, state in zip(seen, judged):
        where = (moment.scenario, moment.at, moment.name)
        assert (state == "reached") == moments.truth(moment), where
        failed = assess(moments.observed(moment), moment.name).state is RolloutState.FAILED
        assert (state == "failed") == failed, where
    assert {"reached", "moving", "failed", "paused"} <= set(judged)
