"""`python -m threescale_migrate.rehearsal.client DIR ARG…`: the rehearsal's `oc` over the cluster in DIR."""

from __future__ import annotations

import sys
from pathlib import Path

from . import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[2:], Path(sys.argv[1])))
