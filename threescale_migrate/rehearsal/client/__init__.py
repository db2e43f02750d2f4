"""The rehearsal's `oc`: reads a command line, asks the rehearsal cluster, prints what the real one prints.

It owns the words: flags, columns, error texts. What the cluster does is the business of the modules beside it.
"""

from __future__ import annotations

from pathlib import Path


def main(argv: list[str], cluster_dir: Path) -> int:
    """Run one `oc` command line (without the program's name) against the cluster kept in a directory."""
    from .run import run

    return run(argv, cluster_dir)
