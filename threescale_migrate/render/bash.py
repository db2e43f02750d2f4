"""The plan as a bash script that needs `oc` alone.

What is the same for each project is in `functions.sh`; what is printed here is the project's: where it is, what is done and
why, in which waves, with which deadlines. No secret is inside: the script names the secret's file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .. import shell, shipped
from ..guide.change import Change
from ..guide.config_changes import ConfigPatched, ConfigResumed
from ..guide.costs import Cost
from ..guide.object_changes import AccountCreated, SecretChange, SecretCopied, SecretLinked, SecretReplaced
from ..guide.role_changes import RoleGranted
from ..guide.selection import Wave
from ..values import ACCOUNT, REGISTRY, SECRET_NAME, Step
from ..visible import visible

# What a shell acts on.
_SPECIAL = re.compile("[`$;&|<>\\\\\"'()]")
FUNCTIONS = "render/functions.sh"

HEAD = """\
#!/usr/bin/env bash
#
# Prepares project {project} for images from {registry}: section 2.2 of the guide for 3scale 2.5 to 2.6.
# It needs bash (4.2 or later) and oc, nothing else. Printed by threescale-migrate {version} on {date}.
#
#   bash SCRIPT                     runs it; run again, it continues where it stopped and repeats nothing that is done
#   SECRET_FILE=FILE bash SCRIPT    with another file of the registry secret
#   GRACE=SECONDS bash SCRIPT       how long to wait for a failure to pass (30)
#
# Exit codes: 0 migrated, and the pods prove it; 1 they do not, or an oc command failed; 2 the secret's file is unusable;
# 4 refused, nothing was changed; 5 a rollout or the gate failed; 6 a deadline passed; 7 the cluster could not be asked; 130, 143 interrupted.
# To undo it: run the commands after "# undo:", from the last to the first.
{notes}set -euo pipefail
((BASH_VERSINFO[0] > 4 || (BASH_VERSINFO[0] == 4 && BASH_VERSINFO[1] >= 2))) || {{ echo "bash 4.2 or later is needed" >&2 && exit 2; }}

project={quoted_project}
server={quoted_server}
login=({login})
pinned=("${{login[@]}}" --namespace="$project")
secret={secret}
secret_file=${{SECRET_FILE:-{secret_file}}}
from_secret={from_secret}
account={account}
grace=${{GRACE:-30}}
poll=${{POLL:-3}}
# What oc says when it is worth another try, and when the cluster could not be asked.
passing={passing}
away={away}

"""


@dataclass(frozen=True)
class Script:
    """All that a script is printed from.

    `login` are options for each call of `oc`, beyond the project; the secret is in `secret_file`, or in the project as
    `from_secret`; `passing` and `away` are the patterns (POSIX extended) of
    what `oc` says when another try may help, and when the cluster could not be asked; `rights` are the words after
    `oc auth can-i` that ask for each right that is needed; `chosen` are all configs that have
    to prove themselves at the end, `waves` those that have not yet. `gate` is a
    command for `sh -c` that has to succeed after each wave, within `gate_seconds`; with `pause` a person is asked.
    """

    project: str
    server: str
    login: tuple[str, ...]
    version: str
    date: str
    secret_file: str | None
    from_secret: str | None
    passing: str
    away: str
    actions: tuple[Change, ...]
    rights: tuple[tuple[str, ...], ...]
    waves: tuple[Wave, ...]
    costs: tuple[Cost, ...]
    chosen: tuple[str, ...]
    notes: tuple[str, ...] = ()
    gate: str = ""
    gate_seconds: float = 60.0
    pause: bool = False


def render(script: Script) -> str:
    """The whole script. Raises ValueError for a change that reads a secret from elsewhere than the user's file."""
    parts = [_head(script), shipped.text(FUNCTIONS), *_checks(script)]
    for title, step in (
        ("1 registry secret", Step.REGISTRY_SECRET),
        ("2 service account", Step.SERVICE_ACCOUNT),
        ("3 permissions", Step.PERMISSIONS),
    ):
        actions = [action for action in script.actions if action.step is step]
        parts.append(f"\nsay {shell.quoted(title)}\n")
        parts += [_action(action) for action in actions]
        if step is Step.REGISTRY_SECRET:
            parts.append("usable_secret\n")
        elif step is Step.SERVICE_ACCOUNT:
            parts.append('linked "$account" || stop 1 "sa/$account does not have the pull secret $secret"\n')
            parts.append('say "✓ sa/$account has the pull secret $secret"\n')
    parts += _waves(script)
    parts.append("\nsay '6 verification'\n")
    parts.append(_folded("prove", script.chosen))
    return "".join(parts)


def _head(script: Script) -> str:
    return HEAD.format(
        project=_line(script.project),
        registry=REGISTRY,
        version=script.version,
        date=script.date,
        notes="".join(f"# {_line(note)}\n" for note in script.notes),
        quoted_project=shell.quoted(script.project),
        quoted_server=shell.quoted(script.server),
        login=" ".join(shell.quoted(option) for option in script.login),
        secret=SECRET_NAME,
        secret_file=_quoted(script.secret_file or "registry-secret.yaml"),
        from_secret=shell.quoted(script.from_secret or ""),
        account=ACCOUNT,
        passing=shell.quoted(script.passing),
        away=shell.quoted(script.away),
    )


