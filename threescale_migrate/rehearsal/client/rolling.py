"""`oc rollout`, `scale` and `set triggers`, over DeploymentConfigs, and `wait`."""

from __future__ import annotations

import time

from .. import deployer, revisions
from ..quickjson import loads
from ..resources import RESOURCES, Resource
from ..server import Api
from ..store import Object, copied, moment_of
from .errors import failure
from .session import Session

CONFIGS = RESOURCES["deploymentconfigs"]
SINGULAR = CONFIGS.singular
# How often a command that waits looks again, in real seconds.
LOOK = 0.05
PINNED_STEP = 0.5


def rollout(session: Session) -> None:
    """The rollout verbs."""
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


def latest(session: Session, name: str) -> None:
    """Starts a rollout; refused for a paused config and while one is under way."""
    with session.api() as api:
        config = api.config(session.namespace, name)
        session.warn("deploymentconfigs")
        if config["spec"].get("paused"):
            raise failure("cannot deploy a paused deployment config")
        current = revisions.newest(api.store, config)
        version = config["status"].get("latestVersion", 0)
        if version and (current is None or revisions.note(current, "deployment.phase") not in revisions.ENDED):
            phase = revisions.note(current, "deployment.phase") if current is not None else "New"
            raise failure(f"#{version} is already in progress ({phase}).")
        api.instantiate(session.namespace, name)
        session.warn("request")
    session.print(f"{SINGULAR}/{name} rolled out")


def pause(session: Session, name: str) -> None:
    """Pauses a config."""
    _change(session, name, {"spec": {"paused": True}}, "paused")


def resume(session: Session, name: str) -> None:
    """Resumes a config."""
    _change(session, name, {"spec": {"paused": None}}, "resumed")


def _change(session: Session, name: str, patch: Object, verb: str) -> None:
    with session.api() as api:
        _, changed = api.patch(CONFIGS, session.namespace, name, "merge", patch)
    session.warn("deploymentconfigs")
    if not changed and verb in ("paused", "resumed"):
        raise failure(
            f'{SINGULAR} "{name}" is already {verb}' if verb == "paused" else f'{SINGULAR} "{name}" is not paused'
        )
    session.print(f"{SINGULAR}/{name} {verb}")


def cancel(session: Session, name: str) -> None:
    """Cancels the rollout that is under way."""
    with session.api() as api:
        config = api.config(session.namespace, name)
        session.warn("deploymentconfigs")
        current = revisions.newest(api.store, config)
        phase = revisions.note(current, "deployment.phase") if current is not None else ""
        if current is not None and phase not in revisions.ENDED:
            deployer.cancel(api.cluster.simulation, current)
            return
        version = config["status"].get("latestVersion", 0)
        made = moment_of(current["metadata"]["creationTimestamp"]) if current is not None else api.store.now()
        ago = int(api.store.now() - made)
        session.print(f"No rollout is in progress (latest rollout #{version} {phase.lower()} {ago} seconds ago)")


def retry(session: Session, name: str) -> None:
    """Starts a failed revision again (recordings/README.md 15)."""
    with session.api() as api:
        config = api.config(session.namespace, name)
        session.warn("deploymentconfigs")
        current = revisions.newest(api.store, config)
        version = config["status"].get("latestVersion", 0)
        phase = revisions.note(current, "deployment.phase") if current is not None else "New"
        if current is None or phase != "Failed":
            raise failure(
                f"rollout #{version} is {phase.lower()}; only failed deployments can be retried.\nYou can start a new deployment with"
                f" 'oc rollout latest dc/{name}'."
            )
        deployer.retry(api.cluster.simulation, current)
    session.print(f"{SINGULAR}/{name} retried rollout #{version}")


def undo(session: Session, name: str) -> None:
    """Goes back to the revision deployed before, and takes `automatic` off the image triggers (README 15, 18)."""
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


def history(session: Session, name: str) -> None:
    """The revisions and what they came from."""
    with session.api() as api:
        config = api.config(session.namespace, name)
        session.warn("deploymentconfigs")
        found = revisions.revisions(api.store, config)
    session.print(f"{SINGULAR}/{name} ")
    session.print("REVISION\tSTATUS\t\tCAUSE")
    for item in found:
        version, phase = (
            revisions.note(item, "deployment-config.latest-version"),
            revisions.note(item, "deployment.phase"),
        )
        tabs = "\t" * (2 - len(phase) // 8)
        session.print(f"{version}\t\t{phase}{tabs}{revisions.note(item, 'deployment.status-reason')}")
    session.print("")


def _seconds(text: str) -> float | None:
    import re

    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)?", text or "0")
    if match is None:
        raise failure(f'invalid argument "{text}" for "--timeout" flag')
    return float(match[1]) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600, None: 1}[match[2]] or None


