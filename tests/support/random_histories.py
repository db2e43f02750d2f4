"""A rehearsal cluster in memory, for random histories of rollouts: what may happen to a project, and what is true of it.

The truth comes from the cluster's own objects, by other rules than the tool's and without its parser.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from threescale_migrate.cluster.parsing import parse_project
from threescale_migrate.cluster.state import ProjectState
from threescale_migrate.guide.change import Change
from threescale_migrate.rehearsal import deployer, pods, revisions, switching, threescale
from threescale_migrate.rehearsal.beginning import begin
from threescale_migrate.rehearsal.refusing import ApiError
from threescale_migrate.rehearsal.resources import RESOURCES
from threescale_migrate.rehearsal.server import Api, Cluster
from threescale_migrate.rehearsal.simulation import Simulation
from threescale_migrate.rehearsal.store import Object, Store
from threescale_migrate.values import ACCOUNT, SECRET_NAME

PROJECT = "threescale"
BEGIN = 1_800_000_000.0
# One of each kind: Rolling with hooks, Rolling, Recreate.
CONFIGS = ("system-app", "zync", "zync-database")
LISTED = ("deploymentconfigs", "replicationcontrollers", "pods", "serviceaccounts", "imagestreams", "events")
LONG = 4 * 3600.0


@cache
def _at_rest() -> str:
    """A project of three configs, at rest, with the account and the pull secret."""
    store = Store.fresh(1, 1.0, begin=BEGIN)
    store.clock.pin(BEGIN)
    documents = [
        item
        for item in threescale.documents()
        if item["kind"] != "DeploymentConfig" or item["metadata"]["name"] in CONFIGS
    ]
    begin(store, documents, PROJECT)
    store.settings["project"] = PROJECT
    store.clock.pin(BEGIN + 600)
    Cluster(store)
    return json.dumps(store.data)


class History:
    """A project to which things happen, at a clock that only the history moves."""

    def __init__(self) -> None:
        self.store = Store(json.loads(_at_rest()))
        self.blamed = False
        self.account(True)
        self.link(True)

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.store)

    @property
    def api(self) -> Api:
        return self.cluster.api()

    def wait(self, seconds: float) -> None:
        """Lets time pass."""
        self.store.clock.pin(self.store.now() + seconds)
        Cluster(self.store)

    def account(self, there: bool) -> None:
        """Makes the account, or deletes it."""
        if there and self.store.get("serviceaccounts", PROJECT, ACCOUNT) is None:
            item: Object = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT}}
            self.api.create(RESOURCES["serviceaccounts"], PROJECT, item)
        elif not there:
            self.store.remove("serviceaccounts", PROJECT, ACCOUNT)
            self.blamed = True

    def link(self, linked: bool) -> None:
        """Links the pull secret to the account, or takes it off."""
        item = self.store.get("serviceaccounts", PROJECT, ACCOUNT)
        if item is not None:
            item["imagePullSecrets"] = [{"name": SECRET_NAME}] if linked else []
            self.store.put("serviceaccounts", item)

    def patch(self, name: str, spec: dict[str, Any]) -> None:
        """Patches a config's spec."""
        self.api.patch(RESOURCES["deploymentconfigs"], PROJECT, name, "strategic", {"spec": spec})

    def run_as(self, name: str, account: str | None) -> None:
        """Patches a config's account."""
        pod_spec = {"serviceAccountName": account, "serviceAccount": account}
        self.patch(name, {"template": {"spec": pod_spec}})

    def touch(self, name: str, value: int) -> None:
        """Somebody else changes the template."""
        self.patch(name, {"template": {"metadata": {"annotations": {"touched": str(value)}}}})

    def config_change(self, name: str, wanted: bool) -> None:
        """Takes the ConfigChange trigger off, or puts it back."""
        triggers = [t for t in self.config(name)["spec"].get("triggers") or () if t["type"] != "ConfigChange"]
        item = copy.deepcopy(self.config(name))
        item["spec"]["triggers"] = [{"type": "ConfigChange"}, *triggers] if wanted else triggers
        self.api.replace(RESOURCES["deploymentconfigs"], PROJECT, name, item)

    def config(self, name: str) -> Object:
        """A config as it is stored."""
        found = self.store.get("deploymentconfigs", PROJECT, name)
        assert found is not None
        return found

    def newest(self, name: str) -> Object | None:
        """The newest revision of a config, by the cluster's own book."""
        return revisions.newest(self.store, self.config(name))

    def phase(self, name: str) -> str:
        """How far its newest revision is; empty where there is none yet."""
        newest = self.newest(name)
        return "" if newest is None else revisions.note(newest, "deployment.phase")

    def revision_account(self, name: str) -> str:
        """The account of its newest revision's template."""
        newest = self.newest(name)
        assert newest is not None
        return str(newest["spec"]["template"]["spec"].get("serviceAccountName", "default"))

    def latest(self, name: str) -> bool:
        """`oc rollout latest`; false where the server refuses it."""
        if self.config(name)["spec"].get("paused") or self.phase(name) not in revisions.ENDED:
            return False
        self.api.instantiate(PROJECT, name)
        return True

    def cancel(self, name: str) -> None:
        """`oc rollout cancel`, where one is under way."""
        newest = self.newest(name)
        if newest is not None and self.phase(name) not in revisions.ENDED:
            deployer.cancel(Simulation(self.store), newest)

    def retry(self, name: str) -> None:
        """`oc rollout retry`, of a failed one."""
        newest = self.newest(name)
        if newest is not None and self.phase(name) == "Failed":
            deployer.retry(Simulation(self.store), newest)

    def evict(self, name: str) -> None:
        """A node loses one of the config's pods; its replication controller makes another."""
        own = self.own_pods(name)
        if own:
            self.api.delete(RESOURCES["pods"], PROJECT, own[0]["metadata"]["name"])

    def fault(self, name: str, config: str) -> None:
        """Switches a fault on."""
        switching.switch_on(self.store, [f"{name}={config}" if config else name])
        self.blamed = True

    def fix(self) -> None:
        """Takes all faults off, and brings account and pull secret back."""
        self.store.settings["faults"] = []
        for quota in self.store.all("resourcequotas", PROJECT):
            self.store.remove("resourcequotas", PROJECT, quota["metadata"]["name"])
        self.store.changed = True
        self.account(True)
        self.link(True)

    def run(self, action: Change) -> None:
        """Carries out an action of a plan; it has to be one that the server takes."""
        verb, name = action.args[0], action.subject.name
        if verb == "patch":
            patch = json.loads(action.args[action.args.index("--patch") + 1])
            self.api.patch(RESOURCES["deploymentconfigs"], PROJECT, name, "strategic", patch)
        elif action.args[:2] == ("rollout", "resume"):
            self.patch(name, {"paused": None})
        else:
            assert action.args[:2] == ("rollout", "latest"), action
            if not self.latest(name):
                raise ApiError(400, "BadRequest", f"{name}: refused")

    def observed(self) -> ProjectState:
        """The project as `oc get … -o json` would give it to the tool."""
        return parse_project(json.loads(json.dumps(list(self._items()))), PROJECT)

    def _items(self) -> Iterable[Object]:
        return (item for plural in LISTED for item in self.store.all(plural, PROJECT))

    def own_pods(self, name: str) -> list[Object]:
        """The application pods of all revisions of a config that have not ended."""
        own = revisions.revisions(self.store, self.config(name))
        return [pod for controller in own for pod in pods.of_controller(self.store, controller)]

    def migrated(self, name: str) -> bool:
        """The truth: template, newest revision and every pod."""
        config, newest = self.config(name), self.newest(name)
        if newest is None or self.phase(name) != "Complete":
            return False
        accounts = {str(item["spec"]["template"]["spec"].get("serviceAccountName")) for item in (config, newest)}
        own = self.own_pods(name)
        return accounts == {ACCOUNT} and len(own) >= config["spec"]["replicas"] and all(map(self._right, own))

    def _right(self, pod: Object) -> bool:
        spec = pod["spec"]
        carries = {"name": SECRET_NAME} in spec.get("imagePullSecrets", [])
        return pods.is_ready(pod) and spec["serviceAccountName"] == ACCOUNT and carries
