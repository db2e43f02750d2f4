"""A project of the suite's own on whatever cluster `oc` is logged in to: made, filled, used and removed again."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.conftest import Result
from tests.live.masking import Masks
from tests.live.record import Recorder, asked, header
from threescale_migrate.cluster.parsing import parse_project
from threescale_migrate.cluster.state import ProjectState

Object = dict[str, Any]
ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATE = ROOT / "threescale_migrate" / "rehearsal" / "threescale-2.5.yml"
IDLE = ["sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 1; done"]
# Names the file of a registry secret whose token works.
REAL_SECRET = "THREESCALE_MIGRATE_LIVE_SECRET"
# How long a project may take to be gone.
GOING_SECONDS = 180.0
# Nothing is pulled with it: the images are the user's own.
TOKEN = "made-up-for-the-live-suite-0815"


class Unusable(Exception):
    """The suite cannot be run here; the text says why."""


def documents(image: str) -> list[Object]:
    """The objects of `threescale-2.5.yml`, with containers that idle in the user's image and need no storage.

    What a migration looks at is as it was: triggers, hooks, strategies, deadlines, labels, and which configs have a probe.
    """
    import yaml

    found = [item for item in yaml.safe_load_all(TEMPLATE.read_text(encoding="utf-8")) if item]
    followed = {
        trigger["imageChangeParams"]["from"]["name"]
        for item in found
        if item["kind"] == "DeploymentConfig"
        for trigger in item["spec"]["triggers"]
        if trigger["type"] == "ImageChange"
    }
    streams = [_mapping(name, image) for name in sorted(followed)]
    kept = [item for item in found if item["kind"] != "PersistentVolumeClaim"]
    for item in kept:
        if item["kind"] == "DeploymentConfig":
            _idle(item, image)
    first = [item for item in kept if item["kind"] != "DeploymentConfig"]
    return [*first, *streams, *(item for item in kept if item["kind"] == "DeploymentConfig")]


def _mapping(followed: str, image: str) -> Object:
    """Fills a stream's tag that a config follows, so that nothing has to be imported."""
    stream, _, tag = followed.partition(":")
    digest = hashlib.sha256(f"{followed} {image}".encode()).hexdigest()
    return {
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStreamMapping",
        "metadata": {"name": stream},
        "image": {"metadata": {"name": f"sha256:{digest}"}, "dockerImageReference": image},
        "tag": tag,
    }


def _idle(config: Object, image: str) -> None:
    spec = config["spec"]["template"]["spec"]
    for container in spec["containers"]:
        container["command"] = IDLE
        container.pop("args", None)
        container.pop("livenessProbe", None)
        if container["image"].strip():
            container["image"] = image
        if "readinessProbe" in container:
            container["readinessProbe"] = {"exec": {"command": ["true"]}, "periodSeconds": 1}
    for container in spec["containers"]:
        for mount in container.get("volumeMounts") or ():  # no database runs there, whose data could be saved
            mount["mountPath"] = f"/tmp/idle{mount['mountPath']}"
    for volume in spec.get("volumes") or ():
        if "persistentVolumeClaim" in volume:
            del volume["persistentVolumeClaim"]
            volume["emptyDir"] = {}
    for params in config["spec"]["strategy"].values():
        if isinstance(params, dict):
            for when in ("pre", "mid", "post"):
                if when in params:
                    params[when]["execNewPod"]["command"] = ["true"]


def registry_secret() -> str:
    """A registry secret with a made-up login, as the panel hands one out."""
    auth = base64.b64encode(f"12345678|live:{TOKEN}".encode()).decode()
    data = base64.b64encode(json.dumps({"auths": {"registry.redhat.io": {"auth": auth}}}).encode()).decode()
    return (
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: 12345678-live-pull-secret\n"
        f"data:\n  .dockerconfigjson: {data}\ntype: kubernetes.io/dockerconfigjson\n"
    )


