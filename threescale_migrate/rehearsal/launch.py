"""Creates a rehearsal cluster in a directory, with what a program needs to use it: `oc`, kubeconfig, example secret."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import shlex
import sys
import time
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from . import databases, threescale
from .beginning import begin, create_cluster
from .faults import client as client_of
from .faults import user as user_of
from .namespaces import mark
from .rights import ADMIN
from .server import SERVER, Cluster
from .store import STATE, Object, Opened, Store, copied
from .switching import switch_on

PROJECT = "threescale"
EXAMPLE_SECRET = "registry-secret.yml"
# Cluster seconds until all rollouts of a new project are complete.
SETTLING = 300.0
HERE = Path(__file__).resolve().parent


def exists(directory: Path) -> bool:
    """Whether there is a cluster in the directory."""
    return (directory / STATE).is_file()


def create(
    directory: Path,
    *,
    speed: float = 1.0,
    faults: Iterable[str] = (),
    from_file: Path | None = None,
    seed: int = 1,
    server: str = SERVER,
) -> dict[str, str]:
    """Creates a cluster, and returns the environment for programs that use it. Raises ValueError, OSError."""
    store = fresh(speed=speed, from_file=from_file, seed=seed)
    store.settings["server"] = server
    store.settings["marked"] = True
    for namespace in store.all("namespaces"):
        mark(namespace)
        store.put("namespaces", namespace)
    if from_file is None:
        threescale.write_token(store)
    switch_on(store, faults)
    create_cluster(directory, store)
    return prepare(directory, store.settings["project"], login(store), client_of(store))


def fresh(*, speed: float = 1.0, from_file: Path | None = None, seed: int = 1) -> Store:
    """A cluster in memory, with all rollouts of its project complete. Raises ValueError, OSError for an unusable export."""
    store = Store.fresh(seed, speed, begin=time.time() - SETTLING)
    store.clock.pin(time.time() - SETTLING)
    if from_file is None:
        store, project = _at_rest(store), PROJECT
    else:
        from . import export

        project = export.load(store, from_file)
        # An export may come from a rehearsal: with the same seed, a new object would get the uid of an existing one.
        store.settings["seed"] = zlib.crc32(from_file.read_bytes()) + seed
        store.clock.pin(time.time())
    store.settings["project"] = project
    databases.fill(store, project)
    store.clock.pin(None)
    store.clock.data.update(base=time.time(), real=time.time(), speed=speed)
    return store


_RESTING: dict[int, Object] = {}


def _at_rest(store: Store) -> Store:
    """The store with the 3scale project, some minutes after its creation; the next one with the same seed is a copy."""
    seed = store.settings["seed"]
    if seed not in _RESTING:
        begin(store, threescale.documents(), PROJECT)
        store.clock.pin(time.time())
        Cluster(store)
        _RESTING[seed] = store.data
    resting = Store(copied(_RESTING[seed]))
    resting.changed = True
    return resting


def bare(project: str | None) -> Store:
    """A cluster in memory with an empty project, or with none."""
    store = Store.fresh(1, 1.0)
    begin(store, (), project)
    store.settings["project"] = project or PROJECT
    return store


def resume(directory: Path, *, speed: float | None = None, faults: Iterable[str] = ()) -> dict[str, str]:
    """Continues with the cluster in a directory. Raises ValueError."""
    with Opened(directory) as store:
        Cluster(store)
        if speed is not None:
            store.clock.set_speed(speed)
        switch_on(store, faults)
        project, user, client = store.settings["project"], login(store), client_of(store)
    return prepare(directory, project, user, client)


def login(store: Store) -> str:
    """Who is logged in: the cluster's admin, unless a fault names another user."""
    found = user_of(store)
    return found[0] if found is not None else ADMIN


