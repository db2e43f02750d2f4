"""What others do to a project while it is migrated: each act by its name, done to a rehearsal's directory at one moment.

Each is done by the API of the rehearsal itself, as a cluster admin whom no fault concerns, under the store's lock: the next call
of `oc` finds the project so. This module decides nothing about what a migration is to say of them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conftest import World
from tests.support.in_process import command, in_a_copy
from threescale_migrate.rehearsal import deployer, launch, revisions
from threescale_migrate.rehearsal.pods import role
from threescale_migrate.rehearsal.refusing import ApiError
from threescale_migrate.rehearsal.resources import RESOURCES
from threescale_migrate.rehearsal.server import Api, open_cluster
from threescale_migrate.rehearsal.store import Object

CONFIG = "zync"
SECRET = "threescale-registry-auth"
ACCOUNT = "amp"
RIGHTS = {"change": ["forbidden", "patch:deploymentconfigs"], "look": ["forbidden", "list:pods"]}
QUOTA = "others"


def _delete(plural: str, name: str) -> Callable[[Api], None]:
    def act(api: Api) -> None:
        api.delete(RESOURCES[plural], launch.PROJECT, name)

    return act


def _patch(plural: str, name: str, patch: Object, kind: str = "merge") -> Callable[[Api], None]:
    def act(api: Api) -> None:
        api.patch(RESOURCES[plural], launch.PROJECT, name, kind, patch)

    return act


def _newest(api: Api) -> Object:
    found = revisions.newest(api.store, api.config(launch.PROJECT, CONFIG))
    if found is None:
        raise ApiError(404, "NotFound", "there is no revision yet")
    return found


def _delete_pods(wanted: str) -> Callable[[Api], None]:
    """Deletes the pods of the config: its own, or its deployers that run."""

    def act(api: Api) -> None:
        for pod in list(api.items(RESOURCES["pods"], launch.PROJECT)):
            owner = pod["metadata"].get("annotations", {}).get("openshift.io/deployment-config.name")
            ended = pod["status"].get("phase") in ("Succeeded", "Failed")
            if owner == CONFIG and role(pod) == wanted and not ended:
                api.delete(RESOURCES["pods"], launch.PROJECT, pod["metadata"]["name"])

    return act


def _delete_controller(api: Api) -> None:
    api.delete(RESOURCES["replicationcontrollers"], launch.PROJECT, _newest(api)["metadata"]["name"])


def _cancel(api: Api) -> None:
    current = _newest(api)
    if revisions.note(current, "deployment.phase") not in revisions.ENDED:
        deployer.cancel(api.cluster.simulation, current)


def _roll_out(api: Api) -> None:
    config = api.config(launch.PROJECT, CONFIG)
    if not config["spec"].get("paused") and revisions.note(_newest(api), "deployment.phase") in revisions.ENDED:
        api.instantiate(launch.PROJECT, CONFIG)


def _unlink(account: str) -> Callable[[Api], None]:
    def act(api: Api) -> None:
        item = api.get(RESOURCES["serviceaccounts"], launch.PROJECT, account)
        kept = [known for known in item.get("imagePullSecrets") or () if known["name"] != SECRET]
        api.replace(RESOURCES["serviceaccounts"], launch.PROJECT, account, {**item, "imagePullSecrets": kept})

    return act


def _unbind(api: Api) -> None:
    """Takes `amp` out of each binding of the project."""
    for binding in list(api.items(RESOURCES["rolebindings"], launch.PROJECT)):
        subjects = binding.get("subjects") or []
        left = [known for known in subjects if known["name"] != ACCOUNT]
        name = binding["metadata"]["name"]
        if len(left) < len(subjects) and left:
            api.patch(RESOURCES["rolebindings"], launch.PROJECT, name, "merge", {"subjects": left})
        elif len(left) < len(subjects):
            api.delete(RESOURCES["rolebindings"], launch.PROJECT, name)


def _quota(api: Api) -> None:
    """A quota that takes no pod beyond those that are there."""
    live = [
        pod
        for pod in api.items(RESOURCES["pods"], launch.PROJECT)
        if pod["status"].get("phase") not in ("Succeeded", "Failed")
    ]
    item: dict[str, Any] = {"metadata": {"name": QUOTA}, "spec": {"hard": {"pods": str(len(live))}}}
    api.create(RESOURCES["resourcequotas"], launch.PROJECT, item)


def _revoke(what: str) -> Callable[[Api], None]:
    def act(api: Api) -> None:
        api.store.settings.setdefault("faults", []).append(list(RIGHTS[what]))
        api.store.changed = True

    return act


def _give_back(what: str) -> Callable[[Api], None]:
    def act(api: Api) -> None:
        api.store.settings["faults"] = [one for one in api.store.settings.get("faults", []) if one != RIGHTS[what]]
        api.store.changed = True

    return act


_TOUCHED = {"spec": {"template": {"metadata": {"annotations": {"touched": "by another"}}}}}
_NO_LOGIN = {"data": {".dockerconfigjson": "eyJhdXRocyI6IHt9fQ=="}}

ACTS: dict[str, Callable[[Api], None]] = {
    "a config is deleted": _delete("deploymentconfigs", CONFIG),
    "a config is changed": _patch("deploymentconfigs", CONFIG, _TOUCHED),
    "a pod is deleted": _delete_pods("app"),
    "a deployer pod is deleted": _delete_pods("deployer"),
    "a controller is deleted": _delete_controller,
    "the secret is deleted": _delete("secrets", SECRET),
    "the secret is changed": _patch("secrets", SECRET, _NO_LOGIN),
    "the account is deleted": _delete("serviceaccounts", ACCOUNT),
    "the account is changed": _patch("serviceaccounts", ACCOUNT, {"metadata": {"labels": {"touched": "yes"}}}),
    "the link of amp is taken off": _unlink(ACCOUNT),
    "the link of default is taken off": _unlink("default"),
    "the binding of amp is deleted": _unbind,
    "a config is scaled up": _patch("deploymentconfigs", CONFIG, {"spec": {"replicas": 2}}),
    "a config is scaled to zero": _patch("deploymentconfigs", CONFIG, {"spec": {"replicas": 0}}),
    "a config is paused": _patch("deploymentconfigs", CONFIG, {"spec": {"paused": True}}),
    "a config is rolled out": _roll_out,
    "a rollout is cancelled": _cancel,
    "a quota is set": _quota,
    "the right to patch is revoked": _revoke("change"),
    "the right to look is revoked": _revoke("look"),
}
# What puts right again what would hinder each later run; the others are no hindrance.
REMEDIES: dict[str, Callable[[Api], None]] = {
    "a config is paused": _patch("deploymentconfigs", CONFIG, {"spec": {"paused": None}}),
    "a quota is set": _delete("resourcequotas", QUOTA),
    "the right to patch is revoked": _give_back("change"),
    "the right to look is revoked": _give_back("look"),
}


def strike(directory: Path | str, name: str) -> bool:
    """Does an act to the cluster of a directory; False where there is nothing to do it to, such as a secret that is not there."""
    return _do(directory, ACTS[name])


def put_right(directory: Path | str, name: str) -> bool:
    """Undoes what would hinder each later run, where an act does so; False where there is nothing to put right."""
    return name in REMEDIES and _do(directory, REMEDIES[name])


def _do(directory: Path | str, act: Callable[[Api], None]) -> bool:
    with open_cluster(directory) as cluster:
        try:
            act(cluster.api(acting=True))
        except ApiError as error:
            if error.status in (404, 409):
                return False
            raise
    return True


def other_home(directory: Path | str) -> Path:
    """Where the other workstation keeps its journals and locks."""
    return Path(directory).parent / "other-home"


def second_run(world: World) -> bool:
    """Another workstation migrates the same project from beginning to end, in a copy of this process."""
    environment = {**world.environment, "XDG_STATE_HOME": str(other_home(world.directory))}
    return in_a_copy(lambda: command(world.migration(), environment, world.home)) == 0


SECOND_RUN = "a second run"
HAPPENINGS = (*ACTS, SECOND_RUN)


def happen(world: World, name: str) -> bool:
    """What others do; False where there is nothing to do it to."""
    return second_run(world) if name == SECOND_RUN else strike(world.directory, name)
