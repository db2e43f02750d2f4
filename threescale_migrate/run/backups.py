"""A backup as commands make one: where it goes, and what is reported. `guide/backup_content.py` decides what is in it."""

from __future__ import annotations

from ..cluster.oc import Oc
from ..engine import backup_files as engine
from ..guide import backup_content as guide
from ..guide.backup_content import Backup
from ..render.result import Told
from ..values import Refused, Text
from .session import Session


def save(session: Session, oc: Oc, directory: str) -> Told:
    """Reads the project and writes its backup to a directory. Gives what is said of it, and of what could not be read. Raises OcError,
    Usage if it cannot be written, Refused if there is nothing."""
    target = engine.new_directory(directory)
    backup = engine.read(oc, session.options.with_secrets)
    if not guide.ordered(backup.objects):
        raise Refused(
            Text("there is nothing to save in project {project}: name the right one with -n", project=backup.project)
        )
    with engine.staged(target) as scratch:
        engine.write(guide.documents(backup), scratch)
    left = tuple(
        Text("not saved, since it cannot be read: {kind} ({why})", kind=kind, why=why) for kind, why in backup.unread
    )
    return Told(tuple(_said(backup, str(target))), left)


def _said(backup: Backup, directory: str) -> list[Text]:
    counts = ", ".join(f"{kind} {count}" for kind, count in backup.counts.items())
    total = sum(backup.counts.values())
    found = [
        Text("{count} objects are saved in {directory}: {counts}", count=total, directory=directory, counts=counts),
        Text("the files contain what the configs contain in plain text: protect them as you protect secrets"),
    ]
    if not backup.with_secrets:
        found.append(Text("secrets are not saved: --with-secrets saves them too"))
    lost = sorted(f"{item.kind} {item.name} ({part})" for item in backup.objects for part in item.lost)
    if lost:
        found.append(
            Text("not included: {parts}; see {directory}/README.txt", parts=", ".join(lost), directory=directory)
        )
    return found
