"""A backup as commands make one: where it goes, and what is said of it. What is in it is the guide's."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from .. import shell
from ..check_codes import Code
from ..cluster.oc import Oc
from ..cluster.state import ProjectState
from ..engine import backup as engine
from ..engine import dumping
from ..guide import backup as guide
from ..guide import dumps
from ..guide.backup import Backup
from ..guide.dumps import Dump
from ..guide.findings import Finding, Group
from ..values import Refused, Text, Verdict
from . import rights
from .options import Saving
from .session import Session


@dataclass(frozen=True)
class Made:
    """A backup that was made: whether all of it could be read, and the content of the database where that was asked for."""

    whole: bool
    dump: Dump | None = None


def findings(
    oc: Oc, state: ProjectState, user: str, saving: Saving, allow_unknown: bool = False
) -> tuple[Finding, ...]:
    """What blocks saving a database's content: nothing where that is not asked for. Raises Unreachable."""
    config = saving.dump
    if config is None:
        return ()
    if "dc" not in state.unread and config not in state.configs:
        seen = Text("it is not in this project, so that its database is somewhere else")
        fix = Text("leave out --dump and --restore")
        return (Finding(Group.CONFIGS, Code.CONFIG_ABSENT, f"dc/{config}", Verdict.FAILED, seen, fix, usage=True),)
    if dumps.pod_of(state, config) is None:
        seen = Text("it has no pod that is ready, so that its content cannot be saved")
        fix = Text("look at what keeps it from being ready, or leave out --dump and --restore")
        return (Finding(Group.CONFIGS, Code.CONFIG_HEALTHY, f"dc/{config}", Verdict.FAILED, seen, fix),)
    wanted = dumps.right(state.namespace)
    answer = rights.may(oc, wanted)
    if answer:
        return ()
    if answer is None:
        seen = Text("whether {user} may {right} could not be asked; --dump needs it", user=user, right=wanted.sentence)
        fix = Text("ask: {question}", question=shell.oc(wanted.question))
        verdict = Verdict.WARNING if allow_unknown else Verdict.UNKNOWN
        return (Finding(Group.RIGHTS, Code.RIGHTS_SUFFICIENT, wanted.sentence, verdict, seen, fix),)
    seen = Text("{user} may not {right}, and --dump needs it", user=user, right=wanted.sentence)
    fix = Text("have an admin of the project run this, or log in as one who may")
    role = shell.oc(("adm", "policy", "add-role-to-user", "edit", user, f"--namespace={state.namespace}"))
    return (Finding(Group.RIGHTS, Code.RIGHTS_SUFFICIENT, wanted.sentence, Verdict.FAILED, seen, fix, (role,)),)


def save(session: Session, oc: Oc, saving: Saving, state: ProjectState | None, show: bool) -> Made:
    """Reads the project and writes its backup; says what is in it, on stdout where that is the command's result.

    `state` is needed where a database's content is asked for. Raises OcError, Usage where it cannot be written, Refused where
    there is nothing.
    """
    directory = engine.usable(saving.directory or "")
    backup = engine.read(oc, saving.with_secrets)
    if not guide.ordered(backup.objects):
        raise Refused(
            Text("there is nothing to save in project {project}: name the right one with -n", project=backup.project)
        )
    with engine.staged(directory) as scratch:
        if saving.dump is not None and state is not None:
            backup = _with_content(oc, backup, saving.dump, state, scratch, directory)
        engine.write(guide.documents(backup), scratch)
    terminal = session.result if show else session.talk
    if not session.output.quiet:
        for sentence in _said(backup, str(directory)):
            terminal.line(terminal.say(sentence))
    for kind, why in backup.unread:
        sentence = Text("not saved, since it cannot be read: {kind} ({why})", kind=kind, why=why)
        session.talk.line(f"{session.talk.mark(Verdict.UNKNOWN)} {session.talk.say(sentence)}", 0, 4)
    return Made(not backup.unread, backup.dump)


def _with_content(oc: Oc, backup: Backup, config: str, state: ProjectState, scratch: Path, directory: Path) -> Backup:
    """The backup with the content of a database, which is in the directory that takes the other's place. Raises OcError, Refused."""
    pod = dumps.pod_of(state, config)
    if pod is None:
        raise Refused(Text("{config} has no pod that is ready, so that its content cannot be saved", config=config))
    name = guide.content(config)
    made = dumping.dump(oc, config, pod.name, scratch / name)
    path = str(directory.absolute() / name)
    return replace(backup, dump=replace(made, path=path), play_back=dumping.command(oc, config, path))


def _said(backup: Backup, directory: str) -> list[Text]:
    counts = ", ".join(f"{kind} {count}" for kind, count in backup.counts.items())
    total = sum(backup.counts.values())
    found = [
        Text("{count} objects are saved in {directory}: {counts}", count=total, directory=directory, counts=counts),
        Text("the files hold what configs hold in clear: keep them as you keep secrets"),
    ]
    if backup.dump is not None:
        found.append(
            Text(
                "the content of {config} is saved: {rows} rows of {tables} tables in {path}",
                config=backup.dump.config,
                rows=backup.dump.rows,
                tables=len(backup.dump.tables),
                path=backup.dump.path,
            )
        )
        if not backup.dump.tables:
            found.append(
                Text(
                    "{config} holds no table: where an earlier run has emptied it, play that run's dump back by hand first",
                    config=backup.dump.config,
                )
            )
    if not backup.with_secrets:
        found.append(Text("secrets are not saved: --with-secrets saves them too"))
    lost = sorted(f"{item.kind} {item.name} ({part})" for item in backup.objects for part in item.lost)
    if lost:
        found.append(Text("not in it: {parts}; see {directory}/README.txt", parts=", ".join(lost), directory=directory))
    return found
