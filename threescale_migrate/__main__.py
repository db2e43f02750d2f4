"""`python -m threescale_migrate`, and the console script."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

NAME = "threescale-migrate"


def called_as(path: str) -> str:
    """The words by which a person calls the program, by the name of its file: oc runs a plugin of its own name."""
    client, dash, _ = os.path.basename(path).partition("-threescale_migrate")
    return f"{client} {NAME}" if dash and client == "oc" else NAME


def main() -> NoReturn:
    """Runs the command line of this process, and ends it with its exit code.

    It does not return the code: what starts a zip, `python -m zipapp -m threescale_migrate.__main__:main`, drops what is returned.
    """
    from .cli.main import main as run

    raise SystemExit(run(sys.argv[1:], called_as(sys.argv[0])))


if __name__ == "__main__":
    main()
