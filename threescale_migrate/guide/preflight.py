"""What has to be known before the first change: everything that blocks a migration, together.

Pure: facts in, findings out. The facts are gathered by `run/preflight.py`. The rights are derived from
the plan's own actions, so that exactly the rights for what will be done are checked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from ..check_codes import Code
from ..cluster.state import DeploymentConfig, ProjectState
from ..values import (
    ACCOUNT,
    NO_FIX,
    REGISTRY,
    SECRET_NAME,
    Check,
    Command,
    Fix,
    Group,
    Refused,
    Request,
    Step,
    Text,
    Usage,
    Verdict,
    resume,
)
from . import (
    capacity,
    image_pulls,
    kept_data,
    linked_secrets,
    ownership,
    permission_checks,
    permissions,
    readiness,
    steps,
    todays_images,
)
from .cause import CauseKind, then
from .change import Change
from .config_changes import configs_of
from .selection import Wave, choose, waves
from .todays_images import TodaysImage
from .user_rights import ReviewAnswers, ask_for_role, rights_checks


@dataclass(frozen=True)
class Attempt:
    """The plan as far as it can be made: the actions, and the error of each step that cannot be planned."""

    actions: tuple[Change, ...]
    refusals: tuple[tuple[Step, Usage | Refused], ...] = ()


@dataclass(frozen=True)
class Facts:
    """What was found out. `answers` are the server's about what the plan needs; `unexpected` is which of server and project is not
    the one that the user expected, each with a sentence; `token_checks` whether the registry accepts the token, where that was
    checked; `images` the answers for today's images;
    `admission` what a policy of the cluster refuses; `kept` what keeps the data that the plan's redeployments empty."""

    program: str
    version: str
    server: str
    user: str
    state: ProjectState
    attempt: Attempt
    answers: ReviewAnswers = field(default_factory=ReviewAnswers)
    unexpected: tuple[tuple[str, Text], ...] = ()
    token_checks: tuple[Check, ...] = ()
    requester: str = ""
    images: tuple[TodaysImage, ...] = ()
    admission: tuple[Check, ...] = ()
    kept: tuple[Change, ...] = ()

    @property
    def calls(self) -> tuple[Change, ...]:
        """All that needs a right: the plan's changes, and those that keep data."""
        return (*self.attempt.actions, *self.kept)


def attempt(state: ProjectState, request: Request) -> Attempt:
    """Plans each step that the request names, also when one of them cannot be. Raises Usage for a config that is not there."""
    choose(state, request)
    waves(state, request)
    actions: list[Change] = []
    refusals: list[tuple[Step, Usage | Refused]] = []
    for step in request.steps:
        try:
            actions += steps.plan(state, request, (step,))
        except (Usage, Refused) as error:
            refusals.append((step, error))
    return Attempt(tuple(actions), tuple(refusals))


def redeployed(state: ProjectState, request: Request, actions: Iterable[Change]) -> tuple[Wave, ...]:
    """The waves with the configs that the actions redeploy."""
    touched = set(configs_of(actions))
    found = (Wave(wave.name, tuple(name for name in wave.configs if name in touched)) for wave in waves(state, request))
    return tuple(wave for wave in found if wave.configs)


def checks(facts: Facts, request: Request, force: bool = False, allow_unknown: bool = False) -> tuple[Check, ...]:
    """All findings, in order. `force` turns failures that the migration may survive into warnings, `allow_unknown` what is unknown."""
    found = [
        *_login(facts),
        *_project(facts, request),
        *rights_checks(facts.user, facts.state, facts.calls, facts.answers, facts.requester),
        *_secret(facts, request),
        *(_of_check(Step.REGISTRY_SECRET, check) for check in facts.token_checks),
        *_permissions(facts, request),
        *_configs(facts, request),
        *kept_data.findings(facts.state, facts.attempt.actions, request),
        *_capacity(facts, request),
    ]
    role = ask_for_role(facts.user, facts.state, facts.requester)
    lacks_role = any(check.fix == role for check in found)
    return tuple(_eased(_with_role(check) if lacks_role else check, force, allow_unknown) for check in found)


