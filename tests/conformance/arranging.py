"""What was done before a recorded call in ways that are not recorded, for the rehearsal to do likewise.

It stands in the call's file under `arranged`, and holds until the next call that has the word; `{}` is as at the beginning, but
for what the cluster remembers. Its words:

    before       steps, in order: a command of the admin's (its words after `oc`), `{"settle": true}` until nothing happens by
                 itself, `{"wait": SECONDS}`, `{"seen": {TEXT: [TYPE, NAME, FIELD]}}`: that TEXT in the recorded commands is
                 what this field of the object's metadata is now
    faults       faults of the rehearsal
    client       the age of the `oc`; users api: whether the server tells who is logged in
    user, server, authority, kubeconfig (false: there is none), folder   whose login it is, where
    certificates, gone   files beside the kubeconfig that are made, or removed
    write        files that the commands read
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.conformance.rehearsed import Rehearsal
from tests.support import recorded
from threescale_migrate.rehearsal import launch, switching
from threescale_migrate.rehearsal.beginning import begin_cluster_binding
from threescale_migrate.rehearsal.store import Store


def begin(header: dict[str, Any]) -> Store:
    """The cluster before the first call of a scenario, as its header says. Raises recorded.NoScenario.

    `begins` is `3scale` (where it is lacking: the project of the rehearsal, at rest), `empty` (a project with nothing in it but
    what OpenShift puts there) or `nothing` (no project yet). `user` is who is logged in, by default the cluster's admin;
    another user is given `roles` in the project, by default `admin`.
    """
    begins, project = header.get("begins", "3scale"), str(header.get("project", launch.PROJECT))
    if begins == "3scale":
        store = launch.fresh()
    elif begins in ("empty", "nothing"):
        store = launch.bare(project if begins == "empty" else None)
    else:
        raise recorded.NoScenario(f"a scenario begins with 3scale, empty or nothing, not with {begins!r}")
    store.settings["project"] = project
    # What earlier scenarios had left behind on the recorded cluster, and the registry that it asked.
    for known in header.get("leftovers", ()):
        begin_cluster_binding(store, known)
    store.settings["registry"] = header.get("registry")
    store.settings["server version"] = header.get("server version")
    user = str(header.get("user", "system:admin"))
    if user != "system:admin":
        roles = header.get("roles", ["admin"]) if begins != "nothing" else []
        switching.switch_on(store, [f"user={user}/{','.join(roles)}"])
    return store


class Arrangement:
    """Does before each call what stands there; see above."""

    def __init__(self, rehearsal: Rehearsal, kubeconfig: Path) -> None:
        self.rehearsal = rehearsal
        self.kubeconfig = kubeconfig
        self.login = kubeconfig.read_text(encoding="utf-8")
        rehearsal.folder = str(kubeconfig.parent)
        self.faults = list(rehearsal.store.settings.get("faults", ()))
        self.step({})

    def __call__(self, call: recorded.Recorded) -> float:
        """Arranges what stands before a call; gives how many seconds that took."""
        folder = self.kubeconfig.parent.parent
        for name, content in call.files.items():
            (folder / name).write_text(content, encoding="utf-8")
        return 0.0 if call.arranged is None else self.step(call.arranged)

    def step(self, wanted: Mapping[str, Any]) -> float:
        """Arranges something; gives how many seconds that took."""
        store = self.rehearsal.store
        begin = store.clock.now()
        os.environ["OC_REHEARSAL_CLIENT"] = str(wanted.get("client", ""))
        store.settings["users api"] = wanted.get("users api", True)
        self.kubeconfig.write_text(self.login, encoding="utf-8")
        self.rehearsal.recorded_folder = str(wanted.get("folder", "/home/admin/.kube"))
        store.settings["faults"] = list(self.faults)
        for name, lines in wanted.get("write", {}).items():
            (self.kubeconfig.parent.parent / name).write_text("".join(lines), encoding="utf-8")
        for step in wanted.get("before", ()):
            self._before(step)
        switching.switch_on(store, wanted.get("faults", ()))
        self._log_in(wanted)
        return store.clock.now() - begin

    def _before(self, step: list[str] | dict[str, Any]) -> None:
        rehearsal = self.rehearsal
        if isinstance(step, list):
            outcome = rehearsal.ask(recorded.Recorded("", "", ("oc", *step), None, 0, "", "", 0.0))
            assert outcome.code == 0, f"{step}: {outcome.stderr}"
        elif "wait" in step:
            rehearsal.go_to(rehearsal.store.clock.now() + step["wait"])
        elif "seen" in step:
            for text, (kind, name, part) in step["seen"].items():
                found = rehearsal.ask(
                    recorded.Recorded("", "", ("oc", "get", kind, name, "-o", "json"), None, 0, "", "", 0)
                )
                rehearsal.seen[text] = json.loads(found.stdout)["metadata"][part]
        else:
            assert step == {"settle": True}, step
            while rehearsal.moving:
                rehearsal.go_to(rehearsal.store.clock.now() + 1)

    def _log_in(self, wanted: Mapping[str, Any]) -> None:
        login: Any = json.loads(self.login)
        if "server" in wanted:
            login["clusters"][0]["cluster"]["server"] = wanted["server"]
        if "authority" in wanted:
            login["clusters"][0]["cluster"]["certificate-authority-data"] = wanted["authority"]
        if "user" in wanted:
            login["contexts"][0]["context"]["user"] = f"{wanted['user']}/cluster"
        if "kubeconfig" in wanted:
            folder = self.rehearsal.recorded_folder
            login = json.loads(json.dumps(wanted["kubeconfig"]).replace(folder, self.rehearsal.folder))
        for name in wanted.get("certificates", ()):
            (self.kubeconfig.parent / name).parent.mkdir(parents=True, exist_ok=True)
            (self.kubeconfig.parent / name).write_text("", encoding="utf-8")
        for name in wanted.get("gone", ()):
            (self.kubeconfig.parent / name).unlink()
        if login is False:
            self.kubeconfig.unlink()
        else:
            self.kubeconfig.write_text(json.dumps(login), encoding="utf-8")
