"""The request of a command, read from its options, the environment, and the files that they name."""

from __future__ import annotations

from pathlib import Path

from .. import files
from ..cluster.oc import Oc
from ..cluster.state import ProjectState
from ..guide.pull_proof import IMAGE
from ..guide.selection import choose
from ..guide.service_account import BUILDER
from ..language import system_error
from ..options import ALL, NONE, ONE, STDOUT
from ..values import DEFAULT_ACCOUNT, NEXT_IMAGES, Refused, Request, Step, Text, Usage
from .session import Session
from .sources import read_secret

# What tests the token unless it is told not to.
TESTING = ("plan", "preflight", "migrate", "step")
# Larger than any order of waves.
LARGEST = 1024 * 1024


def request_of(session: Session, oc: Oc) -> Request:
    """What the user asked for. Raises Usage for unusable input, Refused, OcError."""
    options = session.options
    secret = read_secret(session, oc)
    if options.wave_plan == STDOUT and session.command != "plan":
        raise Usage(Text("--wave-plan: name a file; plan --wave-plan prints one"))
    # Before a change it is made by default, with one image; of a step alone, where pods depend on it.
    tested = session.command in TESTING and not options.check
    tested = tested and Step.REGISTRY_SECRET not in options.skip
    if session.command == "step":
        tested = tested and options.step in (Step.REGISTRY_SECRET, Step.DEPLOYMENT_CONFIGS)
    by_default = options.prove_pull is None and tested
    image = ONE if by_default else options.prove_pull
    images = () if image in (None, NONE) else {ALL: NEXT_IMAGES, ONE: (IMAGE,)}.get(image, (image,))
    return Request(
        configs=options.dc,
        pull_secret=secret,
        replace_secret=options.replace_secret,
        service_discovery=options.service_discovery,
        copy_privileged=options.copy_privileged,
        link_default=DEFAULT_ACCOUNT not in options.no_link,
        link_builder=BUILDER not in options.no_link,
        resume_paused=options.resume_paused,
        skip=frozenset(options.skip),
        waves=() if options.wave_plan in (None, STDOUT) else read_waves(options.wave_plan),
        all_at_once=options.all_at_once,
        prove_pull=images,
        prove_by_default=by_default,
        lose_data=options.lose_data,
    )


def read_waves(path: str) -> tuple[tuple[str, ...], ...]:
    """A line of names for each wave; what follows a `#` is left out. Raises Usage."""
    try:
        text = files.read(Path(path), LARGEST).decode("utf-8-sig")
    except (OSError, ValueError) as error:  # a ValueError: no text, or a name with a NUL
        why = system_error(error) if isinstance(error, OSError) else Text("not UTF-8 text")
        raise Usage(Text("--wave-plan: {path} cannot be read ({why})", path=path, why=why)) from None
    lines = (line.partition("#")[0].replace(",", " ").split() for line in text.splitlines())
    found = tuple(tuple(line) for line in lines if line)
    if not found:
        raise Usage(Text("--wave-plan: {path} names no config", path=path))
    return found


def check_project(state: ProjectState, request: Request) -> None:
    """Raises Refused if the project has nothing to migrate, or does not show it."""
    if "dc" in state.unread:
        raise Refused(Text("the DeploymentConfigs cannot be read: {why}", why=state.unread["dc"]))
    if not choose(state, request).configs:
        raise Refused(
            Text(
                "there is no DeploymentConfig of 3scale in project {project}: name the right one with -n",
                project=state.namespace,
            )
        )