class LiveProject:
    """The project. The user's kubeconfig is used and never written: each call names context and project, and the paths in it hold
    (fact 27). Each call of `oc` is in the transcript."""

    def __init__(self, folder: Path, name: str, context: str, recorder: Recorder, environment: dict[str, str]) -> None:
        self.folder = folder
        self.name = name
        self.place = (f"--namespace={name}", *((f"--context={context}",) if context else ()))
        self.recorder = recorder
        self.environment = environment
        real = os.environ.get(REAL_SECRET)
        self.made_up = not real
        self.secret = Path(real).resolve() if real else folder / "12345678-live-pull-secret.yaml"
        if self.made_up:
            self.secret.write_text(registry_secret(), encoding="utf-8")

    @property
    def given(self) -> tuple[str, ...]:
        """The options that name the secret; one that is made up is refused where its registry can be reached."""
        return ("--secret-file", str(self.secret), *(("--prove-pull=none",) if self.made_up else ()))

    def oc(self, *args: str, stdin: str | None = None, code: int | None = 0) -> Result:
        """Runs `oc`; `code` is the exit code that it has to have, None for any."""
        done = self.recorder.run(["oc", *args, *self.place], stdin)
        assert code is None or done.returncode == code, f"oc {' '.join(args)}: {done.stdout}{done.stderr}"
        return Result(done.returncode, done.stdout, done.stderr)

    def argv(self, *args: str) -> list[str]:
        return [sys.executable, "-m", "threescale_migrate", *self.place, *args]

    def tool(self, *args: str, stdin: str = "", timeout: float = 1800) -> Result:
        """Runs `threescale-migrate` in the project."""
        return self.program(self.argv(*args), stdin, timeout)

    def program(self, argv: Sequence[str], stdin: str = "", timeout: float = 1800) -> Result:
        """Runs a program of ours; its output has no login in it."""
        done = subprocess.run(
            list(argv),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=self.environment,
        )
        assert TOKEN not in done.stdout + done.stderr, "the token was printed"
        assert "Traceback" not in done.stderr, done.stderr
        return Result(done.returncode, done.stdout, done.stderr)

    def start(self, *args: str) -> subprocess.Popen[str]:
        """Starts `threescale-migrate`, to be waited for."""
        return subprocess.Popen(
            self.argv(*args),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment,
        )

    def migrate(self, *args: str) -> Result:
        """The whole migration, without questions."""
        return self.tool("migrate", "--yes", "--expect-project", self.name, *self.given, *args)

    def state(self) -> ProjectState:
        """The project as `oc` tells it now."""
        items = self.oc("get", "dc,rc,pods,sa,rolebindings,events", "-o", "json").json()["items"]
        return parse_project(items, self.name)

    def fill(self, image: str) -> None:
        """Creates the 3scale project, and waits until all of it runs."""
        for item in documents(image):
            self.oc("create", "-f", "-", stdin=json.dumps(item))
        for item in documents(image):
            if item["kind"] == "DeploymentConfig":
                self.oc("rollout", "status", f"dc/{item['metadata']['name']}")


@contextlib.contextmanager
def live_project(folder: Path, image: str, transcript: Path) -> Iterator[LiveProject]:
    """A filled project with a random name, removed at the end, also after a failure. Raises Unusable."""
    name = f"threescale-live-{secrets.token_hex(4)}"
    server, user = asked("whoami", "--show-server"), asked("whoami")
    context = asked("config", "current-context")
    environment = {
        **os.environ,
        "XDG_STATE_HOME": str(folder / "state"),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", "")))),
        "LANG": "C.UTF-8",
    }
    for variable in ("THREESCALE_DC_NAMES", "NO_COLOR", "LC_ALL", "LC_MESSAGES"):
        environment.pop(variable, None)
    about = "A run of the live suite in a project of its own."
    recorder = Recorder(transcript, Masks(server, user, name, context), header("live", about, "nothing"), environment)
    project = LiveProject(folder, name, context, recorder, environment)
    if project.oc("get", "project", name, code=None).code == 0:
        raise Unusable(f"project {name} exists already, and no project that exists is touched")
    made = project.oc("new-project", name, "--skip-config-write", code=None)
    if made.code != 0:
        raise Unusable(f"a project cannot be made here: {made.err.strip()}")
    try:
        project.fill(image)
        yield project
    finally:
        removed(project)


def removed(project: LiveProject) -> None:
    """Removes the project. It may take minutes to go, which is waited for only so long, and said."""
    project.oc("delete", "project", project.name, "--wait=false", code=None)
    ends = time.monotonic() + GOING_SECONDS
    while project.oc("get", "project", project.name, code=None).code == 0:
        if time.monotonic() >= ends:
            print(
                f"project {project.name} is still being deleted after {GOING_SECONDS:.0f} s: look whether it goes",
                file=sys.stderr,
            )
            return
        time.sleep(2)


def rights(project: LiveProject, argvs: Sequence[Sequence[str]]) -> bool:
    """Whether the user may do each of these, as `oc auth can-i` words them."""
    return all(project.oc("auth", "can-i", *argv, code=None).code == 0 for argv in argvs)
