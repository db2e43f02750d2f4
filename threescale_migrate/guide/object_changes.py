"""The changes of the objects that pods pull and run with: secrets, accounts, and what is linked to them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import ClassVar, cast

from ..cluster.named_objects import own_secrets
from ..cluster.state import ProjectState, ServiceAccount
from ..values import ACCOUNT, SECRET_NAME, Step, Text, Usage
from . import objects_in_use
from .change import FROM_STDIN, UNKEPT, Change, Deletion, Kept, ObjectName, Undo

MADE_BY_THE_RUN = Text("the run created it, and nothing else uses it")
ACCOUNT_MANIFEST = {
    "apiVersion": "v1",
    "kind": "ServiceAccount",
    "metadata": {"name": ACCOUNT},
    "imagePullSecrets": [{"name": SECRET_NAME}],
}
# The field of an account that holds what is linked for a use.
KEYS = {"pull": "imagePullSecrets", "mount": "secrets"}


@dataclass(frozen=True)
class SecretChange(Change):
    """A change of a secret of the project. `fingerprint` is of the login that it has afterwards, or had when it was deleted;
    `path` is the user's file and `copied_from` the secret of the project that it was read from."""

    step = Step.REGISTRY_SECRET
    secret: ClassVar[bool] = True
    read_as = "secrets"

    name: str
    fingerprint: str
    path: str | None = field(compare=False)
    copied_from: str | None = field(compare=False)
    manifest: str = field(default="", repr=False, compare=False, metadata=UNKEPT)

    @property
    def subject(self) -> ObjectName:
        return ObjectName("secret", self.name)

    @property
    def stdin(self) -> str | None:
        """The manifest, which holds the login."""
        return self.manifest


@dataclass(frozen=True)
class SecretCreated(SecretChange):
    """The registry secret, created."""

    kind: ClassVar[str] = "secret-created"
    creates = "secrets"
    needs = "create secrets"
    args = ("create", *FROM_STDIN)

    @property
    def inverse(self) -> Change:
        return SecretDeleted(MADE_BY_THE_RUN, self.name, self.fingerprint)

    def is_done(self, state: ProjectState) -> bool:
        """Whether the project has it, with whatever login."""
        return state.secret_named(self.name) is not None

    def undo_blocked(self, state: ProjectState, undo: Undo) -> Kept | None:
        """Whether another user has put other credentials into it, or something else uses it."""
        found = state.secret_named(self.name)
        if found is None:
            return None
        if found.fingerprint != self.fingerprint and not undo.force:
            return Kept(
                Text("it is kept: another user has put other credentials into it since the run; --force deletes it")
            )
        unlinked = {c.account for c in undo.changes if isinstance(c, SecretLinked) and c.name == self.name}
        unlinked |= {
            ACCOUNT for c in undo.changes if isinstance(c, AccountCreated) and c.undo_blocked(state, undo) is None
        }
        return objects_in_use.kept(objects_in_use.of_secret(state, undo, self.name, unlinked))

    def spanning(self, later: tuple[Change, ...]) -> Change:
        """With the login that the last change left."""
        return replace(self, fingerprint=_last_login(later, self.fingerprint))


@dataclass(frozen=True)
class SecretCopied(SecretCreated):
    """The former registry secret, created once more under a name that says what it holds: one that is there already is the same."""

    kind: ClassVar[str] = "secret-copied"