def _with_role(check: Check) -> Check:
    """A check of a user who lacks the role admin, and is told so: with that role both accounts can be asked about (fact 33)."""
    return replace(check, fix=NO_FIX) if check.code == Code.PERMISSIONS_READABLE else check


def _eased(finding: Check, force: bool, allow_unknown: bool) -> Check:
    forced = force and finding.forceable and finding.verdict is Verdict.FAILED
    allowed = allow_unknown and finding.verdict is Verdict.UNKNOWN
    return replace(finding, verdict=Verdict.WARNING) if forced or allowed else finding


def _of_check(group: Step | Group, check: Check) -> Check:
    return replace(check, step=group)


def _login(facts: Facts) -> list[Check]:
    seen = Text("{program}", program=facts.program)
    if facts.version:
        seen = Text("{program}, version {version}", program=facts.program, version=facts.version)
    where = Text("{server}, as {user}", server=facts.server, user=facts.user)
    expected = [Check(Group.LOGIN, Code.SERVER_EXPECTED, "server", Verdict.PASSED, where)]
    wrong = _unexpected(facts, "server", Group.LOGIN, Code.SERVER_EXPECTED)
    return [Check(Group.LOGIN, Code.OC_FOUND, "oc", Verdict.PASSED, seen), *(wrong or expected)]


def _unexpected(facts: Facts, about: str, group: Group, code: Code, subject: str = "server") -> list[Check]:
    """The findings where the server or the project is not the one that the user expected."""
    found = [sentence for what, sentence in facts.unexpected if what == about]
    return [Check(group, code, subject, Verdict.FAILED, sentence) for sentence in found]


def _project(facts: Facts, request: Request) -> list[Check]:
    state = facts.state
    subject = f"project/{state.namespace}"
    found = _unexpected(facts, "project", Group.PROJECT, Code.PROJECT_EXPECTED, subject)
    if "dc" in state.unread:
        # The findings of rights report it where a permission is missing.
        return [*found, *ownership.no_api(state)]
    chosen = choose(state, request).configs
    if not chosen:
        return [*found, ownership.no_config(state)]
    seen = Text("{count} configs of 3scale", count=len(chosen))
    found.append(Check(Group.PROJECT, Code.CONFIGS_PRESENT, subject, Verdict.PASSED, seen))
    # The named configs are a part of the project, and may all be databases, which do not show the release.
    of_3scale = tuple(dict.fromkeys((*chosen, *choose(state, Request()).configs)))
    return [*found, *ownership.checks(state, of_3scale)]


def _skipped(group: Step | Group, step: Step) -> list[Check]:
    return [Check(group, Code.STEP_CHECKED, step.value, Verdict.SKIPPED, Text("skipped with --skip"))]


def _of_step(facts: Facts, group: Step | Group, *wanted: Step) -> list[Check]:
    """The errors of the steps that could not be planned."""
    return [
        Check(
            group, Code.STEP_PLANNED, step.value, Verdict.FAILED, error.text, error.fix, usage=isinstance(error, Usage)
        )
        for step, error in facts.attempt.refusals
        if step in wanted
    ]


def _secret(facts: Facts, request: Request) -> list[Check]:
    return [*_registry_secret(facts, request), *map(_broken, linked_secrets.broken(facts.state))]


def _broken(check: Check) -> Check:
    """A pull secret of an account that spoils all its pulls: whatever is redeployed may not come up again."""
    return replace(check, step=Step.REGISTRY_SECRET, verdict=Verdict.FAILED, forceable=True)


def _registry_secret(facts: Facts, request: Request) -> list[Check]:
    if Step.REGISTRY_SECRET in request.skip:
        return _skipped(Step.REGISTRY_SECRET, Step.REGISTRY_SECRET)
    found = _of_step(facts, Step.REGISTRY_SECRET, Step.REGISTRY_SECRET)
    subject = f"secret/{SECRET_NAME}"
    given = request.pull_secret
    for warning in () if given is None else given.warnings:
        found.append(Check(Step.REGISTRY_SECRET, Code.REGISTRY_TOKEN_LASTS, subject, Verdict.WARNING, warning))
    if (found and found[0].verdict is Verdict.FAILED) or (given is None and facts.state.secret is None):
        return found
    seen = Text("it is in the project, with credentials for {registry}", registry=REGISTRY)
    if given is not None:
        seen = Text("usable credentials for {registry}, from {source}", registry=REGISTRY, source=given.source)
    return [Check(Step.REGISTRY_SECRET, Code.REGISTRY_SECRET_USABLE, subject, Verdict.PASSED, seen), *found]


