"""`oc exec` and `oc rsh`: the database of a pod answers, or a program on this machine replaces what runs there (fault `exec`)."""

from __future__ import annotations

import os
import sys

from .. import databases, faults
from ..refusing import not_found
from ..resources import RESOURCES
from ..revisions import note
from ..server import Api
from ..store import Object
from .errors import CommandError, failure
from .files import text_of
from .session import Session

PODS = RESOURCES["pods"]
CONFIG = "openshift.io/deployment-config.name"


def exec_(session: Session) -> None:
    """Runs a command in a pod, which reads this process's standard input with `-i` alone. Raises CommandError."""
    _run(session, bool(session.values.get("stdin")))


def rsh(session: Session) -> None:
    """Runs a command in a pod, which reads this process's standard input. Raises CommandError."""
    _run(session, True)


def _run(session: Session, reads: bool) -> None:
    """Runs the command in a pod, with this process's own streams; its exit code is ours.

    The program gets the pod's name in OC_REHEARSAL_POD, so that it can tell a new pod from the one before. Raises CommandError.
    """
    at = session.values.get("--", 1)
    target, command = session.words[:at], session.words[at:]
    if not target:
        raise failure("pod, type/name or --filename must be specified")
    with session.api() as api:
        pod = _pod(session, api, target[0])
        name = pod["metadata"]["name"]
        api.allow("create", PODS, session.namespace, name, "exec")
        if pod["status"].get("phase") != "Running":
            raise CommandError(
                f"error: cannot exec into a container in a completed pod; current phase is {pod['status'].get('phase')}"
            )
        config = pod["metadata"].get("annotations", {}).get(CONFIG, "")
        if faults.hits_pod(api.store, "no-exec", config):
            raise CommandError(f"error: unable to upgrade connection: container not found ({name})")
        program = faults.program_of(api.store, config)
    answer = None
    if not program:
        read = text_of("-") if reads and command == databases.PLAY else ""
        with session.api() as api:  # read before the cluster is locked: whoever writes may be slow
            found = api.store.get("pods", session.namespace, name)
            answer = None if found is None else databases.answer(api.store, found, command, read)
    if answer is not None:
        out, err, code = answer
        session.out.write(out)
        session.err.write(err)
        if code:
            raise CommandError(f"command terminated with exit code {code}", code)
        return
    if not program:
        raise CommandError(
            f'error: Internal error occurred: error executing command in container: nothing runs in the pods of "{config}" here; see rehearse --fault exec={config}=PROGRAM'
        )
    session.out.flush()
    sys.stderr.flush()
    try:
        code = os.spawnvpe(os.P_WAIT, program, [program, *command], {**os.environ, "OC_REHEARSAL_POD": name})
    except OSError as error:
        raise failure(f"{program}: {os.strerror(error.errno or 0)}") from None
    if code:
        raise CommandError(f"command terminated with exit code {code}", code if code > 0 else 128 - code)


def _pod(session: Session, api: Api, target: str) -> Object:
    """The pod that is named, or the newest one that runs of a config."""
    kind, slash, name = target.rpartition("/")
    if not slash or kind in ("pod", "pods", "po"):
        return api.get(PODS, session.namespace, name)
    if kind not in ("dc", "deploymentconfig", "deploymentconfigs", "deploymentconfigs.apps.openshift.io"):
        raise failure(f"the rehearsal oc finds pods by their name or by dc/NAME, not by {kind}")
    api.config(session.namespace, name)
    own = [
        pod
        for pod in api.items(PODS, session.namespace)
        if pod["metadata"].get("annotations", {}).get(CONFIG) == name
        and "openshift.io/deployer-pod-for.name" not in pod["metadata"].get("labels", {})
        and pod["status"].get("phase") == "Running"
    ]
    if not own:
        raise not_found(PODS, name)
    return max(own, key=lambda pod: int(note(pod, "deployment-config.latest-version") or 0))
