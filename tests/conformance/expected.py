"""`python -m tests.conformance.expected SCENARIO-OR-DIRECTORY…`: writes beside looks and failures what the tool makes of them, to be read.

An `expect.json` beside a call says what the tool makes of what `oc` said, and `test_expected.py` holds it to that. Its keys, of
which any may be there:

    fails_as   the class of the failure, by its text (`cluster/oc_errors.py`)
    rollouts   the state of each config's rollout, judged from this look alone (`guide/readiness.py`)
    verify, plan, preflight   the command on this look (`answering`): exit code, each check that failed (`failed`) or could not
               be made (`unknown`) with its subject, but for those about rights, and what a plan would change (`changes`)
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.conformance import answering
from tests.support import recorded
from threescale_migrate.cluster import oc_errors
from threescale_migrate.cluster.parsing import parse_project
from threescale_migrate.guide.readiness import assess

COMMANDS = ("verify", "plan", "preflight")
OF_RIGHTS = ("rights", "permissions")


def fails_as(call: recorded.Recorded) -> str:
    """The class of a failing call's error."""
    found = oc_errors.classify(call.exit_code, call.stderr)
    return found.__name__ if found is not None else ""


def rollouts(look: answering.Look) -> dict[str, str]:
    """The state of each config's rollout at a look."""
    items = [item for listed in look.objects.values() for item in listed]
    state = parse_project(items, "threescale")
    return {name: assess(state, name).state.value for name in look.configs}


def of_command(name: str, look: answering.Look, world: Any) -> dict[str, Any]:
    """How a command ends on a look. `world` is one of `tests.conftest`, in which nothing was changed."""
    front = answering.put(look, world.directory)
    given = ["--secret-file", world.secret] if name != "verify" else []
    done = world.run(name, "-o", "json", *given)
    front.check()
    found: dict[str, Any] = {"exit_code": done.code}
    for verdict in ("failed", "unknown"):
        checks = [f"{one['subject']}: {one['code']}" for one in _checks(done.json()) if one["verdict"] == verdict]
        found[verdict] = sorted(set(checks))
    if name == "plan":
        found["changes"] = [f"{one['argv'][1]} {one['subject']}" for one in done.json().get("actions", ())]
    return found


def _checks(document: dict[str, Any]) -> list[dict[str, Any]]:
    found = [one for key in ("findings", "checks") for one in document.get(key) or ()]
    return [one for one in found if one["step"] not in OF_RIGHTS]


def _write(folder: Path, said: dict[str, Any]) -> None:
    (folder / recorded.EXPECT).write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main(given: Sequence[str]) -> int:
    """Writes what is expected of each look of the scenarios."""
    from tests.conftest import make_world

    with tempfile.TemporaryDirectory() as scratch:
        world = make_world(Path(scratch))
        for name in given:
            scenario = name if name in recorded.scenario_names() else Path(name)
            for call in recorded.calls(scenario):
                if call.exit_code and call.folder is not None and fails_as(call) != "OcError":
                    _write(call.folder, {"fails_as": fails_as(call)})
            for look in answering.looks(scenario):
                found: dict[str, Any] = {one: of_command(one, look, world) for one in COMMANDS}
                if "replicationcontrollers" in look.objects:  # without them nothing can be judged
                    found = {"rollouts": rollouts(look), **found}
                assert look.call.folder is not None
                _write(look.call.folder, found)
                print(f"{look.name}: {[found[one]['exit_code'] for one in COMMANDS]}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
