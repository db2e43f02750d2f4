"""`preflight`: checks all that `migrate` needs. It changes nothing."""

from __future__ import annotations

from ..cluster.location import locate
from ..cluster.reading import observe
from ..exit_codes import ExitCode
from ..options import Options
from ..render import document, text
from ..run.connecting import LOOKING_TIMEOUT
from ..run.preflight import examine, meaning, summary, verdict, version_of
from ..run.requests import request_of
from ..run.session import Session


def run(session: Session, options: Options) -> ExitCode:
    """Shows the findings. Raises what asking the cluster raises."""
    oc = session.connect(LOOKING_TIMEOUT)
    where = locate(oc)
    request = request_of(session, oc)
    seen = examine(
        oc,
        where,
        observe(oc, ahead=True, elsewhere=request.permissions),
        request,
        options,
        version_of(oc),
    )
    code = meaning(seen.findings)
    if session.options.is_document:
        document.write(
            document.preflight("preflight", where.project, seen.findings, int(code), session.invocation),
            session.options.output,
        )
        return code
    terminal = session.result
    text.show_findings(terminal, seen.findings, session.options.quiet)
    if not (session.options.quiet and code is ExitCode.DONE):
        if code is ExitCode.DONE and seen.attempt.actions:
            session.next(terminal, "migrate")
        text.show_verdict(terminal, verdict(seen.findings), summary(seen.findings))
    return code
