"""An object in a form that can be shared: without secrets, tokens and values of environments.

Pure: objects of oc's JSON in, what is shared of them out. What is kept is a list (`export_fields.py`); of that, what is masked is
decided by its place, not by how it looks: the fields into which people and 3scale's templates write secrets are masked as a whole
(fact 22), and their values are masked again in each text that may quote them, such as a container's last message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ..command_secrets import TASK, secrets_in
from ..redaction import MASK, SENSITIVE, Redactor
from .export_fields import FIELDS, KEEP, META, Fields, Rule

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
# A word of a path: it has no digit but in a version.
_ADDRESS = re.compile(r"(?<=[A-Za-z0-9+.-])(://)[^\s\"']*@(?!sha256:)")
_WORD = re.compile(r"[A-Za-z._-]{0,30}|v[0-9]{1,2}|[A-Za-z._-]{1,20}[0-9]?\.(?:json|xml|html|txt)")


class Masking:
    """Masks the objects of one project: first each by its places (`by_place`), then all by what was found there (`by_text`)."""

    def __init__(self) -> None:
        self.redact = Redactor()

    def by_place(self, item: _JSON) -> dict[str, Any]:
        """One object of oc's JSON: of its fields those that are listed, with masks in the places of secrets. Raises KeyError,
        TypeError, AttributeError for another thing."""
        kind, name = str(item["kind"]), str(item["metadata"]["name"])
        self.redact.spare((name, *map(str, (item["metadata"].get("labels") or {}).values())))
        fields: Fields = {"kind": KEEP, "apiVersion": KEEP, "metadata": META, **FIELDS.get(kind, {})}
        found: dict[str, Any] = self._kept(item, fields)
        for key in ("data", "binaryData"):
            for entry, given in (item.get(key) or {}).items() if kind == "ConfigMap" else ():
                if (name, entry) == ("system-environment", "AMP_RELEASE") and _RELEASE.fullmatch(str(given)):
                    found[key][entry] = given
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
        return (
            self.redact.strictly(value) if key in ("message", "reason") else _ADDRESS.sub(r"\1***@", self.redact(value))
        )

    def _kept(self, value: Any, fields: object) -> Any:
        """What is kept of a value; of each item where it is a list. What is left out is looked for in texts."""
        if isinstance(fields, Rule):
            return self._masked(value, fields)
        if isinstance(value, list):
            return [self._kept(inner, fields) for inner in value]
        if not isinstance(value, dict) or not isinstance(fields, Mapping):
            return None if value is None else MASK
        for name, inner in value.items():
            if name not in fields:
                self._forget(inner, name)
            elif name == "image" and isinstance(inner, str) and "@" not in inner.partition("/")[0]:
                self.redact.spare((inner,))
        return {name: self._kept(inner, fields[name]) for name, inner in value.items() if name in fields}

    def _masked(self, value: Any, rule: Rule) -> Any:
        masks = self._RULES.get(rule)
        if masks is None or value is None:
            return value
        expected, mask = masks
        return mask(self, value) if isinstance(value, expected) else MASK

    def _forget(self, value: Any, key: str) -> None:
        """Remembers of what is left out the texts under names that sound secret: a message may quote them."""
        if isinstance(value, dict):
            for name, inner in value.items():
                self._forget(inner, name)
        elif isinstance(value, list):
            for inner in value:
                self._forget(inner, key)
        elif isinstance(value, str) and _SENSITIVE.search(key):
            self._hide(value)

    def _hide(self, text: str) -> str:
        """A mask, and the text remembered with all of it that may be a secret by itself."""
        pieces = (text, *_PIECES.split(text), *secrets_in((text,), ()))
        self.redact.learn(*(piece for piece in pieces if len(piece) >= SHORTEST and not piece.isalpha()))
        return MASK

    def environment(self, value: list[Any]) -> Any:
        """The names of an environment, and where values come from; a value of its own is masked."""
        return [{name: self._of_entry(name, inner) for name, inner in entry.items()} for entry in value]

    def _of_entry(self, name: str, inner: Any) -> Any:
        if name == "value":
            return self._hide(str(inner))
        return inner if name in ("name", "valueFrom") else MASK

    def words(self, value: list[Any]) -> Any:
        """Of a command the program, and the task of 3scale that it runs; all else may be a secret."""
        given = [str(word) for word in value]
        task = TASK.search(" ".join(given))
        for word in given:
            self._hide(word)
        first = [given[0] if _PLAIN.fullmatch(given[0]) else MASK] if given else []
        rest = [f"rake {task[1]}"] if task else [MASK] if len(given) > 1 else []
        self.redact.spare((*first, *rest))
        return [*first, *rest]

    def arguments(self, value: list[Any]) -> Any:
        """As `words`, where the program stands elsewhere."""
        for word in value:
            self._hide(str(word))
        return [MASK] * len(value)

    def annotations(self, value: dict[str, Any]) -> Any:
        """Those of the controllers; of each other its name alone."""
        return {name: self._annotation(name, str(inner)) for name, inner in value.items()}

    def _annotation(self, name: str, text: str) -> str:
        if name == ENCODED:
            try:
                return json.dumps(self.by_place(json.loads(text)), separators=(",", ":"))
            except (ValueError, KeyError, TypeError, AttributeError):
                return self._hide(text)
        return text if name.startswith(ANNOTATIONS) else self._hide(text)

    def each(self, value: dict[str, Any]) -> Any:
        """The names of a map, with masks for its values."""
        return {name: self._hide(str(inner)) for name, inner in value.items()}

    def path(self, value: str) -> Any:
        """The words of a path, without what is asked there, and without what may be a key."""
        parts, _, asked = value.partition("?")
        self._hide(asked)
        return "/".join(part if _WORD.fullmatch(part) else self._hide(part) for part in parts.split("/"))

    # How a value is masked, where it is of this type; one of another is a mask as a whole.
    _RULES: Mapping[Rule, tuple[type, Callable[[Masking, Any], Any]]] = {
        Rule.ENVIRONMENT: (list, environment),
        Rule.COMMAND: (list, words),
        Rule.ARGUMENTS: (list, arguments),
        Rule.ANNOTATIONS: (dict, annotations),
        Rule.EACH: (dict, each),
        Rule.PATH: (str, path),
    }


def bundle(items: Iterable[_JSON], about: _JSON, masking: Masking) -> Iterator[str]:
    """The file that is given away, in pieces: a list as `oc get -o json` prints one, with what it is `about`. `items` are masked
    by their places."""
    yield '{\n"kind": "List",\n"apiVersion": "v1",\n"about": ' + json.dumps(masking.by_text(about), ensure_ascii=False)
    yield ',\n"items": [\n'
    for number, item in enumerate(items):
        yield (",\n" if number else "") + json.dumps(masking.by_text(item), ensure_ascii=False)
    yield "\n]\n}\n"
