"""Step 2: the service account `amp` with its pull secret, and the link that hook pods need (fact 17)."""

from __future__ import annotations

import re

from ..check_codes import Code
from ..cluster.state import ProjectState, ServiceAccount
from ..values import (
    ACCOUNT,
    DEFAULT_ACCOUNT,
    GO_ON,
    NO_FIX,
    SECRET_NAME,
    Check,
    Command,
    Fix,
    Request,
    Step,
    Text,
    Verdict,
)
from .change import Change
from .object_changes import AccountCreated, SecretLinked
from .selection import choose

STEP = Step.SERVICE_ACCOUNT
BUILDER = "builder"
# New in 2.6, with its own account (fact 19).
ZYNC_QUE = "zync-que"
# An image stream of 3scale's templates, or one of its images by name.
OWN_IMAGE = re.compile(r"^amp-[a-z-]+(?::|$)|/3scale-amp\d*/")


def plan(state: ProjectState, request: Request) -> tuple[Change, ...]:
    """Creates the account, or links the secret to the existing one, keeping what it has; then links `default`."""
    if "sa" in state.unread:
        return ()
    changes: list[Change] = []
    account = state.accounts.get(ACCOUNT)
    if account is None:
        why = Text("the pods get their pull secret through their own account")
        changes.append(AccountCreated(why))
    elif SECRET_NAME not in account.pull_secrets:
        changes.append(link(ACCOUNT, Text("the account is there and lacks the pull secret; what it has is kept")))
    hooks, built = ", ".join(hooked(state, request)), ", ".join(builds(state))
    if request.link_default and hooks and not linked(state, DEFAULT_ACCOUNT):
        seen = "hook pods ({configs}) run as default and would have no credentials; this goes beyond the guide"
        changes.append(link(DEFAULT_ACCOUNT, Text(seen, configs=hooks)))
    if request.link_builder and built and not linked(state, BUILDER):
        why = Text(
            "builds ({builds}) use images of 3scale, and pull them as builder; this goes beyond the guide", builds=built
        )
        changes.append(link(BUILDER, why))
    return tuple(changes)


def link(account: str, why: Text) -> SecretLinked:
    """The pull secret, linked to an account."""
    return SecretLinked(why, account, SECRET_NAME, "pull")


def awaits_login(state: ProjectState) -> bool:
    """Whether the cluster is about to give the account a login for its own registry, as it has done for `default`: pods that
    are created before that do not have it (fact 14, fact 20)."""
    default, account = state.accounts.get(DEFAULT_ACCOUNT), state.accounts.get(ACCOUNT)
    if default is None or account is None:
        return False
    return _has_login(default) and not _has_login(account)


def _has_login(account: ServiceAccount) -> bool:
    return any(name.startswith(f"{account.name}-dockercfg-") for name in account.pull_secrets)


def hooked(state: ProjectState, request: Request) -> tuple[str, ...]:
    """The chosen configs with hooks, whose pods always run as `default` (fact 17)."""
    chosen = choose(state, request).configs
    return tuple(
        name
        for name in chosen
        if state.configs[name].hooks and SECRET_NAME not in state.configs[name].template_pull_secrets
    )


def linked(state: ProjectState, account: str) -> bool:
    """Whether an account has the pull secret."""
    found = state.accounts.get(account)
    return found is not None and SECRET_NAME in found.pull_secrets


def builds(state: ProjectState) -> tuple[str, ...]:
    """The BuildConfigs that build on 3scale's images, which are pulled with the account `builder` (fact 30)."""
    if BUILDER not in state.accounts:
        return ()
    return tuple(build.name for build in state.builds if any(OWN_IMAGE.search(source) for source in build.sources))


def verify(state: ProjectState, request: Request) -> tuple[Check, ...]:
    """Whether each account that pulls 3scale's images has the pull secret; a warning where hooks or builds will have no login."""
    if "sa" in state.unread:
        seen = Text("it cannot be read: {why}", why=state.unread["sa"])
        return (Check(STEP, Code.ACCOUNT_PRESENT, f"sa/{ACCOUNT}", Verdict.UNKNOWN, seen),)
    return (*_amp(state, request), *_zync_que(state, request))


