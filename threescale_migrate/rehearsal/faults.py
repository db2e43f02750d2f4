"""Faults of the rehearsal cluster, by name: what an operator can try before the maintenance window.

Those about the pods of a config hit pods that run under another account than the config had when the fault was switched
on: what ran before keeps running, also after the migration is undone.
"""

from __future__ import annotations

from .ages import AGES, IGNORES_DRY_RUN
from .store import Object, Store
from .typed import Any

FAULTS = {
    "image-pull=DC": "the image of the new pods cannot be pulled",
    "not-ready=DC": "the new pods run and never become ready",
    "crash-loop=DC": "the new pods crash again and again",
    "account-missing=DC": "another user deletes the new account when the first new pod is made",
    "scc=DC": "admission refuses the new account, which has no permission to use the SCC",
    "no-node=DC": "no node accepts the new pods",
    "volume-held=DC": "the volume of the new pod is still attached to the old one",
    "hook-fails=DC": "the hooks of the rollout fail",
    "deployer-fails=DC": "the deployer pod of the rollout fails",
    "no-image=DC": "the image stream could not be imported, and the config waits without an error",
    "slow=DC": "the new pods take a minute to become ready",
    "terminating=DC": "the old pods stay Terminating, as on a node that does not answer",
    "quota": "a quota allows no pod beyond those that run now",
    "paused=DC": "the config is paused",
    "no-trigger=DC": "the config has no ConfigChange trigger",
    "zero=DC": "the config is scaled to zero",
    "token-refused": "registry.redhat.io refuses all credentials",
    "registry-unreachable": "registry.redhat.io cannot be reached from the cluster or from this workstation",
    "cluster-quota": "a quota over several projects allows no pod beyond those that run now",
    "internal-registry": "each account gets credentials for the internal registry a moment after it is created",
    "authenticated-images": "the image streams point at registry.redhat.io from the start",
    "import-policy": "the cluster imports from no other registries than registry.access.redhat.com and quay.io",
    "blocked-registry": "the nodes pull nothing from registry.redhat.io, by their registries.conf",
    "broken-login": "the account default has another pull secret, with an entry that no node can parse",
    "webhook": "an admission webhook refuses configs that run as any account but default",
    "client-logs": "oc writes log lines to stderr with each call",
    "gone=IMAGE": "the image, or each image whose name begins with this, no longer exists in its registry",
    "terms=IMAGE": "the registry requires its terms to be accepted for the image, or for each image whose name begins with this",
    "service-discovery": "system uses service discovery with its service account",
    "flaky-api=RATE": "this share of the calls fails, such as 0.2",
    "stumbles=TEXT[@N]": "each call fails once, or only the Nth call, with an error that passes by itself, such as leader-changed, or with all of them in turn",
    "api-down": "the server does not answer",
    "api-away": "the API that serves DeploymentConfigs does not answer",
    "login-expired": "the oc login has expired",
    "apimanager": "the configs belong to an APIManager, that is, to an operator",
    "labels=RELEASE": "the labels are those of the templates of 2.2 or 2.4",
    "builds": "a BuildConfig in the project builds on a 3scale image",
    "no-exec=DC": "the node refuses oc exec into the pods of the config",
    "no-pg-dumpall=DC": "the database's pod has no pg_dumpall",
    "dump-cut=DC": "the dump of the database ends in the middle, with exit code 0",
    "restore-fails=DC": "the database ends the connection in the middle of a restore",
    "pod-disk-full=DC": "the volume of the database is full in the middle of a restore",
    "rows-lost=DC": "a restore ends with exit code 0 and with a row less",
    "exec=DC=PROGRAM": "oc exec and oc rsh into a pod of the config run this program on this workstation, with the command as its arguments",
    "old-client=AGE": "oc is version 4.16, 4.6, 4.2 or 3.11; with 3.11 the server is too",
    "ignores-dry-run": "an oc whose adm policy makes each change despite --dry-run",
    "user=NAME[/ROLES]": "logged in as this user, with these roles in the project, such as alice/view,edit",
    "forbidden=VERB:RESOURCE": "the user has no permission for this, such as patch:deploymentconfigs",
}
# How a migration ends with each.
ENDINGS = {
    "image-pull=DC": "exit code 5 after --grace: the image cannot be pulled, and the old pods serve",
    "not-ready=DC": "exit code 5 at the config's deadline, since a probe may still succeed",
    "crash-loop=DC": "exit code 5 after --grace: the container crashes, with the last lines of its log",
    "account-missing=DC": "exit code 5 after --grace: the account is missing",
    "scc=DC": "exit code 5 after --grace: admission refuses the pods; step 3 names the SCC",
    "no-node=DC": "exit code 5 at the config's deadline, since a node may still accept the pod",
    "volume-held=DC": "exit code 5 at the config's deadline, since the volume may still be released",
    "hook-fails=DC": "exit code 5: the hook failed, with the last lines of its log",
    "deployer-fails=DC": "exit code 5: the deployer failed",
    "no-image=DC": "exit code 4: the image stream could not be imported",
    "slow=DC": "exit code 0, a minute later",
    "terminating=DC": "exit code 0",
    "quota": "exit code 4: the quota is named",
    "paused=DC": "exit code 1: the config accepts the patch and does not roll out",
    "no-trigger=DC": "exit code 0: the rollout is started with oc rollout latest",
    "zero=DC": "exit code 0: there are no pods to check",
    "token-refused": "exit code 4: the registry refuses the token; with --prove-pull=none exit code 0, and the next upgrade fails",
    "registry-unreachable": "exit code 0, with a warning: it is not known whether the token works",
    "cluster-quota": "exit code 4: the quota is named",
    "internal-registry": "exit code 0: the credentials of the accounts are unchanged",
    "authenticated-images": "exit code 0: hook pods get the pull secret too",
    "import-policy": "exit code 0: whoever may create images in the cluster is not limited, and their image streams are",
    "blocked-registry": "exit code 0; with authenticated-images exit code 5 after --grace: the nodes' policy is named",
    "broken-login": "exit code 4: the secret is named, and whose it is",
    "webhook": "exit code 4: the webhook is named before the first change",
    "client-logs": "exit code 0",
    "gone=IMAGE": "exit code 4: the image cannot be pulled again; the configs that need it are named",
    "terms=IMAGE": "exit code 4: the image cannot be pulled again, and the registry says why",
    "service-discovery": "exit code 0: amp can view the whole cluster",
    "flaky-api=RATE": "exit code 0: errors that pass by themselves are retried",
    "stumbles=TEXT[@N]": "exit code 0: errors that pass by themselves are retried",
    "api-down": "exit code 7",
    "api-away": "exit code 7",
    "login-expired": "exit code 7 where no user can log in again",
    "apimanager": "exit code 4: an operator owns the configs, and would revert them",
    "labels=RELEASE": "exit code 0",
    "builds": "exit code 0: builds get the pull secret too",
    "no-exec=DC": "exit code 4: the content of the database cannot be saved, and the config is not redeployed",
    "no-pg-dumpall=DC": "exit code 4: the content of the database cannot be saved, and the config is not redeployed",
    "dump-cut=DC": "exit code 4: the content of the database cannot be saved, and the config is not redeployed",
    "restore-fails=DC": "exit code 5: the content is not restored; the file and the command that restores it are named",
    "pod-disk-full=DC": "exit code 5: the content is not restored; the file and the command that restores it are named",
    "rows-lost=DC": "exit code 5: the table that differs is named, with the file and the command that restores it",
    "exec=DC=PROGRAM": "exit code 0",
    "old-client=AGE": "exit code 0",
    "ignores-dry-run": "exit code 0, and commands that only read change nothing",
    "user=NAME[/ROLES]": "exit code 4 where a permission is missing, with the commands for an admin",
    "forbidden=VERB:RESOURCE": "exit code 4 before the first change, or 7 where something cannot be read",
}
# Errors of an API that stumbles (fact 26); all of them pass by themselves.
STUMBLES = {
    "leader-changed": "Error from server: etcdserver: leader changed",
    "request-timed-out": "Error from server: etcdserver: request timed out",
    "server-timeout": (
        "Error from server (ServerTimeout): the operation could not be completed at this time, please try again"
    ),
    "timeout": (
        "Error from server (Timeout): the server was unable to return a response in the time allotted, but may still be processing the request"
    ),
    "expired": (
        "Error from server (Expired): The provided continue parameter is too old to display a consistent list result."
    ),
    "too-many-requests": (
        "Error from server (TooManyRequests): the server has received too many requests and has asked us to try again later"
    ),
    "unavailable": "Error from server: rpc error: code = Unavailable desc = transport is closing",
}
OF_PODS = ("no-node", "volume-held", "image-pull", "crash-loop", "not-ready", "slow")
OF_CONFIGS = (
    *OF_PODS, "account-missing", "scc", "hook-fails", "deployer-fails", "no-image", "paused", "no-trigger", "zero",
    "terminating",
)  # fmt: skip
OF_DATABASES = ("no-exec", "no-pg-dumpall", "dump-cut", "restore-fails", "pod-disk-full", "rows-lost")
# The keys of 3scale's labels by release of the templates (fact 23); those up to 2.2 have `app` alone.
LABELS = {"2.2": ("", ""), "2.4": ("3scale.component", "3scale.component-element")}
REFUSED = {
    "gone": "manifest unknown: manifest unknown",
    "terms": "unsupported: This repo requires terms acceptance and is only available on registry.redhat.io",
}
POLICY = ("registry.access.redhat.com", "quay.io")
DENIED = (
    'admission webhook "validation.gatekeeper.sh" denied the request: [allowed-service-accounts] service account {account}'
    " is not on the list"
)
# What clients write beside an answer: a type that is not served now, and a client that waits for its turn (client-go).
CLIENT_LOGS = (
    'E1130 10:00:01.123456    4242 memcache.go:287] "Unhandled Error" err="couldn\'t get resource list for'
    ' metrics.k8s.io/v1beta1: the server is currently unable to handle the request"\n'
    "I1130 10:00:02.315112    4242 request.go:665] Waited for 1.17392018s due to client-side throttling, not priority and"
    " fairness, request: GET:https://api.cluster.example.test:6443/apis/apps.openshift.io/v1?timeout=32s\n"
)
# The faults whose value is one of a few words.
CHOICES = {"old-client": AGES, "stumbles": (*STUMBLES, "all"), "labels": tuple(LABELS)}


