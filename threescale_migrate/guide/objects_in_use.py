"""What uses an account or a secret of the project at a moment: what is used is not removed, since a pod that dies could not be
created again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..cluster.state import DeploymentConfig, Pod, ProjectState
from ..values import ACCOUNT, DEFAULT_ACCOUNT, RESUME, Command, Fix, Text
from .change import Kept, ObjectName, Undo
from .config_changes import ConfigResumed, patches_in
from .pull_secret_logins import covers

SHOWN = 5
# A revision in one of these phases will have more pods.
UNDER_WAY = ("New", "Pending", "Running")


@dataclass(frozen=True)
class User:
    """One thing that uses another, and what is to be run so that it does not."""

    name: ObjectName
    command: tuple[str, ...] = ()


def kept(users: Iterable[User]) -> Kept | None:
    """Why something is kept that these use; None where none does."""
    found = tuple(users)
    if not found:
        return None
    names = ", ".join(str(user.name) for user in found[:SHOWN])
    commands = dict.fromkeys(user.command for user in found if user.command)
    fix = Fix(
        Text("make sure that nothing uses it any more"), (*(Command(("oc", *words)) for words in commands), RESUME)
    )
    return Kept(Text("it is kept: {users} use it", users=names), fix, in_use=True)


def of_account(state: ProjectState, undo: Undo, account: str) -> tuple[User, ...]:
    """The configs, rollouts and pods that run as an account and are not undone."""
    leaving = _returning(state, undo, account)
    users = [
        _config(config)
        for config in state.configs.values()
        if config.effective_account == account and config.name not in leaving
    ]
    users += [
        User(ObjectName("rc", controller.name))
        for controller in state.controllers.values()
        if controller.account == account and controller.config not in leaving and controller.phase in UNDER_WAY
    ]
    return (*users, *_pods(state, (pod for pod in _live(state, leaving) if pod.account == account)))


def of_secret(state: ProjectState, undo: Undo, secret: str, unlinked: Iterable[str]) -> tuple[User, ...]:
    """The accounts that a secret is linked to, without those from which it goes, the configs that name it, and the pods that need it
    for an image, a volume or an environment."""
    leaving = _returning(state, undo)
    gone = frozenset() if undo.over else frozenset(unlinked)
    users = [
        User(ObjectName("sa", account.name), ("secrets", "unlink", account.name, secret))
        for account in state.accounts.values()
        if secret in (*account.pull_secrets, *account.secrets) and account.name not in gone
    ]
    users += [
        User(ObjectName("dc", config.name))
        for config in state.configs.values()
        if secret in (*config.template_pull_secrets, *config.template_secrets)
    ]
    pods = (pod for pod in _live(state, leaving) if secret in pod.secrets or _needs(state, pod, secret))
    return (*users, *_pods(state, pods))


def of_link(state: ProjectState, undo: Undo, account: str, secret: str) -> tuple[User, ...]:
    """The pods that run as an account and need a secret that is linked to it, and the rollouts whose hooks will: hook pods run as
    `default` (fact 17)."""
    leaving = _returning(state, undo)
    users = [
        User(ObjectName("rc", newest.name))
        for config in state.configs.values()
        if account == DEFAULT_ACCOUNT and config.hooks and config.name not in leaving
        for newest in [state.newest(config.name)]
        if newest is not None and newest.phase in UNDER_WAY and _covered(state, config.images, secret)
    ]
    pods = (pod for pod in _live(state, leaving) if pod.account == account and _needs(state, pod, secret))
    return (*users, *_pods(state, pods))


def of_role(state: ProjectState, undo: Undo, account: str) -> tuple[User, ...]:
    """What uses the roles of an account: all that runs as it; of `default`, which had none of them before, the hooks alone."""
    if account != DEFAULT_ACCOUNT:
        return of_account(state, undo, account)
    hooks = (pod for pod in _live(state, _returning(state, undo)) if pod.role == "hook" and pod.account == account)
    return tuple(_pods(state, hooks))


def naming(state: ProjectState, secret: str) -> tuple[Pod, ...]:
    """The live pods that name a secret: they keep it from their admission (fact 14)."""
    return tuple(pod for pod in state.pods if pod.live and secret in pod.pull_secrets)


def _returning(state: ProjectState, undo: Undo, account: str = ACCOUNT) -> frozenset[str]:
    """The configs whose pods this undo is still to replace by others, which do not run as the account."""
    if undo.over:
        return frozenset()
    resumed = {change.config for change in undo.changes if isinstance(change, ConfigResumed)}
    return frozenset(
        change.config
        for change in patches_in(undo.changes)
        if change.account_before != account and change.undo_blocked(state, undo) is None
        for config in [state.configs.get(change.config)]
        if config is not None and (not config.paused or config.name in resumed)
    )


def _live(state: ProjectState, leaving: frozenset[str]) -> Sequence[Pod]:
    controllers = {c.name for c in state.controllers.values() if c.config in leaving}
    return [pod for pod in state.pods if pod.live and pod.controller not in controllers]


def _config(config: DeploymentConfig) -> User:
    return User(ObjectName("dc", config.name))


def _pods(state: ProjectState, pods: Iterable[Pod]) -> list[User]:
    """Pods, each with what replaces it: a paused config has to be resumed, of any other a rollout is started."""
    users = []
    for pod in pods:
        controller = state.controllers.get(pod.controller or "")
        config = state.configs.get(controller.config or "") if controller is not None else None
        words: tuple[str, ...] = ()
        if config is not None:
            words = ("rollout", "resume" if config.paused else "latest", f"dc/{config.name}")
        users.append(User(ObjectName("pod", pod.name), words))
    return users


def _needs(state: ProjectState, pod: Pod, secret: str) -> bool:
    images = (*pod.images, *(container.image for container in pod.containers))
    return secret in pod.pull_secrets and _covered(state, images, secret)


def _covered(state: ProjectState, images: Iterable[str], secret: str) -> bool:
    """Whether a secret has credentials for one of the images."""
    found = state.secret_named(secret)
    return found is not None and any(covers(entry, image) for entry in found.registries for image in images)
