"""`backup`: saves a project's objects as files that `oc create -f` takes. It changes nothing in the cluster."""

from __future__ import annotations

from ..exit_codes import ExitCode
from ..session.backups import save
from ..session.connecting import LOOKING_TIMEOUT
from ..session.location import located
from ..session.options import BackupOptions
from ..session.session import Session


def run(session: Session, options: BackupOptions) -> ExitCode:
    """Writes the backup. Raises what asking the cluster raises, Usage where the directory cannot be written, Refused."""
    oc = session.connect(LOOKING_TIMEOUT)
    located(oc, options.expect)
    whole = save(session, oc, options.saving, show=True)
    return ExitCode.DONE if whole else ExitCode.UNKNOWN
