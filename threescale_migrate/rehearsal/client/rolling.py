"""`oc rollout`, `scale` and `set triggers`, over DeploymentConfigs."""

from __future__ import annotations

from .. import deployer, revisions
from ..quickjson import loads
from ..resources import RESOURCES
from ..server import Api
from ..store import Object, copied, moment_of
from .errors import failure
from .session import Session
from .waiting import status

CONFIGS = RESOURCES["deploymentconfigs"]
SINGULAR = CONFIGS.singular


def rollout(session: Session) -> None:
    verb = session.words[0] if session.words else ""
    run = ROLLOUT.get(verb)
    if run is None:
        raise failure(f"the rehearsal oc does not know rollout {verb}".rstrip())
    for word in session.words[1:] or [""]:
        run(session, _name(word, session.words[1:]))
        if "/" not in word:
            break


def _name(word: str, words: list[str]) -> str:
    if "/" in word:
        kind, _, name = word.partition("/")
        if kind not in ("dc", "deploymentconfig", "deploymentconfigs", SINGULAR):
            raise failure(f"no kind {kind!r} is registered for rollouts in the rehearsal oc")
        return name
    if word in ("dc", "deploymentconfig") and len(words) > 1:
        return words[1]
    if not word:
        raise failure("required resource not specified")
    return word


def _newest(session: Session, api: Api, name: str) -> tuple[Object, Object | None, int, str]:
    """A config, its newest revision, that one's number and its phase."""
    config = api.config(session.namespace, name)
    session.warn("deploymentconfigs")
    current = revisions.newest(api.store, config)
    phase = revisions.note(current, "deployment.phase") if current is not None else "New"
    return config, current, config["status"].get("latestVersion", 0), phase


def latest(session: Session, name: str) -> None:
    """Starts a rollout; refused for a paused config and while one is under way."""
    with session.api() as api:
        config, _, version, phase = _newest(session, api, name)
        if config["spec"].get("paused"):
            raise failure("cannot deploy a paused deployment config")
        if version and phase not in revisions.ENDED:
            raise failure(f"#{version} is already in progress ({phase}).")
        api.instantiate(session.namespace, name)
        session.warn("request")
    session.print(f"{SINGULAR}/{name} rolled out")


def pause(session: Session, name: str) -> None:
    """Pauses a config."""
    _pause(session, name, True, "paused", "already paused")


def resume(session: Session, name: str) -> None:
    """Resumes a config."""
    _pause(session, name, None, "resumed", "not paused")


def _pause(session: Session, name: str, value: bool | None, verb: str, otherwise: str) -> None:
    with session.api() as api:
        _, changed = api.patch(CONFIGS, session.namespace, name, "merge", {"spec": {"paused": value}})
    session.warn("deploymentconfigs")
    if not changed:
        raise failure(f'{SINGULAR} "{name}" is {otherwise}')
    session.print(f"{SINGULAR}/{name} {verb}")


def cancel(session: Session, name: str) -> None:
    """Cancels the rollout that is under way."""
    with session.api() as api:
        _, current, version, phase = _newest(session, api, name)
        if current is not None and phase not in revisions.ENDED:
            deployer.cancel(api.cluster.simulation, current)
            return
        phase = phase if current is not None else ""
        made = moment_of(current["metadata"]["creationTimestamp"]) if current is not None else api.store.now()
        ago = int(api.store.now() - made)
        session.print(f"No rollout is in progress (latest rollout #{version} {phase.lower()} {ago} seconds ago)")


def retry(session: Session, name: str) -> None:
    """Starts a failed revision again (fact 15)."""
    with session.api() as api:
        _, current, version, phase = _newest(session, api, name)
        if current is None or phase != "Failed":
            raise failure(
                f"rollout #{version} is {phase.lower()}; only failed deployments can be retried.\nYou can start a new deployment with"
                f" 'oc rollout latest dc/{name}'."
            )
        deployer.retry(api.cluster.simulation, current)
    session.print(f"{SINGULAR}/{name} retried rollout #{version}")


def undo(session: Session, name: str) -> None:
    """Goes back to the revision deployed before, and takes `automatic` off the image triggers (fact 15, fact 18)."""
    with session.api() as api:
        config = copied(api.config(session.namespace, name))
        session.warn("deploymentconfigs")
        wanted = session.values.get("to-revision") or config["status"].get("latestVersion", 0) - 1
        target = api.store.get("replicationcontrollers", session.namespace, f"{name}-{wanted}")
        if target is None:
            raise failure(f"unable to find the specified revision {wanted}")
        before = loads(revisions.note(target, "encoded-deployment-config"))
        spec = {"template": before["spec"]["template"], "triggers": copied(config["spec"].get("triggers") or [])}
        for trigger in spec["triggers"]:
            trigger.get("imageChangeParams", {}).pop("automatic", None)
        changed = {**config, "spec": {**config["spec"], **spec}}
        api.replace(CONFIGS, session.namespace, name, changed)
        session.warn("rollback")
    session.print(f"{SINGULAR}/{name} rolled back")


ROLLOUT = {
    "latest": latest,
    "pause": pause,
    "resume": resume,
    "cancel": cancel,
    "retry": retry,
    "undo": undo,
    "status": status,
}


def scale(session: Session) -> None:
    """How many pods a config should have."""
    replicas = session.values.get("replicas")
    if replicas is None or replicas < 0:
        raise failure('required flag(s) "replicas" not set')
    names = [
        _name(word, session.words) for word in session.words if "/" in word or word not in ("dc", "deploymentconfig")
    ]
    for name in names:
        with session.api() as api:
            api.patch(CONFIGS, session.namespace, name, "merge", {"spec": {"replicas": replicas}})
        session.warn("deploymentconfigs")
        session.warn("scale")
        session.print(f"{SINGULAR}/{name} scaled")


def set_(session: Session) -> None:
    """`set triggers`: the ConfigChange trigger, and whether image triggers are automatic."""
    if session.words[:1] != ["triggers"] or len(session.words) < 2:
        raise failure("the rehearsal oc knows only set triggers")
    name = _name(session.words[1], session.words[1:])
    with session.api() as api:
        config = copied(api.config(session.namespace, name))
        triggers = list(config["spec"].get("triggers") or ())
        if session.values.get("from-config"):
            triggers = [trigger for trigger in triggers if trigger["type"] != "ConfigChange"]
            if not session.values.get("remove"):
                triggers.insert(0, {"type": "ConfigChange"})
        if session.values.get("remove-all"):
            triggers = []
        for trigger in triggers:
            if "imageChangeParams" in trigger and (session.values.get("auto") or session.values.get("manual")):
                trigger["imageChangeParams"]["automatic"] = bool(session.values.get("auto"))
        api.patch(CONFIGS, session.namespace, name, "merge", {"spec": {"triggers": triggers}})
    session.warn("deploymentconfigs")
    session.print(f"{SINGULAR}/{name} triggers updated")