def _permissions(facts: Facts, request: Request) -> list[Check]:
    group, state = Step.PERMISSIONS, facts.state
    found = _of_step(facts, group, Step.SERVICE_ACCOUNT, Step.PERMISSIONS)
    if Step.PERMISSIONS not in request.steps:
        return found
    if Step.PERMISSIONS in request.skip:
        return _skipped(group, Step.PERMISSIONS)
    found += [_of_check(group, check) for check in permission_checks.not_readable(state, request)]
    if all(finding.verdict is Verdict.WARNING for finding in found):
        granted = (action for action in facts.attempt.actions if action.step is Step.PERMISSIONS)
        commands = tuple(Command(("oc", *action.args)) for action in granted)
        seen = Text("{account} lacks nothing that default has", account=ACCOUNT)
        if commands:
            seen = Text("{account} gets what it lacks compared with default", account=ACCOUNT)
        found.append(
            Check(group, Code.PERMISSIONS_EQUAL, f"sa/{ACCOUNT}", Verdict.PASSED, seen, Fix(commands=commands))
        )
    if (state.discovery is not None and state.discovery.known) or request.service_discovery:
        discovery = permissions.discovery_text(state, request)
        found.append(Check(group, Code.SERVICE_DISCOVERY_VIEW, "configmap/system", Verdict.PASSED, discovery))
    return found


def _configs(facts: Facts, request: Request) -> list[Check]:
    state = facts.state
    if Step.DEPLOYMENT_CONFIGS not in request.steps:
        return []
    if Step.DEPLOYMENT_CONFIGS in request.skip:
        return _skipped(Step.DEPLOYMENT_CONFIGS, Step.DEPLOYMENT_CONFIGS)
    if readiness.unread(state):
        return []
    found: list[Check] = [*facts.admission]
    chosen = choose(state, request).configs
    healthy = 0
    for name in chosen:
        finding = _health(state, request, name)
        healthy += finding is None or finding.verdict is Verdict.PASSED
        found += [] if finding is None else [finding]
        found += _images(state, name)
        found += _own_pull_secrets(state, name)
    found += todays_images.checks(facts.images, facts.state.secret is not None)
    if healthy:
        seen = Text("{count} of {total} are healthy", count=healthy, total=len(chosen))
        found.insert(0, Check(Step.DEPLOYMENT_CONFIGS, Code.CONFIG_HEALTHY, "dc", Verdict.PASSED, seen))
    return found


def _was_amp(state: ProjectState, name: str) -> bool:
    """Whether a config ran as `amp` before anybody began to migrate it: its pods are as its template says, and neither they nor the
    account have the registry's pull secret."""
    account = state.accounts.get(ACCOUNT)
    if account is None or SECRET_NAME in account.pull_secrets:
        return False
    return readiness.assess(state, name, readiness.Goal(ACCOUNT, None)).reached and not any(
        SECRET_NAME in pod.pull_secrets for pod in state.pods_of(name)
    )


def _health(state: ProjectState, request: Request, name: str) -> Check | None:
    """What is wrong with a config before the first change; None where it is healthy."""
    config = state.configs[name]
    finding = partial(Check, Step.DEPLOYMENT_CONFIGS, Code.CONFIG_HEALTHY, f"dc/{name}")
    if config.effective_account == ACCOUNT:
        found = readiness.assess(state, name)
        if _was_amp(state, name):
            seen = Text(
                "it runs as {account} already, with other pull secrets: it is only rolled out anew", account=ACCOUNT
            )
            return finding(Verdict.PASSED, seen)
        begun = Text("its migration has begun: {reason}; migrate continues it", reason=found.why)
        return None if found.reached else finding(Verdict.WARNING, begun)
    found = readiness.assess(state, name, readiness.Goal(config.effective_account, None))
    if config.paused and not request.resume_paused:
        seen = Text("it is paused: it accepts the patch but does not redeploy until it is resumed")
        return finding(Verdict.WARNING, seen, Fix(commands=(resume("--resume-paused"),)))
    if found.reached:
        return None
    if found.moving:
        seen = Text("a rollout is already under way ({reason}); migrate waits for it first", reason=found.reason)
        return finding(Verdict.WARNING, seen)
    if _lacks_login(state, request, config, found):
        waiting = "it has no credentials for {registry} yet; migrate adds them: {reason}"
        return finding(Verdict.WARNING, Text(waiting, registry=REGISTRY, reason=found.why))
    failing = Text("it is already failing: {reason}", reason=found.why)
    seen = Text.sentences(failing, readiness.serves(state, name))
    fix = then(Text("find the cause, and fix it"), ("describe", f"dc/{name}"))
    fix = found.cause.fix if found.cause is not None else fix
    return finding(Verdict.FAILED, seen, fix, forceable=True)


