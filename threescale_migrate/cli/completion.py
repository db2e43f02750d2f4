"""The completion for bash and zsh, as it is shipped; `python -m tests.completions --write` makes it from the parser."""

from __future__ import annotations

from .. import shipped

FILES = {"bash": "threescale-migrate.bash", "zsh": "_threescale-migrate"}


def script(shell: str) -> str:
    """The completion script for `bash` or `zsh`."""
    return shipped.text(f"completion/{FILES[shell]}")
