"""`python -m tests.conformance.table`: calls that match, of calls there are, per recorded scenario.

With names of scenarios, or paths of directories in the recordings' format: what differs in those; exit code 1 where anything
does, 2 for what is no scenario. What a scenario may begin with is in `arranging.begin`.
"""

from __future__ import annotations

import difflib
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.conformance.comparing import Outcome, normal
from tests.conformance.replay import replay
from tests.support.recorded import NoScenario, scenario_names


def replayed(scenario: str | Path) -> list[Outcome]:
    """Replays a scenario in a scratch directory, with the environment that its commands expect. Raises NoScenario, OSError."""
    former, kubeconfig, client = os.getcwd(), os.environ.get("KUBECONFIG"), os.environ.get("OC_REHEARSAL_CLIENT")
    scenario = scenario.resolve() if isinstance(scenario, Path) else scenario
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        os.environ["KUBECONFIG"] = str(Path(scratch) / "cluster" / "kubeconfig")
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
    """The table of fixtures/CONFORMANCE.md, and the calls that differ."""
    lines = ["| scenario | calls | match |", "| --- | ---: | ---: |"]
    differing = []
    for scenario in scenario_names():
        outcomes = replayed(scenario)
        lines.append(f"| `{scenario}` | {len(outcomes)} | {sum(outcome.matches for outcome in outcomes)} |")
        numbers = [outcome.call.number for outcome in outcomes if not outcome.matches]
        differing += [f"`{scenario}` {', '.join(numbers)}"] if numbers else []
    return "\n".join([*lines, "", *differing])


def differences(outcomes: Iterable[Outcome]) -> None:
    """Prints what does not match, for those who work on the rehearsal."""
    for outcome in outcomes:
        if outcome.matches:
            continue
        call = outcome.call
        print(f"## {call.number} {call.command[:120]}: {outcome.difference} ({outcome.code} for {call.exit_code})")
        for theirs, ours in ((call.stdout, outcome.stdout), (call.stderr, outcome.stderr)):
            lines = difflib.unified_diff(
                normal(theirs).splitlines(), normal(ours).splitlines(), "recorded", "rehearsal", lineterm="", n=1
            )
            print("\n".join(list(lines)[:30]))


def main(given: Sequence[str]) -> int:
    """The table, or what differs in the scenarios that are named."""
    if not given:
        print(table())
        return 0
    worst = 0
    for name in given:
        try:
            outcomes = replayed(name if name in scenario_names() else Path(name))
        except NoScenario as error:
            print(f"table: {error}", file=sys.stderr)
            return 2
        except OSError as error:
            print(
                f"table: {name}: {os.strerror(error.errno or 0)}; give a directory, or one of {', '.join(scenario_names())}",
                file=sys.stderr,
            )
            return 2
        print(f"{name}: {sum(outcome.matches for outcome in outcomes)} of {len(outcomes)} calls match")
        differences(outcomes)
        worst = max(worst, not all(outcome.matches for outcome in outcomes))
    return int(worst)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
