"""`preflight`: checks all that `migrate` needs. It changes nothing."""

from __future__ import annotations

from ..cluster.location import locate
from ..cluster.reading import observe
from ..exit_codes import ExitCode
from ..options import Options
from ..render.result import Preflight, Result
from ..run.connection import LOOKING_TIMEOUT
from ..run.preflight import examine, exit_code
from ..run.requests import request_of
from ..run.session import Session


def run(session: Session, options: Options) -> Result:
    """The findings. Raises what asking the cluster raises."""
    oc = session.connect(LOOKING_TIMEOUT)
    where = locate(oc)
    request = request_of(session, oc)
    seen = examine(
        oc,
        where,
        observe(oc, ahead=True, elsewhere=request.permissions),
        request,
        options,
        with_version=True,
    )
    code = exit_code(seen.findings)
    ready = code is ExitCode.DONE and bool(seen.attempt.actions)
    return session.result(code, Preflight(where.project, seen.findings, ready))
