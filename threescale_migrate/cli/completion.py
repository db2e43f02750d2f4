"""The completion for bash and zsh, as it is shipped; `python -m tests.completions --write` makes it from the parser."""

from __future__ import annotations

from importlib.resources import files

FILES = {"bash": "threescale-migrate.bash", "zsh": "_threescale-migrate"}


def script(shell: str) -> str:
    """The completion script for `bash` or `zsh`."""
    return (files(__package__.partition(".")[0]) / "completion" / FILES[shell]).read_text(encoding="utf-8")
