"""An object in a form that can be shared: without secrets, tokens and values of environments.

Pure: objects of oc's JSON in, the same with masks out. What is masked is decided by its place, not by how it looks: the fields into
which people and 3scale's templates write secrets are masked as a whole (fact 22), and their values are masked again
in each text that may quote them, such as a container's last message. Names, labels, images, counts and states stay readable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..command_secrets import TASK, secrets_in
from ..redaction import MASK, SENSITIVE, Redactor

_JSON = Mapping[str, Any]
TYPES = (
    "deploymentconfigs", "replicationcontrollers", "pods", "serviceaccounts", "rolebindings", "roles", "imagestreams",
    "buildconfigs", "cronjobs", "configmaps", "services", "routes", "persistentvolumeclaims", "resourcequotas", "limitranges",
)  # fmt: skip
# Annotations that OpenShift's controllers write, and read again; whatever else stands there is somebody's own.
ANNOTATIONS = (
    "openshift.io/deployment",
    "openshift.io/deployer-pod",
    "openshift.io/encoded-deployment-config",
    "openshift.io/scc",
    "openshift.io/image.",
    "openshift.io/host.generated",
    "kubectl.kubernetes.io/desired-replicas",
    "kubectl.kubernetes.io/original-replicas",
    "deployment.kubernetes.io/",
    "pv.kubernetes.io/",
)
ENCODED = "openshift.io/encoded-deployment-config"
# A short text is part of many a word.
SHORTEST = 6
_PLAIN = re.compile(r"[a-z/][a-z/._-]{0,40}")
_RELEASE = re.compile(r"[0-9]+(?:\.[0-9]+){0,2}")
_PIECES = re.compile(r"[\s\"'=;|&()<>]+")
_SENSITIVE = re.compile(rf"(?i)(?:{SENSITIVE})")
# Names of fields that sound like secrets and hold a name, a path or a switch.
_REFERENCES = frozenset(
    {"secretName", "secretNames", "pullSecret", "pushSecret", "sourceSecret", "imagePullSecrets", "automountServiceAccountToken",
     "secretKeyRef", "secrets", "sessionAffinity", "sessionAffinityConfig"}
)  # fmt: skip


class Masking:
    """Masks the objects of one project: first each by its places (`by_place`), then all by what was found there (`by_text`)."""

    def __init__(self) -> None:
        self.redact = Redactor()

    def by_place(self, item: _JSON) -> dict[str, Any]:
        """One object of oc's JSON with masks in the places of secrets. Raises KeyError, TypeError, AttributeError for another thing."""
        kind, name = str(item["kind"]), str(item["metadata"]["name"])
        self.redact.spare((name, *map(str, (item["metadata"].get("labels") or {}).values())))
        found: dict[str, Any] = self._value(item, kind)
        if kind in ("ConfigMap", "Secret"):
            for key in ("data", "stringData", "binaryData"):
                for entry in found.get(key) or {}:
                    release = (name, entry) == ("system-environment", "AMP_RELEASE")
                    given = str(item[key][entry])
                    if not (release and _RELEASE.fullmatch(given)):
                        found[key][entry] = self._hide(given)
        return found

    def by_text(self, value: Any, key: str = "") -> Any:
        """A value with masks in its texts, once all objects have been masked by their places."""
        if isinstance(value, dict):
            return {name: self.by_text(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.by_text(inner, key) for inner in value]
        if not isinstance(value, str):
            return value
        if key == ENCODED and value != MASK:
            return json.dumps(self.by_text(json.loads(value)), separators=(",", ":"))
        return self.redact.strictly(value) if key in ("message", "reason") else self.redact(value)

    def _value(self, value: Any, kind: str, key: str = "") -> Any:
        if isinstance(value, dict):
            return {
                name: self._field(inner, kind, name) for name, inner in value.items() if name not in ("managedFields",)
            }
        if isinstance(value, list):
            return [self._value(inner, kind, key) for inner in value]
        if isinstance(value, str) and _SENSITIVE.search(key) and key not in _REFERENCES:
            return self._hide(value)
        return value

    def _field(self, value: Any, kind: str, name: str) -> Any:
        if name in _RULES and (name != "key" or kind == "Route"):
            expected, rule = _RULES[name]
            if isinstance(value, expected):
                return rule(self, value, kind)
        if name == "image" and isinstance(value, str):
            self.redact.spare((value,))
        return self._value(value, kind, name)

    def _hide(self, text: str) -> str:
        """A mask, and the text remembered with all of it that may be a secret by itself."""
        pieces = (text, *_PIECES.split(text), *secrets_in((text,), ()))
        self.redact.learn(*(piece for piece in pieces if len(piece) >= SHORTEST and not piece.isalpha()))
        return MASK

    def environment(self, value: Any, kind: str) -> Any:
        """The names of an environment, and where values come from; a value of its own is masked."""
        return [
            {
                name: self._hide(str(inner)) if name == "value" else self._value(inner, kind, name)
                for name, inner in entry.items()
            }
            for entry in value
        ]

    def words(self, value: Any, kind: str) -> Any:
        """Of a command the program, and the task of 3scale that it runs; all else may be a secret."""
        given = [str(word) for word in value]
        task = TASK.search(" ".join(given))
        for word in given:
            self._hide(word)
        first = [given[0] if _PLAIN.fullmatch(given[0]) else MASK] if given else []
        rest = [f"rake {task[1]}"] if task else [MASK] if len(given) > 1 else []
        self.redact.spare((*first, *rest))
        return [*first, *rest]

    def arguments(self, value: Any, kind: str) -> Any:
        """As `words`, where the program stands elsewhere."""
        for word in value:
            self._hide(str(word))
        return [MASK] * len(value)

    def annotations(self, value: Any, kind: str) -> Any:
        """Those of the controllers; of each other its name alone."""
        return {name: self._annotation(name, str(inner), kind) for name, inner in value.items()}

    def _annotation(self, name: str, text: str, kind: str) -> str:
        if name == ENCODED:
            try:
                return json.dumps(self._value(json.loads(text), "DeploymentConfig"), separators=(",", ":"))
            except ValueError:
                return self._hide(text)
        return text if name.startswith(ANNOTATIONS) else self._hide(text)

    def each(self, value: Any, kind: str) -> Any:
        """The names of a map, with masks for its values."""
        return {name: self._hide(str(inner)) for name, inner in value.items()}

    def path(self, value: Any, kind: str) -> Any:
        """A probe's path without what is asked there."""
        return value.partition("?")[0]

    def text(self, value: Any, kind: str) -> Any:
        """A mask for all of it."""
        return self._hide(value)


# What is masked by the name of its field, where its value is of this type; the `key` is a route's own, elsewhere it names an entry.
_RULES: Mapping[str, tuple[type, Callable[[Masking, Any, str], Any]]] = {
    "env": (list, Masking.environment),
    "buildArgs": (list, Masking.environment),
    "command": (list, Masking.words),
    "args": (list, Masking.arguments),
    "annotations": (dict, Masking.annotations),
    "httpHeaders": (list, Masking.environment),
    "path": (str, Masking.path),
    "options": (dict, Masking.each),
    "volumeAttributes": (dict, Masking.each),
    **dict.fromkeys(
        ("key", "certificate", "caCertificate", "destinationCACertificate", "secret", "dockerfile", "script"),
        (str, Masking.text),
    ),
}


def bundle(items: Iterable[_JSON], about: _JSON, masking: Masking) -> Iterator[str]:
    """The file that is given away, in pieces: a list as `oc get -o json` prints one, with what it is `about`. `items` are masked
    by their places."""
    yield '{\n"kind": "List",\n"apiVersion": "v1",\n"about": ' + json.dumps(masking.by_text(about), ensure_ascii=False)
    yield ',\n"items": [\n'
    for number, item in enumerate(items):
        yield (",\n" if number else "") + json.dumps(masking.by_text(item), ensure_ascii=False)
    yield "\n]\n}\n"