def _line(text: object) -> str:
    """A text for a comment; quoted where an interactive shell, which reads comments as commands, would act on it."""
    words = visible(" ".join(str(text).split()), keep="")
    return shell.quoted(words) if _SPECIAL.search(words) else words


def _quoted(text: str) -> str:
    """A word for the shell, in double quotes: shellcheck takes some paths in single quotes for a forgotten expansion."""
    return '"' + re.sub(r'([\\"$`])', r"\\\1", text) + '"'


def _folded(function: str, names: Sequence[str]) -> str:
    """A call with many names, a few on each line."""
    lines, line = [], function
    for name in map(shell.quoted, names):
        if len(line) + len(name) > 110:
            lines.append(line)
            line = " "
        line += f" {name}"
    return " \\\n".join([*lines, line]) + "\n"


def _checks(script: Script) -> Iterator[str]:
    """What is checked before the first change."""
    yield "\n# Before the first change: the right place, and the rights.\n"
    yield _folded("right_place", script.chosen)
    if script.gate:
        yield f"gate_command={shell.quoted(script.gate)} gate_seconds={max(1, round(script.gate_seconds))}\n"
        yield "usable_gate\n"
    if script.pause:
        yield "[[ -t 0 && -t 2 ]] || stop 2 'it asks after each wave, but there is no terminal; nothing was changed'\n"
    for question in script.rights:
        yield f"may {shell.line(question)}\n"


def _reason(change: Change) -> str:
    undo = f"# undo: {shell.oc(change.inverse.args)}\n" if change.inverse is not None else ""
    return f"# {_line(f'{change.subject}: {change.why}')}\n{undo}"


def _action(change: Change) -> str:
    """A change of the first three steps, which does no harm when it is made already."""
    return _reason(change) + _made(change)


def _made(change: Change) -> str:
    call = shell.oc(change.args)
    if isinstance(change, SecretChange):
        return _secret(change)
    if isinstance(change, AccountCreated):
        linking = shell.oc(("secrets", "link", ACCOUNT, SECRET_NAME, "--for=pull"))
        return (
            f'if ! there sa "$account"; then\n  feed {shell.quoted(change.stdin)} {call}\n'
            f'elif ! linked "$account"; then\n  run {linking}\nfi\n'
        )
    if isinstance(change, SecretLinked) and (change.name, change.use) == (SECRET_NAME, "pull"):
        return f"linked {shell.quoted(change.account)} || run {call}\n"
    if isinstance(change, RoleGranted) and change.binding is not None:
        looked_for = shell.line(("rolebinding", change.binding, *change.elsewhere))
        return f"there {looked_for} || run {call}\n"
    return f"run {call}\n"


def _secret(change: SecretChange) -> str:
    if isinstance(change, SecretCopied):
        name = shell.quoted(change.name)
        return f"if ! there secret {name} && ! same_secret; then keep_secret {name}; fi\n"
    if not (change.path or change.copied_from):
        raise ValueError(f"{change.subject}: what it reads cannot be named in a script")
    if isinstance(change, SecretReplaced):
        return "same_secret || place_secret replace\n"
    return (
        'if there secret "$secret"; then\n'
        '  same_secret || stop 4 "secret $secret is already in the project and differs from $secret_file"\n'
        "else\n  place_secret create\nfi\n"
    )


def _waves(script: Script) -> Iterator[str]:
    """Steps 4 and 5: a wave after the other, each patched and waited for."""
    costs = {cost.config: cost for cost in script.costs}
    if script.waves:
        yield "\nown_login\n"
    for number, wave in enumerate(script.waves, 1):
        title = f"4, 5 wave {number} of {len(script.waves)}, {wave.name}: {', '.join(wave.configs)}"
        limits = [f"{name}={costs[name].deadline_seconds}" for name in wave.configs]
        yield "\n" + _folded(f"wave {shell.quoted(title)}", limits)
        for name in wave.configs:
            yield from _config(script, name, costs[name])
        yield _folded("await", limits)
        after = shell.line((str(number), str(len(script.waves)), wave.name, " ".join(wave.configs)))
        if script.gate:
            yield f"gate {after}\n"
        if script.pause and number < len(script.waves):
            yield f"ask {after}\n"


def _config(script: Script, name: str, cost: Cost) -> Iterator[str]:
    quoted = shell.quoted(name)
    for warning in cost.warnings:
        yield f"# {_line(f'dc/{name}: {warning}')}\n"
    for change in script.actions:
        if not isinstance(change, (ConfigPatched, ConfigResumed)) or change.config != name:
            continue
        test = "is_paused" if isinstance(change, ConfigResumed) else "needs_patch"
        yield f"{_reason(change)}if {test} {quoted}; then\n  run {shell.oc(change.args)}\nfi\n"
    # What is found in need of it when the script runs, not when it was printed.
    yield f"if needs_start {quoted}; then run {shell.oc(('rollout', 'latest', f'dc/{name}'))}; fi\n"
