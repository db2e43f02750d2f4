"""`python -m tests.matrix [FAILURE…]`: runs the fault matrix and prints it; exit code 1 where something is lost or wrong."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.support.clock import real_monotonic

from .cases import Prepared, cases, in_copies, table, try_case
from .mischief import FAILURES


def main(wanted: list[str]) -> int:
    """Runs the cases, each in a copy of this process, and as many at a time as there are cores."""
    began = real_monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "recorded").mkdir()
        prepared = Prepared.make(Path(scratch) / "recorded")
        chosen = cases(prepared.calls, [failure for failure in FAILURES if failure in wanted or not wanted])
        found = [
            one for one in in_copies(Path(scratch), chosen, lambda home, *case: try_case(prepared, home, *case)) if one
        ]
    print(table(found, prepared.calls))
    print(f"\nin {(real_monotonic() - began) / 60:.1f} minutes on {os.cpu_count()} cores", file=sys.stderr)
    return int(any(case.lost or case.wrong for case in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