class Mistake(ValueError):
    """A user's mistake, in one sentence: a template, which a caller can translate, and the values for its braces."""

    def __init__(self, template: str, **params: object) -> None:
        super().__init__(template.format(**params))
        self.template = template
        self.params = params


class CallFailed(Exception):
    """The call does not reach the server: `kind` is refused, unauthorized or unavailable; or it stumbles with an error."""

    def __init__(self, kind: str, text: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.text = text


def parse_fault(text: str) -> tuple[str, str]:
    """The name and the value of a fault. Raises Mistake."""
    name, equals, value = text.partition("=")
    if name not in (key.partition("=")[0] for key in FAULTS):
        raise Mistake("there is no fault {name}", name=repr(name))
    shape = next(key for key in FAULTS if key.partition("=")[0] == name)
    if ("=" in shape) != bool(equals and value) or (name in ("exec", "forbidden") and not _is_pair(name, value)):
        raise Mistake("{given} must have the form {shape}", given=repr(text), shape=shape)
    if name == "flaky-api" and not _is_share(value):
        raise Mistake("{given} needs a share from 0 to below 1", given=repr(text))
    which, at, number = value.partition("@") if name == "stumbles" else (value, "", "")
    known = CHOICES.get(name, (which,))
    if which not in known or (at and not number.isdigit()):
        raise Mistake("{given} needs one of {known}", given=repr(text), known=", ".join(known))
    return name, value


def _is_pair(name: str, value: str) -> bool:
    """Whether a value has two parts: DC=PROGRAM, or VERB:RESOURCE."""
    return all(value.partition("=")[::2]) if name == "exec" else len(value.split(":")) == 2


def _is_share(value: str) -> bool:
    try:
        return 0 <= float(value) < 1
    except ValueError:
        return False


def user(store: Store) -> tuple[str, tuple[str, ...]] | None:
    """Who is logged in by the fault `user`, with the roles in the project; None for the cluster's admin."""
    for value in _values(store, "user"):
        name, _, roles = value.partition("/")
        return name, tuple(filter(None, roles.split(",")))
    return None


def client(store: Store) -> str:
    """The names of the simulated client (`ages`), none for the current one."""
    return " ".join([*_values(store, "old-client"), *([IGNORES_DRY_RUN] if active(store, IGNORES_DRY_RUN) else [])])


def account_of(item: Object) -> str:
    """The account of a config's template."""
    spec = item["spec"]["template"]["spec"]
    return str(spec.get("serviceAccountName") or spec.get("serviceAccount") or "default")


def _values(store: Store, name: str) -> list[str]:
    return [value for known, value in store.settings.get("faults", ()) if known == name]


def active(store: Store, name: str) -> bool:
    """Whether a fault without a config is on."""
    return bool(_values(store, name))


def hits(store: Store, name: str, config: str, account: str) -> bool:
    """Whether a fault hits a pod of the config that runs under the account."""
    values = _values(store, name)
    if not values or (config not in values and "all" not in values):
        return False
    before: dict[str, Any] = store.settings.get("accounts before", {})
    return bool(account != before.get(config, "default"))


def keeps(store: Store, config: str) -> bool:
    """Whether a fault keeps the pods of a config that are to end."""
    return bool({config, "all"} & set(_values(store, "terminating")))


def fate(store: Store, pod: Object, role: str) -> str | None:
    """The fault that hits a pod, if any."""
    meta = pod["metadata"]
    if role == "app":
        config = meta.get("annotations", {}).get("openshift.io/deployment-config.name", "")
        account = pod["spec"].get("serviceAccountName", "default")
        return next((name for name in OF_PODS if hits(store, name, config, account)), None) or _exported_failure(
            store, config, pod
        )
    controller = meta["labels"]["openshift.io/deployer-pod-for.name"]
    config, _, _ = controller.rpartition("-")
    item = store.get("deploymentconfigs", meta["namespace"], config)
    account = account_of(item) if item is not None else "default"
    name = "hook-fails" if role == "hook" else "deployer-fails"
    return name if hits(store, name, config, account) else None


def _exported_failure(store: Store, config: str, pod: Object) -> str | None:
    """What was broken in the cluster's export; a failed pull counts only while the pod still uses that image."""
    known = store.settings.get("ill", {}).get(config)
    if known is None:
        return None
    images = [container.get("image") for container in pod["spec"]["containers"]]
    # For registry.redhat.io it depends on the pod's login.
    if known["cause"] == "image-pull" and (
        known["image"] not in images or known["image"].startswith("registry.redhat.io/")
    ):
        return None
    return str(known["cause"])


def hits_pod(store: Store, name: str, config: str) -> bool:
    """Whether a fault hits the programs in the pods of a config, whatever account they run under."""
    return bool({config, "all"} & set(_values(store, name)))


def program_of(store: Store, config: str) -> str:
    """The program that replaces what runs in the pods of a config; empty if there is none."""
    for value in _values(store, "exec"):
        name, _, program = value.partition("=")
        if name == config:
            return program
    return ""


def image_refused(store: Store, image: str) -> str:
    """A registry's refusal of an image because of a fault; empty if there is none (fact 25)."""
    for name, text in REFUSED.items():
        if any(image.startswith(value) for value in _values(store, name)):
            return text
    return ""


def before_call(store: Store, call: str) -> None:
    """Raises CallFailed if the call does not reach the server. `call` is its command line."""
    _stumble(store, call)
    if active(store, "api-down"):
        raise CallFailed("refused")
    if active(store, "login-expired"):
        raise CallFailed("unauthorized")
    for rate in _values(store, "flaky-api"):
        if store.random().random() < float(rate):
            raise CallFailed("unavailable" if store.random().random() < 0.5 else "refused")


def _stumble(store: Store, call: str) -> None:
    """Each command line stumbles the first time, or only the Nth call does; `all` uses one error after the other."""
    for value in _values(store, "stumbles"):
        which, _, number = value.partition("@")
        memory = store.private.setdefault("stumbled", {}).setdefault(value, {"calls": 0, "seen": []})
        memory["calls"] += 1
        store.changed = True
        if (number and memory["calls"] != int(number)) or (not number and call in memory["seen"]):
            continue
        texts = list(STUMBLES.values()) if which == "all" else [STUMBLES[which]]
        text = texts[len(memory["seen"]) % len(texts)]
        memory["seen"].append(call)
        raise CallFailed("stumbles", text)


def forbids(store: Store, verb: str, resource: str) -> bool:
    """Whether a fault denies the user an action."""
    return any(
        value.split(":") in ([verb, resource], ["*", resource], [verb, "*"]) for value in _values(store, "forbidden")
    )
