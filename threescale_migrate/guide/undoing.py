"""Taking a run back: what its journal says was changed, against what is there now.

Every function here is pure. `changes` are the inverses of a run's actions, newest first, as the journal keeps them. A config
gets its former account back in both fields; never by `oc rollout undo` (recordings/README.md 6, 15, 18).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .. import shell
from ..check_codes import Code
from ..cluster.reading import own_secrets
from ..cluster.state import ProjectState, ServiceAccount
from ..values import (
    ACCOUNT,
    DEFAULT_ACCOUNT,
    NOTHING,
    SECRET_NAME,
    Action,
    Check,
    Inverse,
    Request,
    Step,
    Text,
    Usage,
    Verdict,
)
from . import deployment_configs, links, permissions, registry_secret, service_account
from .permissions import Grant
from .readiness import Goal, assess, fix
from .selection import Wave, waves

CONFIG = "account-of-config"
KEYS = {"pull": "imagePullSecrets", "mount": "secrets"}
# A pause is in neither: it comes once the rollout of its config is over, since a paused config does not roll out.
BEFORE_ROLLOUT = ("secret-deleted", "secret-replaced", "account-deleted", "unlinked", "revoked", "resume", "link")
AFTER_ALL = ("grant", "account", "secret")
STEP_OF = {
    "secret": Step.REGISTRY_SECRET,
    "secret-deleted": Step.REGISTRY_SECRET,
    "secret-replaced": Step.REGISTRY_SECRET,
    "account": Step.SERVICE_ACCOUNT,
    "account-deleted": Step.SERVICE_ACCOUNT,
    "link": Step.SERVICE_ACCOUNT,
    "unlinked": Step.SERVICE_ACCOUNT,
    "grant": Step.PERMISSIONS,
    "revoked": Step.PERMISSIONS,
}


@dataclass(frozen=True)
class Undo:
    """What is to be undone.

    `changes` come newest first. `manifests` are the secrets that can be brought back, by the fingerprint of their logins, and
    are never shown. `force` undoes also what somebody has changed since. With `whole`, as `--to-default` has it, none of the
    configs that it chooses may be left running as `amp`, also none that came after the plan.
    """

    changes: tuple[Inverse, ...]
    manifests: Mapping[str, str] = field(default_factory=dict, repr=False)
    force: bool = False
    whole: Request | None = None

    @property
    def configs(self) -> tuple[str, ...]:
        """The configs whose account is undone."""
        return tuple(change.name for change in self.changes if change.kind == CONFIG)


def merged(changes: Iterable[Inverse]) -> tuple[Inverse, ...]:
    """Changes, newest first, with one for each thing: the oldest, which leads back to the state before all of them, with what
    the newest left there. What needs no undoing is left out."""
    newest: dict[tuple[str, str], Inverse] = {}
    oldest: dict[tuple[str, str], Inverse] = {}
    written: dict[tuple[str, str], tuple[str, ...]] = {}
    for change in changes:
        if not change.args:
            continue
        key = _thing_of(change)
        newest.setdefault(key, change)
        if change.kind == CONFIG:
            written[key] = (*written.get(key, ()), _given(change))
        oldest.pop(key, None)  # the order is that of the oldest changes
        oldest[key] = change
    return tuple(_spanning(change, newest[key], written.get(key, ())) for key, change in oldest.items())


def _thing_of(change: Inverse) -> tuple[str, str]:
    """What a change is about, whatever was done to it."""
    about = STEP_OF.get(change.kind)
    if about is Step.REGISTRY_SECRET:
        return "secret", change.name
    if change.kind in ("account", "account-deleted"):
        return "account", change.name
    if change.kind in ("link", "unlinked"):
        return "link", f"{change.name} {change.detail.get('secret')} {_use(change)}"
    if about is Step.PERMISSIONS:
        detail = {name: value for name, value in change.detail.items() if name != "binding"}
        return "grant", str(sorted(detail.items()))
    return ("pause" if change.kind in ("pause", "resume") else change.kind), change.name


def _spanning(oldest: Inverse, newest: Inverse, written: tuple[str, ...]) -> Inverse:
    left = {name: newest.detail[name] for name in ("given", "given_twin", "fingerprint") if name in newest.detail}
    if oldest.kind == "secret-deleted":
        left = {}  # what was there before is what is brought back
    if written:
        left["written"] = " ".join(dict.fromkeys(written))
    return Inverse(oldest.kind, oldest.name, oldest.args, {**oldest.detail, **left})


def to_default(state: ProjectState, request: Request) -> tuple[Inverse, ...]:
    """Without a journal: the chosen configs that run as `amp`, back to no account of their own."""
    names = [name for wave in waves(state, request) for name in wave.configs]
    return tuple(
        Inverse(
            CONFIG,
            name,
            ("patch", "dc", name, "--patch", deployment_configs.account_patch(None, None)),
            {"account": None, "twin": None, "given": ACCOUNT, "given_twin": ACCOUNT},
        )
        for name in reversed(names)
        if state.configs[name].effective_account == ACCOUNT
    )


def limited(changes: Iterable[Inverse], names: Iterable[str]) -> tuple[Inverse, ...]:
    """The changes of those configs alone: accounts, links, grants and secrets are left, since others need them."""
    wanted = frozenset(names)
    return tuple(change for change in changes if change.kind in (CONFIG, "pause", "resume") and change.name in wanted)


def stages(undo: Undo, state: ProjectState) -> tuple[tuple[Inverse, ...] | Wave, ...]:
    """The changes in the order in which they are undone, newest first.

    What the pods need comes before them: what was there is there again, and what was linked to their account is not, since a
    pod keeps what it was admitted with (recordings/README.md 14). What they no longer need goes after them.
    """
    first = tuple(change for change in undo.changes if change.kind in BEFORE_ROLLOUT)
    last = tuple(change for change in undo.changes if change.kind in AFTER_ALL)
    found: list[tuple[Inverse, ...] | Wave] = [first] if first else []
    found += _waves(state, undo.configs)
    return (*found, last) if last else tuple(found)


def _waves(state: ProjectState, names: Sequence[str]) -> list[Wave]:
    """The waves of a migration, in the order of their newest member."""
    there = tuple(name for name in names if name in state.configs)
    if not there:
        return []
    found = waves(state, Request(configs=there))
    return sorted(found, key=lambda wave: min(there.index(name) for name in wave.configs))


def goal(change: Inverse) -> Goal:
    """What the pods of a config have to show once it is back."""
    account = change.detail.get("account") or change.detail.get("twin") or DEFAULT_ACCOUNT
    return Goal(ACCOUNT, SECRET_NAME) if account == ACCOUNT else Goal(account, None)


def goals(state: ProjectState, undo: Undo, names: Iterable[str]) -> dict[Goal, tuple[str, ...]]:
    """The configs by the goal that they have to reach; those that are left as they are are not among them."""
    wanted = set(names) & set(state.configs)
    found: dict[Goal, tuple[str, ...]] = {}
    for change in undo.changes:
        if change.kind == CONFIG and change.name in wanted and not refusal(state, undo, change).template:
            found[goal(change)] = (*found.get(goal(change), ()), change.name)
    return found


def plan(state: ProjectState, undo: Undo) -> tuple[Action, ...]:
    """All that is left to do, in order. Raises Usage where a secret would have to be brought back and cannot be."""
    actions: list[Action] = []
    for stage in stages(undo, state):
        if isinstance(stage, Wave):
            actions += plan_wave(state, undo, stage.configs)
            actions += plan_after(state, undo, stage.configs)
        else:
            actions += plan_things(state, undo, stage)
    return tuple(actions)


def plan_wave(state: ProjectState, undo: Undo, names: Iterable[str]) -> tuple[Action, ...]:
    """The patches of the configs of one wave, and what starts those that do not start by themselves."""
    wanted = set(names)
    return tuple(
        action
        for change in undo.changes
        if change.kind == CONFIG and change.name in wanted and not refusal(state, undo, change).template
        for action in _config(state, change)
    )


def plan_after(state: ProjectState, undo: Undo, names: Iterable[str]) -> tuple[Action, ...]:
    """What is done once the configs of a wave are back: those that were paused are paused again."""
    wanted = set(names)
    return tuple(
        deployment_configs.pause(state.configs[change.name])
        for change in undo.changes
        if change.kind == "pause"
        and change.name in wanted
        and change.name in state.configs
        and not state.configs[change.name].paused
    )


def plan_things(state: ProjectState, undo: Undo, changes: Iterable[Inverse]) -> tuple[Action, ...]:
    """What is done about accounts, links, grants and secrets. Raises Usage."""
    actions: list[Action] = []
    for change in changes:
        if not refusal(state, undo, change).template:
            actions += _thing(state, undo, change)
    return tuple(actions)


def _config(state: ProjectState, change: Inverse) -> tuple[Action, ...]:
    config = state.configs.get(change.name)
    if config is None:
        return ()
    found = assess(state, config.name, goal(change))
    back = _is_back(state, change)
    if back and found.reached:
        return ()
    account, twin = change.detail.get("account"), change.detail.get("twin")
    actions = () if back else (deployment_configs.patch(config, account, twin),)
    return (*actions, *deployment_configs.starts(config, found, back))


def _is_back(state: ProjectState, change: Inverse) -> bool:
    config = state.configs[change.name]
    return (config.account, config.account_twin) == (change.detail.get("account"), change.detail.get("twin"))


def _thing(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
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
            Text("the run made it, and nothing else uses it"),
            Inverse("secret-deleted", change.name, ("create", "-f", "-"), detail),
            repeatable=True,
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
            repeatable=True,
        ),
    )


def _manifest(undo: Undo, fingerprint: str) -> str:
    found = undo.manifests.get(fingerprint)
    if found is None:
        raise Usage(
            Text(
                "secret {name} has to be brought back, and no journal keeps what is in one: give its file with --secret-file",
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
            Text("the run made it, and nothing else uses it"),
            Inverse("account-deleted", change.name, ("create", "-f", "-")),
            repeatable=True,
        ),
    )


def _restore_account(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    return (
        service_account.plan(state, Request(link_default=False, link_builder=False))
        if change.name not in state.accounts
        else ()
    )


def _use(change: Inverse) -> str:
    """What a secret was linked for: `pull`, which older journals do not say, or `mount`."""
    return change.detail.get("for") or "pull"


def _unlink(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    account, secret, use = state.accounts.get(change.name), str(change.detail.get("secret")), _use(change)
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
            repeatable=args[0] == "secrets",
        ),
    )


def _linked_otherwise(undo: Undo, account: ServiceAccount, secret: str, use: str) -> bool:
    """Whether the account has the secret for the other use too, and is to keep it."""
    other = "mount" if use == "pull" else "pull"
    taken = any(
        change.kind == "link"
        and (change.name, change.detail.get("secret"), _use(change)) == (account.name, secret, other)
        for change in undo.changes
    )
    return secret in links.names(account, other) and not taken


def _link(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    account, secret, use = state.accounts.get(change.name), str(change.detail.get("secret")), _use(change)
    coming = any(other.kind == "account-deleted" and other.name == change.name for other in undo.changes)
    if secret in links.names(account, use) if account is not None else not coming:
        return ()
    return (service_account.link(change.name, Text("it was linked before"), secret, use),)


def _grant(change: Inverse) -> tuple[Grant, str]:
    detail = {name: value or "" for name, value in change.detail.items()}
    return Grant(detail["namespace"], detail["role_kind"], detail["role"]), detail["account"]


def _revoke(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    grant, account = _grant(change)
    if not permissions.has(state, account, grant):
        return ()
    return (
        Action(
            Step.PERMISSIONS,
            f"{grant.role_kind.lower()}/{grant.role}",
            change.args,
            Text("the run gave it to {account}", account=account),
            Inverse(
                "revoked", change.name, permissions.give(state.namespace, grant, account, set()).args, change.detail
            ),
            repeatable=change.args[0] == "adm",
        ),
    )


def _give(state: ProjectState, undo: Undo, change: Inverse) -> tuple[Action, ...]:
    grant, account = _grant(change)
    if permissions.has(state, account, grant):
        return ()
    taken = {(binding.namespace, binding.name) for binding in state.bindings}
    return (permissions.give(state.namespace, grant, account, taken),)


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
            return Text("somebody has put another login into it since; --force replaces it all the same")
    return NOTHING


def _config_changed(state: ProjectState, change: Inverse) -> Text:
    config = state.configs.get(change.name)
    if config is None or _is_back(state, change):
        return NOTHING
    # Whichever of the runs wrote last, what another of them wrote is not somebody else's: the last one may have died in its patch.
    if config.effective_account in (change.detail.get("written") or _given(change)).split():
        return NOTHING
    return Text(
        "its template says {found}, which this run did not write; --force undoes it all the same",
        found=config.effective_account,
    )


def _given(change: Inverse) -> str:
    """The account that a change gave to a config."""
    return change.detail.get("given") or change.detail.get("given_twin") or DEFAULT_ACCOUNT


def _grant_changed(state: ProjectState, change: Inverse) -> Text:
    """Whether somebody has bound the role to the account once more, or others to it in the binding that the run made."""
    grant, account = _grant(change)
    held = permissions.holding(state, grant, account)
    if len(held) > 1:
        names = ", ".join(binding.name for binding in held)
        return Text("it is kept: more than one binding gives it ({names}); --force takes it from all", names=names)
    made = [binding for binding in held if binding.name == change.detail.get("binding")]
    if any(len(binding.subjects) > 1 for binding in made):
        return Text("it is kept: somebody has added others to the binding since; --force deletes it")
    return NOTHING


def _account_used(state: ProjectState, undo: Undo, name: str) -> Text:
    """Whether anything that is not undone runs as the account. What has other secrets linked is somebody else's too."""
    returning = {
        change.name
        for change in undo.changes
        if change.kind == CONFIG and goal(change).account != name and not refusal(state, undo, change).template
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
        return Text("it is kept: {users} use it", users=", ".join(users[:5]))
    account = state.accounts.get(name)
    ours = {SECRET_NAME, *(change.detail.get("secret") for change in undo.changes if _links_to(change, name))}
    linked = [] if account is None else [secret for secret in _linked(account) if secret not in ours]
    if linked and not undo.force:
        return Text(
            "it is kept: somebody has linked {secrets} to it since; --force deletes it", secrets=", ".join(linked)
        )
    return NOTHING


def _links_to(change: Inverse, account: str) -> bool:
    return change.kind == "link" and change.name == account


def _linked(account: ServiceAccount) -> list[str]:
    """The secrets of an account, without those that OpenShift makes for each account by itself (recordings/README.md 20)."""
    linked = dict.fromkeys((*account.pull_secrets, *account.secrets))
    own = own_secrets(linked, account.name)
    return [name for name in linked if name not in own]


def _secret_used(state: ProjectState, undo: Undo, change: Inverse) -> Text:
    there = state.secret
    if change.name != SECRET_NAME or there is None:
        return NOTHING
    if there.fingerprint != change.detail.get("fingerprint") and not undo.force:
        return Text("it is kept: somebody has put another login into it since; --force deletes it")
    leaving = {c.name for c in undo.changes if c.kind == "link" and c.detail.get("secret") == SECRET_NAME}
    leaving |= {c.name for c in undo.changes if c.kind == "account" and not _account_used(state, undo, c.name).template}
    users = [
        f"sa/{account.name}"
        for account in state.accounts.values()
        if SECRET_NAME in (*account.pull_secrets, *account.secrets) and account.name not in leaving
    ]
    users += [f"dc/{config.name}" for config in state.configs.values() if SECRET_NAME in config.template_pull_secrets]
    return Text("it is kept: {users} use it", users=", ".join(users[:5])) if users else NOTHING


def verify(state: ProjectState, undo: Undo) -> tuple[Check, ...]:
    """For each change whether it is back as it was; what was left as it is is said with its reason."""
    checks = []
    for change in undo.changes:
        why = refusal(state, undo, change)
        if change.kind == CONFIG:
            checks.append(_check_config(state, change, why))
        elif change.kind in STEP_OF:
            checks.append(_check_thing(state, undo, change, why))
    checks += _left_over(state, undo)
    return tuple(sorted(checks, key=lambda check: tuple(Step).index(check.step)))


def _left_over(state: ProjectState, undo: Undo) -> list[Check]:
    """The configs that run as `amp` and were not among those that the plan knew of."""
    if undo.whole is None or "dc" in state.unread:
        return []
    there = tuple(name for name in undo.whole.configs if name in state.configs)
    if undo.whole.configs and not there:
        return []
    left = [change.name for change in to_default(state, replace(undo.whole, configs=there))]
    seen = Text("it runs as {account}: somebody has migrated it since this undo was planned", account=ACCOUNT)
    fix = Text("agree with them, then run threescale-migrate undo --to-default again")
    return [
        Check(Step.VERIFICATION, Code.CONFIG_AS_BEFORE, f"dc/{name}", Verdict.FAILED, seen, fix)
        for name in left
        if name not in undo.configs
    ]


def _check_config(state: ProjectState, change: Inverse, why: Text) -> Check:
    subject = f"dc/{change.name}"
    unread = [state.unread[kind] for kind in ("dc", "rc", "pods") if kind in state.unread]
    if unread:
        return Check(
            Step.VERIFICATION,
            Code.CONFIG_AS_BEFORE,
            subject,
            Verdict.UNKNOWN,
            Text("it cannot be read: {why}", why=unread[0]),
        )
    if change.name not in state.configs:
        return Check(
            Step.VERIFICATION,
            Code.CONFIG_AS_BEFORE,
            subject,
            Verdict.WARNING,
            Text("it is not in the project any more"),
        )
    if why.template:
        return Check(Step.VERIFICATION, Code.CONFIG_AS_BEFORE, subject, Verdict.FAILED, why)
    wanted = goal(change)
    found = assess(state, change.name, wanted)
    if not _is_back(state, change) or not found.reached:
        reason = found.cause.sentence if found.cause is not None else found.reason
        return Check(Step.VERIFICATION, Code.CONFIG_AS_BEFORE, subject, Verdict.FAILED, reason, fix(found))
    seen = Text(
        "{count} of {wanted} pods run as {account}", count=found.ready, wanted=found.wanted, account=wanted.account
    )
    return Check(Step.VERIFICATION, Code.CONFIG_AS_BEFORE, subject, Verdict.PASSED, seen)


def _check_thing(state: ProjectState, undo: Undo, change: Inverse, why: Text) -> Check:
    step = STEP_OF[change.kind]
    subject = {Step.REGISTRY_SECRET: "secret", Step.SERVICE_ACCOUNT: "sa", Step.PERMISSIONS: "role"}[
        step
    ] + f"/{change.name}"
    if why.template:
        return Check(step, Code.OBJECT_AS_BEFORE, subject, Verdict.WARNING, why)
    kind = {Step.REGISTRY_SECRET: "secrets", Step.SERVICE_ACCOUNT: "sa", Step.PERMISSIONS: "rolebindings"}[step]
    if step is Step.PERMISSIONS and not change.detail.get("namespace"):
        kind = "clusterrolebindings"
    if kind in state.unread:
        return Check(
            step,
            Code.OBJECT_AS_BEFORE,
            subject,
            Verdict.UNKNOWN,
            Text("it cannot be read: {why}", why=state.unread[kind]),
        )
    try:
        left = _thing(state, undo, change) if not (change.kind == "secret" and change.name != SECRET_NAME) else ()
    except Usage as error:
        return Check(step, Code.OBJECT_AS_BEFORE, subject, Verdict.FAILED, error.text)
    if left:
        command = Text("{command}", command=shell.oc(left[0].args))
        return Check(step, Code.OBJECT_AS_BEFORE, subject, Verdict.FAILED, Text("it is not as it was before"), command)
    return Check(step, Code.OBJECT_AS_BEFORE, subject, Verdict.PASSED, Text("it is as it was before the run"))
