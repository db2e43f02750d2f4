"""`python -m tests.conformance.table`: calls that match, of calls there are, per recorded scenario."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.conformance.replay import Outcome, replay
from tests.recorded import scenario_names


def replayed(scenario: str) -> list[Outcome]:
    """Replays a scenario in a scratch directory, with the environment that its commands expect."""
    former, kubeconfig, client = os.getcwd(), os.environ.get("KUBECONFIG"), os.environ.get("OC_REHEARSAL_CLIENT")
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        os.environ["KUBECONFIG"] = str(Path(scratch) / "cluster" / "kubeconfig")
        if scenario.endswith("4.6"):
            os.environ["OC_REHEARSAL_CLIENT"] = "4.6"
        try:
            return replay(scenario, Path(scratch))
        finally:
            os.chdir(former)
            for name, value in (("KUBECONFIG", kubeconfig), ("OC_REHEARSAL_CLIENT", client)):
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value


def table() -> str:
    """The table of the README."""
    lines = ["| scenario | calls | match |", "| --- | ---: | ---: |"]
    for scenario in scenario_names():
        outcomes = replayed(scenario)
        lines.append(f"| `{scenario}` | {len(outcomes)} | {sum(outcome.matches for outcome in outcomes)} |")
    return "\n".join(lines)


def differences(scenario: str) -> None:
    """Prints what does not match, for those who work on the rehearsal."""
    import difflib

    from tests.conformance.replay import normal

    for outcome in replayed(scenario):
        if outcome.matches:
            continue
        print(
            f"## {outcome.call.at} {outcome.call.command[:120]}: {outcome.difference} ({outcome.code} for {outcome.call.exit_code})"
        )
        for theirs, ours in ((outcome.call.stdout, outcome.stdout), (outcome.call.stderr, outcome.stderr)):
            lines = difflib.unified_diff(
                normal(theirs).splitlines(), normal(ours).splitlines(), "recorded", "rehearsal", lineterm="", n=1
            )
            print("\n".join(list(lines)[:30]))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        differences(sys.argv[1])
    else:
        print(table())