def _lacks_login(state: ProjectState, request: Request, config: DeploymentConfig, found: readiness.Assessment) -> bool:
    """Whether a config fails only because it lacks the login that the migration gives it, or its hook by way of `default`."""
    newest = state.newest(config.name)
    for pod in state.pods_of_controller(newest.name) if newest is not None else ():
        for container in pod.containers:
            if container.waiting in image_pulls.REASONS and container.image.startswith(f"{REGISTRY}/"):
                return SECRET_NAME not in pod.pull_secrets and (pod.role != "hook" or request.link_default)
    failed = found.cause is not None and found.cause.kind is CauseKind.IMAGE_PULL
    return failed and any(image.startswith(f"{REGISTRY}/") for image in config.images)


def _images(state: ProjectState, name: str) -> list[Check]:
    """Image streams of a config that could not be imported: it waits for them silently (fact 20)."""
    found = []
    for trigger in state.configs[name].image_triggers:
        if not trigger.automatic:
            continue
        stream = state.streams.get(trigger.stream)
        failed = dict(stream.failures) if stream is not None else {}
        if not trigger.resolved and stream is not None and trigger.tag in stream.tags:
            continue  # a new config has not resolved it yet (fact 32)
        if trigger.tag not in failed and trigger.resolved:
            continue
        tag = f"{trigger.stream}:{trigger.tag}"
        why = failed.get(trigger.tag) or "no image"
        if trigger.resolved:
            seen = Text("its last import failed ({why}); {name} keeps the image that it has", why=why, name=name)
            found.append(Check(Step.DEPLOYMENT_CONFIGS, Code.IMAGE_IMPORTED, f"is/{tag}", Verdict.WARNING, seen))
            continue
        seen = Text("it could not be imported ({why}), and {name} would wait for it silently", why=why, name=name)
        fix = then(Text("import it"), ("import-image", tag))
        found.append(
            Check(Step.DEPLOYMENT_CONFIGS, Code.IMAGE_IMPORTED, f"is/{tag}", Verdict.FAILED, seen, fix, forceable=True)
        )
    return found


def _own_pull_secrets(state: ProjectState, name: str) -> list[Check]:
    """A config whose template names pull secrets of its own: its pods get those alone and none of the account's, so that they could never
    have the registry's (Kubernetes, plugin/pkg/admission/serviceaccount: the account's are copied to a pod that names none)."""
    own = state.configs[name].template_pull_secrets
    if not own or SECRET_NAME in own:
        return []
    seen = Text(
        "its template names pull secrets of its own ({names}), so that its pods never get those of {account}",
        names=", ".join(own),
        account=ACCOUNT,
    )
    entry = [{"op": "add", "path": "/spec/template/spec/imagePullSecrets/-", "value": {"name": SECRET_NAME}}]
    words = ("patch", "dc", name, "--type=json", f"--patch={json.dumps(entry, separators=(',', ':'))}")
    fix = then(Text("add {secret} to them, which redeploys the config", secret=SECRET_NAME), words)
    code = Code.PULL_SECRETS_REACH_PODS
    return [Check(Step.DEPLOYMENT_CONFIGS, code, f"dc/{name}", Verdict.FAILED, seen, fix, forceable=True)]


def _capacity(facts: Facts, request: Request) -> list[Check]:
    state, actions = facts.state, facts.attempt.actions
    return [] if "dc" in state.unread else capacity.checks(state, redeployed(state, request, actions), actions)
