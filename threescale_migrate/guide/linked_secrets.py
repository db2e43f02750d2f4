"""The secrets that are linked to `default`: pods pull and mount with them, so `amp` gets them as well (step 3).

Those that OpenShift creates for each account by itself stay with their account (fact 20).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..check_codes import Code
from ..cluster.named_objects import own_secrets
from ..cluster.state import ProjectState
from ..values import ACCOUNT, DEFAULT_ACCOUNT, SECRET_NAME, Check, Command, Fix, Step, Text, Verdict
from .cause import then
from .change import Change
from .object_changes import SecretLinked, linked_for

STEP = Step.PERMISSIONS
MENTIONED = {"pull": "as a pull secret", "mount": "as a mountable secret"}


@dataclass(frozen=True)
class Link:
    """A secret as an account has it: `use` is pull or mount."""

    secret: str
    use: str


def of(state: ProjectState, account: str) -> tuple[Link, ...]:
    """What is linked to an account, except its own secrets and the registry secret, which belongs to step 2."""
    found = state.accounts.get(account)
    if found is None:
        return ()
    links = [Link(name, use) for use in MENTIONED for name in dict.fromkeys(linked_for(found, use))]
    own = own_secrets((link.secret for link in links), account)
    return tuple(link for link in links if link.secret not in own and link.secret != SECRET_NAME)


def lacking(state: ProjectState) -> tuple[Link, ...]:
    """What `default` has and `amp` does not."""
    had = of(state, ACCOUNT)
    return tuple(link for link in of(state, DEFAULT_ACCOUNT) if link not in had)


def plan(state: ProjectState) -> tuple[Change, ...]:
    """A link for each secret that `amp` lacks and that is there; none that would keep its pods from pulling anything."""
    return tuple(
        _link(link)
        for link in lacking(state)
        if link.secret in state.secret_names and not (link.use == "pull" and link.secret in state.broken_secrets)
    )


def _link(link: Link) -> SecretLinked:
    why = Text("default has secret {secret} {use}", secret=link.secret, use=Text(MENTIONED[link.use]))
    return SecretLinked(why, ACCOUNT, link.secret, link.use)


def checks(state: ProjectState) -> tuple[Check, ...]:
    """A failure for each secret that `amp` lacks, unknown where it cannot be seen; a warning for one that is not there, or that
    nobody can pull with."""
    return tuple(_check(state, link) for link in lacking(state))


def broken(state: ProjectState) -> tuple[Check, ...]:
    """Whose pods cannot pull any image, since one of the account's pull secrets cannot be parsed (fact 34). The hooks and the
    imports of the next step need those of `default` (fact 17, fact 37)."""
    verdicts = {ACCOUNT: Verdict.FAILED, DEFAULT_ACCOUNT: Verdict.WARNING}
    return tuple(
        _broken(state, account, secret, verdict)
        for account, verdict in verdicts.items()
        for secret in (linked_for(state.accounts[account], "pull") if account in state.accounts else ())
        if secret in state.broken_secrets
    )


def _broken(state: ProjectState, account: str, secret: str, verdict: Verdict) -> Check:
    seen = Text(
        "its pull secret {secret} cannot be parsed by nodes ({why}): no pod of {account} can pull an image, and no image stream of"
        " the project can be imported",
        secret=secret,
        account=account,
        why=state.broken_secrets[secret],
    )
    sentence = Text("replace secret {secret}, delete it, or take it from the account", secret=secret)
    fix = then(sentence, ("secrets", "unlink", account, secret))
    return Check(Step.SERVICE_ACCOUNT, Code.PULL_SECRETS_PARSED, f"sa/{account}", verdict, seen, fix)


def _check(state: ProjectState, link: Link) -> Check:
    named = {"secret": link.secret, "use": Text(MENTIONED[link.use])}
    there = link.secret in state.secret_names
    if not there and "secrets" not in state.unread:
        seen = Text("it has secret {secret} {use}, which does not exist: not copied", **named)
        return Check(STEP, Code.LINKED_SECRET_EXISTS, f"sa/{DEFAULT_ACCOUNT}", Verdict.WARNING, seen)
    if link.use == "pull" and link.secret in state.broken_secrets:
        seen = Text("default has secret {secret} {use}, which nodes cannot parse: not copied", **named)
        return Check(STEP, Code.SECRETS_LINKED, f"sa/{ACCOUNT}", Verdict.WARNING, seen)
    verdict, seen = Verdict.FAILED, Text("default has secret {secret} {use}, and amp does not", **named)
    if not there:
        verdict = Verdict.UNKNOWN
        seen = Text(
            "default has secret {secret} {use}, amp does not, and it is not known whether the secret exists", **named
        )
    fix = Fix(commands=(Command(("oc", *_link(link).args)),))
    return Check(STEP, Code.SECRETS_LINKED, f"sa/{ACCOUNT}", verdict, seen, fix)


def of_both(state: ProjectState) -> tuple[Text, ...]:
    """The secrets that both accounts have, as a person reads them."""
    both = (link for link in of(state, DEFAULT_ACCOUNT) if link in of(state, ACCOUNT))
    return tuple(Text("secret {secret} ({use})", secret=link.secret, use=link.use) for link in both)
