"""What a recording must not tell: where the cluster is, who was logged in, what its nodes are called, and every login."""

from __future__ import annotations

import ipaddress
import re

from threescale_migrate.redaction import SENSITIVE, Redactor

SERVER = "https://api.cluster.example.test:6443"
PROJECT = "threescale"
USER = "somebody"
# Names that every cluster has: to mask them would make the recording untrue.
COMMON_USERS = frozenset({"admin", "developer", "kubeadmin", "kube:admin", "system:admin", "system:serviceaccount"})
_ADDRESS = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]*(?::[0-9A-Fa-f]*){2,})(?![\w.:]*\w)")
_NODE = re.compile(r'(?:nodeName"?: "?|Successfully assigned \S+ to )([A-Za-z0-9][A-Za-z0-9.-]*)')
_SECRET = re.compile(r'"?kind"?: "?Secret\b')
_ENCODED = re.compile(r'((?:^|[{,])\s*"?[\w.-]+"?: ?"?)([A-Za-z0-9+/]{8,}={0,2})("?,?)(?=$|[,}])', re.MULTILINE)
_IN_CLEAR = (
    # What a Secret is given as text, in JSON and in YAML: each value of the map.
    (re.compile(r'\\*"stringData\\*": ?\{[^{}]*'), re.compile(r'(: ?\\*")(?:[^"\\]|\\(?!"))+')),
    (re.compile(r"^( *)stringData:\n(?:\1 +\S.*\n?)+", re.MULTILINE), re.compile(r"(?m)(^ +[\w.-]+: ?)\S.*")),
    # What a config holds in clear: in a hook's command, in a variable (fact 22).
    (re.compile(rf"(?i)\b\w*(?:{SENSITIVE})\w*=\\*[\"']?[^\s\"'\\]+"), re.compile(r"^(\w+=\\*[\"']?).+")),
    (
        re.compile(rf'(?i)"?name"?: "?[\w.-]*(?:{SENSITIVE})[\w.-]*"?,?\s+"?value"?: "?[^"\n]+'),
        re.compile(r'("?value"?: "?)[^"\n]+'),
    ),
)


class Masks:
    """Replaces what it was given, and what it recognises, by the same word each time."""

    def __init__(self, server: str = "", user: str = "", project: str = "", context: str = "") -> None:
        self.words: dict[str, str] = {}
        self.addresses: dict[str, str] = {}
        self.nodes: dict[str, str] = {}
        self.own: set[str] = set()
        self.redact = Redactor()
        if server:
            self._learn_server(server)
        if user and user not in COMMON_USERS and not user.startswith("system:"):
            self.words[user] = USER
        if context:  # its name holds the project that is current, which is another
            self.words[context] = f"{PROJECT}/api-cluster-example-test:6443/{USER}"
        if project and project != "default":  # every cluster has that one, and accounts of that name
            self.words[project] = PROJECT

    def _learn_server(self, server: str) -> None:
        host = server.partition("://")[2].partition("/")[0]
        masked = SERVER.partition("://")[2]
        self.words[host] = masked
        self.words[host.replace(".", "-")] = masked.replace(".", "-")
        name, _, port = host.partition(":")
        self.words[f"{name}:{port}" if port else name] = masked
        domain = name.partition(".")[2]
        if "." in domain:
            self.words[domain] = "cluster.example.test"

    def made_up(self, text: str) -> None:
        """Remembers a file that the list of commands brings along: the secrets in it are nobody's."""
        self.own.update(match[2] for match in _ENCODED.finditer(text))

    def __call__(self, text: str) -> str:
        if _SECRET.search(text):
            text = _ENCODED.sub(self._encoded, text)
        for match in _NODE.finditer(text):
            self.nodes.setdefault(match[1], f"node-{len(self.nodes) + 1}")
        for word, masked in sorted({**self.words, **self.nodes}.items(), key=lambda pair: len(pair[0]), reverse=True):
            text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(word)}(?![A-Za-z0-9])", masked, text)
        text = _ADDRESS.sub(self._address, text)
        kept = {value: f"\0{number}\0" for number, value in enumerate(sorted(self.own, key=len, reverse=True))}
        for value, place in kept.items():
            text = text.replace(value, place)
        text = self.redact(text)
        for whole, values in _IN_CLEAR:
            text = whole.sub(lambda match, values=values: values.sub(r"\1***", match[0]), text)  # type: ignore[misc]
        for value, place in kept.items():
            text = text.replace(place, value)
        return text

    def _encoded(self, match: re.Match[str]) -> str:
        return match[0] if match[2] in self.own else f"{match[1]}***{match[3]}"

    def _address(self, match: re.Match[str]) -> str:
        try:
            address = ipaddress.ip_address(match[0])
        except ValueError:
            return match[0]
        if address.is_loopback or address.is_unspecified:
            return match[0]
        number = len(self.addresses) + 1
        masked = f"192.0.2.{number}" if address.version == 4 else f"2001:db8::{number:x}"
        return self.addresses.setdefault(match[0], masked)
