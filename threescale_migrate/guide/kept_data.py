"""Data that a redeployment would empty: what is kept, what cannot be kept, and the two changes that keep it.

An emptyDir lives as long as its pod (fact 19). What is kept is decided by where a config's containers have such a volume, and not by
its name: a PostgreSQL of 3scale's image is saved in its pod and restored in the one that takes its place. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, TypeVar

from ..check_codes import Code
from ..cluster.state import DeploymentConfig, EmptyDir, Pod, ProjectState
from ..values import PROGRAM, Check, Command, Fix, Request, Step, Text, Usage, Verdict
from . import dumps
from .change import Change, Kept, Undo
from .config_changes import ConfigChange, ConfigPatched, ConfigResumed, RolloutStarted
from .dumps import Table

POSTGRESQL = "PostgreSQL"
# Where the images of 3scale's templates, and others, have their databases.
PLACES = {
    "/var/lib/pgsql": POSTGRESQL,
    "/var/lib/postgresql": "PostgreSQL of another image",
    "/var/lib/mysql": "MySQL",
    "/var/lib/redis": "Redis",
    "/var/lib/mongodb": "MongoDB",
}
OfData = TypeVar("OfData", bound="_OfData")
ENDED = ("Complete", "Failed")


@dataclass(frozen=True)
class _OfData(ConfigChange):
    """A change about the content of a config's database: the file that holds it, what is in it, and the pod."""

    needs = "create pods/exec"

    path: str
    pod: str = ""
    pod_uid: str = ""
    tables: tuple[Table, ...] = field(default=(), metadata={"kept": False})

    @property
    def thing(self) -> tuple[str, ...]:
        """The content of the database."""
        return "data-of-config", self.config

    @property
    def rows(self) -> int:
        """The rows of all tables."""
        return dumps.counted(self.tables)

    def kept(self) -> dict[str, object]:
        """Its tables are kept by their names and numbers of rows, never a row."""
        return {**super().kept(), "tables": [[table.database, table.name, table.rows] for table in self.tables]}

    @classmethod
    def revived(cls: type[OfData], kept: Mapping[str, object]) -> OfData:
        found, listed = super().revived(kept), kept.get("tables")
        if not isinstance(found, cls) or not isinstance(listed, list):
            raise ValueError(f"{listed!r} is no list of tables")
        return replace(found, tables=tuple(_table(each) for each in listed))


def _table(kept: object) -> Table:
    if isinstance(kept, list) and [type(part) for part in kept] == [str, str, int]:
        return Table(*kept)
    raise ValueError(f"{kept!r} is no table")


@dataclass(frozen=True)
class DataKept(_OfData):
    """The content of a database, saved in a file before its pod ends; `pod_uid` tells that pod from all others."""

    kind: ClassVar[str] = "data-kept"

    @property
    def args(self) -> tuple[str, ...]:
        return dumps.dumping(self.pod)

    @property
    def inverse(self) -> DataRestored:
        return DataRestored(Text("its pod is gone, and its data with it"), self.config, self.path, tables=self.tables)

    def is_done(self, state: ProjectState) -> bool:
        """Whether the content is where it was, so that nothing has to be restored."""
        return any(pod.uid == self.pod_uid and pod.live for pod in state.pods_of(self.config))

    def undo_blocked(self, state: ProjectState, undo: Undo) -> Kept | None:
        if target(state, self.config) is None:
            return Kept(Text("it has no ready pod"))
        return None


@dataclass(frozen=True)
class DataRestored(_OfData):
    """The content of a file, put back into the database of a pod."""

    kind: ClassVar[str] = "data-restored"

    @property
    def args(self) -> tuple[str, ...]:
        """Into the pod, or as a person does it, into the one that the config has by then."""
        return dumps.playing(self.pod) if self.pod else dumps.by_hand(self.config)

    @property
    def inverse(self) -> Change | None:
        """Nothing: what it takes the place of is empty, or was saved."""
        return None

    def is_done(self, state: ProjectState) -> bool:
        """Never by what is seen of a project: psql counts the rows at the end of a restore."""
        return False

    def bound(self, state: ProjectState) -> Change:
        """Into the pod that the config has now."""
        pod = target(state, self.config)
        return self if pod is None else replace(self, pod=pod.name, pod_uid=pod.uid)


@dataclass(frozen=True)
class Owed:
    """A dump that was taken by a run and is not restored. `tried` is how restoring it into a pod went, by the pod's uid: begun, or
    failed."""

    data: DataKept
    run: str
    at: str
    tried: Mapping[str, str] = field(default_factory=dict)


