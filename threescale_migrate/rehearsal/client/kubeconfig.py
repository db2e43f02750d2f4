"""The kubeconfig of a command, and what its context says: server, project, user, and the directory of the cluster."""

from __future__ import annotations

import os

from ..quickjson import loads, pretty
from ..rights import ADMIN
from ..typed import Any, Directory, Object
from .errors import CommandError, failure

NO_CONFIGURATION = (
    "error: Missing or incomplete configuration info.  Please point to an existing, complete config file:\n\n\n"
    "  1. Via the command-line flag --kubeconfig\n  2. Via the KUBECONFIG environment variable\n"
    "  3. In your home directory as ~/.kube/config\n\nTo view or setup config directly use the 'config' command."
)
UNTRUSTED = (
    "Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority"
)


class Kubeconfig:
    """What the flags of a command and its kubeconfig say together."""

    def __init__(self, directory: Directory, values: Object) -> None:
        self._directory = directory
        self.values = values
        self._configuration: dict[str, Any] | None = None
        # Each file that was read, by its path.
        self._parts: dict[str, dict[str, Any]] = {}

    @property
    def kubeconfig(self) -> str:
        """The path of the kubeconfig; of several the one that is written to: with the current context, else the first."""
        paths = self._paths
        return next((path for path in paths if self._parts.get(path, {}).get("current-context")), paths[0])

    @property
    def _paths(self) -> list[str]:
        if self.values.get("kubeconfig"):
            return [str(self.values["kubeconfig"])]
        named = [path for path in (os.environ.get("KUBECONFIG") or "").split(os.pathsep) if path]
        return named or [os.path.expanduser("~/.kube/config")]

    @property
    def configuration(self) -> dict[str, Any]:
        """The kubeconfig, merged from several files: of two entries of a name the first counts. Raises CommandError if there is none.

        client-go tools/clientcmd/loader.go; files that are not there are left out.
        """
        if self._configuration is None:
            for path in self._paths:
                try:
                    with open(path, encoding="utf-8") as file:
                        text = file.read()
                except OSError:
                    if self.values.get("kubeconfig"):
                        raise CommandError(f"error: stat {path}: no such file or directory") from None
                    continue
                except UnicodeDecodeError:
                    raise _unusable(path) from None
                self._parts[path] = _parse(text, path)
            if not self._parts:
                raise CommandError(NO_CONFIGURATION)
            self._configuration = _merged(list(self._parts.values()))
        return self._configuration

    def entry(self, kind: str, name: str) -> dict[str, Any] | None:
        """A named part of the kubeconfig: `contexts`, `clusters`, `users`."""
        return _named(self.configuration, kind, name)

    @property
    def context(self) -> dict[str, Any]:
        """The context in use. Raises CommandError if it does not exist."""
        name = self.values.get("context") or self.configuration.get("current-context") or ""
        found = self.entry("contexts", name)
        if found is None:
            if self.values.get("context"):  # `places`
                raise CommandError(
                    f"Error in configuration: \n* context was not found for specified context: {name}\n"
                    "* cluster has no server defined"
                )
            raise CommandError(NO_CONFIGURATION)
        context: dict[str, Any] = found["context"]
        return context

    @property
    def server(self) -> str:
        """The server's address."""
        if self.values.get("server"):
            return str(self.values["server"])
        found = self.entry("clusters", self.context.get("cluster", ""))
        return str((found or {}).get("cluster", {}).get("server", ""))

    @property
    def directory(self) -> Directory:
        """The directory of the context's cluster: a kubeconfig may also lead to other directories."""
        found: Directory = self._own("clusters").get(self.context.get("cluster", ""), self._directory)
        return found

    def _own(self, kind: str) -> dict[str, Any]:
        """What only a rehearsal's kubeconfig contains, and `oc config view` does not show: by `clusters` and `users`."""
        found: dict[str, Any] = (self.configuration.get("rehearsal") or {}).get(kind) or {}
        return found

    def save(self, document: dict[str, Any]) -> None:
        """Writes what differs from before into the kubeconfig, of several into one of them."""
        before = self.configuration
        changed: dict[str, Any] = {
            **self._parts[self.kubeconfig],
            "current-context": document.get("current-context", ""),
        }
        for kind in LISTS:
            new = [item for item in document.get(kind) or () if item not in (before.get(kind) or ())]
            names = [item["name"] for item in new]
            changed[kind] = [item for item in changed.get(kind) or () if item["name"] not in names] + new
        document = changed
        scratch = f"{self.kubeconfig}.{os.getpid()}"
        descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            file.write(pretty(document, " ") + "\n")
        os.replace(scratch, self.kubeconfig)

    def check_certificate(self) -> None:
        """A certificate's path is relative to the kubeconfig's folder (fact 27). Raises CommandError.

        Authorities that a kubeconfig holds itself are never this cluster's.
        """
        name = self.context.get("cluster", "")
        known = (self.entry("clusters", name) or {}).get("cluster") or {}
        trusting = known.get("insecure-skip-tls-verify") or self.values.get("insecure-skip-tls-verify")
        if known.get("certificate-authority-data") and not trusting:
            raise CommandError(UNTRUSTED)
        path = known.get("certificate-authority")
        origin = next((path for path, part in self._parts.items() if _named(part, "clusters", name)), self.kubeconfig)
        path = os.path.join(os.path.dirname(os.path.abspath(origin)), path) if path else ""
        if path and not os.path.exists(path):
            raise failure(
                f"unable to read certificate-authority {path} for {name} due to open {path}: no such file or directory"
            )

    @property
    def namespace(self) -> str:
        return str(self.values.get("namespace") or self.context.get("namespace") or "default")

    @property
    def user(self) -> str:
        """Who is logged in: by a name and a password that the kubeconfig holds, or by the name of its entry."""
        name = str(self.context.get("user", ADMIN))
        given = ((self.entry("users", name) or {}).get("user") or {}).get("username")
        return str(self._own("users").get(name, given or name.partition("/")[0]))


LISTS = ("clusters", "users", "contexts")


def _named(document: dict[str, Any], kind: str, name: str) -> dict[str, Any] | None:
    return next((item for item in document.get(kind) or () if item.get("name") == name), None)


def _merged(parts: list[dict[str, Any]]) -> dict[str, Any]:
    if len(parts) == 1:
        return parts[0]
    found: dict[str, Any] = {"kind": "Config", "apiVersion": "v1"}
    for kind in LISTS:
        items: dict[str, Any] = {}
        for part in parts:
            for item in part.get(kind) or ():
                items.setdefault(str(item.get("name")), item)
        found[kind] = list(items.values())
    found["current-context"] = next((part["current-context"] for part in parts if part.get("current-context")), "")
    own: dict[str, Any] = {}
    for part in reversed(parts):
        for kind, known in (part.get("rehearsal") or {}).items():
            own[kind] = {**own.get(kind, {}), **known}
    return {**found, "rehearsal": own} if own else found


def _parse(text: str, path: str) -> dict[str, Any]:
    """A kubeconfig, in JSON or in YAML; an empty one has no contexts. Raises CommandError."""
    if text.lstrip().startswith("{"):
        try:
            return dict(loads(text))
        except ValueError:
            raise _unusable(path) from None
    from .documents import parse

    found = [document for document in parse(text, path) if document]
    if found and not isinstance(found[0], dict):
        raise _unusable(path)
    return dict(found[0]) if found else {}


def _unusable(path: str) -> CommandError:
    return CommandError(f'error: error loading config file "{path}": yaml: control characters are not allowed')