@dataclass(frozen=True)
class SecretReplaced(SecretChange):
    """The registry secret with another login in it. `before` is the fingerprint of the former one, which `backup` keeps."""

    kind: ClassVar[str] = "secret-replaced"
    needs = "get secrets, update secrets"
    args = ("replace", *FROM_STDIN)

    before: str = field(default="", compare=False)
    backup: str | None = field(default=None, compare=False)
    resource_version: str | None = field(default=None, compare=False)

    @property
    def stdin(self) -> str | None:
        """The manifest, bound to the secret that was looked at (fact 38)."""
        if not self.manifest or self.resource_version is None:
            return self.manifest
        item = json.loads(self.manifest)
        item["metadata"]["resourceVersion"] = self.resource_version
        return json.dumps(item)

    def planned_like(self, other: Change) -> bool:
        """Whether the secret holds the same login still."""
        return isinstance(other, SecretReplaced) and other.before == self.before

    @property
    def inverse(self) -> Change:
        """The former login, whose content no journal keeps."""
        why = Text("a different secret existed before")
        return SecretReplaced(why, self.name, self.before, self.path, self.copied_from, before=self.fingerprint)

    def is_done(self, state: ProjectState) -> bool:
        """Whether the project's secret has that login; one that is gone is not replaced."""
        return state.secret is None or state.secret.fingerprint == self.fingerprint

    def to_undo(self, state: ProjectState, undo: Undo) -> tuple[Change, ...]:
        """The former login, from where it is kept. Raises Usage where it is not."""
        if self.inverse.is_done(state):
            return ()
        found = undo.manifests.get(self.before)
        if found is None:
            why = "secret {name} has to be restored, and no journal keeps the content of a secret: give its file with --secret-file"
            raise Usage(Text(why, name=SECRET_NAME))
        assert state.secret is not None, "one that is gone is not replaced"
        back = cast("SecretReplaced", self.inverse)
        return (replace(back, manifest=found, resource_version=state.secret.resource_version),)

    def undo_blocked(self, state: ProjectState, undo: Undo) -> Kept | None:
        """Whether another user has put other credentials into it."""
        if undo.force or state.secret is None or state.secret.fingerprint in (self.fingerprint, self.before):
            return None
        return Kept(Text("another user has put other credentials into it since the run; --force replaces it anyway"))

    def spanning(self, later: tuple[Change, ...]) -> Change:
        """With the login that the last change left."""
        return replace(self, fingerprint=_last_login(later, self.fingerprint))


def _last_login(later: tuple[Change, ...], own: str) -> str:
    logins = [change.fingerprint for change in later if isinstance(change, (SecretCreated, SecretReplaced))]
    return logins[-1] if logins else own


@dataclass(frozen=True)
class SecretDeleted(Deletion):
    """A secret, deleted; `fingerprint` is of the login that it had."""

    kind: ClassVar[str] = "secret-deleted"
    step = Step.REGISTRY_SECRET
    needs = "delete secrets"
    read_as = "secrets"

    name: str
    fingerprint: str
    bound_to: tuple[str, ...] = field(default=(), compare=False)

    @property
    def subject(self) -> ObjectName:
        return ObjectName("secret", self.name)

    def is_done(self, state: ProjectState) -> bool:
        return state.secret_named(self.name) is None

    def bound(self, state: ProjectState) -> Change:
        """Of the secret that was looked at."""
        found = state.secret_named(self.name)
        assert found is not None, "one that is gone is not deleted"
        path = f"/api/v1/namespaces/{state.namespace}/secrets/{self.name}"
        return replace(self, bound_to=(path, found.uid, found.resource_version))


@dataclass(frozen=True)
class AccountCreated(Change):
    """The account, created with the pull secret as the guide has it."""

    kind: ClassVar[str] = "account-created"
    creates = "serviceaccounts"
    step = Step.SERVICE_ACCOUNT
    needs = "create serviceaccounts"
    subject = ObjectName("sa", ACCOUNT)
    args = ("create", *FROM_STDIN)
    stdin = json.dumps(ACCOUNT_MANIFEST)

    @property
    def inverse(self) -> Change:
        return AccountDeleted(MADE_BY_THE_RUN, ACCOUNT)

    def is_done(self, state: ProjectState) -> bool:
        return ACCOUNT in state.accounts

    def undo_blocked(self, state: ProjectState, undo: Undo) -> Kept | None:
        """Whether anything that is not undone runs as the account, or another user has linked other secrets to it."""
        used = objects_in_use.kept(objects_in_use.of_account(state, undo, ACCOUNT))
        if used is not None or undo.force:
            return used
        linked = _foreign_links(state.accounts.get(ACCOUNT), undo)
        why = "it is kept: another user has linked {secrets} to it since the run; --force deletes it"
        return Kept(Text(why, secrets=", ".join(linked))) if linked else None


@dataclass(frozen=True)
class AccountDeleted(Deletion):
    """An account, deleted."""

    kind: ClassVar[str] = "account-deleted"
    step = Step.SERVICE_ACCOUNT
    needs = "delete serviceaccounts"

    name: str
    bound_to: tuple[str, ...] = field(default=(), compare=False)

    @property
    def subject(self) -> ObjectName:
        return ObjectName("sa", self.name)

    def bound(self, state: ProjectState) -> Change:
        """Of the account that was looked at."""
        found = state.accounts[self.name]
        path = f"/api/v1/namespaces/{state.namespace}/serviceaccounts/{self.name}"
        return replace(self, bound_to=(path, found.uid, found.resource_version))

    def is_done(self, state: ProjectState) -> bool:
        return self.name not in state.accounts


