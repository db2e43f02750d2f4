"""The state of one command: its flags and output, and its conversation with the cluster."""

from __future__ import annotations

from ..ages import has
from ..faults import CLIENT_LOGS, CallFailed, active, before_call
from ..server import SERVER, Api, Cluster, OpenCluster, open_cluster
from ..typed import Any, Directory, Object, TextIO
from .errors import CommandError, Unauthenticated, failure
from .kubeconfig import Kubeconfig

DEPRECATED = {
    "deploymentconfigs": "apps.openshift.io/v1 DeploymentConfig is deprecated in v4.14+, unavailable in v4.10000+",
    "request": "apps.openshift.io/v1 DeploymentRequest is deprecated in v4.14+, unavailable in v4.10000+",
    "rollback": "apps.openshift.io/v1 DeploymentConfigRollback is deprecated in v4.14+, unavailable in v4.10000+",
    "scale": "extensions/v1beta1 Scale is deprecated in v1.2+, unavailable in v1.16+",
}


class Session(Kubeconfig):
    """The state of one command: flags, context, the directory of the cluster, and the warnings already shown."""

    def __init__(self, directory: Directory, values: Object, words: list[str], out: TextIO, err: TextIO) -> None:
        super().__init__(directory, values)
        self.words = words
        self.out = out
        self.err = err
        self.failed = False
        self.line = " ".join(words)
        self.reached = False
        # Whether the command first asks the server for its types.
        self.learns = False
        self._warned: set[str] = set()

    def print(self, text: str) -> None:
        """Writes a line to stdout."""
        self.out.write(text + "\n")

    def complain(self, text: str) -> None:
        """Writes a line to stderr and remembers that the command has failed."""
        self.err.write(text + "\n")
        self.failed = True

    def warn(self, kind: str) -> None:
        """The server's warning about a deprecated type, with each answer; it is shown once (fact 11)."""
        if kind not in DEPRECATED or self.has("no warnings"):
            return
        if self.has("warnings are log lines"):  # this client repeats it
            self.err.write(f"W0101 00:00:00.000000       1 warnings.go:67] {DEPRECATED[kind]}\n")
        elif kind not in self._warned:
            self._warned.add(kind)
            self.err.write(f"Warning: {DEPRECATED[kind]}\n")

    def has(self, trait: str) -> bool:
        """Whether the client has a trait of another age (`ages`)."""
        return has(trait)

    @property
    def dry_run(self) -> str:
        """`none`, `client` or `server`; a switch, as in old clients, means `client`."""
        value = self.values.get("dry-run", "none")
        if isinstance(value, bool):
            return "client" if value else "none"
        return {"unchanged": "client", "true": "client", "false": "none"}.get(str(value), str(value))

    @property
    def dry(self) -> bool:
        """Whether nothing may be changed."""
        return self.dry_run != "none"

    def api(self) -> Conversation:
        """The API, for one moment: `with session.api() as api`. Entering raises CommandError if the server cannot be asked."""
        return Conversation(self)


class Conversation:
    """One conversation of a command with the cluster, which is locked meanwhile."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.open: OpenCluster | None = None

    def __enter__(self) -> Api:
        session = self.session
        _check_timeout(str(session.values.get("request-timeout", "0")))
        session.check_certificate()
        if session.values.get("token"):
            raise Unauthenticated
        address = session.server
        self.open = open_cluster(session.directory)
        cluster = self.open.__enter__()
        try:
            return _reach(session, cluster, address)
        except BaseException:
            self.__exit__(None, None, None)
            raise

    def __exit__(self, *error: Any) -> None:
        if self.open is not None:
            self.open.__exit__(*error)


def _reach(session: Session, cluster: Cluster, address: str) -> Api:
    """The API of an open cluster for who is logged in. Raises CommandError if the call does not get there."""
    acting = session.values.get("as")
    try:
        own = cluster.store.settings.get("server", SERVER)
        if address.lower().rstrip("/") != own:  # as a client reads an address
            raise CallFailed("refused" if own.rpartition(":")[0] in address else "no such host")
        if not session.reached:  # further requests of one command are not new calls
            session.reached = True
            if active(cluster.store, "client-logs"):
                session.err.write(CLIENT_LOGS)
            before_call(cluster.store, session.line)
    except CallFailed as error:
        if error.text:
            raise CommandError(error.text) from None
        raise _connection(error.kind, address, session.learns) from None
    if not acting:
        return cluster.api(session.user)
    cluster.api(session.user).may_act_as(str(acting))
    return cluster.api(str(acting), acting=True)


def _connection(kind: str, address: str, learns: bool) -> CommandError:
    """The failure of a call that did not reach the server; commands that have to learn its types try five times."""
    if kind == "unauthorized":
        return Unauthenticated()
    if kind == "unavailable":
        return CommandError(
            "Error from server (ServiceUnavailable): the server is currently unable to handle the request"
        )
    host = address.partition("://")[2].rstrip("/") or address
    if kind == "refused":
        cause = f"dial tcp {host}: connect: connection refused"
        message = f"The connection to the server {host} was refused - did you specify the right host or port?"
    else:
        cause = f"dial tcp: lookup {host.partition(':')[0]} on 192.0.2.53:53: no such host"
        message = f"Unable to connect to the server: {cause}"
    if learns:
        line = (
            f'E0101 00:00:00.000000       1 memcache.go:265] "Unhandled Error" err="couldn\'t get current server API group'
            f' list: Get \\"{address}/api?timeout=32s\\": {cause}"\n'
        )
        message = line * 5 + message
    return CommandError(message)


def _check_timeout(text: str) -> None:
    if text.removesuffix("s").isdigit() and text != "":
        return
    import re

    if not re.fullmatch(r"(\d+(\.\d+)?(ms|s|m|h)?)+", text):
        raise failure(
            "Invalid timeout value. Timeout must be a single integer in seconds, or an integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)"
        )
    if re.fullmatch(r"[1-9](\.\d+)?ms", text):  # no server answers as fast as that
        raise CommandError(
            "Unable to connect to the server: net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)"
        )