def _amp(state: ProjectState, request: Request) -> tuple[Check, ...]:
    """Whether the account is there with the pull secret, and what pulls beside it has it too."""
    subject = f"sa/{ACCOUNT}"
    account = state.accounts.get(ACCOUNT)
    fix = GO_ON
    if account is None:
        return (Check(STEP, Code.ACCOUNT_PRESENT, subject, Verdict.FAILED, Text("it is not in the project"), fix),)
    if SECRET_NAME not in account.pull_secrets:
        seen = Text("the pull secret {secret} is not linked to it", secret=SECRET_NAME)
        return (Check(STEP, Code.PULL_SECRET_LINKED, subject, Verdict.FAILED, seen, fix),)
    seen = Text("it is there, with the pull secret {secret}", secret=SECRET_NAME)
    checks = [Check(STEP, Code.PULL_SECRET_LINKED, subject, Verdict.PASSED, seen)]
    hooks, built = ", ".join(hooked(state, request)), ", ".join(builds(state))
    if hooks:
        has = Text("it has the pull secret too, for the hooks of {configs}", configs=hooks)
        lacks = Text(
            "the hooks of {configs} run as default, which has no credentials for the new images: the next upgrade step would hang",
            configs=hooks,
        )
        checks.append(_beside(state, Code.HOOKS_HAVE_LOGIN, DEFAULT_ACCOUNT, has, lacks))
    if built:
        has = Text("it has the pull secret too, for the builds {names}", names=built)
        lacks = Text(
            "the builds {names} run as builder, which has no credentials for the new images: they would fail",
            names=built,
        )
        checks.append(_beside(state, Code.BUILDS_HAVE_LOGIN, BUILDER, has, lacks))
    return tuple(checks)


def _beside(state: ProjectState, code: Code, account: str, has: Text, lacks: Text) -> Check:
    """Whether an account that pulls beside `amp` has the login that it will need."""
    if linked(state, account):
        return Check(STEP, code, f"sa/{account}", Verdict.PASSED, has)
    return Check(STEP, code, f"sa/{account}", Verdict.WARNING, lacks, _linking(account))


def _linking(account: str) -> Fix:
    return Fix(commands=(Command(("oc", "secrets", "link", account, SECRET_NAME, "--for=pull")),))


def _zync_que(state: ProjectState, request: Request) -> tuple[Check, ...]:
    """Whether zync-que of 2.6 can pull its image: by its account, and by its pods, which keep what that had when they were created
    (fact 14, fact 30). Nothing where it is not there, or is one of the configs that run as `amp`."""
    config = state.configs.get(ZYNC_QUE)
    if config is None or request.configs or config.effective_account in (ACCOUNT, DEFAULT_ACCOUNT):
        return ()
    name = config.effective_account
    subject = f"sa/{name}"

    def checked(verdict: Verdict, seen: Text, fix: Fix = NO_FIX) -> tuple[Check, ...]:
        return (Check(STEP, Code.ZYNC_QUE_HAS_LOGIN, subject, verdict, seen, fix),)

    if name not in state.accounts:
        seen = Text("zync-que runs as this account, which is not in the project: its pods cannot be created")
        return checked(Verdict.FAILED, seen, Fix(Text("create it, as the 2.6 template does")))
    if not linked(state, name) and SECRET_NAME not in config.template_pull_secrets:
        seen = Text(
            "zync-que runs as this account, and the pull secret {secret} is not linked to it", secret=SECRET_NAME
        )
        return checked(Verdict.FAILED, seen, _linking(name))
    without = [pod.name for pod in state.pods_of(ZYNC_QUE) if pod.live and SECRET_NAME not in pod.pull_secrets]
    if without:
        seen = Text("it has the pull secret, but pod {pod} of zync-que was created without it", pod=without[0])
        return checked(Verdict.FAILED, seen, Fix(commands=(Command(("oc", "rollout", "latest", f"dc/{ZYNC_QUE}")),)))
    return checked(Verdict.PASSED, Text("it has the pull secret too, for zync-que"))