def status(session: Session, name: str) -> None:
    """Waits for the newest rollout, in the cluster's time, and says what it waits for whenever the config changes."""
    timeout = _seconds(str(session.values.get("timeout") or ""))
    seen, began = "", None
    while True:
        with session.api() as api:
            now = api.store.now()
            began = now if began is None else began
            config = api.config(session.namespace, name)
            if not seen:  # an old client asks, lists and watches, and is warned of each
                for _ in range(3 if session.has("status asks three times") else 1):
                    session.warn("deploymentconfigs")
            line, done = _status_line(config)
            changed, seen = config["metadata"]["resourceVersion"] != seen, config["metadata"]["resourceVersion"]
            pinned = _let_pass(api)
        if changed:
            session.print(line)
            session.out.flush()
        if done or session.values.get("watch") is False:
            return
        if timeout is not None and now - began >= timeout:
            raise failure("timed out waiting for the condition")
        time.sleep(0 if pinned else LOOK)


def _status_line(config: Object) -> tuple[str, bool]:
    """What `oc rollout status` says, and whether that is its last word. Raises CommandError for a failed rollout."""
    state, name = config["status"], config["metadata"]["name"]
    if state.get("latestVersion", 0) == 0:
        return f"Waiting for rollout to finish: {name} has not been deployed yet...", False
    if config["metadata"]["generation"] > state.get("observedGeneration", 0):
        return "Waiting for latest deployment config spec to be observed by the controller loop...", False
    progress: Object = next((c for c in state.get("conditions", ()) if c["type"] == "Progressing"), {})
    reason, replicas = progress.get("reason", ""), config["spec"]["replicas"]
    if reason == "NewReplicationControllerAvailable":
        return f'replication controller "{name}-{state["latestVersion"]}" successfully rolled out', True
    if reason in ("ProgressDeadlineExceeded", "RolloutCancelled"):
        raise failure(progress["message"])
    updated = state.get("updatedReplicas", 0)
    if updated < replicas:
        return f"Waiting for rollout to finish: {updated} out of {replicas} new replicas have been updated...", False
    if state.get("replicas", 0) > updated:
        return (
            f"Waiting for rollout to finish: {state['replicas'] - updated} old replicas are pending termination...",
            False,
        )
    if state.get("availableReplicas", 0) < updated:
        return (
            f"Waiting for rollout to finish: {state.get('availableReplicas', 0)} of {updated} updated replicas are available...",
            False,
        )
    return "Waiting for latest deployment config spec to be observed by the controller loop...", False


ROLLOUT = {
    "latest": latest,
    "pause": pause,
    "resume": resume,
    "cancel": cancel,
    "retry": retry,
    "undo": undo,
    "history": history,
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


def wait(session: Session) -> None:
    """`oc wait --for=condition=…` and `--for=jsonpath=…`, in the cluster's time."""
    from .reading import targets

    wanted, _ = targets(session, "oc wait")
    kind, _, condition = str(session.values.get("for") or "").partition("=")
    if kind not in ("condition", "jsonpath"):
        raise failure("the rehearsal oc waits for condition= and jsonpath= only")
    timeout = _seconds(str(session.values.get("timeout") or "30s"))
    for resource, names in wanted:
        for name in names:
            _wait_for(session, resource, name, kind, condition, timeout)


def _wait_for(
    session: Session, resource: Resource, name: str, kind: str, condition: str, timeout: float | None
) -> None:
    began = None
    while True:
        with session.api() as api:
            now = api.store.now()
            began = now if began is None else began
            item = api.get(resource, session.namespace, name)
            session.warn(resource.plural)
            pinned = _let_pass(api)
        if _met(item, kind, condition):
            session.print(f"{resource.singular}/{name} condition met")
            return
        if timeout is not None and now - began >= timeout:
            raise failure(f"timed out waiting for the condition on {resource.plural}/{name}")
        time.sleep(0 if pinned else LOOK)


def _met(item: Object, kind: str, condition: str) -> bool:
    if kind == "condition":
        name, _, value = condition.partition("=")
        known = item.get("status", {}).get("conditions") or ()
        return any(
            c["type"].lower() == name.lower() and c["status"].lower() == (value or "true").lower() for c in known
        )
    from .jsonpath import render

    path, _, value = condition.rpartition("=") if "}=" in condition else (condition, "", "")
    found = render(path, item)
    return found == value if value else bool(found)


def _let_pass(api: Api) -> bool:
    """Whether the clock stands still; waiting is the only thing that moves it then."""
    if api.store.clock.data.get("pinned") is None:
        return False
    now, due = api.store.now(), api.cluster.simulation.quiet_at()
    api.store.clock.pin(now + PINNED_STEP if due is None else min(now + PINNED_STEP, max(now + 0.001, due)))
    return True


def set_(session: Session) -> None:
    """`set triggers`: the ConfigChange trigger, and whether image triggers are automatic."""
    if session.words[:1] != ["triggers"] or len(session.words) < 2:
        raise failure("the rehearsal oc knows set triggers only")
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
