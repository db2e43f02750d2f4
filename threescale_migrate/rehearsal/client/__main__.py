"""`python -m threescale_migrate.rehearsal.client`: the rehearsal's `oc` over the cluster in OC_REHEARSAL_DIR."""

from __future__ import annotations

import os
import sys


def start() -> None:
    """Runs the command line of this process and ends it; without the interpreter's cleanup, which takes time."""
    home = os.environ.get("OC_REHEARSAL_YAML")
    if home and home not in sys.path:
        sys.path.append(home)
    from .run import run

    try:
        code = run(sys.argv[1:], os.environ["OC_REHEARSAL_DIR"])
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        code = 1
    os._exit(code)


if __name__ == "__main__":
    start()
