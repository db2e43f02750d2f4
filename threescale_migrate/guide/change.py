"""What every change of a project is: its call of `oc`, why it is made, what undoes it, and the form in which a journal keeps it.

There is one class for each kind of change, in `config_changes.py`, `object_changes.py`
and `role_changes.py`. They carry nothing out.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar

from .. import shell
from ..cluster.state import ProjectState
from ..values import NO_FIX, Fix, Request, Step, Text


@dataclass(frozen=True)
class ObjectName:
    """An object as `oc` names it: its type and its name."""

    type: str
    name: str

    def __str__(self) -> str:
        return shell.quoted(f"{self.type}/{self.name}")


NoneType = type(None)


@dataclass(frozen=True)
class Call:
    """A call of `oc`: the words after it, and what it reads."""

    args: tuple[str, ...]
    stdin: str | None = field(repr=False)


FROM_STDIN = ("-f", "-")
# The mark of a field that a journal does not keep, and without which a change is read back.
UNKEPT: Mapping[str, bool] = {"kept": False}


@dataclass(frozen=True)
class Kept:
    """Why a change is not undone, and what can be done about it; `in_use` where something uses what was changed."""

    why: Text
    fix: Fix = NO_FIX
    in_use: bool = False


@dataclass(frozen=True)
class Change(ABC):
    """One change of a project, made or to be made; two are equal that change the same in the same way, for whatever reason.

    `kind` is its word in the journal; `secret` whether its input is never shown.
    """

    kind: ClassVar[str]
    secret: ClassVar[bool] = False

    why: Text = field(compare=False)

    @property
    @abstractmethod
    def step(self) -> Step:
        """The step of the guide that it belongs to."""

    @property
    @abstractmethod
    def subject(self) -> ObjectName:
        """What it changes."""

    @property
    @abstractmethod
    def args(self) -> tuple[str, ...]:
        """The words that follow `oc`, as the guide has them and as somebody could type them."""

    @property
    def stdin(self) -> str | None:
        """What the call reads."""
        return None

    @property
    def call(self) -> Call:
        """The words and the input that are sent: where that can be, bound to the object as it was when this was planned (fact 38)."""
        return Call(self.args, self.stdin)

    def planned_like(self, other: Change) -> bool:
        """Whether `other`, the same change planned later, was planned from the same."""
        return True

    @property
    @abstractmethod
    def needs(self) -> str:
        """The verbs and resources that the server has to allow: "get secrets, update secrets"."""

    @property
    def creates(self) -> str:
        """The type of the object that it adds to the project, empty where it adds none."""
        return ""

    @property
    @abstractmethod
    def inverse(self) -> Change | None:
        """The change that undoes it; None where there is nothing to undo."""

    @property
    def read_as(self) -> str:
        """The type that has to be read to check it, by its name in `ProjectState.unread`."""
        return self.subject.type

    @property
    def thing(self) -> tuple[str, ...]:
        """What it is about: the same for all changes that one undo covers."""
        return self.subject.type, self.subject.name

    @abstractmethod
    def is_done(self, state: ProjectState) -> bool:
        """Whether the project is as this change makes it."""

    def bound(self, state: ProjectState) -> Change:
        """The same, bound to the object as it is in a state, where a change of its kind can be."""
        return self

    def to_undo(self, state: ProjectState, undo: Undo) -> tuple[Change, ...]:
        """What is left to do to undo it; nothing where it is undone. Raises Usage where what was there cannot be restored."""
        back = self.inverse
        return () if back is None or back.is_done(state) else (back.bound(state),)

    def undo_blocked(self, state: ProjectState, undo: Undo) -> Kept | None:
        """Why it is not undone: somebody has changed the thing since, or something uses it. None where it is undone."""
        return None

    def spanning(self, later: tuple[Change, ...]) -> Change:
        """This change and `later` ones about the same thing, newest last, as one that leads from what this one found to what the
        last one left."""
        return self

    def kept(self) -> dict[str, object]:
        """The change as a journal keeps it; without the content of a secret."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.metadata.get("kept", True)}
        return {"kind": self.kind, **{name: _kept(value) for name, value in values.items()}}

    @classmethod
    def revived(cls, kept: Mapping[str, object]) -> Change:
        """The change of this class that `kept` gave. Raises ValueError for anything else."""
        named = {f.name: str(f.type) for f in fields(cls) if f.metadata.get("kept", True)}
        return cls(**{name: _revived(type, kept.get(name)) for name, type in named.items()})


def _kept(value: object) -> object:
    if isinstance(value, Text):
        return value.kept()
    return list(value) if isinstance(value, tuple) else value


def _revived(type: str, value: object) -> Any:
    """The value of a field of that type. Raises ValueError."""
    if type == "Text" and isinstance(value, Mapping) and isinstance(value.get("template"), str):
        return Text.revived(value)
    if type == "tuple[str, ...]" and isinstance(value, list) and all(isinstance(part, str) for part in value):
        return tuple(value)
    plain = {"str": (str,), "str | None": (str, NoneType), "int | None": (int, NoneType)}.get(type, ())
    if isinstance(value, plain) and not isinstance(value, bool):
        return value
    raise ValueError(f"{value!r} is no {type}")


@dataclass(frozen=True)
class Undo:
    """What is to be undone.

    `changes` are those that runs made, newest first, one for each thing. `manifests` are the secrets that can be restored, by the
    fingerprint of their logins, and are never shown. `force` also undoes what another user has changed since. With `whole`, which
    `--to-default` sets, none of the configs that it chooses may be left running as `amp`, including those that came after the plan.
    Once its rollouts are `over`, what runs as it did before them runs on.
    """

    changes: tuple[Change, ...]
    manifests: Mapping[str, str] = field(default_factory=dict, repr=False)
    force: bool = False
    whole: Request | None = None
    over: bool = False


class Deletion(Change):
    """An object that a run created, deleted again.

    `bound_to` are its path in the API, its uid and its resourceVersion when it was looked at: it is not deleted if somebody has
    changed it since, or made another of that name (fact 38). Without these the call is the one that a client up to 4.2 knows.
    """

    bound_to: tuple[str, ...]

    @property
    def args(self) -> tuple[str, ...]:
        """The command, which takes one that is gone for done."""
        return "delete", self.subject.type, self.subject.name, "--ignore-not-found"

    @property
    def call(self) -> Call:
        """The same to the API itself, with the preconditions."""
        if not self.bound_to:
            return Call(self.args, None)
        path, uid, version = self.bound_to
        options = {
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "preconditions": {"uid": uid, "resourceVersion": version},
        }
        return Call(("delete", "--raw", path, *FROM_STDIN), json.dumps(options))

    @property
    def unbound(self) -> Deletion:
        """The same for a client that cannot bind it."""
        return replace(self, bound_to=())  # type: ignore[call-arg]

    @property
    def inverse(self) -> Change | None:
        """Nothing: what an undo deleted, a migration creates again."""
        return None
