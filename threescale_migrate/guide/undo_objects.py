"""How an account, link, grant, secret or pause that a run changed is put back: the actions for one change. Pure."""

from __future__ import annotations

import json

from .. import shell
from ..cluster.state import ProjectState, ServiceAccount
from ..values import NOTHING, SECRET_NAME, Action, Inverse, Request, Step, Text, Usage
from . import deployment_configs, links, permissions, registry_secret, service_account
from .changes import Undo, use_of
from .permissions import Grant

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
    there = state.secret if change.name == SECRET_NAME else None
    if change.name == SECRET_NAME and there is None:
        return ()
    fingerprint = change.detail.get("fingerprint")
    detail = {"fingerprint": fingerprint, "path": change.detail.get("path"), "copy": change.detail.get("copy")}
    return (
        Action(
            Step.REGISTRY_SECRET,
            f"secret/{change.name}",
            ("delete", "secret", change.name, "--ignore-not-found"),
            Text("the run created it, and nothing else uses it"),
            Inverse("secret-deleted", change.name, ("create", "-f", "-"), detail),
        ),
    )


def _restore_secret(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    if change.name != SECRET_NAME or state.secret is not None:
        return ()
    fingerprint = str(change.detail.get("fingerprint"))
    return (
        Action(
            Step.REGISTRY_SECRET,
            f"secret/{SECRET_NAME}",
            ("create", "-f", "-"),
            Text("it was there before"),
            registry_secret.creation(SECRET_NAME, fingerprint, change.detail.get("path"), change.detail.get("copy")),
            stdin=_manifest(undo, fingerprint),
            secret=True,
        ),
    )


def _replace_secret(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    before = str(change.detail.get("before"))
    if state.secret is None or state.secret.fingerprint == before:
        return ()
    detail = {**change.detail, "before": change.detail.get("fingerprint"), "fingerprint": before, "backup": None}
    return (
        Action(
            Step.REGISTRY_SECRET,
            f"secret/{SECRET_NAME}",
            ("replace", "-f", "-"),
            Text("another one was there before"),
            Inverse("secret-replaced", SECRET_NAME, ("replace", "-f", "-"), detail),
            stdin=_manifest(undo, before),
            secret=True,
        ),
    )


def _manifest(undo: Undo, fingerprint: str) -> str:
    found = undo.manifests.get(fingerprint)
    if found is None:
        raise Usage(
            Text(
                "secret {name} has to be restored, and no journal keeps the content of a secret: give its file with --secret-file",
                name=SECRET_NAME,
            )
        )
    return found


def _delete_account(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    account = state.accounts.get(change.name)
    if account is None:
        return ()
    return (
        Action(
            Step.SERVICE_ACCOUNT,
            f"sa/{change.name}",
            ("delete", "sa", change.name, "--ignore-not-found"),
            Text("the run created it, and nothing else uses it"),
            Inverse("account-deleted", change.name, ("create", "-f", "-")),
        ),
    )


def _restore_account(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    return (
        service_account.plan(state, Request(link_default=False, link_builder=False))
        if change.name not in state.accounts
        else ()
    )


def _unlink(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    account, secret, use = state.accounts.get(change.name), str(change.detail.get("secret")), use_of(change)
    if account is None or secret not in links.names(account, use):
        return ()
    args: tuple[str, ...] = ("secrets", "unlink", change.name, secret)
    if _linked_otherwise(undo, account, secret, use):
        # `unlink` would take it out of both lists.
        key, index = KEYS[use], links.names(account, use).index(secret)
        operations = [
            {"op": "test", "path": f"/{key}/{index}/name", "value": secret},
            {"op": "remove", "path": f"/{key}/{index}"},
        ]
        args = ("patch", "sa", change.name, "--type=json", "--patch", json.dumps(operations, separators=(",", ":")))
    again = service_account.link(change.name, NOTHING, secret, use).args
    return (
        Action(
            Step.SERVICE_ACCOUNT,
            f"sa/{change.name}",
            args,
            Text("the run linked it"),
            Inverse("unlinked", change.name, again, {"secret": secret, "for": use}),
        ),
    )


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
    if not permissions.has(state, account, grant):
        return ()
    return (
        Action(
            Step.PERMISSIONS,
            shell.quoted(f"{grant.role_kind.lower()}/{grant.role}"),
            change.args,
            Text("the run gave it to {account}", account=account),
            Inverse(
                "revoked", change.name, permissions.give(state.namespace, grant, account, set()).args, change.detail
            ),
        ),
    )


def _give(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    grant, account = grant_of(change)
    if permissions.has(state, account, grant):
        return ()
    taken = {(binding.namespace, binding.name) for binding in state.bindings}
    return (permissions.give(state.namespace, grant, account, taken),)
