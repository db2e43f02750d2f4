"""A backup as commands make one: where it goes, and what is reported. `guide/backup_content.py` decides what is in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ..check_codes import Code
from ..cluster.oc import Oc
from ..cluster.state import ProjectState
from ..engine import backup_files as engine
from ..engine import dumping
from ..guide import backup_content as guide
from ..guide import dumps
from ..guide.backup_content import Backup
from ..guide.dumps import Dump
from ..options import Options
from ..render.result import Told
from ..values import Check, Command, Fix, Group, Refused, Step, Text, Verdict, Who
from . import access_reviews
from .session import Session


@dataclass(frozen=True)
class Saved:
    """A backup that was made: what is said of it, and the content of the database if that was asked for."""

    told: Told
    dump: Dump | None = None

    @property
    def whole(self) -> bool:
        """Whether all of it could be read."""
        return not self.told.left


def findings(oc: Oc, state: ProjectState, user: str, options: Options) -> tuple[Check, ...]:
    """What blocks saving a database's content: nothing if that is not asked for. Raises Unreachable."""
    config = options.dump
    if config is None:
        return ()
    if "dc" not in state.unread and config not in state.configs:
        seen = Text("it is not in this project: its database is elsewhere")
        fix = Fix(Text("leave out --dump and --restore"))
        return (
            Check(Step.DEPLOYMENT_CONFIGS, Code.CONFIG_ABSENT, f"dc/{config}", Verdict.FAILED, seen, fix, usage=True),
        )
    if dumps.pod_of(state, config) is None:
        seen = Text("it has no ready pod, so its content cannot be saved")
        fix = Fix(Text("find out why it is not ready, or leave out --dump and --restore"))
        return (Check(Step.DEPLOYMENT_CONFIGS, Code.CONFIG_HEALTHY, f"dc/{config}", Verdict.FAILED, seen, fix),)
    wanted = dumps.right(state.namespace)
    answer = access_reviews.may(oc, wanted)
    if answer:
        return ()
    if answer is None:
        seen = Text(
            "whether {user} has the permission to {right} could not be checked; --dump requires it",
            user=user,
            right=wanted.sentence,
        )
        fix = Fix(Text("ask the server"), (Command(("oc", *wanted.question)),))
        verdict = Verdict.WARNING if options.allow_unknown else Verdict.UNKNOWN
        return (Check(Group.RIGHTS, Code.RIGHTS_SUFFICIENT, wanted.sentence, verdict, seen, fix),)
    seen = Text("{user} has no permission to {right}, which --dump requires", user=user, right=wanted.sentence)
    role = ("oc", "adm", "policy", "add-role-to-user", "edit", user, f"--namespace={state.namespace}")
    sentence = Text("ask an admin of the project to run this, or log in as a user who has the permission")
    fix = Fix(sentence, (Command(role, Who.CLUSTER_ADMIN),))
    return (Check(Group.RIGHTS, Code.RIGHTS_SUFFICIENT, wanted.sentence, Verdict.FAILED, seen, fix),)


def save(session: Session, oc: Oc, directory: str, state: ProjectState | None) -> Saved:
    """Reads the project and writes its backup to a directory.

    `state` is needed for a database's content. Raises OcError, Usage if it cannot be written, Refused if there is nothing.
    """
    target = engine.new_directory(directory)
    options = session.options
    backup = engine.read(oc, options.with_secrets)
    if not guide.ordered(backup.objects):
        raise Refused(
            Text("there is nothing to save in project {project}: name the right one with -n", project=backup.project)
        )
    with engine.staged(target) as scratch:
        if options.dump is not None and state is not None:
            backup = _with_content(oc, backup, options.dump, state, scratch, target)
        engine.write(guide.documents(backup), scratch)
    left = tuple(
        Text("not saved, since it cannot be read: {kind} ({why})", kind=kind, why=why) for kind, why in backup.unread
    )
    return Saved(Told(tuple(_said(backup, str(target))), left), backup.dump)


def _with_content(oc: Oc, backup: Backup, config: str, state: ProjectState, scratch: Path, directory: Path) -> Backup:
    """The backup with the content of a database, which is in the directory that takes the other's place. Raises OcError, Refused."""
    pod = dumps.pod_of(state, config)
    if pod is None:
        raise Refused(Text("{config} has no ready pod, so its content cannot be saved", config=config))
    name = guide.content(config)
    made = dumping.dump(oc, config, pod.name, scratch / name)
    path = str(directory.absolute() / name)
    return replace(backup, dump=replace(made, path=path), by_hand=dumping.command(oc, config, path))


def _said(backup: Backup, directory: str) -> list[Text]:
    counts = ", ".join(f"{kind} {count}" for kind, count in backup.counts.items())
    total = sum(backup.counts.values())
    found = [
        Text("{count} objects are saved in {directory}: {counts}", count=total, directory=directory, counts=counts),
        Text("the files contain what the configs contain in plain text: protect them as you protect secrets"),
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
                    "{config} has no tables: if an earlier run emptied it, restore that run's dump by hand first",
                    config=backup.dump.config,
                )
            )
    if not backup.with_secrets:
        found.append(Text("secrets are not saved: --with-secrets saves them too"))
    lost = sorted(f"{item.kind} {item.name} ({part})" for item in backup.objects for part in item.lost)
    if lost:
        found.append(
            Text("not included: {parts}; see {directory}/README.txt", parts=", ".join(lost), directory=directory)
        )
    return found
