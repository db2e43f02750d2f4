"""`python -m threescale_migrate`, and the console script."""

from __future__ import annotations

import sys


def main() -> int:
    """Runs the command line of this process; gives the exit code."""
    from .cli.main import main as run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