TAKEN, BEGUN, FAILED = "taken", "begun", "failed"
# What ends it: restored and compared; its pod lives on; given up with --lose-data.
RESTORED, UNNEEDED, GIVEN_UP = "restored", "unneeded", "given-up"
STATES = (TAKEN, BEGUN, FAILED, RESTORED, UNNEEDED, GIVEN_UP)


def after(owed: Iterable[Owed], event: str, data: DataKept, run: str, at: str, pod_uid: str = "") -> tuple[Owed, ...]:
    """What is owed after one more event; a newer dump of the same pod takes the place of one before."""
    if event == TAKEN:
        others = (each for each in owed if each.data.pod_uid != data.pod_uid or each.data.config != data.config)
        return (*others, Owed(data, run, at))
    if event in (BEGUN, FAILED):
        return tuple(
            replace(each, tried={**each.tried, pod_uid: event}) if each.data.path == data.path else each
            for each in owed
        )
    return tuple(each for each in owed if each.data.path != data.path)


def database(volume: EmptyDir) -> str:
    """Which database is known to have its data in such a volume; empty for none."""
    for path in volume.paths:
        for place, name in PLACES.items():
            if path.rstrip("/") == place or path.startswith(f"{place}/"):
                return name
    return ""


def kept_volumes(config: DeploymentConfig, request: Request) -> tuple[str, ...]:
    """The volumes of a config whose content is saved and restored."""
    if config.name in request.lose_data or config.replicas != 1:
        return ()
    return tuple(volume.name for volume in config.empty_dirs if database(volume) == POSTGRESQL)


def lost_volumes(config: DeploymentConfig, request: Request) -> tuple[str, ...]:
    """The volumes of a config whose content a redeployment loses."""
    kept = kept_volumes(config, request)
    return tuple(v.name for v in config.empty_dirs if v.name not in kept) if config.replicas > 0 else ()


def lost_databases(config: DeploymentConfig, request: Request) -> tuple[str, ...]:
    """The databases among them, by what they are."""
    lost = lost_volumes(config, request)
    return tuple(database(volume) for volume in config.empty_dirs if volume.name in lost and database(volume))


def redeployed(state: ProjectState, changes: Iterable[Change]) -> tuple[str, ...]:
    """The configs whose pods these changes replace: those that stay paused keep theirs."""
    found: dict[str, None] = {}
    changes = tuple(changes)
    resumed = {change.config for change in changes if isinstance(change, ConfigResumed)}
    for change in changes:
        if not isinstance(change, (ConfigPatched, ConfigResumed, RolloutStarted)) or change.config not in state.configs:
            continue
        if change.config in resumed or not state.configs[change.config].paused:
            found[change.config] = None
    return tuple(found)


def to_keep(state: ProjectState, changes: Iterable[Change], request: Request) -> tuple[str, ...]:
    """Of the configs that changes redeploy, those whose data is kept."""
    names = redeployed(state, changes)
    return tuple(name for name in names if kept_volumes(state.configs[name], request))


def first(changes: Iterable[Change], names: Iterable[str]) -> tuple[Change, ...]:
    """Changes with those of some configs before all others."""
    chosen = frozenset(names)
    return tuple(sorted(changes, key=lambda change: getattr(change, "config", "") not in chosen))


def ready_pods(state: ProjectState, config: str) -> tuple[Pod, ...]:
    """The pods of a config that run and are ready, of whatever revision."""
    return tuple(pod for pod in state.pods_of(config) if pod.live and pod.ready)


def target(state: ProjectState, config: str) -> Pod | None:
    """The pod into which a config's data is restored: the only one that it has, while no rollout would end it; None if there is none."""
    newest = state.newest(config) if config in state.configs else None
    if newest is None or newest.phase not in ENDED:
        return None
    live = [pod for pod in state.pods_of(config) if pod.live]
    return live[0] if len(live) == 1 and live[0].ready else None


def needed_rights(state: ProjectState, names: Iterable[str]) -> tuple[Change, ...]:
    """The changes that keep the data of configs, for the rights that they need."""
    why = Text("its redeployment would lose its data")
    pods = {name: next((pod.name for pod in ready_pods(state, name)), name) for name in names}
    return tuple(DataKept(why, name, "", pod) for name, pod in pods.items())


