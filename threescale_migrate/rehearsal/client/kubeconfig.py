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

    @property
    def kubeconfig(self) -> str:
        """The path of the kubeconfig: the first of several in the environment."""
        named = (os.environ.get("KUBECONFIG") or "").split(os.pathsep)[0]
        return str(self.values.get("kubeconfig") or named or os.path.expanduser("~/.kube/config"))

    @property
    def configuration(self) -> dict[str, Any]:
        """The kubeconfig. Raises CommandError if there is none."""
        if self._configuration is None:
            path = self.kubeconfig
            try:
                with open(path, encoding="utf-8") as file:
                    text = file.read()
            except OSError:
                if self.values.get("kubeconfig"):
                    raise CommandError(f"error: stat {path}: no such file or directory") from None
                raise CommandError(NO_CONFIGURATION) from None
            except UnicodeDecodeError:
                raise _unusable(path) from None
            self._configuration = _parse(text, path)
        return self._configuration

    def entry(self, kind: str, name: str) -> dict[str, Any] | None:
        """A named part of the kubeconfig: `contexts`, `clusters`, `users`."""
        return next((item for item in self.configuration.get(kind) or () if item.get("name") == name), None)

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
        """Writes the kubeconfig."""
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
        path = os.path.join(os.path.dirname(os.path.abspath(self.kubeconfig)), path) if path else ""
        if path and not os.path.exists(path):
            raise failure(
                f"unable to read certificate-authority {path} for {name} due to open {path}: no such file or directory"
            )

    @property
    def namespace(self) -> str:
        """The project."""
        return str(self.values.get("namespace") or self.context.get("namespace") or "default")

    @property
    def user(self) -> str:
        """Who is logged in."""
        name = str(self.context.get("user", ADMIN))
        return str(self._own("users").get(name, name.partition("/")[0]))


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
