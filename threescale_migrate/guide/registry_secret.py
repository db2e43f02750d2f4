"""Step 1: the pull secret `threescale-registry-auth` in the project: its creation or replacement, and its check."""

from __future__ import annotations

import json
import time

from ..check_codes import Code
from ..cluster.pull_secrets import DATA_KEYS, Unparsable, logins
from ..cluster.state import ProjectState, RegistrySecret
from ..values import (
    NEXT_IMAGES,
    NO_FIX,
    PANEL,
    REGISTRY,
    SECRET_NAME,
    Check,
    Fix,
    PullSecret,
    Refused,
    Request,
    Step,
    Text,
    Usage,
    Verdict,
    resume,
)
from .change import Change
from .object_changes import SecretCopied, SecretCreated, SecretReplaced
from .pull_secret_logins import covers, problems, unparsable

STEP = Step.REGISTRY_SECRET
# FILE is for the reader to fill in.
GIVE = resume("--secret-file", "FILE")
# One in the project under another name can be copied.
SOURCES = Text.sentences(PANEL, Text("or name another source with --username or --from-secret"))
GIVE_ANOTHER = resume("--secret-file", "FILE", "--replace-secret")


def plan(state: ProjectState, request: Request) -> tuple[Change, ...]:
    """The creation or replacement of the secret; nothing where the project's is equal. Raises Usage or Refused."""
    given, there = request.pull_secret, state.secret
    if there is None and given is None:
        if "secrets" in state.unread:
            return ()
        raise Usage(Text("the project has no secret {name}", name=SECRET_NAME), Fix(SOURCES, (GIVE,)))
    if given is None:
        assert there is not None
        why = fault(there)
        if why is None:
            return ()
        seen = "secret {name} in the project cannot be used: {why}"
        raise Refused(Text(seen, name=SECRET_NAME, why=why), Fix(PANEL, (GIVE_ANOTHER,)))
    if there is None:
        why = Text("the cluster needs credentials for {registry}", registry=REGISTRY)
        return (SecretCreated(why, SECRET_NAME, given.fingerprint, given.path, given.kept, given.manifest),)
    if equal(there, given):
        return ()
    if not request.replace_secret:
        seen = "secret {name} is already in the project and differs from {source}"
        fix = Fix(Text("replace it"), (resume("--replace-secret"),))
        raise Refused(Text(seen, name=SECRET_NAME, source=given.source), fix)
    return replacement(there, given)


def renamed(manifest: str, name: str) -> str:
    """The manifest of a secret under another name."""
    item = json.loads(manifest)
    item["metadata"] = {"name": name}
    return json.dumps(item)


def replacement(there: RegistrySecret, given: PullSecret) -> tuple[Change, ...]:
    """Replaces the secret; the journal holds no secret data, so the former one stays in the project under another name."""
    if there.type != given.type:
        seen = "secret {name} in the project is of type {type}, which cannot be changed in place: delete it first"
        raise Refused(Text(seen, name=SECRET_NAME, type=there.type or "?"))
    # Its name says what it holds: a copy that is there already is the same.
    backup = f"{SECRET_NAME}-before-{there.fingerprint[:8]}"
    kept, differs = (
        Text("the previous secret is kept so that undo can restore it"),
        Text("the secret in the project differs from {source}", source=given.source),
    )
    return (
        SecretCopied(kept, backup, there.fingerprint, None, None, renamed(there.manifest, backup)),
        SecretReplaced(
            differs,
            SECRET_NAME,
            given.fingerprint,
            given.path,
            given.kept,
            given.manifest,
            before=there.fingerprint,
            backup=backup,
            resource_version=there.resource_version,
        ),
    )


def verify(state: ProjectState, request: Request) -> tuple[Check, ...]:
    """Whether the secret is there, of a type that pods can pull with, and has credentials for the registry."""
    there = state.secret

    def checked(code: Code, verdict: Verdict, seen: Text, fix: Fix = NO_FIX) -> Check:
        return Check(STEP, code, f"secret/{SECRET_NAME}", verdict, seen, fix)

    usable = Code.REGISTRY_SECRET_USABLE
    if "secrets" in state.unread:
        return (checked(usable, Verdict.UNKNOWN, Text("it cannot be read: {why}", why=state.unread["secrets"])),)
    if there is None:
        return (checked(usable, Verdict.FAILED, Text("it is not in the project"), Fix(commands=(GIVE,))),)
    fix = Fix(commands=(GIVE_ANOTHER,))
    why = fault(there)
    if why is not None:
        return (checked(usable, Verdict.FAILED, why, fix),)
    if request.pull_secret is not None and not equal(there, request.pull_secret):
        seen = Text("it differs from {source}", source=request.pull_secret.source)
        return (checked(Code.REGISTRY_SECRET_AS_GIVEN, Verdict.FAILED, seen, fix),)
    seen = Text("it is there, with credentials for {registry}", registry=REGISTRY)
    _, warnings = problems(logins(json.loads(there.manifest)), time.time())
    return (
        checked(usable, Verdict.PASSED, seen),
        *(checked(Code.REGISTRY_TOKEN_LASTS, Verdict.WARNING, warning, fix) for warning in warnings),
    )


def fault(there: RegistrySecret) -> Text | None:
    """Why no pod can pull from the registry with the project's secret; None where nothing is seen to be wrong."""
    if there.type not in DATA_KEYS:
        return Text("its type is {type}, which no pod can pull with", type=there.type)
    try:
        found = logins(json.loads(there.manifest))
    except Unparsable as error:
        return unparsable(error)
    if not any(covers(entry, image) for entry in there.registries for image in NEXT_IMAGES):
        return Text("it has no credentials for {registry}", registry=REGISTRY)
    faults, _ = problems(found, time.time())
    if not faults and not any(covers(login.entry, image) for login in found for image in NEXT_IMAGES):
        return Text("its credentials for {registry} have no user and password", registry=REGISTRY)
    return faults[0] if faults else None


def equal(there: RegistrySecret, given: PullSecret) -> bool:
    """Whether the project's secret holds the login that is given."""
    return there.type == given.type and there.fingerprint == given.fingerprint
