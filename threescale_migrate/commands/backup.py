"""`backup`: saves a project's objects as files for `oc create -f`. It changes nothing in the cluster."""

from __future__ import annotations

from ..exit_codes import ExitCode
from ..options import Options
from ..render.result import Result
from ..run.backups import save
from ..run.connection import LOOKING_TIMEOUT, located
from ..run.session import Session


def run(session: Session, options: Options) -> Result:
    """Writes the backup. Raises what asking the cluster raises, Usage where the directory cannot be written, Refused."""
    oc = session.connect(LOOKING_TIMEOUT)
    located(oc, options)
    told = save(session, oc, options.directory)
    return session.result(ExitCode.UNKNOWN if told.left else ExitCode.DONE, told)