def check_names(state: ProjectState, request: Request) -> None:
    """Raises Usage where `--lose-data` names what the project does not have: whoever mistypes it believes another's data to be meant."""
    missing = [name for name in request.lose_data if name not in state.configs]
    if missing and "dc" not in state.unread:
        why = "no DeploymentConfig {names} in project {project}: check the spelling, or leave it out of --lose-data"
        raise Usage(Text(why, names=", ".join(missing), project=state.namespace))


def findings(state: ProjectState, changes: Iterable[Change], request: Request) -> tuple[Check, ...]:
    """What is known before the first change to be in the way of keeping data. What is lost without `--lose-data` fails. Raises
    Usage as `check_names` does."""
    check_names(state, request)
    found = []
    for name in redeployed(state, changes):
        config = state.configs[name]
        lost = () if name in request.lose_data else lost_databases(config, request)
        if lost:
            seen = Text(
                "its redeployment loses its data, which cannot be saved: {databases} in an emptyDir",
                databases=", ".join(lost),
            )
            fix = Fix(Text("save it yourself, then give --lose-data {name}", name=name))
            found.append(_finding(name, Verdict.FAILED, seen, fix))
        live = [pod for pod in state.pods_of(name) if pod.live]
        if kept_volumes(config, request) and live and len(ready_pods(state, name)) != 1:
            seen = Text("it has no ready pod, so its data cannot be saved")
            fix = Fix(Text("find out why it is not ready, or give --lose-data {name}", name=name))
            found.append(_finding(name, Verdict.FAILED, seen, fix))
    return tuple(found)


def _finding(config: str, verdict: Verdict, seen: Text, fix: Fix) -> Check:
    return Check(Step.DEPLOYMENT_CONFIGS, Code.DATA_SAVABLE, f"dc/{config}", verdict, seen, fix)


def losses(state: ProjectState, changes: Iterable[Change], request: Request) -> tuple[Text, ...]:
    """What these changes lose for good, a sentence for each config."""
    found = []
    for name in redeployed(state, changes):
        lost = lost_volumes(state.configs[name], request)
        if lost:
            sentence = "{name}: the data in its emptyDir is lost: {volumes}"
            found.append(Text(sentence, name=name, volumes=", ".join(lost)))
    return tuple(found)


def promises(state: ProjectState, changes: Iterable[Change], request: Request) -> tuple[Text, ...]:
    """What of the data that these changes would empty is kept, a sentence for each config."""
    said = "{name}: its data is saved just before it is redeployed, and restored after it, which takes seconds"
    return tuple(Text(said, name=name) for name in to_keep(state, changes, request))


RESTORE = Command((PROGRAM, "restore"))
TO_RESTORE = Fix(Text("restore them"), (RESTORE,))


def of_owed(owed: Owed) -> Check:
    """A dump that was taken and not restored, as a check that fails."""
    data = owed.data
    seen = Text(
        "{rows} rows of {tables} tables are not restored: run {run} saved them at {time} in {path}",
        rows=data.rows,
        tables=len(data.tables),
        run=owed.run,
        time=owed.at,
        path=data.path,
    )
    return Check(Step.DEPLOYMENT_CONFIGS, Code.DATA_RESTORED, f"dc/{data.config}", Verdict.FAILED, seen, TO_RESTORE)


def still_owed(owed: Iterable[Owed], state: ProjectState) -> tuple[Owed, ...]:
    """Those whose pod is gone; of the others the content is where it was."""
    return tuple(each for each in owed if not each.data.is_done(state))


def checks(owed: Iterable[Owed], state: ProjectState) -> tuple[Check, ...]:
    """What is owed, as checks that fail. Where pods cannot be read, each is named."""
    left = tuple(owed) if "pods" in state.unread else still_owed(owed, state)
    return tuple(of_owed(each) for each in left)


def of_restored(data: DataKept) -> Check:
    """A dump that was restored and compared, as a check that passes."""
    seen = Text(
        "its data was kept: {rows} rows of {tables} tables, as many as before", rows=data.rows, tables=len(data.tables)
    )
    return Check(Step.DEPLOYMENT_CONFIGS, Code.DATA_RESTORED, f"dc/{data.config}", Verdict.PASSED, seen)


def of_loss(config: str, volumes: Iterable[str]) -> Check:
    """Data that was lost since the user said that it may go."""
    seen = Text("the data in its emptyDir is lost, as --lose-data allows: {volumes}", volumes=", ".join(volumes))
    return Check(Step.DEPLOYMENT_CONFIGS, Code.DATA_RESTORED, f"dc/{config}", Verdict.WARNING, seen)