def join(directory: Path, other: Path, name: str) -> str:
    """Adds the cluster of another directory to the kubeconfig of the first, as a context of that name, which is returned.

    Whoever makes that context the current one (`oc config use-context`) is on the other cluster from the next call on.
    """
    kubeconfig = directory / "kubeconfig"
    document = json.loads(kubeconfig.read_text(encoding="utf-8"))
    with Opened(other) as store:
        project, user = store.settings["project"], login(store)
        server = store.settings.get("server", SERVER)
    document["clusters"].append({"name": name, "cluster": {"server": server}})
    document["contexts"].append(
        {"name": name, "context": {"cluster": name, "namespace": project, "user": f"{user}/{name}"}}
    )
    document["users"].append({"name": f"{user}/{name}", "user": {}})
    document.setdefault("rehearsal", {}).setdefault("clusters", {})[name] = str(other.resolve())
    _write(kubeconfig, json.dumps(document, indent=1) + "\n", 0o600)
    return name


def switch_off(directory: Path) -> None:
    """Switches all faults off; objects that they changed stay changed."""
    with Opened(directory) as store:
        store.settings["faults"] = []
        store.remove("resourcequotas", store.settings["project"], "compute-resources")
        store.changed = True
        project = store.settings["project"]
    prepare(directory, project)


def prepare(directory: Path, project: str = PROJECT, user: str = ADMIN, client: str = "") -> dict[str, str]:
    """Writes `bin/oc`, the kubeconfig and the example secret; returns the environment for programs that use them.

    `client` names the client that `oc` simulates (`ages`).
    """
    directory = directory.resolve()
    server = SERVER
    if exists(directory):
        with Opened(directory) as store:
            server = store.settings.get("server", SERVER)
    (directory / "bin").mkdir(parents=True, exist_ok=True)
    oc = directory / "bin" / "oc"
    root = str(HERE.parent.parent)
    # -S and -E leave out everything that a small program does not need; only a call that reads YAML looks for it.
    code = f"import sys; sys.path.insert(0, {root!r}); from threescale_migrate.rehearsal.client.__main__ import start; start()"
    yaml_home = _home_of_yaml()
    script = (
        "#!/bin/sh\n"
        + (f"export OC_REHEARSAL_CLIENT={shlex.quote(client)}\n" if client else "")
        + f"OC_REHEARSAL_DIR={shlex.quote(str(directory))} OC_REHEARSAL_YAML={shlex.quote(yaml_home)}"
        f' exec {shlex.quote(sys.executable)} -S -E -c {shlex.quote(code)} "$@"\n'
    )
    _write(oc, script, 0o755)
    _write(directory / "kubeconfig", json.dumps(_kubeconfig(project, user, server), indent=1) + "\n", 0o600)
    if not (directory / EXAMPLE_SECRET).exists():
        _write(directory / EXAMPLE_SECRET, example_secret(), 0o600)
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": f"{directory / 'bin'}{os.pathsep}{path}", "KUBECONFIG": str(directory / "kubeconfig")}


def _home_of_yaml() -> str:
    found = importlib.util.find_spec("yaml")
    assert found is not None
    assert found.origin is not None
    return str(Path(found.origin).resolve().parent.parent)


def _write(path: Path, text: str, mode: int) -> None:
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(text, encoding="utf-8")
    scratch.chmod(mode)
    os.replace(scratch, path)


def _kubeconfig(project: str, user: str, server: str) -> dict[str, Any]:
    cluster = "api-cluster-example-test:6443"
    name, login = f"{project}/{cluster}/{user}", f"{user}/{cluster}"
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": {"server": server}}],
        "contexts": [{"name": name, "context": {"cluster": cluster, "namespace": project, "user": login}}],
        "current-context": name,
        "users": [{"name": login, "user": {}}],
    }


def example_secret(password: str = "rehearsal-token-that-is-not-real-4711") -> str:
    """A registry secret as Red Hat's page provides it, for the rehearsal only."""
    auth = base64.b64encode(f"12345678|rehearsal:{password}".encode()).decode()
    data = base64.b64encode(json.dumps({"auths": {"registry.redhat.io": {"auth": auth}}}).encode()).decode()
    return (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: 12345678-rehearsal-pull-secret\n"
        f"data:\n  .dockerconfigjson: {data}\ntype: kubernetes.io/dockerconfigjson\n"
    )
