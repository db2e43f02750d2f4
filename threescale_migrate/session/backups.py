"""A backup as commands make one: where it goes, and what is said of it. What is in it is the guide's."""

from __future__ import annotations

from ..cluster.oc import Oc
from ..engine import backup as engine
from ..guide import backup as guide
from ..guide.backup import Backup
from ..values import Refused, Text, Verdict
from .options import Saving
from .session import Session


def save(session: Session, oc: Oc, saving: Saving, show: bool) -> bool:
    """Reads the project and writes its backup; says what is in it, on stdout where that is the command's result.

    Gives whether all of it could be read. Raises OcError, Usage where it cannot be written, Refused where there is nothing.
    """
    directory = engine.usable(saving.directory or "")
    backup = engine.read(oc, saving.with_secrets)
    if not guide.ordered(backup.objects):
        raise Refused(
            Text("there is nothing to save in project {project}: name the right one with -n", project=backup.project)
        )
    engine.write(guide.documents(backup), directory)
    terminal = session.result if show else session.talk
    if not session.output.quiet:
        for sentence in _said(backup, str(directory)):
            terminal.line(terminal.say(sentence))
    for kind, why in backup.unread:
        sentence = Text("not saved, since it cannot be read: {kind} ({why})", kind=kind, why=why)
        session.talk.line(f"{session.talk.mark(Verdict.UNKNOWN)} {session.talk.say(sentence)}", 0, 4)
    return not backup.unread


def _said(backup: Backup, directory: str) -> list[Text]:
    counts = ", ".join(f"{kind} {count}" for kind, count in backup.counts.items())
    total = sum(backup.counts.values())
    found = [
        Text("{count} objects are saved in {directory}: {counts}", count=total, directory=directory, counts=counts),
        Text("the files hold what configs hold in clear: keep them as you keep secrets"),
    ]
    if not backup.with_secrets:
        found.append(Text("secrets are not saved: --with-secrets saves them too"))
    lost = sorted(f"{item.kind} {item.name} ({part})" for item in backup.objects for part in item.lost)
    if lost:
        found.append(Text("not in it: {parts}; see {directory}/README.txt", parts=", ".join(lost), directory=directory))
    return found
