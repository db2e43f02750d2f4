"""`export`: writes a project with all secrets masked, for support and for `rehearse --from`. It changes nothing."""

from __future__ import annotations

import os
import time
from pathlib import Path

from .. import __version__, files
from ..cluster.export_masking import TYPES, Masking, bundle
from ..engine.backup_files import read_each
from ..exit_codes import ExitCode
from ..language import system_error
from ..options import Options
from ..render.result import Result, Told
from ..run.connection import LOOKING_TIMEOUT, located
from ..run.session import Session
from ..values import Refused, Text, Usage


def run(session: Session, options: Options) -> Result:
    """Writes the file. Raises what asking the cluster raises, Usage where it cannot be written, Refused where there is nothing."""
    path = Path(options.file)
    if os.path.lexists(path):
        raise Usage(Text("{path} already exists: give the name of a new file", path=options.file))
    oc = session.connect(LOOKING_TIMEOUT)
    where = located(oc, options)
    masking = Masking()
    items, unread = read_each(oc, TYPES, masking.by_place)
    if not any(item["kind"] == "DeploymentConfig" for item in items):
        raise Refused(
            Text("there is no DeploymentConfig in project {project}: name the right one with -n", project=where.project)
        )
    about = {
        "made_by": f"threescale-migrate {__version__}",
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "project": where.project,
        "unread": dict(unread),
    }
    try:
        files.write(path, "".join(bundle(items, about, masking)))
    except OSError as error:
        raise Usage(Text("{path} cannot be written ({why})", path=options.file, why=system_error(error))) from None
    done = (
        Text(
            "{path} contains {count} objects, without secrets; anything that may contain one is masked",
            count=len(items),
            path=options.file,
        ),
        Text("it contains names, images, hosts of routes and users: review it before you send it"),
    )
    left = tuple(Text("skipped, because it cannot be read: {kind} ({why})", kind=kind, why=why) for kind, why in unread)
    return session.result(ExitCode.UNKNOWN if unread else ExitCode.DONE, Told(done, left))