def _foreign_links(account: ServiceAccount | None, undo: Undo) -> list[str]:
    """The secrets of an account that no run linked, without those that OpenShift creates for each account by itself (fact 20)."""
    if account is None:
        return []
    linked = dict.fromkeys((*account.pull_secrets, *account.secrets))
    ours = {
        SECRET_NAME,
        *own_secrets(linked, account.name),
        *(c.name for c in undo.changes if isinstance(c, SecretLinked) and c.account == account.name),
    }
    return [name for name in linked if name not in ours]


def linked_for(account: ServiceAccount, use: str) -> tuple[str, ...]:
    """The secrets that an account has for a use."""
    return account.pull_secrets if use == "pull" else account.secrets


@dataclass(frozen=True)
class _LinkChange(Change):
    """A secret of an account; `use` is pull or mount."""

    needs = "get secrets, get serviceaccounts, update serviceaccounts"

    account: str
    name: str
    use: str

    @property
    def step(self) -> Step:
        """The registry secret belongs to the account's step, all that `default` has to that of permissions."""
        return Step.SERVICE_ACCOUNT if self.name == SECRET_NAME else Step.PERMISSIONS

    @property
    def subject(self) -> ObjectName:
        return ObjectName("sa", self.account)

    @property
    def thing(self) -> tuple[str, ...]:
        """This secret in this list of the account."""
        return "link", self.account, self.name, self.use

    def _is_linked(self, state: ProjectState, use: str) -> bool:
        account = state.accounts.get(self.account)
        return account is not None and self.name in linked_for(account, use)


@dataclass(frozen=True)
class SecretLinked(_LinkChange):
    """A secret, linked to an account; never by a patch, which would replace what is linked (fact 7)."""

    kind: ClassVar[str] = "secret-linked"

    @property
    def args(self) -> tuple[str, ...]:
        """The command, which adds to what is there."""
        return "secrets", "link", self.account, self.name, f"--for={self.use}"

    @property
    def inverse(self) -> Change:
        return SecretUnlinked(Text("the run linked it"), self.account, self.name, self.use)

    def is_done(self, state: ProjectState) -> bool:
        return self._is_linked(state, self.use)

    def undo_blocked(self, state: ProjectState, undo: Undo) -> Kept | None:
        """Whether a pod that runs as the account, or will, pulls with it."""
        return (
            objects_in_use.kept(objects_in_use.of_link(state, undo, self.account, self.name))
            if self.use == "pull"
            else None
        )

    def to_undo(self, state: ProjectState, undo: Undo) -> tuple[Change, ...]:
        """It is unlinked; where it was linked for the other use too, which `oc secrets unlink` would end, from this list alone."""
        if not self.is_done(state):
            return ()
        back = SecretUnlinked(Text("the run linked it"), self.account, self.name, self.use)
        other = "mount" if self.use == "pull" else "pull"
        if self._is_linked(state, other) and replace(self, use=other) not in undo.changes:
            return (replace(back, index=linked_for(state.accounts[self.account], self.use).index(self.name)),)
        return (back,)


@dataclass(frozen=True)
class SecretUnlinked(_LinkChange):
    """A secret, unlinked from an account; with `index`, its place in the list of its use, from that list alone."""

    kind: ClassVar[str] = "secret-unlinked"

    index: int | None = None

    @property
    def args(self) -> tuple[str, ...]:
        """The command, or a patch of the one list that fails where another secret has come to that place."""
        if self.index is None:
            return "secrets", "unlink", self.account, self.name
        path = f"/{KEYS[self.use]}/{self.index}"
        operations = [
            {"op": "test", "path": f"{path}/name", "value": self.name},
            {"op": "remove", "path": path},
        ]
        patch = json.dumps(operations, separators=(",", ":"))
        return "patch", "sa", self.account, "--type=json", "--patch", patch

    @property
    def inverse(self) -> Change | None:
        """Nothing: what an undo unlinked, a migration links again."""
        return None

    def is_done(self, state: ProjectState) -> bool:
        return not self._is_linked(state, self.use)
