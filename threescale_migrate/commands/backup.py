"""`backup`: saves a project's objects as files for `oc create -f`. It changes nothing in the cluster."""

from __future__ import annotations

from ..cluster.clock import Clock
from ..cluster.oc import READ_TRIES
from ..cluster.reading import observe_rollouts
from ..exit_codes import ExitCode
from ..guide.dumps import SECONDS
from ..options import Options
from ..render.result import Result
from ..run.backups import findings, save
from ..run.connection import LOOKING_TIMEOUT, located
from ..run.session import Session
from ..values import Refused, Text, Usage


def run(session: Session, options: Options) -> Result:
    """Writes the backup. Raises what asking the cluster raises, Usage where the directory cannot be written, Refused."""
    oc = session.connect(LOOKING_TIMEOUT)
    where = located(oc, options)
    state = None
    if options.dump is not None:
        state = observe_rollouts(oc, tries=READ_TRIES)
        for found in findings(oc, state, where.user, options):
            sentence = Text("{subject}: {seen}", subject=found.subject, seen=found.seen)
            raise Usage(sentence, found.fix) if found.usage else Refused(sentence, found.fix)
        oc.clock = Clock(LOOKING_TIMEOUT + SECONDS)
    made = save(session, oc, options.directory, state)
    return session.result(ExitCode.DONE if made.whole else ExitCode.UNKNOWN, made.told)
