"""What runs changed, as the request of an undo. How it is undone is decided in `guide/undoing.py`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress

from ..cluster.oc import NotFound, Oc, OcError
from ..cluster.project import read_secret as read_project_secret
from ..engine import records
from ..engine import undoing as sequence
from ..engine.records import Record
from ..engine.run import Failed, Run
from ..guide import registry_secret, undoing
from ..guide.undoing import Undo
from ..values import SECRET_NAME, Inverse, PullSecret, Text, Usage, Verdict
from .sources import of_file


def changes_of(runs: Iterable[Record]) -> tuple[Inverse, ...]:
    """What the runs changed, newest first."""
    entries = [entry for record in runs for entry in reversed(record.changes)]
    return undoing.merged(entry.inverse for entry in entries)


def manifests(oc: Oc, changes: Iterable[Inverse], given: PullSecret | None) -> dict[str, str]:
    """The secrets that can be brought back, by fingerprint: the user's file, the file that the run read, the one that was kept."""
    found = {} if given is None else {given.fingerprint: given.manifest}
    for change in changes:
        path = change.detail.get("path")
        if path and os.path.isfile(path):
            with suppress(Usage):  # it is another file by now, and may not be needed
                secret = of_file(path)
                oc.redact.learn(*secret.secrets)
                found.setdefault(secret.fingerprint, secret.manifest)
        for name in filter(None, (change.detail.get("backup"), change.detail.get("copy"))):
            with suppress(NotFound):
                kept = read_project_secret(oc, name)
                found[kept.fingerprint] = registry_secret.renamed(kept.manifest, SECRET_NAME)
    return found


def after_failure(run: Run, error: Failed) -> Failed:
    """Takes the run that has failed back at once. Gives the failure, with what has become of it."""
    run.watcher.note(Text("{said}", said=error.text))
    run.watcher.note(Text("taking back what this run has changed (--on-failure undo)"))
    changes = changes_of([records.read(run.journal.path)])
    wanted = Undo(changes, manifests(run.oc, changes, run.request.pull_secret))
    try:
        _, checks = sequence.undo(run, wanted)
    except (Failed, OcError) as again:
        said = Text("{first}\nand taking it back failed: {second}", first=error.text, second=again.text)
        return Failed(said, error.exit_code)
    left = [check for check in checks if check.verdict is not Verdict.PASSED]
    sentence = (
        "{first}\nthe run was taken back: all is as before"
        if not left
        else "{first}\nthe run was taken back, but for: {left}"
    )
    names = ", ".join(check.subject for check in left)
    return Failed(Text(sentence, first=error.text, left=names), error.exit_code)
