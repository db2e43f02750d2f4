"""The command line given, up to its first patch: then the functions that have led there are printed, outermost first, and it ends.

A module of its own, since it is run as one: `python -m tests.support.first_patch migrate --yes …`.
"""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import threescale_migrate
from threescale_migrate.__main__ import main
from threescale_migrate.cluster.oc import Oc

PACKAGE = Path(threescale_migrate.__file__).parent


def stop_at_a_patch(oc: Oc, args: Sequence[str], *more: Any, **named: Any) -> Any:
    """In place of `Oc.change`."""
    if args[0] != "patch":
        return CHANGE(oc, args, *more, **named)
    frames = [(Path(frame.filename), frame.name) for frame in traceback.extract_stack()]
    ours = [(str(path.relative_to(PACKAGE)), name) for path, name in frames if path.is_relative_to(PACKAGE)]
    print(json.dumps(ours[1:] if ours[0][1] == "<module>" else ours), flush=True)
    os._exit(0)


CHANGE = Oc.change
if __name__ == "__main__":
    Oc.change = stop_at_a_patch  # type: ignore[assignment, method-assign]
    main()
