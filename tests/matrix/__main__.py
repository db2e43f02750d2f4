"""`python -m tests.matrix [FAILURE…]`: runs the fault matrix and prints it; exit code 1 where something is lost or wrong."""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .cases import Call, Found, Prepared, cases, table, try_case
from .mischief import FAILURES


def main(wanted: list[str]) -> int:
    """Runs the cases on twice as many workers as there are cores: those whose call hangs only wait."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "recorded").mkdir()
        prepared = Prepared.make(Path(scratch) / "recorded")

        def one(number: int, call: Call, failure: str) -> Found:
            home = Path(scratch) / str(number)
            home.mkdir()
            found = try_case(prepared, home, call, failure)
            shutil.rmtree(home)
            return found

        chosen = cases(prepared.calls, [failure for failure in FAILURES if failure in wanted or not wanted])
        with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
            found = list(pool.map(lambda case: one(case[0], *case[1]), enumerate(chosen)))
    print(table(found, prepared.calls))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"\nin {(time.monotonic() - began) / 60:.1f} minutes on {os.cpu_count()} cores, of which the commands ran"
        f" {(used.ru_utime + used.ru_stime) / 60:.1f}",
        file=sys.stderr,
    )
    return int(any(case.lost or case.wrong for case in found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
