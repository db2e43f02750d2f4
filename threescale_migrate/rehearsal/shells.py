"""The shell of `rehearse --shell`: the user's own settings, the rehearsal's `oc` first on PATH, and a prompt that shows it.

It writes the shell's files and returns its command line; it starts nothing.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

PROMPT = "(rehearsal) "
# Each reads the file named by ENV, and no other file sets its prompt.
PLAIN_SHELLS = ("sh", "dash", "ash", "ksh", "mksh")
# The tool that started the rehearsal, under each of its names.
NAMES = ("threescale-migrate", "oc-threescale_migrate", "kubectl-threescale_migrate")
_BASH = """\
[ -r ~/.bashrc ] && . ~/.bashrc
{ours}
_rehearsal() {{ case $PS1 in {prompt}*) ;; *) PS1={prompt}$PS1 ;; esac; }}
PROMPT_COMMAND="${{PROMPT_COMMAND:+$PROMPT_COMMAND
}}_rehearsal"
"""
_ZSHENV = """\
ZDOTDIR={own}
[ -r "$ZDOTDIR/.zshenv" ] && . "$ZDOTDIR/.zshenv"
_rehearsal_own=${{ZDOTDIR:-$HOME}}
ZDOTDIR={files}
"""
_ZSHRC = """\
ZDOTDIR=$_rehearsal_own
[ -r "$ZDOTDIR/.zshrc" ] && . "$ZDOTDIR/.zshrc"
{ours}
_rehearsal() {{ case $PROMPT in {prompt}*) ;; *) PROMPT={prompt}$PROMPT ;; esac; }}
precmd_functions+=(_rehearsal)
"""
_PLAIN = """\
{own}
{ours}
PS1={prompt}'$ '
"""
_OURS = """\
unalias oc threescale-migrate 2>/dev/null
PATH={path}:$PATH
export PATH KUBECONFIG={kubeconfig}
HISTFILE={files}/history"""


def prepared(
    directory: Path, environment: Mapping[str, str], me: Sequence[str], package: str
) -> tuple[list[str], dict[str, str]]:
    """The shell's command line and what has to be added to its environment, with its files in the cluster's directory.

    `environment` is that of the cluster; `me` runs this tool where `package` is on PYTHONPATH. Raises OSError.
    """
    files = directory.resolve() / "shell"
    files.mkdir(exist_ok=True)
    for name in NAMES:
        home = f'{shlex.quote(package)}"${{PYTHONPATH:+:$PYTHONPATH}}"'
        _write(files / name, f'#!/bin/sh\nPYTHONPATH={home} exec {shlex.join(me)} "$@"\n', 0o755)
    words = {
        "prompt": shlex.quote(PROMPT),
        "files": shlex.quote(str(files)),
        "ours": _OURS.format(
            path=shlex.quote(f"{files}{os.pathsep}{files.parent / 'bin'}"),
            kubeconfig=shlex.quote(environment["KUBECONFIG"]),
            files=shlex.quote(str(files)),
        ),
    }
    shell = environment.get("SHELL") or "sh"
    kind = Path(shell).name
    if kind == "bash":
        _write(files / "bashrc", _BASH.format(**words))
        return [shell, "--rcfile", str(files / "bashrc"), "-i"], {}
    if kind == "zsh":
        own = shlex.quote(environment.get("ZDOTDIR") or environment.get("HOME", "/"))
        _write(files / ".zshenv", _ZSHENV.format(own=own, **words))
        _write(files / ".zshrc", _ZSHRC.format(**words))
        return [shell, "-i"], {"ZDOTDIR": str(files)}
    former = environment.get("ENV", "")
    own = f"[ -r {shlex.quote(former)} ] && . {shlex.quote(former)}" if former else ""
    _write(files / "env", _PLAIN.format(own=own, **words))
    return [shell if kind in PLAIN_SHELLS else "sh", "-i"], {"ENV": str(files / "env")}


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
