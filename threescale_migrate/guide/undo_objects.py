"""How an account, link, grant, secret or pause that a run changed is undone: the actions for one change. Pure."""

from __future__ import annotations

import json

from ..cluster.state import ProjectState, ServiceAccount
from ..values import NOTHING, SECRET_NAME, Action, Inverse, Request, Step, Text, Usage
from . import deployment_configs, links, permissions, registry_secret, service_account
from .changes import Undo, use_of
from .grants import Grant, has

KEYS = {"pull": "imagePullSecrets", "mount": "secrets"}


def actions_for(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    """What is left to do for one change, nothing where it is undone already. Raises Usage where a secret cannot be restored."""
    maker = {
        "secret": _delete_secret,
        "secret-deleted": _restore_secret,
        "secret-replaced": _replace_secret,
        "account": _delete_account,
        "account-deleted": _restore_account,
        "link": _unlink,
        "unlinked": _link,
        "grant": _revoke,
        "revoked": _give,
        "resume": _resume,
    }.get(change.kind)
    return maker(state, undo, change) if maker is not None else ()


def _resume(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    config = state.configs.get(change.name)
    return (deployment_configs.resume(config),) if config is not None and config.paused else ()


def _delete_secret(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    if change.name == SECRET_NAME and state.secret is None:
        return ()
    detail = {name: change.detail.get(name) for name in ("fingerprint", "path", "copy")}
    again = Inverse("secret-deleted", change.name, ("create", "-f", "-"), detail)
    return (_deletion(Step.REGISTRY_SECRET, "secret", again),)


def _deletion(step: Step, kind: str, again: Inverse) -> Action:
    """Deletes what the run created; `again` creates it once more."""
    args = ("delete", kind, again.name, "--ignore-not-found")
    return Action(step, f"{kind}/{again.name}", args, Text("the run created it, and nothing else uses it"), again)


def _restore_secret(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    if change.name != SECRET_NAME or state.secret is not None:
        return ()
    fingerprint = str(change.detail.get("fingerprint"))
    inverse = registry_secret.creation(SECRET_NAME, fingerprint, change.detail.get("path"), change.detail.get("copy"))
    return (registry_secret.create(Text("it was there before"), inverse, _manifest(undo, fingerprint)),)


def _replace_secret(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    before = str(change.detail.get("before"))
    if state.secret is None or state.secret.fingerprint == before:
        return ()
    detail = {**change.detail, "before": change.detail.get("fingerprint"), "fingerprint": before, "backup": None}
    inverse = Inverse("secret-replaced", SECRET_NAME, ("replace", "-f", "-"), detail)
    why = Text("another one was there before")
    return (registry_secret.create(why, inverse, _manifest(undo, before), "replace"),)


def _manifest(undo: Undo, fingerprint: str) -> str:
    found = undo.manifests.get(fingerprint)
    if found is None:
        why = "secret {name} has to be restored, and no journal keeps the content of a secret: give its file with --secret-file"
        raise Usage(Text(why, name=SECRET_NAME))
    return found


def _delete_account(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    if change.name not in state.accounts:
        return ()
    return (_deletion(Step.SERVICE_ACCOUNT, "sa", Inverse("account-deleted", change.name, ("create", "-f", "-"))),)


def _restore_account(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    bare = Request(link_default=False, link_builder=False)
    return service_account.plan(state, bare) if change.name not in state.accounts else ()


def _unlink(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    account, secret, use = state.accounts.get(change.name), str(change.detail.get("secret")), use_of(change)
    if account is None or secret not in links.names(account, use):
        return ()
    args: tuple[str, ...] = ("secrets", "unlink", change.name, secret)
    if _linked_otherwise(undo, account, secret, use):
        # `unlink` would remove it from both lists.
        key, index = KEYS[use], links.names(account, use).index(secret)
        operations = [
            {"op": "test", "path": f"/{key}/{index}/name", "value": secret},
            {"op": "remove", "path": f"/{key}/{index}"},
        ]
        args = ("patch", "sa", change.name, "--type=json", "--patch", json.dumps(operations, separators=(",", ":")))
    link = service_account.link(change.name, NOTHING, secret, use)
    again = Inverse("unlinked", change.name, link.args, link.inverse.detail)
    return (Action(link.step, link.subject, args, Text("the run linked it"), again),)


def _linked_otherwise(undo: Undo, account: ServiceAccount, secret: str, use: str) -> bool:
    """Whether the account has the secret for the other use too, and is to keep it."""
    other = "mount" if use == "pull" else "pull"
    taken = any(
        change.kind == "link"
        and (change.name, change.detail.get("secret"), use_of(change)) == (account.name, secret, other)
        for change in undo.changes
    )
    return secret in links.names(account, other) and not taken


def _link(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    account, secret, use = state.accounts.get(change.name), str(change.detail.get("secret")), use_of(change)
    coming = any(other.kind == "account-deleted" and other.name == change.name for other in undo.changes)
    if secret in links.names(account, use) if account is not None else not coming:
        return ()
    return (service_account.link(change.name, Text("it was linked before"), secret, use),)


def grant_of(change: Inverse) -> tuple[Grant, str]:
    detail = {name: value or "" for name, value in change.detail.items()}
    return Grant(detail["namespace"], detail["role_kind"], detail["role"]), detail["account"]


def _revoke(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    grant, account = grant_of(change)
    if not has(state, account, grant):
        return ()
    gift = permissions.give(state.namespace, grant, account, set())
    again = Inverse("revoked", change.name, gift.args, change.detail)
    return (Action(gift.step, gift.subject, change.args, Text("the run gave it to {account}", account=account), again),)


def _give(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    grant, account = grant_of(change)
    if has(state, account, grant):
        return ()
    taken = {(binding.namespace, binding.name) for binding in state.bindings}
    return (permissions.give(state.namespace, grant, account, taken),)
