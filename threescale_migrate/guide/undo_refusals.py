"""Why a change is not undone: somebody has changed the thing since the run, or something else uses it. Pure."""

from __future__ import annotations

from .. import shell
from ..cluster.reading import own_secrets
from ..cluster.state import ProjectState, ServiceAccount
from ..values import NOTHING, SECRET_NAME, Inverse, Text
from . import grants
from .changes import Undo, given_by, goal_of, is_back
from .deployment_configs import CONFIG
from .undo_objects import grant_of


def refusal(state: ProjectState, undo: Undo, change: Inverse) -> Text:
    """Why a change is not undone: somebody has changed the thing since, or something else uses it. Empty where it is."""
    if change.kind == CONFIG:
        return NOTHING if undo.force else _config_changed(state, change)
    if change.kind == "account":
        return _account_used(state, undo, change.name)
    if change.kind == "secret":
        return _secret_used(state, undo, change)
    if change.kind == "grant":
        return NOTHING if undo.force else _grant_changed(state, change)
    if change.kind == "secret-replaced" and not undo.force:
        known = (change.detail.get("fingerprint"), change.detail.get("before"))
        if state.secret is not None and state.secret.fingerprint not in known:
            return Text("somebody has put another login into it since the run; --force replaces it anyway")
    return NOTHING


def _config_changed(state: ProjectState, change: Inverse) -> Text:
    config = state.configs.get(change.name)
    if config is None or is_back(state, change):
        return NOTHING
    # What any of the runs wrote is not somebody else's change: the last run may have died in its patch.
    if config.effective_account in (change.detail.get("written") or given_by(change)).split():
        return NOTHING
    return Text(
        "its template uses {found}, which this run did not write; --force undoes it anyway",
        found=config.effective_account,
    )


def _grant_changed(state: ProjectState, change: Inverse) -> Text:
    """Whether somebody has bound the role to the account again, or added others to the binding that the run created."""
    grant, account = grant_of(change)
    held = grants.holding(state, grant, account)
    if len(held) > 1:
        names = ", ".join(shell.quoted(binding.name) for binding in held)
        return Text(
            "it is kept: more than one binding grants it ({names}); --force removes the account from all of them",
            names=names,
        )
    made = [binding for binding in held if binding.name == change.detail.get("binding")]
    if any(len(binding.subjects) > 1 for binding in made):
        return Text("it is kept: somebody has added others to the binding since the run; --force deletes it")
    return NOTHING


def _account_used(state: ProjectState, undo: Undo, name: str) -> Text:
    """Whether anything that is not undone runs as the account. An account with other secrets linked belongs to somebody else, too."""
    returning = {
        change.name
        for change in undo.changes
        if change.kind == CONFIG and goal_of(change).account != name and not refusal(state, undo, change).template
    }
    users = [
        f"dc/{config.name}"
        for config in state.configs.values()
        if config.effective_account == name and config.name not in returning
    ]
    controlled = {c.name for c in state.controllers.values() if c.config in returning}
    users += [
        f"pod/{pod.name}" for pod in state.pods if pod.account == name and pod.live and pod.controller not in controlled
    ]
    if users:
        return _used(users)
    account = state.accounts.get(name)
    links = [change for change in undo.changes if change.kind == "link" and change.name == name]
    ours = {SECRET_NAME, *(change.detail.get("secret") for change in links)}
    linked = [] if account is None else [secret for secret in _linked(account) if secret not in ours]
    if linked and not undo.force:
        return Text(
            "it is kept: somebody has linked {secrets} to it since the run; --force deletes it",
            secrets=", ".join(linked),
        )
    return NOTHING


def _linked(account: ServiceAccount) -> list[str]:
    """The secrets of an account, without those that OpenShift creates for each account by itself (fact 20)."""
    linked = dict.fromkeys((*account.pull_secrets, *account.secrets))
    own = own_secrets(linked, account.name)
    return [name for name in linked if name not in own]


def _secret_used(state: ProjectState, undo: Undo, change: Inverse) -> Text:
    there = state.secret
    if change.name != SECRET_NAME or there is None:
        return NOTHING
    if there.fingerprint != change.detail.get("fingerprint") and not undo.force:
        return Text("it is kept: somebody has put another login into it since the run; --force deletes it")
    leaving = {c.name for c in undo.changes if c.kind == "link" and c.detail.get("secret") == SECRET_NAME}
    leaving |= {c.name for c in undo.changes if c.kind == "account" and not _account_used(state, undo, c.name).template}
    users = [
        f"sa/{account.name}"
        for account in state.accounts.values()
        if SECRET_NAME in (*account.pull_secrets, *account.secrets) and account.name not in leaving
    ]
    users += [f"dc/{config.name}" for config in state.configs.values() if SECRET_NAME in config.template_pull_secrets]
    return _used(users) if users else NOTHING


def _used(users: list[str]) -> Text:
    return Text("it is kept: {users} use it", users=", ".join(users[:5]))
