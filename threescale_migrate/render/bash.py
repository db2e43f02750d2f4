"""The plan as a bash script that needs `oc` alone: the guide's commands in waves, made from the plan's own changes.

What is the same for each project is in `script.sh`, which judges nothing: it waits by `oc rollout status` and asks the pods. No secret
is inside: the script names the secret's file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .. import package_files, shell
from ..guide.change import Change
from ..guide.config_changes import ConfigChange, ConfigPatched, ConfigResumed, RolloutStarted
from ..guide.costs import Cost
from ..guide.object_changes import (
    AccountCreated,
    AccountDeleted,
    SecretCopied,
    SecretCreated,
    SecretLinked,
    SecretReplaced,
)
from ..guide.role_changes import RoleGranted
from ..guide.selection import Wave
from ..safe_text import visible
from ..values import ACCOUNT, SECRET_NAME, Step, Text

# What a shell acts on.
_SPECIAL = re.compile("[`$;&|<>\\\\\"'()]")
TEMPLATE = "render/script.sh"
# How long a new account is waited for to get the cluster's own login (fact 20): so many looks, two seconds apart.
LOOKS = 15
WIDTH = 200
DEFAULT_FILE = "registry-secret.yaml"


@dataclass(frozen=True)
class Script:
    """All that a script is printed from.

    `place` are the words that name context and project to `oc`; `uid` is the project's, empty if it cannot be read. The secret is in
    `secret_file`, or in the project as `from_secret`. `changes` are the plan's, in order, and `undo` what undoes them, by stages in the
    order in which that works. `rights` are the words after `oc auth can-i` that ask for each right that is needed. `chosen` are all
    configs whose pods have to prove it at the end, `waves` those that have not yet; one in `standing` is not waited for, such as a
    paused one. With `login` the cluster gives each account a login for its own registry.
    """

    project: str
    server: str
    uid: str
    options: tuple[str, ...]
    place: shell.Invocation
    version: str
    date: str
    secret_file: str | None
    from_secret: str | None
    changes: tuple[Change, ...]
    undo: tuple[tuple[Change, ...], ...]
    rights: tuple[tuple[str, ...], ...]
    waves: tuple[Wave, ...]
    costs: tuple[Cost, ...]
    chosen: tuple[str, ...]
    standing: frozenset[str] = frozenset()
    login: bool = False
    notes: tuple[str, ...] = ()
    losses: tuple[str, ...] = ()


def render(script: Script) -> str:
    """The whole script. Raises ValueError for a secret that a script cannot name."""
    parts = [_head(script)]
    for title, step in (
        ("1 registry secret", Step.REGISTRY_SECRET),
        ("2 service account", Step.SERVICE_ACCOUNT),
        ("3 permissions", Step.PERMISSIONS),
    ):
        made = [f"{_made(change)} # {_line(change.why)}\n" for change in script.changes if change.step is step]
        if step is Step.SERVICE_ACCOUNT and script.waves:
            made.append(_gets_pull_secret(script))
        parts += [f"\nsay {shell.quoted(title)}\n", *made] if made else []
    parts += _waves(script)
    parts += _proof(script)
    parts += _undo(script)
    return "".join(parts)


def _head(script: Script) -> str:
    count = len({change.config for change in script.changes if isinstance(change, ConfigChange)})
    source = f"oc get secret {shell.quoted(script.from_secret)} -o json" if script.from_secret else 'cat "$secret_file"'
    here = f"--namespace={script.project}"
    rights = [f"may {shell.line(word for word in right if word != here)}" for right in script.rights]
    return package_files.text(TEMPLATE).format(
        count=Text.plural("{count} DeploymentConfig", "{count} DeploymentConfigs", count=count),
        project=_line(script.project),
        server=_line(script.server),
        version=script.version,
        date=script.date,
        losses="".join(shell.quoted(f"{_line(loss)}. ") for loss in script.losses),
        notes="".join(f"# {_line(note)}\n" for note in script.notes),
        quoted_project=shell.quoted(script.project),
        uid=shell.quoted(script.uid),
        quoted_server=shell.quoted(script.server),
        options=" ".join(map(shell.quoted, script.options)),
        secret=SECRET_NAME,
        secret_file=""
        if script.from_secret
        else f"secret_file=${{SECRET_FILE:-{_quoted(script.secret_file or DEFAULT_FILE)}}}\n",
        account=ACCOUNT,
        given=source,
        rights=_folded(rights),
    )


def _folded(commands: Iterable[str]) -> str:
    """Short commands, several on a line."""
    lines: list[str] = []
    for command in commands:
        if lines and len(lines[-1]) + len(command) < WIDTH:
            lines[-1] += f"; {command}"
        else:
            lines.append(command)
    return "".join(f"{line}\n" for line in lines)


def _line(text: object) -> str:
    """A text for a comment; quoted where an interactive shell, which reads comments as commands, would act on it."""
    words = visible(" ".join(str(text).split()), keep="")
    return shell.quoted(words) if _SPECIAL.search(words) else words


def _quoted(text: str) -> str:
    """A word for the shell, in double quotes: shellcheck takes some paths in single quotes for a forgotten expansion."""
    return '"' + re.sub(r'([\\"$`])', r"\\\1", text) + '"'


def _made(change: Change) -> str:
    """A change of the first three steps, which does no harm if it is made already. Raises ValueError."""
    call = shell.oc(change.args)
    if isinstance(change, SecretCopied):
        name = shell.quoted(change.name)
        return f"copy() {{ oc get secret {SECRET_NAME} -o json | renamed {name} json | oc create -f -; }}\nis_given || there secret {name} || run copy"
    if isinstance(change, (SecretCreated, SecretReplaced)):
        if not (change.path or change.copied_from):
            raise ValueError(f"{change.subject}: what it reads cannot be named in a script")
        if isinstance(change, SecretReplaced):
            return "is_given || run place_given replace"
        differs = f"secret {SECRET_NAME} is in the project and differs from the given one"
        return f'if there secret {SECRET_NAME}; then is_given || stop "$refused" {shell.quoted(differs)}; else run place_given create; fi'
    if isinstance(change, AccountCreated):
        return f"create_account() {{ {call} <<<{shell.quoted(change.stdin or '')}; }}\nthere sa {ACCOUNT} || run create_account"
    if isinstance(change, SecretLinked) and change.use == "pull":
        return f"has_login {shell.quoted(change.account)} {shell.quoted(change.name + ' ')} || run {call}"
    if isinstance(change, RoleGranted) and change.binding is not None:
        looked_for = shell.line(("rolebinding", change.binding, *change.elsewhere))
        return f"there {looked_for} || run {call}"
    return f"run {call}"


def _gets_pull_secret(script: Script) -> str:
    lines = f"has_login {ACCOUNT} '{SECRET_NAME} ' || run oc secrets link {ACCOUNT} {SECRET_NAME} --for=pull\n"
    if script.login:
        lines += "# Pods that are created before the cluster gives the account a login for its own registry do not have it.\n"
        lines += f"for _ in {{1..{LOOKS}}}; do has_login {ACCOUNT} {ACCOUNT}-dockercfg- && break; sleep 2; done\n"
    return lines


def _waves(script: Script) -> Iterator[str]:
    """Steps 4 and 5: a wave after the other, each patched and waited for."""
    costs = {cost.config: cost for cost in script.costs}
    for number, wave in enumerate(script.waves, 1):
        yield f"\nsay {shell.quoted(f'4, 5 wave {number} of {len(script.waves)}, {wave.name}')} && right_place\n"
        for name in wave.configs:
            yield from _config(script, name, costs[name])
        awaited = [f"{name}={costs[name].deadline_seconds}" for name in wave.configs if name not in script.standing]
        if awaited:
            yield f"await {shell.line(awaited)}\n"


def _config(script: Script, name: str, cost: Cost) -> Iterator[str]:
    quoted = shell.quoted(name)
    why = _line(Text.sentences(*cost.warnings))
    patched = False
    for change in script.changes:
        if not isinstance(change, ConfigChange) or change.config != name:
            continue
        call = f"run {shell.oc(change.args)}"
        if isinstance(change, ConfigPatched):
            yield f"if due {quoted}; then {call}; fi{f' # {why}' if why else ''}\n"
            patched = True
        elif isinstance(change, ConfigResumed):
            paused = f"ask '(true|false)?' oc get dc {quoted} -o 'jsonpath={{.spec.paused}}' && [[ $answer == true ]]"
            yield f"if {paused}; then {call}; fi # {_line(change.why)}\n"
        elif isinstance(change, RolloutStarted):
            yield f"if ! proved {quoted}; then {call}; fi # {_line(change.why)}\n"
    if not patched:
        yield f"due {quoted} || true # its template names {ACCOUNT}\n"


def _proof(script: Script) -> Iterator[str]:
    names = shell.line(script.chosen)
    yield f'\nchosen=({names})\nfor config in "${{chosen[@]}}"; do\n'
    yield '  proved "$config" || stop 1 "not migrated: the pods of dc/$config do not prove it"\ndone\n'
    yield "echo 'migrated, and the pods prove it'\n"


def _undo(script: Script) -> Iterator[str]:
    """The commands that undo it, as comments, in the order in which the tool's own undo works."""
    yield "\n# To undo it, run these commands from first to last, each without its first two characters:\n"
    for stage in script.undo:
        if any(isinstance(change, AccountDeleted) for change in stage):
            pods = script.place.line(("oc", "get", "pods", "-o", "jsonpath={.items[*].spec.serviceAccountName}"))
            yield f'# until used=$({pods}) && ! grep -qw {ACCOUNT} <<<"$used"; do sleep 3; done\n'
        for change in stage:
            call = script.place.line(("oc", *change.args))
            if isinstance(change, SecretReplaced):
                yield f"# {call} < FILE-OF-THE-FORMER-SECRET\n"
            elif isinstance(change, ConfigPatched):
                yield f"# {call} && {script.place.line(('oc', 'rollout', 'status', str(change.subject)))}\n"
            else:
                yield f"# {call}\n"
